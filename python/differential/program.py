"""A whole contract, and calls of it."""

from __future__ import annotations

import random
import textwrap
from typing import Any

from differential import containers, expressions, functional, objects, statements, structure, texts
from differential.generator import Function, Generator
from differential.literals import argument

LAYERS = (expressions, statements, texts, containers, functional, objects, structure)
"""Importing a layer registers its rules."""
IMPORTS = (
    "from goodwill import Contract, Map, Address, export, view, payable,"
    " msg, chain, emit, require, RequireError"
)
DEFAULT_KINDS = ("int", "int", "str", "bool", "int | None")
KEY_KINDS = ("int", "str", "Address", "bool")
START_TIMESTAMP_MS = 1000


def generate(seed: str, features: frozenset[str]) -> tuple[str, list[dict[str, Any]]]:
    """The source of a contract, and its calls."""
    gen = Generator(random.Random(seed), features)
    parts = ['"""A generated contract."""', IMPORTS]
    if gen.has("classes"):
        parts.append("from dataclasses import dataclass")
    parts += [*constants(gen), *errors(gen), *classes(gen)]
    parts += [function(gen) for _ in range(gen.rng.randrange(3))]
    if gen.chance(0.15):
        parts.append(recursive(gen))
    methods: list[tuple[Function, bool, bool]] = []
    parts.append(contract(gen, methods))
    return "\n\n".join(parts) + "\n", calls(gen, methods)


def constants(gen: Generator) -> list[str]:
    """Constants of the module."""
    lines: list[str] = []
    for _ in range(gen.rng.randrange(3)):
        kinds = [
            "int",
            "str",
            "bool",
            "list[int]",
            "dict[str, int]",
            *["tuple[int, ...]"] * gen.has("tuples"),
        ]
        name, kind = gen.new_name("C"), gen.rng.choice(kinds)
        lines.append(f"{name} = {gen.literal(kind)}")
        gen.constants.append((name, kind))
    return ["\n".join(lines)] if lines else []


def errors(gen: Generator) -> list[str]:
    """Exceptions of the file."""
    texts: list[str] = []
    if not gen.has("exceptions"):
        return texts
    for _ in range(gen.rng.randrange(3)):
        name = gen.new_name("Error")
        base = gen.rng.choice(["Exception", "Exception", "ValueError", "LookupError", *gen.errors])
        if gen.has("classes") and base == "Exception" and gen.chance(0.4):
            texts.append(objects.error_class(gen, name, base))
            gen.data_errors.append(name)
            continue
        texts.append(f"class {name}({base}):\n    " + gen.rng.choice(("pass", '"""Raised by this file."""')))
        gen.errors.append(name)
    return texts


def classes(gen: Generator) -> list[str]:
    """Dataclasses and plain classes of the file."""
    if not gen.has("classes"):
        return []
    records = [objects.dataclass(gen) for _ in range(gen.rng.randrange(3))]
    return [*records, objects.plain_class(gen)] if gen.chance(0.4) else records


def function(gen: Generator) -> str:
    """A helper function of the module."""
    made = signature(gen, gen.new_name("f"))
    text = definition(gen, made, "")
    gen.functions.append(made)
    return text


def recursive(gen: Generator) -> str:
    """A function that calls itself a few times."""
    name, depth = gen.new_name("f"), gen.rng.randrange(2, 12)
    gen.functions.append(Function(name, [("n", "int"), ("so_far", "int")], "int", 1))
    result = gen.rng.choice(
        (
            f"{name}(n - 1, so_far * 3 % 1009 + n)",
            f"n + {name}(n - 2, -so_far)",
            f"{name}(n=n - 1, so_far=so_far ^ n) + 1",
        )
    )
    return (
        f"def {name}(n: int, so_far: int = 1) -> int:\n    n = min(n, {depth})\n"
        f"    if n <= 0:\n        return so_far\n    return {result}"
    )


def signature(gen: Generator, name: str, simple: bool = False) -> Function:
    """Parameters and the kind of the result."""
    kinds = gen.plain_kinds()
    parameters = [(gen.new_name("p"), gen.rng.choice(kinds)) for _ in range(gen.rng.randrange(4))]
    if simple:
        parameters = [(name, kind) for name, kind in parameters if not kind.startswith("set")]
        kinds = [kind for kind in kinds if not kind.startswith("set")]
    returns = gen.rng.choice([*kinds, "int", "int", "str", *(record.name for record in gen.records)])
    more = [
        (gen.new_name("p"), gen.rng.choice(DEFAULT_KINDS)) for _ in range(gen.rng.choice((0, 0, 0, 1, 2)))
    ]
    star = not simple and gen.has("star") and gen.chance(0.25)
    made = Function(name, [*parameters, *more], returns, len(more), star)
    made.keyword_only = not simple and not star and gen.has("star") and bool(more) and gen.chance(0.3)
    return made


def definition(gen: Generator, made: Function, first: str, ending: str = "") -> str:
    """A function with its body, which ends with a return."""
    texts = [first] if first else []
    for place, (name, kind) in enumerate(made.parameters):
        default = f" = {gen.literal(kind)}" if place >= len(made.parameters) - made.defaults else ""
        if made.keyword_only and place == len(made.parameters) - made.defaults:
            texts.append("*")
        texts.append(f"{name}: {kind}{default}")
    if made.star:
        texts.append("*rest: int")
    outer, gen.fixed = gen.fixed, set(gen.fixed)
    gen.returns, gen.loops = made.returns, 0
    variables = dict(made.parameters) | ({"rest": "tuple[int, ...]"} if made.star else {})
    with gen.scope(**variables):
        text = set_records(gen) if made.name == "init" else ""
        text += statements.body(gen, statements.BLOCK_DEPTH, gen.rng.randrange(1, 6))
        text += f"\n{ending or statements.return_text(gen)}"
    gen.fixed = outer
    head = f"def {made.name}({', '.join(texts)}) -> {made.returns}:"
    return f"{head}\n{textwrap.indent(text, '    ')}"


def set_records(gen: Generator) -> str:
    """First values of the fields that have no zero."""
    names = {record.name for record in gen.records}
    return "".join(f"self.{name} = {gen.literal(kind)}\n" for name, kind in gen.fields if kind in names)


def contract(gen: Generator, methods: list[tuple[Function, bool, bool]]) -> str:
    """The class that is deployed."""
    base, above, inherited = ("Contract", "", None)
    if gen.has("classes") and gen.chance(0.2):
        base, above, inherited = base_contract(gen, methods)
    parts = [textwrap.indent("\n".join(fields(gen)), "    ")]
    gen.in_contract = True
    if inherited is not None:
        parts.append(override(gen, inherited))
    if gen.chance(0.9):
        parts.append(method(gen, methods, "init", "export"))
    for _ in range(gen.rng.randrange(2)):
        parts.append(internal(gen))
    for _ in range(gen.rng.randrange(2, 5)):
        parts.append(method(gen, methods, gen.new_name("m"), gen.rng.choice(("export", "export", "view"))))
    gen.in_contract = False
    return f"{above}class Main({base}):\n" + "\n\n".join(parts)


def base_contract(gen: Generator, methods: list[tuple[Function, bool, bool]]) -> tuple[str, str, Function]:
    """A contract to derive from: its name, its text, and a method of it to override."""
    name = gen.new_name("Base")
    parts = [textwrap.indent("\n".join(fields(gen)), "    ")]
    gen.in_contract = True
    parts.append(internal(gen))
    inherited = gen.methods[-1]
    parts.append(method(gen, methods, gen.new_name("m"), gen.rng.choice(("export", "view"))))
    gen.in_contract = False
    return name, f"class {name}(Contract):\n" + "\n\n".join(parts) + "\n\n\n", inherited


def override(gen: Generator, inherited: Function) -> str:
    """A method that does more, then what it did in the class above."""
    names = [name for name, _ in inherited.parameters]
    if inherited.keyword_only:
        names = [
            name if place < len(names) - inherited.defaults else f"{name}={name}"
            for place, name in enumerate(names)
        ]
    arguments = ", ".join(names + ["*rest"] * inherited.star)
    gen.methods.remove(inherited)
    text = definition(gen, inherited, "self", f"return super().{inherited.name}({arguments})")
    gen.methods.append(inherited)
    return textwrap.indent(text, "    ")


def fields(gen: Generator) -> list[str]:
    """Fields of storage."""
    kinds = [kind for kind in gen.kinds() if not kind.startswith("set")]
    lines = []
    if gen.has("classes") and gen.chance(0.2):
        constant, kind = gen.new_name("LIMIT"), gen.rng.choice(("int", "str", "int"))
        lines.append(f"{constant} = {gen.literal(kind)}")
        gen.class_constants.append((constant, kind))
    for _ in range(gen.rng.randrange(1, 5)):
        name, kind = gen.new_name("s"), gen.rng.choice(kinds)
        gen.fields.append((name, kind))
        lines.append(f"{name}: {kind}")
    for _ in range(gen.rng.randrange(1, 4)):
        name, kind = (
            gen.new_name("map"),
            gen.rng.choice(
                ["int", "int", "str", "list[int]", *kinds, *(each.name for each in gen.records * 3)]
            ),
        )
        keys = [key_kind(gen) for _ in range(1 + gen.chance(0.25))]
        gen.maps.append((name, keys, kind))
        hint = kind
        for key in reversed(keys):
            hint = f"Map[{key}, {hint}]"
        lines.append(f"{name}: {hint}")
    return lines


def key_kind(gen: Generator) -> str:
    """What a Map's keys are."""
    if gen.chance(0.2):
        return f"tuple[{gen.rng.choice(KEY_KINDS)}, {gen.rng.choice(KEY_KINDS)}]"
    return gen.rng.choice([*KEY_KINDS, *["bytes"] * gen.has("bytes")])


def method(gen: Generator, methods: list[tuple[Function, bool, bool]], name: str, role: str) -> str:
    """A method that can be called from outside."""
    made = signature(gen, name, simple=True)
    if name == "init":
        made.returns = "None"
    payable = role == "export" and gen.has("coins") and gen.chance(0.3)
    gen.read_only = role == "view"
    text = definition(gen, made, "self")
    gen.read_only = False
    methods.append((made, payable, role == "view"))
    if role == "view":
        gen.methods.append(made)
    decorators = f"@{role}\n" + "@payable\n" * payable
    return textwrap.indent(decorators + text, "    ")


def internal(gen: Generator) -> str:
    """A method for the contract itself."""
    made = signature(gen, gen.new_name("h"))
    made.writes = True
    text = definition(gen, made, "self")
    gen.methods.append(made)
    return textwrap.indent(text, "    ")


def calls(gen: Generator, methods: list[tuple[Function, bool, bool]]) -> list[dict[str, Any]]:
    """The deployment, then calls from outside."""
    init = [each for each in methods if each[0].name == "init"]
    others = [each for each in methods if each[0].name != "init"]
    first = init[0] if init else (Function("init", [], "None"), False, False)
    drawn = [first, *(gen.rng.choice(others) for _ in range(gen.rng.randrange(4, 10)))]
    height, result = 0, []
    for made, payable, _ in drawn:
        height += gen.rng.randrange(1, 4)
        result.append(one_call(gen, made, payable, height))
    return result


def one_call(gen: Generator, made: Function, payable: bool, height: int) -> dict[str, Any]:
    """One call; now and then with too few or too many arguments, or coins that are not wanted."""
    count = len(made.parameters) - (gen.rng.randrange(made.defaults + 1) if made.defaults else 0)
    args = [argument(gen, kind) for _, kind in made.parameters[:count]]
    if gen.chance(0.02) and made.name != "init":
        args = args[:-1] if args else ["1"]
    paid = gen.rng.choice((0, 5, 100)) if payable else 7 * gen.chance(0.02)
    return {
        "method": made.name,
        "sender": gen.rng.randrange(3),
        "value": paid if made.name != "init" or payable else 0,
        "args": args,
        "height": height,
        "timestamp": START_TIMESTAMP_MS * height,
        "epoch": height // 10,
    }
