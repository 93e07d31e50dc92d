//! Checks what a gateway says of an account, a transaction or an epoch: that a final block of the
//! right chain says it too.
//!
//! Trusted are the chain's id and one committee: that of epoch 0, from the manifest, or that of a
//! checkpoint whose digest came from somebody trusted. From there the client follows the chain of
//! committees: each names the next in a state that it made final. Old seats' keys cost nothing to
//! buy, so a start that is too old is refused. A proof shows that something was so at a height, not
//! that nothing happened since: look at [`VerifiedAccount::age_ms`].

use crate::{Client, ClientError};
use goodwill_proof::{
    FinalityProof, InvalidProof, StateProof, TransactionProof, Verified, verify_finality, verify_state,
    verify_transaction,
};
use goodwill_types::{
    Account, Address, Committee, Digest, Epoch, Header, Prefix, Receipt, TransactionId,
    api::{self, Checkpoint, HexBytes},
    codec::{Error as CodecError, Read, decode},
};
use std::collections::BTreeMap;

/// Verifies what gateways answer.
#[derive(Clone, Debug)]
pub struct LightClient {
    chain_id: Digest,
    /// Those of the epoch that is trusted and of all that were followed since.
    committees: BTreeMap<u64, Committee>,
}

/// How old a start may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The clock, in milliseconds since 1970.
    pub now_ms: u64,
    /// How old it may be, in milliseconds: the manifest's `trust_epochs`.
    pub trust_ms: u64,
}

impl Freshness {
    fn check(self, timestamp_ms: u64) -> Result<(), LightError> {
        let age_ms = self.now_ms.saturating_sub(timestamp_ms);
        let old = || LightError::TooOld { age_ms, trust_ms: self.trust_ms };
        (age_ms <= self.trust_ms).then_some(()).ok_or_else(old)
    }
}

/// An account as a final block has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAccount {
    /// Balance and nonce. All zero where the block's state has no such account.
    pub account: Account,
    /// The final block's header.
    pub header: Header,
}

/// A transaction as a final block has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTransaction {
    /// What it used, paid and did.
    pub receipt: Receipt,
    /// The final block's header.
    pub header: Header,
    /// The height of the block whose certificate makes it final: its own, or a descendant's.
    pub certified_height: u64,
}

/// What a final block says of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEpoch {
    /// What is known of it. What its turns earned is there once it is over.
    pub record: Epoch,
    /// The final block's header.
    pub header: Header,
}

/// The part of what a slot earns that it costs at least: 4 of 5.
const DONATED_PART: (u128, u128) = (4, 5);

impl VerifiedEpoch {
    /// Whether the slots of the epoch brought good deeds at least four fifths of what its turns
    /// earned: the promise of the whole design.
    pub fn keeps_the_promise(&self) -> bool {
        let (part, whole) = DONATED_PART;
        whole * self.record.donated() >= part * self.record.earned()
    }
}

/// Why an answer is not believed.
#[derive(Debug, thiserror::Error)]
pub enum LightError {
    /// The gateway sent no proof.
    #[error("the gateway sent no proof: ask for one, or ask another gateway")]
    NoProof,
    /// Not a proof of this release.
    #[error("the gateway's proof cannot be read ({0}): ask another gateway, or update this program")]
    Unreadable(CodecError),
    /// The proof shows nothing.
    #[error("the gateway's proof is invalid ({0}): do not trust this gateway, ask another one")]
    Invalid(#[from] InvalidProof),
    /// The gateway says that the transaction is in no final block, which nothing can prove.
    #[error(
        "the gateway knows of no final block with this transaction: ask again later, or leave out --proof"
    )]
    NotFinal,
    /// The proof is about another account or transaction.
    #[error("the gateway's proof is about something else: do not trust this gateway, ask another one")]
    Unrelated,
    /// The answer and its proof differ.
    #[error(
        "the gateway says {said}, and its proof shows {shown}: do not trust this gateway, ask another one"
    )]
    Differs {
        /// What the answer says.
        said: String,
        /// What the proof shows.
        shown: String,
    },
    /// The state's value is not an account.
    #[error("the chain holds something that this release does not know as an account: update this program")]
    NotAnAccount,
    /// The start is so old that the keys of its seats may have been bought.
    #[error(
        "the start is {} hours old, and after {} hours its keys prove nothing: take a newer checkpoint from somebody whom you trust", .age_ms / 3_600_000, .trust_ms / 3_600_000
    )]
    TooOld {
        /// Its age, in milliseconds.
        age_ms: u64,
        /// How old it may be.
        trust_ms: u64,
    },
    /// The proof is of an epoch whose committee the client does not know.
    #[error(
        "the proof is of epoch {epoch}, and the committees up to epoch {known} are known: follow the hand-overs first"
    )]
    UnknownEpoch {
        /// The proof's epoch.
        epoch: u64,
        /// The newest that is known.
        known: u64,
    },
    /// The gateway did not answer.
    #[error(transparent)]
    Gateway(#[from] ClientError),
    /// Another chain, or another block than the one that is trusted.
    #[error("the checkpoint is not the trusted one: expected {expected}, got {given}")]
    OtherCheckpoint {
        /// What is trusted.
        expected: String,
        /// What the checkpoint is about.
        given: String,
    },
}

impl LightClient {
    /// Trusts `committee` in epoch 0, which began at `genesis_ms`, on the chain `chain_id`: both are in
    /// the manifest.
    ///
    /// # Errors
    /// [`LightError::TooOld`].
    pub fn from_genesis(
        chain_id: Digest,
        committee: Committee,
        genesis_ms: u64,
        freshness: Freshness,
    ) -> Result<Self, LightError> {
        freshness.check(genesis_ms)?;
        Ok(Self { chain_id, committees: [(0, committee)].into() })
    }

    /// Trusts the committee of the checkpoint whose block's digest is `trusted`: ask several people
    /// or gateways for it. The certificate alone would prove nothing, since whoever makes up a
    /// committee can sign for it.
    ///
    /// # Errors
    /// Another chain or block, one that is too old, or a committee that did not make it final.
    pub fn from_checkpoint(
        chain_id: Digest,
        trusted: Digest,
        checkpoint: &Checkpoint,
        freshness: Freshness,
    ) -> Result<Self, LightError> {
        same(&chain_id, &checkpoint.chain_id.0)?;
        same(&trusted, &checkpoint.digest.0)?;
        let committee: Committee = read(&checkpoint.committee)?;
        let finality: FinalityProof = read(&checkpoint.finality)?;
        let header = verify_finality(&chain_id, &committee, &finality)?;
        same(&trusted, &header.digest())?;
        freshness.check(header.timestamp_ms)?;
        Ok(Self { chain_id, committees: [(header.epoch, committee)].into() })
    }

    /// The newest epoch whose committee is known.
    pub fn epoch(&self) -> u64 {
        *self.committees.keys().next_back().expect("one is trusted from the start")
    }

    /// Takes the proof of a hand-over: the newest known committee made final who comes next.
    ///
    /// # Errors
    /// Another epoch's hand-over, or one that does not hold.
    pub fn follow(&mut self, handover: &HexBytes) -> Result<(), LightError> {
        let proof: StateProof = read(handover)?;
        let (epoch, next) = (self.epoch(), self.epoch() + 1);
        if proof.finality.header().epoch != epoch {
            return Err(LightError::Unrelated);
        }
        let verified = verify_state(&self.chain_id, &self.committees[&epoch], &proof)?;
        let value = verified.entries.get(&Committee::key(next)).and_then(Option::as_ref);
        let committee = decode(value.ok_or(LightError::Unrelated)?).map_err(LightError::Unreadable)?;
        self.committees.insert(next, committee);
        Ok(())
    }

    /// Follows all hand-overs that the gateway has, up to its present epoch.
    ///
    /// # Errors
    /// As [`LightClient::follow`]; or the gateway does not have one that is needed.
    pub fn follow_all(&mut self, gateway: &Client) -> Result<(), LightError> {
        let newest = gateway.status()?.epoch;
        while self.epoch() < newest {
            let handover = gateway.handover(self.epoch())?;
            self.follow(&handover.proof)?;
        }
        Ok(())
    }

    fn committee(&self, header: &Header) -> Result<&Committee, LightError> {
        let (epoch, known) = (header.epoch, self.epoch());
        self.committees.get(&epoch).ok_or(LightError::UnknownEpoch { epoch, known })
    }

    /// Checks that a final block says of `address` what `answer` does.
    ///
    /// # Errors
    /// Whatever of the answer is not proven.
    pub fn verify_account(
        &self,
        address: &Address,
        answer: &api::Account,
    ) -> Result<VerifiedAccount, LightError> {
        let proof: StateProof = read(answer.proof.as_ref().ok_or(LightError::NoProof)?)?;
        let verified = verify_state(&self.chain_id, self.committee(proof.finality.header())?, &proof)?;
        let account = account_in(&verified, address)?;
        check_said(answer, &account, &verified.header)?;
        Ok(VerifiedAccount { account, header: verified.header })
    }

    /// Checks that a final block says of the epoch `number` what `answer` does of its money.
    ///
    /// # Errors
    /// Whatever of the answer is not proven.
    pub fn verify_epoch(&self, number: u64, answer: &api::Epoch) -> Result<VerifiedEpoch, LightError> {
        let proof: StateProof = read(answer.proof.as_ref().ok_or(LightError::NoProof)?)?;
        let verified = verify_state(&self.chain_id, self.committee(proof.finality.header())?, &proof)?;
        let value = verified.entries.get(&Epoch::key(number)).cloned().flatten();
        let record: Epoch = decode(&value.ok_or(LightError::Unrelated)?).map_err(LightError::Unreadable)?;
        let text = |price, filled, reward, turns| {
            format!("price {price}, {filled} slots filled, reward {reward}, {turns} paid turns")
        };
        let said = text(answer.price.0, answer.filled, answer.reward.0, answer.paid_turns_made);
        let shown = text(record.price, record.filled, record.reward, record.paid_turns);
        match said == shown {
            true => Ok(VerifiedEpoch { record, header: verified.header }),
            false => Err(LightError::Differs { said, shown }),
        }
    }

    /// Checks that a final block says of the transaction `id` what `answer` does, in every field.
    /// `prefix` is that of the chain's addresses.
    ///
    /// # Errors
    /// Whatever of the answer is not proven.
    pub fn verify_transaction(
        &self,
        id: TransactionId,
        answer: &api::Transaction,
        prefix: &Prefix,
    ) -> Result<VerifiedTransaction, LightError> {
        if answer.inclusion.is_none() {
            return Err(LightError::NotFinal);
        }
        let proof: TransactionProof = read(answer.proof.as_ref().ok_or(LightError::NoProof)?)?;
        let header =
            verify_transaction(&self.chain_id, self.committee(proof.finality.header())?, &proof)?.clone();
        check_shown(id, answer, &proof, prefix)?;
        let certified_height = proof.finality.headers.last().expect("at least one header").height;
        Ok(VerifiedTransaction { receipt: proof.receipt, header, certified_height })
    }
}

impl VerifiedAccount {
    /// How old the proof is at `now_ms` (milliseconds since 1970); 0 for one from the future, since
    /// clocks differ. A gateway that shows old proofs hides what came after.
    pub fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.header.timestamp_ms)
    }
}

fn read<T: Read<Cfg = ()>>(bytes: &HexBytes) -> Result<T, LightError> {
    decode(&bytes.0).map_err(LightError::Unreadable)
}

fn same(expected: &Digest, given: &Digest) -> Result<(), LightError> {
    let text = |digest: &Digest| api::Hex(*digest).to_string();
    let error = || LightError::OtherCheckpoint { expected: text(expected), given: text(given) };
    (expected == given).then_some(()).ok_or_else(error)
}

/// The account in a verified part of the state. That it is proven to be absent means that it was
/// never paid.
fn account_in(verified: &Verified, address: &Address) -> Result<Account, LightError> {
    match verified.entries.get(&Account::key(address)) {
        Some(Some(value)) => decode(value).map_err(|_| LightError::NotAnAccount),
        Some(None) => Ok(Account::default()),
        None => Err(LightError::Unrelated),
    }
}

fn check_said(answer: &api::Account, account: &Account, header: &Header) -> Result<(), LightError> {
    let said = (answer.balance.0, answer.nonce, answer.height);
    let shown = (account.balance, account.nonce, header.height);
    let text = |(balance, nonce, height)| format!("balance {balance}, nonce {nonce} at height {height}");
    match said == shown {
        true => Ok(()),
        false => Err(LightError::Differs { said: text(said), shown: text(shown) }),
    }
}

/// What a transaction asks for is in its signed bytes, which its id covers; what became of it is in
/// the proven receipt, which names the id.
fn check_shown(
    id: TransactionId,
    answer: &api::Transaction,
    proof: &TransactionProof,
    prefix: &Prefix,
) -> Result<(), LightError> {
    let signed = answer.raw.clone().ok_or(LightError::NoProof)?.0;
    if signed.id() != id || proof.receipt.id != id {
        return Err(LightError::Unrelated);
    }
    let block = proof.finality.header().digest();
    let inclusion = api::Inclusion::new(&proof.receipt, proof.place.position, block, prefix);
    let shown = api::Transaction::new(signed, Some(inclusion), prefix);
    check_same(answer, &api::Transaction { proof: answer.proof.clone(), ..shown })
}

/// Names the first field that differs.
fn check_same(said: &api::Transaction, shown: &api::Transaction) -> Result<(), LightError> {
    let fields = |of| serde_json::to_value(of).expect("strings and numbers are JSON");
    let (said, shown) = (fields(said), fields(shown));
    let names = [&said, &shown].into_iter().filter_map(|of| of.as_object()).flat_map(|of| of.keys());
    match names.into_iter().find(|name| said[*name] != shown[*name]) {
        None => Ok(()),
        Some(name) => {
            let text = |of: &serde_json::Value| format!("{name} {}", of[name]);
            Err(LightError::Differs { said: text(&said), shown: text(&shown) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{
        Transfer,
        tests::{TERMS, account, alice, bob, key, sender},
        transfer,
    };
    use goodwill_types::{Amount, Domain, Key, Value, api::Units, codec::Encode as _, hash};

    const ACCOUNT: Account = Account { balance: Amount::from_coins(3), nonce: 2 };

    fn verified(key: Key, value: Option<Value>) -> Verified {
        let digest = hash(Domain::Block, b"x");
        let header = Header {
            height: 9,
            epoch: 0,
            view: 9,
            parent_view: 8,
            leader: sender(),
            parent: digest,
            timestamp_ms: 5_000,
            body_hash: digest,
            receipts_root: digest,
            state_root: digest,
            operations_root: digest,
            operations_start: 0,
            operations_end: 1,
        };
        Verified { header, entries: [(key, value)].into() }
    }

    fn answer(account: Account, height: u64) -> api::Account {
        api::Account {
            address: bob().display(&TERMS.chain.prefix),
            balance: Units(account.balance),
            nonce: account.nonce,
            next_nonce: account.nonce,
            height,
            proof: None,
        }
    }

    #[test]
    fn an_account_is_what_the_state_says() {
        let key = Account::key(&bob());
        let shown = account_in(&verified(key, Some(ACCOUNT.encode())), &bob());
        assert_eq!(shown.unwrap(), ACCOUNT);
        assert_eq!(account_in(&verified(key, None), &bob()).unwrap(), Account::default());
        let odd = Value::from_static(b"odd");
        assert!(matches!(account_in(&verified(key, Some(odd)), &bob()), Err(LightError::NotAnAccount)));
    }

    #[test]
    fn a_proof_about_another_account_is_refused() {
        let other = Account::key(&Address::of(&sender()));
        let shown = account_in(&verified(other, Some(ACCOUNT.encode())), &bob());
        assert!(matches!(shown, Err(LightError::Unrelated)));
    }

    #[test]
    fn an_answer_that_differs_from_its_proof_is_refused() {
        let header = verified(Account::key(&bob()), None).header;
        assert!(check_said(&answer(ACCOUNT, 9), &ACCOUNT, &header).is_ok());
        let richer = Account { balance: Amount::from_coins(4), ..ACCOUNT };
        for lie in [answer(richer, 9), answer(Account { nonce: 3, ..ACCOUNT }, 9), answer(ACCOUNT, 10)] {
            let error = check_said(&lie, &ACCOUNT, &header).unwrap_err();
            assert!(error.to_string().contains("its proof shows balance 3, nonce 2 at height 9"), "{error}");
        }
    }

    #[test]
    fn answers_without_a_readable_proof_are_refused() {
        let client = client();
        let mut answer = answer(ACCOUNT, 9);
        assert!(matches!(client.verify_account(&bob(), &answer), Err(LightError::NoProof)));
        answer.proof = Some(HexBytes(vec![1, 2, 3]));
        assert!(matches!(client.verify_account(&bob(), &answer), Err(LightError::Unreadable(_))));
    }

    #[test]
    fn what_a_transaction_is_said_to_have_done_must_be_what_is_shown() {
        let wish = Transfer::to(bob(), Amount::from_coins(1));
        let draft = transfer(&TERMS, alice(), &account(), wish).unwrap();
        let signed = draft.sign(&key()).unwrap();
        let shown = api::Transaction::new(signed, None, &TERMS.chain.prefix);
        assert!(check_same(&shown, &shown).is_ok());
        let error = check_same(&api::Transaction { nonce: 4, ..shown.clone() }, &shown).unwrap_err();
        assert!(error.to_string().contains("says nonce 4, and its proof shows nonce 3"), "{error}");
        let error = check_same(&api::Transaction { raw: None, ..shown.clone() }, &shown).unwrap_err();
        assert!(error.to_string().contains("says raw null"), "{error}");
    }

    #[test]
    fn a_transaction_in_no_final_block_is_not_proven() {
        let draft = transfer(&TERMS, alice(), &account(), Transfer::to(bob(), Amount::from_coins(1)));
        let signed = draft.unwrap().sign(&key()).unwrap();
        let client = client();
        let answer = api::Transaction::new(signed.clone(), None, &TERMS.chain.prefix);
        let verified = client.verify_transaction(signed.id(), &answer, &TERMS.chain.prefix);
        assert!(matches!(verified, Err(LightError::NotFinal)));
    }

    fn client() -> LightClient {
        let seat = goodwill_types::Seat { key: sender(), node: sender() };
        let committee = Committee::new(vec![seat], vec![0]).unwrap();
        let freshness = Freshness { now_ms: 2_000, trust_ms: 1_000 };
        LightClient::from_genesis(TERMS.chain.id, committee, 1_000, freshness).unwrap()
    }

    #[test]
    fn a_start_that_is_too_old_is_refused() {
        let committee = client().committees[&0].clone();
        let freshness = Freshness { now_ms: 2_001, trust_ms: 1_000 };
        let error = LightClient::from_genesis(TERMS.chain.id, committee, 1_000, freshness).unwrap_err();
        assert!(error.to_string().contains("take a newer checkpoint"), "{error}");
    }

    #[test]
    fn the_age_of_a_proof_never_wraps() {
        let header = verified(Account::key(&bob()), None).header;
        let verified = VerifiedAccount { account: ACCOUNT, header };
        assert_eq!([4_000, 5_000, 7_000].map(|now| verified.age_ms(now)), [0, 0, 2_000]);
    }
}
