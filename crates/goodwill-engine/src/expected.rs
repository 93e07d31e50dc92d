//! Which nodes the next epoch will have, as far as the state tells: they are connected before it
//! begins.

use crate::{StateMachine, machine::Refused, rules::Rules, state, state::Source};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_runtime::Spawner;
use commonware_storage::Context as StorageContext;
use commonware_utils::ordered::Set;
use goodwill_types::Header;
use std::sync::Arc;
use tokio::sync::watch;

/// The nodes that a block's state expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forecast {
    /// The block's height.
    pub(crate) height: u64,
    /// The nodes of the epoch after the block's.
    pub(crate) nodes: Set<Point>,
}

/// Asks the machine, and tells whoever tracks nodes.
#[derive(Clone)]
pub(crate) struct Expected {
    pub(crate) machine: Arc<dyn StateMachine>,
    pub(crate) rules: Rules,
    pub(crate) forecast: Arc<watch::Sender<Option<Forecast>>>,
}

impl Expected {
    /// Asks in the second half of an epoch, but not at its end: then the committee itself is known.
    /// `source` is the state after the block of `header`.
    pub(crate) async fn ask<E: StorageContext + Spawner>(&self, header: &Header, source: Source<'_, E>) {
        if !self.rules.is_second_half(header) || self.rules.is_last(header) {
            return;
        }
        let epoch = header.epoch + 1;
        let nodes = state::answer(source, |known| self.machine.expected(epoch, known)).await;
        let nodes = nodes.unwrap_or_else(|Refused(why)| panic!("no expected nodes: {why}"));
        let nodes = Set::from_iter_dedup(nodes.iter().filter_map(|node| Point::try_from(node).ok()));
        self.tell(Forecast { height: header.height, nodes });
    }

    /// The same nodes are not told twice.
    fn tell(&self, forecast: Forecast) {
        self.forecast.send_if_modified(|told| {
            let epoch = |forecast: &Forecast| self.rules.epoch(forecast.height);
            let same = told.as_ref().is_some_and(|told| {
                told.height >= forecast.height
                    || (told.nodes == forecast.nodes && epoch(told) == epoch(&forecast))
            });
            if !same {
                *told = Some(forecast);
            }
            !same
        });
    }
}
