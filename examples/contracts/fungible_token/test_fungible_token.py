"""The token: supply, transfers, allowances, and what must fail."""

import pytest
from fungible_token import Token

from goodwill import Address, RequireError


@pytest.fixture
def token(chain, alice):
    return chain.deploy(Token, "Acorn", "ACN", 1000, sender=alice)


def test_the_supply_belongs_to_the_deployer(token, alice):
    assert token.describe() == ("Acorn", "ACN", 1000)
    assert token.balance_of(alice) == 1000
    assert token.events("Transfer")[0].fields == {"sender": Address.ZERO, "to": alice, "amount": 1000}


@pytest.mark.parametrize("supply", [0, -1])
def test_an_empty_supply_is_refused(chain, alice, supply):
    with pytest.raises(RequireError, match="supply must be positive"):
        chain.deploy(Token, "Acorn", "ACN", supply, sender=alice)


def test_transfer(token, alice, bob):
    token.transfer(bob, 300, sender=alice)
    assert (token.balance_of(alice), token.balance_of(bob)) == (700, 300)
    assert token.events("Transfer")[-1].fields == {"sender": alice, "to": bob, "amount": 300}


def test_transfer_of_everything_and_to_oneself(token, alice, bob):
    token.transfer(alice, 1000, sender=alice)
    assert token.balance_of(alice) == 1000
    token.transfer(bob, 1000, sender=alice)
    assert token.balance_of(alice) == 0


def test_nobody_spends_more_than_they_have(token, alice, bob):
    with pytest.raises(ValueError, match="insufficient balance: 1000 < 1001"):
        token.transfer(bob, 1001, sender=alice)
    with pytest.raises(ValueError, match="insufficient balance: 0 < 1"):
        token.transfer(alice, 1, sender=bob)


@pytest.mark.parametrize("amount", [0, -5])
def test_amounts_are_positive(token, alice, bob, amount):
    with pytest.raises(RequireError, match="amount must be positive"):
        token.transfer(bob, amount, sender=alice)
    with pytest.raises(RequireError, match="amount must be positive"):
        token.transfer_from(alice, bob, amount, sender=bob)


def test_tokens_are_not_lost_by_mistake(token, alice):
    with pytest.raises(RequireError, match="burn"):
        token.transfer(Address.ZERO, 1, sender=alice)


def test_an_allowance_is_spent_in_parts(chain, token, alice, bob):
    carol = chain.account("carol")
    token.approve(bob, 50, sender=alice)
    token.transfer_from(alice, carol, 30, sender=bob)
    assert token.balance_of(carol) == 30
    assert token.allowance(alice, bob) == 20
    with pytest.raises(ValueError, match="insufficient allowance: 20 < 21"):
        token.transfer_from(alice, carol, 21, sender=bob)


def test_an_allowance_is_not_a_balance(token, alice, bob):
    token.approve(alice, 10, sender=bob)
    with pytest.raises(ValueError, match="insufficient balance"):
        token.transfer_from(bob, alice, 10, sender=alice)
    assert token.allowance(bob, alice) == 10


def test_an_allowance_can_be_taken_back(token, alice, bob):
    token.approve(bob, 50, sender=alice)
    token.approve(bob, 0, sender=alice)
    with pytest.raises(ValueError, match="insufficient allowance"):
        token.transfer_from(alice, bob, 1, sender=bob)
    with pytest.raises(RequireError, match="negative"):
        token.approve(bob, -1, sender=alice)


def test_burn(token, alice):
    token.burn(400, sender=alice)
    assert token.balance_of(alice) == 600
    assert token.describe() == ("Acorn", "ACN", 600)
    with pytest.raises(ValueError, match="insufficient balance"):
        token.burn(601, sender=alice)


def test_a_failing_transfer_changes_nothing(token, alice, bob):
    events = len(token.events())
    with pytest.raises(ValueError, match="insufficient"):
        token.transfer(bob, 5000, sender=alice)
    assert token.balance_of(bob) == 0
    assert len(token.events()) == events
