"""Expressions of the core: what every kind has, then integers, truth, texts, lists, dicts."""

from __future__ import annotations

import re

from differential.generator import Function, Generator, rule
from differential.kinds import atom, element_of, items_of


@rule("*", "core", 6)
def leaf(gen: Generator, kind: str, depth: int) -> str:
    return gen.leaf(kind)


@rule("*", "core", 1)
def ternary(gen: Generator, kind: str, depth: int) -> str:
    parts = gen.atom(kind, depth), gen.atom("bool", depth), gen.atom(kind, depth)
    return f"({parts[0]} if {parts[1]} else {parts[2]})"


@rule("*", "core", 2)
def function_call(gen: Generator, kind: str, depth: int) -> str | None:
    functions = [function for function in gen.functions if function.returns == kind]
    return call(gen, gen.rng.choice(functions), "", depth) if functions else None


@rule("*", "core", 2)
def method_call(gen: Generator, kind: str, depth: int) -> str | None:
    methods = [method for method in gen.callable_methods() if method.returns == kind]
    return call(gen, gen.rng.choice(methods), "self.", depth) if methods else None


def call(gen: Generator, function: Function, prefix: str, depth: int) -> str:
    """A call with some arguments left to their defaults and some by keyword."""
    count = len(function.parameters) - gen.rng.randrange(function.defaults + 1)
    given = function.parameters[:count]
    by_position = gen.rng.randrange(count + 1) if gen.chance(0.25) else count
    if function.keyword_only:
        by_position = min(by_position, len(function.parameters) - function.defaults)
    values = [
        gen.expression(kind, depth) if place < by_position else f"{name}={gen.expression(kind, depth)}"
        for place, (name, kind) in enumerate(given)
    ]
    if function.star and by_position == len(function.parameters):
        values += [gen.expression("int", depth) for _ in range(gen.rng.randrange(3))]
        if gen.has("star") and gen.chance(0.3):
            values.append(f"*{gen.atom('list[int]', depth)}")
    return f"{prefix}{function.name}({', '.join(values)})"


@rule("*", "core", 3)
def map_entry(gen: Generator, kind: str, depth: int) -> str | None:
    entry = map_path(gen, kind, depth)
    if entry is None:
        return None
    owner, key = entry
    if gen.chance(0.15):
        return f"{owner}.get({key}, {gen.expression(kind, depth)})"
    return f"{owner}[{key}]"


def map_path(gen: Generator, kind: str, depth: int) -> tuple[str, str] | None:
    """A Map of storage with values of this kind, and a key for it."""
    maps = [each for each in gen.maps if each[2] == kind] if gen.in_contract else []
    if not maps:
        return None
    name, keys, _ = gen.rng.choice(maps)
    texts = [key_expression(gen, key, depth) for key in keys]
    return "".join([f"self.{name}", *(f"[{text}]" for text in texts[:-1])]), texts[-1]


def key_expression(gen: Generator, kind: str, depth: int) -> str:
    """A key: mostly one of few, so that entries meet again."""
    if kind.startswith("tuple"):
        return f"({', '.join(key_expression(gen, item, depth) for item in items_of(kind))})"
    if kind == "int" and gen.chance(0.5):
        return f"{gen.atom('int', min(depth, 1))} % 5"
    if kind in ("int", "str") and gen.chance(0.8):
        return (
            gen.rng.choice(gen.variables_of(kind) or [gen_key(gen, kind)])
            if gen.chance(0.3)
            else gen_key(gen, kind)
        )
    return gen.expression(kind, min(depth, 1))


def gen_key(gen: Generator, kind: str) -> str:
    """A literal key."""
    return (
        str(gen.rng.randrange(5)) if kind == "int" else repr(gen.rng.choice(("a", "b", "c", "key", "total")))
    )


@rule("*", "core", 2)
def list_item(gen: Generator, kind: str, depth: int) -> str | None:
    if kind not in ("int", "str", "list[int]", "tuple[int, str]"):
        return None
    if kind not in ("int", "str") and not gen.has("nested"):
        return None
    owner = gen.variable(f"list[{kind}]") or gen.atom(f"list[{kind}]", depth)
    index = gen.atom("int", min(depth, 1))
    if gen.chance(0.1):
        return f"{owner}[{index}]"
    if is_pure(owner):
        return f"({owner}[{index} % len({owner})] if {owner} else {gen.expression(kind, min(depth, 1))})"
    return f"({owner} or {gen.literal(f'list[{kind}]')})[{gen.rng.choice((0, 0, -1))}]"


def is_pure(text: str) -> bool:
    """Whether an expression is a name, which can be written twice."""
    return re.fullmatch(r"[\w.]+", text) is not None


@rule("int|str", "core", 2)
def dict_item(gen: Generator, kind: str, depth: int) -> str | None:
    key, owner_kind = ("str", "dict[str, int]") if kind == "int" else ("int", "dict[int, str]")
    owner = gen.atom(owner_kind, depth)
    text = key_expression(gen, key, depth)
    if gen.chance(0.9):
        default = f", {gen.expression(kind, depth)}"
        return f"{owner}.get({text}{default})"
    return f"{owner}[{text}]"


# Integers


@rule("int", "core", 10)
def arithmetic(gen: Generator, kind: str, depth: int) -> str:
    operator = gen.rng.choice(("+", "+", "-", "-", "*", "*", "%", "//"))
    left, right = gen.expression("int", depth), gen.expression("int", depth)
    if operator in "%//" and gen.chance(0.96):
        right = gen.rng.choice(
            ("7", "3", "10", "-3", "256", "(1 + abs(" + right + "))", "(" + right + " or 1)")
        )
    loose = gen.chance(0.3) and not re.search(r" (if|and|or|not|in|is|lambda)\b|[<>=|&^:]", left + right)
    return f"{left} {operator} {right}" if loose else f"{atom(left)} {operator} {atom(right)}"


@rule("int", "core", 3)
def bitwise(gen: Generator, kind: str, depth: int) -> str:
    operator = gen.rng.choice(("&", "|", "^"))
    return f"({gen.atom('int', depth)} {operator} {gen.atom('int', depth)})"


@rule("int", "core", 2)
def shift(gen: Generator, kind: str, depth: int) -> str:
    count = str(gen.rng.randrange(12)) if gen.chance(0.7) else f"({gen.atom('int', depth)} % 9)"
    return f"({gen.atom('int', depth)} {gen.rng.choice(('<<', '>>'))} {count})"


@rule("int", "core", 1)
def power(gen: Generator, kind: str, depth: int) -> str:
    return f"({gen.atom('int', min(depth, 1))} ** {gen.rng.randrange(4)})"


@rule("int", "core", 2)
def unary(gen: Generator, kind: str, depth: int) -> str:
    return f"{gen.rng.choice(('-', '~', '+', '-'))}{gen.atom('int', depth)}"


@rule("int", "core", 1)
def truth_as_number(gen: Generator, kind: str, depth: int) -> str:
    return f"({gen.atom('bool', depth)} {gen.rng.choice('+-*')} {gen.atom('int', depth)})"


@rule("int|str|list[int]", "core", 1)
def logic_of_values(gen: Generator, kind: str, depth: int) -> str:
    return f"({gen.atom(kind, depth)} {gen.rng.choice(('and', 'or'))} {gen.atom(kind, depth)})"


@rule("int", "core", 3)
def length(gen: Generator, kind: str, depth: int) -> str:
    return (
        f"len({gen.expression(gen.rng.choice(('str', 'list[int]', 'list[str]', 'dict[str, int]')), depth)})"
    )


@rule("int", "core", 2)
def of_constant(gen: Generator, kind: str, depth: int) -> str | None:
    names = [(name, of) for name, of in gen.constants if of in ("list[int]", "dict[str, int]")]
    if not names:
        return None
    name, of = gen.rng.choice(names)
    if of == "list[int]":
        return gen.rng.choice((f"len({name})", f"({name}[{gen.leaf('int')} % len({name})] if {name} else 0)"))
    return gen.rng.choice((f"len({name})", f"{name}.get({key_expression(gen, 'str', 1)}, {gen.leaf('int')})"))


@rule("int", "core", 2)
def of_optional(gen: Generator, kind: str, depth: int) -> str:
    name = gen.variable("int | None")
    if name and gen.chance(0.7):
        return f"({gen.leaf('int')} if {name} is None else {name})"
    return f"({gen.atom('int | None', depth)} or {gen.leaf('int')})"


@rule("int | None", "core", 4)
def optional(gen: Generator, kind: str, depth: int) -> str:
    entry = map_path(gen, "int", depth) if gen.chance(0.5) else None
    if entry is not None:
        return f"{entry[0]}.get({entry[1]})"
    return gen.rng.choice(("None", gen.expression("int", depth)))


@rule("int", "core", 1)
def of_call_or_chain(gen: Generator, kind: str, depth: int) -> str | None:
    return (
        gen.rng.choice(("msg.value", "chain.height", "chain.timestamp", "chain.epoch"))
        if gen.in_contract
        else None
    )


@rule("int", "core", 1)
def wrong_type(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.chance(0.05):
        return None
    number, text, items = gen.atom("int", 1), gen.atom("str", 1), gen.atom("list[int]", 1)
    wrong = (
        f"({number} + {text})",
        f"({text} + {number})",
        f"len({number})",
        f"{items}[{text}]",
        f"(-{text})",
        f"(None + {number})",
        f"({items} < {number})",
        f"{{{items}: 1}}[0]",
        f"({number} in {number})",
        f"({text} * {text})",
        f"int({items})",
    )
    return gen.rng.choice(
        (*wrong, f"({text} < {number})", f"({items} + {text})", f"({items} - 1)")
    )


@rule("int", "core", 1)
def wrong_map(gen: Generator, kind: str, depth: int) -> str | None:
    """A Map where its entries would have to be listed: through a variable, or the compiler refuses it."""
    if not (gen.in_contract and gen.maps and gen.chance(0.05)):
        return None
    entries = f"(self.{gen.rng.choice(gen.maps)[0]} or 0)"
    wrong = (
        f"len({entries})",
        f"len(list({entries}))",
        f"len(sorted({entries}))",
        f"sum([1 for _ in {entries}])",
        f"len([*{entries}])",
        f"len(list(zip({entries}, [1])))",
        f"len(list(enumerate({entries})))",
        f"max({entries})",
        f"len({entries}[0:1])",
    )
    return gen.rng.choice(wrong)


# Truth


@rule("bool", "core", 8)
def comparison(gen: Generator, kind: str, depth: int) -> str:
    of = gen.rng.choice(("int", "int", "int", "str", "list[int]", "bool"))
    operators = [gen.rng.choice(("<", "<=", ">", ">=", "==", "!=")) for _ in range(1 + gen.chance(0.25))]
    text = gen.atom(of, depth)
    for operator in operators:
        text += f" {operator} {gen.atom(of, depth)}"
    return f"({text})"


@rule("bool", "core", 3)
def logic(gen: Generator, kind: str, depth: int) -> str:
    return f"({gen.atom('bool', depth)} {gen.rng.choice(('and', 'or'))} {gen.atom('bool', depth)})"


@rule("bool", "core", 2)
def negation(gen: Generator, kind: str, depth: int) -> str:
    of = gen.rng.choice(("bool", "bool", "int", "str", "list[int]", "dict[str, int]"))
    return f"(not {gen.atom(of, depth)})"


@rule("bool", "core", 3)
def membership(gen: Generator, kind: str, depth: int) -> str:
    item, owner = gen.rng.choice(
        (
            ("int", "list[int]"),
            ("str", "str"),
            ("str", "list[str]"),
            ("str", "dict[str, int]"),
            ("int", "dict[int, str]"),
        )
    )
    return f"({gen.atom(item, depth)} {gen.rng.choice(('in', 'not in'))} {gen.atom(owner, depth)})"


@rule("bool", "core", 2)
def in_map(gen: Generator, kind: str, depth: int) -> str | None:
    entry = map_path(
        gen, gen.rng.choice(["int", "int", "str", "list[int]", *(r.name for r in gen.records)]), depth
    )
    return f"({entry[1]} {gen.rng.choice(('in', 'not in'))} {entry[0]})" if entry else None


@rule("bool", "core", 1)
def equality_of_kinds(gen: Generator, kind: str, depth: int) -> str:
    left, right = gen.rng.choice(gen.kinds()), gen.rng.choice(gen.kinds())
    return f"({gen.atom(left, depth)} {gen.rng.choice(('==', '!='))} {gen.atom(right, depth)})"


@rule("bool", "core", 1)
def is_none(gen: Generator, of_kind: str, depth: int) -> str:
    kind = gen.rng.choice(("int | None", "int | None", "int", "list[int]"))
    return f"({gen.atom(kind, depth)} {gen.rng.choice(('is', 'is not'))} None)"


@rule("bool", "core", 1)
def addresses(gen: Generator, kind: str, depth: int) -> str:
    operator = gen.rng.choice(("==", "!=", "<", ">="))
    return f"({gen.atom('Address', depth)} {operator} {gen.atom('Address', depth)})"


@rule("bool", "core", 1)
def is_instance(gen: Generator, kind: str, depth: int) -> str:
    of = gen.rng.choice(("int", "bool", "str", "list[int]", "dict[str, int]"))
    types = gen.rng.choice(("int", "str", "bool", "list", "(int, str)", "(list, dict)"))
    return f"isinstance({gen.expression(of, depth)}, {types})"


# Texts


@rule("str", "core", 4)
def concatenation(gen: Generator, kind: str, depth: int) -> str:
    return f"({gen.atom('str', depth)} + {gen.atom('str', depth)})"


@rule("str|list[int]", "core", 1)
def repetition(gen: Generator, kind: str, depth: int) -> str:
    count = gen.rng.choice((str(gen.rng.randrange(-1, 4)), f"({gen.atom('int', min(depth, 1))} % 4)"))
    return (
        f"({gen.atom(kind, depth)} * {count})" if gen.chance(0.8) else f"({count} * {gen.atom(kind, depth)})"
    )


@rule("str", "core", 2)
def character(gen: Generator, kind: str, depth: int) -> str:
    if gen.chance(0.1):
        return f"{gen.atom('str', depth)}[{gen.rng.choice((0, -1, 1, 2))}]"
    return f"({gen.atom('str', depth)} or 'z')[{gen.rng.choice((0, -1))}]"


@rule("str", "core", 2)
def to_text(gen: Generator, kind: str, depth: int) -> str:
    return f"str({gen.expression(gen.rng.choice(('int', 'bool', 'str', 'list[int]', 'list[str]')), depth)})"


NUMBER_FORMS = (
    "",
    "",
    "d",
    "5d",
    "<6",
    ">8",
    "^7",
    "+d",
    ",",
    "_",
    "x",
    "#x",
    "X",
    "b",
    "#b",
    "o",
    "08d",
    "*>9d",
    " d",
    "+,",
    "=+6",
    "010,",
    "#010x",
)
TEXT_FORMS = ("", "", "s", "6", "<6", ">8", "^9", "*^10", ".2", "-<5.3", "!r", "!s", "!r:>8")
OTHER_FORMS = ("", "!r", "!s", "!s:>20")


@rule("str", "core", 6)
def formatted(gen: Generator, kind: str, depth: int) -> str:
    parts = [gen.rng.choice(("", "n=", " of ", "; ", "{{", "}}", ": "))]
    for _ in range(gen.rng.randrange(1, 4)):
        parts.append(f"{{{placeholder(gen)}}}")
        parts.append(gen.rng.choice(("", " ", "/", ", ", "}}{{")))
    return f'f"{"".join(parts)}"'


def placeholder(gen: Generator) -> str:
    """What stands between the braces: no quotes, since older Pythons do not nest them."""
    kind = gen.rng.choice(("int", "int", "str", "str", "bool", "list[int]"))
    forms = {"int": NUMBER_FORMS, "str": TEXT_FORMS}.get(kind, OTHER_FORMS)
    value = gen.expression(kind, 2)
    if re.search(r"['\"\\{}#\n]|lambda|:=", value):
        value = gen.variable(kind) or {"int": "7", "str": "str(12)", "bool": "True"}.get(kind, "[1, 2]")
    form = gen.rng.choice(forms)
    if form and not form.startswith("!"):
        width = "" if gen.chance(0.9) else gen.variable("int") or ""
        form = f":{{{width} % 9}}" if width else f":{form}"
    return f"{atom(value)}{form}"


# Lists and dicts


@rule("list", "core", 3)
def displayed(gen: Generator, kind: str, depth: int) -> str:
    items = [gen.expression(element_of(kind), depth) for _ in range(gen.rng.randrange(4))]
    return f"[{', '.join(items)}]"


@rule("list", "core", 2)
def joined(gen: Generator, kind: str, depth: int) -> str:
    return f"({gen.atom(kind, depth)} + {gen.atom(kind, depth)})"


@rule("list[int]", "core", 2)
def counted(gen: Generator, kind: str, depth: int) -> str:
    bounds = gen.rng.choice(("{}", "{}", "1, {}", "{}, -1, -1", "0, {}, 2"))
    return f"list(range({bounds.format(gen.atom('int', min(depth, 1)) + ' % 8')}))"


@rule("dict", "core", 3)
def dict_displayed(gen: Generator, kind: str, depth: int) -> str:
    key, value = items_of(kind)
    pairs = [
        f"{key_expression(gen, key, depth)}: {gen.expression(value, depth)}"
        for _ in range(gen.rng.randrange(4))
    ]
    return f"{{{', '.join(pairs)}}}"


@rule("list[str]|list[int]", "core", 1)
def keys_of_dict(gen: Generator, kind: str, depth: int) -> str:
    return f"list({gen.expression('dict[str, int]' if kind == 'list[str]' else 'dict[int, str]', depth)})"


@rule("Address", "core", 4)
def an_address(gen: Generator, kind: str, depth: int) -> str:
    return gen.literal("Address")
