"""Crowdfunding: success, failure, and the moment between."""

import pytest
from crowdfunding import Crowdfunding

from goodwill import COIN, RequireError

WEEK_MS = 7 * 86_400_000
START = 1_000_000 * COIN


@pytest.fixture
def campaign(chain, alice):
    """Alice asks for 1,000 coins within a week."""
    return chain.deploy(Crowdfunding, 1000, WEEK_MS, sender=alice)


@pytest.fixture
def carol(chain):
    return chain.account("carol")


def test_the_goal_is_reached(chain, campaign, alice, bob, carol, time_travel):
    campaign.contribute(sender=bob, value=600)
    campaign.contribute(sender=carol, value=400)
    assert (campaign.progress(), campaign.status()) == ((1000, 1000), "open")
    time_travel(ms=WEEK_MS)
    assert campaign.status() == "succeeded"
    campaign.claim(sender=alice)
    assert (chain.balance(alice), campaign.balance, campaign.status()) == (START + 1000, 0, "claimed")


def test_the_goal_is_missed_by_one(chain, campaign, alice, bob, carol, time_travel):
    campaign.contribute(sender=bob, value=600)
    campaign.contribute(sender=carol, value=398)
    campaign.contribute(sender=carol, value=1)
    time_travel(ms=WEEK_MS)
    assert campaign.status() == "failed"
    with pytest.raises(RequireError, match="nothing to claim: the campaign is failed"):
        campaign.claim(sender=alice)
    campaign.refund(sender=carol)
    campaign.refund(sender=bob)
    assert (chain.balance(bob), chain.balance(carol), campaign.balance) == (START, START, 0)


def test_a_refund_is_given_once(campaign, bob, carol, time_travel):
    campaign.contribute(sender=bob, value=10)
    campaign.contribute(sender=carol, value=10)
    time_travel(ms=WEEK_MS)
    campaign.refund(sender=bob)
    assert campaign.contribution_of(bob) == 0
    with pytest.raises(RequireError, match="nothing of yours"):
        campaign.refund(sender=bob)
    assert campaign.balance == 10


def test_nothing_moves_before_the_end(campaign, alice, bob, time_travel):
    campaign.contribute(sender=bob, value=2000)
    time_travel(ms=WEEK_MS - 1)
    with pytest.raises(RequireError, match="the campaign is open"):
        campaign.claim(sender=alice)
    with pytest.raises(RequireError, match="the campaign is open"):
        campaign.refund(sender=bob)


def test_too_late(chain, campaign, bob, time_travel):
    time_travel(ms=WEEK_MS)
    with pytest.raises(RequireError, match="the campaign is over"):
        campaign.contribute(sender=bob, value=1)
    assert chain.balance(bob) == START


def test_claimed_once_and_by_the_beneficiary(campaign, alice, bob, time_travel):
    campaign.contribute(sender=bob, value=1500)
    time_travel(ms=WEEK_MS)
    with pytest.raises(RequireError, match="only the beneficiary"):
        campaign.claim(sender=bob)
    campaign.claim(sender=alice)
    with pytest.raises(RequireError, match="the campaign is claimed"):
        campaign.claim(sender=alice)
    with pytest.raises(RequireError, match="the campaign is claimed"):
        campaign.refund(sender=bob)


def test_coins_are_needed(campaign, bob):
    with pytest.raises(RequireError, match="send coins"):
        campaign.contribute(sender=bob)


@pytest.mark.parametrize(("goal", "duration", "why"), [(0, 1, "goal"), (-1, 1, "goal"), (1, 0, "duration")])
def test_odd_campaigns_are_refused(chain, alice, goal, duration, why):
    with pytest.raises(RequireError, match=why):
        chain.deploy(Crowdfunding, goal, duration, sender=alice)
