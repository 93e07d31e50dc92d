"""The shop: prices, caps, gifts, earnings."""

import pytest
from game_item_shop import GameItemShop, Item

from goodwill import COIN, RequireError

SWORD, POTION = 0, 1


@pytest.fixture
def shop(chain, alice):
    shop = chain.deploy(GameItemShop, sender=alice)
    shop.add_item("Sword", 100, 3, sender=alice)
    shop.add_item("Potion", 5, 1000, sender=alice)
    return shop


def test_items_are_numbered(shop, alice):
    assert shop.item(SWORD) == Item("Sword", 100, 3, 0)
    assert shop.add_item("Shield", 80, 10, sender=alice) == 2


@pytest.mark.parametrize(
    ("name", "price", "cap", "why"),
    [("", 1, 1, "name"), ("Bow", -1, 1, "negative"), ("Bow", 1, 0, "cap must be positive")],
)
def test_odd_items_are_refused(shop, alice, name, price, cap, why):
    with pytest.raises(RequireError, match=why):
        shop.add_item(name, price, cap, sender=alice)


def test_buying_pays_the_shop(chain, shop, bob):
    shop.buy(POTION, 4, sender=bob, value=20)
    shop.buy(SWORD, sender=bob, value=100)
    assert shop.held_by(bob) == {"Sword": 1, "Potion": 4}
    assert shop.balance == 120
    assert chain.balance(bob) == 1_000_000 * COIN - 120


@pytest.mark.parametrize("value", [0, 99, 101, 200])
def test_the_price_is_paid_exactly(shop, bob, value):
    with pytest.raises(RequireError, match="1 x Sword cost 100"):
        shop.buy(SWORD, sender=bob, value=value)
    assert shop.balance == 0


def test_the_cap_holds_for_everybody(shop, alice, bob):
    shop.buy(SWORD, 2, sender=bob, value=200)
    with pytest.raises(RequireError, match="only 1 of Sword left"):
        shop.buy(SWORD, 2, sender=alice, value=200)
    shop.buy(SWORD, sender=alice, value=100)
    assert shop.left(SWORD) == 0
    with pytest.raises(RequireError, match="only 0 of Sword left"):
        shop.buy(SWORD, sender=alice, value=100)


@pytest.mark.parametrize("count", [0, -1])
def test_counts_are_positive(shop, bob, count):
    with pytest.raises(RequireError, match="count must be positive"):
        shop.buy(POTION, count, sender=bob)
    with pytest.raises(RequireError, match="count must be positive"):
        shop.give(bob, POTION, count, sender=bob)


def test_unknown_items(shop, bob):
    for call in (lambda: shop.item(7), lambda: shop.left(-1), lambda: shop.buy(2, sender=bob)):
        with pytest.raises(RequireError, match="there is no item"):
            call()


def test_giving(shop, alice, bob):
    shop.buy(POTION, 3, sender=bob, value=15)
    shop.give(alice, POTION, 2, sender=bob)
    assert (shop.held_by(alice), shop.held_by(bob)) == ({"Potion": 2}, {"Potion": 1})
    with pytest.raises(RequireError, match="you hold 1, not 2"):
        shop.give(alice, POTION, 2, sender=bob)


def test_giving_to_oneself_makes_nothing(shop, bob):
    shop.buy(POTION, 3, sender=bob, value=15)
    shop.give(bob, POTION, 3, sender=bob)
    assert shop.held_by(bob) == {"Potion": 3}


def test_only_the_owner_runs_the_shop(shop, bob):
    for call in (
        lambda: shop.add_item("Bow", 1, 1, sender=bob),
        lambda: shop.set_price(SWORD, 1, sender=bob),
        lambda: shop.withdraw(sender=bob),
    ):
        with pytest.raises(RequireError, match="only the shop's owner"):
            call()


def test_a_new_price_counts_from_then_on(shop, alice, bob):
    shop.buy(SWORD, sender=bob, value=100)
    shop.set_price(SWORD, 150, sender=alice)
    shop.buy(SWORD, sender=bob, value=150)
    assert shop.item(SWORD) == Item("Sword", 150, 3, 2)


def test_withdraw(chain, shop, alice, bob):
    shop.buy(SWORD, sender=bob, value=100)
    shop.withdraw(sender=alice)
    assert (shop.balance, chain.balance(alice)) == (0, 1_000_000 * COIN + 100)
