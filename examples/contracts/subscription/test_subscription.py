"""The subscription: charging, running dry, coming back, cancelling."""

import pytest
from subscription import Subscription

from goodwill import COIN, RequireError

MONTH_MS = 30 * 86_400_000
START = 1_000_000 * COIN


@pytest.fixture
def service(chain, alice):
    """Alice provides something for 10 coins a month."""
    return chain.deploy(Subscription, 10, MONTH_MS, sender=alice)


def test_the_first_period_is_charged_at_once(service, bob):
    service.subscribe(sender=bob, value=35)
    assert service.is_active(bob)
    assert service.credit_of(bob) == 25
    assert service.events("Charged")[0].fields == {"who": bob, "periods": 1, "amount": 10}


def test_charging_follows_the_calendar(service, bob, time_travel):
    service.subscribe(sender=bob, value=35)
    assert service.charge(bob, sender=bob) == 0
    time_travel(ms=MONTH_MS - 1)
    assert service.charge(bob, sender=bob) == 0
    time_travel(ms=1)
    assert service.charge(bob, sender=bob) == 1
    time_travel(ms=MONTH_MS)
    assert service.charge(bob, sender=bob) == 1
    assert service.credit_of(bob) == 5


def test_nobody_is_charged_more_than_they_prepaid(service, bob, time_travel):
    service.subscribe(sender=bob, value=35)
    time_travel(ms=100 * MONTH_MS)
    assert not service.is_active(bob)
    assert service.charge(bob, sender=bob) == 2
    assert service.credit_of(bob) == 5


def test_a_gap_is_not_charged(service, bob, time_travel):
    service.subscribe(sender=bob, value=10)
    time_travel(ms=5 * MONTH_MS)
    assert not service.is_active(bob)
    service.top_up(sender=bob, value=20)
    assert service.is_active(bob)
    assert service.credit_of(bob) == 10


def test_topping_up_in_time_adds_periods(service, bob, time_travel):
    service.subscribe(sender=bob, value=10)
    service.top_up(sender=bob, value=10)
    time_travel(ms=2 * MONTH_MS - 1)
    assert service.is_active(bob)
    time_travel(ms=1)
    assert not service.is_active(bob)


def test_too_little_to_come_back(service, bob, time_travel):
    service.subscribe(sender=bob, value=10)
    time_travel(ms=2 * MONTH_MS)
    service.top_up(sender=bob, value=9)
    assert not service.is_active(bob)
    service.top_up(sender=bob, value=1)
    assert service.is_active(bob)


def test_cancelling_returns_the_rest(chain, service, bob, time_travel):
    service.subscribe(sender=bob, value=100)
    time_travel(ms=MONTH_MS + 5)
    service.cancel(sender=bob)
    assert chain.balance(bob) == START - 20
    assert not service.is_active(bob)
    assert service.credit_of(bob) == 0
    with pytest.raises(RequireError, match="does not subscribe"):
        service.cancel(sender=bob)
    service.subscribe(sender=bob, value=10)
    assert service.is_active(bob)


def test_the_provider_collects_what_was_charged(chain, service, alice, bob, time_travel):
    service.subscribe(sender=bob, value=50)
    assert service.collect(sender=alice) == 10
    assert service.collect(sender=alice) == 0
    time_travel(ms=MONTH_MS)
    service.charge(bob, sender=alice)
    assert service.collect(sender=alice) == 10
    assert (chain.balance(alice), service.balance) == (START + 20, 30)
    with pytest.raises(RequireError, match="only the provider"):
        service.collect(sender=bob)


def test_prepaid_coins_of_others_are_safe(chain, service, alice, bob, time_travel):
    carol = chain.account("carol")
    service.subscribe(sender=bob, value=10)
    service.subscribe(sender=carol, value=90)
    time_travel(ms=50 * MONTH_MS)
    service.charge(bob, sender=alice)
    service.collect(sender=alice)
    service.cancel(sender=bob)
    service.cancel(sender=carol)
    assert service.collect(sender=alice) == 80
    assert service.balance == 0


def test_mistakes(service, bob):
    with pytest.raises(RequireError, match="a period costs 10"):
        service.subscribe(sender=bob, value=9)
    with pytest.raises(RequireError, match="does not subscribe"):
        service.top_up(sender=bob, value=10)
    service.subscribe(sender=bob, value=10)
    with pytest.raises(RequireError, match="already"):
        service.subscribe(sender=bob, value=10)
    with pytest.raises(RequireError, match="send coins"):
        service.top_up(sender=bob)


@pytest.mark.parametrize(("price", "period", "why"), [(0, 1, "price"), (1, 0, "period")])
def test_odd_terms_are_refused(chain, alice, price, period, why):
    with pytest.raises(RequireError, match=why):
        chain.deploy(Subscription, price, period, sender=alice)
