"""Votes: members, ballots, the quorum, results."""

import pytest
from community_vote import CommunityVote

from goodwill import RequireError

DAY_MS = 86_400_000


@pytest.fixture
def members(chain, alice, bob):
    return [alice, bob, chain.account("carol"), chain.account("dora")]


@pytest.fixture
def community(chain, alice, members):
    """Four members, of whom half must vote."""
    return chain.deploy(CommunityVote, members, 50, sender=alice)


@pytest.fixture
def question(community, bob):
    return community.propose("Plant a hedge?", DAY_MS, sender=bob)


def test_a_proposal_is_accepted(community, question, members, time_travel):
    for member, choice in zip(members, [True, True, False], strict=False):
        community.vote(question, choice, sender=member)
    assert community.result(question) == "open"
    time_travel(ms=DAY_MS)
    assert community.result(question) == "accepted"
    proposal = community.proposal(question)
    assert (proposal.yes, proposal.no) == (2, 1)


def test_a_tie_is_no_majority(community, question, members, time_travel):
    for member, choice in zip(members, [True, True, False, False], strict=True):
        community.vote(question, choice, sender=member)
    time_travel(ms=DAY_MS)
    assert community.result(question) == "rejected"


def test_the_quorum(community, question, alice, bob, time_travel):
    community.vote(question, True, sender=alice)
    before = community.chain.snapshot()
    time_travel(ms=DAY_MS)
    assert community.result(question) == "no quorum"
    community.chain.restore(before)
    community.vote(question, True, sender=bob)
    time_travel(ms=DAY_MS)
    assert community.result(question) == "accepted"


def test_without_a_quorum_silence_rejects(chain, alice, time_travel):
    community = chain.deploy(CommunityVote, [alice], 0, sender=alice)
    number = community.propose("Nothing?", 1, sender=alice)
    time_travel(ms=1)
    assert community.result(number) == "rejected"


def test_minds_can_be_changed(community, question, alice):
    assert community.ballot_of(question, alice) is None
    for choice in (True, False, False, True):
        community.vote(question, choice, sender=alice)
        assert community.ballot_of(question, alice) == choice
        proposal = community.proposal(question)
        assert (proposal.yes, proposal.no) == (int(choice), int(not choice))


def test_ballots_of_two_questions_are_apart(community, question, alice, bob):
    other = community.propose("Paint the bench?", DAY_MS, sender=alice)
    community.vote(question, True, sender=bob)
    assert community.ballot_of(other, bob) is None
    assert community.proposal(other).yes == 0


def test_the_end(community, question, alice, time_travel):
    time_travel(ms=DAY_MS)
    with pytest.raises(RequireError, match="the vote is over"):
        community.vote(question, True, sender=alice)


def test_newcomers_vote_on_what_comes_later(chain, community, question, alice, time_travel):
    emma = chain.account("emma")
    time_travel(ms=1)
    community.admit(emma, sender=alice)
    with pytest.raises(RequireError, match="you joined after"):
        community.vote(question, True, sender=emma)
    later = community.propose("A pond?", DAY_MS, sender=emma)
    community.vote(later, True, sender=emma)
    assert community.proposal(question).members == 4
    assert community.proposal(later).members == 5


def test_strangers_have_no_voice(chain, community, question):
    mallory = chain.account("mallory")
    assert not community.is_member(mallory)
    for call in (
        lambda: community.vote(question, True, sender=mallory),
        lambda: community.propose("Mine?", DAY_MS, sender=mallory),
    ):
        with pytest.raises(RequireError, match="only members"):
            call()
    with pytest.raises(RequireError, match="only the chair"):
        community.admit(mallory, sender=mallory)


def test_the_chair_is_handed_over(chain, community, alice, bob):
    with pytest.raises(RequireError, match="must be a member"):
        community.hand_over(chain.account("mallory"), sender=alice)
    community.hand_over(bob, sender=alice)
    with pytest.raises(RequireError, match="only the chair"):
        community.admit(chain.account("emma"), sender=alice)
    community.admit(chain.account("emma"), sender=bob)


def test_a_choice_is_yes_or_no(community, question, alice):
    with pytest.raises(TypeError, match="expected bool, got int"):
        community.vote(question, 1, sender=alice)


def test_mistakes(chain, community, question, alice, bob):
    for call, why in [
        (lambda: community.propose("", DAY_MS, sender=alice), "needs a text"),
        (lambda: community.propose("Now?", 0, sender=alice), "duration"),
        (lambda: community.vote(9, True, sender=alice), "no proposal 9"),
        (lambda: community.admit(bob, sender=alice), "a member already"),
        (lambda: chain.deploy(CommunityVote, [bob, bob], 50, sender=alice), "a member already"),
        (lambda: chain.deploy(CommunityVote, [], 101, sender=alice), "quorum"),
    ]:
        with pytest.raises(RequireError, match=why):
            call()
