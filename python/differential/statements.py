"""Statements and blocks."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from differential.expressions import call, key_expression, map_path
from differential.generator import Generator
from differential.kinds import atom, element_of, items_of

Statement = Callable[[Generator, int], "str | None"]
STATEMENTS: list[tuple[str, int, Statement]] = []
STATEMENT_DRAWS_MAX = 10
BLOCK_DEPTH = 2


def statement(feature: str, weight: int = 2) -> Callable[[Statement], Statement]:
    """Registers a way to write a statement."""

    def register(make: Statement) -> Statement:
        STATEMENTS.append((feature, weight, make))
        return make

    return register


def block(gen: Generator, depth: int, count: int = 0, **variables: str) -> str:
    """An indented block; of one or two statements unless it is told how many."""
    with gen.scope(**variables):
        return textwrap.indent(body(gen, depth, count or gen.rng.choice((1, 1, 2))), "    ")


def body(gen: Generator, depth: int, count: int) -> str:
    """Statements, one after another, in the present scope."""
    enabled = [each for each in STATEMENTS if each[0] in gen.features]
    weights = [weight for _, weight, _ in enabled]
    lines: list[str] = []
    for _ in range(count):
        drawn = gen.rng.choices(enabled, weights, k=STATEMENT_DRAWS_MAX)
        texts = (make(gen, depth) for _, _, make in drawn)
        lines.append(next((text for text in texts if text is not None), "pass"))
    return "\n".join(lines)


def assignable(gen: Generator, kind: str) -> list[str]:
    """Variables of this kind that a statement may set."""
    return [name for name, of in gen.variables.items() if of == kind and name not in gen.fixed]


# Assignments


@statement("core", 14)
def assign(gen: Generator, depth: int) -> str:
    kind = gen.rng.choice(gen.kinds())
    value = gen.expression(kind)
    names = assignable(gen, kind)
    if names and gen.chance(0.5):
        return f"{gen.rng.choice(names)} = {value}"
    name = gen.new_name()
    gen.variables[name] = kind
    if kind in ("int", "str") and gen.chance(0.1):
        return f"{name}: {kind} = {value}"
    if gen.chance(0.05):
        second = gen.new_name()
        gen.variables[second] = kind
        return f"{name} = {second} = {value}"
    return f"{name} = {value}"


@statement("core", 6)
def augment(gen: Generator, depth: int) -> str | None:
    names = assignable(gen, "int") + [
        f"self.{name}" for name, of in gen.fields if of == "int" and writable(gen)
    ]
    return f"{gen.rng.choice(names)} {augmented_int(gen)}" if names else None


def augmented_int(gen: Generator) -> str:
    """An operator and its operand."""
    operator = gen.rng.choice(("+=", "+=", "-=", "*=", "//=", "%=", "|=", "&=", "^="))
    value = gen.expression("int", 2)
    if operator in ("//=", "%=") and gen.chance(0.95):
        value = gen.rng.choice(("7", "11", "-2", "1000003"))
    return f"{operator} {value}"


@statement("core", 3)
def augment_text_or_list(gen: Generator, depth: int) -> str | None:
    kind = gen.rng.choice(("str", "list[int]", "list[str]"))
    names = assignable(gen, kind)
    names += [f"self.{name}" for name, of in gen.fields if of == kind and writable(gen)]
    return f"{gen.rng.choice(names)} += {gen.expression(kind, 2)}" if names else None


@statement("core", 4)
def unpack(gen: Generator, depth: int) -> str:
    kinds = [gen.rng.choice(gen.kinds()) for _ in range(2 + gen.chance(0.3))]
    values = [gen.expression(kind, 2) for kind in kinds]
    names = [gen.new_name() for _ in kinds]
    gen.variables.update(zip(names, kinds, strict=True))
    if len(names) == 3 and gen.chance(0.4):
        return f"({names[0]}, {names[1]}), {names[2]} = ({values[0]}, {values[1]}), {values[2]}"
    if gen.chance(0.3):
        return f"[{', '.join(names)}] = [{', '.join(values)}]"
    return f"{', '.join(names)} = {', '.join(values)}"


@statement("core", 1)
def swap(gen: Generator, depth: int) -> str | None:
    names = assignable(gen, gen.rng.choice(("int", "str")))
    if len(names) < 2:
        return None
    first, second = gen.rng.sample(names, 2)
    return f"{first}, {second} = {second}, {first}"


@statement("core", 1)
def unpack_list(gen: Generator, depth: int) -> str:
    names = [gen.new_name(), gen.new_name()]
    value = gen.expression("list[int]", 2) if gen.chance(0.1) else f"[{gen.leaf('int')}, {gen.leaf('int')}]"
    gen.variables.update(dict.fromkeys(names, "int"))
    return f"{', '.join(names)} = {value}"


def changeable(gen: Generator, kind: str) -> tuple[str, str]:
    """Something of this kind that a statement may change in place, and what must stand before."""
    names = assignable(gen, kind) + [
        f"self.{name}" for name, of in gen.fields if of == kind and writable(gen)
    ]
    if names and gen.chance(0.8):
        return gen.rng.choice(names), ""
    value, name = gen.expression(kind, 2), gen.new_name()
    gen.variables[name] = kind
    return name, f"{name} = {copied(value, kind)}\n"


def copied(value: str, kind: str) -> str:
    """A collection of its own."""
    return f"{kind.partition('[')[0]}({value})"


def writable(gen: Generator) -> bool:
    """Whether storage may be written here; a view tries it now and then."""
    return gen.in_contract and (not gen.read_only or gen.chance(0.01))


@statement("core", 8)
def assign_field(gen: Generator, depth: int) -> str | None:
    if not gen.fields or not writable(gen):
        return None
    name, kind = gen.rng.choice(gen.fields)
    return f"self.{name} = {gen.expression(kind)}"


@statement("core", 1)
def assign_wrong_field(gen: Generator, depth: int) -> str | None:
    if not gen.fields or not writable(gen) or not gen.chance(0.15):
        return None
    return f"self.{gen.rng.choice(gen.fields)[0]} = {gen.expression(gen.rng.choice(gen.kinds()), 1)}"


@statement("core", 10)
def assign_entry(gen: Generator, depth: int) -> str | None:
    if not gen.maps or not writable(gen):
        return None
    kind = gen.rng.choice(gen.maps)[2]
    entry = map_path(gen, kind, 2)
    if entry is None:
        return None
    if kind == "int" and gen.chance(0.6):
        return f"{entry[0]}[{entry[1]}] {augmented_int(gen)}"
    if gen.chance(0.12):
        guard = f"if {entry[1]} in {entry[0]}:\n    " if gen.chance(0.8) else ""
        return f"{guard}del {entry[0]}[{entry[1]}]"
    return f"{entry[0]}[{entry[1]}] = {gen.expression(kind)}"


@statement("core", 5)
def change_list(gen: Generator, depth: int) -> str | None:
    kind = gen.rng.choice(("list[int]", "list[int]", "list[str]"))
    name = gen.variable(kind)
    if name is None or name in gen.fixed or "(" in name:
        return None
    item = element_of(kind)
    draw = gen.rng.random()
    if draw < 0.55:
        return f"{name}.append({gen.expression(item, 2)})"
    safe = gen.chance(0.9)
    index = f"{gen.atom('int', 1)} % len({name})" if safe else gen.expression("int", 1)
    guard = f"if {name}:\n    " if safe else ""
    if draw < 0.65:
        return f"{guard}del {name}[{index}]"
    if item == "int" and draw < 0.8:
        return f"{guard}{name}[{index}] {augmented_int(gen)}"
    return f"{guard}{name}[{index}] = {gen.expression(item, 2)}"


@statement("core", 4)
def change_dict(gen: Generator, depth: int) -> str | None:
    kind = gen.rng.choice(("dict[str, int]", "dict[int, str]", "dict[tuple[int, str], int]"))
    name = gen.variable(kind)
    if name is None or name in gen.fixed or "(" in name:
        return None
    key, value = items_of(kind)
    text = key_expression(gen, key, 1)
    guard = f"if {atom(text)} in {name}:\n    " if gen.chance(0.85) else ""
    if gen.chance(0.15):
        return f"{guard}del {name}[{text}]"
    if value == "int" and gen.chance(0.3):
        return f"{guard}{name}[{text}] {augmented_int(gen)}"
    return f"{name}[{text}] = {gen.expression(value, 2)}"


# Control flow


@statement("core", 9)
def if_statement(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    lines = [f"if {gen.expression('bool')}:", block(gen, depth - 1)]
    for _ in range(gen.rng.choice((0, 0, 0, 1, 2))):
        lines += [f"elif {gen.expression('bool')}:", block(gen, depth - 1)]
    if gen.chance(0.5):
        lines += ["else:", block(gen, depth - 1)]
    return "\n".join(lines)


@statement("core", 3)
def while_statement(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    counter = gen.new_name("i")
    limit = gen.rng.randrange(1, 6)
    condition = f"{counter} < {limit}" + (f" and {gen.expression('bool', 2)}" if gen.chance(0.3) else "")
    gen.fixed.add(counter)
    inner = loop_block(gen, depth, {counter: "int"})
    text = f"{counter} = 0\nwhile {condition}:\n    {counter} += 1\n{inner}"
    gen.variables[counter] = "int"
    return text + loop_else(gen, depth)


@statement("core", 1)
def endless_loop(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    counter = gen.new_name("i")
    gen.fixed.add(counter)
    gen.variables[counter] = "int"
    limit = f"    if {counter} > {gen.rng.randrange(1, 5)}:\n        break"
    return f"{counter} = 0\nwhile True:\n    {counter} += 1\n{limit}\n{loop_block(gen, depth, {})}"


def loop_block(gen: Generator, depth: int, variables: dict[str, str]) -> str:
    """The body of a loop, where break and continue are possible."""
    gen.loops += 1
    text = block(gen, depth - 1, 0, **variables)
    gen.loops -= 1
    return text


def loop_else(gen: Generator, depth: int) -> str:
    """What happens when a loop was not left by break."""
    return f"\nelse:\n{block(gen, depth - 1, 1)}" if gen.chance(0.2) else ""


@statement("core", 6)
def for_statement(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    target, variables, over = loop_over(gen)
    gen.fixed.update(variables)
    inner = loop_block(gen, depth, variables)
    return f"for {target} in {over}:\n{inner}" + loop_else(gen, depth)


def loop_over(gen: Generator) -> tuple[str, dict[str, str], str]:
    """The target of a loop, its variables, and what it goes over."""
    first, second = gen.new_name("x"), gen.new_name("y")
    ways = ["range", "range", "list", "list", "str", "keys", "items", "dict"]
    ways += ["constant"] * any(kind == "list[int]" for _, kind in gen.constants)
    ways += ["enumerate", "zip", "reversed", "sorted"] * gen.has("builtins")
    match gen.rng.choice(ways):
        case "range":
            bounds = gen.rng.choice(("{}", "{}", "1, {}", "{}, 0, -1", "0, {}, 3", "-2, {}"))
            return first, {first: "int"}, f"range({bounds.format(gen.atom('int', 1) + ' % 6')})"
        case "list":
            kind = gen.rng.choice(("list[int]", "list[str]"))
            return first, {first: element_of(kind)}, gen.expression(kind, 2)
        case "str":
            return first, {first: "str"}, gen.expression("str", 2)
        case "dict":
            return first, {first: "int"}, gen.expression("dict[int, str]", 2)
        case "constant":
            constants = [name for name, kind in gen.constants if kind == "list[int]"]
            return first, {first: "int"}, gen.rng.choice(constants)
        case "keys":
            return first, {first: "str"}, f"list({gen.expression('dict[str, int]', 2)})"
        case "items":
            over = f"list({gen.atom('dict[str, int]', 2)}.items())"
            return f"{first}, {second}", {first: "str", second: "int"}, over
        case "enumerate":
            start = gen.rng.choice(("", ", 1", ", start=3"))
            over = f"enumerate(list({gen.expression('list[str]', 2)}){start})"
            return f"{first}, {second}", {first: "int", second: "str"}, over
        case "zip":
            over = f"zip(list({gen.expression('list[int]', 2)}), {gen.expression('str', 2)})"
            return f"{first}, {second}", {first: "int", second: "str"}, over
        case "reversed":
            return first, {first: "int"}, f"reversed(list({gen.expression('list[int]', 2)}))"
        case _:
            return first, {first: "str"}, f"sorted({gen.expression('list[str]', 2)})"


@statement("core", 14)
def leave_loop(gen: Generator, depth: int) -> str | None:
    if not gen.loops:
        return None
    return f"if {gen.expression('bool', 2)}:\n    {gen.rng.choice(('break', 'continue'))}"


@statement("core", 3)
def return_early(gen: Generator, depth: int) -> str | None:
    if depth >= BLOCK_DEPTH:
        return None
    return f"if {gen.expression('bool', 2)}:\n    {return_text(gen)}"


def return_text(gen: Generator) -> str:
    """A return of the function's kind."""
    return "return" if gen.returns == "None" else f"return {gen.expression(gen.returns)}"


CATCHABLE = (
    "ValueError",
    "KeyError",
    "IndexError",
    "ZeroDivisionError",
    "TypeError",
    "AssertionError",
    "RequireError",
)
BROAD = ("Exception", "LookupError", "ArithmeticError", "(ValueError, TypeError)", "(KeyError, IndexError)")


@statement("core", 5)
def try_statement(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    lines = ["try:", block(gen, depth - 1, gen.rng.randrange(1, 3))]
    names = gen.rng.sample([*CATCHABLE, *gen.errors], gen.rng.randrange(1, 3))
    if gen.chance(0.5):
        names.append(gen.rng.choice(BROAD))
    handlers = names if gen.chance(0.9) else []
    for name in handlers:
        lines += handler(gen, depth, name)
    if handlers and gen.chance(0.25):
        lines += ["else:", block(gen, depth - 1, 1)]
    if not handlers or gen.chance(0.3):
        lines += ["finally:", block(gen, depth - 1, 1)]
    return "\n".join(lines)


def handler(gen: Generator, depth: int, name: str) -> list[str]:
    """One ``except``. Only texts of exceptions that contracts raise themselves are read."""
    if (name == "RequireError" or name in gen.errors) and gen.chance(0.6):
        caught, text = gen.new_name("e"), gen.new_name()
        first = f"    {text} = str({caught})"
        return [f"except {name} as {caught}:", first, block(gen, depth - 1, 1, **{text: "str"})]
    inner = block(gen, depth - 1, gen.rng.randrange(1, 3))
    if gen.chance(0.12):
        inner += "\n    raise"
    return [f"except {name}:", inner]


LEFT_BY = ("pass", "break", "continue", "raise KeyError(1)", "raise")


@statement("core", 1)
def lost_name(gen: Generator, depth: int) -> str | None:
    """The name of an exception, asked for after its handler, which is left in one of several ways."""
    if not gen.chance(0.4):
        return None
    step, caught, seen = gen.new_name("i"), gen.new_name("e"), gen.new_name()
    shared = gen.new_name("f")
    lines = [
        f"{seen} = ''",
        "try:",
        f"    for {step} in range(2):",
        "        try:",
        f"            raise ValueError({gen.expression('str', 1)})",
        f"        except ValueError as {caught}:",
        *([f"            {shared} = lambda: str({caught})"] if gen.chance(0.3) else []),
        f"            {seen} += str({caught})",
        f"            {gen.rng.choice(LEFT_BY)}",
        "except Exception:",
        f"    {seen} += 'left'",
        "try:",
        f"    {seen} += str({caught})",
        "except NameError:",
        f"    {seen} += 'lost'",
    ]
    gen.variables[seen] = "str"
    return "\n".join(lines)


def rare(gen: Generator) -> str:
    """A condition that seldom holds."""
    return f"{gen.atom('bool', 2)} and {gen.atom('int', 1)} % 3 == {gen.rng.randrange(3)}"


@statement("core", 4)
def raise_statement(gen: Generator, depth: int) -> str:
    condition = rare(gen)
    name = gen.rng.choice(
        [*CATCHABLE[:3], "ValueError", "ValueError", "RequireError", *gen.errors, *gen.errors]
    )
    if gen.chance(0.08):
        return f"if {condition}:\n    raise {name}"
    cause = " from None" if gen.chance(0.08) else ""
    return f"if {condition}:\n    raise {name}({gen.expression('str', 1)}){cause}"


@statement("core", 3)
def check_statement(gen: Generator, depth: int) -> str:
    condition = gen.expression("bool", 2)
    if gen.chance(0.4):
        condition = f"not {atom(rare(gen))}"
        return f"assert {condition}" + (f", {gen.expression('str', 1)}" if gen.chance(0.6) else "")
    likely = f"{atom(condition)} or {gen.atom('bool', 1)} or {gen.atom('int', 1)} > -50"
    return f"require({likely}, {gen.expression('str', 1)})"


@statement("core", 3)
def call_statement(gen: Generator, depth: int) -> str | None:
    methods = gen.callable_methods()
    if not methods and not gen.functions:
        return None
    if methods and gen.chance(0.6):
        return call(gen, gen.rng.choice(methods), "self.", 2)
    return call(gen, gen.rng.choice(gen.functions), "", 2) if gen.functions else None


@statement("core", 1)
def define_and_delete(gen: Generator, depth: int) -> str:
    name, kept = gen.new_name(), gen.new_name()
    value = gen.expression("list[int]", 2)
    gen.variables[kept] = "int"
    return f"{name} = {value}\n{kept} = len({name})\ndel {name}"


@statement("core", 1)
def perhaps_unbound(gen: Generator, depth: int) -> str | None:
    if not gen.chance(0.2):
        return None
    name = gen.new_name("u")
    text = f"if {gen.expression('bool', 2)}:\n    {name} = {gen.expression('int', 1)}"
    gen.variables[name] = "int"
    gen.fixed.add(name)
    return text
