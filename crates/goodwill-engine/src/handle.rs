//! What the rest of a node asks of the running engine.

use bytes::Bytes;
use goodwill_proof::{FinalityProof, StateProof};
use goodwill_types::{Header, Key, Value};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::{mpsc, oneshot, watch};

/// The engine has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node is stopping")]
pub struct Stopped;

/// A question that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The engine has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// More keys than a question may have.
    #[error("at most {max} keys can be asked for at once")]
    TooManyKeys {
        /// The most keys.
        max: usize,
    },
    /// No block is final yet, or its certificate did not arrive in time.
    #[error("no certified block yet; try again in a moment")]
    NotYet,
}

/// The most keys of [`Engine::read`].
pub const READ_KEYS_MAX: usize = 1_024;
/// Questions that may wait for an answer.
pub(crate) const QUERIES_MAX: usize = 256;
/// Gossip messages that may wait to be sent.
pub(crate) const GOSSIP_MAX: usize = 1_024;

/// A handle to the running engine. Cheap to clone, usable from any task.
#[derive(Clone, Debug)]
pub struct Engine {
    tip: watch::Receiver<Option<Header>>,
    queries: mpsc::Sender<Query>,
    gossip: mpsc::Sender<Bytes>,
    peers: Arc<AtomicUsize>,
}

/// The engine's end of the handle.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(crate) tip: watch::Sender<Option<Header>>,
    pub(crate) queries: mpsc::Receiver<Query>,
    pub(crate) gossip: mpsc::Receiver<Bytes>,
    pub(crate) peers: Arc<AtomicUsize>,
}

/// A header, and what its state says under the keys asked for, in their order.
pub type Reading = (Header, Vec<Option<Value>>);

/// A question to the query task.
#[derive(Debug)]
pub(crate) enum Query {
    Block(u64, oneshot::Sender<Option<(Header, Bytes)>>),
    Certified(u64, oneshot::Sender<Option<FinalityProof>>),
    Read(Vec<Key>, oneshot::Sender<Option<Reading>>),
    Prove(Vec<Key>, oneshot::Sender<Option<StateProof>>),
    Metrics(oneshot::Sender<String>),
}

/// Both ends, unconnected to any engine yet.
pub(crate) fn channel() -> (Engine, Requests) {
    let (tip_sender, tip) = watch::channel(None);
    let (queries, query_receiver) = mpsc::channel(QUERIES_MAX);
    let (gossip, gossip_receiver) = mpsc::channel(GOSSIP_MAX);
    let peers = Arc::new(AtomicUsize::new(0));
    let requests =
        Requests { tip: tip_sender, queries: query_receiver, gossip: gossip_receiver, peers: peers.clone() };
    (Engine { tip, queries, gossip, peers }, requests)
}

impl Engine {
    /// The newest final header whose state can be read; `None` until the node holds one.
    pub async fn tip(&self) -> Option<Header> {
        self.tip.borrow().clone()
    }

    /// Waits until the tip is at `height` or above.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn reached(&self, height: u64) -> Result<Header, Stopped> {
        let mut tip = self.tip.clone();
        let reached = |tip: &Option<Header>| tip.as_ref().is_some_and(|header| header.height >= height);
        let header = tip.wait_for(reached).await.map_err(|_| Stopped)?.clone();
        header.ok_or(Stopped)
    }

    /// The final block at `height`, `None` if the node does not hold it.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn block(&self, height: u64) -> Result<Option<(Header, Bytes)>, Stopped> {
        self.ask(|answer| Query::Block(height, answer)).await
    }

    /// Shows that the block at `height` is final: by its certificate, or by that of a descendant
    /// in the same epoch, at most 64 blocks later. `None` if the node holds neither.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn certified(&self, height: u64) -> Result<Option<FinalityProof>, Stopped> {
        self.ask(|answer| Query::Certified(height, answer)).await
    }

    /// What one final state says under `keys`, at most [`READ_KEYS_MAX`], and the header of that
    /// state.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn read(&self, keys: Vec<Key>) -> Result<Reading, QueryError> {
        check_keys(&keys, READ_KEYS_MAX)?;
        self.ask(|answer| Query::Read(keys, answer)).await?.ok_or(QueryError::NotYet)
    }

    /// Proves what the newest certified state says under `keys`, at most
    /// [`goodwill_proof::ENTRIES_MAX`]; duplicates are dropped.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn prove(&self, keys: Vec<Key>) -> Result<StateProof, QueryError> {
        check_keys(&keys, goodwill_proof::ENTRIES_MAX)?;
        self.ask(|answer| Query::Prove(keys, answer)).await?.ok_or(QueryError::NotYet)
    }

    /// The engine's own metrics, in the text format of OpenMetrics.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn metrics(&self) -> Result<String, Stopped> {
        self.ask(Query::Metrics).await
    }

    /// Sends `message` to all connected nodes, at most [`crate::GOSSIP_SIZE_MAX`] bytes. Dropped
    /// when too much waits to be sent already: gossip promises nothing.
    pub fn gossip(&self, message: Bytes) {
        if message.len() <= crate::GOSSIP_SIZE_MAX {
            let _ = self.gossip.try_send(message);
        }
    }

    /// How many other nodes were heard from in the last few seconds.
    pub fn peers(&self) -> usize {
        self.peers.load(Ordering::Relaxed)
    }

    async fn ask<T>(&self, query: impl FnOnce(oneshot::Sender<T>) -> Query) -> Result<T, Stopped> {
        let (answer, answered) = oneshot::channel();
        self.queries.send(query(answer)).await.map_err(|_| Stopped)?;
        answered.await.map_err(|_| Stopped)
    }
}

fn check_keys(keys: &[Key], max: usize) -> Result<(), QueryError> {
    (keys.len() <= max).then_some(()).ok_or(QueryError::TooManyKeys { max })
}
