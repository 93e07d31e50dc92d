//! Who is connected to whom, as in a real mesh: two nodes that track each other, at least one of which
//! others can reach. Each node tracks by itself; the simulated network below connects everybody.

use commonware_actor::Feedback;
use commonware_cryptography::ed25519::PublicKey as Point;
use commonware_p2p::{
    BlockedSubscription, Blocker, Manager, PeerSetSubscription, PeerSetUpdate, Provider, TrackedPeers,
};
use commonware_utils::{channel::mpsc, ordered::Set, sync::Mutex};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// Peer sets that are remembered.
const PEER_SETS: usize = crate::process::PEER_SETS.get();

/// What all nodes track. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Mesh(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    members: BTreeMap<Point, Tracked>,
    /// Nodes that nobody can dial.
    unreachable: BTreeSet<Point>,
    /// Who cut off whom.
    blocked: BTreeSet<(Point, Point)>,
}

#[derive(Default)]
struct Tracked {
    sets: BTreeMap<u64, TrackedPeers<Point>>,
    subscribers: Vec<mpsc::UnboundedSender<PeerSetUpdate<Point>>>,
}

impl Tracked {
    fn knows(&self, node: &Point) -> bool {
        let in_set = |set: &TrackedPeers<Point>| {
            set.primary.position(node).is_some() || set.secondary.position(node).is_some()
        };
        self.sets.values().any(in_set)
    }

    fn update(&self) -> Option<PeerSetUpdate<Point>> {
        let (index, latest) = self.sets.last_key_value()?;
        let all = |of: fn(&TrackedPeers<Point>) -> &Set<Point>| {
            self.sets.values().flat_map(move |set| of(set).iter().cloned())
        };
        let primary = Set::from_iter_dedup(all(|set| &set.primary));
        let secondary = all(|set| &set.secondary).filter(|node| primary.position(node).is_none());
        let secondary = Set::from_iter_dedup(secondary);
        Some(PeerSetUpdate {
            index: *index,
            latest: latest.clone(),
            all: TrackedPeers::new(primary, secondary),
        })
    }
}

impl Mesh {
    pub(super) fn new(unreachable: impl IntoIterator<Item = Point>) -> Self {
        let unreachable = unreachable.into_iter().collect();
        Self(Arc::new(Mutex::new(State { unreachable, ..State::default() })))
    }

    /// A node starts, and knows nobody yet.
    pub(super) fn join(&self, me: Point) -> Member {
        self.0.lock().members.insert(me.clone(), Tracked::default());
        Member { me, mesh: self.clone() }
    }

    /// Those of `nodes` to whom `from` is connected.
    pub(super) fn connected(&self, from: &Point, nodes: impl IntoIterator<Item = Point>) -> Vec<Point> {
        let state = self.0.lock();
        let knows = |a: &Point, b: &Point| state.members.get(a).is_some_and(|member| member.knows(b));
        let hidden = state.unreachable.contains(from);
        let connected =
            |to: &Point| knows(from, to) && knows(to, from) && !(hidden && state.unreachable.contains(to));
        nodes.into_iter().filter(connected).collect()
    }

    /// All nodes that have started.
    pub(super) fn everybody(&self) -> Vec<Point> {
        self.0.lock().members.keys().cloned().collect()
    }

    /// Who cut off whom.
    pub(super) fn blocked(&self) -> BTreeSet<(Point, Point)> {
        self.0.lock().blocked.clone()
    }
}

/// A node's view of the mesh.
#[derive(Clone)]
pub(super) struct Member {
    me: Point,
    mesh: Mesh,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Member({})", self.me)
    }
}

impl Provider for Member {
    type PublicKey = Point;

    async fn peer_set(&mut self, id: u64) -> Option<TrackedPeers<Point>> {
        self.mesh.0.lock().members.get(&self.me)?.sets.get(&id).cloned()
    }

    async fn subscribe(&mut self) -> PeerSetSubscription<Point> {
        let (sender, updates) = mpsc::unbounded_channel();
        if let Some(tracked) = self.mesh.0.lock().members.get_mut(&self.me) {
            tracked.update().map(|update| sender.send(update));
            tracked.subscribers.push(sender);
        }
        updates
    }
}

impl Manager for Member {
    fn track<R>(&mut self, id: u64, peers: R) -> Feedback
    where
        R: Into<TrackedPeers<Point>> + Send,
    {
        let mut state = self.mesh.0.lock();
        let Some(tracked) = state.members.get_mut(&self.me) else { return Feedback::Closed };
        assert!(tracked.sets.last_key_value().is_none_or(|(last, _)| *last < id), "sets in order");
        tracked.sets.insert(id, peers.into());
        while tracked.sets.len() > PEER_SETS {
            tracked.sets.pop_first();
        }
        if let Some(update) = tracked.update() {
            tracked.subscribers.retain(|subscriber| subscriber.send(update.clone()).is_ok());
        }
        Feedback::Ok
    }
}

/// Blocks, and writes down whom.
#[derive(Clone)]
pub(super) struct Blocking<B> {
    pub(super) me: Point,
    pub(super) mesh: Mesh,
    pub(super) inner: B,
}

impl<B: Blocker<PublicKey = Point>> Blocker for Blocking<B> {
    type PublicKey = Point;

    fn block(&mut self, node: Point) -> Feedback {
        self.mesh.0.lock().blocked.insert((self.me.clone(), node.clone()));
        self.inner.block(node)
    }

    fn blocked(&mut self) -> BlockedSubscription<Point> {
        self.inner.blocked()
    }
}
