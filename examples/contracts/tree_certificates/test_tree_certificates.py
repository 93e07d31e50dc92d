"""Certificates: the cap, metadata, passing on, retiring."""

import pytest
from tree_certificates import Tree, TreeCertificates

from goodwill import RequireError

PHOTO = bytes(range(32))
OAK = ("oak", 48_137_154, 11_576_124, PHOTO)


@pytest.fixture
def trees(chain, alice):
    return chain.deploy(TreeCertificates, 3, sender=alice)


def test_a_certificate_says_what_was_planted_and_when(chain, trees, alice, bob):
    assert trees.issue(bob, *OAK, sender=alice) == 0
    assert trees.tree(0) == Tree(*OAK[:3], planted_ms=chain.timestamp, photo_hash=PHOTO)
    assert trees.owner_of(0) == bob
    assert trees.count_of(bob) == 1
    assert trees.events("Issued")[0].fields == {"number": 0, "to": bob, "species": "oak"}


def test_the_cap(trees, alice, bob):
    assert [trees.issue(bob, *OAK, sender=alice) for _ in range(3)] == [0, 1, 2]
    assert trees.left() == 0
    with pytest.raises(RequireError, match="all 3 certificates are issued"):
        trees.issue(bob, *OAK, sender=alice)


def test_retiring_does_not_make_room(trees, alice, bob):
    for _ in range(3):
        trees.issue(bob, *OAK, sender=alice)
    trees.retire(0, "Ada", sender=bob)
    with pytest.raises(RequireError, match="all 3"):
        trees.issue(bob, *OAK, sender=alice)


def test_only_the_planter_issues(trees, bob):
    with pytest.raises(RequireError, match="only the planter"):
        trees.issue(bob, *OAK, sender=bob)


@pytest.mark.parametrize(
    ("species", "latitude", "longitude", "photo", "why"),
    [
        ("", 0, 0, PHOTO, "species"),
        ("oak", 90_000_001, 0, PHOTO, "latitude"),
        ("oak", 0, -180_000_001, PHOTO, "longitude"),
        ("oak", 0, 0, PHOTO[:31], "32 bytes"),
    ],
)
def test_odd_trees_are_refused(trees, alice, species, latitude, longitude, photo, why):
    with pytest.raises(RequireError, match=why):
        trees.issue(alice, species, latitude, longitude, photo, sender=alice)


def test_the_poles_are_places(trees, alice):
    trees.issue(alice, "moss", -90_000_000, 180_000_000, PHOTO, sender=alice)


def test_passing_on(trees, alice, bob):
    trees.issue(alice, *OAK, sender=alice)
    trees.transfer(bob, 0, sender=alice)
    assert trees.owner_of(0) == bob
    assert (trees.count_of(alice), trees.count_of(bob)) == (0, 1)
    with pytest.raises(RequireError, match="only the owner"):
        trees.transfer(alice, 0, sender=alice)


def test_an_approval_counts_once(chain, trees, alice, bob):
    carol = chain.account("carol")
    trees.issue(alice, *OAK, sender=alice)
    trees.approve(bob, 0, sender=alice)
    trees.transfer(carol, 0, sender=bob)
    with pytest.raises(RequireError, match="only the owner"):
        trees.transfer(bob, 0, sender=bob)


def test_an_approval_ends_when_the_owner_changes(trees, alice, bob):
    trees.issue(alice, *OAK, sender=alice)
    trees.approve(bob, 0, sender=alice)
    trees.transfer(alice, 0, sender=alice)
    with pytest.raises(RequireError, match="only the owner"):
        trees.transfer(bob, 0, sender=bob)


def test_only_the_owner_approves(trees, alice, bob):
    trees.issue(alice, *OAK, sender=alice)
    with pytest.raises(RequireError, match="only the owner can approve"):
        trees.approve(bob, 0, sender=bob)


def test_a_tree_is_claimed_once(trees, alice, bob):
    trees.issue(bob, *OAK, sender=alice)
    trees.retire(0, "Ada", sender=bob)
    assert trees.retired(0) == "Ada"
    with pytest.raises(RequireError, match="retired already"):
        trees.retire(0, "Bob", sender=bob)
    with pytest.raises(RequireError, match="stays where it is"):
        trees.transfer(alice, 0, sender=bob)
    assert trees.owner_of(0) == bob


def test_retiring_needs_an_owner_and_a_name(trees, alice, bob):
    trees.issue(bob, *OAK, sender=alice)
    with pytest.raises(RequireError, match="only the owner"):
        trees.retire(0, "Ada", sender=alice)
    with pytest.raises(RequireError, match="for whom"):
        trees.retire(0, "", sender=bob)


@pytest.mark.parametrize("number", [0, -1, 99])
def test_unknown_certificates(trees, alice, number):
    for call in (
        lambda: trees.tree(number),
        lambda: trees.owner_of(number),
        lambda: trees.transfer(alice, number, sender=alice),
        lambda: trees.retire(number, "Ada", sender=alice),
    ):
        with pytest.raises(RequireError, match="there is no certificate"):
            call()


def test_a_cap_of_nothing_is_refused(chain, alice):
    with pytest.raises(RequireError, match="cap must be positive"):
        chain.deploy(TreeCertificates, 0, sender=alice)
