"""Kinds of values: what a type hint allows in storage, arguments, results and events.

``freeze`` checks a value against its kind and turns it into an immutable copy; ``thaw`` makes a fresh
value of it. A frozen value compares by content and by order, so that a change can be told.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from typing import Any

from goodwill.address import Address
from goodwill.map import Map

__tracebackhide__ = True

INT_MIN, INT_MAX = -(2**255), 2**255 - 1
NESTING_MAX = 32
Frozen = Any


class Kind:
    """What a type hint allows. The default is what immutable kinds share."""

    name: str
    mutable = False
    has_zero = True
    is_map = False

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        """An immutable copy. Raises TypeError if the value is of another kind."""
        raise NotImplementedError

    def thaw(self, frozen: Frozen) -> Any:
        """A fresh value of a frozen one."""
        return frozen

    def zero(self) -> Any:
        """What is read where nothing was written."""
        raise NotImplementedError

    def refuse(self, value: object) -> TypeError:
        """The error for a value of another kind."""
        return TypeError(f"expected {self.name}, got {type(value).__name__}")


class Plain(Kind):
    """int, bool, str, bytes, Address or None: exactly this type."""

    def __init__(self, of: type, zero: object) -> None:
        self.of, self.name, self._zero = of, "None" if of is type(None) else of.__name__, zero

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        if type(value) is not self.of:
            raise self.refuse(value)
        if type(value) is int:
            check_int(value)
        return value

    def zero(self) -> Any:
        return self._zero


class Maybe(Kind):
    """``T | None``."""

    def __init__(self, inner: Kind) -> None:
        self.inner, self.mutable, self.name = inner, inner.mutable, f"{inner.name} | None"

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        return None if value is None else (self.inner.freeze(value, depth),)

    def thaw(self, frozen: Frozen) -> Any:
        return None if frozen is None else self.inner.thaw(frozen[0])

    def zero(self) -> Any:
        return None


class ListOf(Kind):
    """``list[T]``."""

    mutable = True

    def __init__(self, inner: Kind) -> None:
        self.inner, self.name = inner, f"list[{inner.name}]"

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        if type(value) is not list:
            raise self.refuse(value)
        return tuple([self.inner.freeze(item, deeper(depth)) for item in value])

    def thaw(self, frozen: Frozen) -> Any:
        return [self.inner.thaw(item) for item in frozen]

    def zero(self) -> Any:
        return []


class Tuples(Kind):
    """``tuple[T, ...]``."""

    def __init__(self, inner: Kind) -> None:
        self.inner, self.mutable, self.name = inner, inner.mutable, f"tuple[{inner.name}, ...]"

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        if type(value) is not tuple:
            raise self.refuse(value)
        return tuple([self.inner.freeze(item, deeper(depth)) for item in value])

    def thaw(self, frozen: Frozen) -> Any:
        return tuple([self.inner.thaw(item) for item in frozen])

    def zero(self) -> Any:
        return ()


class TupleOf(Kind):
    """``tuple[A, B]``."""

    def __init__(self, inner: list[Kind]) -> None:
        self.inner, self.name = inner, f"tuple[{', '.join(kind.name for kind in inner)}]"
        self.mutable = any(kind.mutable for kind in inner)
        self.has_zero = all(kind.has_zero for kind in inner)

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        if type(value) is not tuple or len(value) != len(self.inner):
            raise self.refuse(value)
        depth = deeper(depth)
        return tuple([kind.freeze(item, depth) for kind, item in zip(self.inner, value, strict=True)])

    def thaw(self, frozen: Frozen) -> Any:
        return tuple([kind.thaw(item) for kind, item in zip(self.inner, frozen, strict=True)])

    def zero(self) -> Any:
        return tuple([kind.zero() for kind in self.inner])


class DictOf(Kind):
    """``dict[K, V]``; its order counts."""

    mutable = True

    def __init__(self, key: Kind, inner: Kind) -> None:
        self.key, self.inner, self.name = key, inner, f"dict[{key.name}, {inner.name}]"

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        if type(value) is not dict:
            raise self.refuse(value)
        depth = deeper(depth)
        pairs = value.items()
        return tuple([(self.key.freeze(key, depth), self.inner.freeze(item, depth)) for key, item in pairs])

    def thaw(self, frozen: Frozen) -> Any:
        return {self.key.thaw(key): self.inner.thaw(item) for key, item in frozen}

    def zero(self) -> Any:
        return {}


class Record(Kind):
    """A dataclass of the contract's file."""

    mutable = True
    has_zero = False

    def __init__(self, of: type) -> None:
        self.of, self.name = of, of.__name__
        self.fields = {field.name: kind_of(field.type) for field in dataclasses.fields(of)}
        if any(isinstance(kind, MapOf) for kind in self.fields.values()):
            raise TypeError(f"{of.__name__}: a Map is a field of a contract, not of a dataclass")

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        if type(value) is not self.of:
            raise self.refuse(value)
        depth = deeper(depth)
        return tuple([kind.freeze(getattr(value, name), depth) for name, kind in self.fields.items()])

    def thaw(self, frozen: Frozen) -> Any:
        value: Any = object.__new__(self.of)
        for (name, kind), item in zip(self.fields.items(), frozen, strict=True):
            object.__setattr__(value, name, kind.thaw(item))
        return value


class MapOf(Kind):
    """``Map[K, V]``: entries of storage, not a value."""

    is_map = True

    def __init__(self, key: Kind, inner: Kind) -> None:
        self.key, self.inner, self.name = key, inner, f"Map[{key.name}, {inner.name}]"


class Anything(Kind):
    """No hint, or a bare ``list``, ``dict``, ``tuple``: whatever can leave a contract."""

    mutable = True

    def __init__(self, of: type | None = None) -> None:
        self.of, self.name = of, of.__name__ if of else "a value"

    def freeze(self, value: object, depth: int = 0) -> Frozen:
        if self.of and type(value) is not self.of:
            raise self.refuse(value)
        return exact_kind(value).freeze(value, depth), type(value)

    def thaw(self, frozen: Frozen) -> Any:
        inner, of = frozen
        return _exact_kind_of_type(of).thaw(inner)

    def zero(self) -> Any:
        return self.of() if self.of else None


ANYTHING = Anything()
PLAIN: dict[Any, Plain] = {
    int: Plain(int, 0),
    bool: Plain(bool, False),
    str: Plain(str, ""),
    bytes: Plain(bytes, b""),
    Address: Plain(Address, Address.ZERO),
    type(None): Plain(type(None), None),
}
_BARE: dict[type, Kind] = {list: ListOf(ANYTHING), tuple: Tuples(ANYTHING), dict: DictOf(ANYTHING, ANYTHING)}
_RECORDS: dict[type, Record] = {}


def check_int(value: int) -> None:
    """Raises OverflowError for an integer of more than 256 bits."""
    if not INT_MIN <= value <= INT_MAX:
        raise OverflowError("integer out of range")


def deeper(depth: int) -> int:
    """One level further down; raises RecursionError below the last."""
    if depth >= NESTING_MAX:
        raise RecursionError(f"values nest more than {NESTING_MAX} deep")
    return depth + 1


def copy(value: object) -> Any:
    """A deep copy of a value that leaves a contract. Raises TypeError for what cannot leave."""
    return ANYTHING.thaw(ANYTHING.freeze(value))


def exact_kind(value: object) -> Kind:
    """The kind of a value without a hint."""
    return _exact_kind_of_type(type(value))


def _exact_kind_of_type(of: type) -> Kind:
    kind = PLAIN.get(of) or _BARE.get(of)
    if kind is None and dataclasses.is_dataclass(of):
        kind = _record(of)
    if kind is None:
        raise TypeError(f"{of.__name__} cannot leave a contract")
    return kind


def _record(of: type) -> Record:
    if of not in _RECORDS:
        _RECORDS[of] = Record(of)
    return _RECORDS[of]


def kind_of(hint: Any) -> Kind:
    """The kind that a type hint names. Raises TypeError for hints that contracts do not have."""
    if hint is None:
        return PLAIN[type(None)]
    if isinstance(hint, type) and typing.get_origin(hint) is None:
        return PLAIN.get(hint) or _bare_or_record(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    make = _GENERIC.get(origin)
    if make is None:
        raise _unknown(hint)
    return make(hint, arguments)


def _bare_or_record(hint: type) -> Kind:
    if hint in _BARE:
        return Anything(hint)
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    raise _unknown(hint)


def _unknown(hint: Any) -> TypeError:
    if isinstance(hint, str):
        return TypeError(
            f"write the type {hint!r} without quotes, and no `from __future__ import annotations`"
        )
    return TypeError(
        f"{getattr(hint, '__name__', hint)} is not a type that values here can have: use int, bool, str,"
        " bytes, Address, T | None, list[T], tuple[A, B], dict[K, V], a dataclass, or (for storage) Map[K, V]"
    )


def _value_kind(hint: Any) -> Kind:
    kind = kind_of(hint)
    if isinstance(kind, MapOf):
        raise TypeError("a Map is a field of its own, or the value of another Map")
    return kind


def _maybe(hint: Any, arguments: tuple[Any, ...]) -> Kind:
    inner = [argument for argument in arguments if argument is not type(None)]
    if len(inner) != 1:
        raise _unknown(hint)
    return Maybe(_value_kind(inner[0]))


def _list(hint: Any, arguments: tuple[Any, ...]) -> Kind:
    return ListOf(_value_kind(arguments[0]))


def _tuple(hint: Any, arguments: tuple[Any, ...]) -> Kind:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return Tuples(_value_kind(arguments[0]))
    return TupleOf([_value_kind(argument) for argument in arguments])


def _dict(hint: Any, arguments: tuple[Any, ...]) -> Kind:
    return DictOf(_value_kind(arguments[0]), _value_kind(arguments[1]))


def _map(hint: Any, arguments: tuple[Any, ...]) -> Kind:
    key = kind_of(arguments[0])
    if not _is_key(key):
        raise TypeError("a Map's keys are int, bool, str, bytes, Address, or tuples of these")
    return MapOf(key, kind_of(arguments[1]))


def _is_key(kind: Kind) -> bool:
    if isinstance(kind, TupleOf):
        return all(_is_key(inner) for inner in kind.inner)
    return isinstance(kind, Plain) and kind.of is not type(None)


_GENERIC: dict[Any, Callable[[Any, tuple[Any, ...]], Kind]] = {
    list: _list,
    tuple: _tuple,
    dict: _dict,
    Map: _map,
    typing.Union: _maybe,
    types.UnionType: _maybe,
}
