//! What a client sees: the stream of final blocks.

use super::BenchError;
use goodwill_types::{TransactionId, api};
use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How often it is looked whether waiting makes sense.
const LOOK_UP: Duration = Duration::from_millis(200);

/// A final block, as far as it is of interest here.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) transactions: Vec<TransactionId>,
    /// When the client had read it.
    pub(super) at: Instant,
    /// How long after the block's timestamp that was.
    pub(super) after_proposal: Duration,
}

/// Follows the final blocks of a gateway until the receiver is dropped.
///
/// # Errors
/// When the gateway has no such stream.
pub(super) fn watch(url: &str) -> Result<mpsc::Receiver<Seen>, BenchError> {
    let path = format!("{url}/v1/events");
    let response = ureq::get(&path)
        .call()
        .map_err(|error| BenchError::Unmeasured(format!("{path} does not answer: {error}")))?;
    let lines = BufReader::with_capacity(1 << 20, response.into_body().into_reader()).lines();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let Some(data) = line.strip_prefix("data:") else { continue };
            let Ok(block) = serde_json::from_str::<api::Block>(data.trim_start()) else { continue };
            if sender.send(seen(block)).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

fn seen(block: api::Block) -> Seen {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Seen {
        transactions: block.transactions.into_iter().map(|id| id.0).collect(),
        at: Instant::now(),
        after_proposal: now.saturating_sub(Duration::from_millis(block.timestamp_ms)),
    }
}

/// When each of the transactions that are waited for became final.
pub(super) struct Finals {
    blocks: mpsc::Receiver<Seen>,
    waiting: HashMap<TransactionId, usize>,
    /// In the order of the ids.
    pub(super) at: Vec<Option<Instant>>,
}

impl Finals {
    pub(super) fn new(blocks: mpsc::Receiver<Seen>, ids: impl IntoIterator<Item = TransactionId>) -> Self {
        let waiting: HashMap<_, _> = ids.into_iter().zip(0..).collect();
        Self { blocks, at: vec![None; waiting.len()], waiting }
    }

    /// How many are still waited for.
    pub(super) fn missing(&self) -> usize {
        self.waiting.len()
    }

    /// Waits until all are final, none became final for `patience`, or `given_up` says that not all will be
    /// sent.
    ///
    /// # Errors
    /// Says how many are missing.
    pub(super) fn wait(&mut self, patience: Duration, given_up: &AtomicBool) -> Result<(), BenchError> {
        let mut deadline = Instant::now() + patience;
        while !self.waiting.is_empty() {
            match self.blocks.recv_timeout(LOOK_UP) {
                Ok(block) => {
                    let before = self.missing();
                    self.note(&block);
                    if self.missing() < before {
                        deadline = Instant::now() + patience;
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if Instant::now() > deadline || given_up.load(Ordering::Relaxed) {
                break;
            }
        }
        match self.missing() {
            0 => Ok(()),
            missing => Err(BenchError::Unmeasured(format!("{missing} transactions did not become final"))),
        }
    }

    /// Takes the blocks that were seen until `until`.
    pub(super) fn wait_until(&mut self, until: Instant) {
        while let Ok(block) = self.blocks.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.note(&block);
        }
    }

    fn note(&mut self, block: &Seen) {
        for id in &block.transactions {
            if let Some(place) = self.waiting.remove(id) {
                self.at[place] = Some(block.at);
            }
        }
    }
}
