"""A contract's storage during one call: reads, typed writes, and objects that live until its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from goodwill._kinds import Kind
from goodwill._ledger import Key, Ledger
from goodwill.address import Address

__tracebackhide__ = True

__all__ = ["Key", "Store"]


@dataclass
class _Live:
    """A mutable value that the contract holds during the call."""

    value: Any
    kind: Kind


class Store:
    """One contract's storage, as one call sees it."""

    def __init__(self, ledger: Ledger, contract: Address, read_only: bool) -> None:
        self._ledger, self._contract, self._read_only = ledger, contract, read_only
        self._live: dict[Key, _Live] = {}

    def read(self, key: Key, kind: Kind) -> Any:
        """The value at ``key``, or zero; the same object for the whole call if it can be changed in place."""
        if key in self._live:
            return self._live[key].value
        entry = (self._contract, key)
        found = entry in self._ledger.storage
        value = kind.thaw(self._ledger.storage[entry]) if found else kind.zero()
        if kind.mutable:
            self._live[key] = _Live(value, kind)
        return value

    def write(self, key: Key, kind: Kind, value: object) -> None:
        """Sets the value at ``key``. Raises TypeError if it is of another kind."""
        self.check_writable()
        self._put(key, kind.freeze(value))
        if kind.mutable:
            self._live[key] = _Live(value, kind)

    def delete(self, key: Key) -> None:
        """Removes what is at ``key``."""
        self._live.pop(key, None)
        self._ledger.remove(self._ledger.storage, (self._contract, key))

    def contains(self, key: Key, kind: Kind) -> bool:
        """Whether something was written at ``key``, or changed in place there."""
        if (self._contract, key) in self._ledger.storage:
            return True
        live = self._live.get(key)
        return live is not None and kind.freeze(live.value) != kind.freeze(kind.zero())

    def flush(self) -> None:
        """Writes what was changed in place."""
        for key, live in self._live.items():
            frozen, entry = live.kind.freeze(live.value), (self._contract, key)
            if entry in self._ledger.storage:
                changed = self._ledger.storage[entry] != frozen
            else:
                changed = frozen != live.kind.freeze(live.kind.zero())
            if changed:
                self._put(key, frozen)

    def _put(self, key: Key, frozen: object) -> None:
        self.check_writable()
        self._ledger.set(self._ledger.storage, (self._contract, key), frozen)

    def check_writable(self) -> None:
        """Raises PermissionError in a view."""
        if self._read_only:
            raise PermissionError("a view cannot change state")
