//! Carries the machine's messages between nodes. Promises nothing: what is too much is dropped.

use crate::{GOSSIP_SIZE_MAX, StateMachine};
use bytes::Bytes;
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_macros::select_loop;
use commonware_p2p::{Receiver, Recipients, Sender};
use commonware_runtime::{IoBuf, Spawner};
use goodwill_types::PublicKey;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Sends what comes from `outgoing`, and gives the machine what other nodes sent.
pub(crate) async fn run<E: Spawner>(
    context: E,
    machine: Arc<dyn StateMachine>,
    mut outgoing: mpsc::Receiver<Bytes>,
    (mut sender, mut receiver): (impl Sender<PublicKey = Point>, impl Receiver<PublicKey = Point>),
) {
    select_loop! {
        context,
        on_stopped => {},
        message = next(&mut outgoing) => {
            let _ = sender.send(Recipients::All, IoBuf::from(message), false);
        },
        received = receiver.recv() => {
            let Ok((from, message)) = received else { break };
            hear(machine.as_ref(), &from, message);
        },
    }
}

/// The next message to send. There is none any more once every handle is gone; hearing goes on.
async fn next(outgoing: &mut mpsc::Receiver<Bytes>) -> Bytes {
    match outgoing.recv().await {
        Some(message) => message,
        None => std::future::pending().await,
    }
}

fn hear(machine: &dyn StateMachine, from: &Point, message: IoBuf) {
    if message.len() <= GOSSIP_SIZE_MAX
        && let Ok(from) = PublicKey::try_from(from)
    {
        machine.heard(&from, message.into());
    }
}
