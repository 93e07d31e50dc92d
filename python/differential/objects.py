"""Layers of classes: dataclasses, plain ones, inheritance, and lists of dataclasses."""

from __future__ import annotations

import textwrap

from differential.expressions import key_expression, map_path
from differential.generator import Generator, Record, rule
from differential.statements import assignable, augmented_int, changeable, statement, writable

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
