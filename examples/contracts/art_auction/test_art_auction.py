"""The auction: bids, the end, the royalty, the next sale."""

import pytest
from art_auction import ArtAuction

from goodwill import COIN, RequireError

DAY_MS = 86_400_000
START = 1_000_000 * COIN


@pytest.fixture
def carol(chain):
    return chain.account("carol")


@pytest.fixture
def reef(chain):
    """The association."""
    return chain.account("reef", 0)


@pytest.fixture
def art(chain, alice, reef):
    """Alice's work; a tenth of every sale goes to the reef."""
    return chain.deploy(ArtAuction, "Tide", b"\x01" * 32, reef, 100, sender=alice)


@pytest.fixture
def auction(art, alice):
    art.start(200, DAY_MS, sender=alice)
    return art


def test_a_sale(chain, auction, alice, bob, reef, time_travel):
    auction.bid(sender=bob, value=205)
    time_travel(ms=DAY_MS)
    auction.settle(sender=bob)
    assert (chain.balance(reef), chain.balance(alice), auction.balance) == (20, START + 185, 0)
    assert auction.work() == ("Tide", b"\x01" * 32, bob)


def test_the_royalty_stays_with_the_work(chain, auction, alice, bob, carol, reef, time_travel):
    auction.bid(sender=bob, value=200)
    time_travel(ms=DAY_MS)
    auction.settle(sender=alice)
    auction.start(1000, DAY_MS, sender=bob)
    auction.bid(sender=carol, value=1000)
    time_travel(ms=DAY_MS)
    auction.settle(sender=alice)
    assert chain.balance(reef) == 20 + 100
    assert chain.balance(bob) == START - 200 + 900
    assert auction.work()[2] == carol


def test_the_outbid_get_their_coins_back(chain, auction, bob, carol):
    auction.bid(sender=bob, value=200)
    auction.bid(sender=carol, value=300)
    assert auction.refund_of(bob) == 200
    assert auction.take_refund(sender=bob) == 200
    assert chain.balance(bob) == START
    for nobody in (bob, carol):
        with pytest.raises(RequireError, match="nothing of yours"):
            auction.take_refund(sender=nobody)


def test_refunds_add_up_and_outlive_the_auction(chain, auction, alice, bob, carol, time_travel):
    auction.bid(sender=bob, value=200)
    auction.bid(sender=carol, value=300)
    auction.bid(sender=bob, value=400)
    auction.bid(sender=carol, value=500)
    time_travel(ms=DAY_MS)
    auction.settle(sender=alice)
    assert auction.balance == 900
    assert auction.take_refund(sender=bob) == 600
    assert auction.take_refund(sender=carol) == 300
    assert auction.balance == 0


def test_bids_rise_by_a_twentieth(auction, bob, carol):
    with pytest.raises(RequireError, match="bid at least 200"):
        auction.bid(sender=bob, value=199)
    auction.bid(sender=bob, value=200)
    assert auction.auction()[0] == 210
    with pytest.raises(RequireError, match="bid at least 210"):
        auction.bid(sender=carol, value=209)
    auction.bid(sender=carol, value=210)
    assert auction.auction()[2] == carol


def test_small_bids_rise_by_one(art, alice, bob):
    art.start(1, DAY_MS, sender=alice)
    art.bid(sender=bob, value=1)
    assert art.auction()[0] == 2


def test_a_late_bid_prolongs_the_auction(chain, auction, bob, carol, time_travel):
    time_travel(ms=DAY_MS - 1)
    auction.bid(sender=bob, value=200)
    assert auction.auction()[1] == chain.timestamp + 600_000
    time_travel(ms=599_999)
    auction.bid(sender=carol, value=300)
    time_travel(ms=600_000)
    with pytest.raises(RequireError, match="no auction now"):
        auction.bid(sender=bob, value=1000)


def test_an_early_bid_does_not(auction, bob):
    end = auction.auction()[1]
    auction.bid(sender=bob, value=200)
    assert auction.auction()[1] == end


def test_without_bids_the_work_stays(chain, auction, alice, reef, time_travel):
    time_travel(ms=DAY_MS)
    auction.settle(sender=alice)
    assert auction.work()[2] == alice
    assert chain.balance(reef) == 0
    assert auction.events("Unsold")
    auction.start(100, DAY_MS, sender=alice)


def test_settling_too_early_or_twice(auction, alice, bob, time_travel):
    auction.bid(sender=bob, value=200)
    with pytest.raises(RequireError, match="still runs"):
        auction.settle(sender=alice)
    time_travel(ms=DAY_MS)
    auction.settle(sender=alice)
    with pytest.raises(RequireError, match="there is no auction"):
        auction.settle(sender=alice)


def test_who_may_start_and_bid(auction, alice, bob):
    with pytest.raises(RequireError, match="only the owner"):
        auction.start(1, DAY_MS, sender=bob)
    with pytest.raises(RequireError, match="an auction already"):
        auction.start(1, DAY_MS, sender=alice)
    with pytest.raises(RequireError, match="owner cannot bid"):
        auction.bid(sender=alice, value=500)


def test_before_the_first_auction(art, alice, bob):
    with pytest.raises(RequireError, match="no auction now"):
        art.bid(sender=bob, value=500)
    with pytest.raises(RequireError, match="there is no auction"):
        art.settle(sender=alice)
    with pytest.raises(RequireError, match="reserve"):
        art.start(0, DAY_MS, sender=alice)
    with pytest.raises(RequireError, match="duration"):
        art.start(1, 0, sender=alice)


@pytest.mark.parametrize(
    ("title", "royalty", "why"), [("", 0, "title"), ("A", 501, "royalty"), ("A", -1, "royalty")]
)
def test_odd_works_are_refused(chain, alice, reef, title, royalty, why):
    with pytest.raises(RequireError, match=why):
        chain.deploy(ArtAuction, title, b"", reef, royalty, sender=alice)
