//! The fuzz targets on stable: over the committed corpus, and over some changes of it.

#[allow(unreachable_pub, reason = "public for libFuzzer's binaries")]
#[path = "../../../fuzz/src/node.rs"]
mod node;
#[allow(unreachable_pub, reason = "public for libFuzzer's binaries")]
#[path = "../../../fuzz/src/lib.rs"]
mod targets;

use proptest::{
    collection::vec,
    prelude::*,
    sample::Index,
    test_runner::{Config, TestError, TestRunner},
};
use std::{collections::BTreeSet, env, fs, path::PathBuf};

type Target = fn(&[u8]) -> bool;

/// Each target, and with how many changed inputs it is tried here.
const TARGETS: [(&str, Target, u32); 10] = [
    ("address", targets::address, 2_000),
    ("api_query", node::api_query, 300),
    ("block", targets::block, 1_000),
    ("certificate", targets::certificate, 500),
    ("gossip", node::gossip, 500),
    ("keystore", targets::keystore, 2_000),
    ("ledger", targets::ledger, 100),
    ("manifest", targets::manifest, 300),
    ("proof", targets::proof, 500),
    ("transaction", targets::transaction, 1_000),
];

fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let files = fs::read_dir(folder(target)).expect("a corpus").map(|file| file.expect("a file").path());
    let sorted: BTreeSet<PathBuf> = files.collect();
    sorted.iter().map(|path| fs::read(path).expect("a file")).collect()
}

/// What is made from the golden vectors is in the corpus, and valid. `GOODWILL_BLESS=1` writes it.
#[test]
fn the_corpus_begins_with_what_is_valid() {
    for (target, name, bytes) in targets::seeds() {
        let path = folder(target).join(&name);
        if env::var_os("GOODWILL_BLESS").is_some() {
            fs::create_dir_all(folder(target)).expect("a folder");
            fs::write(&path, &bytes).expect("written");
        }
        assert!(
            fs::read(&path).is_ok_and(|committed| committed == bytes),
            "{target}/{name} is old: bless it"
        );
        let (_, run, _) = TARGETS.iter().find(|(name, ..)| *name == target).expect("a target");
        assert!(run(&bytes), "{target}/{name} is refused");
    }
}

#[test]
fn the_corpus_is_small() {
    let files: Vec<_> = TARGETS.iter().flat_map(|(target, ..)| corpus(target)).collect();
    let bytes: usize = files.iter().map(Vec::len).sum();
    assert!(files.len() <= 120 && bytes <= 300_000, "{} files, {bytes} bytes", files.len());
}

/// A change of a file: bytes that are overwritten, then a part that is cut or put in.
#[derive(Clone, Debug)]
struct Change {
    file: Index,
    bytes: Vec<(Index, u8)>,
    cut: Option<(Index, u8)>,
    added: Option<(Index, Vec<u8>)>,
}

fn change() -> impl Strategy<Value = Change> {
    let added = prop::option::weighted(0.3, (any::<Index>(), vec(any::<u8>(), 1..40)));
    let cut = prop::option::weighted(0.3, any::<(Index, u8)>());
    (any::<Index>(), vec(any::<(Index, u8)>(), 0..4), cut, added)
        .prop_map(|(file, bytes, cut, added)| Change { file, bytes, cut, added })
}

impl Change {
    fn of(&self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus[self.file.index(corpus.len())].clone();
        for (at, byte) in self.bytes.iter().filter(|_| !input.is_empty()).collect::<Vec<_>>() {
            let at = at.index(input.len());
            input[at] = *byte;
        }
        if let Some((at, length)) = &self.cut {
            let from = at.index(input.len() + 1);
            input.drain(from..input.len().min(from + usize::from(*length)));
        }
        if let Some((at, added)) = &self.added {
            let at = at.index(input.len() + 1);
            input.splice(at..at, added.iter().copied());
        }
        input
    }
}

#[test]
fn targets_hold_over_the_corpus_and_its_changes() {
    for (name, run, cases) in TARGETS {
        let corpus = corpus(name);
        corpus.iter().for_each(|input| _ = run(input));
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let changed = TestRunner::new(config).run(&change(), |change| {
            run(&change.of(&corpus));
            Ok(())
        });
        if let Err(TestError::Fail(reason, change)) = changed {
            panic!("{name}: {reason}; input {}", hex::encode(change.of(&corpus)));
        }
    }
}
