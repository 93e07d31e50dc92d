//! Between what is said in JSON and what is hashed and signed. Addresses need the chain's prefix.

use super::{
    Action, Change, Event, EventField, Failure, Inclusion, Link, Payment, Receipt, Transaction,
    TransactionStatus, value,
};
use crate::{
    self as typed, Address, AddressError, Choice, Digest, Outcome, Prefix, SignedTransaction,
    amendment::CHANGES_MAX,
    codec::{List, Text},
    contract::{ARGUMENTS_SIZE_MAX, Arguments},
    transaction::{MEMO_SIZE_MAX, PAYMENTS_MAX},
};

/// Why an action in JSON cannot be part of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// A recipient's address is mistyped or of another chain.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No payment, or too many.
    #[error("a transfer makes 1 to {PAYMENTS_MAX} payments, not {0}: split it")]
    Payments(usize),
    /// It holds signatures, which JSON leaves out.
    #[error("this action holds signatures: take the bytes of the transaction")]
    Signatures,
    /// The memo is too long.
    #[error("the memo has {0} bytes, and {MEMO_SIZE_MAX} are allowed: shorten it")]
    Memo(usize),
    /// A text is too long.
    #[error("{what} has {size} bytes, and {max} are allowed: shorten it")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its size.
        size: usize,
        /// What is allowed.
        max: usize,
    },
    /// A word that means nothing here.
    #[error("{what} cannot be {word:?}: choose {choices}")]
    Word {
        /// What the word is for.
        what: &'static str,
        /// The word.
        word: String,
        /// The words that mean something.
        choices: &'static str,
    },
    /// No change, or too many.
    #[error("an amendment makes 1 to {CHANGES_MAX} changes, not {0}: split it")]
    Changes(usize),
}

impl Action {
    /// The action in JSON's form.
    pub fn new(action: &typed::Action, prefix: &Prefix) -> Self {
        match action {
            typed::Action::Transfer { payments, memo } => Self::Transfer {
                payments: payments.iter().map(|p| Payment::new(p, prefix)).collect(),
                memo: memo.to_string(),
            },
            typed::Action::OrderSlots { epoch, count, price_max } => {
                Self::OrderSlots { epoch: *epoch, count: *count, price_max: (*price_max).into() }
            }
            typed::Action::ServeSeats { epoch, node, power_mw, seats, .. } => Self::ServeSeats {
                epoch: *epoch,
                node: (*node).into(),
                power_mw: *power_mw,
                seats: seats.iter().map(|seat| seat.key.into()).collect(),
            },
            typed::Action::ReportEquivocation { evidence } => {
                Self::ReportEquivocation { seat: evidence.seat.into(), epoch: evidence.epoch() }
            }
            typed::Action::Donate { amount } => Self::Donate { amount: (*amount).into() },
            typed::Action::ApplyAssociation { application } => Self::ApplyAssociation {
                name: application.name.to_string(),
                cause: application.cause.to_string(),
                domain: application.domain.to_string(),
                statement: (&application.statement).into(),
            },
            typed::Action::AttachEvidence { id, evidence } => {
                Self::AttachEvidence { id: *id, evidence: evidence.into() }
            }
            typed::Action::RenewAssociation { id, statement, .. } => {
                Self::RenewAssociation { id: *id, statement: statement.into() }
            }
            typed::Action::RotateAssociation { id, account, .. } => {
                Self::RotateAssociation { id: *id, account: account.display(prefix) }
            }
            typed::Action::ProposeAmendment { epoch, changes, reason } => Self::ProposeAmendment {
                epoch: *epoch,
                changes: changes.iter().map(Change::from).collect(),
                reason: reason.to_string(),
            },
            typed::Action::Vote { poll, choice } => Self::Vote { poll: *poll, choice: choice.word().into() },
            typed::Action::DeployContract { source, arguments, value } => Self::DeployContract {
                source: source.to_string(),
                arguments: arguments.to_vec().into(),
                value: (*value).into(),
            },
            typed::Action::CallContract { contract, method, arguments, value } => Self::CallContract {
                contract: contract.display(prefix),
                method: method.to_string(),
                arguments: arguments.to_vec().into(),
                value: (*value).into(),
            },
        }
    }

    /// The action that can be signed.
    ///
    /// # Errors
    /// Addresses of another chain, and what is too long.
    pub fn parse(&self, prefix: &Prefix) -> Result<typed::Action, ActionError> {
        match self {
            Self::Transfer { payments, memo } => {
                let count = payments.len();
                let payments = payments.iter().map(|p| p.parse(prefix)).collect::<Result<_, _>>()?;
                Ok(typed::Action::Transfer {
                    payments: List::new(payments).ok_or(ActionError::Payments(count))?,
                    memo: typed::Memo::new(memo.clone()).ok_or(ActionError::Memo(memo.len()))?,
                })
            }
            Self::OrderSlots { epoch, count, price_max } => {
                let price_max = price_max.0;
                Ok(typed::Action::OrderSlots { epoch: *epoch, count: *count, price_max })
            }
            Self::Donate { amount } => Ok(typed::Action::Donate { amount: amount.0 }),
            Self::AttachEvidence { id, evidence } => {
                Ok(typed::Action::AttachEvidence { id: *id, evidence: evidence.parse()? })
            }
            Self::ProposeAmendment { epoch, changes, reason } => {
                let count = changes.len();
                let changes = changes.iter().map(Change::parse).collect::<Result<_, _>>()?;
                Ok(typed::Action::ProposeAmendment {
                    epoch: *epoch,
                    changes: List::new(changes).ok_or(ActionError::Changes(count))?,
                    reason: text("the reason", reason)?,
                })
            }
            Self::Vote { poll, choice } => {
                let unknown = || ActionError::Word {
                    what: "the choice",
                    word: choice.clone(),
                    choices: "yes, no or withdraw",
                };
                let choice = Choice::of(choice).ok_or_else(unknown)?;
                Ok(typed::Action::Vote { poll: *poll, choice })
            }
            Self::DeployContract { source, arguments, value } => Ok(typed::Action::DeployContract {
                source: text("the source", source)?,
                arguments: encoded(&arguments.0)?,
                value: value.0,
            }),
            Self::CallContract { contract, method, arguments, value } => Ok(typed::Action::CallContract {
                contract: Address::parse(contract, prefix)?,
                method: text("the method's name", method)?,
                arguments: encoded(&arguments.0)?,
                value: value.0,
            }),
            Self::ServeSeats { .. }
            | Self::ReportEquivocation { .. }
            | Self::ApplyAssociation { .. }
            | Self::RenewAssociation { .. }
            | Self::RotateAssociation { .. } => Err(ActionError::Signatures),
        }
    }
}

fn text<const MAX: usize>(what: &'static str, text: &str) -> Result<Text<MAX>, ActionError> {
    Text::new(text.into()).ok_or(ActionError::TooLong { what, size: text.len(), max: MAX })
}

fn encoded(arguments: &[u8]) -> Result<Arguments, ActionError> {
    let too_long =
        ActionError::TooLong { what: "all arguments", size: arguments.len(), max: ARGUMENTS_SIZE_MAX };
    List::new(arguments.to_vec()).ok_or(too_long)
}

impl From<&typed::Link> for Link {
    fn from(link: &typed::Link) -> Self {
        Self { uri: link.uri.to_string(), hash: link.hash.into() }
    }
}

impl Link {
    fn parse(&self) -> Result<typed::Link, ActionError> {
        Ok(typed::Link { uri: text("the address of the document", &self.uri)?, hash: self.hash.0 })
    }
}

impl From<&typed::Change> for Change {
    fn from(change: &typed::Change) -> Self {
        Self { parameter: change.adjustable.name().into(), value: change.value }
    }
}

impl Change {
    fn parse(&self) -> Result<typed::Change, ActionError> {
        let unknown = || ActionError::Word {
            what: "the parameter",
            word: self.parameter.clone(),
            choices: "one that `goodwill amendment parameters` lists",
        };
        let adjustable = typed::Adjustable::of(&self.parameter).ok_or_else(unknown)?;
        Ok(typed::Change { adjustable, value: self.value })
    }
}

impl Payment {
    fn new(payment: &typed::Payment, prefix: &Prefix) -> Self {
        Self { to: payment.to.display(prefix), amount: payment.amount.into() }
    }

    fn parse(&self, prefix: &Prefix) -> Result<typed::Payment, AddressError> {
        Ok(typed::Payment { to: Address::parse(&self.to, prefix)?, amount: self.amount.0 })
    }
}

impl Event {
    /// The event in JSON's form.
    pub fn new(event: &typed::Event, prefix: &Prefix) -> Self {
        match event {
            typed::Event::Transfer { from, to, amount } => Self::Transfer {
                from: from.display(prefix),
                to: to.display(prefix),
                amount: (*amount).into(),
            },
            typed::Event::SlotsOrdered { miner, epoch, count, locked, fee } => Self::SlotsOrdered {
                miner: miner.display(prefix),
                epoch: *epoch,
                count: *count,
                locked: (*locked).into(),
                fee: (*fee).into(),
            },
            typed::Event::SeatsTaken { miner, epoch, node, count } => Self::SeatsTaken {
                miner: miner.display(prefix),
                epoch: *epoch,
                node: (*node).into(),
                count: *count,
            },
            typed::Event::EquivocationPunished { miner, epoch, confiscated, repaid, banned_until } => {
                Self::EquivocationPunished {
                    miner: miner.display(prefix),
                    epoch: *epoch,
                    confiscated: (*confiscated).into(),
                    repaid: (*repaid).into(),
                    banned_until: *banned_until,
                }
            }
            typed::Event::Donated { from, amount } => {
                Self::Donated { from: from.display(prefix), amount: (*amount).into() }
            }
            typed::Event::AssociationApplied { id, account, deposit } => Self::AssociationApplied {
                id: *id,
                account: account.display(prefix),
                deposit: (*deposit).into(),
            },
            typed::Event::EvidenceAttached { id, number } => {
                Self::EvidenceAttached { id: *id, number: *number }
            }
            typed::Event::RenewalAsked { id } => Self::RenewalAsked { id: *id },
            typed::Event::RotationAsked { id, account, epoch } => {
                Self::RotationAsked { id: *id, account: account.display(prefix), epoch: *epoch }
            }
            typed::Event::AmendmentProposed { id, epoch, deposit } => {
                Self::AmendmentProposed { id: *id, epoch: *epoch, deposit: (*deposit).into() }
            }
            typed::Event::Voted { poll, miner, choice } => {
                Self::Voted { poll: *poll, miner: miner.display(prefix), choice: choice.word().into() }
            }
            typed::Event::ContractDeployed { contract, deployer, code_hash, vm_version } => {
                Self::ContractDeployed {
                    contract: contract.display(prefix),
                    deployer: deployer.display(prefix),
                    code_hash: (*code_hash).into(),
                    vm_version: *vm_version,
                }
            }
            typed::Event::ContractEmitted { emitted } => Self::ContractEmitted {
                contract: emitted.contract.display(prefix),
                name: emitted.name.to_string(),
                fields: emitted.fields.iter().map(|field| EventField::new(field, prefix)).collect(),
            },
            typed::Event::ContractReturned { contract, result } => {
                Self::ContractReturned { contract: contract.display(prefix), result: value(result, prefix) }
            }
        }
    }
}

impl EventField {
    /// The field in JSON's form.
    pub fn new(field: &typed::contract::Field, prefix: &Prefix) -> Self {
        Self { name: field.name.to_string(), value: value(&field.value, prefix) }
    }
}

impl From<&typed::Failure> for Failure {
    fn from(failure: &typed::Failure) -> Self {
        Self { code: failure.code().into(), message: failure.to_string() }
    }
}

impl Receipt {
    /// The receipt in JSON's form.
    pub fn new(receipt: &typed::Receipt, prefix: &Prefix) -> Self {
        let (failure, events) = match &receipt.outcome {
            Outcome::Done { events } => (None, events.iter().map(|e| Event::new(e, prefix)).collect()),
            Outcome::Failed { failure } => (Some(failure.into()), Vec::new()),
        };
        Self {
            height: receipt.height,
            gas_used: receipt.gas_used,
            fee: receipt.fee().into(),
            base_fee: receipt.base_fee.into(),
            donated: receipt.donated.into(),
            tip: receipt.tip.into(),
            failure,
            events,
        }
    }
}

impl Inclusion {
    /// What `receipt` says of a transaction that is number `index` of the block `block`.
    pub fn new(receipt: &typed::Receipt, index: u32, block: Digest, prefix: &Prefix) -> Self {
        Self { index, block: block.into(), receipt: Receipt::new(receipt, prefix) }
    }

    /// How far a transaction has come of which this is known.
    pub fn status(&self) -> TransactionStatus {
        match self.receipt.failure {
            Some(_) => TransactionStatus::Failed,
            None => TransactionStatus::Final,
        }
    }
}

impl Transaction {
    /// A transaction that is final, where there is an inclusion, or else pending.
    pub fn new(signed: SignedTransaction, inclusion: Option<Inclusion>, prefix: &Prefix) -> Self {
        let transaction = &signed.transaction;
        Self {
            id: signed.id().into(),
            status: inclusion.as_ref().map_or(TransactionStatus::Pending, Inclusion::status),
            from: transaction.sender_address().display(prefix),
            nonce: transaction.nonce,
            last_height: transaction.last_height,
            gas_limit: transaction.gas_limit,
            action: Action::new(&transaction.action, prefix),
            inclusion,
            raw: Some(signed.into()),
            proof: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Simulation;
    use crate::{Amount, Domain, SecretKey, hash};
    use serde_json::{Value, json};

    const ALICE: u8 = 1;
    const BOB: u8 = 2;

    fn dev() -> Prefix {
        "dev".parse().unwrap()
    }

    fn address(seed: u8) -> Address {
        Address::of(&SecretKey::from_seed([seed; 32]).public_key())
    }

    fn signed() -> SignedTransaction {
        let key = SecretKey::from_seed([ALICE; 32]);
        let transaction = typed::Transaction {
            sender: key.public_key(),
            nonce: 7,
            last_height: 100,
            gas_limit: 1_000,
            fee_per_gas_max: 3,
            tip_per_gas: 1,
            action: typed::Action::transfer(address(BOB), Amount::from_coins(2)),
        };
        transaction.sign(&key, &hash(Domain::Chain, b"test"))
    }

    fn receipt(outcome: Outcome) -> typed::Receipt {
        let [base_fee, donated, tip] = [20, 10, 5].map(Amount::from_units);
        typed::Receipt { id: signed().id(), height: 9, gas_used: 1_000, base_fee, donated, tip, outcome }
    }

    fn shown(inclusion: Option<Inclusion>) -> Value {
        let shown = Transaction::new(signed(), inclusion, &dev());
        let json = serde_json::to_value(&shown).unwrap();
        assert_eq!(serde_json::from_value::<Transaction>(json.clone()).unwrap(), shown);
        json
    }

    #[test]
    fn a_pending_transaction_says_only_what_was_signed() {
        let json = shown(None);
        assert_eq!(json["status"], "pending");
        assert_eq!(json["id"], signed().id().to_string());
        assert_eq!(json["from"], address(ALICE).display(&dev()));
        let payment = json!({"to": address(BOB).display(&dev()), "amount": "2000000000"});
        assert_eq!(json["action"], json!({"type": "transfer", "payments": [payment], "memo": ""}));
        assert!(json.get("height").is_none());
    }

    #[test]
    fn a_final_transaction_says_in_one_object_what_became_of_it() {
        let (from, to, amount) = (address(ALICE), address(BOB), Amount::from_coins(2));
        let events = List::new(vec![typed::Event::Transfer { from, to, amount }]).unwrap();
        let block = hash(Domain::Block, b"block");
        let json = shown(Some(Inclusion::new(&receipt(Outcome::Done { events }), 3, block, &dev())));
        assert_eq!(
            (&json["status"], &json["height"], &json["index"]),
            (&json!("final"), &json!(9), &json!(3))
        );
        assert_eq!((&json["fee"], &json["donated"]), (&json!("25"), &json!("10")));
        assert_eq!(json["events"][0]["type"], "transfer");
        assert!(json.get("failure").is_none());
    }

    #[test]
    fn a_failed_transaction_has_a_code_and_a_reason() {
        let failure =
            typed::Failure::InsufficientBalance { balance: Amount::ZERO, wanted: Amount::from_coins(2) };
        let block = hash(Domain::Block, b"block");
        let json = shown(Some(Inclusion::new(&receipt(Outcome::Failed { failure }), 0, block, &dev())));
        assert_eq!(
            (&json["status"], &json["failure"]["code"]),
            (&json!("failed"), &json!("insufficient_balance"))
        );
    }

    #[test]
    fn a_simulation_is_of_one_transaction() {
        let (raw, unsigned) = (signed(), signed().transaction);
        let signed = Simulation::Raw(raw.clone().into());
        let json = json!({"raw": crate::api::Hex(raw).to_string()});
        assert_eq!(serde_json::to_value(&signed).unwrap(), json);
        let unsigned = Simulation::Unsigned(unsigned.into());
        let mut both = serde_json::to_value(&unsigned).unwrap();
        assert_eq!(serde_json::from_value::<Simulation>(both.clone()).unwrap(), unsigned);
        both["raw"] = json["raw"].clone();
        assert!(serde_json::from_value::<Simulation>(both).is_err());
    }

    #[test]
    fn actions_round_trip_and_foreign_addresses_are_refused() {
        let shown = Action::new(&signed().transaction.action, &dev());
        assert_eq!(shown.parse(&dev()), Ok(signed().transaction.action));
        assert!(matches!(shown.parse(&"other".parse().unwrap()), Err(ActionError::Address(_))));
        let none = Action::Transfer { payments: vec![], memo: String::new() };
        assert_eq!(none.parse(&dev()), Err(ActionError::Payments(0)));
    }

    #[test]
    fn readers_skip_fields_they_do_not_know() {
        let mut json = shown(None);
        json["new"] = json!(1);
        json["action"]["new"] = json!(1);
        assert!(serde_json::from_value::<Transaction>(json).is_ok());
    }
}
