"""Layers of structure: classes, exceptions with data, match, walrus, star, closures, events, coins."""

from __future__ import annotations

import textwrap

from differential.expressions import key_expression, map_path
from differential.generator import Generator, Record, rule
from differential.kinds import atom
from differential.statements import assignable, augmented_int, block, changeable, statement, writable

RECORD_FIELD_KINDS = ("int", "int", "str", "bool", "list[int]", "dict[str, int]", "Address")

# Dataclasses and plain classes, defined


def dataclass(gen: Generator) -> str:
    """A dataclass with fields, at times with defaults and methods."""
    name = gen.new_name("Record")
    fields = [(gen.new_name("d"), gen.rng.choice(RECORD_FIELD_KINDS)) for _ in range(gen.rng.randrange(1, 4))]
    more = [
        (gen.new_name("d"), gen.rng.choice(("int", "str", "bool")))
        for _ in range(gen.rng.choice((0, 0, 1, 2)))
    ]
    lines = [f"{field}: {kind}" for field, kind in fields]
    lines += [f"{field}: {kind} = {gen.literal(kind)}" for field, kind in more]
    order = all(kind != "dict[str, int]" for _, kind in fields) and gen.chance(0.2)
    decorator = "@dataclass(order=True)" if order else "@dataclass"
    frozen = not order and gen.chance(0.15)
    record = Record(name, [*fields, *more], defaults=len(more), frozen=frozen)
    record.ordered = order
    numbers = [field for field, kind in record.fields if kind == "int"]
    if gen.chance(0.6):
        record.methods.append(("total", "int"))
        parts = [f"self.{field}" for field in numbers]
        parts += [f"len(self.{field})" for field, kind in fields if kind == "list[int]"]
        lines.append(f"\ndef total(self) -> int:\n    return {' + '.join(parts) or '1'}")
    if numbers and not frozen and gen.chance(0.5):
        record.methods.append(("bump", "None"))
        lines.append(f"\ndef bump(self, by: int = 2) -> None:\n    self.{numbers[0]} += by")
    gen.records.append(record)
    head = "@dataclass(frozen=True)" if frozen else decorator
    text = f"{head}\nclass {name}:\n" + textwrap.indent("\n".join(lines), "    ")
    return text if frozen or gen.chance(0.75) else text + "\n\n\n" + derived_dataclass(gen, record, head)


def derived_dataclass(gen: Generator, base: Record, head: str) -> str:
    """A dataclass with the fields of another and one more."""
    name, field, kind = gen.new_name("Record"), gen.new_name("d"), gen.rng.choice(("int", "str"))
    lines = [f"{field}: {kind} = {gen.literal(kind)}"]
    if ("total", "int") in base.methods:
        lines.append(f"\ndef total(self) -> int:\n    return super().total() * 2 + len(str(self.{field}))")
    fields = [*base.fields, (field, kind)]
    gen.records.append(Record(name, fields, list(base.methods), base.defaults + 1, ordered=base.ordered))
    return f"{head}\nclass {name}({base.name}):\n" + textwrap.indent("\n".join(lines), "    ")


def plain_class(gen: Generator) -> str:
    """A class with ``__init__``, and a class below it that overrides and extends."""
    base, derived = gen.new_name("Base"), gen.new_name("Derived")
    gen.objects += [(base, 2), (derived, 1)]
    limit, factor = gen.rng.randrange(1, 9), gen.rng.randrange(2, 5)
    start = gen.literal("str")
    second = gen.rng.choice(
        (f"super().value() * {factor}", "self.number - self.LIMIT", "len(self.name) + super().value()")
    )
    return textwrap.dedent(
        f"""\
        class {base}:
            LIMIT = {limit}

            def __init__(self, number: int, name: str = {start}):
                self.number = number
                self.name = name
                self.log = []

            def value(self) -> int:
                return self.number + self.LIMIT

            def describe(self) -> str:
                self.log.append(self.value())
                return f"{{self.name}}:{{self.value()}}:{{self.log}}"


        class {derived}({base}):
            LIMIT = {limit + 1}

            def __init__(self, number: int):
                super().__init__(number * {factor}, "derived")
                self.extra = number

            def value(self) -> int:
                return {second}"""
    )


def error_class(gen: Generator, name: str, base: str) -> str:
    """An exception that carries data."""
    return textwrap.dedent(
        f"""\
        class {name}({base}):
            def __init__(self, code: str, extra: int = {gen.rng.randrange(9)}):
                super().__init__(f"{{code}} / {{extra}}")
                self.code = code
                self.extra = extra"""
    )


# Dataclasses and plain classes, used


def record_named(gen: Generator, kind: str) -> Record | None:
    """The dataclass of this name."""
    return next((record for record in gen.records if record.name == kind), None)


@rule("*", "classes", 3)
def make_record(gen: Generator, kind: str, depth: int) -> str | None:
    record = record_named(gen, kind)
    if record is None:
        return None
    count = len(record.fields) - gen.rng.randrange(record.defaults + 1)
    by_position = gen.rng.randrange(count + 1) if gen.chance(0.3) else count
    values = [
        gen.expression(of, depth) if place < by_position else f"{name}={gen.expression(of, depth)}"
        for place, (name, of) in enumerate(record.fields[:count])
    ]
    return f"{kind}({', '.join(values)})"


@rule("*", "classes", 3)
def stored_record(gen: Generator, kind: str, depth: int) -> str | None:
    if record_named(gen, kind) is None:
        return None
    entry = map_path(gen, kind, 1)
    return f"({entry[0]}[{entry[1]}] if {entry[1]} in {entry[0]} else {gen.literal(kind)})" if entry else None


@rule("int|str|bool|list[int]|dict[str, int]|Address", "classes", 4)
def record_field(gen: Generator, kind: str, depth: int) -> str | None:
    found = [(record.name, name) for record in gen.records for name, of in record.fields if of == kind]
    if not found:
        return None
    owner, name = gen.rng.choice(found)
    return f"{gen.atom(owner, depth)}.{name}"


@rule("int", "classes", 2)
def record_method(gen: Generator, kind: str, depth: int) -> str | None:
    found = [record.name for record in gen.records if ("total", "int") in record.methods]
    return f"{gen.atom(gen.rng.choice(found), depth)}.total()" if found else None


@rule("bool", "classes", 2)
def record_truth(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.records:
        return None
    record = gen.rng.choice(gen.records)
    operator = gen.rng.choice(("<", ">=", "==") if record.ordered else ("==", "!="))
    if gen.chance(0.2):
        return f"isinstance({gen.expression(record.name, depth)}, {gen.rng.choice(gen.records).name})"
    return f"({gen.atom(record.name, depth)} {operator} {gen.atom(record.name, depth)})"


@rule("str", "classes", 2)
def record_text(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.records:
        return None
    return f"{gen.rng.choice(('str', 'repr'))}({gen.expression(gen.rng.choice(gen.records).name, depth)})"


@rule("int|str", "classes", 2)
def object_value(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.objects:
        return None
    name, parameters = gen.rng.choice(gen.objects)
    more = f", {gen.expression('str', 1)}" if parameters == 2 and gen.chance(0.5) else ""
    made = f"{name}({gen.expression('int', depth)}{more})"
    attributes = ("value()", "number", "LIMIT") if kind == "int" else ("describe()", "name")
    return f"{made}.{gen.rng.choice(attributes)}"


@statement("classes", 6)
def change_record(gen: Generator, depth: int) -> str | None:
    record = gen.rng.choice(gen.records) if gen.records else None
    if record is None or record.frozen:
        return None
    owners = [(name, "") for name in assignable(gen, record.name)]
    if writable(gen):
        owners += [(f"self.{name}", "") for name, of in gen.fields if of == record.name]
        entry = map_path(gen, record.name, 1)
        if entry is not None:
            owners.append((f"{entry[0]}[{entry[1]}]", f"if {entry[1]} in {entry[0]}:\n    "))
    if not owners or gen.chance(0.2):
        made = gen.new_name()
        owners = [(made, f"{made} = {gen.expression(record.name, 1)}\n")]
        gen.variables[made] = record.name
    owner, guard = gen.rng.choice(owners)
    if ("bump", "None") in record.methods and gen.chance(0.3):
        return f"{guard}{owner}.bump({gen.rng.choice(('', '3', gen.expression('int', 1)))})"
    name, kind = gen.rng.choice(record.fields)
    match kind:
        case "int":
            return f"{guard}{owner}.{name} {augmented_int(gen)}"
        case "list[int]":
            return f"{guard}{owner}.{name}.append({gen.leaf('int')})"
        case "dict[str, int]":
            return f"{guard}{owner}.{name}[{key_expression(gen, 'str', 1)}] = {gen.leaf('int')}"
        case _:
            return f"{guard}{owner}.{name} = {gen.expression(kind, 1)}"


@statement("nested", 4)
def change_records(gen: Generator, depth: int) -> str | None:
    records = [record for record in gen.records if not record.frozen]
    if not records:
        return None
    record, each = gen.rng.choice(records), gen.new_name("r")
    kind = f"list[{record.name}]"
    name, before = changeable(gen, kind)
    numbers = [field for field, of in record.fields if of == "int"]
    forms = [f"{name}.append({gen.expression(record.name, 1)})", f"if {name}:\n    {name}.append({name}[0])"]
    if numbers:
        field = gen.rng.choice(numbers)
        forms += [
            f"for {each} in {name}:\n    {each}.{field} += {gen.leaf('int')}",
            f"if {name}:\n    {name}[-1].{field} {augmented_int(gen)}",
            f"{name}.sort(key=lambda each: each.{field})",
        ]
    return before + gen.rng.choice(forms)


@rule("int", "nested", 2)
def folded_records(gen: Generator, kind: str, depth: int) -> str | None:
    found = [(record.name, field) for record in gen.records for field, of in record.fields if of == "int"]
    if not found or not gen.has("comprehensions"):
        return None
    record, field = gen.rng.choice(found)
    return f"sum(each.{field} for each in {gen.leaf(f'list[{record}]')})"


@rule("str", "nested", 1)
def records_as_text(gen: Generator, kind: str, depth: int) -> str | None:
    if not gen.records:
        return None
    return f"str({gen.expression(f'list[{gen.rng.choice(gen.records).name}]', depth)})"


@statement("classes", 3)
def store_record(gen: Generator, depth: int) -> str | None:
    if not gen.records or not writable(gen):
        return None
    kind = gen.rng.choice(gen.records).name
    entry = map_path(gen, kind, 1)
    return f"{entry[0]}[{entry[1]}] = {gen.expression(kind, 2)}" if entry else None


@statement("classes", 2)
def use_object(gen: Generator, depth: int) -> str | None:
    if not gen.objects:
        return None
    name, _ = gen.rng.choice(gen.objects)
    made, text = gen.new_name("o"), gen.new_name()
    lines = [f"{made} = {name}({gen.expression('int', 1)})", f"{made}.number {augmented_int(gen)}"]
    lines += [f"{made}.describe()"] * gen.chance(0.5)
    lines.append(f"{text} = {made}.describe()")
    gen.variables[text] = "str"
    return "\n".join(lines)


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
