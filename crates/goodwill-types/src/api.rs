//! What a gateway and its clients say to each other in JSON.
//!
//! Amounts are decimal strings of base units, heights and times are numbers, ids, digests and keys
//! are hexadecimal, addresses are bech32m with the chain's prefix. A reader skips fields that it
//! does not know, so that gateways can say more; what is hashed or signed is never JSON.

mod contracts;
mod convert;
mod donations;
#[cfg(feature = "openapi")]
mod schema;
mod text;

pub use contracts::{Answer, Contract, ContractEvent, ContractEvents, EventField, Query, value};
pub use convert::ActionError;
pub use donations::{
    Amendment, Amendments, Association, Donations, Energy, Evidence, Grant, Guide, Identity, NodeEnergy,
    Rotation, SlotMoney,
};
pub use text::{Hex, HexBytes, HexDigest, HexId, HexKey, HexTransaction, HexUnsigned, Units};

use crate as typed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET /v1/status`: which chain this is, and how the node is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Status {
    /// The chain's id: part of everything that is signed for it.
    pub chain_id: HexDigest,
    /// The chain's name.
    pub name: String,
    /// What a coin is called.
    pub symbol: String,
    /// How addresses begin.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z]{1,16}$"))]
    pub address_prefix: String,
    /// Whether the chain is for trying things out: its coins belong to everybody.
    pub development: bool,
    /// Height of the newest block that this node knows.
    pub height: u64,
    /// Height of the newest block that is final.
    pub finalized_height: u64,
    /// The epoch of the newest final block.
    pub epoch: u64,
    /// Timestamp of the newest final block, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// The base fee per gas of the next block, in base units.
    pub base_fee_per_gas: u64,
    /// The donated share of the base fee, in hundredths of a percent.
    #[cfg_attr(feature = "openapi", schema(maximum = 10_000))]
    pub pollution_tax_bp: u16,
    /// What things cost in gas.
    pub gas_prices: GasPrices,
    /// How many nodes this one is connected with.
    pub peers: u64,
    /// Whether the node is still fetching blocks: what it says of accounts is then old.
    pub syncing: bool,
    /// The node's release.
    pub version: String,
    /// Where the source of the node and of its chain's rules is.
    pub source_url: String,
}

/// What things cost in gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GasPrices {
    /// Each transaction.
    pub base: u64,
    /// Each payment in a transfer.
    pub per_payment: u64,
    /// Each order for slots.
    pub per_order: u64,
    /// Each seat that is taken up.
    pub per_seat: u64,
    /// Each evidence of equivocation.
    pub per_evidence: u64,
    /// Each proof of identity.
    pub per_identity: u64,
    /// Each vote, and everything else that an association or an amendment needs.
    pub per_poll: u64,
    /// Each deployment or call of a contract, before it runs.
    pub per_contract: u64,
    /// Each byte of source that is deployed.
    pub per_source_byte: u64,
    /// Each byte of the signed transaction.
    pub per_byte: u64,
}

impl GasPrices {
    /// The gas of a transaction for `action` whose signed bytes are `size`:
    /// `base + price of the action + per_byte * size`; of a contract's, before the contract runs. `None`
    /// on overflow.
    pub fn of(&self, action: &typed::Action, size: usize) -> Option<u64> {
        let (price, count) = match action {
            typed::Action::Transfer { payments, .. } => (self.per_payment, payments.len()),
            typed::Action::OrderSlots { .. } => (self.per_order, 1),
            // The node's consent is one signature more.
            typed::Action::ServeSeats { seats, .. } => (self.per_seat, seats.len() + 1),
            typed::Action::ReportEquivocation { .. } => (self.per_evidence, 1),
            typed::Action::Donate { .. } => (0, 1),
            typed::Action::ApplyAssociation { .. }
            | typed::Action::RenewAssociation { .. }
            | typed::Action::RotateAssociation { .. } => (self.per_identity, 1),
            typed::Action::AttachEvidence { .. }
            | typed::Action::ProposeAmendment { .. }
            | typed::Action::Vote { .. } => (self.per_poll, 1),
            typed::Action::CallContract { .. } => (self.per_contract, 1),
            typed::Action::DeployContract { source, .. } => {
                (self.per_source_byte.checked_mul(source.len() as u64)?.checked_add(self.per_contract)?, 1)
            }
        };
        let bytes = self.per_byte.checked_mul(size as u64)?;
        self.base.checked_add(price.checked_mul(count as u64)?)?.checked_add(bytes)
    }
}

/// `GET /v1/accounts/{address}`: an account at the newest final block. One that was never paid
/// holds nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Whose account.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub address: String,
    /// What it can spend.
    pub balance: Units,
    /// How many of its transactions are final.
    pub nonce: u64,
    /// The nonce for its next transaction, counting those that wait in this node's mempool.
    pub next_nonce: u64,
    /// The height at which this was so.
    pub height: u64,
    /// With `?proof=true`: a state proof of `goodwill-proof` for balance and nonce at the height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<HexBytes>,
}

/// How far a transaction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TransactionStatus {
    /// It waits in the mempool, or is in a block that is not final.
    Pending,
    /// It did what it asked for, for good.
    Final,
    /// It is in a final block, and changed nothing but its sender's nonce and fee.
    Failed,
    /// It is past its last height, and can never be included.
    Expired,
}

/// `GET /v1/transactions/{id}`. The fields of its [`Inclusion`] are there once it is in a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transaction {
    /// Its id.
    pub id: HexId,
    /// How far it has come.
    pub status: TransactionStatus,
    /// Who signed and pays.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub from: String,
    /// How many transactions of the account came before it.
    pub nonce: u64,
    /// The last height at which it can be included.
    pub last_height: u64,
    /// The most gas that it may use.
    pub gas_limit: u64,
    /// What it asks for.
    pub action: Action,
    /// What became of it, once that is final.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = schema::inclusion))]
    pub inclusion: Option<Inclusion>,
    /// Its signed bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<HexTransaction>,
    /// With `?proof=true`, once it is in a final block: a transaction proof of `goodwill-proof`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<HexBytes>,
}

/// Where a transaction is, and what became of it: part of [`Transaction`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Inclusion {
    /// Its place in the block, from 0.
    pub index: u32,
    /// The digest of its block.
    pub block: HexDigest,
    /// What it used, paid and did.
    #[serde(flatten)]
    pub receipt: Receipt,
}

/// What a transaction used, paid and did: part of [`Inclusion`]. `POST /v1/simulate` answers the one
/// that a transaction would have in the next block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// The height of its block.
    pub height: u64,
    /// Gas used.
    pub gas_used: u64,
    /// All that was paid for it: base fee and tip.
    pub fee: Units,
    /// The base fee paid.
    pub base_fee: Units,
    /// The part of the base fee that was donated.
    pub donated: Units,
    /// The tip paid to the leader.
    pub tip: Units,
    /// Why it failed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// What a transaction asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Pays one or many recipients: all of them or none.
    Transfer {
        /// Who gets what.
        #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 256))]
        payments: Vec<Payment>,
        /// A note that everybody can read.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(max_length = 140))]
        memo: String,
    },
    /// Asks for slots of an epoch, and locks their price.
    OrderSlots {
        /// Which epoch: two after the present one.
        epoch: u64,
        /// How many slots.
        count: u32,
        /// The most that one may cost.
        price_max: Units,
    },
    /// Takes up slots that were drawn. The signatures of the node and its seats are left out.
    ServeSeats {
        /// Which epoch.
        epoch: u64,
        /// The node that hosts the seats.
        node: HexKey,
        /// The declared power of its machine, in milliwatts.
        power_mw: u32,
        /// The seats' keys.
        #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 512))]
        seats: Vec<HexKey>,
    },
    /// Shows that a seat voted against itself. The votes are left out.
    ReportEquivocation {
        /// The seat's key.
        seat: HexKey,
        /// The epoch of the votes.
        epoch: u64,
    },
    /// Gives coins to the donation pool.
    Donate {
        /// How many.
        amount: Units,
    },
    /// Asks to receive donations. The proof of identity is left out.
    ApplyAssociation {
        /// What people call it.
        #[cfg_attr(feature = "openapi", schema(max_length = 64))]
        name: String,
        /// climate, hunger, disease, children or humanity.
        cause: String,
        /// The domain that it controls.
        #[cfg_attr(feature = "openapi", schema(max_length = 253))]
        domain: String,
        /// What it does, in its own words.
        statement: Link,
    },
    /// Says that an association operates for its cause.
    AttachEvidence {
        /// Which association.
        id: u32,
        /// What shows it.
        evidence: Link,
    },
    /// Asks for another mandate. The proof of identity is left out.
    RenewAssociation {
        /// Which association.
        id: u32,
        /// What it does, in its own words.
        statement: Link,
    },
    /// Moves an association to another account. The proof of identity is left out.
    RotateAssociation {
        /// Which association.
        id: u32,
        /// Where it shall receive.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        account: String,
    },
    /// Asks for other numbers in the chain's rules.
    ProposeAmendment {
        /// From which epoch on.
        epoch: u64,
        /// What shall change.
        #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 16))]
        changes: Vec<Change>,
        /// Why.
        #[cfg_attr(feature = "openapi", schema(max_length = 280))]
        reason: String,
    },
    /// Says what a miner holds of an association or an amendment.
    Vote {
        /// The number of the association or the amendment.
        poll: u32,
        /// yes, no or withdraw.
        choice: String,
    },
    /// Puts a contract on the chain, and runs its `init`.
    DeployContract {
        /// The Python file.
        #[cfg_attr(feature = "openapi", schema(max_length = 65_536))]
        source: String,
        /// The arguments of `init`, encoded.
        arguments: HexBytes,
        /// Coins for the contract.
        value: Units,
    },
    /// Calls a method of a contract.
    CallContract {
        /// Which contract.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        contract: String,
        /// Which method.
        #[cfg_attr(feature = "openapi", schema(max_length = 128))]
        method: String,
        /// Its arguments, encoded.
        arguments: HexBytes,
        /// Coins for the contract.
        value: Units,
    },
}

/// A document outside the chain, and what it must hash to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// Where it can be read.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub uri: String,
    /// SHA-256 of its bytes.
    pub hash: HexDigest,
}

/// A number of the rules that shall change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Its name in the manifest.
    pub parameter: String,
    /// What it shall be.
    pub value: u64,
}

/// One recipient of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payment {
    /// Who is paid.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub to: String,
    /// How much.
    pub amount: Units,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// Coins changed hands.
    Transfer {
        /// Whose they were.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        from: String,
        /// Whose they are.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        to: String,
        /// How many.
        amount: Units,
    },
    /// Slots were ordered.
    SlotsOrdered {
        /// Who ordered.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        miner: String,
        /// The epoch.
        epoch: u64,
        /// How many slots, earlier orders for the epoch not counted.
        count: u32,
        /// What is locked for them.
        locked: Units,
        /// What the order itself costs: it enters the pool.
        fee: Units,
    },
    /// Seats were taken up.
    SeatsTaken {
        /// Whose they are.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        miner: String,
        /// The epoch.
        epoch: u64,
        /// The node that hosts them.
        node: HexKey,
        /// How many seats.
        count: u32,
    },
    /// A miner was punished because a seat of it voted against itself.
    EquivocationPunished {
        /// Whose seat.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        miner: String,
        /// The epoch of the votes.
        epoch: u64,
        /// The rewards that it lost.
        confiscated: Units,
        /// The part of them that repaid the reporter's fee. The rest entered the pool.
        repaid: Units,
        /// The last epoch for which it cannot order.
        banned_until: u64,
    },
    /// Coins were given to the pool.
    Donated {
        /// Whose they were.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        from: String,
        /// How many.
        amount: Units,
    },
    /// An association asked to receive donations.
    AssociationApplied {
        /// The association's number.
        id: u32,
        /// Where it wants to receive.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        account: String,
        /// What it deposited.
        deposit: Units,
    },
    /// An association attached evidence.
    EvidenceAttached {
        /// Which association.
        id: u32,
        /// The evidence's number, from 0.
        number: u32,
    },
    /// An association asked for another mandate.
    RenewalAsked {
        /// Which association.
        id: u32,
    },
    /// An association will move to another account.
    RotationAsked {
        /// Which association.
        id: u32,
        /// Its new account.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        account: String,
        /// The epoch at whose end it moves.
        epoch: u64,
    },
    /// An amendment was proposed.
    AmendmentProposed {
        /// The amendment's number.
        id: u32,
        /// From which epoch on it would hold.
        epoch: u64,
        /// What was deposited for it.
        deposit: Units,
    },
    /// A miner said what it holds of an association or an amendment.
    Voted {
        /// The number of the association or the amendment.
        poll: u32,
        /// Who voted.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        miner: String,
        /// What it said.
        choice: String,
    },
    /// A contract was deployed.
    ContractDeployed {
        /// Its address.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        contract: String,
        /// Who deployed it.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        deployer: String,
        /// The hash of what it was compiled to.
        code_hash: HexDigest,
        /// The version of the machine that runs it.
        vm_version: u16,
    },
    /// A contract emitted an event of its own.
    ContractEmitted {
        /// Which contract.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        contract: String,
        /// The event's name.
        name: String,
        /// Its fields, in the order given.
        fields: Vec<EventField>,
    },
    /// A method that was called from outside returned something else than `None`.
    ContractReturned {
        /// Which contract.
        #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
        contract: String,
        /// What it returned.
        result: serde_json::Value,
    },
}

/// Why an included transaction did nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// For programs: stays the same across releases.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z_]*$"))]
    pub code: String,
    /// For people.
    pub message: String,
}

/// `GET /v1/blocks/{height|latest}`: a final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Block {
    /// Position in the chain.
    pub height: u64,
    /// The digest of its header.
    pub digest: HexDigest,
    /// The digest of its parent's header; genesis has the chain's id here.
    pub parent: HexDigest,
    /// Its epoch.
    pub epoch: u64,
    /// The attempt in which it was proposed.
    pub view: u64,
    /// The seat whose turn it was.
    pub leader: HexKey,
    /// Milliseconds since 1970.
    pub timestamp_ms: u64,
    /// Root of the state after it.
    pub state_root: HexDigest,
    /// Root of the tree over its receipts.
    pub receipts_root: HexDigest,
    /// Its transactions, in the order of execution.
    #[cfg_attr(feature = "openapi", schema(max_items = 65_536))]
    pub transactions: Vec<HexId>,
    /// Size of its body in bytes.
    pub size_bytes: u64,
    /// The committee's finalization certificate; genesis has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<HexBytes>,
}

/// A signed transaction on its way in. `POST /v1/transactions` takes one of these and answers
/// [`Submit`], or a list of them and answers a list of [`SubmitResult`] in the same order. It also
/// takes the bytes of one signed transaction as `application/octet-stream`. With `?wait=final` it
/// answers a single one with its [`Transaction`] instead, as soon as that is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submission {
    /// The signed bytes.
    pub raw: HexTransaction,
}

/// What `POST /v1/simulate` takes: one transaction, signed or not. Signed, it can also be the bytes
/// as `application/octet-stream`. It answers a [`Receipt`], and nothing is kept or passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Simulation {
    /// The signed bytes: the signature is checked.
    Raw(HexTransaction),
    /// The bytes that would be signed.
    Unsigned(HexUnsigned),
}

/// A transaction was taken into the mempool, or was there or in the chain already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Submit {
    /// Its id.
    pub id: HexId,
}

/// What became of one transaction of a batch: an id or an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum SubmitResult {
    /// It was taken.
    Taken {
        /// Its id.
        id: HexId,
    },
    /// It was refused.
    Refused {
        /// Why.
        error: Problem,
    },
}

/// `GET /v1/supply`: all money there is. `genesis + minted` is the sum of the cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Supply {
    /// The height at which this was so.
    pub height: u64,
    /// What was there in the beginning.
    pub genesis: Units,
    /// What was minted since.
    pub minted: Units,
    /// Where it all is, by the name of the cell.
    pub cells: BTreeMap<String, Units>,
}

/// `GET /v1/epochs/{n}`: what is known of an epoch. Those that can be ordered are known already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Epoch {
    /// Which epoch.
    pub number: u64,
    /// The height of its first block.
    pub first_height: u64,
    /// The height of its last block.
    pub last_height: u64,
    /// What a slot costs.
    pub price: Units,
    /// What a paid turn earns. A slot has `paid_turns` of them.
    pub reward: Units,
    /// The turns of a slot that are paid.
    pub paid_turns: u64,
    /// The most slots that are sold.
    pub slots: u32,
    /// Slots that were ordered.
    pub ordered: u64,
    /// Slots that the draw filled.
    pub filled: u32,
    /// Filled slots that were taken up.
    pub taken_up: u32,
    /// The height at which its slots are drawn; epochs 0 and 1 have no draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw_height: Option<u64>,
    /// The last height at which its seats are taken up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_up_until: Option<u64>,
    /// Its seats, in the committee's order; none before it is formed, and after its rewards matured.
    #[cfg_attr(feature = "openapi", schema(max_items = 512))]
    pub seats: Vec<EpochSeat>,
    /// What parts of its seats cost at its price.
    pub cost_of: CostOf,
    /// The declared power of those who serve, in milliwatts.
    pub power_mw: u64,
    /// Turns that earned the reward; 0 until it is over.
    pub paid_turns_made: u64,
    /// What its slots brought the pool.
    pub donated: Units,
    /// What its paid turns earned; 0 until it is over.
    pub earned: Units,
    /// With `?proof=true`: a state proof of `goodwill-proof` for the record of the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<HexBytes>,
}

/// One seat of an epoch: part of [`Epoch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EpochSeat {
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub miner: String,
    /// The node that hosts it.
    pub node: HexKey,
    /// Whether its slot was bought; caretakers' were not.
    pub paid: bool,
    /// Blocks that it made.
    pub led: u32,
    /// Turns that it missed.
    pub missed: u32,
}

/// What it costs to hold parts of the seats: a third can stop the chain, two thirds decide what is
/// final, three quarters decide who receives donations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostOf {
    /// A third of the seats, rounded up.
    pub third: Units,
    /// Two thirds.
    pub two_thirds: Units,
    /// Three quarters.
    pub three_quarters: Units,
}

/// `GET /v1/miners/{address}`, and each of `GET /v1/miners`: an account as a miner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Miner {
    /// Whose account.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub address: String,
    /// The height at which this was so.
    pub height: u64,
    /// Seats in the present epoch.
    pub seats: u32,
    /// Those of them whose slots were bought.
    pub paid_seats: u32,
    /// Heights of its next turns in the present epoch, if all seats before make their blocks.
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub next_turns: Vec<u64>,
    /// Slots that it ordered of the epoch after the next.
    pub ordered: u64,
    /// Slots of the next epoch that were drawn for it.
    pub drawn: u32,
    /// Those of them that it took up.
    pub taken_up: u32,
    /// Blocks that its seats made, ever.
    pub led: u64,
    /// Turns that its seats missed, ever.
    pub missed: u64,
    /// Prices and order fees that it gave to the pool, ever.
    pub donated: Units,
    /// What it earned that cannot be spent yet.
    pub unmatured: Units,
    /// Rewards that were paid out, ever.
    pub matured: Units,
    /// The last epoch for which it cannot order, where it equivocated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banned_until: Option<u64>,
}

/// `GET /v1/mempool`: what waits in this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mempool {
    /// How many transactions wait.
    pub transactions: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The most transactions that may wait.
    pub transactions_max: u64,
    /// The most bytes that may wait.
    pub bytes_max: u64,
}

/// `GET /v1/checkpoint`: where a light client can start that trusts whom it has this from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checkpoint {
    /// The chain's id.
    pub chain_id: HexDigest,
    /// Height of the final block.
    pub height: u64,
    /// Its digest.
    pub digest: HexDigest,
    /// Its epoch.
    pub epoch: u64,
    /// Its timestamp, in milliseconds since 1970.
    pub timestamp_ms: u64,
    /// The committee of its epoch: who vouches for the block.
    pub committee: HexBytes,
    /// The committee's finalization certificate for the block.
    pub finality: HexBytes,
}

/// `GET /v1/handovers/{epoch}`: shows that the committee of an epoch made final who comes after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Handover {
    /// The epoch whose committee hands over.
    pub epoch: u64,
    /// A state proof of `goodwill-proof` for the next committee, at the last block of the epoch.
    pub proof: HexBytes,
}

/// What went wrong: RFC 9457, `application/problem+json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A reference that names the kind of problem: `about:blank` or a page on it.
    #[serde(rename = "type", default = "blank")]
    pub kind: String,
    /// The kind of problem in a few words, the same for all of its kind.
    pub title: String,
    /// The HTTP status.
    #[cfg_attr(feature = "openapi", schema(minimum = 400, maximum = 599))]
    pub status: u16,
    /// What happened this time, and why.
    #[serde(default)]
    pub detail: String,
    /// For programs: stays the same across releases, such as `nonce_used`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z_]*$"))]
    pub code: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

fn blank() -> String {
    "about:blank".into()
}
