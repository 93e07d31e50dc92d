//! Who makes the blocks of each epoch, kept on disk: after a restart the state may be too new to
//! tell.

use crate::state;
use commonware_consensus::{
    simplex::elector::{Config, Elector, Scheduled, Terms},
    types::{Epoch, Participant, Round},
};
use commonware_cryptography::{
    certificate::{Provider, Scheme as CertificateScheme, Scoped},
    ed25519::PublicKey as Point,
};
use commonware_storage::{
    Context,
    metadata::{self, Metadata},
};
use commonware_utils::{ordered::Set, sequence::U64, sync::Mutex};
use goodwill_proof::scheme::{self, Scheme};
use goodwill_types::{Committee, Digest, SecretKey};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::watch;

/// How many epochs are kept: certificates of older ones are never verified again.
const EPOCHS_KEPT: u64 = 16;

/// A committee, ready for use. Seats are named by their index.
pub(crate) struct Seated {
    pub(crate) committee: Committee,
    /// The seats' keys, in the committee's order.
    pub(crate) points: Set<Point>,
    /// The nodes that host them.
    pub(crate) nodes: Set<Point>,
    /// Of each seat, its node's index.
    hosts: Vec<usize>,
    /// Of each node, its lowest seat: the one that runs the engine.
    engines: Vec<usize>,
    verifier: Arc<Scheme>,
}

/// The committees known so far: at most that of the epoch after the newest final block.
pub(crate) struct Committees<E: Context>(Arc<Shared<E>>);

struct Shared<E: Context> {
    chain_id: Digest,
    seated: Mutex<BTreeMap<u64, Arc<Seated>>>,
    newest: watch::Sender<Option<u64>>,
    /// Taken out while it is written.
    store: tokio::sync::Mutex<Option<Metadata<E, U64, Committee>>>,
}

impl<E: Context> Clone for Committees<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: Context> Committees<E> {
    /// Reads what an earlier run knew.
    ///
    /// # Panics
    /// When it cannot be read, or is gone although there is a state: the first committee is durable
    /// before anything else is made. To begin anew would be to vote again on what was voted on.
    pub(crate) async fn open(context: E, chain_id: Digest, prefix: &str) -> Self {
        let state = context.scan(&state::tree_partition(prefix)).await;
        let began = state.is_ok_and(|files| !files.is_empty());
        let config = metadata::Config { partition: format!("{prefix}-committees"), codec_config: () };
        let store = Metadata::<E, U64, Committee>::init(context, config).await;
        let store = store.expect("the committees can be read");
        let known: Vec<_> =
            store.keys().filter_map(|epoch| Some((u64::from(epoch), store.get(epoch)?.clone()))).collect();
        assert!(!began || !known.is_empty(), "corrupt: the committees are gone");
        let committees = Self(Arc::new(Shared {
            chain_id,
            seated: Mutex::default(),
            newest: watch::Sender::new(None),
            store: tokio::sync::Mutex::new(Some(store)),
        }));
        known.into_iter().for_each(|(epoch, committee)| committees.seat(epoch, committee));
        committees
    }

    /// The newest epoch whose committee is known.
    pub(crate) fn newest(&self) -> Option<u64> {
        *self.0.newest.borrow()
    }

    /// The committee of the epoch that the node was in is durable before the node enters it.
    ///
    /// # Panics
    /// When it is not known: what was stored last is damaged, and waiting for it would be in vain.
    pub(crate) fn check_kept(&self, epoch: u64) {
        assert!(self.newest() >= Some(epoch), "corrupt: the committee of epoch {epoch} is gone");
    }

    /// The committee of `epoch`, if it is known and not forgotten.
    pub(crate) fn get(&self, epoch: u64) -> Option<Arc<Seated>> {
        self.0.seated.lock().get(&epoch).cloned()
    }

    /// Waits until the committee of `epoch` is known.
    pub(crate) async fn wait(&self, epoch: u64) -> Arc<Seated> {
        let known = |newest: &Option<u64>| newest.is_some_and(|newest| newest >= epoch);
        self.0.newest.subscribe().wait_for(known).await.expect("we hold the sender");
        self.get(epoch).expect("committees are kept longer than they are waited for")
    }

    /// Makes a committee known, and durable before anybody learns of it.
    pub(crate) async fn install(&self, epoch: u64, committee: Committee) {
        let mut place = self.0.store.lock().await;
        let mut store = place.take().expect("an earlier write did not fail");
        store.put(U64::new(epoch), committee.clone());
        store.retain(|kept, _| u64::from(kept) + EPOCHS_KEPT > epoch);
        *place = Some(store.sync().await.expect("the committees can be written"));
        self.seat(epoch, committee);
    }

    fn seat(&self, epoch: u64, committee: Committee) {
        let seated = Seated::new(&self.0.chain_id, committee)
            .unwrap_or_else(|| panic!("the committee of epoch {epoch} has an invalid key"));
        let mut all = self.0.seated.lock();
        all.insert(epoch, Arc::new(seated));
        all.retain(|kept, _| kept + EPOCHS_KEPT > epoch);
        self.0.newest.send_if_modified(|newest| {
            let newer = newest.is_none_or(|newest| epoch > newest);
            if newer {
                *newest = Some(epoch);
            }
            newer
        });
    }
}

impl Seated {
    pub(crate) fn new(chain_id: &Digest, committee: Committee) -> Option<Self> {
        let points = scheme::participants(&committee)?;
        let verifier = Arc::new(scheme::verifier(chain_id, &committee)?);
        let hosts = committee.seats.iter().map(|seat| Point::try_from(&seat.node));
        let hosts: Vec<Point> = hosts.collect::<Result<_, _>>().ok()?;
        let nodes = Set::from_iter_dedup(hosts.iter().cloned());
        let lowest = |node: &Point| hosts.iter().position(|host| host == node);
        let engines = nodes.iter().map(lowest).collect::<Option<_>>()?;
        let hosts = hosts.iter().map(|host| nodes.position(host)).collect::<Option<_>>()?;
        Some(Self { committee, points, nodes, hosts, engines, verifier })
    }

    /// Verifies what the seats sign.
    pub(crate) fn verifier(&self) -> &Scheme {
        &self.verifier
    }

    /// What the engine of `seat` signs with; `None` if the key is not the seat's.
    pub(crate) fn signer(&self, chain_id: &Digest, seat: usize, key: &SecretKey) -> Option<Scheme> {
        let ours = self.committee.position(&key.public_key()) == Some(seat);
        let namespace = scheme::namespace(chain_id);
        ours.then(|| Scheme::signer(&namespace, self.points.clone(), key.expose().clone()))?
    }

    /// The node that hosts a seat.
    pub(crate) fn host(&self, seat: usize) -> Option<&Point> {
        self.hosts.get(seat).map(|node| &self.nodes[*node])
    }

    /// The node that hosts the seat with this key.
    pub(crate) fn node(&self, seat: &Point) -> Option<&Point> {
        self.host(self.points.position(seat)?)
    }

    /// The seats that a node hosts.
    pub(crate) fn hosted(&self, node: &Point) -> impl Iterator<Item = usize> + '_ {
        let node = self.nodes.position(node);
        self.hosts.iter().enumerate().filter(move |(_, host)| Some(**host) == node).map(|(seat, _)| seat)
    }

    /// The seat that runs a node's engine.
    pub(crate) fn engine(&self, node: &Point) -> Option<usize> {
        self.nodes.position(node).map(|node| self.engines[node])
    }

    /// The node whose engine runs for this seat; `None` if the seat only co-signs.
    pub(crate) fn engine_node(&self, seat: &Point) -> Option<&Point> {
        let node = self.node(seat)?;
        (self.engine(node) == self.points.position(seat)).then_some(node)
    }

    /// The seat whose engine leads a view: that of the node whose seat's turn it is.
    fn leading_engine(&self, view: u64) -> usize {
        self.engines[self.hosts[self.committee.turn(view)]]
    }

    /// The key of the seat whose turn a view is.
    pub(crate) fn leader(&self, view: u64) -> &Point {
        &self.points[self.committee.turn(view)]
    }

    /// All nodes but one.
    pub(crate) fn others(&self, me: &Point) -> Vec<Point> {
        self.nodes.iter().filter(|node| *node != me).cloned().collect()
    }

    /// How many of its seats may be faulty while blocks stay final.
    pub(crate) fn faults_max(&self) -> usize {
        (self.points.len() - 1) / 3
    }
}

impl<E: Context> Provider for Committees<E> {
    type Scope = Epoch;
    type Scheme = Scheme;
    fn scoped(&self, epoch: Epoch) -> Option<Scoped<Scheme>> {
        self.get(epoch.get()).map(|seated| Scoped::scheme(seated.verifier.clone()))
    }
}

/// Who leads a view: fixed by the committee, whatever was certified before. Consensus knows a node's
/// engine seat; the header names the seat whose turn it is.
#[derive(Clone)]
pub(crate) struct Turns(pub(crate) Arc<Seated>);

impl<S: CertificateScheme<PublicKey = Point>> Config<S> for Turns {
    type Elector = Self;
    fn build(self, participants: &Set<Point>) -> Self {
        assert_eq!(*participants, self.0.points, "the turns are those of another committee");
        self
    }
}

impl<S: CertificateScheme<PublicKey = Point>> Elector<S> for Turns {
    type Mode = Scheduled;
    fn terms(&self) -> Terms {
        Terms::rotating()
    }
    fn elect(&self, round: Round, (): ()) -> Participant {
        Participant::from_usize(self.0.leading_engine(round.view().get()))
    }
}
