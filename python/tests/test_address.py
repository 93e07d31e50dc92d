"""Addresses against the chain's golden vectors."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from goodwill import Address
from goodwill import _bech32m as bech32m
from goodwill.address import from_hash

VECTORS = Path(__file__).parents[2] / "vectors" / "keys.json"
TAG = b"goodwill/address"


def keys() -> list[Any]:
    """The keys of the vectors."""
    found: list[Any] = json.loads(VECTORS.read_text())["keys"]
    return found


@pytest.mark.parametrize("key", keys(), ids=lambda key: key["address"][-6:])
def test_text_and_bytes_as_on_the_chain(key: dict[str, str]) -> None:
    tagged = bytes([len(TAG)]) + TAG + bytes.fromhex(key["public_key"])
    address = from_hash(hashlib.sha256(tagged).digest()[:20])
    assert str(address) == key["address"]
    assert Address(key["address"]) == address
    assert Address(key["address"].upper()) == address
    assert bytes(address)[0] == 0
    assert len(bytes(address)) == 21


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("alice", "not bech32m"),
        ("dev1qrjectjdj95c3drlkze4yn0c43p4943h45mle09q", "checksum"),
        ("Dev1qrjectjdj95c3drlkze4yn0c43p4943h45mle09j", "upper and lower"),
        ("dev1qrjectjdj95c3drlkze4yn0c43p4943h45mle0bj", "character"),
        (bech32m.encode("other", bytes(21)), "another chain"),
        (bech32m.encode("dev", b"\1" * 21), "kind"),
        (bech32m.encode("dev", bytes(20)), "wrong length"),
        (bech32m.encode("dev", b""), "kind"),
        ("d" * 5000, "too long"),
    ],
)
def test_other_texts_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Address(text)


def test_value() -> None:
    low, high = from_hash(bytes(20)), from_hash(b"\xff" * 20)
    assert low == Address.ZERO
    assert low < high
    assert low <= high
    assert high > low
    assert high >= low
    assert {low: 1}[Address.ZERO] == 1
    assert low != bytes(21)
    assert eval(repr(high)) == high
    with pytest.raises(TypeError):
        sorted([low, "a"])  # type: ignore[list-item]
    with pytest.raises(AttributeError):
        low.name = "me"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Address(bytes(21))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_bech32m_round_trips(length: int) -> None:
    data = bytes(range(length))
    assert bech32m.decode(bech32m.encode("dev", data)) == ("dev", data)


def test_bech32m_refuses_loose_padding() -> None:
    words = [0] * 33 + [1]
    state = bech32m._checksum_state("dev", [*words, *[0] * 6]) ^ 0x2BC830A3
    checksum = [state >> 5 * (5 - place) & 31 for place in range(6)]
    text = "dev1" + "".join(bech32m.ALPHABET[word] for word in [*words, *checksum])
    with pytest.raises(ValueError, match="padding"):
        bech32m.decode(text)
