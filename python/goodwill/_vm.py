"""Contracts on the chain's own machine: ``goodwill contract sandbox``, asked in JSON lines."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

from goodwill._kinds import check_int
from goodwill._ledger import Clock, Event, Ledger, Snapshot
from goodwill.address import Address
from goodwill.context import Frame, RequireError
from goodwill.contract import Contract, Method

__tracebackhide__ = True

Answer = dict[str, Any]


class MachineError(Exception):
    """What the machine said: the contract's traceback, or why it could not run."""


class VmLedger(Ledger):
    """A ledger whose coins and storage are the machine's; contracts' classes and events are kept here."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._process = subprocess.Popen(
            [program, "contract", "sandbox"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        weakref.finalize(self, _end, self._process)

    def fund(self, account: Address, amount: int) -> None:
        self._told({"op": "fund", "account": str(account), "amount": str(amount)})

    def balance(self, of: Address) -> int:
        return int(self._told({"op": "balance", "account": str(of)})["result"])

    def snapshot(self, clock: Clock) -> Snapshot:
        number = self._told({"op": "snapshot"})["id"]
        return dataclasses.replace(super().snapshot(clock), machine=number)

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self._told({"op": "restore", "id": snapshot.machine})

    def run(self, frame: Frame, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Runs a call, or with ``init`` a deployment, on the machine."""
        cls = self.contracts[frame.contract]
        call = self._call(frame, method, args, kwargs)
        ask: Answer = {"op": "call", "call": call}
        if method.name == "init":
            path = source_of(cls)
            ask = {"op": "deploy", "source": path.read_text("utf-8"), "file": path.name, "call": call}
        answer = self._answer(ask)
        if not answer["ok"]:
            if answer["error"]["type"] == "TypeError":
                _check_arguments(method, args, kwargs)
            raise_as_python(answer["error"], cls)
        self.events.extend(self._event(event) for event in answer["events"])
        return value_of(answer["result"], cls)

    def _call(self, frame: Frame, method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Answer:
        machine = frame.machine
        try:
            texts = [literal(value) for value in args]
            named = [(name, literal(value)) for name, value in kwargs.items()]
        except TypeError:
            _check_arguments(method, args, kwargs)
            raise
        return {
            "contract": str(frame.contract),
            "method": method.name,
            "args": texts,
            "kwargs": named,
            "sender": str(frame.sender),
            "value": str(frame.value),
            "clock": {"height": machine.height, "timestamp_ms": machine.timestamp, "epoch": machine.epoch},
        }

    def _event(self, event: Answer) -> Event:
        contract = Address(event["contract"])
        cls = self.contracts[contract]
        return Event(contract, event["name"], {name: value_of(text, cls) for name, text in event["fields"]})

    def _told(self, ask: Answer) -> Answer:
        answer = self._answer(ask)
        if not answer["ok"]:
            raise MachineError(answer["error"]["message"])
        return answer

    def _answer(self, ask: Answer) -> Answer:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(ask).encode() + b"\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise MachineError("the machine has stopped: is the program a `goodwill` of this release?")
        answer: Answer = json.loads(line)
        return answer


def _check_arguments(method: Method, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """If arguments do not fit, the text is the same whoever runs the contract."""
    method.bind(object.__new__(Contract), args, kwargs)


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


def source_of(cls: type[Contract]) -> Path:
    """The file of a contract."""
    name = inspect.getsourcefile(cls)
    if name is None or not os.path.exists(name):
        raise MachineError(f"{cls.__name__} has no file: the chain's machine runs files")
    return Path(name)


def literal(value: Any) -> str:
    """A value as the machine reads it. Raises TypeError for what cannot be an argument."""
    if value is None or type(value) in (bool, bytes, Address):
        return repr(value)
    if type(value) is int:
        check_int(value)
        return repr(value)
    if type(value) is str:
        value.encode()  # half characters are no text
        return ascii(value)
    if type(value) in (list, tuple):
        items = ", ".join([literal(item) for item in value])
        return f"[{items}]" if type(value) is list else f"({items}{',' * (len(value) == 1)})"
    if type(value) is dict:
        return "{" + ", ".join([f"{literal(key)}: {literal(item)}" for key, item in value.items()]) + "}"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [literal(getattr(value, field.name)) for field in dataclasses.fields(value)]
        return f"{type(value).__name__}({', '.join(fields)})"
    raise TypeError(f"{type(value).__name__} cannot be an argument")


def value_of(text: str, cls: type[Contract]) -> Any:
    """The value of a machine's ``repr``: literals, addresses, and dataclasses of the contract's file."""
    return _value(ast.parse(text, mode="eval").body, vars(sys.modules[cls.__module__]))


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.List):
        return [_value(item, names) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple([_value(item, names) for item in node.elts])
    if isinstance(node, ast.Dict):
        keys = [_value(key, names) for key in node.keys if key is not None]
        return dict(zip(keys, [_value(item, names) for item in node.values], strict=True))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        made = Address if node.func.id == "Address" else names.get(node.func.id)
        if made is not Address and not dataclasses.is_dataclass(made):
            raise MachineError(f"the contract's file has no dataclass {node.func.id}")
        named = {word.arg: _value(word.value, names) for word in node.keywords if word.arg is not None}
        return made(*[_value(item, names) for item in node.args], **named)  # type: ignore[operator]
    return ast.literal_eval(node)


def raise_as_python(error: dict[str, str], cls: type[Contract]) -> None:
    """Raises what CPython would have raised; the contract's traceback is its cause."""
    name, message = error["type"], error["message"]
    if name in _OF_THE_MACHINE:
        raise MachineError(f"{_OF_THE_MACHINE[name]}: {message}")
    known = RequireError if name == "RequireError" else vars(sys.modules[cls.__module__]).get(name)
    known = known or getattr(builtins, name, None)
    if not (isinstance(known, type) and issubclass(known, Exception)):
        raise MachineError(f"{name}: {message}")
    raise _exception(known, message, cls) from MachineError(error["traceback"])


_OF_THE_MACHINE = {
    "Refused": "a chain would refuse the file",
    "Malformed": "the machine does not understand",
    "OutOfGas": "the call used too much",
    "OutOfMemory": "the call used too much",
    "Broken": "a bug of the machine",
}


def _exception(known: type[Exception], message: str, cls: type[Contract]) -> Exception:
    """An exception whose text is the message: made from it, or from the value that it shows."""
    if not message:
        return known()
    error = known(message)
    if str(error) == message:
        return error
    try:
        value = value_of(message, cls)
    except (SyntaxError, ValueError):
        return error
    return known(value)
