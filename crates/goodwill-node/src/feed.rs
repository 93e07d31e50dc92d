//! Tells those who wait: for a transaction to be settled, for the next block.

use goodwill_types::{TransactionId, api};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{broadcast, oneshot};

/// Blocks that a slow listener may be behind before it misses some.
const BEHIND_MAX: usize = 256;
/// Transactions that can be waited for at once.
const WAITING_MAX: usize = 100_000;

/// Who waits for what.
#[derive(Debug)]
pub struct Feed {
    blocks: broadcast::Sender<Arc<api::Block>>,
    waiting: Mutex<HashMap<TransactionId, Vec<oneshot::Sender<()>>>>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { blocks: broadcast::Sender::new(BEHIND_MAX), waiting: Mutex::default() }
    }
}

impl Feed {
    /// Final blocks from now on.
    pub fn blocks(&self) -> broadcast::Receiver<Arc<api::Block>> {
        self.blocks.subscribe()
    }

    /// Resolves when the transaction is in a final block. Ask afterwards whether it was settled
    /// before. `None` when too many wait.
    pub fn settled(&self, id: TransactionId) -> Option<oneshot::Receiver<()>> {
        let mut waiting = self.lock();
        if waiting.len() >= WAITING_MAX {
            waiting.retain(|_, waiters| waiters.iter().any(|waiter| !waiter.is_closed()));
        }
        if waiting.len() >= WAITING_MAX {
            return None;
        }
        let (settled, receiver) = oneshot::channel();
        waiting.entry(id).or_default().push(settled);
        Some(receiver)
    }

    /// A block is final, and can be read.
    pub fn publish(&self, block: api::Block) {
        {
            let mut waiting = self.lock();
            let waiters = block.transactions.iter().filter_map(|id| waiting.remove(&id.0));
            for waiter in waiters.flatten() {
                let _ = waiter.send(());
            }
        }
        let _ = self.blocks.send(Arc::new(block));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TransactionId, Vec<oneshot::Sender<()>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
