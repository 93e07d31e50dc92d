//! Four nodes as processes under a stream of payments, killed without warning at random moments: one,
//! several, all, also while they start. After every kill, what a client saw final is where it was,
//! the books balance, the nodes agree and the chain goes on.
//!
//! `GOODWILL_KILLS=300` kills as often; `GOODWILL_SEED` gives the seed, which decides who is killed and
//! when, not what the machine does meanwhile; `GOODWILL_BIN` another binary. `just kills`.

use crate::world::{Process, Starting, check_supply, light, wait_until};
use goodwill_node::{ledger::Manifest, load_manifest};
use goodwill_types::{Address, Amount, TransactionId, api::TransactionStatus};
use goodwill_wallet::{
    Client, LightClient,
    compose::{Terms, Transfer, transfer},
    development,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const NODES: usize = 4;
/// Who pays whom: each payer has payments of their own, one after the other.
const PAYERS: [(&str, &str); 2] = [("alice", "bob"), ("carol", "dave")];
/// How many of the earlier payments are looked up again after each kill; all are at the end.
const EARLIER_SAMPLED: usize = 16;
/// One kill in so many meets a chain that has not made its first block.
const FRESH_EVERY: usize = 20;
const SETTLE_TIMEOUT: Duration = Duration::from_secs(20);

fn number(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn nothing_final_is_lost_by_kills() {
    let (kills, seed) = (number("GOODWILL_KILLS", 3) as usize, number("GOODWILL_SEED", 1));
    println!("seed {seed}: {kills} kills");
    let mut random = StdRng::seed_from_u64(seed);
    let fresh = kills.div_ceil(FRESH_EVERY);
    let mut recoveries: Vec<_> = (0..fresh).map(|_| kill_fresh(&mut random)).collect();

    let mut net = Net::start();
    let stream = Stream::start(&net);
    let mut killed = fresh;
    while killed < kills {
        killed += net.strike(&mut random, &mut recoveries);
        net.check(&stream.sample(&mut random));
    }
    let finals = stream.stop();
    net.check(&finals);
    assert!(!finals.is_empty(), "no payment became final");
    report(killed, &recoveries, finals.len());
}

fn report(kills: usize, recoveries: &[Duration], finals: usize) {
    let mean = recoveries.iter().sum::<Duration>() / recoveries.len() as u32;
    let max = recoveries.iter().max().expect("at least one");
    println!("| kills | recoveries | mean | max | transactions final | lost |");
    println!("|---|---|---|---|---|---|");
    println!("| {kills} | {} | {mean:.1?} | {max:.1?} | {finals} | 0 |", recoveries.len());
}

/// Kills a chain in its first seconds: it must start all the same.
fn kill_fresh(random: &mut StdRng) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let starting = Starting::dev(folder.path(), NODES as u32);
    pause(random, 2_000);
    starting.kill();
    let began = Instant::now();
    let dev = Process::dev(folder.path(), NODES as u32);
    dev.reach(2);
    check_supply(&dev.get("/v1/supply"));
    dev.stop();
    began.elapsed()
}

fn pause(random: &mut StdRng, ms_max: u64) {
    thread::sleep(Duration::from_millis(random.random_range(0..=ms_max)));
}

/// Where each node's gateway is, while it runs.
type Gateways = Arc<Mutex<Vec<Option<String>>>>;

/// The payments that a client saw final, and their heights.
type Finals = BTreeMap<TransactionId, u64>;

struct Net {
    folder: tempfile::TempDir,
    manifest: Manifest,
    light: Mutex<LightClient>,
    nodes: Vec<Option<Process>>,
    gateways: Gateways,
}

impl Net {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // `goodwill dev` lays out the folder; from then on each miner is a process of its own.
        Process::dev(folder.path(), NODES as u32).stop();
        let manifest = load_manifest(&folder.path().join("chain.toml")).unwrap();
        let seats = manifest.founders.iter().map(|founder| founder.node_key).collect();
        let light = Mutex::new(light(manifest.chain_id(), seats));
        let nodes = (0..NODES).map(|_| None).collect();
        let gateways = Arc::new(Mutex::new(vec![None; NODES]));
        let mut net = Self { folder, manifest, light, nodes, gateways };
        net.restart(&[0, 1, 2, 3]);
        net
    }

    /// Kills some, one of them perhaps again while it starts. Gives the number of kills, and notes how
    /// long it took until all were back and the chain went on.
    fn strike(&mut self, random: &mut StdRng, recoveries: &mut Vec<Duration>) -> usize {
        pause(random, 1_500);
        let victims = victims(random);
        let seen = self.running().map(Process::height).max().expect("some run");
        for victim in &victims {
            self.gateways.lock().unwrap()[*victim] = None;
            self.nodes[*victim].take().expect("it runs").kill();
        }
        pause(random, 500);
        let again = random.random_bool(0.3);
        if again {
            let starting = Starting::node(config(self.folder.path(), victims[0]));
            pause(random, 1_000);
            starting.kill();
        }
        let began = Instant::now();
        self.restart(&victims);
        self.running().for_each(|node| node.reach(seen + 2));
        recoveries.push(began.elapsed());
        victims.len() + usize::from(again)
    }

    fn restart(&mut self, numbers: &[usize]) {
        let folder = self.folder.path();
        let starting: Vec<_> = numbers.iter().map(|n| (*n, Starting::node(config(folder, *n)))).collect();
        for (number, starting) in starting {
            let node = starting.ready();
            self.gateways.lock().unwrap()[number] = Some(node.api().to_owned());
            self.nodes[number] = Some(node);
        }
    }

    fn running(&self) -> impl Iterator<Item = &Process> {
        self.nodes.iter().flatten()
    }

    /// Everything that must hold once all are back.
    fn check(&self, finals: &Finals) {
        let height = finals.values().copied().max().unwrap_or(1);
        self.running().for_each(|node| node.reach(height));
        let common = self.running().map(Process::height).min().expect("all run");
        let mut roots = self.running().map(|node| {
            let block = node.get(&format!("/v1/blocks/{common}"));
            (block["digest"].to_string(), block["state_root"].to_string())
        });
        let first = roots.next().expect("all run");
        assert!(roots.all(|root| root == first), "the nodes differ at height {common}");
        for node in self.running() {
            check_supply(&node.get("/v1/supply"));
            let client = Client::new(node.api()).unwrap();
            finals.iter().for_each(|(id, height)| still_final(&client, *id, *height));
            self.check_proof(&client);
        }
    }

    fn check_proof(&self, client: &Client) {
        let alice = Address::of(&development::account("alice").unwrap().public_key());
        // The newest block's certificate may be on its way.
        wait_until("an account is proven", || {
            let mut light = self.light.lock().unwrap();
            // A node that was killed at the boundary may lack a hand-over: others have it.
            for node in self.running() {
                let _ = light.follow_all(&Client::new(node.api()).unwrap());
            }
            let answer = client.account(&alice, &self.manifest.address_prefix, true);
            answer.is_ok_and(|answer| light.verify_account(&alice, &answer).is_ok())
        });
    }
}

fn config(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("miner-{number}/node.toml"))
}

/// One, several or all.
fn victims(random: &mut StdRng) -> Vec<usize> {
    let count = match random.random_range(0..10) {
        0..5 => 1,
        5..7 => random.random_range(2..NODES),
        _ => NODES,
    };
    (0..NODES).collect::<Vec<_>>().sample(random, count).copied().collect()
}

fn still_final(client: &Client, id: TransactionId, height: u64) {
    let found = client.transaction(id).unwrap_or_else(|e| panic!("{id} was final at {height}, now: {e}"));
    let now = found.inclusion.map(|inclusion| inclusion.receipt.height);
    assert_eq!((found.status, now), (TransactionStatus::Final, Some(height)), "{id} was final at {height}");
}

/// Pays without a pause, at whichever node runs.
struct Stream {
    stopping: Arc<AtomicBool>,
    finals: Arc<Mutex<Finals>>,
    /// The height up to which all were looked up.
    checked: Mutex<u64>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Stream {
    fn start(net: &Net) -> Self {
        let (stopping, finals) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Finals>>::default());
        let threads = PAYERS.iter().enumerate().map(|(payer, (from, to))| {
            let (stopping, finals) = (stopping.clone(), finals.clone());
            let gateways = net.gateways.clone();
            thread::spawn(move || {
                for attempt in payer.. {
                    if stopping.load(Ordering::Relaxed) {
                        return;
                    }
                    let gateway = gateways.lock().unwrap()[attempt % NODES].clone();
                    match gateway.and_then(|gateway| pay(&gateway, from, to)) {
                        Some((id, height)) => drop(finals.lock().unwrap().insert(id, height)),
                        None => thread::sleep(Duration::from_millis(20)),
                    }
                }
            })
        });
        let threads = threads.collect();
        Self { stopping, finals, checked: Mutex::new(0), threads }
    }

    /// Some of the payments that are final by now.
    fn sample(&self, random: &mut StdRng) -> Finals {
        let finals = self.finals.lock().unwrap();
        let all: Vec<_> = finals.iter().map(|(id, height)| (*id, *height)).collect();
        let newest = all.iter().map(|(_, height)| *height).max().unwrap_or_default();
        let before = std::mem::replace(&mut *self.checked.lock().unwrap(), newest);
        let new = all.iter().filter(|(_, height)| *height >= before).copied();
        new.chain(all.sample(random, EARLIER_SAMPLED).copied()).collect()
    }

    fn stop(self) -> Finals {
        self.stopping.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().expect("payers do not panic"));
        self.finals.lock().unwrap().clone()
    }
}

/// One payment; `None` when it is not known to be final, as the node may have been killed.
fn pay(gateway: &str, from: &str, to: &str) -> Option<(TransactionId, u64)> {
    let key = development::account(from)?;
    let (payer, payee) = (Address::of(&key.public_key()), development::account(to)?.public_key());
    let client = Client::new(gateway).ok()?;
    let terms = Terms::try_from(&client.status().ok()?).ok()?;
    let holds = client.account(&payer, &terms.chain.prefix, false).ok()?;
    let account = goodwill_types::Account { balance: holds.balance.0, nonce: holds.next_nonce };
    let wish = Transfer::to(Address::of(&payee), Amount::from_units(1));
    let signed = transfer(&terms, payer, &account, wish).ok()?.sign(&key).ok()?;
    let settled = client.submit_and_wait(&signed, SETTLE_TIMEOUT).ok()?;
    let is_final = settled.status == TransactionStatus::Final;
    settled.inclusion.filter(|_| is_final).map(|inclusion| (signed.id(), inclusion.receipt.height))
}
