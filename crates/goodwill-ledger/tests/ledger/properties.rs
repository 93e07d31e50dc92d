//! Whatever people send, the books are right and a replay agrees.

use crate::common::{address, key, sandbox};
use goodwill_ledger::{Executor, Purpose, Sandbox};
use goodwill_types::{
    Account, Action, Amount, BlockContext, Body, Changes, Known, Memo, Outcome, Payment, Progress,
    SignedTransaction, codec::List,
};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

#[derive(Clone, Debug)]
struct Wish {
    from: u8,
    payments: Vec<(u8, u64)>,
    nonce_skew: i8,
    fee_extra: u64,
    tip: u64,
}

fn wish() -> impl Strategy<Value = Wish> {
    let amount = prop_oneof![4 => 1u64..2_000_000_000, 1 => 0u64..3, 1 => Just(u64::MAX), 1 => 900_000_000_000u64..1_100_000_000_000];
    let payments = prop::collection::vec((1u8..7, amount), 1..5);
    let skew = prop_oneof![8 => Just(0i8), 1 => -1i8..2];
    (1u8..6, payments, skew, 0u64..30, 0u64..30).prop_map(|(from, payments, nonce_skew, fee_extra, tip)| {
        Wish { from, payments, nonce_skew, fee_extra, tip }
    })
}

fn sign(sandbox: &Sandbox, wish: &Wish, nonces: &mut BTreeMap<u8, u64>) -> SignedTransaction {
    let payments = wish
        .payments
        .iter()
        .map(|(to, units)| Payment { to: address(*to), amount: Amount::from_units(*units) });
    let action = Action::Transfer { payments: List::new(payments.collect()).unwrap(), memo: Memo::default() };
    let mut transaction = sandbox.transaction(&key(wish.from).public_key(), action);
    let nonce = nonces.entry(wish.from).or_insert(transaction.nonce);
    transaction.nonce = nonce.saturating_add_signed(wish.nonce_skew.into());
    *nonce += u64::from(wish.nonce_skew == 0);
    transaction.gas_limit = 400_000;
    transaction.fee_per_gas_max += wish.fee_extra;
    transaction.tip_per_gas = wish.tip;
    transaction.sign(&key(wish.from), &sandbox.manifest().chain_id())
}

/// Executes a block as a voter would on the state of `sandbox`, fetching one key at a time.
fn verify(sandbox: &Sandbox, context: BlockContext, body: Body) -> Changes {
    let named = body.transactions.iter().map(|t| (t.id(), t.clone())).collect();
    let purpose = Purpose::Verify { luck: body.luck };
    let mut executor = Executor::new(Arc::new(sandbox.manifest().clone()), context, purpose, named);
    let mut known = Known::new();
    loop {
        match executor.run(&mut known) {
            Progress::Done(block) => return block.expect("a proposal is valid").changes,
            Progress::Need(keys) => known.insert(keys[0], sandbox.get(&keys[0]).cloned()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The sandbox checks the supply equation after every block; here nonces, failures and replay.
    #[test]
    fn any_blocks_keep_the_invariants(blocks in prop::collection::vec(prop::collection::vec(wish(), 0..12), 1..6)) {
        let mut sandbox = sandbox();
        let mut replica = sandbox.clone();
        for wishes in blocks {
            let mut nonces = BTreeMap::new();
            let transactions: Vec<_> = wishes.iter().map(|w| sign(&sandbox, w, &mut nonces)).collect();
            let before = sandbox.clone();
            let block = sandbox.block(transactions);
            prop_assert_eq!(block.receipts.len(), block.body.transactions.len());

            let mut included = BTreeMap::<_, u64>::new();
            for (transaction, receipt) in block.body.transactions.iter().zip(&block.receipts) {
                *included.entry(transaction.transaction.sender_address()).or_default() += 1;
                prop_assert_eq!(receipt.id, transaction.id());
                prop_assert!(receipt.donated <= receipt.base_fee);
            }
            for n in 1..7 {
                let rise = included.get(&address(n)).copied().unwrap_or(0);
                prop_assert_eq!(sandbox.account(&address(n)).nonce, before.account(&address(n)).nonce + rise);
            }

            let again = replica.block(block.body.transactions.to_vec());
            prop_assert_eq!(&again.changes, &block.changes);
            prop_assert_eq!(again.left_out.len(), 0);
        }
        prop_assert_eq!(sandbox.check(), Ok(()));
    }

    /// A transaction that fails changes its sender's fee and nonce, and nothing else.
    #[test]
    fn a_failure_changes_nothing_else(wish in wish()) {
        let mut sandbox = sandbox();
        let before = sandbox.clone();
        let signed = sign(&sandbox, &wish, &mut BTreeMap::new());
        let Ok(receipt) = sandbox.submit(signed.clone()) else {
            prop_assert_eq!(sandbox.chain(), before.chain());
            return Ok(());
        };
        let Action::Transfer { payments, .. } = &signed.transaction.action else { unreachable!("a transfer") };
        let wanted = Amount::checked_sum(payments.iter().map(|p| p.amount));
        let sender = before.account(&address(wish.from));
        let rest = sender.balance.checked_sub(receipt.fee()).unwrap();
        let failed = matches!(receipt.outcome, Outcome::Failed { .. });
        prop_assert_eq!(failed, wanted.is_none_or(|wanted| wanted > rest));
        for n in (1..7).filter(|_| failed) {
            let expected = match n == wish.from {
                true => Account { balance: rest, nonce: sender.nonce + 1 },
                false => before.account(&address(n)),
            };
            prop_assert_eq!(sandbox.account(&address(n)), expected);
        }
    }

    /// A voter that fetches key by key, in any state, comes to the leader's changes.
    #[test]
    fn a_voter_agrees_with_the_leader(wishes in prop::collection::vec(wish(), 0..8), warp in 1u64..45) {
        let mut sandbox = sandbox();
        sandbox.warp(warp);
        let mut nonces = BTreeMap::new();
        let transactions: Vec<_> = wishes.iter().map(|w| sign(&sandbox, w, &mut nonces)).collect();
        let (before, context) = (sandbox.clone(), sandbox.next());
        let block = sandbox.block(transactions);
        prop_assert_eq!(verify(&before, context, block.body), block.changes);
    }
}
