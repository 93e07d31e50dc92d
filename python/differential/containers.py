"""Layers of collections: tuples, methods of lists and dicts, sets, nested values."""

from __future__ import annotations

from differential.expressions import gen_key, key_expression, map_path
from differential.functional import key_of
from differential.generator import Generator, rule
from differential.kinds import element_of, items_of
from differential.statements import changeable, statement, writable

# Tuples


@rule("tuple", "tuples", 5)
def tuple_display(gen: Generator, kind: str, depth: int) -> str:
    if kind.endswith("...]"):
        items = [gen.expression("int", depth) for _ in range(gen.rng.randrange(4))]
    else:
        items = [gen.expression(item, depth) for item in items_of(kind)]
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


@rule("tuple[int, ...]", "tuples", 3)
def tuple_of(gen: Generator, kind: str, depth: int) -> str:
    if gen.chance(0.5):
        return f"tuple({gen.expression('list[int]', depth)})"
    return f"({gen.atom(kind, depth)} + {gen.atom(kind, depth)})"


@rule("int|str", "tuples", 2)
def tuple_item(gen: Generator, kind: str, depth: int) -> str:
    if kind == "str":
        return f"{gen.atom('tuple[int, str]', depth)}[{gen.rng.choice((1, -1))}]"
    place = gen.rng.choice((0, 1, -1)) if gen.chance(0.95) else gen.expression("int", 1)
    return f"{gen.atom('tuple[int, int]', depth)}[{place}]"


@rule("int", "tuples", 1)
def item_by_tuple(gen: Generator, kind: str, depth: int) -> str:
    owner, key = gen.atom("dict[tuple[int, str], int]", depth), key_expression(gen, "tuple[int, str]", 1)
    return f"{owner}[{key}]" if gen.chance(0.05) else f"{owner}.get({key}, {gen.leaf('int')})"


@rule("bool", "tuples", 2)
def tuple_truth(gen: Generator, kind: str, depth: int) -> str:
    of = gen.rng.choice(("tuple[int, int]", "tuple[int, ...]", "tuple[int, str]"))
    if gen.chance(0.3):
        return f"({gen.atom('int', depth)} in {gen.atom('tuple[int, ...]', depth)})"
    return f"({gen.atom(of, depth)} {gen.rng.choice(('<', '==', '>='))} {gen.atom(of, depth)})"


@rule("int", "tuples", 1)
def tuple_number(gen: Generator, kind: str, depth: int) -> str:
    owner = gen.atom("tuple[int, ...]", depth)
    return gen.rng.choice((f"len({owner})", f"{owner}.count({gen.expression('int', 1)})"))


@statement("tuples", 2)
def unpack_tuple(gen: Generator, depth: int) -> str:
    kind = gen.rng.choice(("tuple[int, int]", "tuple[int, str]"))
    text = gen.expression(kind, 2)
    names = [gen.new_name(), gen.new_name()]
    gen.variables.update(zip(names, items_of(kind), strict=True))
    return f"{', '.join(names)} = {text}"


# Methods of lists


@statement("lists", 6)
def list_method(gen: Generator, depth: int) -> str:
    kind = gen.rng.choice(("list[int]", "list[str]"))
    name, before = changeable(gen, kind)
    item = gen.leaf(element_of(kind))
    forms = [
        f"{name}.append({item})",
        f"{name}.extend({gen.literal(kind)})",
        f"{name}.reverse()",
        f"{name}.sort()",
        f"{name}.insert({gen.rng.choice((0, 1, -1, 50))}, {item})",
        f"{name}.sort(reverse=True)",
        f"{name}.clear()",
        f"if {item} in {name}:\n    {name}.remove({item})",
        f"if {name}:\n    {name}.pop()",
        f"if len({name}) > 1:\n    {name}.pop({gen.rng.choice((0, -1, 1))})",
    ]
    if gen.chance(0.06):
        forms = [f"{name}.remove({item})", f"{name}.pop()", f"{name}.pop({gen.expression('int', 1)})"]
    if gen.has("builtins"):
        reverse = gen.rng.choice(("True", "False"))
        forms.append(f"{name}.sort(key=lambda each: {key_of(gen, element_of(kind))}, reverse={reverse})")
    return before + gen.rng.choice(forms)


@rule("list", "lists", 1)
def list_copy(gen: Generator, kind: str, depth: int) -> str:
    return f"{gen.atom(kind, depth)}.copy()" if gen.chance(0.6) else f"list({gen.expression(kind, depth)})"


@rule("int", "lists", 2)
def list_number(gen: Generator, kind: str, depth: int) -> str:
    owner, item = gen.atom("list[int]", depth), gen.expression("int", 1)
    if gen.chance(0.06):
        return gen.rng.choice((f"{owner}.index({item})", f"{owner}.pop()"))
    return gen.rng.choice(
        (f"{owner}.count({item})", f"({owner} + [{item}]).index({item})", f"({owner} + [{item}]).pop()")
    )


# Methods of dicts


@statement("dicts", 5)
def dict_method(gen: Generator, depth: int) -> str:
    kind = gen.rng.choice(("dict[str, int]", "dict[int, str]"))
    name, before = changeable(gen, kind)
    key_kind, value_kind = items_of(kind)
    key, value = gen_key(gen, key_kind), gen.leaf(value_kind)
    forms = [
        f"{name}.setdefault({key}, {value})",
        f"{name}.update({gen.expression(kind, 1)})",
        f"{name}.pop({key}, {value})",
        f"{name}.clear()",
        f"if {name}:\n    {name}.popitem()",
    ]
    if gen.chance(0.06):
        forms = [f"{name}.pop({key})", f"{name}.popitem()"]
    return before + gen.rng.choice(forms)


@rule("dict", "dicts", 1)
def dict_copy(gen: Generator, kind: str, depth: int) -> str:
    return f"{gen.atom(kind, depth)}.copy()" if gen.chance(0.6) else f"dict({gen.expression(kind, depth)})"


@rule("list[int]|list[str]", "dicts", 2)
def dict_views(gen: Generator, kind: str, depth: int) -> str:
    numbers, texts = ("dict[str, int]", "values"), ("dict[str, int]", "keys")
    owner, method = gen.rng.choice(
        (numbers, ("dict[int, str]", "keys"))
        if kind == "list[int]"
        else (texts, ("dict[int, str]", "values"))
    )
    return f"list({gen.atom(owner, depth)}.{method}())"


@rule("int|str", "dicts", 1)
def dict_value(gen: Generator, kind: str, depth: int) -> str:
    owner = "dict[str, int]" if kind == "int" else "dict[int, str]"
    key = gen_key(gen, items_of(owner)[0])
    method = gen.rng.choice(("setdefault", "pop", "get"))
    return f"{gen.atom(owner, depth)}.{method}({key}, {gen.expression(kind, 1)})"


@rule("bool", "dicts", 1)
def dict_truth(gen: Generator, kind: str, depth: int) -> str:
    owner = gen.atom("dict[str, int]", depth)
    return gen.rng.choice(
        (
            f"({owner} == {gen.atom('dict[str, int]', depth)})",
            f"({gen.atom('int', 1)} in {owner}.values())",
            f"({gen.atom('str', 1)} in {owner}.keys())",
        )
    )


# Sets


@rule("set", "sets", 6)
def set_operation(gen: Generator, kind: str, depth: int) -> str:
    left, right = gen.atom(kind, depth), gen.atom(kind, depth)
    items = f"list[{element_of(kind)}]"
    forms = [f"({left} {operator} {right})" for operator in "|&-^"]
    forms += [
        f"{left}.{name}({right})" for name in ("union", "intersection", "difference", "symmetric_difference")
    ]
    return gen.rng.choice(
        (
            *forms,
            f"{left}.copy()",
            f"set({gen.expression(items, depth)})",
            f"set({gen.expression(items, depth)})",
            f"{left}.union({gen.expression(items, 1)})",
        )
    )


@rule("list[int]|list[str]", "sets", 2)
def sorted_set(gen: Generator, kind: str, depth: int) -> str:
    reverse = ", reverse=True" if gen.chance(0.2) else ""
    return f"sorted({gen.expression(f'set[{element_of(kind)}]', depth)}{reverse})"


@rule("int", "sets", 2)
def set_number(gen: Generator, kind: str, depth: int) -> str:
    owner = gen.atom(gen.rng.choice(("set[int]", "set[str]")), depth)
    return gen.rng.choice(
        (
            f"len({owner})",
            f"sum({gen.atom('set[int]', depth)})",
            f"max({gen.atom('set[int]', depth)}, default=0)",
        )
    )


@rule("bool", "sets", 2)
def set_truth(gen: Generator, kind: str, depth: int) -> str:
    of = gen.rng.choice(("int", "str"))
    left, right = gen.atom(f"set[{of}]", depth), gen.atom(f"set[{of}]", depth)
    forms = [f"({left} {operator} {right})" for operator in ("<=", "<", ">=", ">", "==", "!=")]
    forms += [f"{left}.{name}({right})" for name in ("isdisjoint", "issubset", "issuperset")]
    return gen.rng.choice((*forms, f"({gen.atom(of, depth)} in {left})", f"bool({left})"))


@statement("sets", 3)
def change_set(gen: Generator, depth: int) -> str:
    of = gen.rng.choice(("int", "str"))
    name, before = changeable(gen, f"set[{of}]")
    item = gen.leaf(of)
    other = gen.expression(f"set[{of}]", 1)
    forms = (
        f"{name}.add({item})",
        f"{name}.discard({item})",
        f"{name}.update({other})",
        f"{name}.difference_update({other})",
        f"{name}.intersection_update({other})",
        f"{name} |= {other}",
        f"{name} &= {other}",
        f"{name} -= {other}",
        f"if {item} in {name}:\n    {name}.remove({item})",
    )
    return before + (f"{name}.remove({item})" if gen.chance(0.04) else gen.rng.choice(forms))


# Nested values in storage and in variables


@rule("int", "nested", 2)
def inner_item(gen: Generator, kind: str, depth: int) -> str:
    rows, table = gen.atom("list[list[int]]", depth), gen.atom("dict[str, list[int]]", depth)
    if gen.chance(0.05):
        return f"{rows}[0][{gen.rng.choice((0, -1))}]"
    return gen.rng.choice(
        (
            f"len({rows})",
            f"sum({table}.get({gen_key(gen, 'str')}, [2]))",
            f"(({rows} or [[4]])[0] or [5])[-1]",
        )
    )


@rule("list[int]", "nested", 2)
def inner_list(gen: Generator, kind: str, depth: int) -> str:
    owner = gen.atom("dict[str, list[int]]", depth)
    return f"{owner}.get({gen_key(gen, 'str')}, {gen.expression('list[int]', 1)})"


@statement("nested", 5)
def change_inner(gen: Generator, depth: int) -> str:
    kind = gen.rng.choice(("list[list[int]]", "dict[str, list[int]]", "list[tuple[int, str]]"))
    name, before = changeable(gen, kind)
    number = gen.leaf("int")
    match kind:
        case "list[list[int]]":
            forms = [
                f"{name}.append([{number}])",
                f"if {name}:\n    {name}[0].append({number})",
                f"if {name} and {name}[-1]:\n    {name}[-1][0] += {number}",
            ]
        case "dict[str, list[int]]":
            key = gen_key(gen, "str")
            forms = [
                f"{name}.setdefault({key}, []).append({number})",
                f"if {key} in {name}:\n    {name}[{key}].append({number})",
                f"{name}[{key}] = [{number}]",
            ]
        case _:
            forms = [
                f"{name}.append(({number}, {gen.leaf('str')}))",
                f"if {name}:\n    {name}[0] = ({number}, 'new')",
            ]
    return before + gen.rng.choice(forms)


@statement("nested", 6)
def change_stored_list(gen: Generator, depth: int) -> str | None:
    kind = gen.rng.choice(("list[int]", "dict[str, int]", "list[str]"))
    entry = map_path(gen, kind, 1)
    if entry is None or not writable(gen):
        return None
    place = f"{entry[0]}[{entry[1]}]"
    if kind == "dict[str, int]":
        return f"{place}[{gen_key(gen, 'str')}] = {gen.expression('int', 1)}"
    item = gen.leaf(element_of(kind))
    return gen.rng.choice(
        (
            f"{place}.append({item})",
            f"{place} += [{item}]",
            f"if {place}:\n    {place}[0] += {item}",
            f"if {place}:\n    {place}[-1] = {item}",
            f"if len({place}) > 2:\n    del {place}[0]",
        )
    )
