//! What light clients are shown.

use super::{
    Found, Trial,
    certificate::{certify, committee, finality, header},
    chain::{Setting, account, ensure},
};
use goodwill_proof::{FinalityProof, TransactionProof, prove_receipt, receipts_root};
use goodwill_types::{
    Action, Amount, Committee, Digest, Header, Prefix, Receipt, SecretKey, SignedTransaction,
    api::{self, Checkpoint, HexBytes, HexDigest},
    codec::Encode as _,
};
use goodwill_wallet::{Freshness, LightClient, LightError};

/// The present, in milliseconds since 1970, and for how long a start is trusted.
const NOW_MS: u64 = 1_750_000_000_000;
const HOUR_MS: u64 = 3_600_000;
const FRESHNESS: Freshness = Freshness { now_ms: NOW_MS, trust_ms: 336 * HOUR_MS };

/// A committee of seven seats, whose blocks a client follows.
struct Chain {
    id: Digest,
    prefix: Prefix,
    keys: Vec<SecretKey>,
    committee: Committee,
}

impl Chain {
    fn new(trial: &Trial, epoch: u64) -> Self {
        let keys: Vec<_> = (0..7).map(|n| trial.key("seat", epoch * 100 + n)).collect();
        Self {
            id: trial.digest("chain", 0),
            prefix: "dev".parse().expect("a valid prefix"),
            committee: committee(&keys),
            keys,
        }
    }

    /// That `header` is final, if `signers` of the seats are enough.
    fn finality(&self, header: &Header, signers: usize) -> FinalityProof {
        let signers: Vec<_> = self.keys.iter().take(signers).collect();
        finality(header, certify(header, &self.committee, &signers, &self.id))
    }

    fn checkpoint(&self, header: &Header) -> Checkpoint {
        Checkpoint {
            chain_id: HexDigest::from(self.id),
            height: header.height,
            digest: HexDigest::from(header.digest()),
            epoch: header.epoch,
            timestamp_ms: header.timestamp_ms,
            committee: HexBytes(self.committee.encode().to_vec()),
            finality: HexBytes(self.finality(header, 7).encode().to_vec()),
        }
    }

    /// A client that trusts the block of `header`.
    fn client(&self, header: &Header) -> Result<LightClient, LightError> {
        LightClient::from_checkpoint(self.id, header.digest(), &self.checkpoint(header), FRESHNESS)
    }
}

/// A payment and its receipt, as the ledger made them.
struct Paid {
    signed: SignedTransaction,
    receipt: Receipt,
}

impl Paid {
    fn new(trial: &Trial) -> Result<Self, String> {
        let person = trial.key("person", 0);
        let people = std::slice::from_ref(&person);
        let founders = vec![trial.key("founder", 0)];
        let mut sandbox = Setting { founders, people, parameters: &[], authority: None }.begin(trial);
        let pay = Action::transfer(account(&person), Amount::from_coins(1));
        let signed =
            sandbox.transaction(&person.public_key(), pay).sign(&person, &sandbox.manifest().chain_id());
        let receipt = sandbox.submit(signed.clone()).map_err(|invalid| invalid.to_string())?;
        Ok(Self { signed, receipt })
    }

    /// A block of `chain` with the payment in it.
    fn block(&self, chain: &Chain, epoch: u64, timestamp_ms: u64) -> Header {
        let header = header(&chain.committee, epoch, timestamp_ms, b"block");
        Header { receipts_root: receipts_root(&[self.receipt.encode()]), ..header }
    }

    /// Whether `client` believes that the payment is final by this proof.
    fn is_believed(&self, client: &LightClient, chain: &Chain, finality: FinalityProof) -> bool {
        let place = prove_receipt(&[self.receipt.encode()], 0).expect("there is one");
        let block = finality.header().digest();
        let inclusion = api::Inclusion::new(&self.receipt, 0, block, &chain.prefix);
        let answer = api::Transaction::new(self.signed.clone(), Some(inclusion), &chain.prefix);
        let proof = TransactionProof { finality, receipt: self.receipt.clone(), place };
        let answer = api::Transaction { proof: Some(HexBytes(proof.encode().to_vec())), ..answer };
        client.verify_transaction(self.signed.id(), &answer, &chain.prefix).is_ok()
    }
}

/// A client that hears from one gateway only, which is not honest.
pub(crate) fn eclipse(trial: &Trial) -> Result<Found, String> {
    let (chain, strangers, paid) = (Chain::new(trial, 3), Chain::new(trial, 99), Paid::new(trial)?);
    let start = header(&chain.committee, 3, NOW_MS - HOUR_MS, b"start");
    let client = chain.client(&start).map_err(|error| error.to_string())?;
    let old = paid.block(&chain, 3, NOW_MS - 2 * HOUR_MS);
    ensure(paid.is_believed(&client, &chain, chain.finality(&old, 5)), "a true block is not believed")?;

    let other = paid.block(&chain, 3, NOW_MS);
    let borrowed = chain.finality(&old, 7).certificate;
    let elsewhere = Chain { id: trial.digest("chain", 1), ..Chain::new(trial, 3) };
    let forged = [
        strangers.finality(&old, 7),
        chain.finality(&old, 4),
        finality(&other, borrowed),
        elsewhere.finality(&old, 7),
        chain.finality(&paid.block(&chain, 2, NOW_MS - HOUR_MS), 7),
        chain.finality(&paid.block(&chain, 4, NOW_MS), 7),
    ];
    let tries = forged.len();
    let believed =
        forged.into_iter().filter(|proof| paid.is_believed(&client, &chain, proof.clone())).count();
    ensure(believed == 0, &format!("{believed} of {tries} forged blocks were believed"))?;
    let oldest_h = oldest_start(&chain)?;
    let words = format!(
        "{tries} forged blocks were refused; true but old ones are believed, each with its time, back to the epoch \
         of the client's start, which may be {oldest_h} hours old"
    );
    Ok(Found::new(oldest_h as f64, words))
}

/// The age of the oldest block with which a client starts, in hours.
fn oldest_start(chain: &Chain) -> Result<u64, String> {
    let starts = |age_ms: u64| {
        let header = header(&chain.committee, 3, NOW_MS - age_ms, b"start");
        match chain.client(&header) {
            Ok(_) => Ok(true),
            Err(LightError::TooOld { .. }) => Ok(false),
            Err(other) => Err(other.to_string()),
        }
    };
    let mut hours = 0;
    while starts((hours + 1) * HOUR_MS)? {
        hours += 1;
    }
    Ok(hours)
}

/// All keys of epoch 3 were bought later, for little: their coins were given away long ago.
pub(crate) fn long_range(trial: &Trial) -> Result<Found, String> {
    let (bought, present, paid) = (Chain::new(trial, 3), Chain::new(trial, 500), Paid::new(trial)?);
    let old_ms = NOW_MS - FRESHNESS.trust_ms - 1;
    let fresh = header(&present.committee, 500, NOW_MS - HOUR_MS, b"start");
    let client = present.client(&fresh).map_err(|error| error.to_string())?;

    // A second past that ends with a block of today, signed by the seats of epoch 3.
    let second = paid.block(&bought, 3, NOW_MS);
    let present_epoch = paid.block(&bought, 500, NOW_MS);
    let mut believed = u32::from(paid.is_believed(&client, &bought, bought.finality(&second, 7)));
    believed += u32::from(paid.is_believed(&client, &bought, bought.finality(&present_epoch, 7)));
    // The client asks for the checkpoint that it was told of, and gets another.
    let other = LightClient::from_checkpoint(
        present.id,
        fresh.digest(),
        &bought.checkpoint(&present_epoch),
        FRESHNESS,
    );
    believed += u32::from(!matches!(other, Err(LightError::OtherCheckpoint { .. })));
    // The client was told of a block so old that its seats' keys may have been bought since.
    let stale = bought.client(&header(&bought.committee, 3, old_ms, b"start"));
    believed += u32::from(!matches!(stale, Err(LightError::TooOld { .. })));
    let genesis = LightClient::from_genesis(bought.id, bought.committee.clone(), old_ms, FRESHNESS);
    believed += u32::from(!matches!(genesis, Err(LightError::TooOld { .. })));
    // Just as old as it may be.
    let just = bought.client(&header(&bought.committee, 3, old_ms + 1, b"start"));
    ensure(just.is_ok(), "a start that is not too old is refused")?;
    let words = format!(
        "{believed} of 5 second pasts were believed: a client with a fresh start does not know the old seats, and \
         one with a start older than {} hours refuses it",
        FRESHNESS.trust_ms / HOUR_MS
    );
    Ok(Found::new(f64::from(believed), words))
}
