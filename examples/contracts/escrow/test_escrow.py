"""Escrow: who gets the coins, when, and only once."""

import pytest
from escrow import Escrow

from goodwill import COIN, RequireError

DAY_MS = 86_400_000
START = 1_000_000 * COIN


@pytest.fixture
def sale(chain, alice, bob):
    """Alice buys from Bob."""
    return chain.deploy(Escrow, bob, 7 * DAY_MS, sender=alice, value=500)


def test_the_coins_wait(chain, sale, alice, bob):
    assert sale.balance == 500
    assert (chain.balance(alice), chain.balance(bob)) == (START - 500, START)
    assert sale.state() == ("awaiting delivery", 500, chain.timestamp + 7 * DAY_MS)


def test_the_buyer_confirms(chain, sale, alice, bob):
    sale.confirm(sender=alice)
    assert (sale.balance, chain.balance(bob)) == (0, START + 500)
    assert sale.state()[0] == "paid"


def test_the_seller_calls_it_off(chain, sale, alice, bob):
    sale.refund(sender=bob)
    assert chain.balance(alice) == START
    assert sale.state()[0] == "refunded"


def test_the_buyer_waits_for_the_deadline(chain, sale, alice, time_travel):
    time_travel(ms=7 * DAY_MS - 1)
    with pytest.raises(RequireError, match="still has time"):
        sale.refund(sender=alice)
    time_travel(ms=1)
    sale.refund(sender=alice)
    assert chain.balance(alice) == START


def test_late_delivery_can_still_be_paid(chain, sale, alice, bob, time_travel):
    time_travel(ms=30 * DAY_MS)
    sale.confirm(sender=alice)
    assert chain.balance(bob) == START + 500


def test_it_ends_once(sale, alice, bob, time_travel):
    sale.confirm(sender=alice)
    time_travel(ms=7 * DAY_MS)
    for call, who in [(sale.confirm, alice), (sale.refund, alice), (sale.refund, bob)]:
        with pytest.raises(RequireError, match="this sale is over: paid"):
            call(sender=who)


def test_strangers_and_the_seller_cannot_confirm(chain, sale, bob):
    for who in (bob, chain.account("mallory")):
        with pytest.raises(RequireError, match="only the buyer"):
            sale.confirm(sender=who)


def test_strangers_cannot_refund(chain, sale, time_travel):
    time_travel(ms=8 * DAY_MS)
    with pytest.raises(RequireError, match="only buyer and seller"):
        sale.refund(sender=chain.account("mallory"))


def test_odd_sales_are_refused(chain, alice, bob):
    for seller, patience, value, why in [
        (bob, DAY_MS, 0, "send the price"),
        (alice, DAY_MS, 5, "must be two"),
        (bob, 0, 5, "patience"),
    ]:
        with pytest.raises(RequireError, match=why):
            chain.deploy(Escrow, seller, patience, sender=alice, value=value)
    assert chain.balance(alice) == START
