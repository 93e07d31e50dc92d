"""Layers that work on whole collections: builtins with key functions, comprehensions."""

from __future__ import annotations

from differential.generator import Generator, rule
from differential.kinds import element_of, items_of

# Builtins


def key_of(gen: Generator, item: str) -> str:
    """The body of a key function of ``each``: it never fails."""
    if item == "int":
        return gen.rng.choice(("each % 3", "-each", "abs(each)", "(each % 2, each)", "(each & 7, -each)"))
    if item == "str":
        return gen.rng.choice(
            ("len(each)", "(len(each), each)", "each[:1]", "each[::-1]" if gen.has("slices") else "len(each)")
        )
    return gen.rng.choice(("each[1]", "(each[1], each[0])", "-each[0]"))


def options(gen: Generator, item: str) -> str:
    """Further arguments of sorted, min and max."""
    return f", key=lambda each: {key_of(gen, item)}" if gen.chance(0.5) else ""


@rule("list", "builtins", 3)
def sorted_list(gen: Generator, kind: str, depth: int) -> str | None:
    item = element_of(kind)
    if item not in ("int", "str", "tuple[int, str]"):
        return None
    reverse = gen.rng.choice(("", "", ", reverse=True", f", reverse={gen.leaf('bool')}"))
    return f"sorted({gen.expression(kind, depth)}{options(gen, item)}{reverse})"


@rule("list[int]", "builtins", 3)
def mapped_numbers(gen: Generator, kind: str, depth: int) -> str:
    source = gen.expression("list[int]", depth)
    body = gen.rng.choice(("each * 2", "-each", "each % 5 + 1", "each ^ 3"))
    return gen.rng.choice(
        (
            f"list(map(lambda each: {body}, {source}))",
            f"list(filter(lambda each: each > {gen.leaf('int')}, {source}))",
            f"list(reversed({source}))",
            f"list(map(len, {gen.expression('list[str]', depth)}))",
            f"list(map(lambda a, b: a - b, {source}, {gen.expression('list[int]', depth)}))",
            f"list(filter(None, {source}))",
            f"list(map(abs, {source}))",
        )
    )


@rule("list[str]", "builtins", 2)
def mapped_texts(gen: Generator, kind: str, depth: int) -> str:
    return gen.rng.choice(
        (
            f"list(map(str, {gen.expression('list[int]', depth)}))",
            f"list(reversed({gen.expression('list[str]', depth)}))",
            f"list(filter(lambda each: len(each) > 1, {gen.expression('list[str]', depth)}))",
            f"sorted({gen.expression('str', depth)})",
            f"sorted({gen.expression('dict[str, int]', depth)})",
        )
    )


@rule("int", "builtins", 4)
def folded_number(gen: Generator, kind: str, depth: int) -> str:
    source = gen.expression("list[int]", depth)
    if gen.chance(0.06):
        return f"{gen.rng.choice(('min', 'max'))}({source})"
    return gen.rng.choice(
        (
            f"sum({source})",
            f"sum({source}, {gen.expression('int', 1)})",
            f"max({source}, default={gen.expression('int', 1)})",
            f"min({source}, default=0{options(gen, 'int')})",
            f"max([1, 5, 3]{options(gen, 'int')})",
            f"len(list(zip({source}, {source})))",
        )
    )


@rule("str", "builtins", 1)
def extreme_text(gen: Generator, kind: str, depth: int) -> str:
    function, source = gen.rng.choice(("min", "max")), gen.expression("list[str]", depth)
    return f"{function}({source}, default='none'{options(gen, 'str')})"


@rule("bool", "builtins", 1)
def any_or_all(gen: Generator, kind: str, depth: int) -> str:
    source = gen.expression(gen.rng.choice(("list[int]", "list[str]")), depth)
    return f"{gen.rng.choice(('any', 'all'))}({source})"


@rule("list[tuple[int, str]]", "builtins", 5)
def paired(gen: Generator, kind: str, depth: int) -> str:
    texts = gen.expression("list[str]", depth)
    return gen.rng.choice(
        (
            f"list(enumerate({texts}))",
            f"list(zip({gen.expression('list[int]', depth)}, {texts}))",
            f"list({gen.atom('dict[int, str]', depth)}.items())",
        )
    )


@rule("dict", "builtins", 1)
def dict_of_pairs(gen: Generator, kind: str, depth: int) -> str | None:
    if kind == "dict[str, int]":
        return f"dict(zip({gen.expression('list[str]', depth)}, {gen.expression('list[int]', depth)}))"
    return f"dict(enumerate({gen.expression('list[str]', depth)}))" if kind == "dict[int, str]" else None


# Comprehensions


def clause(gen: Generator, depth: int) -> tuple[dict[str, str], str]:
    """``for x in ...``, with a condition at times, and the variables that it sets."""
    name = gen.new_name("c")
    kind = gen.rng.choice(("int", "int", "str", "pair" if gen.has("builtins") else "int"))
    match kind:
        case "pair":
            second = gen.new_name("c")
            variables = {name: "int", second: "str"}
            text = f"for {name}, {second} in enumerate({gen.expression('list[str]', depth)})"
        case "int" if gen.chance(0.5):
            variables, text = {name: "int"}, f"for {name} in range({gen.atom('int', 1)} % 5)"
        case _:
            source = "list[int]" if kind == "int" else gen.rng.choice(("list[str]", "str"))
            variables, text = {name: kind}, f"for {name} in {gen.expression(source, depth)}"
    if gen.chance(0.4):
        with gen.scope(**variables):
            text += f" if {gen.atom('bool', depth)}"
    return variables, text


def comprehension(gen: Generator, kinds: list[str], depth: int) -> tuple[list[str], str]:
    """Expressions of these kinds, and the clauses that they stand under."""
    before, gen.no_walrus = gen.no_walrus, True
    variables, text = clause(gen, depth)
    if gen.chance(0.2):
        with gen.scope(**variables):
            more, inner = clause(gen, min(depth, 1))
        variables, text = {**variables, **more}, f"{text} {inner}"
    with gen.scope(**variables):
        texts = [gen.expression(kind, depth) for kind in kinds]
    gen.no_walrus = before
    return texts, text


@rule("list", "comprehensions", 5)
def list_comprehension(gen: Generator, kind: str, depth: int) -> str:
    (item,), clauses = comprehension(gen, [element_of(kind)], depth)
    return f"[{item} {clauses}]"


@rule("dict", "comprehensions", 4)
def dict_comprehension(gen: Generator, kind: str, depth: int) -> str:
    (key, value), clauses = comprehension(gen, items_of(kind), depth)
    return f"{{{key}: {value} {clauses}}}"


@rule("set", "comprehensions", 4)
def set_comprehension(gen: Generator, kind: str, depth: int) -> str:
    (item,), clauses = comprehension(gen, [element_of(kind)], depth)
    return f"{{{item} {clauses}}}"


@rule("int", "comprehensions", 3)
def sum_of_expressions(gen: Generator, kind: str, depth: int) -> str:
    (item,), clauses = comprehension(gen, ["int"], depth)
    return gen.rng.choice(
        (f"sum({item} {clauses})", f"max(({item} {clauses}), default=-1)", f"len([{item} {clauses}])")
    )


@rule("str", "comprehensions", 2)
def joined_expressions(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.has("strings"):
        return None
    (item,), clauses = comprehension(gen, ["str"], depth)
    return f"{gen.rng.choice((repr(','), repr('')))}.join({item} {clauses})"


@rule("bool", "comprehensions", 2)
def any_of_expressions(gen: Generator, kind: str, depth: int) -> str:
    """Its parts never fail, since the machine takes all of them and Python stops at the first."""
    name, source = gen.new_name("c"), gen.leaf("list[int]")
    condition = gen.rng.choice(("{0} > 2", "{0} % 2 == 1", "{0} != {0} ^ 1", "-3 < {0} < 9", "{0}")).format(
        name
    )
    return f"{gen.rng.choice(('any', 'all'))}({condition} for {name} in {source})"


@rule("tuple[int, ...]", "comprehensions", 2)
def tuple_of_expressions(gen: Generator, kind: str, depth: int) -> str:
    (item,), clauses = comprehension(gen, ["int"], depth)
    return f"tuple({item} {clauses})"
