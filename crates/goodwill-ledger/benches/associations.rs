//! The end of an epoch with 1,000 associations: `cargo bench -p goodwill-ledger --bench associations`.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use goodwill_identity::{TestAuthority, prove};
use goodwill_ledger::{
    Manifest, Sandbox,
    association::Status,
    manifest::{Member, development_manifest},
};
use goodwill_types::{
    Action, Address, Amount, Application, Cause, Choice, Digest, IdentityProof, Link, Outcome, SecretKey,
    SignedTransaction, Transaction,
    association::claim,
    codec::{List, Text},
};

/// Associations, each with an open poll.
const ASSOCIATIONS: u32 = 1_000;
/// Miners, each of whom voted in each poll.
const MINERS: u32 = 64;
/// Transactions in a block.
const BLOCK: usize = 4_000;
/// Blocks of an epoch of the development chain.
const EPOCH: u64 = 40;

/// Miners have the first numbers, associations the next ones.
fn key(number: u32) -> SecretKey {
    let mut seed = [9; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    SecretKey::from_seed(seed)
}

fn address(number: u32) -> Address {
    Address::of(&key(number).public_key())
}

fn sandbox(authority: &TestAuthority) -> Sandbox {
    let founders: Vec<_> =
        (0..MINERS).map(|n| Member::new(format!("miner {n}"), &key(n), address(n))).collect();
    let accounts: Vec<_> = (0..MINERS + ASSOCIATIONS).map(address).collect();
    let unlimited = [("gas_per_block_max", 1 << 36), ("body_size_max", 16 << 20)];
    let (coins, anchor) = (Amount::from_coins(5_000), Some(authority.certificate_pem()));
    let text = development_manifest(&founders, &accounts, coins, 1_750_000_000_000, &unlimited, anchor);
    let nodes: Vec<_> = (0..MINERS).map(key).collect();
    Sandbox::new(Manifest::parse(&text).expect("a valid manifest"), &nodes)
}

fn signed(sandbox: &Sandbox, number: u32, nonce: u64, action: Action) -> SignedTransaction {
    let key = key(number);
    let transaction = Transaction { nonce, ..sandbox.transaction(&key.public_key(), action) };
    transaction.sign(&key, &sandbox.manifest().chain_id())
}

fn application(sandbox: &Sandbox, authority: &TestAuthority, number: u32) -> SignedTransaction {
    let domain = format!("association-{number}.org");
    let statement = Link {
        uri: Text::new(format!("https://{domain}/statement")).expect("short"),
        hash: Digest::from([7; 32]),
    };
    let now_s = 1_750_000_000;
    let issued =
        authority.issue(&domain, None, now_s - 3_600, now_s + 86_400).expect("the authority issues it");
    let message = claim(&sandbox.manifest().chain_id(), &address(number), &statement.hash, &domain);
    let signature = prove(&issued.key_pem, &message).expect("its key signs");
    let chain = issued.chain.iter().map(|der| List::new(der.clone()).expect("small")).collect();
    let application = Application {
        name: Text::new(format!("Association {number}")).expect("short"),
        cause: Cause::Climate {},
        domain: Text::new(domain).expect("short"),
        statement,
        proof: IdentityProof::X509 {
            chain: List::new(chain).expect("short"),
            signature: List::new(signature).expect("short"),
        },
    };
    signed(sandbox, number, 0, Action::ApplyAssociation { application: application.into() })
}

/// Includes all, in as many blocks as it takes.
fn include(sandbox: &mut Sandbox, transactions: Vec<SignedTransaction>) {
    for block in transactions.chunks(BLOCK) {
        let receipts = sandbox.block(block.to_vec()).receipts;
        let failed = receipts.iter().find(|receipt| matches!(receipt.outcome, Outcome::Failed { .. }));
        assert_eq!((receipts.len(), failed), (block.len(), None));
    }
}

/// Before the last block of the epoch at whose end all are voted in, and of the one after it.
fn ends() -> [Sandbox; 2] {
    let authority = TestAuthority::new("Test authority").expect("an authority");
    let mut sandbox = sandbox(&authority);
    let applications: Vec<_> =
        (MINERS..MINERS + ASSOCIATIONS).map(|number| application(&sandbox, &authority, number)).collect();
    include(&mut sandbox, applications);
    let polls: Vec<_> = (0..ASSOCIATIONS).filter(|id| sandbox.association(*id).is_some()).collect();
    let mut votes = Vec::new();
    for (nonce, poll) in polls.iter().enumerate() {
        let vote = Action::Vote { poll: *poll, choice: Choice::Yes {} };
        votes.extend((0..MINERS).map(|miner| signed(&sandbox, miner, nonce as u64, vote.clone())));
    }
    include(&mut sandbox, votes);
    sandbox.block(vec![signed(&sandbox, MINERS, 1, Action::Donate { amount: Amount::from_coins(1_000) })]);
    // Not all of the seats are live in the first epoch: they vote it in with the second.
    sandbox.warp(2 * EPOCH - 2);
    let decides = sandbox.clone();
    sandbox.warp(3 * EPOCH - 3);
    let approved = polls.iter().filter_map(|id| sandbox.association(*id));
    assert_eq!(approved.filter(|association| association.status == Status::Approved {}).count(), polls.len());
    assert_eq!(polls.len(), ASSOCIATIONS as usize);
    sandbox.block(vec![signed(&sandbox, MINERS, 2, Action::Donate { amount: Amount::from_coins(1_000) })]);
    [decides, sandbox]
}

/// spec: votes, donations
fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("1,000 associations, 64 miners");
    group.sample_size(10);
    for (name, sandbox) in ["all are voted in", "tally and division"].into_iter().zip(ends()) {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || sandbox.clone(),
                |mut sandbox| sandbox.block(Vec::new()).changes.is_empty(),
                BatchSize::LargeInput,
            )
        });
    }
    group.finish();
}

criterion_group!(associations, benches);
criterion_main!(associations);
