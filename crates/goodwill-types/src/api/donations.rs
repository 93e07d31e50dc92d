//! Associations, amendments, donations and energy in JSON.

use super::{Change, HexDigest, Link, Units};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[cfg(feature = "openapi")]
use super::schema;

/// `GET /v1/associations/{id}`, and each of `GET /v1/associations`: who may receive donations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Association {
    /// Its number.
    pub id: u32,
    /// What people call it.
    pub name: String,
    /// The domain that it controls.
    pub domain: String,
    /// climate, hunger, disease, children or humanity.
    pub cause: String,
    /// candidate, approved, frozen, revoked or lapsed.
    pub status: String,
    /// The epoch at whose end its status began; that of the application for a candidate.
    pub since: u64,
    /// The last epoch of its poll, or of its mandate.
    pub until: u64,
    /// Live seats that said yes, summed over the window. 0 when its poll is over.
    pub yes: u64,
    /// Live seats that said no.
    pub no: u64,
    /// All live seats of the window.
    pub live: u64,
    /// How many of them must say yes: three quarters.
    pub needed: u64,
    /// Where it receives.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub account: String,
    /// The account to which it moves, and the epoch at whose end it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    /// Paid to its account, ever.
    pub received: Units,
    /// Granted, and not released.
    pub pending: Units,
    /// Released while it was frozen.
    pub frozen: Units,
    /// What it deposited and did not get back.
    pub deposit: Units,
    /// What its last proof of identity showed.
    pub identity: Identity,
    /// What it does, in its own words.
    pub statement: Link,
    /// How often it attached evidence.
    pub evidence_count: u32,
    /// What it attached, asked for by its number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 64))]
    pub evidence: Vec<Evidence>,
}

/// What a proof of identity showed: who controls a name, not how good they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identity {
    /// The organisation that the certificate names, where an authority checked that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// SHA-256 of the certificate.
    pub certificate: HexDigest,
    /// Until when the certificate is valid, in seconds since 1970.
    pub valid_until_s: u64,
    /// The height at which it was shown.
    pub height: u64,
}

/// A move to another account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotation {
    /// The new account.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub account: String,
    /// The epoch at whose end the association moves.
    pub epoch: u64,
}

/// What an association attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// Its number, from 0.
    pub number: u32,
    /// Where it can be read.
    #[serde(flatten)]
    pub link: Link,
    /// The height at which it was attached.
    pub height: u64,
}

/// `GET /v1/amendments`: the numbers of the rules, and what shall change them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Amendments {
    /// The present epoch.
    pub epoch: u64,
    /// The numbers that can be amended, as they are in force.
    pub in_force: BTreeMap<String, u64>,
    /// All amendments, ever, by their number.
    pub amendments: Vec<Amendment>,
}

/// An amendment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Amendment {
    /// Its number: associations and amendments are numbered together.
    pub id: u32,
    /// candidate, approved or lapsed.
    pub status: String,
    /// From which epoch on it holds.
    pub epoch: u64,
    /// What it changes.
    pub changes: Vec<Change>,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub account: String,
    /// Live seats that said yes, summed over the window. 0 when its poll is over.
    pub yes: u64,
    /// Live seats that said no.
    pub no: u64,
    /// All live seats of the window.
    pub live: u64,
    /// How many of them must say yes: three quarters.
    pub needed: u64,
}

/// Each of `GET /v1/donations`: what entered the pool in an epoch, and who gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Donations {
    /// The epoch: it is over.
    pub epoch: u64,
    /// What entered the pool in it, by where it came from.
    pub income: BTreeMap<String, Units>,
    /// The sum of it.
    pub total: Units,
    /// Whose slots brought it, as long as their rewards have not matured.
    #[cfg_attr(feature = "openapi", schema(max_items = 512))]
    pub slots: Vec<SlotMoney>,
    /// What more than the associations may get at once went to the reserve.
    pub to_reserve: Units,
    /// What the reserve added.
    pub from_reserve: Units,
    /// The epoch at whose end it is released.
    pub release_epoch: u64,
    /// Who was granted what.
    #[cfg_attr(feature = "openapi", schema(max_items = 1_024))]
    pub grants: Vec<Grant>,
}

/// What a miner's slots brought: part of [`Donations`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlotMoney {
    /// Who bought them.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub miner: String,
    /// How many.
    pub slots: u32,
    /// What they cost.
    pub amount: Units,
}

/// What an association was granted: part of [`Donations`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grant {
    /// Which association.
    pub id: u32,
    /// How much.
    pub amount: Units,
    /// waiting, paid, frozen or returned.
    pub release: String,
}

/// `GET /v1/energy`: what the chain draws, each figure by how it is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Energy {
    /// The epoch: the last one that is over, or the present one.
    pub epoch: u64,
    /// How long it lasts, in milliseconds, at the usual time between blocks.
    pub duration_ms: u64,
    /// Declared by those who serve: the power of their machines, in milliwatts.
    pub declared_power_mw: u64,
    /// Estimated from that: what the epoch draws, in milliwatt-hours.
    pub estimated_mwh: u64,
    /// Estimated: what that emits, in milligrams of CO2 equivalents.
    pub estimated_mgco2e: u64,
    /// The chain's number for it: grams of CO2 equivalents per kilowatt-hour.
    pub grid_gco2e_per_kwh: u64,
    /// Gas that its blocks used.
    pub gas: u64,
    /// Estimated: nanowatt-hours per unit of gas; none where no gas was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_nwh_per_gas: Option<u64>,
    /// What entered the pool in it.
    pub donated: Units,
    /// Donated per estimated kilowatt-hour, in base units; none where none was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub donated_per_kwh: Option<Units>,
    /// What this node measured of itself.
    pub node: NodeEnergy,
}

/// What a node measured of itself: part of [`Energy`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeEnergy {
    /// How: `rapl`, a meter in the processor, which sees the whole processor; or `cpu_time`, the
    /// process's processor time at the declared power, which is an estimate.
    pub method: String,
    /// For how long it ran, in milliseconds.
    pub uptime_ms: u64,
    /// Processor time that it used, in milliseconds.
    pub cpu_ms: u64,
    /// Measured or estimated since its start, in milliwatt-hours.
    pub mwh: u64,
    /// Its mean power, in milliwatts.
    pub power_mw: u64,
}

/// `GET /v1/guide`: how the chain works, in plain words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guide {
    /// en or fr.
    pub language: String,
    /// The guide in Markdown.
    pub markdown: String,
}
