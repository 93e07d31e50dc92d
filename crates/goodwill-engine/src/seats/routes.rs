//! The channels of certificates and of questions about them: each node speaks as its engine seat.

use super::{Couriers, engine_seats};
use crate::committees::Seated;
use commonware_actor::{Feedback, Unreliable};
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_p2p::{CheckedSender, LimitedSender, Message, Receiver, Recipients};
use commonware_runtime::IoBufs;
use std::{fmt, num::NonZeroUsize, sync::Arc, time::SystemTime};

/// Sends to engine seats.
#[derive(Clone)]
pub(crate) struct RouteSender<S> {
    pub(crate) seats: Arc<Seated>,
    pub(crate) couriers: Arc<Couriers>,
    pub(crate) inner: S,
}

/// Hears engine seats.
pub(crate) struct RouteReceiver<R> {
    pub(crate) seats: Arc<Seated>,
    pub(crate) couriers: Arc<Couriers>,
    pub(crate) inner: R,
}

impl<S: LimitedSender<PublicKey = Point>> LimitedSender for RouteSender<S> {
    type PublicKey = Point;
    type Checked<'a> = CheckedRoute<'a, S>;

    fn check(&mut self, recipients: Recipients<Point>) -> Result<CheckedRoute<'_, S>, SystemTime> {
        let Self { seats, couriers, inner } = self;
        let asked = match recipients {
            Recipients::All => return Ok(CheckedRoute::All { couriers, inner }),
            Recipients::One(seat) => vec![seat],
            Recipients::Some(seats) => seats,
        };
        // A seat that only co-signs answers nothing: whoever asks tries another when it is rejected.
        let nodes: Vec<_> = asked.iter().filter_map(|seat| seats.engine_node(seat)).cloned().collect();
        Ok(match nodes.len() {
            0 => CheckedRoute::Nobody,
            _ => CheckedRoute::Some { seats, inner: inner.check(Recipients::Some(nodes))? },
        })
    }
}

/// A message on its way out.
pub(crate) enum CheckedRoute<'a, S: LimitedSender + 'a> {
    /// To whom depends on what it says.
    All {
        couriers: &'a Couriers,
        inner: &'a mut S,
    },
    Some {
        seats: &'a Arc<Seated>,
        inner: S::Checked<'a>,
    },
    Nobody,
}

impl<'a, S: LimitedSender<PublicKey = Point>> CheckedSender for CheckedRoute<'a, S> {
    type PublicKey = Point;

    fn recipients(&self) -> Vec<Point> {
        match self {
            Self::Some { seats, inner } => engine_seats(seats, inner),
            Self::All { .. } | Self::Nobody => Vec::new(),
        }
    }

    fn send(self, message: impl Into<IoBufs> + Send, priority: bool) -> Unreliable<Feedback> {
        match self {
            Self::Nobody => Unreliable::Rejected,
            Self::Some { inner, .. } => inner.send(message, priority),
            Self::All { couriers, inner } => {
                let message = message.into().coalesce();
                let nodes = couriers.recipients(&message);
                if nodes.is_empty() {
                    return Unreliable::new(Feedback::Ok);
                }
                let checked = inner.check(Recipients::Some(nodes));
                checked.map_or(Unreliable::Rejected, |checked| checked.send(message, priority))
            }
        }
    }
}

impl<R> fmt::Debug for RouteReceiver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RouteReceiver")
    }
}

impl<R: Receiver<PublicKey = Point>> Receiver for RouteReceiver<R> {
    type Error = R::Error;
    type PublicKey = Point;

    async fn recv(&mut self) -> Result<Message<Point>, R::Error> {
        loop {
            let (node, message) = self.inner.recv().await?;
            // Nodes without a seat have no part in it.
            if let Some(seat) = self.seats.engine(&node) {
                self.couriers.heard(&node, &message);
                return Ok((self.seats.points[seat].clone(), message));
            }
        }
    }

    fn capacity(&self) -> NonZeroUsize {
        self.inner.capacity()
    }
}
