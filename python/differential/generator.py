"""Draws typed expressions and statements from rules, each of a layer of the language."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from differential import literals
from differential.kinds import atom

FEATURES = (
    "core",
    "slices",
    "tuples",
    "strings",
    "lists",
    "dicts",
    "bytes",
    "builtins",
    "comprehensions",
    "sets",
    "classes",
    "match",
    "walrus",
    "star",
    "closures",
    "exceptions",
    "nested",
    "events",
    "coins",
    "numbers",
    "conversions",
)

Make = Callable[["Generator", str, int], "str | None"]
DRAWS_MAX = 8
DEPTHS = (1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Rule:
    """One way to write an expression of a kind."""

    feature: str
    weight: int
    make: Make


EXPRESSIONS: dict[str, list[Rule]] = {}
"""Rules by kind: ``int``, ``list[int]``, ``list`` for any list, ``*`` for any kind."""


def rule(kinds: str, feature: str, weight: int = 2) -> Callable[[Make], Make]:
    """Registers a way to write expressions of these kinds, which are separated by spaces."""

    def register(make: Make) -> Make:
        for kind in kinds.split("|"):
            EXPRESSIONS.setdefault(kind, []).append(Rule(feature, weight, make))
        return make

    return register


@cache
def rules_of(kind: str, features: frozenset[str]) -> tuple[list[Rule], list[int]]:
    """The rules for a kind that the features allow, with their weights."""
    stem = [*EXPRESSIONS.get(kind.partition("[")[0], ())] if "[" in kind else []
    rules = [*EXPRESSIONS.get(kind, ()), *EXPRESSIONS["*"], *stem]
    enabled = [each for each in rules if each.feature in features]
    return enabled, [each.weight for each in enabled]


@dataclass
class Function:
    """A function or method that later code may call."""

    name: str
    parameters: list[tuple[str, str]]
    returns: str
    defaults: int = 0
    star: bool = False
    writes: bool = False
    keyword_only: bool = False
    """Whether parameters with a default are given by keyword."""


@dataclass
class Record:
    """A dataclass of the program."""

    name: str
    fields: list[tuple[str, str]]
    methods: list[tuple[str, str]] = field(default_factory=list)
    defaults: int = 0
    frozen: bool = False
    ordered: bool = False


@dataclass
class Generator:
    """The state of one program's drawing."""

    rng: random.Random
    features: frozenset[str]
    functions: list[Function] = field(default_factory=list)
    methods: list[Function] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    objects: list[tuple[str, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    data_errors: list[str] = field(default_factory=list)
    constants: list[tuple[str, str]] = field(default_factory=list)
    class_constants: list[tuple[str, str]] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    maps: list[tuple[str, list[str], str]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    in_contract: bool = False
    read_only: bool = False
    no_walrus: bool = False
    loops: int = 0
    returns: str = "None"
    names: int = 0

    def has(self, feature: str) -> bool:
        """Whether a layer is switched on."""
        return feature in self.features

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def kinds(self) -> list[str]:
        """Kinds that variables may have, the likelier ones several times."""
        kinds = (
            ["int"] * 6 + ["str"] * 4 + ["bool"] * 2 + ["list[int]"] * 3 + ["list[str]", "dict[str, int]"] * 2
        )
        kinds += ["dict[int, str]", "Address", "int | None"]
        kinds += ["tuple[int, int]", "tuple[int, str]", "tuple[int, ...]"] * self.has("tuples")
        kinds += ["dict[tuple[int, str], int]"] * self.has("tuples")
        kinds += ["bytes"] * self.has("bytes") + ["set[int]", "set[str]"] * self.has("sets")
        kinds += ["list[list[int]]", "dict[str, list[int]]", "list[tuple[int, str]]"] * self.has("nested")
        kinds += [f"list[{record.name}]" for record in self.records] * self.has("nested")
        return kinds + [record.name for record in self.records]

    def plain_kinds(self) -> list[str]:
        """Kinds without a class of the file."""
        return [kind for kind in self.kinds() if "Record" not in kind]

    def new_name(self, stem: str = "v") -> str:
        """A name that is not in use."""
        self.names += 1
        return f"{stem}{self.names}"

    @contextmanager
    def scope(self, **more: str) -> Iterator[None]:
        """Variables of a block: what it defines is forgotten after it."""
        before, self.variables = self.variables, {**self.variables, **more}
        try:
            yield
        finally:
            self.variables = before

    def variables_of(self, kind: str) -> list[str]:
        """Names of this kind that can be read here."""
        names = [name for name, of in self.variables.items() if of == kind]
        names += [self.copy_of_constant(name, kind) for name, of in self.constants if of == kind]
        if self.in_contract:
            names += [f"self.{name}" for name, of in self.fields + self.class_constants if of == kind]
        return names

    def copy_of_constant(self, name: str, kind: str) -> str:
        """A constant of the module; a copy of it if it could be changed."""
        stem = kind.partition("[")[0]
        return f"{stem}({name})" if stem in ("list", "dict") else name

    def expression(self, kind: str, depth: int | None = None) -> str:
        """An expression of a kind."""
        if depth is None:
            depth = self.rng.choice(DEPTHS)
        if depth <= 0:
            return self.leaf(kind)
        rules, weights = rules_of(kind, self.features)
        for drawn in self.rng.choices(rules, weights, k=DRAWS_MAX):
            text = drawn.make(self, kind, depth - 1)
            if text is not None:
                return text
        return self.leaf(kind)

    def leaf(self, kind: str) -> str:
        """A variable if there is one, or a literal."""
        names = self.variables_of(kind)
        if names and self.chance(0.75):
            return self.rng.choice(names)
        if kind == "bool" and self.chance(0.7):
            return f"({self.leaf('int')} {self.rng.choice(('<', '>', '==', '!='))} {self.leaf('int')})"
        return self.literal(kind)

    def atom(self, kind: str, depth: int) -> str:
        """An expression that can stand beside any operator."""
        return atom(self.expression(kind, depth))

    def callable_methods(self) -> list[Function]:
        """Methods of the contract that may be called here; a view tries others now and then."""
        if not self.in_contract:
            return []
        all_of_them = self.read_only and self.chance(0.03)
        return [each for each in self.methods if not (self.read_only and each.writes) or all_of_them]

    def variable(self, kind: str) -> str | None:
        """A readable name of this kind, if there is one."""
        names = self.variables_of(kind)
        return self.rng.choice(names) if names else None

    def literal(self, kind: str) -> str:
        """A literal of a kind."""
        text: str = literals.literal(self, kind)
        return text
