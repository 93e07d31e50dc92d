//! What the engine runs: a deterministic state machine, of which it knows nothing else.

use bytes::Bytes;
use futures::future::BoxFuture;
use goodwill_proof::Entry;
use goodwill_types::{
    BlockContext, Changes, Committee, Equivocation, Header, Known, Progress, PublicKey, SecretKey,
};

/// The rules of a chain. Everything that they may depend on is in the arguments; what they return
/// must be the same on every node.
pub trait StateMachine: Send + Sync + 'static {
    /// The committee of `epoch`. Asked when the state is that of the last block of the epoch
    /// before (for epoch 0: empty), and again after a restart at that point.
    fn committee(&self, epoch: u64, known: &mut Known) -> Progress<Committee>;

    /// The nodes that will host seats of `epoch`, as far as the state tells. Asked after every block
    /// of the epoch before, so that they are connected when it begins.
    fn expected(&self, epoch: u64, known: &mut Known) -> Progress<Vec<PublicKey>>;

    /// What this node signs with in `epoch`, for its seats of `committee`. Asked when the node enters
    /// the epoch; what is not a seat's key is ignored.
    fn secrets(&self, epoch: u64, committee: &Committee) -> Vec<SecretKey>;

    /// A seat voted against itself. The evidence holds. Must return at once.
    fn equivocated(&self, evidence: Equivocation);

    /// Begins to fill a block. A block that does not fit into the engine's largest body is refused.
    fn propose(&self, context: &BlockContext) -> Box<dyn Execution>;

    /// Begins to check a block that was received. `finalized`: the network accepted it already, so
    /// signatures need not be checked again.
    fn verify(&self, context: &BlockContext, body: Bytes, finalized: bool) -> Box<dyn Execution>;

    /// A block is final: stores what must outlive a crash before the future ends. Called before the
    /// block's state is applied, and again for the same block after a crash; a block whose state
    /// is on disk already may not be repeated.
    ///
    /// # Errors
    /// A message for the operator; the node stops.
    fn commit<'a>(&'a self, block: &'a FinalizedBlock) -> BoxFuture<'a, Result<(), String>>;

    /// The block's state can be read now. Must return at once.
    fn applied(&self, block: &FinalizedBlock);

    /// The block `last`, of an epoch the last, is final: `next` shows what its state says of the
    /// committee that follows. Must return at once.
    fn handed_over(&self, last: &Header, next: Entry);

    /// A message from another node on the gossip channel. Must return at once.
    fn heard(&self, from: &PublicKey, message: Bytes);
}

/// A block being executed. Runs on a thread of its own: it may use the processor, but not wait.
pub trait Execution: Send + 'static {
    /// Goes on as far as the state that is known allows. Dropped when nobody needs the result.
    fn run(&mut self, known: &mut Known) -> Progress<Result<Executed, Refused>>;
}

/// What executing a block gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The block's body.
    pub body: Bytes,
    /// What it changes.
    pub changes: Changes,
    /// One receipt for each of its transactions, encoded.
    pub receipts: Vec<Bytes>,
}

/// Why a block is refused: it breaks a rule, whoever looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// A block that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalizedBlock {
    /// Its header.
    pub header: Header,
    /// Its body.
    pub body: Bytes,
    /// Its receipts, encoded.
    pub receipts: Vec<Bytes>,
}
