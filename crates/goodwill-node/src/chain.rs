//! The ledger as the engine's state machine.

use crate::{
    feed::Feed,
    index::Index,
    mempool::{Limits, Mempool},
    secrets::Secrets,
    signatures::Signatures,
};
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use goodwill_engine::{Executed, Execution, FinalizedBlock, Refused, StateMachine};
use goodwill_ledger::{
    BlockError, ChainState, ExecutedBlock, Executor, InvalidTransaction, Manifest, Purpose, chain_key,
    mining::{TakenSeats, taken_seats_key},
};
use goodwill_proof::Entry;
use goodwill_types::{
    BlockContext, Body, Committee, Equivocation, Header, Key, Known, Progress, PublicKey, Receipt, SecretKey,
    SignedTransaction, TransactionId, Value, api,
    codec::{Encode, List, Read, ReadExt, decode},
};
use std::{
    num::NonZeroU64,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::sync::mpsc;

/// How much more than a block's gas is offered to it: some of what waits may be in the parent
/// already, which is not final yet.
const OFFERED_BLOCKS: u64 = 2;
/// Proposals that may be on their way to finality; with more of them, blocks take longer than a view.
const PROPOSALS_MAX: u32 = 4;
/// Every so many blocks, what was submitted here and waits still is offered to others again.
const REOFFER_BLOCKS: u64 = 8;

/// Messages of other nodes that may wait to be checked.
const HEARD_MAX: usize = 64;
/// Evidence that may wait to be reported.
const EQUIVOCATIONS_MAX: usize = 64;
/// Hand-overs that may wait to be stored: a node that catches up passes many epochs at once.
const HANDOVERS_MAX: usize = 256;

/// Signed transactions on their way between nodes.
pub type Gossip = List<SignedTransaction, 1, 1_024>;

/// What a node knows of its chain besides the engine's blocks and state.
#[derive(Debug)]
pub struct Chain {
    /// The chain.
    pub manifest: Arc<Manifest>,
    /// Verified signatures.
    pub signatures: Arc<Signatures>,
    mempool: Arc<Mutex<Mempool>>,
    /// Where transactions and receipts are.
    pub index: Arc<Index>,
    /// Who waits for news.
    pub feed: Feed,
    /// What the node's seats sign with.
    pub secrets: Arc<Secrets>,
    retain_blocks: Option<NonZeroU64>,
    /// Proposals since the last final block.
    proposals: AtomicU32,
    heard: mpsc::Sender<Bytes>,
    reoffer: mpsc::Sender<Vec<SignedTransaction>>,
    equivocations: mpsc::Sender<Equivocation>,
    handovers: mpsc::Sender<Handover>,
}

/// The last block of an epoch made the next committee final.
#[derive(Debug)]
pub struct Handover {
    /// The epoch that is over.
    pub epoch: u64,
    /// The height of its last block.
    pub height: u64,
    /// What its state says of the next committee.
    pub next: Entry,
}

/// What comes out of a [`Chain`]: gossip heard, and transactions to be offered again.
#[derive(Debug)]
pub struct Outbox {
    /// Messages of other nodes, not decoded yet.
    pub heard: mpsc::Receiver<Bytes>,
    /// Transactions to be gossiped again.
    pub reoffer: mpsc::Receiver<Vec<SignedTransaction>>,
    /// Votes of seats against themselves.
    pub equivocations: mpsc::Receiver<Equivocation>,
    /// Ends of epochs, to be proven to those who follow.
    pub handovers: mpsc::Receiver<Handover>,
}

impl Chain {
    /// A chain with an empty mempool.
    pub fn new(
        manifest: Manifest,
        index: Arc<Index>,
        secrets: Arc<Secrets>,
        limits: Limits,
        retain_blocks: Option<NonZeroU64>,
    ) -> (Arc<Self>, Outbox) {
        let (heard, heard_receiver) = mpsc::channel(HEARD_MAX);
        let (reoffer, reoffer_receiver) = mpsc::channel(1);
        let (equivocations, equivocations_receiver) = mpsc::channel(EQUIVOCATIONS_MAX);
        let (handovers, handovers_receiver) = mpsc::channel(HANDOVERS_MAX);
        let chain = Self {
            signatures: Arc::new(Signatures::new(manifest.chain_id())),
            manifest: Arc::new(manifest),
            mempool: Arc::new(Mutex::new(Mempool::new(limits))),
            index,
            feed: Feed::default(),
            secrets,
            retain_blocks,
            proposals: AtomicU32::new(0),
            heard,
            reoffer,
            equivocations,
            handovers,
        };
        let outbox = Outbox {
            heard: heard_receiver,
            reoffer: reoffer_receiver,
            equivocations: equivocations_receiver,
            handovers: handovers_receiver,
        };
        (Arc::new(chain), outbox)
    }

    /// The transactions that wait.
    pub fn mempool(&self) -> MutexGuard<'_, Mempool> {
        lock(&self.mempool)
    }
}

fn lock(mempool: &Mutex<Mempool>) -> MutexGuard<'_, Mempool> {
    mempool.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StateMachine for Chain {
    fn committee(&self, epoch: u64, known: &mut Known) -> Progress<Committee> {
        if epoch == 0 {
            return Progress::Done(goodwill_ledger::genesis_committee(&self.manifest));
        }
        let missing = || panic!("the state holds no committee of epoch {epoch}");
        answer(known, Committee::key(epoch), |record| record.unwrap_or_else(missing))
    }

    fn expected(&self, epoch: u64, known: &mut Known) -> Progress<Vec<PublicKey>> {
        answer(known, taken_seats_key(epoch), |taken: Option<TakenSeats>| {
            let mut nodes: Vec<_> = taken.unwrap_or_default().iter().map(|seat| seat.node).collect();
            nodes.sort_unstable();
            nodes.dedup();
            nodes
        })
    }

    fn secrets(&self, epoch: u64, committee: &Committee) -> Vec<SecretKey> {
        self.secrets.enter(epoch, committee)
    }

    fn equivocated(&self, evidence: Equivocation) {
        // More of it than can be reported is no loss: the first costs all that there is to lose.
        let _ = self.equivocations.try_send(evidence);
    }

    fn propose(&self, context: &BlockContext) -> Box<dyn Execution> {
        let before = self.proposals.fetch_add(1, Ordering::Relaxed);
        Box::new(Proposal {
            manifest: self.manifest.clone(),
            mempool: self.mempool.clone(),
            secrets: self.secrets.clone(),
            context: context.clone(),
            halvings: before.saturating_sub(PROPOSALS_MAX).min(32),
            executor: None,
        })
    }

    fn verify(&self, context: &BlockContext, body: Bytes, finalized: bool) -> Box<dyn Execution> {
        Box::new(Verification {
            manifest: self.manifest.clone(),
            signatures: (!finalized).then(|| self.signatures.clone()),
            context: context.clone(),
            body,
            executor: None,
        })
    }

    fn commit<'a>(&'a self, block: &'a FinalizedBlock) -> BoxFuture<'a, Result<(), String>> {
        let (index, height) = (self.index.clone(), block.header.height);
        let forget = self.retain_blocks.and_then(|retain| height.checked_sub(retain.get()));
        let receipts: Result<Vec<Receipt>, _> = block.receipts.iter().map(|bytes| decode(bytes)).collect();
        let last = self.manifest.parameters.is_last(height);
        let (secrets, next, timestamp_ms) =
            (self.secrets.clone(), block.header.epoch + 1, block.header.timestamp_ms);
        let record = move || -> Result<(), String> {
            if last {
                secrets.passed(next, timestamp_ms).map_err(|e| format!("the seats' folder: {e}"))?;
            }
            index.record(height, receipts.map_err(|e| e.to_string())?, forget).map_err(|e| e.to_string())
        };
        async move {
            // Simulations have neither threads nor disks.
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => runtime.spawn_blocking(record).await.map_err(|e| e.to_string())?,
                Err(_) => record(),
            }
        }
        .boxed()
    }

    fn applied(&self, block: &FinalizedBlock) {
        self.proposals.store(0, Ordering::Relaxed);
        let height = block.header.height;
        let body: Body = decode(&block.body).expect("the engine runs only bodies that were decoded");
        let reoffer = {
            let mut mempool = self.mempool();
            mempool.finalized(height, body.transactions.iter());
            height
                .is_multiple_of(REOFFER_BLOCKS)
                .then(|| mempool.local(1_000))
                .filter(|local| !local.is_empty())
        };
        if let Some(local) = reoffer {
            let _ = self.reoffer.try_send(local);
        }
        self.feed.publish(block_view(&block.header, block.body.len(), ids(block)));
    }

    fn handed_over(&self, last: &Header, next: Entry) {
        // One that is dropped here is found at other nodes.
        let _ = self.handovers.try_send(Handover { epoch: last.epoch, height: last.height, next });
    }

    fn heard(&self, _from: &PublicKey, message: Bytes) {
        // Gossip promises nothing: under load some is dropped, and offered again later.
        let _ = self.heard.try_send(message);
    }
}

/// Answers from one record of the state.
///
/// # Panics
/// When the record is damaged: the engine stops the node and says so.
fn answer<T: Read<Cfg = ()>, U>(known: &Known, key: Key, answer: impl FnOnce(Option<T>) -> U) -> Progress<U> {
    let decoded =
        |value: &Value| decode(value).unwrap_or_else(|e| panic!("the record {key:?} is damaged: {e}"));
    match known.get(&key) {
        None => Progress::Need(vec![key]),
        Some(record) => Progress::Done(answer(record.map(decoded))),
    }
}

/// The ids of a block's transactions: a receipt begins with its own, which need not be hashed again.
fn ids(block: &FinalizedBlock) -> Vec<TransactionId> {
    let id = |receipt: &Bytes| TransactionId::read(&mut receipt.clone()).expect("receipts of our own rules");
    block.receipts.iter().map(id).collect()
}

/// A block as the API shows it, without its certificate.
pub(crate) fn block_view(header: &Header, body_size: usize, ids: Vec<TransactionId>) -> api::Block {
    api::Block {
        height: header.height,
        digest: header.digest().into(),
        parent: header.parent.into(),
        epoch: header.epoch,
        view: header.view,
        leader: header.leader.into(),
        timestamp_ms: header.timestamp_ms,
        state_root: header.state_root.into(),
        receipts_root: header.receipts_root.into(),
        transactions: ids.into_iter().map(Into::into).collect(),
        size_bytes: body_size as u64,
        certificate: None,
    }
}

/// A block that is being filled.
struct Proposal {
    manifest: Arc<Manifest>,
    mempool: Arc<Mutex<Mempool>>,
    secrets: Arc<Secrets>,
    context: BlockContext,
    /// How often to halve what is offered: a block that this machine cannot make in time never
    /// becomes final, however often it is tried.
    halvings: u32,
    executor: Option<Executor>,
}

impl Proposal {
    /// Takes from the mempool what the block may include, given the chain's record.
    fn select(&self, record: Option<&Value>) -> Executor {
        let parameters = &self.manifest.parameters;
        let base_fee = match record.map(|record| decode::<ChainState>(record)) {
            Some(Ok(chain)) => chain.base_fee_per_gas,
            Some(Err(error)) => panic!("the chain's record is damaged: {error}"),
            None => parameters.base_fee_min,
        };
        let gas = parameters.gas_per_block_max.saturating_mul(OFFERED_BLOCKS) >> self.halvings;
        let bytes = parameters.body_size_max.saturating_mul(OFFERED_BLOCKS as usize) >> self.halvings;
        let selected = lock(&self.mempool).select(base_fee, gas, bytes);
        let secrets = self.secrets.clone();
        let reveal = Arc::new(move |seat: &PublicKey, left| secrets.reveal(seat, left));
        Executor::new(self.manifest.clone(), self.context.clone(), Purpose::Propose { reveal }, selected)
    }
}

impl Execution for Proposal {
    fn run(&mut self, known: &mut Known) -> Progress<Result<Executed, Refused>> {
        let mut executor = match (self.executor.take(), known.get(&chain_key())) {
            (Some(executor), _) => executor,
            (None, Some(record)) => self.select(record),
            (None, None) => return Progress::Need(vec![chain_key()]),
        };
        let progress = executor.run(known);
        self.executor = Some(executor);
        match progress {
            Progress::Need(keys) => Progress::Need(keys),
            Progress::Done(Err(error)) => Progress::Done(Err(refused(error))),
            Progress::Done(Ok(block)) => {
                forget_hopeless(&mut lock(&self.mempool), &block.left_out);
                let body = block.body.encode();
                Progress::Done(Ok(executed(body, block)))
            }
        }
    }
}

/// Transactions whose senders cannot pay for them need not wait any longer. A used nonce may be
/// free again when the parent does not become final.
fn forget_hopeless(mempool: &mut Mempool, left_out: &[(TransactionId, InvalidTransaction)]) {
    for (id, reason) in left_out {
        if matches!(reason, InvalidTransaction::FeeUnaffordable { .. }) {
            mempool.remove(id);
        }
    }
}

/// A block that is being checked.
struct Verification {
    manifest: Arc<Manifest>,
    /// `None` when the network has checked them already.
    signatures: Option<Arc<Signatures>>,
    context: BlockContext,
    body: Bytes,
    executor: Option<Executor>,
}

impl Verification {
    fn decode(&self) -> Result<Executor, Refused> {
        let body: Body = decode(&self.body).map_err(|e| Refused(format!("the body is malformed: {e}")))?;
        let purpose = Purpose::Verify { luck: body.luck };
        let transactions = body.transactions.into_vec().into_iter();
        let named: Vec<_> = transactions.map(|signed| (signed.id(), signed)).collect();
        if let Some(signatures) = &self.signatures
            && let holds = signatures.verify(named.iter().map(|(id, signed)| (*id, signed)))
            && let Some(bad) = holds.iter().position(|holds| !holds)
        {
            return Err(Refused(format!("transaction {bad} ({}) is not signed by its sender", named[bad].0)));
        }
        Ok(Executor::new(self.manifest.clone(), self.context.clone(), purpose, named))
    }
}

impl Execution for Verification {
    fn run(&mut self, known: &mut Known) -> Progress<Result<Executed, Refused>> {
        let mut executor = match self.executor.take().map_or_else(|| self.decode(), Ok) {
            Ok(executor) => executor,
            Err(refused) => return Progress::Done(Err(refused)),
        };
        let progress = executor.run(known);
        self.executor = Some(executor);
        match progress {
            Progress::Need(keys) => Progress::Need(keys),
            Progress::Done(result) => {
                Progress::Done(result.map(|block| executed(self.body.clone(), block)).map_err(refused))
            }
        }
    }
}

fn executed(body: Bytes, block: ExecutedBlock) -> Executed {
    let receipts = block.receipts.iter().map(Encode::encode).collect();
    Executed { body, changes: block.changes, receipts }
}

/// # Panics
/// When the state is damaged, or the chain has rules that are not known here: the engine stops the
/// node and says so.
fn refused(error: BlockError) -> Refused {
    match error {
        BlockError::Store(_) | BlockError::Rules { .. } => panic!("{error}"),
        other => Refused(other.to_string()),
    }
}
