"""The state of a local chain, with a journal: what a failing call did is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from goodwill._kinds import Frozen
from goodwill.address import Address

__tracebackhide__ = True

Key = tuple[Any, ...]
Clock = tuple[int, int, int]
_MISSING = object()


@dataclass(frozen=True)
class Event:
    """What a contract emitted."""

    contract: Address
    name: str
    fields: dict[str, Any]

    def __getitem__(self, field: str) -> Any:
        return self.fields[field]


@dataclass(frozen=True)
class Snapshot:
    """The state of a chain at one moment."""

    owner: Ledger
    storage: dict[tuple[Address, Key], Frozen]
    balances: dict[Address, int]
    contracts: dict[Address, type[Any]]
    events: list[Event]
    clock: Clock
    machine: int | None = None


@dataclass(frozen=True)
class Mark:
    """A point of the journal to which a failing call returns."""

    entries: int
    events: int


class Ledger:
    """Storage, coins, contracts and events."""

    def __init__(self) -> None:
        self.storage: dict[tuple[Address, Key], Frozen] = {}
        self.balances: dict[Address, int] = {}
        self.contracts: dict[Address, type[Any]] = {}
        self.events: list[Event] = []
        self._journal: list[tuple[dict[Any, Any], Any, Any]] = []

    def set(self, table: dict[Any, Any], key: object, value: object) -> None:
        """Writes an entry of one of the tables so that it can be undone."""
        self._journal.append((table, key, table.get(key, _MISSING)))
        table[key] = value

    def remove(self, table: dict[Any, Any], key: object) -> None:
        """Removes an entry of one of the tables, if there is one, so that it can be undone."""
        if key in table:
            self._journal.append((table, key, table.pop(key)))

    def fund(self, account: Address, amount: int) -> None:
        """Gives coins to an account that never had any."""
        self.balances.setdefault(account, amount)

    def snapshot(self, clock: Clock) -> Snapshot:
        """The present state."""
        tables = dict(self.storage), dict(self.balances), dict(self.contracts)
        return Snapshot(self, *tables, list(self.events), clock)

    def restore(self, snapshot: Snapshot) -> None:
        """Comes back to a snapshot."""
        self.storage = dict(snapshot.storage)
        self.balances = dict(snapshot.balances)
        self.contracts = dict(snapshot.contracts)
        self.events = list(snapshot.events)

    def balance(self, of: Address) -> int:
        """An account's coins."""
        return self.balances.get(of, 0)

    def move(self, sender: Address, to: Address, amount: int) -> None:
        """Moves coins, zero or more. Raises ValueError if the sender has too few."""
        if self.balance(sender) < amount:
            raise ValueError(f"insufficient balance: {self.balance(sender)} < {amount}")
        self.set(self.balances, sender, self.balance(sender) - amount)
        self.set(self.balances, to, self.balance(to) + amount)

    def mark(self) -> Mark:
        """Where the journal is now."""
        return Mark(len(self._journal), len(self.events))

    def undo(self, mark: Mark) -> None:
        """Takes back what happened since the mark."""
        while len(self._journal) > mark.entries:
            table, key, old = self._journal.pop()
            if old is _MISSING:
                del table[key]
            else:
                table[key] = old
        del self.events[mark.events :]

    def keep(self) -> None:
        """Forgets the journal: what happened stays."""
        self._journal.clear()
