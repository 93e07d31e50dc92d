//! One node: joins its parts. The same for processes and simulations.

use crate::{
    Config, StateMachine,
    block::Block,
    epochs::Epochs,
    expected::Expected,
    follow::{Deliveries, Follower, Heard},
    gossip,
    handle::{Query, Requests},
    network::{Channels, Network},
    pacing::Marshal,
    parts::{Application, Parts},
    queries::Library,
    seats::{Reach, Reachable},
    state::{Source, State},
};
use commonware_consensus::types::Height;
use commonware_cryptography::{Digested, ed25519::PublicKey as Point};
use commonware_p2p::{
    Blocker, Manager, Receiver, Sender,
    utils::mux::{Builder as _, MuxHandle, Muxer},
};
use commonware_runtime::{self as runtime, IoBuf, Spawner};
use goodwill_types::Header;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// What a node runs on: a real machine or a simulated one.
pub(crate) trait Runtime:
    commonware_storage::Context + Spawner + runtime::Network + rand::CryptoRng
{
}
impl<T: commonware_storage::Context + Spawner + runtime::Network + rand::CryptoRng> Runtime for T {}

type Strays = mpsc::Receiver<(u64, (Point, IoBuf))>;

/// Runs a node inside `runtime` until it is stopped. Ending the task ends all of the node.
pub(crate) async fn run<E, S, R, M, B>(
    runtime: E,
    config: Config,
    machine: Arc<dyn StateMachine>,
    network: Network<S, R, M, B>,
    requests: Requests,
) where
    E: Runtime,
    S: Sender<PublicKey = Point>,
    R: Receiver<PublicKey = Point>,
    M: Manager<PublicKey = Point>,
    B: Blocker<PublicKey = Point> + Sync,
{
    let Network { channels, manager, blocker, peers_max } = network;
    let Channels { votes, certificates, resolver, backfill, blocks, tips, gossip } = channels;
    let Requests { tip, queries, gossip: outgoing, peers } = requests;
    let tip = Arc::new(tip);

    let parts = Parts::prepare(runtime, config, machine.as_ref(), manager, blocker).await;
    let (finals, finals_seen) = mpsc::unbounded_channel();
    let (tip_sent, tip_seen) = watch::channel(0);
    let deliveries = Deliveries { blocks: finals, tip: Arc::new(tip_sent) };
    let reach = Reach::default();
    let backfill = (Reachable { reach: reach.clone(), inner: backfill.0 }, backfill.1);
    let forecast = Arc::new(watch::Sender::new(None));
    let forecast_seen = forecast.subscribe();
    let expected = Expected { machine: machine.clone(), rules: parts.rules.clone(), forecast };
    let channels = (blocks, backfill);
    let (marshal, application) = parts.start(expected.clone(), tip.clone(), deliveries, channels).await;
    let gossiping = machine.clone();
    parts.runtime.child("gossip").spawn(|context| gossip::run(context, gossiping, outgoing, gossip));
    answer(&parts, (marshal.clone(), application.clone()), (tip, expected), queries);

    let (votes, stray_votes) = split(parts.runtime.child("votes"), votes);
    let (certificates, stray_certificates) = split(parts.runtime.child("certificates"), certificates);
    let (resolver, _) = split(parts.runtime.child("resolver"), resolver);
    let Parts { runtime, config, rules, me, cache, committees, manager, blocker, .. } = parts;
    let epochs = Epochs {
        runtime,
        config,
        machine,
        me,
        reach,
        peers_max,
        rules,
        committees,
        marshal,
        application,
        manager,
        blocker,
        cache,
        votes,
        certificates,
        resolver,
    };
    let (claims, heard, early) = Default::default();
    let follower = Follower { epochs, say: tips.0, peers, claims, heard, early };
    let strays = [stray_votes, stray_certificates];
    let heard = Heard { blocks: finals_seen, tip: tip_seen, strays, tips: tips.1, forecast: forecast_seen };
    follower.run(heard).await;
}

/// Splits a channel by epoch; what is for no epoch that was entered arrives aside.
fn split<S, R>(context: impl Spawner, (sender, receiver): (S, R)) -> (MuxHandle<S>, Strays)
where
    S: Sender<PublicKey = Point>,
    R: Receiver<PublicKey = Point>,
{
    let (mux, handle, strays) = Muxer::builder(context, sender, receiver).with_backup().build();
    mux.start();
    (handle, strays)
}

/// Answers questions once the state is open.
fn answer<E: Runtime, M, B>(
    parts: &Parts<E, M, B>,
    (marshal, application): (Marshal, Application<E>),
    (tip, expected): (Arc<watch::Sender<Option<Header>>>, Expected),
    queries: mpsc::Receiver<Query>,
) {
    let genesis = parts.genesis.clone();
    parts.runtime.child("library").spawn(|runtime| async move {
        let state = application.subscribe_databases().await;
        let recovered = show_recovered(&marshal, &state, genesis, &tip).await;
        if let Some(header) = recovered {
            expect(&expected, &header, &state).await;
        }
        drop(expected);
        let library = Library { runtime, marshal, state, tip: tip.subscribe() };
        // Whoever waits for the tip learns that the node stopped when the application is gone.
        drop(tip);
        library.run(queries).await;
    });
}

/// Asks for the nodes of the next epoch, unless a newer state was applied meanwhile: then that was asked.
async fn expect<E: Runtime>(expected: &Expected, header: &Header, state: &State<E>) {
    let held = state.read().await;
    if held.ops_root() == header.operations_root {
        expected.ask(header, Source::Held(&held)).await;
    }
}

/// Shows the state that an earlier run left, unless a newer one was applied meanwhile. Gives its
/// header.
async fn show_recovered<E: Runtime>(
    marshal: &Marshal,
    state: &State<E>,
    genesis: Digested<Block>,
    tip: &watch::Sender<Option<Header>>,
) -> Option<Header> {
    let root = state.read().await.ops_root();
    let height = marshal.get_processed().await.map_or(0, |at| at.height().get());
    let block = match height {
        0 => Some(genesis),
        _ => marshal.get_block(Height::new(height)).await,
    };
    let recovered = block.map(|block| block.inner().header.clone());
    let recovered = recovered.filter(|header| header.operations_root == root);
    tip.send_if_modified(|shown| {
        let show = shown.is_none() && recovered.is_some();
        if show {
            shown.clone_from(&recovered);
        }
        show
    });
    recovered
}
