"""The generator of the differential protocol: the same programs each time, of the chosen layers."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

GENERATE = Path(__file__).parents[1] / "differential" / "generate.py"


def generated(*options: str) -> list[dict[str, Any]]:
    """The programs that the command prints."""
    run = subprocess.run(
        [sys.executable, str(GENERATE), *options], capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_the_protocol() -> None:
    programs = generated("--seed", "20", "--count", "4")
    assert [program["seed"] for program in programs] == [20, 21, 22, 23]
    assert generated("--seed", "22") == programs[2:3]
    for program in programs:
        assert set(program) == {"seed", "source", "calls", "results", "events", "state"}
        assert program["calls"][0]["method"] == "init"
        assert len(program["calls"]) == len(program["results"])
        for call, result in zip(program["calls"], program["results"], strict=True):
            assert set(call) == {"method", "sender", "value", "args", "height", "timestamp", "epoch"}
            assert set(result) == ({"ok", "result"} if result["ok"] else {"ok", "error", "message"})


def test_layers_are_switched_on_one_by_one() -> None:
    later = (ast.ListComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.Match, ast.NamedExpr, ast.Slice)
    for program in generated("--count", "4", "--features", "core"):
        assert "dataclass" not in program["source"]
        assert not any(isinstance(node, later) for node in ast.walk(ast.parse(program["source"])))


def test_unknown_layers_are_refused() -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        generated("--features", "core,warp")
    assert "unknown: warp" in error.value.stderr
