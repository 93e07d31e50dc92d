"""Runs a generated contract under CPython, watched: too many steps or too large values make it unsuitable."""

from __future__ import annotations

import ast
import copy
import sys
import warnings
from typing import Any

from goodwill import Address, Contract, RequireError
from goodwill._kinds import Kind, MapOf
from goodwill.address import from_hash
from goodwill.contract import fields_of
from goodwill.testing import LocalChain

Call = dict[str, Any]

INT_BITS_MAX = 200
LENGTH_MAX = 500
STEPS_MAX = 20_000
START_COINS = 1_000_000
CONTRACT = from_hash(bytes([0xC0] * 20))
OUTSIDE_THE_PROTOCOL = (RecursionError, OverflowError, MemoryError, RuntimeError)
ASCII_METHODS = {
    *("upper", "lower", "title", "capitalize", "swapcase", "strip", "lstrip", "rstrip", "split", "rsplit"),
    *("isalpha", "isalnum", "isdigit", "isdecimal", "isspace", "islower", "isupper", "splitlines"),
}


class Unsuitable(BaseException):
    """The program does what the protocol leaves out."""


def run(source: str, calls: list[Call]) -> dict[str, Any]:
    """Results, events and state after the calls."""
    chain, cls = LocalChain(), load(source)
    for number in range(3):
        chain.ledger.balances[sender(number)] = START_COINS
    before = constants(cls)
    results = [answer(chain, cls, call) for call in calls]
    if constants(cls) != before:
        raise Unsuitable
    events = [
        [event.name, [[name, repr(value)] for name, value in event.fields.items()]] for event in chain.events
    ]
    return {"results": results, "events": events, "state": state(chain, cls)}


def sender(number: int) -> Address:
    """The account with this number."""
    return from_hash(bytes([number + 1] * 20))


def load(source: str) -> type[Contract]:
    """The contract of a file, compiled with the watch."""
    tree = Watch().visit(ast.parse(source))
    watch = Watcher()
    names: dict[str, Any] = {
        "__name__": "contract",
        "_check": watch.check,
        "_ascii": ascii_only,
        "_mark": mark,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code = compile(tree, "contract.py", "exec", dont_inherit=True)
        except SyntaxError as error:
            # The generator does not look whether it is inside what a comprehension iterates over.
            if "comprehension iterable" in error.msg:
                raise Unsuitable from error
            raise
        exec(code, names)
    contracts = [value for value in names.values() if isinstance(value, type) and issubclass(value, Contract)]
    contract = contracts[-1]
    contract._watch = watch  # type: ignore[attr-defined]
    contract._names = {name: value for name, value in names.items() if name.isupper()}  # type: ignore[attr-defined]
    return contract


def constants(cls: type[Contract]) -> str:
    """The module's constants, which a chain does not let a contract change."""
    return repr(cls._names)  # type: ignore[attr-defined]


def answer(chain: LocalChain, cls: type[Contract], call: Call) -> dict[str, object]:
    """What one call gives."""
    chain.height, chain.timestamp, chain.epoch = call["height"], call["timestamp"], call["epoch"]
    cls._watch.steps = 0  # type: ignore[attr-defined]
    args = tuple(eval(text, {"Address": Address}) for text in call["args"])
    origin = sender(call["sender"])
    try:
        if call["method"] == "init":
            chain.deploy_at(CONTRACT, cls, args, {}, sender=origin, value=call["value"])
            result: Any = None
        else:
            result = chain.call(CONTRACT, call["method"], *args, sender=origin, value=call["value"])
    except Exception as error:
        return failure(error)
    return {"ok": True, "result": repr(result)}


def failure(error: Exception) -> dict[str, object]:
    """What the protocol says of an exception."""
    if type(error) in OUTSIDE_THE_PROTOCOL:
        raise Unsuitable from error
    return {"ok": False, "error": type(error).__name__, "message": str(error) if is_listed(error) else None}


def is_listed(error: Exception) -> bool:
    """Whether the wording of an exception is the contract's or ours, not CPython's."""
    if getattr(error, "_explicit", False) or type(error) is RequireError:
        return True
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    module = traceback.tb_frame.f_globals.get("__name__", "") if traceback else ""
    return type(error) is ValueError and module.startswith("goodwill")


def state(chain: LocalChain, cls: type[Contract]) -> list[object]:
    """All fields: their value, or for a Map its entries, sorted by the text of the key."""
    entries: dict[str, list[tuple[tuple[Any, ...], Any]]] = {}
    for (contract, (field, *keys)), frozen in chain.ledger.storage.items():
        if contract == CONTRACT:
            entries.setdefault(field, []).append((tuple(keys), frozen))
    if CONTRACT not in chain.ledger.contracts:
        return []
    described = [[name, field_state(kind, entries.get(name, []))] for name, kind in fields_of(cls).items()]
    return [item for item in described if item[1] is not None]


def field_state(kind: Kind, entries: list[tuple[tuple[Any, ...], Any]]) -> object:
    """One field; a dataclass that was never set has none."""
    if isinstance(kind, MapOf):
        depth, inner = 1, kind.inner
        while isinstance(inner, MapOf):
            depth, inner = depth + 1, inner.inner
        return sorted(
            [repr(keys[0] if depth == 1 else keys), repr(inner.thaw(frozen))] for keys, frozen in entries
        )
    if entries:
        return repr(kind.thaw(entries[0][1]))
    return repr(kind.zero()) if kind.has_zero else None


class Watcher:
    """Counts steps and measures values."""

    def __init__(self) -> None:
        self.steps = 0

    def check(self, value: Any) -> Any:
        """The value itself, unless it is too large, or the call too long."""
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise Unsuitable
        if isinstance(value, int):
            if value.bit_length() > INT_BITS_MAX:
                raise Unsuitable
        elif isinstance(value, float) or (
            isinstance(value, (str, bytes, list, dict)) and len(value) > LENGTH_MAX
        ):
            raise Unsuitable
        return value


def ascii_only(value: Any) -> Any:
    """The value itself, unless it is a text that the chain's methods for ASCII do not know."""
    if isinstance(value, str) and not value.isascii():
        raise Unsuitable
    return value


def mark(error: Any) -> Any:
    """An exception that the contract raises with words of its own."""
    if isinstance(error, BaseException) and error.args:
        error._explicit = True  # type: ignore[attr-defined]
    return error


class Watch(ast.NodeTransformer):
    """Puts the checks around every operation that can make a larger value, or take long."""

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        return around("_check", self.generic_visit(node))

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return node
        if isinstance(node.func, ast.Attribute):
            name = "_ascii" if node.func.attr in ASCII_METHODS else "_check"
            node.func.value = around(name, node.func.value)
        return around("_check", node)

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.AST]:
        self.generic_visit(node)
        if not is_name(node.target):
            return [node]
        target = copy.deepcopy(node.target)
        target.ctx = ast.Load()
        return [node, ast.copy_location(ast.Expr(around("_check", target)), node)]

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, step(node))
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.test = around("_check", node.test)
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        self.generic_visit(node)
        if node.exc is not None and isinstance(node.exc, ast.Call):
            node.exc = around("_mark", node.exc)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        if node.msg is None:
            return node
        failed = ast.copy_location(ast.Raise(around("_mark", around("AssertionError", node.msg)), None), node)
        wrong = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node)
        return ast.copy_location(ast.If(wrong, [failed], []), node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        body: list[Any] = []
        for statement in node.body:
            result = self.visit(statement)
            body.extend(result if isinstance(result, list) else [result])
        node.body = body
        return node


def is_name(target: ast.expr) -> bool:
    """Whether reading a target again has no effect."""
    return all(isinstance(part, (ast.Name, ast.Attribute, ast.Load, ast.Store)) for part in ast.walk(target))


def around(name: str, node: Any) -> Any:
    """``name(node)``."""
    place = {"lineno": node.lineno, "col_offset": node.col_offset}
    return ast.Call(ast.Name(name, ast.Load(), **place), [node], [], **place)


def step(node: ast.stmt) -> ast.stmt:
    """A statement that counts as a step."""
    return ast.copy_location(ast.Expr(around("_check", ast.copy_location(ast.Constant(0), node))), node)


sys.setrecursionlimit(2_000)
