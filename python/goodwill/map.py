"""Map: entries of a contract's storage under keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from goodwill._kinds import Kind, MapOf
    from goodwill._store import Key, Store

__tracebackhide__ = True

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class Map(Generic[K, V]):
    """A field of storage that maps keys to values. An entry that was never set reads as zero.

    It has no length and cannot be iterated: a chain does not keep a list of the keys.
    """

    __slots__ = ("_key", "_kind", "_store")
    __hash__ = None  # type: ignore[assignment]
    # Without it Python would ask for the entries 0, 1, 2 and so on for ever: none is missing.
    __iter__ = None
    _store: Store
    _key: Key
    _kind: MapOf

    def __init__(self) -> None:
        raise TypeError("a Map is declared as a field of a contract: name: Map[K, V]")

    def __getitem__(self, key: K) -> V:
        path, kind = self._entry(key)
        value: V = bind(self._store, path, kind) if is_map(kind) else self._read(path, kind, key)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        self._store.check_writable()
        path, kind = self._value_entry(key)
        self._store.write(path, kind, value)

    def __delitem__(self, key: K) -> None:
        self._store.check_writable()
        path, kind = self._value_entry(key)
        if not self._store.contains(path, kind):
            raise KeyError(key)
        self._store.delete(path)

    def __contains__(self, key: K) -> bool:
        path, kind = self._value_entry(key)
        return self._store.contains(path, kind)

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: Any = None) -> Any:
        """The value under ``key``, or ``default`` if there is none."""
        path, kind = self._value_entry(key)
        return self._store.read(path, kind) if self._store.contains(path, kind) else default

    def _entry(self, key: K) -> tuple[Key, Kind]:
        return (*self._key, self._kind.key.freeze(key)), self._kind.inner

    def _value_entry(self, key: K) -> tuple[Key, Kind]:
        path, kind = self._entry(key)
        if is_map(kind):
            raise TypeError("a Map below a Map is always there: set the entries of the inner one")
        return path, kind

    def _read(self, path: Key, kind: Kind, key: K) -> Any:
        if not kind.has_zero and not self._store.contains(path, kind):
            raise KeyError(key)
        return self._store.read(path, kind)


def is_map(kind: Kind) -> bool:
    """Whether a kind is that of a Map."""
    return kind.is_map


def bind(store: Store, key: Key, kind: Any) -> Any:
    """The Map at ``key`` of a contract's storage."""
    bound: Map[Any, Any] = object.__new__(Map)
    bound._store, bound._key, bound._kind = store, key, kind
    return bound
