//! The rules that every block obeys, whatever the machine: its place, its time, its roots.
//!
//! What depends on the clock is no rule for blocks but for votes ([`Rules::judge`]): a block is
//! never invalid because of somebody's clock, or nodes that restart could not build on it.

use crate::{
    AHEAD_MS, BEHIND_BLOCKS, ChainConfig,
    block::{Block, Context},
    machine::Refused,
    timing::Timing,
};
use bytes::Bytes;
use commonware_consensus::{
    CertifiableBlock as _,
    types::{Epocher as _, FixedEpocher, Height},
};
use commonware_runtime::Clock;
use goodwill_types::{BlockContext, Committee, Digest, Header};
use std::time::{Duration, UNIX_EPOCH};

/// What all nodes of the chain apply.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) chain: ChainConfig,
    pub(crate) epocher: FixedEpocher,
}

/// What to do about a proposal, by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Vote for it.
    Vote,
    /// Vote for it when the clock has come that far.
    VoteIn(Duration),
    /// Do not vote for it.
    Refuse,
}

/// The roots that a header must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Targets {
    pub(crate) state_root: Digest,
    pub(crate) operations_root: Digest,
    pub(crate) operations_start: u64,
    pub(crate) operations_end: u64,
}

impl Rules {
    pub(crate) fn new(chain: ChainConfig) -> Self {
        let epocher = FixedEpocher::new(chain.blocks_per_epoch);
        Self { chain, epocher }
    }

    /// How long things may take.
    pub(crate) const fn timing(&self) -> Timing {
        Timing::new(self.chain.block_time_ms.get())
    }

    /// The earliest timestamp of a child of `parent`.
    pub(crate) fn due_ms(&self, parent: &Header) -> u64 {
        parent.timestamp_ms.saturating_add(self.chain.block_time_ms.get())
    }

    /// The timestamp of a block proposed now.
    pub(crate) fn timestamp_ms(&self, parent: &Header, now_ms: u64) -> u64 {
        now_ms.max(self.due_ms(parent))
    }

    /// A block comes at least the block time after its parent.
    pub(crate) fn check_timestamp(&self, header: &Header, parent: &Header) -> Result<(), Refused> {
        ensure(header.timestamp_ms >= self.due_ms(parent), "the block comes too soon after its parent")
    }

    /// A body fits into a block.
    pub(crate) fn check_body_size(&self, body: &Bytes) -> Result<(), Refused> {
        ensure(body.len() <= self.chain.body_size_max as usize, "the body is too large")
    }

    /// Whether to vote for a new block of this timestamp, by a clock that shows `now_ms`.
    pub(crate) fn judge(&self, timestamp_ms: u64, now_ms: u64) -> Judgement {
        let tolerance_ms = self.chain.block_time_ms.get().saturating_mul(BEHIND_BLOCKS);
        let ahead_ms = timestamp_ms.saturating_sub(now_ms);
        if now_ms.saturating_sub(timestamp_ms) > tolerance_ms || ahead_ms > tolerance_ms.max(AHEAD_MS) {
            Judgement::Refuse
        } else if ahead_ms > AHEAD_MS {
            Judgement::VoteIn(Duration::from_millis(ahead_ms - AHEAD_MS))
        } else {
            Judgement::Vote
        }
    }

    /// The highest block that can exist at `now_ms`, however many nodes say otherwise.
    pub(crate) fn height_max(&self, now_ms: u64) -> u64 {
        let age_ms = now_ms.saturating_add(AHEAD_MS).saturating_sub(self.chain.genesis_time_ms);
        age_ms / self.chain.block_time_ms.get() + 1
    }

    /// Whether the block is the last of its epoch.
    pub(crate) fn is_last(&self, header: &Header) -> bool {
        self.last(header.epoch) == header.height
    }

    /// The height of the first block of `epoch`; for epoch 0 that of genesis.
    pub(crate) fn first(&self, epoch: u64) -> u64 {
        epoch.checked_sub(1).map_or(0, |before| self.last(before) + 1)
    }

    /// Whether the block is in the second half of its epoch, when the next epoch's seats are taken up.
    pub(crate) fn is_second_half(&self, header: &Header) -> bool {
        header.height - self.first(header.epoch) >= self.chain.blocks_per_epoch.get() / 2
    }

    /// The height of the last block of `epoch`.
    pub(crate) fn last(&self, epoch: u64) -> u64 {
        let last = self.epocher.last(commonware_consensus::types::Epoch::new(epoch));
        last.expect("an epoch that can be reached").get()
    }

    /// The epoch of the block at `height`.
    pub(crate) fn epoch(&self, height: u64) -> u64 {
        self.epocher.containing(Height::new(height)).expect("a height that can be reached").epoch().get()
    }
}

/// Where a block stands.
pub(crate) fn place(header: &Header) -> BlockContext {
    BlockContext {
        height: header.height,
        epoch: header.epoch,
        view: header.view,
        parent_view: header.parent_view,
        timestamp_ms: header.timestamp_ms,
    }
}

/// A block stands where consensus was asked to put it, on top of its parent.
pub(crate) fn check_context(context: &Context, block: &Block, parent: &Header) -> Result<(), Refused> {
    ensure(block.context() == *context, "the header does not say where consensus put the block")?;
    ensure(block.header.parent == parent.digest(), "the header names another parent")?;
    ensure(Some(block.header.height) == parent.height.checked_add(1), "the height is not the next")
}

/// A block is led by the seat whose turn it is.
pub(crate) fn check_leader(header: &Header, committee: &Committee) -> Result<(), Refused> {
    ensure(header.leader == committee.leader(header.view).key, "it was another seat's turn")
}

/// A header's roots are what executing its body gives.
pub(crate) fn check_roots(header: &Header, receipts: &[Bytes], targets: &Targets) -> Result<(), Refused> {
    let Header { state_root, operations_root, operations_start, operations_end, .. } = *header;
    let claimed = Targets { state_root, operations_root, operations_start, operations_end };
    ensure(claimed == *targets, "the state is not the one that the header names")?;
    let receipts_root = goodwill_proof::receipts_root(receipts);
    ensure(header.receipts_root == receipts_root, "the receipts are not those that the header names")
}

/// The clock, in milliseconds since 1970.
pub(crate) fn now_ms(clock: &impl Clock) -> u64 {
    let since = clock.current().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), Refused> {
    holds.then_some(()).ok_or_else(|| Refused(otherwise.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU64;

    fn rules() -> Rules {
        Rules::new(ChainConfig {
            chain_id: goodwill_types::hash(goodwill_types::Domain::Chain, b"test"),
            genesis_time_ms: 1_000_000,
            block_time_ms: NonZeroU64::new(100).unwrap(),
            blocks_per_epoch: NonZeroU64::new(10).unwrap(),
            body_size_max: 1_000,
        })
    }

    #[test]
    fn votes_by_the_clock() {
        let judge = |timestamp_ms| rules().judge(timestamp_ms, 50_000);
        assert_eq!(judge(50_000), Judgement::Vote);
        assert_eq!(judge(50_500), Judgement::Vote);
        assert_eq!(judge(50_501), Judgement::VoteIn(Duration::from_millis(1)));
        assert_eq!(judge(51_000), Judgement::VoteIn(Duration::from_millis(500)));
        assert_eq!(judge(51_001), Judgement::Refuse);
        assert_eq!(judge(49_000), Judgement::Vote);
        assert_eq!(judge(48_999), Judgement::Refuse);
        assert_eq!(judge(u64::MAX), Judgement::Refuse);
    }

    #[test]
    fn bounds_the_height_by_the_time() {
        assert_eq!(rules().height_max(0), 1);
        assert_eq!(rules().height_max(1_000_000), 6);
        assert_eq!(rules().height_max(1_010_000), 106);
    }

    #[test]
    fn epochs_hold_genesis() {
        assert_eq!((rules().last(0), rules().last(1)), (9, 19));
        assert_eq!((rules().epoch(9), rules().epoch(10)), (0, 1));
        assert_eq!((rules().first(0), rules().first(1)), (0, 10));
    }
}
