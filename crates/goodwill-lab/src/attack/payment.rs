//! Payments: sent twice, spent twice, sent in masses.

use super::{
    Found, Trial,
    certificate::{certify, committee, finality, header},
    chain::{Setting, account, act, application, authority, ensure, issue, refusal},
    fault::two_votes,
};
use goodwill_node::{
    ledger::{InvalidTransaction, Sandbox},
    mempool::{Candidate, Limits, Mempool, NotPooled},
};
use goodwill_proof::verify_finality;
use goodwill_types::{
    Account, Action, Address, Amount, Domain, NewSeat, Outcome, SecretKey, Signature, SignedTransaction,
    Transaction, codec::List, transaction::consent,
};

/// Whatever is signed for one chain, sent to another with the same people.
pub(crate) fn replay(trial: &Trial) -> Result<Found, String> {
    let authority = authority();
    let people: Vec<_> = (0..2).map(|n| trial.key("person", n)).collect();
    let chain = |ban_epochs| {
        let parameters = [("ban_epochs", ban_epochs)];
        let founders = vec![trial.key("founder", 0)];
        let setting =
            Setting { founders, people: &people, parameters: &parameters, authority: Some(&authority) };
        setting.begin(trial)
    };
    let (mut here, mut there) = (chain(4), chain(5));
    let (id, person) = (here.manifest().chain_id(), &people[0]);
    let pay = Action::transfer(account(&people[1]), Amount::from_coins(1));
    let signed = here.transaction(&person.public_key(), pay).sign(person, &id);
    here.submit(signed.clone()).map_err(|invalid| invalid.to_string())?;
    let founder = trial.key("founder", 0);
    let evidence = Action::ReportEquivocation { evidence: two_votes(&here, &founder, 0).into() };
    let proof = application(&here, person, &issue(&authority, "trees.org"), "trees.org");
    let seat = consented(&here, person, &trial.key("seat", 0))?;

    let mut accepted = 0;
    accepted += u32::from(here.submit(signed.clone()).is_ok());
    accepted += u32::from(there.submit(signed).is_ok());
    accepted += u32::from(act(&mut there, person, evidence).is_ok());
    accepted += u32::from(act(&mut there, person, seat).is_ok());
    let proof = act(&mut there, person, proof)?;
    accepted += u32::from(refusal(proof, "a proof for another chain").is_err());
    accepted += u32::from(certificate_travels(trial, &here, &there)?);
    let words = format!(
        "{accepted} of 6 messages were accepted: a transaction again, and on another chain a transaction, evidence, a seat's \
         consent, a proof of identity, a certificate"
    );
    Ok(Found::new(f64::from(accepted), words))
}

/// A seat that consents to serve on `sandbox`'s chain.
fn consented(sandbox: &Sandbox, miner: &SecretKey, seat: &SecretKey) -> Result<Action, String> {
    let (id, message) = (sandbox.manifest().chain_id(), consent(1, &account(miner)));
    let consent = |key: &SecretKey| key.sign(Domain::Seat, &id, &message);
    let luck_tip = sandbox.chain().luck;
    let new = NewSeat { key: seat.public_key(), luck_tip, consent: consent(seat) };
    let seats = List::new(vec![new]).ok_or("one seat is too many")?;
    Ok(Action::ServeSeats {
        epoch: 1,
        node: miner.public_key(),
        consent: consent(miner),
        power_mw: 5_000,
        seats,
    })
}

/// Whether a certificate that holds here holds there.
fn certificate_travels(trial: &Trial, here: &Sandbox, there: &Sandbox) -> Result<bool, String> {
    let keys: Vec<_> = (0..4).map(|n| trial.key("seat", n)).collect();
    let committee = committee(&keys);
    let header = header(&committee, 1, 0, b"block");
    let id = here.manifest().chain_id();
    let proof = finality(&header, certify(&header, &committee, &keys.iter().collect::<Vec<_>>(), &id));
    ensure(verify_finality(&id, &committee, &proof).is_ok(), "a true certificate is refused")?;
    Ok(verify_finality(&there.manifest().chain_id(), &committee, &proof).is_ok())
}

/// Two payments of nearly all coins: with one nonce, and with two.
pub(crate) fn double_spend(trial: &Trial) -> Result<Found, String> {
    let people: Vec<_> = (0..3).map(|n| trial.key("person", n)).collect();
    let founders = vec![trial.key("founder", 0)];
    let mut sandbox = Setting { founders, people: &people, parameters: &[], authority: None }.begin(trial);
    let [spender, first, second] = [0, 1, 2].map(|n| &people[n]);
    let coins = Amount::from_coins(900_000);
    let pay = |sandbox: &Sandbox, to: &SecretKey, nonce: u64| {
        let transaction = sandbox.transaction(&spender.public_key(), Action::transfer(account(to), coins));
        let transaction = Transaction { nonce, ..transaction };
        transaction.sign(spender, &sandbox.manifest().chain_id())
    };
    let both = [pay(&sandbox, first, 0), pay(&sandbox, second, 0)];
    pooled(&sandbox, &both)?;
    let before = [first, second].map(|key| sandbox.account(&account(key)).balance.units);
    let block = sandbox.block(both.to_vec());
    ensure(block.left_out.len() == 1, "a block held both")?;
    let again = sandbox.submit(both[1].clone());
    ensure(matches!(again, Err(InvalidTransaction::NonceUsed { .. })), "the second came later")?;
    // With the next nonce it is included, fails, and pays its fee.
    let next = pay(&sandbox, second, 1);
    let receipt = sandbox.submit(next).map_err(|invalid| invalid.to_string())?;
    ensure(matches!(receipt.outcome, Outcome::Failed { .. }), "coins were spent twice")?;
    let after = [first, second].map(|key| sandbox.account(&account(key)).balance.units);
    let paid = before.iter().zip(after).filter(|(before, after)| **before != *after).count();
    let words = format!(
        "{paid} of the two was made: a block leaves out the second, later its nonce is used, with another nonce it fails \
         and pays its fee"
    );
    Ok(Found::new(paid as f64, words))
}

/// A mempool keeps one of two with the same nonce.
fn pooled(sandbox: &Sandbox, both: &[SignedTransaction; 2]) -> Result<(), String> {
    let mut mempool = Mempool::new(Limits::default());
    let [first, second] = both.clone().map(|signed| Candidate::new(signed, true));
    let (account, chain) = (sandbox.account(&first.sender), sandbox.chain());
    mempool.add(first, &account, &chain).map_err(|refused| refused.to_string())?;
    let second = mempool.add(second, &account, &chain);
    ensure(matches!(second, Err(NotPooled::Underpriced { .. })), "a mempool held both")
}

/// What waits in the mempool that is flooded: a fiftieth of what a node's has.
const FLOODED: Limits = Limits { transactions: 2_000, bytes: (64 << 20) / 50, per_sender: 256 };
/// Accounts of the flood, and transactions of each.
const ACCOUNTS: u64 = 80;
const EACH: u64 = 250;
/// Honest payers.
const PAYERS: u64 = 100;

/// A flood that offers the least tip, half of it with nonces that cannot be included yet; then people
/// pay, for one unit more per gas.
pub(crate) fn flood(trial: &Trial) -> Result<Found, String> {
    let person = trial.key("person", 0);
    let people = std::slice::from_ref(&person);
    let founders = vec![trial.key("founder", 0)];
    let sandbox = Setting { founders, people, parameters: &[], authority: None }.begin(trial);
    let (chain, account) = (sandbox.chain(), Account { balance: Amount::from_coins(1_000_000), nonce: 0 });
    let mut mempool = Mempool::new(FLOODED);
    // Signatures are verified before the mempool is asked, so one will do here.
    let signature = person.sign(Domain::Transaction, &sandbox.manifest().chain_id(), b"flood");
    let payment = |sender: &SecretKey, nonce: u64, tip: u64| paying(&sandbox, sender, &signature, nonce, tip);
    let (mut most, mut bytes, mut entered) = (0, 0, 0_u64);
    for sender in (0..ACCOUNTS).map(|n| trial.key("flood", n)) {
        // Every other account leaves out its first nonce.
        let first = entered % 2;
        for nonce in first..first + EACH {
            let added = mempool.add(payment(&sender, nonce, 1), &account, &chain);
            entered += u64::from(added.is_ok());
            (most, bytes) = (most.max(mempool.len()), bytes.max(mempool.bytes()));
        }
    }
    ensure(most <= FLOODED.transactions && bytes <= FLOODED.bytes, "the mempool grew beyond its limits")?;
    let payers: Vec<_> = (0..PAYERS).map(|n| trial.key("payer", n)).collect();
    let admitted = payers.iter().filter(|payer| mempool.add(payment(payer, 0, 2), &account, &chain).is_ok());
    let admitted = admitted.count();
    let honest: Vec<Address> = payers.iter().map(super::chain::account).collect();
    let gas = sandbox.manifest().parameters.gas_per_block_max;
    let selected = mempool.select(chain.base_fee_per_gas, gas, 1 << 20);
    let next = selected.iter().take(admitted);
    let first = next.filter(|(_, signed)| honest.contains(&signed.transaction.sender_address())).count();
    ensure(first == admitted.min(selected.len()), "the flood comes first in a block")?;
    let words = format!(
        "of {} transactions at most {most} ({} KiB) waited; {admitted} of {PAYERS} people who offered one unit per \
         gas more got in, and stand first in the next block",
        ACCOUNTS * EACH,
        bytes.div_ceil(1024)
    );
    Ok(Found::new(admitted as f64 / PAYERS as f64 * 100.0, words))
}

/// A payment with somebody's signature.
fn paying(sandbox: &Sandbox, sender: &SecretKey, signature: &Signature, nonce: u64, tip: u64) -> Candidate {
    let base = sandbox.chain().base_fee_per_gas;
    let transaction = Transaction {
        sender: sender.public_key(),
        nonce,
        last_height: 1_000,
        gas_limit: 200_000,
        fee_per_gas_max: base + tip,
        tip_per_gas: tip,
        action: Action::transfer(account(sender), Amount::from_units(1)),
    };
    Candidate::new(SignedTransaction { transaction, signature: signature.clone() }, false)
}
