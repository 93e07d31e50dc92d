//! A state machine that counts: enough to see whether every node does the same.
#![allow(dead_code, reason = "not every test uses all of it")]

use bytes::Bytes;
use futures::future::BoxFuture;
use goodwill_engine::{Executed, Execution, FinalizedBlock, Refused, StateMachine, simulation::Scenario};
use goodwill_proof::Entry;
use goodwill_types::{
    BlockContext, Changes, Committee, Equivocation, Header, Key, Known, Progress, PublicKey, SecretKey,
    codec::Encode as _,
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// What a node has stored, and outlives its crashes.
#[derive(Default)]
pub(crate) struct Disk {
    /// The newest block that was committed.
    pub(crate) height: AtomicU64,
    /// Messages heard on the gossip channel.
    pub(crate) heard: Mutex<Vec<Bytes>>,
    /// What was found out about seats.
    pub(crate) evidence: Mutex<Vec<Equivocation>>,
    /// Epochs in which the node was asked for what it signs with.
    pub(crate) voted: Mutex<BTreeSet<u64>>,
    /// Epochs for which it has nothing to sign with.
    pub(crate) mute: Mutex<BTreeSet<u64>>,
}

/// Counts blocks, and writes down each height. Its committees are those of a scenario.
pub(crate) struct Counter {
    pub(crate) scenario: Scenario,
    /// The node's number in the scenario.
    pub(crate) node: usize,
    pub(crate) disk: Arc<Disk>,
}

impl Counter {
    pub(crate) fn machine(scenario: &Scenario, node: usize, disk: Arc<Disk>) -> Arc<dyn StateMachine> {
        Arc::new(Self { scenario: scenario.clone(), node, disk })
    }

    pub(crate) fn counter() -> Key {
        Key::new(1, b"counter")
    }

    pub(crate) fn record(height: u64) -> Key {
        Key::new(9, &height.to_be_bytes())
    }

    fn execute(&self, context: &BlockContext, body: Bytes) -> Box<dyn Execution> {
        let blocks = self.scenario.blocks_per_epoch;
        Box::new(Counting { context: context.clone(), body, next: self.next(context.height + 1, blocks) })
    }

    /// The committee of the epoch that begins at `height`, with its number.
    fn next(&self, height: u64, blocks: u64) -> Option<(u64, Committee)> {
        height.is_multiple_of(blocks).then(|| (height / blocks, self.scenario.committee(height / blocks)))
    }
}

/// The value of the counter, big-endian.
pub(crate) fn number(value: Option<&Bytes>) -> u64 {
    value.map_or(0, |bytes| u64::from_be_bytes(bytes.as_ref().try_into().expect("eight bytes")))
}

struct Counting {
    context: BlockContext,
    body: Bytes,
    next: Option<(u64, Committee)>,
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
        if let Some((epoch, committee)) = &self.next {
            changes.insert(Committee::key(*epoch), Some(committee.encode()));
        }
        let receipts = vec![self.body.clone(), Bytes::from_static(b"done")];
        Progress::Done(Ok(Executed { body: self.body.clone(), changes, receipts }))
    }
}

fn body(context: &BlockContext) -> Bytes {
    [context.height, context.view, context.parent_view].iter().flat_map(|n| n.to_be_bytes()).collect()
}

impl StateMachine for Counter {
    fn committee(&self, epoch: u64, known: &mut Known) -> Progress<Committee> {
        if known.get(&Counter::counter()).is_none() {
            return Progress::Need(vec![Counter::counter()]);
        }
        Progress::Done(self.scenario.committee(epoch))
    }

    fn expected(&self, epoch: u64, known: &mut Known) -> Progress<Vec<PublicKey>> {
        let Some(counter) = known.get(&Counter::counter()) else {
            return Progress::Need(vec![Counter::counter()]);
        };
        assert_eq!((number(counter) + 1) / self.scenario.blocks_per_epoch + 1, epoch, "asked too late");
        let committee = self.scenario.committee(epoch);
        Progress::Done(committee.seats.iter().map(|seat| seat.node).collect())
    }

    fn secrets(&self, epoch: u64, committee: &Committee) -> Vec<SecretKey> {
        assert_eq!(*committee, self.scenario.committee(epoch));
        self.disk.voted.lock().expect("no panic").insert(epoch);
        let mute = self.disk.mute.lock().expect("no panic").contains(&epoch);
        if mute { Vec::new() } else { self.scenario.secrets(epoch, self.node) }
    }

    fn equivocated(&self, evidence: Equivocation) {
        self.disk.evidence.lock().expect("no panic").push(evidence);
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
        let committee = self.scenario.committee(block.header.epoch);
        assert_eq!(block.header.leader, committee.leader(block.header.view).key, "another seat's turn");
        self.disk.height.fetch_max(height, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }

    fn applied(&self, block: &FinalizedBlock) {
        assert!(block.header.height <= self.disk.height.load(Ordering::SeqCst));
    }

    fn handed_over(&self, last: &Header, next: Entry) {
        assert_eq!(next.key, Committee::key(last.epoch + 1));
        assert_eq!(next.value, Some(self.scenario.committee(last.epoch + 1).encode()));
    }

    fn heard(&self, _: &PublicKey, message: Bytes) {
        self.disk.heard.lock().expect("no panic").push(message);
    }
}
