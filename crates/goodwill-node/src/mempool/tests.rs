use super::*;
use goodwill_ledger::Supply;
use goodwill_types::{Action, Amount, Digest, Domain, SecretKey, Transaction, hash};
use proptest::prelude::*;

fn chain_id() -> Digest {
    hash(Domain::Chain, b"mempool")
}

fn chain() -> ChainState {
    ChainState {
        height: 10,
        timestamp_ms: 0,
        base_fee_per_gas: 10,
        gas_used: 0,
        luck: hash(Domain::Chain, b"luck"),
        pots: Default::default(),
        epoch_gas: 0,
        paid_turns: 0,
        supply: Supply::default(),
    }
}

fn rich(nonce: u64) -> Account {
    Account { balance: Amount::from_coins(1_000_000), nonce }
}

/// A transaction of the n-th person.
fn signed(sender: u8, nonce: u64, fee: u64, tip: u64) -> SignedTransaction {
    signed_until(sender, nonce, fee, tip, 100)
}

fn signed_until(sender: u8, nonce: u64, fee: u64, tip: u64, last_height: u64) -> SignedTransaction {
    let key = SecretKey::from_seed([sender; 32]);
    let (to, amount) = (Address::of(&key.public_key()), Amount::from_units(1));
    Transaction {
        sender: key.public_key(),
        nonce,
        last_height,
        gas_limit: 200_000,
        fee_per_gas_max: fee,
        tip_per_gas: tip,
        action: Action::transfer(to, amount),
    }
    .sign(&key, &chain_id())
}

fn add(mempool: &mut Mempool, signed: &SignedTransaction) -> Result<bool, NotPooled> {
    mempool.add(Candidate::new(signed.clone(), true), &rich(0), &chain())
}

fn select(mempool: &Mempool) -> Vec<(u8, u64)> {
    let people: BTreeMap<_, u8> = (0..20).map(|n| (SecretKey::from_seed([n; 32]).public_key(), n)).collect();
    let selected = mempool.select(10, u64::MAX, usize::MAX);
    selected.iter().map(|(_, s)| (people[&s.transaction.sender], s.transaction.nonce)).collect()
}

#[test]
fn tips_come_first_but_nonces_keep_their_order() {
    let mut mempool = Mempool::new(Limits::default());
    for t in [signed(1, 0, 100, 1), signed(1, 1, 100, 50), signed(2, 0, 100, 5), signed(3, 1, 100, 90)] {
        assert_eq!(add(&mut mempool, &t), Ok(true));
        assert_eq!(add(&mut mempool, &t), Ok(false));
    }
    assert_eq!(select(&mempool), [(2, 0), (1, 0), (1, 1)]);
    add(&mut mempool, &signed(3, 0, 100, 2)).unwrap();
    assert_eq!(select(&mempool), [(2, 0), (3, 0), (3, 1), (1, 0), (1, 1)]);
}

#[test]
fn a_tip_counts_as_far_as_the_maximum_leaves_room() {
    let mut mempool = Mempool::new(Limits::default());
    add(&mut mempool, &signed(1, 0, 12, 1_000)).unwrap();
    add(&mut mempool, &signed(2, 0, 100, 3)).unwrap();
    assert_eq!(select(&mempool), [(2, 0), (1, 0)]);
    assert!(mempool.select(50, u64::MAX, usize::MAX).len() == 1, "the base fee prices the other one out");
}

#[test]
fn a_replacement_offers_a_tenth_more() {
    let mut mempool = Mempool::new(Limits::default());
    add(&mut mempool, &signed(1, 0, 100, 20)).unwrap();
    for (fee, tip) in [(100, 20), (110, 21), (109, 22), (110, 20)] {
        let expected = NotPooled::Underpriced { fee_per_gas_max: 110, tip_per_gas: 22 };
        let mut other = signed(1, 0, fee, tip);
        if (fee, tip) == (100, 20) {
            other = signed_until(1, 0, fee, tip, 99);
        }
        assert_eq!(add(&mut mempool, &other), Err(expected));
    }
    assert_eq!(add(&mut mempool, &signed(1, 0, 110, 22)), Ok(true));
    assert_eq!((mempool.len(), select(&mempool)), (1, vec![(1, 0)]));
}

#[test]
fn what_a_block_includes_or_outdates_or_lets_expire_is_forgotten() {
    let mut mempool = Mempool::new(Limits::default());
    let (first, second) = (signed(1, 0, 100, 1), signed(1, 1, 100, 1));
    let expiring = signed_until(2, 0, 100, 1, 12);
    for t in [&first, &second, &expiring] {
        add(&mut mempool, t).unwrap();
    }
    let other_first = signed(1, 0, 500, 9);
    mempool.finalized(11, [&other_first]);
    assert_eq!((mempool.len(), select(&mempool)), (2, vec![(1, 1), (2, 0)]));
    assert_eq!(mempool.next_nonce(&second.transaction.sender_address(), 1), 2);
    mempool.finalized(12, []);
    assert_eq!(mempool.len(), 1);
    assert_eq!(mempool.expired(&expiring.id()), Some(&expiring));
}

#[test]
fn a_full_mempool_lets_the_least_go() {
    let mut mempool = Mempool::new(Limits { transactions: 3, ..Limits::default() });
    for t in [signed(1, 0, 100, 5), signed(1, 1, 100, 5), signed(2, 0, 100, 7)] {
        add(&mut mempool, &t).unwrap();
    }
    assert_eq!(add(&mut mempool, &signed(3, 0, 100, 5)), Err(NotPooled::Full { tip_per_gas: 5 }));
    assert_eq!(add(&mut mempool, &signed(3, 0, 100, 6)), Ok(true));
    assert_eq!(select(&mempool), [(2, 0), (3, 0), (1, 0)]);
    assert_eq!(add(&mut mempool, &signed(1, 1, 100, 50)), Err(NotPooled::Full { tip_per_gas: 5 }));
}

#[test]
fn those_that_wait_for_a_nonce_leave_room_for_those_that_do_not() {
    let mut mempool = Mempool::new(Limits { transactions: 8, ..Limits::default() });
    for sender in 1..=2 {
        add(&mut mempool, &signed(sender, 1, 100, 5)).unwrap();
    }
    assert_eq!(add(&mut mempool, &signed(3, 2, 100, 50)), Err(NotPooled::Ahead { expected: 0 }));
    assert_eq!(add(&mut mempool, &signed(3, 0, 100, 0)), Ok(true));
    assert_eq!(add(&mut mempool, &signed(3, 1, 100, 0)), Ok(true));
    assert_eq!(add(&mut mempool, &signed(1, 0, 100, 0)), Ok(true), "it fills the gap");
    assert_eq!(add(&mut mempool, &signed(3, 3, 100, 0)), Ok(true), "so there is room for another");
}

#[test]
fn nobody_takes_all_the_room() {
    let mut mempool = Mempool::new(Limits { per_sender: 2, ..Limits::default() });
    add(&mut mempool, &signed(1, 0, 100, 1)).unwrap();
    let far = add(&mut mempool, &signed(1, 2, 100, 1));
    assert_eq!(far, Err(InvalidTransaction::NonceAhead { nonce: 2, expected: 0 }.into()));
    add(&mut mempool, &signed(1, 1, 100, 1)).unwrap();
    mempool.finalized(11, [&signed(1, 0, 100, 2)]);
    add(&mut mempool, &signed(1, 2, 100, 1)).unwrap();
    mempool.finalized(12, []);
    assert_eq!(mempool.len(), 2);
}

proptest! {
    /// Whatever comes, the bounds hold and the four views agree.
    #[test]
    fn views_agree_and_bounds_hold(steps in prop::collection::vec((0u8..6, 0u64..6, 10u64..40, 0u64..30, 0u8..10), 1..120)) {
        let limits = Limits { transactions: 12, bytes: 1_500, per_sender: 4 };
        let mut mempool = Mempool::new(limits);
        let mut height = 10;
        for (sender, nonce, fee, tip, kind) in steps {
            let transaction = signed_until(sender, nonce, fee, tip, height + 1 + tip);
            if kind == 0 {
                height += 1;
                mempool.finalized(height, [&transaction]);
            } else {
                let _ = mempool.add(Candidate::new(transaction, false), &rich(0), &ChainState { height, ..chain() });
            }
            prop_assert!(mempool.len() <= limits.transactions && mempool.bytes() <= limits.bytes);
            prop_assert_eq!(mempool.by_rank.len(), mempool.len());
            prop_assert_eq!(mempool.by_expiry.len(), mempool.len());
            prop_assert_eq!(mempool.senders.values().map(|q| q.waiting.len()).sum::<usize>(), mempool.len());
            let run = |q: &Queue| q.waiting.range(q.next_nonce..).zip(q.next_nonce..).take_while(|((n, _), m)| *n == m).count();
            prop_assert_eq!(mempool.senders.values().map(run).sum::<usize>() as u64, mempool.ready);
            prop_assert!(mempool.senders.values().all(|q| (1..=limits.per_sender).contains(&q.waiting.len())));
            prop_assert_eq!(mempool.by_id.values().map(|p| p.size).sum::<usize>(), mempool.bytes());
            let mut next = BTreeMap::new();
            for (_, signed) in mempool.select(10, u64::MAX, usize::MAX) {
                let nonce = next.entry(signed.transaction.sender).or_insert(signed.transaction.nonce);
                prop_assert_eq!(*nonce, signed.transaction.nonce);
                *nonce += 1;
            }
        }
    }
}
