//! A state machine that counts: enough to see whether every node does the same.
#![allow(dead_code, reason = "not every test uses all of it")]

use bytes::Bytes;
use futures::future::BoxFuture;
use goodwill_engine::{Executed, Execution, FinalizedBlock, Refused, StateMachine};
use goodwill_types::{BlockContext, Changes, Committee, Key, Known, Progress, PublicKey};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

/// What a node has stored, and outlives its crashes.
#[derive(Default)]
pub(crate) struct Disk {
    /// The newest block that was committed.
    pub(crate) height: AtomicU64,
    /// Messages heard on the gossip channel.
    pub(crate) heard: Mutex<Vec<Bytes>>,
}

/// Counts blocks, and writes down each height.
pub(crate) struct Counter {
    miners: Vec<PublicKey>,
    disk: Arc<Disk>,
}

impl Counter {
    pub(crate) fn machine(mut miners: Vec<PublicKey>, disk: Arc<Disk>) -> Arc<dyn StateMachine> {
        miners.sort();
        Arc::new(Self { miners, disk })
    }

    pub(crate) fn counter() -> Key {
        Key::new(1, b"counter")
    }

    pub(crate) fn record(height: u64) -> Key {
        Key::new(2, &height.to_be_bytes())
    }

    fn execute(&self, context: &BlockContext, body: Bytes) -> Box<dyn Execution> {
        Box::new(Counting { context: context.clone(), body })
    }
}

/// The value of the counter, big-endian.
pub(crate) fn number(value: Option<&Bytes>) -> u64 {
    value.map_or(0, |bytes| u64::from_be_bytes(bytes.as_ref().try_into().expect("eight bytes")))
}

struct Counting {
    context: BlockContext,
    body: Bytes,
}

impl Execution for Counting {
    fn run(&mut self, known: &mut Known) -> Progress<Result<Executed, Refused>> {
        let Some(counter) = known.get(&Counter::counter()) else {
            return Progress::Need(vec![Counter::counter()]);
        };
        if self.body != body(&self.context) {
            return Progress::Done(Err(Refused("another body".into())));
        }
        let value = |number: u64| Some(Bytes::from(number.to_be_bytes().to_vec()));
        let mut changes = Changes::new();
        changes.insert(Counter::counter(), value(number(counter) + 1));
        changes.insert(Counter::record(self.context.height), value(self.context.timestamp_ms));
        // Old records go, so that the state shrinks as well as grows.
        if let Some(old) = self.context.height.checked_sub(8) {
            changes.insert(Counter::record(old), None);
        }
        let receipts = vec![self.body.clone(), Bytes::from_static(b"done")];
        Progress::Done(Ok(Executed { body: self.body.clone(), changes, receipts }))
    }
}

fn body(context: &BlockContext) -> Bytes {
    [context.height, context.view].iter().flat_map(|n| n.to_be_bytes()).collect()
}

impl StateMachine for Counter {
    /// Everybody in even epochs; one fewer in odd ones, where as many may be faulty as before.
    fn committee(&self, epoch: u64, known: &mut Known) -> Progress<Committee> {
        if known.get(&Counter::counter()).is_none() {
            return Progress::Need(vec![Counter::counter()]);
        }
        let mut seats = self.miners.clone();
        if epoch % 2 == 1 && (5..=6).contains(&seats.len()) {
            seats.remove(epoch as usize % self.miners.len());
        }
        let schedule = (0..seats.len() as u16).rev().collect();
        Progress::Done(Committee::new(seats, schedule).expect("ascending"))
    }

    fn propose(&self, context: &BlockContext) -> Box<dyn Execution> {
        self.execute(context, body(context))
    }

    fn verify(&self, context: &BlockContext, body: Bytes, _: bool) -> Box<dyn Execution> {
        self.execute(context, body)
    }

    fn commit<'a>(&'a self, block: &'a FinalizedBlock) -> BoxFuture<'a, Result<(), String>> {
        let (height, before) = (block.header.height, self.disk.height.load(Ordering::SeqCst));
        assert!(height <= before + 1, "committed {height} after {before}");
        assert_eq!(block.receipts.len(), 2);
        self.disk.height.fetch_max(height, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn applied(&self, block: &FinalizedBlock) {
        assert!(block.header.height <= self.disk.height.load(Ordering::SeqCst));
    }

    fn heard(&self, _: &PublicKey, message: Bytes) {
        self.disk.heard.lock().expect("no panic").push(message);
    }
}
