"""Fields and Maps: zero values, types, objects that are changed in place."""

import sys
import types
from dataclasses import dataclass
from typing import Any

import pytest

from goodwill import Address, Contract, Map, export, view
from goodwill.testing import Deployed, LocalChain


@dataclass
class Item:
    name: str
    count: int
    tags: list[str]


class Shelf(Contract):
    number: int
    flag: bool
    text: str
    data: bytes
    owner: Address
    maybe: int | None
    names: list[str]
    table: dict[str, list[int]]
    pair: tuple[int, str]
    item: Item
    items: Map[int, Item]
    lists: Map[str, list[int]]
    counts: Map[str, int]
    pairs: Map[tuple[int, str], bool]
    allowed: Map[Address, Map[Address, int]]

    @view
    def zeros(self) -> list:  # type: ignore[type-arg]
        plain = [self.number, self.flag, self.text, self.data, self.owner, self.maybe]
        return [*plain, self.names, self.table, self.pair, self.counts["a"], self.lists["b"]]

    @export
    def run(self, step: str, argument: int = 0) -> object:
        return getattr(self, step)(argument)

    def change_in_place(self, argument: int) -> None:
        self.names.append("x")
        self.table.setdefault("k", []).append(1)
        self.lists["k"].append(argument)
        self.item = Item("i", 1, [])
        self.item.count += 1
        self.item.tags.append("t")
        self.items[1] = Item("one", 1, [])
        self.items[1].count += argument

    def same_object(self, argument: int) -> bool:
        return self.names is self.names and self.lists["k"] is self.lists["k"]

    def read_only_entries(self, argument: int) -> list[bool]:
        before = "z" in self.lists
        self.lists["z"]
        read = "z" in self.lists
        self.lists["z"].append(1)
        changed = "z" in self.lists
        del self.lists["z"]
        return [before, read, changed, "z" in self.lists]

    def zero_is_an_entry(self, argument: int) -> list[object]:
        self.counts["zero"] = 0
        return [
            "zero" in self.counts,
            self.counts.get("none"),
            self.counts.get("none", 7),
            self.counts.get("zero", 7),
        ]

    def delete_missing(self, argument: int) -> None:
        del self.counts["missing"]

    def unset_item(self, argument: int) -> object:
        return self.items[5]

    def unset_field(self, argument: int) -> object:
        return self.item

    def nested(self, argument: int) -> int:
        self.allowed[self.address][Address.ZERO] += 3
        return self.allowed[self.address][Address.ZERO]

    def swap(self, argument: int) -> list[str]:
        mine = ["a"]
        self.names = mine
        mine.append("b")
        return self.names

    def spoil_later(self, argument: int) -> None:
        self.names.append(1)  # type: ignore[arg-type]

    def list_entries(self, argument: int) -> list[str]:
        return sorted(self.counts)  # type: ignore[arg-type]

    def too_deep(self, argument: int) -> object:
        deep: list[Any] = []
        deep.append(deep)
        return deep


@pytest.fixture
def shelf(chain: LocalChain, alice: Address) -> Deployed[Shelf]:
    return chain.deploy(Shelf, sender=alice)


def test_unset_is_zero(shelf: Deployed[Shelf]) -> None:
    zeros = [0, False, "", b"", Address.ZERO, None, [], {}, (0, ""), 0, []]
    assert shelf.zeros() == zeros


def test_changes_in_place_are_kept(shelf: Deployed[Shelf], alice: Address) -> None:
    shelf.run("change_in_place", 5, sender=alice)
    stored = shelf.chain.ledger.storage
    state = {key: value for (_, key), value in stored.items()}
    assert state["names",] == ("x",)
    assert state["table",] == (("k", (1,)),)
    assert state["lists", "k"] == (5,)
    assert state["item",] == ("i", 2, ("t",))
    assert state["items", 1] == ("one", 6, ())


def test_objects_live_for_one_call(shelf: Deployed[Shelf], alice: Address) -> None:
    assert shelf.run("same_object", sender=alice)
    assert shelf.run("swap", sender=alice) == ["a", "b"]


def test_entries(shelf: Deployed[Shelf], alice: Address) -> None:
    assert shelf.run("read_only_entries", sender=alice) == [False, False, True, False]
    assert shelf.run("zero_is_an_entry", sender=alice) == [True, None, 7, 0]
    assert shelf.run("nested", sender=alice) == 3


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("delete_missing", KeyError),
        ("unset_item", KeyError),
        ("unset_field", AttributeError),
        ("spoil_later", TypeError),
        ("list_entries", TypeError),
        ("too_deep", RecursionError),
    ],
)
def test_failures(shelf: Deployed[Shelf], alice: Address, step: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        shelf.run(step, sender=alice)
    assert shelf.chain.ledger.storage == {}


class Typed(Contract):
    number: int
    flag: bool
    maybe: bytes | None
    pair: tuple[int, ...]
    by_number: Map[int, int]
    by_pair: Map[tuple[str, int], int]
    inner: Map[str, Map[str, int]]

    @export
    def set(self, field: str, value) -> None:  # type: ignore[no-untyped-def]
        setattr(self, field, value)

    @export
    def entry(self, field: str, key, value) -> None:  # type: ignore[no-untyped-def]
        getattr(self, field)[key] = value

    @export
    def has(self, field: str, key) -> bool:  # type: ignore[no-untyped-def]
        return key in getattr(self, field)

    @export
    def drop(self) -> None:
        del self.number


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("number", True, TypeError),
        ("number", "1", TypeError),
        ("number", None, TypeError),
        ("number", 2**255, OverflowError),
        ("number", -(2**255) - 1, OverflowError),
        ("flag", 1, TypeError),
        ("maybe", "x", TypeError),
        ("pair", [1], TypeError),
        ("pair", (1, True), TypeError),
        ("by_number", {}, TypeError),
        ("other", 1, AttributeError),
    ],
)
def test_types_of_fields(
    chain: LocalChain, alice: Address, field: str, value: object, error: type[Exception]
) -> None:
    typed = chain.deploy(Typed, sender=alice)
    with pytest.raises(error):
        typed.set(field, value, sender=alice)


def test_bounds_and_optional_values(chain: LocalChain, alice: Address) -> None:
    typed = chain.deploy(Typed, sender=alice)
    for field, value in [
        ("number", 2**255 - 1),
        ("number", -(2**255)),
        ("maybe", None),
        ("maybe", b"x"),
        ("pair", ()),
    ]:
        typed.set(field, value, sender=alice)


@pytest.mark.parametrize(
    ("field", "key"),
    [("by_number", True), ("by_number", "1"), ("by_pair", ("a",)), ("by_pair", ("a", "b")), ("inner", 1)],
)
def test_types_of_keys(chain: LocalChain, alice: Address, field: str, key: object) -> None:
    typed = chain.deploy(Typed, sender=alice)
    with pytest.raises(TypeError):
        typed.entry(field, key, 1, sender=alice)
    with pytest.raises(TypeError):
        typed.has(field, key, sender=alice)


def test_inner_maps_and_fields_stay(chain: LocalChain, alice: Address) -> None:
    typed = chain.deploy(Typed, sender=alice)
    with pytest.raises(TypeError, match="Map below a Map"):
        typed.entry("inner", "a", 1, sender=alice)
    with pytest.raises(AttributeError, match="cannot be deleted"):
        typed.drop(sender=alice)


def make(body: str) -> None:
    """Defines a contract from text."""
    names = vars(types.ModuleType("made"))
    exec(
        "from goodwill import *\nfrom dataclasses import dataclass\nclass Made(Contract):\n    " + body, names
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("a: float", "not a type"),
        ("a: 'int'", "without quotes"),
        ("a: set[int]", "not a type"),
        ("a: int | str", "not a type"),
        ("a: int = 5", "begin as zero"),
        ("address: Address", "contract's own"),
        ("a: Map[list[int], int]", "keys are"),
        ("a: list[Map[int, int]]", "field of its own"),
        ("def init(self): pass", "must be an @export"),
        ("@payable\n    def f(self): pass", "one of @export and @view"),
        ("@export\n    @view\n    def f(self): pass", "one of @export and @view"),
        ("@payable\n    @view\n    def f(self): pass", "takes no coins"),
    ],
)
def test_declarations_that_are_refused(body: str, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        make(body)


def test_contracts_and_maps_are_not_made_by_hand() -> None:
    with pytest.raises(TypeError, match="deploy"):
        Shelf()
    with pytest.raises(TypeError, match="declared"):
        Map()
    assert sys.version_info >= (3, 10)
