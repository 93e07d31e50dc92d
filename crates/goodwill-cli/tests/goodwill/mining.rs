//! Miners as processes: they buy slots of every epoch, serve, earn, lose, come back; committees change
//! and the chain goes on. `GOODWILL_EPOCHS=20` runs as many epochs; the default is short. `just mine`.
//! `GOODWILL_BLOCK_TIME_MS` makes blocks slower, to see how long the changes of epochs are then.

use crate::world::{PATIENCE, Process, Starting, check_supply, wait_for, wait_until};
use goodwill_node::{
    config::{KeyFile, store_key},
    development::{Development, free_address},
    ledger::{Manifest, genesis_committee},
    load_manifest,
};
use goodwill_types::{
    Account, Action, Address, Domain, Equivocation, SecretKey, api, hash,
    vote::{Proposal, Round, Vote},
};
use goodwill_wallet::{
    Client, Freshness, LightClient,
    compose::{Offer, Terms, compose},
    development,
};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

const FOUNDERS: u32 = 3;
/// Slots that the miners want of each epoch: all of them fit.
const WANTED: [u32; 6] = [1, 1, 2, 3, 5, 9];
const SLOTS: u64 = 32;
const EPOCH: u64 = 64;
/// Which of the miners is killed for two epochs, and which votes against itself.
const KILLED: usize = 3;
const EQUIVOCATES: usize = 2;

struct Net {
    folder: tempfile::TempDir,
    manifest: Manifest,
    founders: Vec<Process>,
    miners: Vec<Option<Process>>,
}

fn key(miner: usize) -> SecretKey {
    development::account(development::NAMES[miner]).expect("a published name")
}

fn address(miner: usize) -> Address {
    Address::of(&key(miner).public_key())
}

impl Net {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parameters = [
            ("blocks_per_epoch", EPOCH),
            ("slots_per_epoch", SLOTS),
            ("seats_min", 16),
            ("block_time_ms", block_time_ms()),
        ];
        let http = ([127, 0, 0, 1], 0).into();
        let chain = Development { miners: FOUNDERS, http, parameters: &parameters, slots: 0 };
        chain.prepare(folder.path()).expect("a folder");
        let manifest = load_manifest(&folder.path().join("chain.toml")).unwrap();
        let configs = (0..FOUNDERS).map(|n| folder.path().join(format!("miner-{n}/node.toml")));
        let starting: Vec<_> = configs.map(Starting::node).collect();
        let founders = starting.into_iter().map(Starting::ready).collect();
        Self { folder, manifest, founders, miners: WANTED.map(|_| None).into() }
    }

    fn client(&self) -> Client {
        Client::new(self.founders[0].api()).unwrap()
    }

    fn home(&self, miner: usize) -> PathBuf {
        self.folder.path().join(format!("buyer-{miner}"))
    }

    /// A miner's folder, as the README says: the manifest, a peer, a key with coins, `[mine]`.
    fn settle(&self, miner: usize) {
        let home = self.home(miner);
        fs::create_dir_all(&home).unwrap();
        store_key(&home, KeyFile::Miner, &key(miner)).unwrap();
        let founder = fs::read_to_string(self.folder.path().join("miner-0/node.toml")).unwrap();
        let listen = founder.lines().find(|line| line.starts_with("listen")).unwrap();
        let (founder_key, own) = (development::miner(0).public_key(), free_address().unwrap());
        // Home lines: every second miner only dials out.
        let (slots, api, reachable) = (WANTED[miner], self.founders[0].api(), miner % 2 == 1);
        let text = format!(
            "manifest = \"../chain.toml\"\ndata = \".\"\nhttp = \"127.0.0.1:0\"\nlisten = \"{own}\"\nallow_private_ips = true\nreachable = {reachable}\n\
             [[peers]]\nkey = \"{founder_key}\"\naddress = {}\n\
             [mine]\nslots = {slots}\nmax_price = \"100\"\ngateway = \"{api}\"\n",
            listen.trim_start_matches("listen = ")
        );
        fs::write(home.join("node.toml"), text).unwrap();
    }

    fn run(&mut self, miner: usize) {
        self.miners[miner] = Some(Process::node(self.home(miner).join("node.toml")));
    }

    fn reach_epoch(&self, epoch: u64, offset: u64) {
        let height = epoch * EPOCH + offset;
        let patience = PATIENCE + Duration::from_millis(EPOCH * block_time_ms() * 4);
        wait_for(&format!("height {height}"), patience, || self.founders[0].height() >= height);
    }

    fn miner(&self, miner: usize) -> api::Miner {
        self.client().miner(&address(miner), &self.manifest.address_prefix).unwrap()
    }

    fn epoch(&self, number: u64) -> api::Epoch {
        self.client().epoch(Some(number)).unwrap()
    }
}

/// Fast, unless somebody wants to measure.
fn block_time_ms() -> u64 {
    env::var("GOODWILL_BLOCK_TIME_MS").map_or(100, |text| text.parse().expect("a number"))
}

#[test]
fn miners_buy_serve_earn_and_lose() {
    let epochs: u64 = env::var("GOODWILL_EPOCHS").map_or(5, |text| text.parse().expect("a number"));
    let mut net = Net::start();
    (0..WANTED.len()).for_each(|miner| net.settle(miner));
    (0..WANTED.len()).for_each(|miner| net.run(miner));

    // What was ordered in epoch 0 is served in epoch 2.
    let mut shares = Shares::default();
    let (mut gaps_ms, mut killed_at) = (Vec::new(), None);
    for epoch in 2..2 + epochs {
        if epochs > 8 && epoch == 8 {
            // Before the draw, so that it takes up nothing of the next epoch.
            net.reach_epoch(epoch, EPOCH / 4);
            net.miners[KILLED].take().expect("it runs").kill();
            killed_at = Some(epoch);
        }
        net.reach_epoch(epoch, EPOCH / 2);
        let now = net.epoch(epoch);
        let paid = now.seats.iter().filter(|seat| seat.paid).count() as u32;
        // What was drawn is not taken up, and nothing is ordered while it is away.
        let away = killed_at.is_some_and(|at| epoch > at && epoch <= at + 3);
        let expected: u32 = WANTED.iter().sum::<u32>() - if away { WANTED[KILLED] } else { 0 };
        assert!(paid >= expected - WANTED[EQUIVOCATES], "{paid} paid seats in epoch {epoch}");
        gaps_ms.push(boundary_gap_ms(&net.founders[0], epoch * EPOCH));
        check_supply(&net.founders[0].get("/v1/supply"));
        if killed_at.is_some_and(|at| epoch == at + 2) {
            net.run(KILLED);
        }
        if epoch == 3 {
            equivocate(&net, epoch);
        }
        net.reach_epoch(epoch + 1, 0);
        // A miner that is killed in the middle of an epoch misses turns.
        if killed_at != Some(epoch) {
            shares.count(&net, &net.epoch(epoch), away);
        }
    }
    shares.check(&net);
    follow_all(&net);
    let longest = gaps_ms.iter().max().expect("an epoch");
    println!(
        "{epochs} epochs; the longest gap at a boundary was {longest} ms at {} ms a block",
        block_time_ms()
    );
    println!("gaps in ms: {gaps_ms:?}");
    for (miner, slots) in WANTED.iter().enumerate() {
        let api::Miner { led, missed, donated, unmatured, matured, .. } = net.miner(miner);
        println!(
            "miner {miner}: {slots} slots, {led} led, {missed} missed, donated {}, earned {} + {}",
            donated.0, matured.0, unmatured.0
        );
    }
    net.miners.into_iter().flatten().for_each(Process::stop);
    net.founders.into_iter().for_each(Process::stop);
}

/// The time between the last block of an epoch and the first of the next.
fn boundary_gap_ms(node: &Process, first: u64) -> u64 {
    let at = |height: u64| node.get(&format!("/v1/blocks/{height}"))["timestamp_ms"].as_u64().unwrap();
    at(first) - at(first - 1)
}

/// Votes of a seat against itself, made with its own secrets: reported by another miner, and punished.
fn equivocate(net: &Net, epoch: u64) {
    let stored = fs::read_to_string(net.home(EQUIVOCATES).join(format!("seats/{epoch}.toml"))).unwrap();
    let seed = stored.split("key = \"").nth(1).unwrap().split('"').next().unwrap();
    let mut bytes = [0; 32];
    hex::decode_to_slice(seed, &mut bytes).unwrap();
    let (seat, chain_id) = (SecretKey::from_seed(bytes), net.manifest.chain_id());
    let vote = |block: &[u8]| {
        let (round, block) = (Round { epoch, view: 3 }, hash(Domain::Block, block));
        Vote::Notarize { proposal: Proposal { round, parent_view: 2, block } }.sign(&seat, &chain_id)
    };
    let evidence = Equivocation { seat: seat.public_key(), first: vote(b"one"), second: vote(b"two") };
    let before = net.miner(EQUIVOCATES);
    assert!(before.unmatured.0.units > 0, "it has something to lose");

    let (client, reporter) = (net.client(), development::account("judy").unwrap());
    let from = Address::of(&reporter.public_key());
    let terms = Terms::try_from(&client.status().unwrap()).unwrap();
    let holds = client.account(&from, &terms.chain.prefix, false).unwrap();
    let account = Account { balance: holds.balance.0, nonce: holds.nonce };
    let report = Action::ReportEquivocation { evidence: evidence.into() };
    let signed = compose(&terms, from, &account, report, Offer::default()).unwrap().sign(&reporter).unwrap();
    let sent = client.submit_and_wait(&signed, crate::world::PATIENCE).unwrap();
    assert_eq!(sent.status, api::TransactionStatus::Final, "{sent:?}");
    let after = net.miner(EQUIVOCATES);
    assert_eq!(after.unmatured.0.units, 0);
    assert!(after.banned_until.is_some_and(|until| until > epoch));
    let paid = client.account(&from, &terms.chain.prefix, false).unwrap().balance;
    assert_eq!(paid, holds.balance, "the reporter's fee is repaid");
}

/// Of each miner, the blocks that it made and those that its seats promised, over epochs without faults.
#[derive(Default)]
struct Shares(BTreeMap<String, Share>);

#[derive(Default)]
struct Share {
    led: u64,
    promised: f64,
    variance: f64,
    epochs: u64,
}

impl Shares {
    /// Counts an epoch that is over: all orders fit, so whoever ordered has its seats.
    fn count(&mut self, net: &Net, epoch: &api::Epoch, away: bool) {
        let paid: Vec<_> = epoch.seats.iter().filter(|seat| seat.paid).collect();
        let blocks: u64 = paid.iter().map(|seat| u64::from(seat.led)).sum();
        for (miner, wanted) in WANTED.iter().enumerate() {
            let text = address(miner).display(&net.manifest.address_prefix);
            let own: Vec<_> = paid.iter().filter(|seat| seat.miner == text).collect();
            let absent = (miner == KILLED && away) || (miner == EQUIVOCATES && own.is_empty());
            assert_eq!(own.len(), if absent { 0 } else { *wanted as usize }, "miner {miner}");
            let share = own.len() as f64 / paid.len() as f64;
            let counted = self.0.entry(text).or_default();
            counted.led += own.iter().map(|seat| u64::from(seat.led)).sum::<u64>();
            counted.promised += blocks as f64 * share;
            counted.variance += blocks as f64 * share * (1.0 - share);
            counted.epochs += u64::from(!absent);
        }
    }

    /// Every miner's blocks are its share of the turns, within four standard deviations.
    fn check(&self, net: &Net) {
        for miner in 0..WANTED.len() {
            let text = address(miner).display(&net.manifest.address_prefix);
            let Share { led, promised, variance, epochs } = &self.0[&text];
            let z = (*led as f64 - promised) / variance.sqrt();
            println!("miner {miner}: {led} blocks of {promised:.1} promised in {epochs} epochs: z = {z:.2}");
            assert!(z.abs() < 4.0, "miner {miner}: z = {z}");
        }
    }
}

/// A light client follows every hand-over from genesis, and then believes what the newest epoch signs.
fn follow_all(net: &Net) {
    let freshness = Freshness { now_ms: net.manifest.genesis_time_ms, trust_ms: 0 };
    let (chain_id, committee) = (net.manifest.chain_id(), genesis_committee(&net.manifest));
    let genesis_ms = net.manifest.genesis_time_ms;
    let mut light = LightClient::from_genesis(chain_id, committee, genesis_ms, freshness).unwrap();
    let client = net.client();
    wait_until("the light client has followed", || light.follow_all(&client).is_ok());
    assert!(light.epoch() >= client.status().unwrap().epoch - 1);
    let of = address(0);
    wait_until("an account is proven", || {
        let _ = light.follow_all(&client);
        let answer = client.account(&of, &net.manifest.address_prefix, true);
        answer.is_ok_and(|answer| light.verify_account(&of, &answer).is_ok())
    });
    let forged = api::Handover { proof: api::HexBytes(vec![0; 100]), ..client.handover(0).unwrap() };
    assert!(light.follow(&forged.proof).is_err());
}

/// A folder is not needed twice: paths in errors name the miner's.
#[test]
fn mining_without_a_key_or_a_gateway_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let chain = Development { miners: 1, http: ([127, 0, 0, 1], 0).into(), parameters: &[], slots: 0 };
    chain.prepare(folder.path()).unwrap();
    let config = folder.path().join("miner-0/node.toml");
    let run = |args: &[&str]| {
        let output = crate::world::goodwill().args(args).arg("--config").arg(&config).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&["mine", "status"]);
    assert!(code == 3 && said.contains("make it with `goodwill mine key`"), "{code}: {said}");
    assert_eq!(run(&["mine", "key"]).0, 0);
    let (code, said) = run(&["mine", "status", "--url", "http://127.0.0.1:9"]);
    assert!(code == 5, "{code}: {said}");
    assert_eq!(run(&["mine", "auto", "--slots", "3", "--max-price", "12.5"]).0, 0);
    assert!(settings(&config).contains("slots = 3\n") && settings(&config).contains("max_price = \"12.5\""));
    assert_eq!(run(&["mine", "auto", "--off"]).0, 0);
    assert!(settings(&config).contains("auto = false"));
}

fn settings(config: &Path) -> String {
    fs::read_to_string(config).unwrap()
}
