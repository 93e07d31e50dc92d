"""Literals of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from differential.execute import sender
from differential.kinds import element_of, items_of

if TYPE_CHECKING:
    from differential.generator import Generator

WORDS = (
    "",
    "a",
    "b",
    "ab",
    "key",
    "total",
    "Hello World",
    "x-y",
    "a,b,c",
    "12",
    "-7",
    " pad ",
    "0x1f",
    "ZZ",
    "noon",
)
ODD_WORDS = ("é", "漢字", "🙂", "it's", 'say "hi"', "new\nline", "tab\there", "back\\slash", "nul\0l")
KEYS = ("a", "b", "c", "key", "total")


def literal(gen: Generator, kind: str) -> str:
    """A literal of a kind, as text."""
    match kind.partition("[")[0]:
        case "int":
            return integer(gen)
        case "bool":
            return gen.rng.choice(("True", "False"))
        case "str":
            return repr(gen.rng.choice(ODD_WORDS if gen.chance(0.06) else WORDS))
        case "bytes":
            return repr(gen.rng.choice((b"", b"ab", b"\x00\xff", b"key", bytes(range(gen.rng.randrange(9))))))
        case "None":
            return "None"
        case "int | None":
            return "None" if gen.chance(0.4) else integer(gen)
        case "Address":
            return address(gen)
        case "list":
            return f"[{', '.join(several(gen, element_of(kind)))}]"
        case "set":
            return f"{{{', '.join(several(gen, element_of(kind)))}}}" if gen.chance(0.8) else "set()"
        case "tuple":
            return tuple_literal(gen, kind)
        case "dict":
            key, value = items_of(kind)
            pairs = ", ".join(
                f"{key_literal(gen, key)}: {gen.literal(value)}" for _ in range(gen.rng.randrange(4))
            )
            return f"{{{pairs}}}"
        case name:
            return record_literal(gen, name)


def integer(gen: Generator) -> str:
    """An integer: mostly small."""
    draw = gen.rng.random()
    if draw < 0.8:
        return str(gen.rng.randrange(-4, 13))
    if draw < 0.95:
        return str(gen.rng.randrange(-1000, 100_000))
    return str(
        gen.rng.choice((2**31, 2**32 - 1, -(2**31), 2**63 - 1, 2**63, -(2**63), 2**64, 10**18, 2**100 + 3))
    )


def key_literal(gen: Generator, kind: str) -> str:
    """A literal of which there are few, so that keys meet again."""
    if kind == "int":
        return str(gen.rng.randrange(5))
    return repr(gen.rng.choice(KEYS)) if kind == "str" else gen.literal(kind)


def address(gen: Generator) -> str:
    """One of the accounts, as a contract writes it."""
    if gen.in_contract and gen.chance(0.6):
        return gen.rng.choice(("msg.sender", "self.address", "msg.sender"))
    return gen.rng.choice(("Address.ZERO", address_text(gen)))


def address_text(gen: Generator) -> str:
    """One of the accounts, by its text."""
    return f"Address({str(sender(gen.rng.randrange(3)))!r})"


def several(gen: Generator, kind: str) -> list[str]:
    """One to four literals."""
    return [gen.literal(kind) for _ in range(gen.rng.randrange(1, 5))]


def tuple_literal(gen: Generator, kind: str) -> str:
    """A tuple; of any length if its kind says so."""
    if kind.endswith("...]"):
        items = several(gen, element_of(kind)) if gen.chance(0.9) else []
    else:
        items = [gen.literal(item) for item in items_of(kind)]
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def record_literal(gen: Generator, name: str) -> str:
    """An instance, made by position or by keyword."""
    record = next(record for record in gen.records if record.name == name)
    count = len(record.fields) - gen.rng.randrange(record.defaults + 1)
    keywords = gen.rng.randrange(count + 1) if gen.chance(0.4) else count
    values = [
        gen.literal(kind) if place < keywords else f"{field}={gen.literal(kind)}"
        for place, (field, kind) in enumerate(record.fields[:count])
    ]
    return f"{name}({', '.join(values)})"


def argument(gen: Generator, kind: str) -> str:
    """An argument from outside; now and then of a wrong kind."""
    if gen.chance(0.03):
        kind = gen.rng.choice(("int", "str", "bool", "list[int]"))
    if kind == "Address":
        return address_text(gen)
    return gen.literal(kind)
