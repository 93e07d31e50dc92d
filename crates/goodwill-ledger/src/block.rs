//! One block, top down: begin, each transaction, end.

use crate::{
    InvalidTransaction,
    association::{self, Amended, amended_key},
    donation,
    fee::next_base_fee,
    gas::gas_of,
    genesis::{apply_genesis, genesis_chain_state},
    manifest::{Manifest, RULES},
    mining::{self, Turn},
    plan::Plan,
    state::{ChainState, State, chain_key, decode_record},
    supply::{Cell, Supply},
    transaction::{NotApplied, accounts, apply_transaction},
};
use goodwill_types::{
    Account, Action, Address, Amount, BlockContext, Body, Changes, Digest, Key, Known, Progress, PublicKey,
    Receipt, SignedTransaction, TransactionId,
    block::TRANSACTIONS_PER_BLOCK_MAX,
    codec::{EncodeSize, List},
};
use std::{fmt, sync::Arc};

/// Bytes that a body needs besides its transactions: what is revealed, and the list's length.
const BODY_OVERHEAD: usize = 33 + 5;

/// What a seat reveals of its luck when it has so many links left: its chain's
/// [`reveal`](goodwill_types::LuckChain::reveal).
pub type Reveal = Arc<dyn Fn(&PublicKey, u32) -> Option<Digest> + Send + Sync>;

/// What a block is executed for.
#[derive(Clone)]
pub enum Purpose {
    /// To fill a new block: transactions that do not fit or do not hold are left out.
    Propose {
        /// The luck of the leader's seats.
        reveal: Reveal,
    },
    /// To check a block: one transaction that does not hold makes it invalid.
    Verify {
        /// What its leader reveals.
        luck: Option<Digest>,
    },
    /// To see what transactions would do in the next block: nobody's luck is revealed.
    Simulate,
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Propose { .. } => "Propose",
            Self::Verify { .. } => "Verify",
            Self::Simulate => "Simulate",
        })
    }
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
    /// The leader does not reveal what its seat committed to. In a proposal: it is not ours to reveal.
    #[error("the block does not reveal the luck to which its seat {seat} is committed")]
    Luck {
        /// The seat whose turn it is.
        seat: PublicKey,
    },
    /// Its epoch has rules that this code does not know: the node must stop.
    #[error(
        "from epoch {epoch} on the chain has release {needed} of its rules, and this program knows release {RULES}: install a newer one from the chain's source_url"
    )]
    Rules {
        /// The first epoch that has them, or the present one.
        epoch: u64,
        /// Their release.
        needed: u64,
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
    /// What the genesis writes, in the first block.
    changes: Changes,
    /// Whether the accounts of the transactions are known, and the numbers in force in `manifest`.
    fetched: bool,
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
        Self { manifest, context, purpose, transactions, changes: Changes::new(), fetched: false }
    }

    /// Executes the block once everything that it reads is known.
    pub fn run(&mut self, known: &mut Known) -> Progress<Result<ExecutedBlock, BlockError>> {
        match self.missing(known) {
            Ok(missing) if missing.is_empty() => Progress::Done(self.apply(known)),
            Ok(missing) => Progress::Need(missing),
            Err(error) => Progress::Done(Err(error.into())),
        }
    }

    /// What the block reads and is not known, as far as what is known tells.
    fn missing(&mut self, known: &Known) -> Result<Vec<Key>, StoreError> {
        match known.get(&chain_key()) {
            None => {
                return Ok([chain_key(), amended_key()].into_iter().chain(self.accounts(known)).collect());
            }
            Some(None) if self.changes.is_empty() => self.begin(known),
            Some(_) => {}
        }
        if !self.fetched {
            let mut first = self.accounts(known);
            first.extend(known.get(&amended_key()).is_none().then(amended_key));
            if !first.is_empty() {
                return Ok(first);
            }
            self.amend(known)?;
            self.fetched = true;
        }
        let state = State::new(known, &mut self.changes, Supply::default());
        let mut plan = Plan::new(&state);
        plan.block(&self.manifest, &self.context)?;
        let orders = |t: &&Listed| matches!(t.signed.transaction.action, Action::OrderSlots { .. });
        let orders = u32::try_from(self.transactions.iter().filter(orders).count()).unwrap_or(u32::MAX);
        for Listed { sender, signed, .. } in &self.transactions {
            let action = &signed.transaction.action;
            plan.action(&self.manifest, &self.context, *sender, action, orders)?;
        }
        Ok(plan.missing())
    }

    /// From now on the block is executed with the numbers that votes have changed.
    fn amend(&mut self, known: &Known) -> Result<(), StoreError> {
        let amended: Option<Amended> =
            State::new(known, &mut self.changes, Supply::default()).read(amended_key())?;
        if let Some(manifest) = association::in_force(&self.manifest, amended.as_ref()) {
            self.manifest = Arc::new(manifest);
        }
        Ok(())
    }

    /// The accounts of the transactions, where they are not known.
    fn accounts(&self, known: &Known) -> Vec<Key> {
        let accounts = self.transactions.iter().flat_map(|t| accounts(t.sender, &t.signed.transaction));
        let mut keys: Vec<_> = accounts.map(|address| Account::key(&address)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| known.get(key).is_none() && !self.changes.contains_key(key));
        keys
    }

    /// The state has no chain yet: the first block begins with it.
    fn begin(&mut self, known: &Known) {
        let supply = genesis_chain_state(&self.manifest).supply;
        let mut state = State::new(known, &mut self.changes, supply);
        apply_genesis(&mut state, &self.manifest);
    }

    fn apply(&mut self, known: &Known) -> Result<ExecutedBlock, BlockError> {
        let transactions = std::mem::take(&mut self.transactions);
        let changes = std::mem::take(&mut self.changes);
        apply_block(&self.manifest, &self.context, &self.purpose, transactions, changes, known)
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
    purpose: &Purpose,
    transactions: Vec<Listed>,
    mut changes: Changes,
    known: &Known,
) -> Result<ExecutedBlock, BlockError> {
    let chain = State::new(known, &mut changes, Supply::default()).must::<ChainState>(chain_key())?;
    let mut state = State::new(known, &mut changes, chain.supply);
    let (turn, luck) = begin_block(&mut state, &chain, manifest, context, purpose)?;
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
    let chain = end_block(&mut state, &done, manifest, context, turn, luck.as_ref())?;
    check_supply(&chain, &changes, known)?;
    Ok(ExecutedBlock {
        body: Body { luck, transactions: List::new(done.included).expect("counted") },
        changes,
        receipts: done.receipts,
        left_out: done.left_out,
        chain,
    })
}

/// Whose turn it is, and what that seat reveals; the draw, where it is time for it.
fn begin_block(
    state: &mut State<'_>,
    chain: &ChainState,
    manifest: &Manifest,
    context: &BlockContext,
    purpose: &Purpose,
) -> Result<(Turn, Option<Digest>), BlockError> {
    let (got, expected) = (context.height, chain.height + 1);
    if got != expected {
        return Err(BlockError::Height { got, expected });
    }
    let needed = manifest.parameters.rules;
    if needed > RULES {
        return Err(BlockError::Rules { epoch: context.epoch, needed });
    }
    let turn = Turn::of(state, context)?;
    let luck = reveal(&turn, purpose)?;
    let (parameters, next) = (&manifest.parameters, context.epoch + 1);
    if context.height == parameters.draw_height(next) {
        mining::apply_draw(state, &chain.luck, parameters, next)?;
        state.keep();
    }
    Ok((turn, luck))
}

/// What the block reveals; it must be what its seat is committed to.
fn reveal(turn: &Turn, purpose: &Purpose) -> Result<Option<Digest>, BlockError> {
    let luck = match purpose {
        Purpose::Simulate => return Ok(None),
        Purpose::Verify { luck } => *luck,
        Purpose::Propose { reveal } => reveal(turn.key(), turn.seat.left),
    };
    turn.check_luck(luck.as_ref()).map(|()| luck)
}

/// spec: blocks 2 and 3
fn include(
    state: &mut State<'_>,
    done: &mut Progressing,
    manifest: &Manifest,
    purpose: &Purpose,
    Listed { id, sender, signed }: Listed,
) -> Result<(), BlockError> {
    let parameters = &manifest.parameters;
    let (gas, size) = (gas_of(&signed), signed.encode_size());
    let used = done.gas_used.saturating_add(gas);
    let fits = used <= parameters.gas_per_block_max
        && done.size + size <= parameters.body_size_max
        && done.included.len() < TRANSACTIONS_PER_BLOCK_MAX;
    let choosy = matches!(purpose, Purpose::Propose { .. });
    match (fits, choosy) {
        (true, _) => {}
        (false, true) => return Ok(()),
        (false, false) => return Err(BlockError::Full { index: done.included.len() }),
    }
    match apply_transaction(state, &signed, sender, id, &done.chain, manifest) {
        Ok(receipt) => {
            done.gas_used = used;
            done.size += size;
            done.receipts.push(receipt);
            done.included.push(signed);
        }
        Err(NotApplied::Store(error)) => return Err(error.into()),
        Err(NotApplied::Invalid(reason)) if choosy => done.left_out.push((id, reason)),
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
    turn: Turn,
    luck: Option<&Digest>,
) -> Result<ChainState, StoreError> {
    let parameters = &manifest.parameters;
    let tips: Amount = done.receipts.iter().map(|receipt| receipt.tip).sum();
    if tips > Amount::ZERO {
        state.give(turn.miner(), tips)?;
    }
    let mut chain = done.chain;
    chain.epoch_gas = chain.epoch_gas.saturating_add(done.gas_used);
    mining::finish(state, &mut chain, parameters, context, turn, luck)?;
    if parameters.is_last(context.height) {
        mining::form(state, manifest, context.epoch + 1, &chain.luck)?;
        let receiving = association::end_epoch(state, manifest, context.epoch)?;
        donation::end_epoch(state, parameters, context.epoch, &receiving)?;
        mining::end_epoch(state, &mut chain, parameters, context.epoch)?;
    }
    chain.height = context.height;
    chain.timestamp_ms = context.timestamp_ms;
    chain.gas_used = done.gas_used;
    chain.base_fee_per_gas = next_base_fee(chain.base_fee_per_gas, done.gas_used, parameters);
    chain.supply = *state.supply();
    state.write(chain_key(), &chain);
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
    let pots = Amount::checked_sum(chain.pots.0);
    if pots != Some(chain.supply.cell(Cell::Pots)) {
        return Err(broken("the pots hold another sum than the books say"));
    }
    let moved =
        u128::from(held.units) + after == u128::from(chain.supply.cell(Cell::Accounts).units) + before;
    match (moved, chain.supply.balances()) {
        (true, true) => Ok(()),
        (false, _) => Err(broken("the accounts changed by another sum than the books say")),
        (_, false) => Err(broken("what was issued is not the sum of the cells")),
    }
}
