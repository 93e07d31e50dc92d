"""Fixtures for tests of contracts; pytest finds them once the package is installed."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from goodwill.address import Address
from goodwill.testing import LocalChain


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--goodwill-vm``: who runs the contracts."""
    parser.addoption(
        "--goodwill-vm",
        metavar="PROGRAM",
        default=os.environ.get("GOODWILL_VM"),
        help="let the chain's own machine run contracts: the path of `goodwill`, or $GOODWILL_VM",
    )


@pytest.fixture
def chain(request: pytest.FixtureRequest) -> LocalChain:
    """A fresh local chain."""
    return LocalChain(vm=request.config.getoption("--goodwill-vm"))


@pytest.fixture
def alice(chain: LocalChain) -> Address:
    """An account with 1,000,000 coins."""
    return chain.account("alice")


@pytest.fixture
def bob(chain: LocalChain) -> Address:
    """Another account with 1,000,000 coins."""
    return chain.account("bob")


@pytest.fixture
def funded(chain: LocalChain) -> Callable[[str, int], Address]:
    """Makes an account with just so much, in base units: ``funded("carol", 5 * COIN)``."""
    return chain.account


@pytest.fixture
def time_travel(chain: LocalChain) -> Callable[..., None]:
    """Lets time pass: ``time_travel(blocks=, ms=, epochs=)``."""
    return chain.advance
