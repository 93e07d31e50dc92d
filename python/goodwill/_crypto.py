"""Hashes and signatures. Only SHA-256 is in Python itself; the others are an optional extra."""

from __future__ import annotations

import hashlib

_MISSING = "{what} needs a package that is not installed: pip install 'goodwill[crypto]'"
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


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
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(data: bytes) -> bytes:
    if type(data) is not bytes:
        raise TypeError(f"expected bytes, got {type(data).__name__}")
    return data
