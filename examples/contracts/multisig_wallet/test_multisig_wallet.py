"""The wallet: proposals, approvals, payments."""

import pytest
from multisig_wallet import MultisigWallet

from goodwill import COIN, RequireError

START = 1_000_000 * COIN


@pytest.fixture
def carol(chain):
    return chain.account("carol")


@pytest.fixture
def shop(chain):
    return chain.account("shop", 0)


@pytest.fixture
def wallet(chain, alice, bob, carol):
    """Two of three, with 1,000 coins."""
    return chain.deploy(MultisigWallet, [alice, bob, carol], 2, sender=alice, value=1000)


def test_two_of_three_pay(chain, wallet, alice, bob, carol, shop):
    number = wallet.propose(shop, 300, "rent", sender=alice)
    wallet.approve(number, sender=bob)
    wallet.pay(number, sender=carol)
    assert (chain.balance(shop), wallet.balance) == (300, 700)
    assert wallet.payment(number).paid
    assert wallet.waiting() == []


def test_one_is_not_enough(chain, wallet, alice, shop):
    number = wallet.propose(shop, 300, sender=alice)
    with pytest.raises(RequireError, match="1 more approvals"):
        wallet.pay(number, sender=alice)
    assert chain.balance(shop) == 0
    assert wallet.waiting() == [number]


def test_nobody_counts_twice(wallet, alice, shop):
    number = wallet.propose(shop, 300, sender=alice)
    with pytest.raises(RequireError, match="already"):
        wallet.approve(number, sender=alice)


def test_an_approval_can_be_taken_back(wallet, alice, bob, shop):
    number = wallet.propose(shop, 300, sender=alice)
    wallet.approve(number, sender=bob)
    wallet.revoke(number, sender=alice)
    assert wallet.payment(number).approvals == [bob]
    with pytest.raises(RequireError, match="more approvals"):
        wallet.pay(number, sender=bob)
    with pytest.raises(RequireError, match="did not approve"):
        wallet.revoke(number, sender=alice)


def test_a_payment_is_made_once(chain, wallet, alice, bob, shop):
    number = wallet.propose(shop, 300, sender=alice)
    wallet.approve(number, sender=bob)
    wallet.pay(number, sender=alice)
    for call in (wallet.pay, wallet.approve, wallet.revoke):
        with pytest.raises(RequireError, match="payment 0 is made"):
            call(number, sender=bob)
    assert chain.balance(shop) == 300


def test_more_than_there_is(chain, wallet, alice, bob, shop):
    number = wallet.propose(shop, 1001, sender=alice)
    wallet.approve(number, sender=bob)
    with pytest.raises(RequireError, match="holds 1000, not 1001"):
        wallet.pay(number, sender=alice)
    wallet.deposit(sender=bob, value=1)
    wallet.pay(number, sender=alice)
    assert (chain.balance(shop), wallet.balance) == (1001, 0)


def test_strangers_can_only_deposit(chain, wallet, alice, shop):
    mallory = chain.account("mallory")
    number = wallet.propose(shop, 300, sender=alice)
    for call in (
        lambda: wallet.propose(mallory, 1, sender=mallory),
        lambda: wallet.approve(number, sender=mallory),
        lambda: wallet.revoke(number, sender=mallory),
        lambda: wallet.pay(number, sender=mallory),
    ):
        with pytest.raises(RequireError, match="only an owner"):
            call()
    wallet.deposit(sender=mallory, value=5)
    assert wallet.balance == 1005


def test_unknown_payments_and_amounts(wallet, alice, shop):
    with pytest.raises(RequireError, match="no payment 4"):
        wallet.approve(4, sender=alice)
    for amount in (0, -5):
        with pytest.raises(RequireError, match="amount must be positive"):
            wallet.propose(shop, amount, sender=alice)
    with pytest.raises(RequireError, match="send coins"):
        wallet.deposit(sender=alice)


def test_odd_wallets_are_refused(chain, alice, bob):
    for owners, threshold, why in [
        ([alice, bob], 3, "between 1 and 2"),
        ([alice, bob], 0, "between 1 and 2"),
        ([], 0, "between 1 and 0"),
        ([alice, alice], 1, "listed twice"),
    ]:
        with pytest.raises(RequireError, match=why):
            chain.deploy(MultisigWallet, owners, threshold, sender=alice)


def test_one_of_one(chain, alice, shop):
    wallet = chain.deploy(MultisigWallet, [alice], 1, sender=alice, value=10)
    wallet.pay(wallet.propose(shop, 10, sender=alice), sender=alice)
    assert chain.balance(shop) == 10
