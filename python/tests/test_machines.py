"""The same calls come to the same on CPython and on the chain's machine."""

from collections.abc import Callable
from typing import Any

import pytest
from probe import P, Probe

from goodwill.testing import LocalChain


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


def failures(chain: LocalChain) -> list[Any]:
    alice = chain.account("alice")
    probe = chain.deploy(Probe, 7, sender=alice)
    calls: list[Callable[[], Any]] = [
        *[lambda what=what: probe.raises(what, sender=alice) for what in range(8)],
        lambda: probe.raises("x", sender=alice),
        lambda: probe.raises(1.5, sender=alice),
        lambda: probe.raises(2**300, sender=alice),
        lambda: probe.raises(sender=alice),
        lambda: probe.raises(0, more=1, sender=alice),
        lambda: probe.raises(0, sender=alice, value=5),
        lambda: probe.raises(0),
        lambda: probe.none(),
        *[lambda how=how: probe.bad(how) for how in range(4)],
        lambda: chain.call(probe.address, "none", sender=alice),
        lambda: chain.call(probe.address, "init", sender=alice),
        lambda: chain.deploy(Probe, 7, True, sender=alice),
        lambda: chain.deploy(Probe, sender=alice),
        lambda: probe.get(),
    ]
    return [outcome(call) for call in calls]


def values(chain: LocalChain) -> list[Any]:
    alice = chain.account("alice")
    probe, other = chain.deploy(Probe, 7, sender=alice), chain.deploy(Probe, n=8, sender=alice)
    before = chain.snapshot()
    chain.advance(blocks=41)
    probe.ev(P(1, "x"), sender=alice)
    events = chain.events
    chain.restore(before)
    seen = [probe.echo(P(1, "é\n'\x00")), probe.peer(other.address), chain.balance(alice), chain.events]
    return [*seen, events, chain.deploy(Probe, 1, sender=alice).address]


@pytest.mark.parametrize("run", [failures, values])
def test_same_outcomes(run: Callable[[LocalChain], list[Any]], request: pytest.FixtureRequest) -> None:
    program = request.config.getoption("--goodwill-vm")
    if program is None:
        pytest.skip("needs --goodwill-vm PROGRAM")
    assert run(LocalChain(vm=program)) == run(LocalChain())
