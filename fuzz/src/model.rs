//! The rules of `docs/spec.md` once more, as plainly as possible: balances and nonces in a map.

use super::ledger::founders_luck;
use goodwill_ledger::{Manifest, Parameters};
use goodwill_types::{
    Action, Address, Amount, Digest, Domain, Event, Failure, Outcome, PublicKey, Receipt, SignedTransaction,
    TransactionId,
    codec::{Encode, List},
    hash,
    luck::FOUNDER_LUCK_LENGTH,
};
use std::collections::{BTreeMap, BTreeSet};

/// A chain, as plain numbers.
pub struct Model {
    parameters: Parameters,
    /// What the founders revealed so far, folded.
    pub luck: Digest,
    /// The luck at the beginning of the epoch: that of its turns.
    turns: Digest,
    /// What each founder has not revealed yet.
    left: BTreeMap<PublicKey, u32>,
    founders: Vec<(PublicKey, Address)>,
    /// Balance and nonce of each account that was ever written.
    pub accounts: BTreeMap<Address, (u128, u64)>,
    /// The last height.
    pub height: u64,
    /// What a unit of gas costs in the next block.
    pub base_fee: u64,
    /// Gas used by the last block.
    pub gas_used: u64,
    /// What the chain began with.
    pub genesis: u128,
    /// The part of base fees that was kept.
    pub base_fees: u128,
    /// The part of base fees that was kept in epochs that are over.
    pub pots: u128,
    /// The part of base fees that was donated.
    pub pool: u128,
    /// Donations that no association may get yet.
    pub reserve: u128,
}

/// What a block should do.
#[derive(Default)]
pub struct Expected {
    /// One for each transaction that is included.
    pub receipts: Vec<Receipt>,
    /// What may not be included, with all rules that it breaks.
    pub left_out: Vec<(TransactionId, BTreeSet<&'static str>)>,
    /// Why a voter refuses the block when it holds all that was offered: the place of the first
    /// transaction that is not included, and the rules that it breaks; none: the block was full.
    pub refused: Option<(usize, BTreeSet<&'static str>)>,
}

impl Model {
    /// The chain before its first block.
    pub fn new(manifest: &Manifest) -> Self {
        let grants = &manifest.distribution.grants;
        let accounts: BTreeMap<_, _> =
            grants.iter().map(|grant| (grant.account, (u128::from(grant.amount.units), 0))).collect();
        Self {
            parameters: manifest.parameters.clone(),
            luck: manifest.chain_id(),
            turns: manifest.chain_id(),
            left: manifest.founders.iter().map(|f| (f.node_key, FOUNDER_LUCK_LENGTH)).collect(),
            founders: manifest.founders.iter().map(|f| (f.node_key, f.account)).collect(),
            genesis: accounts.values().map(|(balance, _)| balance).sum(),
            accounts,
            height: 0,
            base_fee: manifest.parameters.base_fee_min,
            gas_used: 0,
            base_fees: 0,
            pots: 0,
            pool: 0,
            reserve: 0,
        }
    }

    /// What an account holds, and its nonce.
    pub fn account(&self, address: &Address) -> (u128, u64) {
        self.accounts.get(address).copied().unwrap_or_default()
    }

    /// spec: blocks 1 to 4
    pub fn block(&mut self, view: u64, offered: &[(TransactionId, SignedTransaction)]) -> Expected {
        let mut expected = Expected::default();
        let (mut gas_used, mut size, mut tips) = (0, 38, 0);
        for (id, signed) in offered {
            let (gas, bytes) = (gas(signed), signed.encode().len());
            let index = expected.receipts.len();
            // More than a whole block has is refused as such.
            let gas_max = self.parameters.gas_per_block_max;
            let full = gas_used + gas.min(gas_max) > gas_max || size + bytes > self.parameters.body_size_max;
            if full {
                expected.refused.get_or_insert((index, BTreeSet::new()));
                continue;
            }
            let broken = self.broken_rules(signed);
            if !broken.is_empty() {
                expected.refused.get_or_insert((index, broken.clone()));
                expected.left_out.push((*id, broken));
                continue;
            }
            let receipt = self.transaction(*id, signed);
            (gas_used, size, tips) = (gas_used + gas, size + bytes, tips + receipt.tip.units);
            expected.receipts.push(receipt);
        }
        let (seat, account) = self.leader(view);
        if tips > 0 {
            self.give(account, tips);
        }
        self.reveal(seat);
        self.height += 1;
        if (self.height + 1).is_multiple_of(self.parameters.blocks_per_epoch) {
            self.turns = self.luck;
            self.pots += std::mem::take(&mut self.base_fees);
            // Nobody is approved: all of it waits.
            self.reserve += std::mem::take(&mut self.pool);
        }
        self.gas_used = gas_used;
        self.base_fee = self.next_base_fee(gas_used);
        expected
    }

    /// spec: transactions 2 to 8
    fn broken_rules(&self, signed: &SignedTransaction) -> BTreeSet<&'static str> {
        let (t, p) = (&signed.transaction, &self.parameters);
        let Action::Transfer { payments, .. } = &t.action else { panic!("only transfers are offered") };
        let (balance, nonce) = self.account(&t.sender_address());
        let rules = [
            ("too_large", signed.encode().len() > (p.body_size_max / 4).min(96 * 1024)),
            ("gas_limit_too_low", t.gas_limit < gas(signed)),
            ("gas_limit_too_high", t.gas_limit > p.gas_per_block_max),
            ("zero_payment", payments.iter().any(|payment| payment.amount.units == 0)),
            ("expired", t.last_height < self.height + 1),
            ("fee_too_low", t.fee_per_gas_max < self.base_fee),
            ("fee_unaffordable", balance < u128::from(t.gas_limit) * u128::from(t.fee_per_gas_max)),
            ("nonce_used", t.nonce < nonce),
            ("nonce_ahead", t.nonce > nonce),
        ];
        rules.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| rule).collect()
    }

    /// spec: transactions 9, transfers 1, fees 1 and 2
    fn transaction(&mut self, id: TransactionId, signed: &SignedTransaction) -> Receipt {
        let t = &signed.transaction;
        let Action::Transfer { payments, .. } = &t.action else { panic!("only transfers are offered") };
        let (sender, gas) = (t.sender_address(), gas(signed));
        let base_fee = u128::from(gas) * u128::from(self.base_fee);
        let tip = u128::from(gas) * u128::from(t.tip_per_gas.min(t.fee_per_gas_max - self.base_fee));
        let donated = (base_fee * u128::from(self.parameters.pollution_tax_bp)).div_ceil(10_000);
        self.pool += donated;
        self.base_fees += base_fee - donated;
        let (balance, nonce) = self.account(&sender);
        let rest = balance - base_fee - tip;
        self.accounts.insert(sender, (rest, nonce + 1));

        let wanted: u128 = payments.iter().map(|p| u128::from(p.amount.units)).sum();
        let outcome = if wanted > rest {
            let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
            let (balance, wanted) = (amount(rest), Amount::from_units(wanted));
            Outcome::Failed { failure: Failure::InsufficientBalance { balance, wanted } }
        } else {
            self.accounts.insert(sender, (rest - wanted, nonce + 1));
            payments.iter().for_each(|p| self.give(p.to, p.amount.units));
            let event =
                |p: &goodwill_types::Payment| Event::Transfer { from: sender, to: p.to, amount: p.amount };
            Outcome::Done { events: List::new(payments.iter().map(event).collect()).expect("few") }
        };
        Receipt {
            id,
            height: self.height + 1,
            gas_used: gas,
            base_fee: amount(base_fee),
            donated: amount(donated),
            tip: amount(tip),
            outcome,
        }
    }

    fn give(&mut self, to: Address, units: u64) {
        self.accounts.entry(to).or_default().0 += u128::from(units);
    }

    /// spec: fees 3
    fn next_base_fee(&self, gas_used: u64) -> u64 {
        let [base, used, target] =
            [self.base_fee, gas_used, self.parameters.gas_per_block_max / 2].map(i128::from);
        let step = base * (used - target).abs() / target / 8;
        let next = match used.cmp(&target) {
            std::cmp::Ordering::Equal => base,
            std::cmp::Ordering::Greater => base + step.max(1),
            std::cmp::Ordering::Less => base - step,
        };
        u64::try_from(next).expect("small").max(self.parameters.base_fee_min)
    }

    /// spec: luck 2 and 3
    fn reveal(&mut self, seat: PublicKey) {
        let left = self.left.get_mut(&seat).expect("a founder");
        let link = founders_luck()[&seat].reveal(*left);
        *left = left.saturating_sub(1);
        let link = link.as_ref().map_or(&[][..], |link| link.as_ref());
        self.luck = hash(Domain::Luck, &[&[1], self.luck.as_ref(), link].concat());
    }

    /// The seat whose turn the view is, in the block after the last, and its account.
    ///
    /// spec: turns 1 and 2
    fn leader(&self, view: u64) -> (PublicKey, Address) {
        let epoch = (self.height + 1) / self.parameters.blocks_per_epoch;
        let mut seats = self.founders.clone();
        seats.sort();
        let mut n = 0u64;
        for last in (1..seats.len()).rev() {
            let choices = last as u128 + 1;
            let drawn = loop {
                let seed = [self.turns.as_ref(), &epoch.to_be_bytes(), &n.to_be_bytes()].concat();
                let digest = hash(Domain::Turns, &seed);
                let draw = u128::from(u64::from_be_bytes(digest.as_ref()[..8].try_into().expect("8 bytes")));
                n += 1;
                if draw < u128::from(u64::MAX) / choices * choices {
                    break (draw % choices) as usize;
                }
            };
            seats.swap(last, drawn);
        }
        seats[(view % seats.len() as u64) as usize]
    }
}

/// `80,000 + 40,000 * payments + 50 * encoded size`
pub fn gas(signed: &SignedTransaction) -> u64 {
    let Action::Transfer { payments, .. } = &signed.transaction.action else { panic!("only transfers") };
    80_000 + 40_000 * payments.len() as u64 + 50 * signed.encode().len() as u64
}

fn amount(units: u128) -> Amount {
    Amount::from_units(u64::try_from(units).expect("less than was issued"))
}
