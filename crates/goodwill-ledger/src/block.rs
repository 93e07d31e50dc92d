//! One block, top down: begin, each transaction, end.

use crate::{
    InvalidTransaction,
    fee::next_base_fee,
    gas::gas_of,
    genesis::apply_genesis,
    manifest::Manifest,
    mining::{committee_key, epoch_of, founders_committee, leader_account},
    state::{ChainState, State, chain_key, decode_record},
    supply::Cell,
    transaction::{NotApplied, apply_transaction, declared_keys, move_balance},
};
use goodwill_types::{
    Account, Address, Amount, BlockContext, Body, Changes, Committee, Key, Known, Progress, Receipt,
    SignedTransaction, TransactionId,
    block::TRANSACTIONS_PER_BLOCK_MAX,
    codec::{EncodeSize, List},
};
use std::{collections::BTreeSet, sync::Arc};

/// Bytes that a body needs besides its transactions: the list's length.
const BODY_OVERHEAD: usize = 5;

/// What a block is executed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To fill a new block: transactions that do not fit or do not hold are left out.
    Propose,
    /// To check a block: one transaction that does not hold makes it invalid.
    Verify,
}

/// What a block did.
#[derive(Clone, Debug)]
pub struct ExecutedBlock {
    /// The transactions that it includes.
    pub body: Body,
    /// What becomes of the state.
    pub changes: Changes,
    /// One for each transaction, in order.
    pub receipts: Vec<Receipt>,
    /// What was left out of a proposal because it can't be included now, and why.
    pub left_out: Vec<(TransactionId, InvalidTransaction)>,
    /// The chain's record after the block.
    pub chain: ChainState,
}

/// Why a block was not executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// It breaks a rule.
    #[error("transaction {index} ({id}) may not be in the block: {reason}")]
    Transaction {
        /// Its place in the block.
        index: usize,
        /// Which one.
        id: TransactionId,
        /// The rule that it breaks.
        reason: InvalidTransaction,
    },
    /// More gas, bytes or transactions than a block may have.
    #[error("transaction {index} of the block exceeds its gas, size or number of transactions")]
    Full {
        /// The first transaction that does not fit.
        index: usize,
    },
    /// It does not follow the state.
    #[error("the block has height {got}, and {expected} comes next")]
    Height {
        /// The block's height.
        got: u64,
        /// The height that comes next.
        expected: u64,
    },
    /// The state is damaged, or an invariant of the rules is broken: the node must stop.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A record of the state that the rules cannot have written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state's record {key:?} is damaged: {reason}")]
pub struct StoreError {
    /// The record's key.
    pub key: Key,
    /// What is wrong with it.
    pub reason: String,
}

/// Executes one block.
pub struct Executor {
    manifest: Arc<Manifest>,
    context: BlockContext,
    purpose: Purpose,
    transactions: Vec<Listed>,
}

/// A transaction on its way into a block, with its sender's address, which is a hash.
struct Listed {
    id: TransactionId,
    sender: Address,
    signed: SignedTransaction,
}

impl Executor {
    /// Will execute `transactions`, whose signatures hold, in their order.
    pub fn new(
        manifest: Arc<Manifest>,
        context: BlockContext,
        purpose: Purpose,
        transactions: Vec<(TransactionId, SignedTransaction)>,
    ) -> Self {
        let listed = |(id, signed): (TransactionId, SignedTransaction)| Listed {
            id,
            sender: signed.transaction.sender_address(),
            signed,
        };
        let transactions = transactions.into_iter().map(listed).collect();
        Self { manifest, context, purpose, transactions }
    }

    /// Executes the block once everything that its transactions declare is known.
    pub fn run(&mut self, known: &mut Known) -> Progress<Result<ExecutedBlock, BlockError>> {
        let missing: Vec<Key> =
            self.declared_keys().into_iter().filter(|key| known.get(key).is_none()).collect();
        if !missing.is_empty() {
            return Progress::Need(missing);
        }
        Progress::Done(apply_block(
            &self.manifest,
            &self.context,
            self.purpose,
            std::mem::take(&mut self.transactions),
            known,
        ))
    }

    fn declared_keys(&self) -> BTreeSet<Key> {
        let epoch = epoch_of(self.context.height, self.manifest.parameters.blocks_per_epoch);
        let leaders = self.manifest.founders.iter().map(|f| Account::key(&f.account));
        let transactions = self.transactions.iter();
        let transactions = transactions.flat_map(|t| declared_keys(t.sender, &t.signed.transaction));
        [chain_key(), committee_key(epoch)].into_iter().chain(leaders).chain(transactions).collect()
    }
}

/// What has been done so far.
struct Progressing {
    chain: ChainState,
    included: Vec<SignedTransaction>,
    receipts: Vec<Receipt>,
    left_out: Vec<(TransactionId, InvalidTransaction)>,
    gas_used: u64,
    size: usize,
}

/// spec: blocks 1
fn apply_block(
    manifest: &Manifest,
    context: &BlockContext,
    purpose: Purpose,
    transactions: Vec<Listed>,
    known: &Known,
) -> Result<ExecutedBlock, BlockError> {
    let mut changes = Changes::new();
    let mut state = State::new(known, &mut changes);
    let (chain, committee) = begin_block(&mut state, manifest, context)?;
    let mut done = Progressing {
        chain,
        included: Vec::with_capacity(transactions.len()),
        receipts: Vec::with_capacity(transactions.len()),
        left_out: Vec::new(),
        gas_used: 0,
        size: BODY_OVERHEAD,
    };
    for transaction in transactions {
        include(&mut state, &mut done, manifest, purpose, transaction)?;
    }
    let chain = end_block(&mut state, &done, manifest, context, &committee)?;
    check_supply(&chain, &changes, known)?;
    Ok(ExecutedBlock {
        body: Body { transactions: List::new(done.included).expect("counted") },
        changes,
        receipts: done.receipts,
        left_out: done.left_out,
        chain,
    })
}

fn begin_block(
    state: &mut State<'_>,
    manifest: &Manifest,
    context: &BlockContext,
) -> Result<(ChainState, Committee), BlockError> {
    let chain = match state.read::<ChainState>(chain_key())? {
        Some(chain) => chain,
        None => apply_genesis(state, manifest),
    };
    let (got, expected) = (context.height, chain.height + 1);
    if got != expected {
        return Err(BlockError::Height { got, expected });
    }
    let key = committee_key(epoch_of(context.height, manifest.parameters.blocks_per_epoch));
    let committee =
        state.read(key)?.ok_or_else(|| StoreError { key, reason: "the epoch has no committee".into() })?;
    Ok((chain, committee))
}

/// spec: blocks 2 and 3
fn include(
    state: &mut State<'_>,
    done: &mut Progressing,
    manifest: &Manifest,
    purpose: Purpose,
    Listed { id, sender, signed }: Listed,
) -> Result<(), BlockError> {
    let parameters = &manifest.parameters;
    let (gas, size) = (gas_of(&signed), signed.encode_size());
    let used = done.gas_used.saturating_add(gas);
    let fits = used <= parameters.gas_per_block_max
        && done.size + size <= parameters.body_size_max
        && done.included.len() < TRANSACTIONS_PER_BLOCK_MAX;
    match (fits, purpose) {
        (true, _) => {}
        (false, Purpose::Propose) => return Ok(()),
        (false, Purpose::Verify) => return Err(BlockError::Full { index: done.included.len() }),
    }
    match apply_transaction(state, &signed, sender, id, &done.chain, parameters) {
        Ok(receipt) => {
            done.gas_used = used;
            done.size += size;
            done.receipts.push(receipt);
            done.included.push(signed);
        }
        Err(NotApplied::Store(error)) => return Err(error.into()),
        Err(NotApplied::Invalid(reason)) if purpose == Purpose::Propose => done.left_out.push((id, reason)),
        Err(NotApplied::Invalid(reason)) => {
            return Err(BlockError::Transaction { index: done.included.len(), id, reason });
        }
    }
    Ok(())
}

/// Pays the leader, keeps the books, and prepares the next block.
///
/// spec: blocks 4
fn end_block(
    state: &mut State<'_>,
    done: &Progressing,
    manifest: &Manifest,
    context: &BlockContext,
    committee: &Committee,
) -> Result<ChainState, StoreError> {
    let total = |part: fn(&Receipt) -> Amount| -> Amount { done.receipts.iter().map(part).sum() };
    let (tips, base_fees, donated) = (total(|r| r.tip), total(|r| r.base_fee), total(|r| r.donated));
    if tips > Amount::ZERO {
        move_balance(state, leader_account(manifest, committee, context), |balance| {
            balance.checked_add(tips)
        })?;
    }

    let mut chain = done.chain;
    let accounts =
        chain.supply.cell(Cell::Accounts).checked_sub(base_fees).expect("fees come out of balances");
    chain.supply.set(Cell::Accounts, accounts);
    chain.supply.add(Cell::Pool, donated);
    chain
        .supply
        .add(Cell::BaseFees, base_fees.checked_sub(donated).expect("donated is a part of the base fee"));
    chain.height = context.height;
    chain.timestamp_ms = context.timestamp_ms;
    chain.gas_used = done.gas_used;
    chain.base_fee_per_gas = next_base_fee(chain.base_fee_per_gas, done.gas_used, &manifest.parameters);
    state.write(chain_key(), &chain);

    let blocks_per_epoch = manifest.parameters.blocks_per_epoch;
    let next = epoch_of(context.height + 1, blocks_per_epoch);
    if next != epoch_of(context.height, blocks_per_epoch) {
        state.write(committee_key(next), &founders_committee(manifest, next, &manifest.chain_id()));
    }
    state.keep();
    Ok(chain)
}

/// The supply equation, and that the cell of accounts moved exactly as the accounts did.
///
/// spec: supply 1 and 2
fn check_supply(chain: &ChainState, changes: &Changes, known: &Known) -> Result<(), StoreError> {
    let broken = |reason: &str| StoreError { key: chain_key(), reason: reason.into() };
    let (mut before, mut after) = (0u128, 0u128);
    for (key, value) in changes.iter().filter(|(key, _)| key[0] == Account::TAG) {
        let balance = |value: Option<&goodwill_types::Value>| -> Result<u128, StoreError> {
            let account = value.map(|v| decode_record::<Account>(key, v)).transpose()?.unwrap_or_default();
            Ok(u128::from(account.balance.units))
        };
        before += balance(known.get(key).flatten())?;
        after += balance(value.as_ref())?;
    }
    let held = match known.get(&chain_key()).flatten() {
        Some(value) => decode_record::<ChainState>(&chain_key(), value)?.supply.cell(Cell::Accounts),
        None => Amount::ZERO,
    };
    let moved =
        u128::from(held.units) + after == u128::from(chain.supply.cell(Cell::Accounts).units) + before;
    match (moved, chain.supply.balances()) {
        (true, true) => Ok(()),
        (false, _) => Err(broken("the accounts changed by another sum than the books say")),
        (_, false) => Err(broken("what was issued is not the sum of the cells")),
    }
}
