//! Transactions: what a person signs.

use crate::{
    Address, Amount, Application, Choice, Digest, Domain, Equivocation, IdentityProof, Link, PublicKey,
    SecretKey, Signature,
    amendment::{ChangeList, REASON_SIZE_MAX},
    block::SEATS_MAX,
    codec::{Boxed, Encode, List, Text, record, variants},
    contract::{Arguments, Method, Source},
    hash,
    keys::{Point, Signed, verify_at},
};
use std::fmt;

/// The most payments in one transfer.
pub const PAYMENTS_MAX: usize = 256;
/// The longest memo, in bytes of UTF-8.
pub const MEMO_SIZE_MAX: usize = 140;

/// What an account asks the chain to do, and what it pays for it at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The key of the account that pays and acts.
    pub sender: PublicKey,
    /// How many transactions of the account were included before.
    pub nonce: u64,
    /// The last height at which it may be included.
    pub last_height: u64,
    /// The most gas that it may use.
    pub gas_limit: u64,
    /// The most it pays per gas, base fee and tip together, in base units.
    pub fee_per_gas_max: u64,
    /// What it offers the leader per gas, in base units, as far as the maximum leaves room.
    pub tip_per_gas: u64,
    /// What it does.
    pub action: Action,
}

record!(Transaction {
    sender,
    nonce: varint,
    last_height: varint,
    gas_limit: varint,
    fee_per_gas_max: varint,
    tip_per_gas: varint,
    action,
});

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Pays one or many recipients: all of them or none.
    Transfer {
        /// Who gets what, in this order.
        payments: List<Payment, 1, PAYMENTS_MAX>,
        /// A note for the recipients, readable by everybody.
        memo: Memo,
    },
    /// Asks for slots of an epoch, and locks their price.
    OrderSlots {
        /// Which epoch: two after the present one.
        epoch: u64,
        /// How many slots.
        count: u32,
        /// The most that one may cost.
        price_max: Amount,
    },
    /// Takes up slots that were drawn: names the node and the seats that will serve.
    ServeSeats {
        /// Which epoch: the one after the present one.
        epoch: u64,
        /// The node that hosts the seats.
        node: PublicKey,
        /// The node's consent.
        consent: Signature,
        /// The declared power of the node's machine, in milliwatts.
        power_mw: u32,
        /// The seats, one for each slot.
        seats: List<NewSeat, 1, SEATS_MAX>,
    },
    /// Shows that a seat voted against itself. Whoever reports it gets the fee back.
    ReportEquivocation {
        /// The two votes.
        evidence: Boxed<Equivocation>,
    },
    /// Gives coins to the donation pool.
    Donate {
        /// How many.
        amount: Amount,
    },
    /// Asks to receive donations, on the sender's account, and deposits coins until that is decided.
    ApplyAssociation {
        /// Who asks.
        application: Boxed<Application>,
    },
    /// Says that an association operates for its cause.
    AttachEvidence {
        /// Which association.
        id: u32,
        /// What shows it.
        evidence: Link,
    },
    /// Asks for another mandate.
    RenewAssociation {
        /// Which association.
        id: u32,
        /// What it does, in its own words.
        statement: Link,
        /// That it still controls its domain.
        proof: IdentityProof,
    },
    /// Moves an association to another account, whoever has the present one's key.
    RotateAssociation {
        /// Which association.
        id: u32,
        /// Where it shall receive.
        account: Address,
        /// That who controls its domain wants that.
        proof: IdentityProof,
    },
    /// Asks for other numbers in the chain's rules, and deposits coins until that is decided.
    ProposeAmendment {
        /// From which epoch on.
        epoch: u64,
        /// What shall change.
        changes: ChangeList,
        /// Why.
        reason: Text<REASON_SIZE_MAX>,
    },
    /// Says what a miner holds of an association or an amendment.
    Vote {
        /// The number of the association or the amendment.
        poll: u32,
        /// What it says.
        choice: Choice,
    },
    /// Puts a contract on the chain, and runs its `init`.
    DeployContract {
        /// The Python file.
        source: Source,
        /// The arguments of `init`.
        arguments: Arguments,
        /// Coins for the contract.
        value: Amount,
    },
    /// Calls a method of a contract.
    CallContract {
        /// Which contract.
        contract: Address,
        /// Which method.
        method: Method,
        /// Its arguments.
        arguments: Arguments,
        /// Coins for the contract.
        value: Amount,
    },
}

impl Action {
    /// Whether it puts a contract on the chain.
    pub const fn deploys(&self) -> bool {
        matches!(self, Self::DeployContract { .. })
    }

    /// Whether contracts run for it: its gas is known only afterwards.
    pub const fn runs_contracts(&self) -> bool {
        matches!(self, Self::DeployContract { .. } | Self::CallContract { .. })
    }

    /// A payment of `amount` to `to`, without a memo.
    pub fn transfer(to: Address, amount: Amount) -> Self {
        let payments = List::new(vec![Payment { to, amount }]).expect("one payment is within bounds");
        Self::Transfer { payments, memo: Memo::default() }
    }
}

/// A seat that is taken up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSeat {
    /// What the seat signs with: fresh for each epoch.
    pub key: PublicKey,
    /// The last link of the seat's luck: the hash of what its first block reveals.
    pub luck_tip: Digest,
    /// The key's consent.
    pub consent: Signature,
}

record!(NewSeat { key, luck_tip, consent });

/// What a node and its seats sign to serve the miner `account` in `epoch`.
pub fn consent(epoch: u64, account: &Address) -> Vec<u8> {
    [&epoch.to_be_bytes()[..], &account.to_bytes()].concat()
}

/// One recipient of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who is paid.
    pub to: Address,
    /// How much.
    pub amount: Amount,
}

record!(Payment { to, amount });

/// A note of UTF-8.
pub type Memo = Text<MEMO_SIZE_MAX>;

impl Transaction {
    /// Signs for the chain `chain_id`.
    pub fn sign(self, key: &SecretKey, chain_id: &Digest) -> SignedTransaction {
        let signature = key.sign(Domain::Transaction, chain_id, &self.encode());
        SignedTransaction { transaction: self, signature }
    }

    /// The account that pays and acts.
    pub fn sender_address(&self) -> Address {
        Address::of(&self.sender)
    }
}

/// A transaction with its sender's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedTransaction {
    /// What was signed.
    pub transaction: Transaction,
    /// The sender's signature over the chain's id and the transaction.
    pub signature: Signature,
}

record!(SignedTransaction { transaction, signature });

impl SignedTransaction {
    /// The transaction's id. It covers the signature, so what is known of an id is known of its bytes.
    pub fn id(&self) -> TransactionId {
        TransactionId { digest: hash(Domain::Transaction, &self.encode()) }
    }
}

/// Which of `transactions` were signed by their senders for the chain `chain_id`, in their order.
pub fn verify_signatures<'a>(
    chain_id: &Digest,
    transactions: impl IntoIterator<Item = &'a SignedTransaction>,
) -> Vec<bool> {
    verify_signatures_at(chain_id, transactions, PublicKey::point)
}

/// [`verify_signatures`], with points of keys that `point` may remember.
pub fn verify_signatures_at<'a>(
    chain_id: &Digest,
    transactions: impl IntoIterator<Item = &'a SignedTransaction>,
    point: impl Fn(&PublicKey) -> Option<Point>,
) -> Vec<bool> {
    let (messages, signers): (Vec<_>, Vec<_>) = transactions
        .into_iter()
        .map(|t| (t.transaction.encode(), (&t.transaction.sender, &t.signature)))
        .unzip();
    let signed: Vec<_> = messages
        .iter()
        .zip(signers)
        .map(|(message, (signer, signature))| Signed { signer, message, signature })
        .collect();
    verify_at(Domain::Transaction, chain_id, &signed, point)
}

/// A transaction's name: the hash of its signed bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionId {
    /// The hash.
    pub digest: Digest,
}

record!(TransactionId { digest });

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.digest))
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

variants!(Action {
    0 => Transfer { payments, memo },
    1 => OrderSlots { epoch, count, price_max },
    2 => ServeSeats { epoch, node, consent, power_mw, seats },
    3 => ReportEquivocation { evidence },
    4 => Donate { amount },
    5 => ApplyAssociation { application },
    6 => AttachEvidence { id, evidence },
    7 => RenewAssociation { id, statement, proof },
    8 => RotateAssociation { id, account, proof },
    9 => ProposeAmendment { epoch, changes, reason },
    10 => Vote { poll, choice },
    32 => DeployContract { source, arguments, value },
    33 => CallContract { contract, method, arguments, value },
});
