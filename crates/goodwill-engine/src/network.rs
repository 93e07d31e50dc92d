//! What nodes say to each other: channels, their rates, and the largest message.

use crate::{
    ChainConfig, GOSSIP_SIZE_MAX,
    block::{Block, BlockBounds},
    seats::VoteMessage,
};
use commonware_consensus::{
    marshal::{self, standard::Standard},
    simplex,
};
use commonware_p2p::{max_message_size, utils::mux::prefixed};
use commonware_runtime::Quota;
use commonware_utils::NZU32;
use goodwill_proof::scheme::Scheme;
use goodwill_types::{Digest, block::SEATS_MAX};
use std::num::NonZeroU32;

/// A channel's two ends for each subject, and who may be talked to.
pub(crate) struct Network<S, R, M, B> {
    pub(crate) channels: Channels<(S, R)>,
    pub(crate) manager: M,
    pub(crate) blocker: B,
    /// The most nodes that may be tracked at once, this one included.
    pub(crate) peers_max: usize,
}

/// One of something for each subject that nodes talk about.
pub(crate) struct Channels<T> {
    pub(crate) votes: T,
    pub(crate) certificates: T,
    pub(crate) resolver: T,
    pub(crate) backfill: T,
    pub(crate) blocks: T,
    pub(crate) tips: T,
    pub(crate) gossip: T,
}

/// Messages a second and connection, in the order of [`Channels`]. The memory reserved for a
/// connection grows with them.
pub(crate) const RATES: [NonZeroU32; 7] =
    [NZU32!(64), NZU32!(64), NZU32!(32), NZU32!(64), NZU32!(32), NZU32!(32), NZU32!(64)];

impl<T> Channels<T> {
    /// Opens each channel, given its number and its rate.
    pub(crate) fn open(mut open: impl FnMut(u64, Quota) -> T) -> Self {
        let mut number = 0;
        let mut next = || {
            let rate = Quota::per_second(RATES[number as usize]);
            number += 1;
            open(number - 1, rate)
        };
        Self {
            votes: next(),
            certificates: next(),
            resolver: next(),
            backfill: next(),
            blocks: next(),
            tips: next(),
            gossip: next(),
        }
    }
}

/// The largest message of any channel, in bytes. All nodes of a chain must agree on it.
pub(crate) fn message_size_max(chain: &ChainConfig) -> u32 {
    let seats = SEATS_MAX as u32;
    let bounds = BlockBounds { body_size_max: chain.body_size_max };
    max_message_size(&[
        prefixed(simplex::max_payload_size::<Scheme, Digest>(seats)),
        prefixed(VoteMessage::size_max(SEATS_MAX)),
        marshal::max_payload_size::<Standard<Block>, Scheme>(seats, &bounds),
        GOSSIP_SIZE_MAX,
    ])
}
