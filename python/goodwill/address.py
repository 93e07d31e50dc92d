"""Addresses: who holds coins, people and contracts alike."""

from __future__ import annotations

from typing import ClassVar, final

from goodwill import _bech32m

SIZE = 21
VERSION = 0
PREFIX = "dev"


@final
class Address:
    """An account's address: a version byte and a 20-byte hash.

    ``Address("dev1...")`` reads the text, ``str(address)`` writes it, ``bytes(address)`` gives the 21 bytes.
    """

    __slots__ = ("_bytes",)
    _bytes: bytes
    ZERO: ClassVar[Address]

    def __init__(self, text: str) -> None:
        if type(text) is not str:
            raise TypeError(f"an Address is made from its text, not from {type(text).__name__}")
        object.__setattr__(self, "_bytes", _parse(text))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an Address does not change")

    def __bytes__(self) -> bytes:
        return self._bytes

    def __str__(self) -> str:
        return _bech32m.encode(PREFIX, self._bytes)

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self._bytes == other._bytes

    def __lt__(self, other: Address) -> bool:
        return self._bytes < other._bytes if isinstance(other, Address) else NotImplemented

    def __le__(self, other: Address) -> bool:
        return self._bytes <= other._bytes if isinstance(other, Address) else NotImplemented

    def __gt__(self, other: Address) -> bool:
        return self._bytes > other._bytes if isinstance(other, Address) else NotImplemented

    def __ge__(self, other: Address) -> bool:
        return self._bytes >= other._bytes if isinstance(other, Address) else NotImplemented

    def __reduce__(self) -> tuple[type[Address], tuple[str]]:
        return Address, (str(self),)


def from_hash(digest: bytes) -> Address:
    """The address with these 20 bytes after the version."""
    if len(digest) != SIZE - 1:
        raise ValueError(f"an address has {SIZE - 1} bytes of hash, not {len(digest)}")
    address = object.__new__(Address)
    object.__setattr__(address, "_bytes", bytes([VERSION]) + digest)
    return address


def _parse(text: str) -> bytes:
    try:
        prefix, data = _bech32m.decode(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an address ({error}): check for a typing error") from None
    if prefix != PREFIX:
        raise ValueError(
            f"the address {text!r} is for another chain: addresses of this one begin with '{PREFIX}1'"
        )
    if not data or data[0] != VERSION:
        raise ValueError(f"the address {text!r} is of a kind that this release does not know")
    if len(data) != SIZE:
        raise ValueError(f"{text!r} is not an address (wrong length): check for a typing error")
    return data


Address.ZERO = from_hash(bytes(SIZE - 1))
