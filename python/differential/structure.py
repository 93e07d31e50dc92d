"""Layers of structure: exceptions with data, match, walrus, star, closures, events, coins."""

from __future__ import annotations

import textwrap

from differential.generator import Generator, rule
from differential.kinds import atom
from differential.statements import block, statement, writable

# Exceptions with data


@statement("exceptions", 3)
def catch_with_data(gen: Generator, depth: int) -> str | None:
    if not gen.data_errors or depth <= 0:
        return None
    name, caught, text = gen.rng.choice(gen.data_errors), gen.new_name("e"), gen.new_name()
    inner = block(gen, depth - 1, 1)
    lines = ["try:", inner, f"    if {gen.expression('bool', 2)}:"]
    lines.append(f"        raise {name}({gen.expression('str', 1)}, {gen.expression('int', 1)})")
    lines += [
        f"except {name} as {caught}:",
        f'    {text} = f"{{{caught}.code}}|{{{caught}.extra}}|{{{caught}}}"',
    ]
    lines += [block(gen, depth - 1, 1, **{text: "str"})]
    if gen.chance(0.2):
        lines += [f"    raise ValueError({text}) from {caught}"]
    return "\n".join(lines)


@statement("exceptions", 1)
def raise_with_data(gen: Generator, depth: int) -> str | None:
    if not gen.data_errors:
        return None
    condition = f"{gen.atom('bool', 2)} and {gen.atom('int', 1)} % 4 == 1"
    extra = gen.rng.choice(("", f", {gen.leaf('int')}", f", extra={gen.leaf('int')}"))
    return f"if {condition}:\n    raise {gen.rng.choice(gen.data_errors)}({gen.leaf('str')}{extra})"


# Match


@statement("match", 4)
def match_statement(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    kind = gen.rng.choice(("int", "str", "list[int]", "list[int]", "bool"))
    cases = [match_case(gen, kind, depth) for _ in range(gen.rng.randrange(1, 4))]
    if gen.chance(0.7):
        cases.append(f"case _:\n{block(gen, depth - 1)}")
    return f"match {gen.expression(kind, 2)}:\n" + textwrap.indent("\n".join(cases), "    ")


def match_case(gen: Generator, kind: str, depth: int) -> str:
    """One case: literals, alternatives, sequences, captures, with a guard at times."""
    name, rest = gen.new_name("k"), gen.new_name("k")
    numbers = [str(gen.rng.randrange(-2, 6)) for _ in range(3)]
    words = [repr(gen.rng.choice(("", "a", "ab", "key", "12"))) for _ in range(2)]
    bound: dict[str, str] = {}
    match kind:
        case "int":
            pattern = gen.rng.choice(
                (numbers[0], f"{numbers[0]} | {numbers[1]} | {numbers[2]}", "None", words[0])
            )
        case "str":
            pattern = gen.rng.choice((words[0], f"{words[0]} | {words[1]}", f"[{name}]", numbers[0]))
            bound = {name: "str"} if "[" in pattern else {}
        case "bool":
            pattern = gen.rng.choice(("True", "False", "None"))
        case _:
            pattern, bound = gen.rng.choice(
                (
                    ("[]", {}),
                    (f"[{name}]", {name: "int"}),
                    (f"[{numbers[0]}, {name}]", {name: "int"}),
                    (f"[{name}, *{rest}]", {name: "int", rest: "list[int]"}),
                    (f"[{name}, _, *_]", {name: "int"}),
                    (f"[{numbers[0]} | {numbers[1]}, *{rest}]", {rest: "list[int]"}),
                    (f"({name}, {rest})", {name: "int", rest: "int"}),
                    (f"[*{rest}, {numbers[0]}]", {rest: "list[int]"}),
                )
            )
    with gen.scope(**bound):
        guard = f" if {gen.expression('bool', 1)}" if gen.chance(0.3) else ""
        if kind in ("int", "str") and not bound and gen.chance(0.1):
            pattern, guard, bound = f"{name}", f" if {name} == {name}", {name: kind}
    return f"case {pattern}{guard}:\n{block(gen, depth - 1, 0, **bound)}"


# Walrus


@rule("int|str", "walrus", 1)
def named_expression(gen: Generator, kind: str, depth: int) -> str | None:
    if gen.no_walrus:
        return None
    name = gen.new_name("w")
    return f"(({name} := {gen.expression(kind, depth)}) + {name})"


@statement("walrus", 3)
def if_named(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    name, kind = gen.new_name("w"), gen.rng.choice(("int", "str", "list[int]"))
    test = {"int": f" > {gen.leaf('int')}", "str": "", "list[int]": ""}[kind]
    text = f"if ({name} := {gen.expression(kind, 2)}){test}:\n{block(gen, depth - 1, 0, **{name: kind})}"
    gen.variables[name] = kind
    return text


@rule("list[int]", "walrus", 1)
def named_in_comprehension(gen: Generator, kind: str, depth: int) -> str | None:
    if gen.no_walrus or not gen.has("comprehensions"):
        return None
    name, each = gen.new_name("w"), gen.new_name("c")
    return f"[{name} for {each} in {gen.leaf('list[int]')} if ({name} := {each} * 3 % 7) > 2]"


# Star


@rule("list", "star", 2)
def starred_list(gen: Generator, kind: str, depth: int) -> str:
    item = kind[5:-1]
    return f"[{gen.expression(item, 1)}, *{gen.atom(kind, depth)}, *{gen.atom(kind, depth)}]"


@rule("tuple[int, ...]", "star", 2)
def starred_tuple(gen: Generator, kind: str, depth: int) -> str:
    return f"(*{gen.atom(kind, depth)}, {gen.expression('int', 1)})"


@statement("star", 3)
def unpack_starred(gen: Generator, depth: int) -> str:
    first, rest = gen.new_name(), gen.new_name()
    source = (
        f"[{gen.leaf('int')}, *{gen.atom('list[int]', 2)}]"
        if gen.chance(0.93)
        else gen.expression("list[int]", 2)
    )
    gen.variables.update({first: "int", rest: "list[int]"})
    return gen.rng.choice((f"{first}, *{rest} = {source}", f"*{rest}, {first} = {source}"))


@rule("int", "star", 1)
def starred_call(gen: Generator, kind: str, depth: int) -> str:
    return f"max(0, {gen.leaf('int')}, *{gen.atom('list[int]', depth)})"


# Closures


@statement("closures", 3)
def define_inner(gen: Generator, depth: int) -> str | None:
    if depth <= 0:
        return None
    name, parameter = gen.new_name("g"), gen.new_name("p")
    outer = gen.returns, gen.loops, gen.fixed
    gen.returns, gen.loops, gen.fixed = "int", 0, gen.fixed | set(gen.variables)
    inner = block(gen, 0, 1, **{parameter: "int"}) if gen.chance(0.4) else ""
    with gen.scope(**{parameter: "int"}):
        result = f"    return {gen.expression('int')}"
    gen.returns, gen.loops, gen.fixed = outer
    call_text = f"{name}({gen.expression('int', 1)})"
    use = f"{call_text} + {name}({gen.leaf('int')})"
    target = gen.new_name()
    gen.variables[target] = "int"
    default = gen.rng.choice(("", " = 4"))
    head = f"def {name}({parameter}: int{default}) -> int:"
    return "\n".join(part for part in (head, inner, result, f"{target} = {use}") if part)


@statement("closures", 2)
def define_lambda(gen: Generator, depth: int) -> str:
    name, target = gen.new_name("g"), gen.new_name()
    first, second = gen.new_name("p"), gen.new_name("p")
    before, gen.no_walrus = gen.no_walrus, True
    with gen.scope(**{first: "int", second: "int"}):
        body = gen.expression("int", 2)
    gen.no_walrus = before
    text = f"{name} = lambda {first}, {second}={gen.rng.randrange(9)}: {body}"
    use = gen.rng.choice((f"{name}({gen.leaf('int')})", f"{name}({gen.leaf('int')}, {gen.leaf('int')})"))
    gen.variables[target] = "int"
    return f"{text}\n{target} = {use}"


@statement("closures", 1)
def late_binding(gen: Generator, depth: int) -> str | None:
    if not gen.has("comprehensions"):
        return None
    functions, each, target = gen.new_name("g"), gen.new_name("c"), gen.new_name()
    number = gen.leaf("int")
    gen.variables[target] = "list[int]"
    made = f"{functions} = [lambda n: n * 10 + {each} for {each} in range(3)]"
    return f"{made}\n{target} = [{each}({number}) for {each} in {functions}]"


# Events and coins


@statement("events", 6)
def emit_event(gen: Generator, depth: int) -> str | None:
    if not writable(gen):
        return None
    kinds = [kind for kind in gen.kinds() if not kind.startswith("set")]
    fields = [
        f"{gen.new_name('n')}={gen.expression(gen.rng.choice(kinds), 2)}" for _ in range(gen.rng.randrange(4))
    ]
    name = gen.rng.choice(("Changed", "Paid", "Added"))
    return f"emit({', '.join([repr(name), *fields])})"


@rule("int", "coins", 1)
def coins(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.in_contract:
        return None
    return gen.rng.choice(("self.balance", f"chain.balance({gen.expression('Address', 1)})", "msg.value"))


@statement("coins", 2)
def pay(gen: Generator, depth: int) -> str | None:
    if not writable(gen):
        return None
    amount = gen.rng.choice(("self.balance", "self.balance // 2", "0", "min(self.balance, 3)"))
    if gen.chance(0.1):
        amount = gen.expression("int", 1)
    return f"chain.transfer({gen.expression('Address', 1)}, {amount})"


@statement("coins", 1)
def pay_or_not(gen: Generator, depth: int) -> str | None:
    if not writable(gen) or depth <= 0:
        return None
    amount = gen.expression("int", 1)
    return f"if 0 <= {atom(amount)} <= self.balance:\n    chain.transfer(msg.sender, {amount})"
