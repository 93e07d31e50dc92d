"""Layers of values that are not collections: slices, text methods, bytes, numbers, conversions."""

from __future__ import annotations

import re
from collections.abc import Callable

from differential.expressions import is_pure
from differential.generator import Generator, rule
from differential.kinds import atom
from differential.statements import assignable, statement

# Slices


def bounds(gen: Generator) -> str:
    """What stands between the brackets of a slice."""
    start, stop = (gen.rng.choice(("", "", "1", "-1", "2", "-3", "0", gen.atom("int", 1))) for _ in range(2))
    step = gen.rng.choice(("", "", "", ":2", ":-1", ":-2", ":3"))
    if gen.chance(0.02):
        step = f":{gen.atom('int', 1)}"
    return f"{start}:{stop}{step}"


@rule("str|list|bytes|tuple[int, ...]", "slices", 3)
def sliced(gen: Generator, kind: str, depth: int) -> str:
    return f"{gen.atom(kind, depth)}[{bounds(gen)}]"


@statement("slices", 3)
def change_slice(gen: Generator, depth: int) -> str | None:
    names = assignable(gen, "list[int]")
    if not names:
        return None
    name = gen.rng.choice(names)
    if gen.chance(0.3):
        return f"del {name}[{bounds(gen)}]"
    start, stop = gen.rng.choice((("1", "2"), ("", "1"), ("2", ""), ("0", "0"), ("-1", "")))
    step = ":2" if gen.chance(0.05) else ""
    return f"{name}[{start}:{stop}{step}] = {gen.expression('list[int]', 1)}"


# Methods of texts: "{s}" and "{b}" are values, "{t}" a short text, "{n}" and "{m}" small numbers


TO_TEXT = (
    "{s}.upper()",
    "{s}.lower()",
    "{s}.capitalize()",
    "{s}.title()",
    "{s}.swapcase()",
    "{s}.strip()",
    "{s}.lstrip()",
    "{s}.rstrip()",
    "{s}.strip({t})",
    "{s}.lstrip({t})",
    "{s}.rstrip({t})",
    "{s}.replace({t}, {t})",
    "{s}.replace({t}, {t}, {m})",
    "{s}.zfill({m})",
    "{s}.ljust({m})",
    "{s}.rjust({m}, '.')",
    "{s}.center({m}, '*')",
    "{s}.removeprefix({t})",
    "{s}.removesuffix({t})",
    "', '.join({L})",
    "{s}.join({L})",
    "{s}.join({s})",
    "{s}.partition(',')[0]",
    "{s}.partition('a')[2]",
    "{s}.rpartition(',')[2]",
    "{s}.partition('-')[1]",
)
TO_NUMBER = (
    "{s}.count({t})",
    "{s}.find({t})",
    "{s}.rfind({t})",
    "{s}.find({t}, {m})",
    "{s}.find({t}, 1, {m})",
)
TO_NUMBER_OR_ERROR = ("{s}.index({t})", "{s}.rindex({t})")
TO_TRUTH = (
    "{s}.startswith({t})",
    "{s}.endswith({t})",
    "{s}.startswith(('a', 'k'))",
    "{s}.isdigit()",
    "{s}.isalpha()",
    "{s}.isalnum()",
    "{s}.isupper()",
    "{s}.islower()",
    "{s}.isspace()",
    "{s}.isascii()",
    "{s}.isdecimal()",
    "{s}.endswith({t}, {m})",
    "{s}.startswith({t}, {m})",
)
TO_LIST = (
    "{s}.split()",
    "{s}.split(',')",
    "{s}.split(',', {m})",
    "{s}.rsplit(',', {m})",
    "{s}.splitlines()",
    "{s}.rsplit()",
    "{s}.split(None, 1)",
    "list({s})",
    "{s}.split('a')",
)


def filled(gen: Generator, forms: tuple[str, ...], depth: int) -> str:
    """One of the forms with its places filled."""
    makers: dict[str, Callable[[], str]] = {
        "s": lambda: gen.atom("str", depth),
        "t": lambda: gen.rng.choice(("'a'", "','", "' '", "'o'", "'l'", "''", gen.expression("str", 1))),
        "b": lambda: gen.atom("bytes", depth),
        "i": lambda: gen.atom("int", depth),
        "l": lambda: gen.expression("list[int]", depth),
        "L": lambda: gen.expression("list[str]", depth),
        "v": lambda: gen.leaf("list[int]"),
        "n": lambda: str(gen.rng.randrange(5)),
        "m": lambda: str(gen.rng.randrange(-1, 9)),
    }
    return re.sub(r"\{(\w)\}", lambda place: makers[place[1]](), gen.rng.choice(forms))


@rule("str", "strings", 7)
def text_method(gen: Generator, kind: str, depth: int) -> str:
    return filled(gen, TO_TEXT, depth)


@rule("int", "strings", 2)
def text_to_number(gen: Generator, kind: str, depth: int) -> str:
    return filled(gen, TO_NUMBER_OR_ERROR if gen.chance(0.08) else TO_NUMBER, depth)


@rule("bool", "strings", 4)
def text_to_truth(gen: Generator, kind: str, depth: int) -> str:
    return filled(gen, TO_TRUTH, depth)


@rule("list[str]", "strings", 4)
def text_to_list(gen: Generator, kind: str, depth: int) -> str:
    return filled(gen, TO_LIST, depth)


# Bytes


@rule("bytes", "bytes", 8)
def make_bytes(gen: Generator, kind: str, depth: int) -> str:
    form = gen.rng.choice(
        (
            "({b} + {b})",
            "({b} * {n})",
            "{s}.encode()",
            "bytes([{i} % 256, {n}])",
            "bytes({n})",
            "bytes({l})",
            "bytes.fromhex('00ff{n}{n}')",
            "chain.sha256({b})",
            "b'-'.join([{b}, {b}])",
            "{b}.replace(b'a', {b})",
        )
    )
    if "chain" in form and not gen.in_contract:
        return gen.literal("bytes")
    if "{l}" in form and not gen.chance(0.1):
        form = "bytes([each % 256 for each in {v}])" if gen.has("comprehensions") else "{b}"
    return filled(gen, (form,), depth)


@rule("int", "bytes", 2)
def bytes_to_number(gen: Generator, kind: str, depth: int) -> str:
    forms = (
        "len({b})",
        "({b} or b'x')[0]",
        "({b} + b'yz')[-2]",
        "{b}.find({b})",
        "{b}.count(b'a')",
        "sum({b})",
    )
    return filled(gen, ("{b}[{i}]",) if gen.chance(0.05) else forms, depth)


@rule("str", "bytes", 2)
def bytes_to_text(gen: Generator, kind: str, depth: int) -> str:
    forms = ("{b}.hex()", "{b}.hex()", "str({b})", "repr({b})", "{s}.encode().decode()")
    return filled(gen, ("{b}.decode()",) if gen.chance(0.1) else forms, depth)


@rule("bool", "bytes", 1)
def bytes_to_truth(gen: Generator, kind: str, depth: int) -> str:
    forms = (
        "({b} == {b})",
        "({b} < {b})",
        "({b} in {b})",
        "({n} in {b})",
        "{b}.startswith({b})",
        "{b}.endswith(b'b')",
    )
    return filled(gen, forms, depth)


@rule("list[int]", "bytes", 1)
def bytes_to_list(gen: Generator, kind: str, depth: int) -> str:
    return f"list({gen.expression('bytes', depth)})"


# Numbers


@rule("int", "numbers", 5)
def number_builtin(gen: Generator, kind: str, depth: int) -> str:
    a, b = gen.expression("int", depth), gen.expression("int", depth)
    divisor = gen.rng.choice(("7", "-4", "10", f"({b} or 3)"))
    return gen.rng.choice(
        (
            f"abs({a})",
            f"min({a}, {b})",
            f"max({a}, {b}, 5)",
            f"divmod({a}, {divisor})[0]",
            f"divmod({a}, {divisor})[1]",
            f"pow({a}, {gen.rng.randrange(3)})",
            f"pow({a}, {atom(b)} % 5, 97)",
            f"pow({a}, 65537, {gen.rng.choice(('101', '-13', '2**31 - 1', '1'))})",
            f"round({a})",
            f"{atom_number(a)}.bit_length()",
            f"int({a})",
        )
    )


def atom_number(text: str) -> str:
    """The expression in parentheses, so that a dot after it is not part of a number."""
    return text if is_pure(text) and not text.isdigit() else f"({text})"


@statement("numbers", 2)
def unpack_divmod(gen: Generator, depth: int) -> str:
    names = [gen.new_name(), gen.new_name()]
    divisor = gen.rng.choice(("7", "-3", "10", "2**64"))
    text = f"{', '.join(names)} = divmod({gen.expression('int', 2)}, {divisor})"
    gen.variables.update(dict.fromkeys(names, "int"))
    return text


# Conversions


@rule("int", "conversions", 3)
def text_as_number(gen: Generator, kind: str, depth: int) -> str:
    if gen.chance(0.04):
        return f"int({gen.expression('str', depth)})"
    number = gen.expression("int", depth)
    return gen.rng.choice(
        (
            f"int(str({number}))",
            f"int({gen.expression('bool', depth)})",
            "int(' -12 ')",
            "int('ff', 16)",
            "int('1_000')",
        )
    )


@rule("str", "conversions", 4)
def value_as_text(gen: Generator, kind: str, depth: int) -> str:
    kinds = ["int", "bool", "str", "list[int]", "list[str]", "dict[str, int]", "dict[int, str]", "Address"]
    kinds += ["tuple[int, str]", "tuple[int, ...]"] * gen.has("tuples") + ["bytes"] * gen.has("bytes")
    kinds += ["list[list[int]]", "list[tuple[int, str]]"] * gen.has("nested")
    return f"{gen.rng.choice(('str', 'repr'))}({gen.expression(gen.rng.choice(kinds), depth)})"


@rule("bool", "conversions", 1)
def value_as_truth(gen: Generator, kind: str, depth: int) -> str:
    return f"bool({gen.expression(gen.rng.choice(('int', 'str', 'list[int]', 'dict[str, int]')), depth)})"


@rule("int", "conversions", 1)
def number_as_bytes(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.has("bytes"):
        return None
    order = gen.rng.choice(("'big'", "'little'"))
    return f"int.from_bytes(({gen.expression('int', depth)} & 65535).to_bytes(2, {order}), 'big')"
