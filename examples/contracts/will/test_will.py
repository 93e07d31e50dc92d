"""The will: signs of life, silence, and the division."""

import pytest
from will import Will

from goodwill import COIN, RequireError

YEAR_MS = 365 * 86_400_000
START = 1_000_000 * COIN


@pytest.fixture
def carol(chain):
    return chain.account("carol")


@pytest.fixture
def will(chain, alice, bob, carol):
    """Alice leaves 1,000 coins: two thirds to Bob, one to Carol, after a year of silence."""
    will = chain.deploy(Will, YEAR_MS, sender=alice, value=1000)
    will.set_heirs({bob: 2, carol: 1}, sender=alice)
    return will


def test_after_a_year_of_silence(chain, will, bob, carol, time_travel):
    time_travel(ms=YEAR_MS)
    will.open(sender=carol)
    assert will.inherit(sender=carol) == 333
    assert will.inherit(sender=bob) == 667
    assert (chain.balance(bob), chain.balance(carol), will.balance) == (START + 667, START + 333, 0)


def test_the_order_of_heirs_does_not_matter(will, bob, carol, time_travel):
    time_travel(ms=YEAR_MS)
    will.open(sender=bob)
    assert (will.inherit(sender=bob), will.inherit(sender=carol)) == (667, 333)


def test_not_a_moment_too_early(will, bob, time_travel):
    time_travel(ms=YEAR_MS - 1)
    with pytest.raises(RequireError, match="may still be alive"):
        will.open(sender=bob)
    with pytest.raises(RequireError, match="not opened"):
        will.inherit(sender=bob)


@pytest.mark.parametrize("sign", ["sign_of_life", "deposit", "withdraw", "set_heirs"])
def test_whatever_the_owner_does_is_a_sign_of_life(chain, will, alice, bob, time_travel, sign):
    time_travel(ms=YEAR_MS - 1)
    calls = {
        "sign_of_life": lambda: will.sign_of_life(sender=alice),
        "deposit": lambda: will.deposit(sender=alice, value=1),
        "withdraw": lambda: will.withdraw(1, sender=alice),
        "set_heirs": lambda: will.set_heirs({bob: 1}, sender=alice),
    }
    calls[sign]()
    assert will.opens_at_ms() == chain.timestamp + YEAR_MS
    time_travel(ms=YEAR_MS - 1)
    with pytest.raises(RequireError, match="may still be alive"):
        will.open(sender=bob)


def test_coins_of_others_are_no_sign_of_life(chain, will, bob, time_travel):
    before = will.opens_at_ms()
    time_travel(ms=1000)
    will.deposit(sender=chain.account("friend"), value=200)
    assert will.opens_at_ms() == before
    time_travel(ms=YEAR_MS)
    will.open(sender=bob)
    assert will.inherit(sender=bob) == 800


def test_a_late_sign_of_life_still_counts(will, alice, bob, time_travel):
    time_travel(ms=3 * YEAR_MS)
    will.sign_of_life(sender=alice)
    with pytest.raises(RequireError, match="may still be alive"):
        will.open(sender=bob)


def test_once_opened_it_is_too_late(will, alice, bob, time_travel):
    time_travel(ms=YEAR_MS)
    will.open(sender=bob)
    for call in (
        lambda: will.withdraw(1, sender=alice),
        lambda: will.set_heirs({}, sender=alice),
        lambda: will.sign_of_life(sender=alice),
        lambda: will.deposit(sender=bob, value=1),
        lambda: will.open(sender=bob),
    ):
        with pytest.raises(RequireError, match="the will is opened"):
            call()


def test_everybody_inherits_once(will, bob, time_travel):
    time_travel(ms=YEAR_MS)
    will.open(sender=bob)
    will.inherit(sender=bob)
    with pytest.raises(RequireError, match="already"):
        will.inherit(sender=bob)
    assert will.balance == 333


def test_former_heirs_get_nothing(chain, will, alice, bob, carol, time_travel):
    will.set_heirs({carol: 5}, sender=alice)
    assert will.inheritance() == [(carol, 5)]
    time_travel(ms=YEAR_MS)
    with pytest.raises(RequireError, match="only an heir"):
        will.open(sender=bob)
    will.open(sender=carol)
    assert will.inherit(sender=carol) == 1000
    with pytest.raises(RequireError, match="only an heir"):
        will.inherit(sender=bob)


def test_only_the_owner_decides(will, bob):
    for call in (
        lambda: will.withdraw(1, sender=bob),
        lambda: will.set_heirs({bob: 1}, sender=bob),
        lambda: will.sign_of_life(sender=bob),
    ):
        with pytest.raises(RequireError, match="only the owner"):
            call()


def test_mistakes(chain, will, alice, bob):
    with pytest.raises(RequireError, match="must be positive"):
        will.set_heirs({bob: 0}, sender=alice)
    with pytest.raises(RequireError, match="cannot be an heir"):
        will.set_heirs({alice: 1}, sender=alice)
    with pytest.raises(RequireError, match="amount must be positive"):
        will.withdraw(0, sender=alice)
    with pytest.raises(ValueError, match="insufficient balance"):
        will.withdraw(1001, sender=alice)
    with pytest.raises(RequireError, match="silence must be positive"):
        chain.deploy(Will, 0, sender=alice)
    assert will.inheritance() == [(bob, 2), (chain.account("carol"), 1)]
