import pytest
from counter import Counter

from goodwill import RequireError


@pytest.fixture
def counter(chain, alice):
    return chain.deploy(Counter, sender=alice)


def test_it_counts(counter, bob):
    assert counter.add(5, sender=bob) == 5
    assert counter.add(2, sender=bob) == 7
    assert counter.current() == 7


def test_steps_are_positive(counter, bob):
    with pytest.raises(RequireError, match="must be positive"):
        counter.add(0, sender=bob)


def test_only_the_owner_sets_it_back(counter, alice, bob):
    counter.add(3, sender=bob)
    with pytest.raises(RequireError, match="only the owner"):
        counter.reset(sender=bob)
    counter.reset(sender=alice)
    assert counter.current() == 0
