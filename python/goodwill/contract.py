"""The base class of contracts, its fields, and the decorators of its methods."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from goodwill import _kinds
from goodwill._kinds import Kind
from goodwill.address import Address
from goodwill.context import Frame
from goodwill.map import bind

__tracebackhide__ = True

F = TypeVar("F", bound=Callable[..., Any])
_RESERVED = ("address", "balance")


@dataclass
class _Role:
    """How a method can be called from outside."""

    export: bool = False
    view: bool = False
    payable: bool = False


def _role_of(function: object) -> _Role | None:
    role = getattr(function, "_goodwill_role", None)
    return role if isinstance(role, _Role) else None


def _mark(function: F, mark: str) -> F:
    role = _role_of(function) or _Role()
    setattr(role, mark, True)
    function._goodwill_role = role  # type: ignore[attr-defined]
    return function


def export(method: F) -> F:
    """Makes a method callable from outside; it may change state."""
    return _mark(method, "export")


def view(method: F) -> F:
    """Makes a method callable from outside; it may only read."""
    return _mark(method, "view")


def payable(method: F) -> F:
    """Lets an exported method accept coins: they are in ``msg.value``."""
    return _mark(method, "payable")


class _Field:
    """A field of storage, as an attribute of the contract."""

    def __init__(self, name: str, kind: Kind) -> None:
        self.name, self.kind = name, kind

    def __get__(self, contract: Contract | None, owner: type) -> Any:
        if contract is None:
            return self
        store = contract._goodwill_frame.store
        if self.kind.is_map:
            return bind(store, (self.name,), self.kind)
        if not self.kind.has_zero and not store.contains((self.name,), self.kind):
            raise AttributeError(f"{owner.__name__}.{self.name} was never set")
        return store.read((self.name,), self.kind)

    def __set__(self, contract: Contract, value: object) -> None:
        store = contract._goodwill_frame.store
        store.check_writable()
        if self.kind.is_map:
            raise TypeError(f"{self.name} is a Map: set its entries")
        store.write((self.name,), self.kind, value)

    def __delete__(self, contract: Contract) -> None:
        raise AttributeError(f"a field of storage cannot be deleted: {self.name}")


class Contract:
    """The base of contracts. Annotations of the class are its fields in storage."""

    _goodwill_frame: Frame

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, hint in inspect.get_annotations(cls).items():
            _check_field(cls, name)
            setattr(cls, name, _Field(name, _field_kind(cls, name, hint)))
        for name, function in vars(cls).items():
            _check_role(cls, name, _role_of(function))
        if "init" in vars(cls) and not getattr(_role_of(cls.__dict__["init"]), "export", False):
            raise TypeError(f"{cls.__name__}.init must be an @export")

    def __init__(self) -> None:
        raise TypeError(f"a contract is deployed: chain.deploy({type(self).__name__}, ..., sender=...)")

    def __setattr__(self, name: str, value: object) -> None:
        if not isinstance(inspect.getattr_static(type(self), name, None), _Field):
            raise AttributeError(f"{type(self).__name__} has no field {name!r}: declare it with its type")
        super().__setattr__(name, value)

    @property
    def address(self) -> Address:
        """The contract's own address."""
        return self._goodwill_frame.contract

    @property
    def balance(self) -> int:
        """The contract's own coins, in base units."""
        return self._goodwill_frame.machine.ledger.balance(self.address)


def _check_field(cls: type, name: str) -> None:
    if name in _RESERVED:
        raise TypeError(f"{cls.__name__}.{name}: self.{name} is the contract's own; choose another name")
    if name in vars(cls):
        raise TypeError(f"{cls.__name__}.{name}: fields begin as zero; set others in init")


def _field_kind(cls: type, name: str, hint: Any) -> Kind:
    try:
        return _kinds.kind_of(hint)
    except TypeError as error:
        raise TypeError(f"{cls.__name__}.{name}: {error}") from None


def _check_role(cls: type, name: str, role: _Role | None) -> None:
    if role is None:
        return
    if role.export == role.view:
        raise TypeError(f"{cls.__name__}.{name}: write one of @export and @view")
    if role.payable and role.view:
        raise TypeError(f"{cls.__name__}.{name}: a view takes no coins")


@dataclass(frozen=True)
class Method:
    """A method that can be called from outside."""

    name: str
    function: Callable[..., Any]
    signature: inspect.Signature
    kinds: dict[str, Kind]
    view: bool
    payable: bool

    def bind(
        self, instance: Contract, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> inspect.BoundArguments:
        """Arguments checked and copied. Raises TypeError if they do not fit the method."""
        bound = self.signature.bind(instance, *args, **kwargs)
        for name in list(bound.arguments)[1:]:
            bound.arguments[name] = self._argument(name, bound.arguments[name])
        return bound

    def _argument(self, name: str, value: Any) -> Any:
        kind = self.kinds.get(name, _kinds.ANYTHING)
        if self.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            kind = _kinds.Tuples(kind)
        try:
            return kind.thaw(kind.freeze(value))
        except TypeError as error:
            raise TypeError(f"{self.name}: argument {name!r}: {error}") from None


def method_of(cls: type[Contract], name: str) -> Method | None:
    """The method that can be called from outside under this name."""
    function = inspect.getattr_static(cls, name, None)
    role = _role_of(function)
    if role is None or not inspect.isfunction(function):
        return None
    hints = typing.get_type_hints(function)
    hints.pop("return", None)
    kinds = {parameter: _kinds.kind_of(hint) for parameter, hint in hints.items()}
    return Method(name, function, inspect.signature(function), kinds, role.view, role.payable)


def fields_of(cls: type[Contract]) -> dict[str, Kind]:
    """The fields of storage with their kinds, those of base classes first."""
    owners = [owner for owner in reversed(cls.__mro__) if issubclass(owner, Contract)]
    attributes = {name: value for owner in owners for name, value in vars(owner).items()}
    return {name: value.kind for name, value in attributes.items() if isinstance(value, _Field)}


def instance_for(cls: type[Contract], frame: Frame) -> Contract:
    """The contract's object for one call."""
    instance = object.__new__(cls)
    object.__setattr__(instance, "_goodwill_frame", frame)
    return instance
