//! The chain that is simulated, and the transactions of those who take part.

use super::miner::{Miner, key_of};
use goodwill_node::ledger::{
    Manifest, Parameters, Sandbox,
    gas::GAS_PRICES,
    manifest::{Member, development_manifest},
    mining::RHO,
};
use goodwill_types::{
    Action, Address, Amount, Domain, LuckChain, NewSeat, Payment, Prefix, PublicKey, SecretKey,
    SignedTransaction, Transaction,
    codec::List,
    hash,
    transaction::{Memo, PAYMENTS_MAX, consent},
};
use std::fmt::Write as _;

/// Transactions of the public in an epoch, each a transfer with [`PAYMENTS_MAX`] payments.
pub(super) const TRANSFERS_PER_EPOCH: u64 = 4;
/// What the public offers the leader above the base fee, in base units for a unit of gas.
const TIP_PER_GAS: u64 = 2;
/// The power that each miner declares for its machine, in milliwatts: that of a Raspberry Pi 4 with
/// a disk.
pub(super) const POWER_MW: u32 = 5_000;
/// More bytes than a transaction has besides its payments and seats.
const BYTES: u64 = 400;

/// The price of a slot of the first epochs, in base units.
pub(super) fn first_price(parameters: &Parameters) -> u64 {
    let full = u128::from(parameters.paid_turns()) * u128::from(parameters.subsidy.units);
    u64::try_from((full * u128::from(RHO.0)).div_ceil(u128::from(RHO.1))).unwrap_or(u64::MAX)
}

/// The chain after its first block: one founder, the miners with their first coins, and the public.
pub(super) fn begin(parameters: &Parameters, miners: &[Miner], founder: &SecretKey, seed: u64) -> Sandbox {
    let public = Address::of(&public_key(seed).public_key());
    let member = Member::new("founder", founder, Address::of(&founder.public_key()));
    let mut text = development_manifest(&[member], &[public], PUBLIC_COINS, 0, &numbers(parameters), None);
    let coins = format!(
        "[parameters]\nsubsidy = \"{}\"\nsubsidy_tail = \"{}\"",
        parameters.subsidy, parameters.subsidy_tail
    );
    text = text.replacen("[parameters]", &coins, 1);
    let prefix: Prefix = "dev".parse().expect("a valid prefix");
    for miner in miners {
        let (account, coins) = (miner.address.display(&prefix), Amount::from_units(miner.first_coins));
        writeln!(text, "\n[[distribution.grants]]\naccount = \"{account}\"\ncoins = \"{coins}\"")
            .expect("writing to a string");
    }
    let manifest = Manifest::parse(&text).expect("parameters of a manifest that was accepted");
    Sandbox::new(manifest, std::slice::from_ref(founder))
}

/// What the public pays its fees with. Donations do not come back to it: in the simulation as many
/// coins as are given away leave the trade.
const PUBLIC_COINS: Amount = Amount::from_coins(100_000);

fn numbers(parameters: &Parameters) -> Vec<(&'static str, u64)> {
    let p = parameters;
    vec![
        ("block_time_ms", p.block_time_ms),
        ("blocks_per_epoch", p.blocks_per_epoch),
        ("gas_per_block_max", p.gas_per_block_max),
        ("body_size_max", p.body_size_max as u64),
        ("base_fee_min", p.base_fee_min),
        ("pollution_tax_percent", u64::from(p.pollution_tax_bp) / 100),
        ("slots_per_epoch", p.slots_per_epoch.into()),
        ("seats_min", p.seats_min.into()),
        ("halving_epochs", p.halving_epochs),
        ("maturity_epochs", p.maturity_epochs),
        ("ban_epochs", p.ban_epochs),
        ("trust_epochs", p.trust_epochs),
    ]
}

pub(super) fn public_key(seed: u64) -> SecretKey {
    key_of(seed, "public", 0)
}

/// Payments of the public to itself: they use gas like any others, and move no money but the fees.
pub(super) fn transfer(sandbox: &Sandbox, key: &SecretKey) -> SignedTransaction {
    let to = Address::of(&key.public_key());
    let payment = Payment { to, amount: Amount::from_units(1) };
    let payments = List::new(vec![payment; PAYMENTS_MAX]).expect("within bounds");
    let action = Action::Transfer { payments, memo: Memo::default() };
    let each = GAS_PRICES.payment + 30 * GAS_PRICES.byte;
    let transaction = sandbox.transaction(&key.public_key(), action);
    let transaction = Transaction {
        fee_per_gas_max: transaction.fee_per_gas_max + TIP_PER_GAS,
        tip_per_gas: TIP_PER_GAS,
        ..transaction
    };
    sign(sandbox, key, transaction, each * PAYMENTS_MAX as u64)
}

/// An order for the epoch that can be ordered in the next block.
pub(super) fn order(sandbox: &Sandbox, key: &SecretKey, count: u32) -> SignedTransaction {
    let epoch = sandbox.manifest().parameters.ordering(sandbox.chain().height + 1);
    let price_max = Amount::from_units(u64::MAX);
    let action = Action::OrderSlots { epoch, count, price_max };
    sign(sandbox, key, sandbox.transaction(&key.public_key(), action), GAS_PRICES.order)
}

/// A seat that was taken up: its key, and its luck, with which it can wake again.
pub(super) type TakenUp = (PublicKey, LuckChain);

/// Takes up `slots` slots of `epoch`, and the seats that it asks for.
pub(super) fn take_up(
    sandbox: &Sandbox,
    key: &SecretKey,
    epoch: u64,
    slots: u32,
) -> (SignedTransaction, Vec<TakenUp>) {
    let (chain_id, length) = (sandbox.manifest().chain_id(), sandbox.manifest().parameters.luck_length());
    let message = consent(epoch, &Address::of(&key.public_key()));
    let (mut asked, mut taken_up) = (Vec::new(), Vec::new());
    for slot in 0..slots {
        let secret = [&key.to_seed()[..], &epoch.to_be_bytes(), &slot.to_be_bytes()].concat();
        let seed = hash(Domain::Seat, &secret);
        let seat = SecretKey::from_seed(seed.as_ref().try_into().expect("32 bytes"));
        let luck = LuckChain::new(hash(Domain::Luck, &secret), length);
        let consent = seat.sign(Domain::Seat, &chain_id, &message);
        asked.push(NewSeat { key: seat.public_key(), luck_tip: luck.tip(), consent });
        taken_up.push((seat.public_key(), luck));
    }
    let action = Action::ServeSeats {
        epoch,
        node: key.public_key(),
        consent: key.sign(Domain::Seat, &chain_id, &message),
        power_mw: POWER_MW,
        seats: List::new(asked).expect("no more than the slots of an epoch"),
    };
    let each = GAS_PRICES.seat + 140 * GAS_PRICES.byte;
    let gas = each * (u64::from(slots) + 1);
    (sign(sandbox, key, sandbox.transaction(&key.public_key(), action), gas), taken_up)
}

/// Signs `transaction` with a limit of `gas` besides that of every transaction.
fn sign(sandbox: &Sandbox, key: &SecretKey, transaction: Transaction, gas: u64) -> SignedTransaction {
    let gas_limit = GAS_PRICES.transaction + BYTES * GAS_PRICES.byte + gas;
    Transaction { gas_limit, ..transaction }.sign(key, &sandbox.manifest().chain_id())
}
