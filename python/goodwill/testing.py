"""A chain in the test's own process: deploy contracts, call them, travel in time."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from goodwill import _kinds
from goodwill._ledger import Event, Ledger, Snapshot
from goodwill._vm import VmLedger
from goodwill.address import Address, from_hash
from goodwill.context import COIN, Frame, RequireError, check_amount, frames
from goodwill.contract import Contract, Method, instance_for, method_of

# Tests show the lines of tests and contracts, not those of this package.
__tracebackhide__ = True

__all__ = ["Deployed", "Event", "LocalChain", "Snapshot"]

C = TypeVar("C", bound=Contract)

START_BALANCE = 1_000_000 * COIN
START_TIMESTAMP_MS = 1_800_000_000_000
BLOCK_MS = 500
BLOCKS_PER_EPOCH = 40
CONTRACT_DEPTH_MAX = 8


class LocalChain:
    """A chain for tests. Calls are in the present block; time moves only by ``advance``.

    CPython runs the contracts, or the chain's own machine if ``vm`` is the path of the program ``goodwill``.
    """

    def __init__(self, vm: str | None = None) -> None:
        self.ledger = Ledger() if vm is None else VmLedger(vm)
        self.height = 1
        self.timestamp = START_TIMESTAMP_MS
        self.epoch = 0

    def account(self, name: str, amount: int = START_BALANCE) -> Address:
        """The account of this name; it gets ``amount``, in base units, when it is first asked for."""
        address = from_hash(hashlib.sha256(b"account " + name.encode()).digest()[:20])
        self.ledger.fund(address, amount)
        return address

    def balance(self, of: Address | Deployed[Any]) -> int:
        """Coins of an account or a contract, in base units."""
        return self.ledger.balance(of.address if isinstance(of, Deployed) else of)

    @property
    def events(self) -> list[Event]:
        """All events so far, the oldest first."""
        return list(self.ledger.events)

    def deploy(self, cls: type[C], *args: Any, sender: Address, value: int = 0, **kwargs: Any) -> Deployed[C]:
        """Deploys a contract: runs its ``init`` with the arguments."""
        number = len(self.ledger.contracts).to_bytes(8, "big")
        address = from_hash(hashlib.sha256(b"contract " + number).digest()[:20])
        return self.deploy_at(address, cls, args, kwargs, sender=sender, value=value)

    def deploy_at(
        self,
        address: Address,
        cls: type[C],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        sender: Address,
        value: int = 0,
    ) -> Deployed[C]:
        """Deploys a contract at an address of the caller's choice."""
        if address in self.ledger.contracts:
            raise ValueError(f"there is a contract at {address}")
        check_amount(value)
        mark = self.ledger.mark()
        self.ledger.set(self.ledger.contracts, address, cls)
        try:
            self._init(address, cls, args, kwargs, sender, value)
        except BaseException:
            self.ledger.undo(mark)
            raise
        self.ledger.keep()
        return Deployed(self, address, cls)

    def call(
        self,
        contract: Address,
        method: str,
        /,
        *args: Any,
        sender: Address | None,
        value: int = 0,
        **kwargs: Any,
    ) -> Any:
        """Calls a contract's method as a transaction of ``sender``; a view needs none."""
        check_amount(value)
        found = self._method(contract, method)
        if sender is None and not found.view:
            raise TypeError(f"say who calls: {method}(..., sender=alice)")
        frame = Frame(self, contract, sender or Address.ZERO, value, found.view)
        result = self._run(frame, found, args, kwargs)
        self.ledger.keep()
        return result

    def advance(self, *, blocks: int = 0, ms: int = 0, epochs: int = 0) -> None:
        """Lets time pass: so many blocks, milliseconds and epochs, added up."""
        more = blocks + ms // BLOCK_MS + epochs * BLOCKS_PER_EPOCH
        before = self.height // BLOCKS_PER_EPOCH
        self.height += more
        self.timestamp += (blocks + epochs * BLOCKS_PER_EPOCH) * BLOCK_MS + ms
        self.epoch += self.height // BLOCKS_PER_EPOCH - before

    def snapshot(self) -> Snapshot:
        """The present state, to come back to."""
        return self.ledger.snapshot((self.height, self.timestamp, self.epoch))

    def restore(self, snapshot: Snapshot) -> None:
        """Comes back to a snapshot, as often as wanted."""
        if snapshot.owner is not self.ledger:
            raise ValueError("the snapshot is of another chain")
        self.ledger.restore(snapshot)
        self.height, self.timestamp, self.epoch = snapshot.clock

    def call_from_contract(
        self, frame: Frame, contract: Address, method: str, arguments: tuple[Any, ...], value: int
    ) -> Any:
        """A contract calls another one."""
        cls = self._contract(contract)
        found = method_of(cls, method)
        if found is None or not found.view:
            frame.check_writable()
        arguments = tuple([_kinds.copy(argument) for argument in arguments])
        frame.store.flush()
        if any(waiting.contract == contract for waiting in frames):
            raise RuntimeError(f"re-entrant call of {contract}")
        if len(frames) >= CONTRACT_DEPTH_MAX:
            raise RecursionError(f"contracts call each other more than {CONTRACT_DEPTH_MAX} deep")
        found = self._method(contract, method)
        inner = Frame(self, contract, frame.contract, value, frame.read_only or found.view)
        try:
            return self._run(inner, found, arguments, {})
        except Exception as error:
            seen = _as_caller_sees(error)
            if seen is error:
                raise
            raise seen from error

    def _init(
        self,
        address: Address,
        cls: type[Contract],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        sender: Address,
        value: int,
    ) -> None:
        found = method_of(cls, "init") or _NO_INIT
        self._run(Frame(self, address, sender, value, read_only=False), found, args, kwargs)

    def _contract(self, address: Address) -> type[Contract]:
        if address not in self.ledger.contracts:
            raise ValueError(f"there is no contract at {address}")
        return self.ledger.contracts[address]

    def _method(self, contract: Address, name: str) -> Method:
        cls = self._contract(contract)
        if name == "init":
            raise PermissionError("init runs once, when the contract is deployed")
        found = method_of(cls, name)
        if found is None:
            raise AttributeError(f"{cls.__name__} has no method {name!r} with @export or @view")
        return found

    def _run(self, frame: Frame, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if isinstance(self.ledger, VmLedger):
            return self.ledger.run(frame, method, args, kwargs)
        mark = self.ledger.mark()
        frames.append(frame)
        try:
            if frame.value and not method.payable:
                raise ValueError("method is not payable")
            self.ledger.move(frame.sender, frame.contract, frame.value)
            instance = instance_for(self.ledger.contracts[frame.contract], frame)
            bound = method.bind(instance, args, kwargs)
            result = _kinds.copy(method.function(*bound.args, **bound.kwargs))
            frame.store.flush()
        except BaseException:
            self.ledger.undo(mark)
            raise
        finally:
            frames.pop()
        return result


class Deployed(Generic[C]):
    """A contract on a local chain. Its methods also take ``sender=`` and ``value=``."""

    def __init__(self, chain: LocalChain, address: Address, cls: type[C]) -> None:
        self.chain, self.address, self.cls = chain, address, cls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if method_of(self.cls, name) is None:
            raise AttributeError(f"{self.cls.__name__} has no method {name!r} with @export or @view")

        def call(*args: Any, sender: Address | None = None, value: int = 0, **kwargs: Any) -> Any:
            return self.chain.call(self.address, name, *args, sender=sender, value=value, **kwargs)

        return call

    def __repr__(self) -> str:
        return f"<{self.cls.__name__} at {self.address}>"

    @property
    def balance(self) -> int:
        """The contract's coins, in base units."""
        return self.chain.balance(self.address)

    def events(self, name: str | None = None) -> list[Event]:
        """What this contract emitted, the oldest first; only events of this name if one is given."""
        own = [event for event in self.chain.events if event.contract == self.address]
        return [event for event in own if name in (None, event.name)]


def _no_init(contract: Contract) -> None:
    """What runs at the deployment of a contract without ``init``."""


_NO_INIT = Method("init", _no_init, inspect.signature(_no_init), {}, view=False, payable=False)


def _as_caller_sees(error: Exception) -> Exception:
    """Another contract's exception: its own classes do not exist in the caller's file, their bases do."""
    known = next(cls for cls in type(error).__mro__ if cls is RequireError or cls.__module__ == "builtins")
    if known is type(error):
        return error
    seen: Exception = known(str(error))
    return seen
