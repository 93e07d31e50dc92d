//! `chain.toml`: what makes a chain. Read once, checked as a whole, and afterwards neither optional
//! nor stringly: [`RawManifest`] is the file, [`Manifest`] the chain.

mod development;
mod raw;

use crate::{gas::GAS_PRICES, genesis};
pub use development::{Member, development_manifest};
use goodwill_identity::Anchors;
use goodwill_types::{
    Address, Adjustable, Amount, Digest, Prefix, PublicKey,
    association::Certificate,
    block::SEATS_MAX,
    codec::{List, Text, record, variants},
};
pub use raw::RawManifest;
use std::{fmt, sync::Arc};

/// The largest `chain.toml`, in bytes.
pub const MANIFEST_SIZE_MAX: usize = 1 << 20;
/// The most accounts that receive first coins.
pub const GRANTS_MAX: usize = 10_000;
/// The most that a chain may issue at genesis: half of what an amount can hold.
pub const GENESIS_SUPPLY_MAX: Amount = Amount::from_units(u64::MAX / 2);

/// Why a manifest is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("chain.toml, line {line}: {problem}. {remedy}")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What people call it.
    pub name: Text<64>,
    /// The symbol of its coin.
    pub symbol: Text<12>,
    /// How its addresses begin.
    pub address_prefix: Prefix,
    /// Whether its keys are public and its coins worthless: a chain to develop against.
    pub development: bool,
    /// Where its source code is.
    pub source_url: Text<256>,
    /// When it begins, in milliseconds since 1970.
    pub genesis_time_ms: u64,
    /// Why it may use energy.
    pub purpose: Purpose,
    /// The numbers of its rules.
    pub parameters: Parameters,
    /// Who makes its blocks while nobody else does. Strictly ascending by node key.
    pub founders: Vec<Founder>,
    /// Its first coins.
    pub distribution: Distribution,
    /// Who vouches for the domains of associations: the public web's authorities where it is empty.
    pub trust_anchors: TrustAnchors,
    /// The same, ready to be used.
    anchors: Arc<Anchors>,
    chain_id: Digest,
}

/// The most trust anchors of a chain.
pub const TRUST_ANCHORS_MAX: usize = 16;

/// Certificates in DER, in the order of the manifest.
pub type TrustAnchors = List<Certificate, 0, TRUST_ANCHORS_MAX>;

/// How the chain respects nature, in its makers' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// In which of the four ways.
    pub nature: Nature,
    /// The statement.
    pub statement: Text<2_000>,
}

record!(Purpose { nature, statement });

/// The four ways in which a chain can respect nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// What it does is good for nature.
    Benefit {},
    /// It replaces something that uses more.
    Replace {},
    /// It makes up for what it uses.
    Compensate {},
    /// What it gives is worth what it uses.
    Worth {},
}

variants!(Nature { 0 => Benefit {}, 1 => Replace {}, 2 => Compensate {}, 3 => Worth {} });

impl Nature {
    /// Its word in the manifest.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Benefit {} => "benefit",
            Self::Replace {} => "replace",
            Self::Compensate {} => "compensate",
            Self::Worth {} => "worth",
        }
    }
}

/// The numbers of a chain's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// The least time between two blocks, in milliseconds.
    pub block_time_ms: u64,
    /// The length of an epoch, in blocks.
    pub blocks_per_epoch: u64,
    /// The most gas in a block.
    pub gas_per_block_max: u64,
    /// The largest body of a block, in bytes.
    pub body_size_max: usize,
    /// The least that a unit of gas costs, in base units.
    pub base_fee_min: u64,
    /// The donated part of the base fee, in hundredths of a percent.
    pub pollution_tax_bp: u16,
    /// The most slots of an epoch that are sold. The length of an epoch is a multiple of it.
    pub slots_per_epoch: u32,
    /// Caretakers fill up the committee to this many seats.
    pub seats_min: u32,
    /// What is minted for a paid turn in the first epochs.
    pub subsidy: Amount,
    /// What it never falls below.
    pub subsidy_tail: Amount,
    /// Epochs after which what is minted halves.
    pub halving_epochs: u64,
    /// Epochs after which rewards can be spent. Until then, equivocation can be punished.
    pub maturity_epochs: u64,
    /// Epochs for which a miner that equivocated cannot order.
    pub ban_epochs: u64,
    /// How many epochs old a light client's checkpoint may be.
    pub trust_epochs: u64,
    /// An association gets at most one part in so many of an epoch's donations.
    pub share_cap: u64,
    /// One part in so many of the reserve is divided in an epoch.
    pub reserve_epochs: u64,
    /// How many epochs a vote is counted over.
    pub poll_window: u64,
    /// For how many epochs a poll is open.
    pub poll_epochs: u64,
    /// For how many epochs an association is approved.
    pub mandate_epochs: u64,
    /// For how many epochs its payments can be frozen.
    pub freeze_epochs: u64,
    /// How many epochs after it was granted a donation is released.
    pub release_delay: u64,
    /// What an application or a proposal deposits.
    pub deposit: Amount,
    /// What a kilowatt-hour emits where the chain runs, in grams of CO2 equivalents.
    pub grid_gco2e_per_kwh: u64,
    /// The release of the rules in force. Chains begin with 1.
    pub rules: u64,
}

/// The newest release of the rules that this code knows.
pub const RULES: u64 = 1;

impl Parameters {
    /// The parameters of a chain whose manifest names none.
    pub fn standard() -> Self {
        let cadence = Self::with_cadence(4_000, 960, 64);
        let mining = Self { maturity_epochs: 24, ban_epochs: 168, trust_epochs: 336, ..cadence };
        Self {
            reserve_epochs: 168,
            poll_window: 168,
            // Two months, a year, a month, a week.
            poll_epochs: 1_350,
            mandate_epochs: 8_212,
            freeze_epochs: 675,
            release_delay: 168,
            ..mining
        }
    }

    /// The parameters of `goodwill dev`.
    pub fn development() -> Self {
        let cadence = Self::with_cadence(500, 40, 8);
        let mining = Self { maturity_epochs: 2, ban_epochs: 4, trust_epochs: 5_000, ..cadence };
        Self {
            reserve_epochs: 8,
            poll_window: 1,
            poll_epochs: 30,
            mandate_epochs: 1_000,
            freeze_epochs: 4,
            release_delay: 2,
            ..mining
        }
    }

    /// Half a block time of a Raspberry Pi 4 for executing: one unit of gas is one nanosecond.
    fn gas_of_half(block_time_ms: u64) -> u64 {
        block_time_ms.saturating_mul(500_000)
    }

    fn with_cadence(block_time_ms: u64, blocks_per_epoch: u64, slots_per_epoch: u32) -> Self {
        Self {
            block_time_ms,
            blocks_per_epoch,
            gas_per_block_max: Self::gas_of_half(block_time_ms),
            body_size_max: 2 << 20,
            base_fee_min: 10,
            pollution_tax_bp: 5_000,
            slots_per_epoch,
            seats_min: slots_per_epoch / 2,
            subsidy: Amount::from_units(1_200_000_000),
            subsidy_tail: Amount::from_units(120_000_000),
            // Four years at the usual cadence.
            halving_epochs: 32_768,
            maturity_epochs: 0,
            ban_epochs: 0,
            trust_epochs: 0,
            share_cap: 8,
            reserve_epochs: 0,
            poll_window: 0,
            poll_epochs: 0,
            mandate_epochs: 0,
            freeze_epochs: 0,
            release_delay: 0,
            deposit: Amount::from_coins(100),
            // About the world's average.
            grid_gco2e_per_kwh: 480,
            rules: 1,
        }
    }

    /// The gas at which the base fee stays as it is.
    pub fn gas_target(&self) -> u64 {
        self.gas_per_block_max / 2
    }

    /// Sets a number that can be amended.
    pub(crate) fn set(&mut self, adjustable: Adjustable, value: u64) {
        match adjustable {
            Adjustable::Rules {} => self.rules = value,
            Adjustable::BaseFeeMin {} => self.base_fee_min = value,
            Adjustable::PollutionTaxPercent {} => self.pollution_tax_bp = (value * 100) as u16,
            Adjustable::BanEpochs {} => self.ban_epochs = value,
            Adjustable::ShareCap {} => self.share_cap = value,
            Adjustable::ReserveEpochs {} => self.reserve_epochs = value,
            Adjustable::PollEpochs {} => self.poll_epochs = value,
            Adjustable::MandateEpochs {} => self.mandate_epochs = value,
            Adjustable::FreezeEpochs {} => self.freeze_epochs = value,
            Adjustable::Deposit {} => self.deposit = Amount::from_units(value),
            Adjustable::GridGco2ePerKwh {} => self.grid_gco2e_per_kwh = value,
        }
    }

    /// A number that can be amended.
    pub fn get(&self, adjustable: Adjustable) -> u64 {
        match adjustable {
            Adjustable::Rules {} => self.rules,
            Adjustable::BaseFeeMin {} => self.base_fee_min,
            Adjustable::PollutionTaxPercent {} => u64::from(self.pollution_tax_bp / 100),
            Adjustable::BanEpochs {} => self.ban_epochs,
            Adjustable::ShareCap {} => self.share_cap,
            Adjustable::ReserveEpochs {} => self.reserve_epochs,
            Adjustable::PollEpochs {} => self.poll_epochs,
            Adjustable::MandateEpochs {} => self.mandate_epochs,
            Adjustable::FreezeEpochs {} => self.freeze_epochs,
            Adjustable::Deposit {} => self.deposit.units,
            Adjustable::GridGco2ePerKwh {} => self.grid_gco2e_per_kwh,
        }
    }

    /// The largest transaction, in bytes.
    pub fn transaction_size_max(&self) -> usize {
        (self.body_size_max / 4).min(96 * 1024)
    }
}

/// One of those who make blocks while nobody else does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founder {
    /// What people call it.
    pub name: Text<64>,
    /// Its node's key: its name in the mesh, and the key of its seat.
    pub node_key: PublicKey,
    /// The account that gets its tips.
    pub account: Address,
    /// What the luck of its seat is committed to.
    pub luck_tip: Digest,
    /// The declared power of its node's machine, in milliwatts.
    pub power_mw: u32,
}

record!(Founder { name, node_key, account, luck_tip, power_mw });

/// The first coins. Without any, nobody could buy a first slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// Why these accounts, and these amounts.
    pub reason: Text<2_000>,
    /// Who gets what. Strictly ascending by account.
    pub grants: Vec<Grant>,
}

/// First coins of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who gets them.
    pub account: Address,
    /// How many.
    pub amount: Amount,
}

record!(Grant { account, amount });

/// What the chain's id is the hash of.
pub(crate) struct Canonical {
    name: Text<64>,
    symbol: Text<12>,
    address_prefix: Text<16>,
    development: bool,
    source_url: Text<256>,
    genesis_time_ms: u64,
    purpose: Purpose,
    parameters: CanonicalParameters,
    founders: List<Founder, 1, SEATS_MAX>,
    reason: Text<2_000>,
    grants: List<Grant, 1, GRANTS_MAX>,
    trust_anchors: TrustAnchors,
}

record!(Canonical {
    name,
    symbol,
    address_prefix,
    development,
    source_url,
    genesis_time_ms,
    purpose,
    parameters,
    founders,
    reason,
    grants,
    trust_anchors,
});

struct CanonicalParameters {
    block_time_ms: u64,
    blocks_per_epoch: u64,
    gas_per_block_max: u64,
    body_size_max: u64,
    base_fee_min: u64,
    pollution_tax_bp: u16,
    slots_per_epoch: u32,
    seats_min: u32,
    subsidy: Amount,
    subsidy_tail: Amount,
    halving_epochs: u64,
    maturity_epochs: u64,
    ban_epochs: u64,
    trust_epochs: u64,
    share_cap: u64,
    reserve_epochs: u64,
    poll_window: u64,
    poll_epochs: u64,
    mandate_epochs: u64,
    freeze_epochs: u64,
    release_delay: u64,
    deposit: Amount,
    grid_gco2e_per_kwh: u64,
    gas_prices: crate::gas::GasPrices,
}

record!(CanonicalParameters {
    block_time_ms,
    blocks_per_epoch,
    gas_per_block_max,
    body_size_max,
    base_fee_min,
    pollution_tax_bp,
    slots_per_epoch,
    seats_min,
    subsidy,
    subsidy_tail,
    halving_epochs,
    maturity_epochs,
    ban_epochs,
    trust_epochs,
    share_cap,
    reserve_epochs,
    poll_window,
    poll_epochs,
    mandate_epochs,
    freeze_epochs,
    release_delay,
    deposit,
    grid_gco2e_per_kwh,
    gas_prices,
});

impl Manifest {
    /// Reads a `chain.toml`.
    ///
    /// # Errors
    /// The first thing that is wrong with it: its line, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        RawManifest::parse(text)?.check(text)
    }

    /// The chain's id.
    pub fn chain_id(&self) -> Digest {
        self.chain_id
    }

    /// Who vouches for the domains of associations.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// The chain with other numbers in force.
    pub(crate) fn with(&self, parameters: Parameters) -> Self {
        Self { parameters, ..self.clone() }
    }

    fn sealed(mut self) -> Self {
        self.chain_id = genesis::chain_id(&self);
        self
    }

    pub(crate) fn canonical(&self) -> Canonical {
        let p = &self.parameters;
        let bounded = "checked when the manifest was read";
        Canonical {
            name: self.name.clone(),
            symbol: self.symbol.clone(),
            address_prefix: Text::new(self.address_prefix.to_string()).expect(bounded),
            development: self.development,
            source_url: self.source_url.clone(),
            genesis_time_ms: self.genesis_time_ms,
            purpose: self.purpose.clone(),
            parameters: CanonicalParameters {
                block_time_ms: p.block_time_ms,
                blocks_per_epoch: p.blocks_per_epoch,
                gas_per_block_max: p.gas_per_block_max,
                body_size_max: p.body_size_max as u64,
                base_fee_min: p.base_fee_min,
                pollution_tax_bp: p.pollution_tax_bp,
                slots_per_epoch: p.slots_per_epoch,
                seats_min: p.seats_min,
                subsidy: p.subsidy,
                subsidy_tail: p.subsidy_tail,
                halving_epochs: p.halving_epochs,
                maturity_epochs: p.maturity_epochs,
                ban_epochs: p.ban_epochs,
                trust_epochs: p.trust_epochs,
                share_cap: p.share_cap,
                reserve_epochs: p.reserve_epochs,
                poll_window: p.poll_window,
                poll_epochs: p.poll_epochs,
                mandate_epochs: p.mandate_epochs,
                freeze_epochs: p.freeze_epochs,
                release_delay: p.release_delay,
                deposit: p.deposit,
                grid_gco2e_per_kwh: p.grid_gco2e_per_kwh,
                gas_prices: GAS_PRICES,
            },
            founders: List::new(self.founders.clone()).expect(bounded),
            reason: self.distribution.reason.clone(),
            grants: List::new(self.distribution.grants.clone()).expect(bounded),
            trust_anchors: self.trust_anchors.clone(),
        }
    }
}

impl fmt::Display for Manifest {
    /// The chain in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}), chain {}", &*self.name, &*self.symbol, self.chain_id)
    }
}
