"""What a contract sees of its call and of the chain: ``msg``, ``chain``, ``emit``, ``require``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, final

from goodwill import _crypto, _kinds
from goodwill._ledger import Event, Ledger
from goodwill._store import Store
from goodwill.address import Address

__tracebackhide__ = True


COIN = 10**9
"""One coin in the smallest unit, which all amounts are in."""


class RequireError(Exception):
    """A condition that a contract requires does not hold."""


class Machine(Protocol):
    """What runs calls: the local chain."""

    ledger: Ledger
    height: int
    timestamp: int
    epoch: int

    def call_from_contract(
        self, frame: Frame, contract: Address, method: str, arguments: tuple[Any, ...], value: int
    ) -> Any:
        """Calls another contract."""


@dataclass
class Frame:
    """A call of a contract's method while it runs."""

    machine: Machine
    contract: Address
    sender: Address
    value: int
    read_only: bool
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.machine.ledger, self.contract, self.read_only)

    def check_writable(self) -> None:
        """Raises PermissionError in a view."""
        if self.read_only:
            raise PermissionError("a view cannot change state")


frames: list[Frame] = []


def current(what: str) -> Frame:
    """The innermost call that runs."""
    if not frames:
        raise RuntimeError(f"{what} exists only while a contract runs: call its methods through a LocalChain")
    return frames[-1]


@final
class Message:
    """Who called, and the coins that came with the call."""

    __slots__ = ()

    @property
    def sender(self) -> Address:
        """The caller: an account, or the contract that called this one."""
        return current("msg.sender").sender

    @property
    def value(self) -> int:
        """Coins that came with the call, in base units. They are the contract's already."""
        return current("msg.value").value


@final
class Chain:
    """The chain as a contract sees it."""

    __slots__ = ()

    @property
    def height(self) -> int:
        """The number of the block that this call is in."""
        return current("chain.height").machine.height

    @property
    def timestamp(self) -> int:
        """The time of the block, in milliseconds since 1970."""
        return current("chain.timestamp").machine.timestamp

    @property
    def epoch(self) -> int:
        """The number of the epoch."""
        return current("chain.epoch").machine.epoch

    def balance(self, address: Address) -> int:
        """Coins of an account, in base units."""
        _kinds.PLAIN[Address].freeze(address)
        return current("chain.balance").machine.ledger.balance(address)

    def transfer(self, to: Address, amount: int) -> None:
        """Sends coins of this contract. Raises ValueError if it has too few."""
        frame = current("chain.transfer")
        _kinds.PLAIN[Address].freeze(to)
        check_amount(amount)
        frame.check_writable()
        frame.machine.ledger.move(frame.contract, to, amount)

    def call(self, contract: Address, method: str, /, *args: Any, value: int = 0) -> Any:
        """Calls another contract's method, with coins of this one. If it raises, what it did is undone."""
        frame = current("chain.call")
        _kinds.PLAIN[Address].freeze(contract)
        _kinds.PLAIN[str].freeze(method)
        check_amount(value)
        return frame.machine.call_from_contract(frame, contract, method, args, value)

    def sha256(self, data: bytes) -> bytes:
        """The SHA-256 hash, 32 bytes."""
        return _crypto.sha256(data)

    def blake3(self, data: bytes) -> bytes:
        """The BLAKE3 hash, 32 bytes."""
        return _crypto.blake3(data)

    def verify_ed25519(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether a signature is right. Never raises for malformed keys or signatures."""
        return _crypto.verify_ed25519(public_key, message, signature)


def check_amount(amount: object) -> None:
    """Raises TypeError or ValueError for what is no amount of coins."""
    if _kinds.PLAIN[int].freeze(amount) < 0:
        raise ValueError("amount must not be negative")


msg = Message()
chain = Chain()


def emit(name: str, /, **fields: Any) -> None:
    """Tells the world outside: the event is in the receipt."""
    frame = current("emit")
    _kinds.PLAIN[str].freeze(name)
    frame.check_writable()
    frozen = {key: _kinds.copy(value) for key, value in fields.items()}
    frame.machine.ledger.events.append(Event(frame.contract, name, frozen))


def require(condition: object, message: str = "requirement failed", /) -> None:
    """Raises RequireError with the message unless the condition holds."""
    if not condition:
        raise RequireError(message)
