#!/usr/bin/env python3
"""Random contracts and calls, with what CPython makes of them: one JSON object a line.

The same programs run on the chain's machine; any difference is a bug there, or here. A program's number
is its seed: ``--seed 17 --count 1`` gives number 17 again.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from differential import execute, program
from differential.generator import FEATURES

ATTEMPTS_MAX = 50
FAILED_DEPLOYMENT_EVERY = 10


def main() -> None:
    """Prints the programs that the command line asks for."""
    options = parse_options()
    for number in range(options.seed, options.seed + options.count):
        print(json.dumps(case(number, options.features), ensure_ascii=False))


def case(number: int, features: frozenset[str]) -> dict[str, object]:
    """One program with its calls and results; programs that grow too large are drawn anew."""
    for attempt in range(ATTEMPTS_MAX):
        source, calls = program.generate(f"{number}/{attempt}", features)
        try:
            outcome = execute.run(source, calls)
        except execute.Unsuitable:
            continue
        if not outcome["results"][0]["ok"]:
            if number % FAILED_DEPLOYMENT_EVERY:
                continue
            calls, outcome["results"] = calls[:1], outcome["results"][:1]
        return {"seed": number, "source": source, "calls": calls, **outcome}
    raise RuntimeError(f"no suitable program for seed {number} in {ATTEMPTS_MAX} attempts")


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Random contracts and calls, with CPython's results.")
    parser.add_argument("--seed", type=int, default=1, help="number of the first program")
    parser.add_argument("--count", type=int, default=1, help="how many programs")
    parser.add_argument(
        "--features",
        type=parse_features,
        default=frozenset(FEATURES),
        help=f"comma-separated layers, core always among them: {', '.join(FEATURES)} (default: all)",
    )
    return parser.parse_args()


def parse_features(text: str) -> frozenset[str]:
    """The layers of the language to draw from. Raises for unknown ones."""
    features = frozenset(filter(None, text.split(",")))
    unknown = sorted(features - set(FEATURES))
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(FEATURES)}")
    return features | {"core"}


if __name__ == "__main__":
    main()
