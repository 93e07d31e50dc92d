"""Hashes and signatures. Only SHA-256 is in Python itself; the others are an optional extra."""

from __future__ import annotations

import hashlib

_MISSING = "{what} needs a package that is not installed: pip install 'goodwill[crypto]'"
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
_FIELD = 2**255 - 19
_ORDER_EIGHT = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL_ORDER = {0, 1, _FIELD - 1, _FIELD, _FIELD + 1, _ORDER_EIGHT, _FIELD - _ORDER_EIGHT}
"""The second coordinates of keys of small order, under which many messages have the same signature."""


def sha256(data: bytes) -> bytes:
    """The 32 bytes of SHA-256."""
    return hashlib.sha256(_bytes(data)).digest()


def blake3(data: bytes) -> bytes:
    """The 32 bytes of BLAKE3."""
    _bytes(data)
    try:
        from blake3 import blake3 as hasher
    except ImportError:
        raise ImportError(_MISSING.format(what="chain.blake3")) from None
    return hasher(data).digest()


def verify_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` is the key's signature of ``message``; malformed ones are not."""
    for data in (public_key, message, signature):
        _bytes(data)
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise ImportError(_MISSING.format(what="chain.verify_ed25519")) from None
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    if int.from_bytes(public_key, "little") % 2**255 in _SMALL_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(data: bytes) -> bytes:
    if type(data) is not bytes:
        raise TypeError(f"expected bytes, got {type(data).__name__}")
    return data
