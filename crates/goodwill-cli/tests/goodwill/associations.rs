//! Associations on separate processes: one is voted in and receives to the unit, one is refused just
//! below three quarters, payments are frozen, released and taken back, and the rules are amended.

use crate::world::{Process, Starting, check_supply, goodwill, wait_until};
use goodwill_node::{
    development::{CANDIDATE_DOMAIN, Candidate, Development},
    load_manifest,
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Five of seven are just below three quarters, and six above.
const FOUNDERS: u32 = 7;
const PARAMETERS: [(&str, u64); 8] = [
    ("block_time_ms", 100),
    ("blocks_per_epoch", 16),
    ("slots_per_epoch", 8),
    ("seats_min", 8),
    ("poll_epochs", 24),
    ("share_cap", 1),
    ("freeze_epochs", 100),
    ("poll_window", 1),
];

/// The nodes end before their folder is removed.
struct Net {
    nodes: Vec<Process>,
    folder: tempfile::TempDir,
}

impl Net {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let http = ([127, 0, 0, 1], 0).into();
        let chain = Development { miners: FOUNDERS, http, parameters: &PARAMETERS, slots: 0 };
        chain.prepare(folder.path()).expect("a folder");
        let config = |n| folder.path().join(format!("miner-{n}/node.toml"));
        let starting: Vec<_> = (0..FOUNDERS).map(|n| Starting::node(config(n))).collect();
        let nodes: Vec<Process> = starting.into_iter().map(Starting::ready).collect();
        nodes.iter().for_each(|node| node.reach(1));
        Self { nodes, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Each command asks another node.
    fn answer(&self, args: &[&str]) -> Value {
        self.nodes[args.len() % self.nodes.len()].answer(args)
    }

    fn association(&self, id: u64) -> Value {
        self.nodes[0].get(&format!("/v1/associations/{id}"))
    }

    fn await_status(&self, id: u64, status: &str) {
        wait_until(&format!("association {id} is {status}"), || self.association(id)["status"] == status);
    }

    fn epoch(&self) -> u64 {
        self.nodes[0].get("/v1/status")["epoch"].as_u64().unwrap()
    }

    fn vote(&self, founders: std::ops::Range<u32>, id: u64, choice: &str) {
        for founder in founders {
            let (id, from) = (id.to_string(), format!("miner-{founder}"));
            self.answer(&["association", "vote", &id, choice, "--from", &from, "--wait"]);
        }
    }

    /// Proves and applies as an association would, and gives its number.
    fn apply(&self, chain: &Path, key: &Path, domain: &str, account: &str) -> u64 {
        let proof = self.path(&format!("{domain}.json"));
        self.prove(chain, key, domain, account, &proof);
        let args = [
            "association",
            "apply",
            "--name",
            domain,
            "--cause",
            "climate",
            "--statement-uri",
            "https://example.org/statement",
            "--proof",
            text(&proof),
            "--from",
            account,
            "--wait",
        ];
        self.answer(&args)["events"][0]["id"].as_u64().expect("a number")
    }

    fn prove(&self, chain: &Path, key: &Path, domain: &str, account: &str, out: &Path) {
        let statement = Candidate::of(self.folder.path()).statement;
        let proven = self.answer(&[
            "association",
            "prove",
            "--chain",
            text(chain),
            "--key",
            text(key),
            "--domain",
            domain,
            "--account",
            account,
            "--statement",
            text(&statement),
            "--out",
            text(out),
        ]);
        assert_eq!(proven["domain"], domain);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn units(amount: &Value) -> u64 {
    amount.as_str().expect("an amount").parse().expect("units")
}

#[test]
fn money_goes_where_three_quarters_want_it_to_go() {
    let net = Net::start();
    let files = Candidate::of(net.folder.path());
    tampered(&net, &files);
    let id = net.apply(&files.chain, &files.key, CANDIDATE_DOMAIN, "judy");
    let refused = second(&net);
    net.vote(0..FOUNDERS, id, "yes");
    net.vote(0..5, refused, "yes");
    net.await_status(id, "approved");
    receives_to_the_unit(&net, id);
    amend(&net);
    freeze_and_release(&net, id);
    check_promise(&net);
    net.await_status(refused, "lapsed");
    revoke(&net, id);
    net.nodes.iter().for_each(|node| check_supply(&node.get("/v1/supply")));
}

/// `goodwill dev` has an association that its founders vote in, without being asked.
#[test]
fn a_development_chain_has_an_association() {
    let folder = tempfile::tempdir().unwrap();
    let dev = Process::dev_with_story(folder.path());
    let approved = || dev.get("/v1/associations")[0]["status"] == "approved";
    wait_until("the example is approved", approved);
    dev.stop();
}

/// A proof with one bit flipped is refused, with its reason.
fn tampered(net: &Net, files: &Candidate) {
    let (good, bad) = (net.path("good.json"), net.path("bad.json"));
    net.prove(&files.chain, &files.key, CANDIDATE_DOMAIN, "judy", &good);
    let mut proof: Value = serde_json::from_str(&fs::read_to_string(good).unwrap()).unwrap();
    let hex = proof["proof"].as_str().unwrap().to_owned();
    let last = if hex.ends_with('0') { '1' } else { '0' };
    proof["proof"] = format!("{}{last}", &hex[..hex.len() - 1]).into();
    fs::write(&bad, proof.to_string()).unwrap();
    let output = net.nodes[1].run(&[
        "association",
        "apply",
        "--name",
        "Thief",
        "--cause",
        "hunger",
        "--statement-uri",
        "https://e.org",
        "--proof",
        text(&bad),
        "--from",
        "judy",
        "--wait",
    ]);
    assert_eq!(output.status.code(), Some(4));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("the proof of identity is refused: signature"), "{said}");
}

/// Another association, with a certificate of the same authority.
fn second(net: &Net) -> u64 {
    let out = net.path("association");
    let made = goodwill()
        .args(["association", "testca", "--out", text(&out), "--domain", "bread.org", "--json"])
        .output()
        .expect("the command runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    net.apply(&out.join("bread.org.pem"), &out.join("bread.org.key"), "bread.org", "alice")
}

fn receives_to_the_unit(net: &Net, id: u64) {
    net.answer(&["association", "donate", "10", "--from", "bob", "--wait"]);
    let before = net.association(id);
    wait_until("the gift arrives", || units(&net.association(id)["received"]) >= 10_000_000_000);
    assert!(units(&before["received"]) < 10_000_000_000, "not before the delay");
    let paid = |grants: &Value| -> u64 {
        let grants = grants.as_array().unwrap().iter();
        grants.filter(|grant| grant["release"] == "paid").map(|grant| units(&grant["amount"])).sum()
    };
    let all =
        |donations: Value| donations.as_array().unwrap().iter().map(|one| paid(&one["grants"])).sum::<u64>();
    // Both answers must be of the same epoch.
    wait_until("what was paid is what was received", || {
        all(net.nodes[0].get("/v1/donations?limit=1024")) == units(&net.association(id)["received"])
    });
}

fn amend(net: &Net) {
    let epoch = (net.epoch() + 4).to_string();
    let args = [
        "amendment",
        "propose",
        "pollution_tax_percent=100",
        "--epoch",
        &epoch,
        "--reason",
        "More for the climate.",
    ];
    let proposed = net.answer(&[&args[..], &["--from", "carol", "--wait"]].concat());
    let id = proposed["events"][0]["id"].to_string();
    for founder in 0..6 {
        net.answer(&["amendment", "vote", &id, "yes", "--from", &format!("miner-{founder}"), "--wait"]);
    }
    wait_until("the amendment is in force", || {
        net.answer(&["amendment", "list"])["in_force"]["pollution_tax_percent"] == 100
            && net.epoch().to_string() >= epoch
    });
    let sent = net.answer(&["send", "bob", "1", "--from", "carol", "--wait"]);
    assert_eq!(sent["base_fee"], sent["donated"]);
    // The guide follows the numbers in force, and one of the manifest alone does not.
    let manifest = net.path("chain.toml");
    let guide = |args: &[&str]| net.answer(&[&["explain"], args].concat())["markdown"].to_string();
    let (now, before) = (guide(&[]), guide(&["--manifest", text(&manifest)]));
    assert!(now.contains("100% of the base fee is donated") && before.contains("50% of the base fee"));
    assert_ne!(guide(&["--lang", "fr"]), guide(&["--lang", "fr", "--manifest", text(&manifest)]));
}

fn freeze_and_release(net: &Net, id: u64) {
    net.vote(0..2, id, "no");
    net.await_status(id, "frozen");
    net.answer(&["association", "donate", "3", "--from", "bob", "--wait"]);
    wait_until("payments wait", || units(&net.association(id)["frozen"]) >= 3_000_000_000);
    let received = units(&net.association(id)["received"]);
    net.vote(0..2, id, "yes");
    net.await_status(id, "approved");
    let after = net.association(id);
    assert_eq!(units(&after["frozen"]), 0);
    assert!(units(&after["received"]) >= received + 3_000_000_000);
}

/// What light clients can prove of an epoch that is over.
fn check_promise(net: &Net) {
    let manifest = net.path("chain.toml");
    load_manifest(&manifest).expect("a manifest");
    let answer = net.answer(&["association", "donations", "--proof", "--manifest", text(&manifest)]);
    assert_eq!((&answer["verified"], &answer["promise"]["kept"]), (&true.into(), &true.into()), "{answer}");
}

fn revoke(net: &Net, id: u64) {
    net.answer(&["association", "donate", "2", "--from", "bob", "--wait"]);
    net.vote(0..4, id, "no");
    net.await_status(id, "revoked");
    let received = units(&net.association(id)["received"]);
    wait_until("nothing is pending", || units(&net.association(id)["pending"]) == 0);
    assert_eq!(units(&net.association(id)["received"]), received);
    let donations = net.nodes[0].get("/v1/donations?limit=1024");
    let grants = donations.as_array().unwrap().iter().flat_map(|one| one["grants"].as_array().unwrap());
    assert!(
        grants
            .filter(|grant| grant["release"] == "returned")
            .any(|grant| units(&grant["amount"]) >= 1_000_000_000)
    );
}
