//! One block, top down: begin, each transaction, end.

use crate::{
    InvalidTransaction,
    association::{self, Amended, amended_key},
    contract::{Prefetch, facts, named},
    donation,
    fee::next_base_fee,
    gas::gas_bound,
    genesis::{apply_genesis, genesis_chain_state},
    manifest::{Manifest, RULES},
    mining::{self, Turn},
    plan::Plan,
    state::{ChainState, Paused, State, chain_key, decode_record},
    supply::{Cell, Supply},
    transaction::{NotApplied, Waiting, accounts, apply_transaction},
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
    /// Whether all is known that the block and its transactions name; what contracts read comes then.
    planned: bool,
    /// Calls of contracts that run ahead, to find out what they read.
    ahead: Option<Prefetch>,
    /// The block, once its execution has begun.
    begun: Option<Begun>,
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
        let changes = Changes::new();
        Self {
            manifest,
            context,
            purpose,
            transactions,
            changes,
            fetched: false,
            planned: false,
            ahead: None,
            begun: None,
        }
    }

    /// Executes the block, as far as what it reads is known.
    pub fn run(&mut self, known: &mut Known) -> Progress<Result<ExecutedBlock, BlockError>> {
        if self.begun.is_none() {
            match self.missing(known) {
                Ok(missing) if missing.is_empty() => {}
                Ok(missing) => return Progress::Need(missing),
                Err(error) => return Progress::Done(Err(error.into())),
            }
        }
        match self.apply(known) {
            Ok(progress) => progress.map(Ok),
            Err(error) => Progress::Done(Err(error)),
        }
    }

    /// What the block reads and is not known, as far as what is known tells.
    fn missing(&mut self, known: &Known) -> Result<Vec<Key>, StoreError> {
        if self.planned {
            return Ok(self.missing_ahead(known));
        }
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
            if let Some(contract) = named(*sender, &signed.transaction) {
                plan.contract(&contract)?;
            }
        }
        match plan.missing() {
            missing if missing.is_empty() => {
                self.planned = true;
                Ok(self.missing_ahead(known))
            }
            missing => Ok(missing),
        }
    }

    /// What the calls of contracts will read.
    fn missing_ahead(&mut self, known: &Known) -> Vec<Key> {
        let ahead = self.ahead.get_or_insert_with(|| {
            let calls = self.transactions.iter().map(|listed| (listed.sender, &listed.signed.transaction));
            Prefetch::new(calls, facts(&self.manifest, &self.context))
        });
        ahead.missing(known, &mut self.changes)
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
        keys.retain(|key| known.get(key).is_none() && self.changes.get(key).is_none());
        keys
    }

    /// The state has no chain yet: the first block begins with it.
    fn begin(&mut self, known: &Known) {
        let supply = genesis_chain_state(&self.manifest).supply;
        let mut state = State::new(known, &mut self.changes, supply);
        apply_genesis(&mut state, &self.manifest);
    }

    /// Begins the block, or goes on with it.
    ///
    /// spec: blocks 1
    fn apply(&mut self, known: &Known) -> Result<Progress<ExecutedBlock>, BlockError> {
        let begun = self.begun.take();
        let (transactions, changes) =
            (std::mem::take(&mut self.transactions), std::mem::take(&mut self.changes));
        let Self { manifest, context, purpose, .. } = &*self;
        let mut begun = match begun {
            Some(begun) => begun,
            None => Begun::new(manifest, context, purpose, transactions, changes, known)?,
        };
        let missing = begun.include_all(manifest, context, purpose, known)?;
        if !missing.is_empty() {
            self.begun = Some(begun);
            return Ok(Progress::Need(missing));
        }
        begun.end(manifest, context, known).map(Progress::Done)
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

/// A block whose execution has begun.
struct Begun {
    turn: Turn,
    luck: Option<Digest>,
    done: Progressing,
    /// The transactions that come, in reverse.
    rest: Vec<Listed>,
    /// The one for which contracts run.
    waiting: Option<Waiting>,
    changes: Changes,
    paused: Paused,
}

impl Begun {
    fn new(
        manifest: &Manifest,
        context: &BlockContext,
        purpose: &Purpose,
        transactions: Vec<Listed>,
        mut changes: Changes,
        known: &Known,
    ) -> Result<Self, BlockError> {
        let chain = State::new(known, &mut changes, Supply::default()).must::<ChainState>(chain_key())?;
        let mut state = State::new(known, &mut changes, chain.supply);
        let (turn, luck) = begin_block(&mut state, &chain, manifest, context, purpose)?;
        let paused = state.pause();
        let done = Progressing {
            chain,
            included: Vec::with_capacity(transactions.len()),
            receipts: Vec::with_capacity(transactions.len()),
            left_out: Vec::new(),
            gas_used: 0,
            size: BODY_OVERHEAD,
        };
        let rest = transactions.into_iter().rev().collect();
        Ok(Self { turn, luck, done, rest, waiting: None, changes, paused })
    }

    /// Includes one transaction after the other, until a contract reads what is not known: gives that.
    fn include_all(
        &mut self,
        manifest: &Manifest,
        context: &BlockContext,
        purpose: &Purpose,
        known: &Known,
    ) -> Result<Vec<Key>, BlockError> {
        let mut state = State::resume(known, &mut self.changes, std::mem::take(&mut self.paused));
        let mut missing = Vec::new();
        while missing.is_empty() {
            if let Some(waiting) = self.waiting.take() {
                missing = go_on(&mut state, &mut self.done, &mut self.waiting, manifest, waiting)?;
                continue;
            }
            let Some(listed) = self.rest.pop() else { break };
            self.waiting = include(&mut state, &mut self.done, manifest, context, purpose, listed)?;
        }
        self.paused = state.pause();
        Ok(missing)
    }

    fn end(
        self,
        manifest: &Manifest,
        context: &BlockContext,
        known: &Known,
    ) -> Result<ExecutedBlock, BlockError> {
        let Self { turn, luck, done, mut changes, paused, .. } = self;
        let mut state = State::resume(known, &mut changes, paused);
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

/// Includes a transaction; gives it back where contracts run for it, to be gone on with.
///
/// spec: blocks 2 and 3
fn include(
    state: &mut State<'_>,
    done: &mut Progressing,
    manifest: &Manifest,
    context: &BlockContext,
    purpose: &Purpose,
    Listed { id, sender, signed }: Listed,
) -> Result<Option<Waiting>, BlockError> {
    let parameters = &manifest.parameters;
    // A limit beyond the block's gas is refused as such.
    let gas = gas_bound(&signed).min(parameters.gas_per_block_max);
    let fits = done.gas_used.saturating_add(gas) <= parameters.gas_per_block_max
        && done.size + signed.encode_size() <= parameters.body_size_max
        && done.included.len() < TRANSACTIONS_PER_BLOCK_MAX;
    let choosy = matches!(purpose, Purpose::Propose { .. });
    match (fits, choosy) {
        (true, _) => {}
        (false, true) => return Ok(None),
        (false, false) => return Err(BlockError::Full { index: done.included.len() }),
    }
    let chain = &done.chain;
    let refused = match signed.transaction.action.runs_contracts() {
        true => {
            let facts = facts(manifest, context);
            match Waiting::begin(state, signed, sender, id, chain, manifest, facts) {
                Ok(waiting) => return Ok(Some(waiting)),
                Err(refused) => refused,
            }
        }
        false => match apply_transaction(state, &signed, sender, id, chain, manifest) {
            Ok(receipt) => {
                done.add(signed, receipt);
                return Ok(None);
            }
            Err(refused) => refused,
        },
    };
    match refused {
        NotApplied::Store(error) => Err(error.into()),
        NotApplied::Invalid(reason) if choosy => {
            done.left_out.push((id, reason));
            Ok(None)
        }
        NotApplied::Invalid(reason) => {
            Err(BlockError::Transaction { index: done.included.len(), id, reason })
        }
    }
}

/// Goes on with a transaction for which contracts run. What is missing, unless it has ended.
fn go_on(
    state: &mut State<'_>,
    done: &mut Progressing,
    place: &mut Option<Waiting>,
    manifest: &Manifest,
    mut waiting: Waiting,
) -> Result<Vec<Key>, StoreError> {
    match waiting.run(state, &done.chain, manifest)? {
        Progress::Need(missing) => {
            *place = Some(waiting);
            Ok(missing)
        }
        Progress::Done(receipt) => {
            done.add(waiting.into_signed(), receipt);
            Ok(Vec::new())
        }
    }
}

impl Progressing {
    fn add(&mut self, signed: SignedTransaction, receipt: Receipt) {
        self.gas_used = self.gas_used.saturating_add(receipt.gas_used);
        self.size += signed.encode_size();
        self.receipts.push(receipt);
        self.included.push(signed);
    }
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
    for (key, value) in changes.unsorted().filter(|(key, _)| key[0] == Account::TAG) {
        let balance = |value: Option<&goodwill_types::Value>| -> Result<u128, StoreError> {
            let account = value.map(|v| decode_record::<Account>(key, v)).transpose()?.unwrap_or_default();
            Ok(u128::from(account.balance.units))
        };
        before += balance(known.get(key).flatten())?;
        after += balance(value)?;
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
