//! Receipts on their way from a block's execution to its finality.

use bytes::Bytes;
use commonware_utils::sync::Mutex;
use goodwill_types::{Digest, Header};
use std::{collections::BTreeMap, sync::Arc};

/// How many blocks may wait. A block whose receipts are dropped is executed again.
const WAITING_MAX: usize = 64;

/// Keeps the receipts of blocks that may become final.
#[derive(Clone, Default)]
pub(crate) struct Receipts(Arc<Mutex<Waiting>>);

/// Each block's receipts, by its height and digest.
type Waiting = BTreeMap<(u64, Digest), Vec<Bytes>>;

impl Receipts {
    /// Keeps the receipts of a block; drops those of the highest when too many wait, since it is
    /// final last.
    pub(crate) fn keep(&self, header: &Header, receipts: Vec<Bytes>) {
        let mut waiting = self.0.lock();
        waiting.insert((header.height, header.digest()), receipts);
        if waiting.len() > WAITING_MAX {
            waiting.pop_last();
        }
    }

    /// Takes the receipts of a block that is final, and forgets its rivals.
    pub(crate) fn take(&self, header: &Header) -> Option<Vec<Bytes>> {
        let mut waiting = self.0.lock();
        let receipts = waiting.remove(&(header.height, header.digest()));
        waiting.retain(|(height, _), _| *height > header.height);
        receipts
    }
}
