//! Answers questions about blocks and state.

use crate::{
    block::Block,
    handle::{Query, Reading},
    pacing::Marshal,
    state::{Database, State},
};
use bytes::Bytes;
use commonware_codec::Encode as _;
use commonware_consensus::types::Height;
use commonware_glue::stateful::db::ReadGuard;
use commonware_runtime::{Clock, Spawner};
use commonware_storage::Context as StorageContext;
use goodwill_proof::{ENTRIES_MAX, Entry, FinalityProof, HEADERS_MAX, StateProof};
use goodwill_types::{Certificate, Header, Key, Value, codec::List};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Semaphore, mpsc, watch};

/// Questions answered at the same time.
const ANSWERING_MAX: usize = 32;
/// How often the newest block's certificate is waited for.
const ATTEMPTS: usize = 20;
/// How long each time.
const ATTEMPT: Duration = Duration::from_millis(100);

/// Where answers are found.
pub(crate) struct Library<E: StorageContext + Spawner> {
    pub(crate) runtime: E,
    pub(crate) marshal: Marshal,
    pub(crate) state: State<E>,
    pub(crate) tip: watch::Receiver<Option<Header>>,
}

impl<E: StorageContext + Spawner + Clock> Library<E> {
    /// Answers until nobody can ask any more.
    pub(crate) async fn run(self, mut queries: mpsc::Receiver<Query>) {
        let library = Arc::new(self);
        let answering = Arc::new(Semaphore::new(ANSWERING_MAX));
        while let Some(query) = queries.recv().await {
            let permit = answering.clone().acquire_owned().await.expect("never closed");
            let library = library.clone();
            library.runtime.child("answer").spawn(move |_| async move {
                library.answer(query).await;
                drop(permit);
            });
        }
    }

    /// Whoever asked may be gone by the time that the answer is found.
    async fn answer(&self, query: Query) {
        match query {
            Query::Block(height, answer) => drop(answer.send(self.block(height).await)),
            Query::Certified(height, answer) => drop(answer.send(self.certified(height).await)),
            Query::Read(keys, answer) => drop(answer.send(self.read(&keys).await)),
            Query::Prove(keys, answer) => drop(answer.send(self.prove(keys).await)),
            Query::Metrics(answer) => drop(answer.send(self.runtime.encode())),
        }
    }

    async fn stored(&self, height: u64) -> Option<Block> {
        self.marshal.get_block(Height::new(height)).await.map(|block| block.inner().clone())
    }

    async fn block(&self, height: u64) -> Option<(Header, Bytes)> {
        self.stored(height).await.map(|Block { header, body, .. }| (header, body))
    }

    async fn certified(&self, height: u64) -> Option<FinalityProof> {
        let mut headers = Vec::<Header>::new();
        for height in (height..).take(HEADERS_MAX) {
            let header = self.stored(height).await?.header;
            if headers.first().is_some_and(|first| first.epoch != header.epoch) {
                return None;
            }
            headers.push(header);
            if let Some(certificate) = self.certificate(height).await {
                return Some(FinalityProof { headers: List::new(headers)?, certificate });
            }
        }
        None
    }

    async fn certificate(&self, height: u64) -> Option<Certificate> {
        let finalization = self.marshal.get_finalization(Height::new(height)).await?;
        Some(Certificate(finalization.encode()))
    }

    async fn read(&self, keys: &[Key]) -> Option<Reading> {
        let (header, state) = self.snapshot().await?;
        let keys: Vec<_> = keys.iter().collect();
        let values = state.get_many(&keys).await.expect("the state can be read");
        Some((header, values))
    }

    /// The state, held still, with its header.
    async fn snapshot(&self) -> Option<(Header, ReadGuard<'_, Database<E>>)> {
        let mut tip = self.tip.clone();
        loop {
            let state = self.state.read().await;
            let header = tip.borrow_and_update().clone();
            if let Some(header) = header.filter(|header| header.operations_root == state.ops_root()) {
                return Some((header, state));
            }
            // A block is being applied: its header follows at once.
            drop(state);
            tip.changed().await.ok()?;
        }
    }

    /// Tries again while the newest block's certificate is on its way.
    async fn prove(&self, mut keys: Vec<Key>) -> Option<StateProof> {
        keys.sort();
        keys.dedup();
        for _ in 0..ATTEMPTS {
            let (header, entries) = self.entries(&keys).await?;
            if let Some(finality) = self.certified(header.height).await {
                return Some(StateProof { finality, entries });
            }
            self.runtime.sleep(ATTEMPT).await;
        }
        None
    }

    async fn entries(&self, keys: &[Key]) -> Option<(Header, List<Entry, 0, ENTRIES_MAX>)> {
        let (header, state) = self.snapshot().await?;
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            entries.push(entry(&state, *key).await);
        }
        Some((header, List::new(entries)?))
    }
}

/// What the state says under `key`, with the proof.
pub(crate) async fn entry<E: StorageContext + Spawner>(state: &Database<E>, key: Key) -> Entry {
    const READABLE: &str = "the state can be read";
    let value: Option<Value> = state.get(&key).await.expect(READABLE);
    let proof = match value {
        Some(_) => state.key_value_proof(key).await.expect(READABLE).encode(),
        None => state.exclusion_proof(&key).await.expect(READABLE).encode(),
    };
    Entry { key, value, proof }
}
