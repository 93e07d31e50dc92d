//! The file as it is written, and every reason to refuse it.

use super::{
    Distribution, Founder, GENESIS_SUPPLY_MAX, GRANTS_MAX, Grant, MANIFEST_SIZE_MAX, Manifest, ManifestError,
    Nature, Parameters, Purpose, TRUST_ANCHORS_MAX, TrustAnchors,
};
use crate::mining::RHO;
use goodwill_identity::Anchors;
use goodwill_types::{
    Address, Adjustable, Amount, Digest, Domain, Prefix, PublicKey,
    block::SEATS_MAX,
    codec::{List, Text},
    hash,
};
use serde::Deserialize;
use std::{ops::Range, sync::Arc};
use toml::Spanned;

/// `chain.toml`, parsed but not believed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawManifest {
    name: Spanned<String>,
    symbol: Spanned<String>,
    address_prefix: Spanned<String>,
    #[serde(default)]
    development: bool,
    source_url: Spanned<String>,
    genesis_time_ms: Spanned<u64>,
    purpose: Option<RawPurpose>,
    #[serde(default)]
    parameters: RawParameters,
    #[serde(default)]
    founders: Vec<Spanned<RawFounder>>,
    distribution: Option<RawDistribution>,
    #[serde(default)]
    trust_anchors: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPurpose {
    nature: Spanned<String>,
    statement: Spanned<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawParameters {
    block_time_ms: Option<Spanned<u64>>,
    blocks_per_epoch: Option<Spanned<u64>>,
    gas_per_block_max: Option<Spanned<u64>>,
    body_size_max: Option<Spanned<u64>>,
    base_fee_min: Option<Spanned<u64>>,
    pollution_tax_percent: Option<Spanned<u64>>,
    slots_per_epoch: Option<Spanned<u64>>,
    seats_min: Option<Spanned<u64>>,
    subsidy: Option<Spanned<String>>,
    subsidy_tail: Option<Spanned<String>>,
    halving_epochs: Option<Spanned<u64>>,
    maturity_epochs: Option<Spanned<u64>>,
    ban_epochs: Option<Spanned<u64>>,
    trust_epochs: Option<Spanned<u64>>,
    share_cap: Option<Spanned<u64>>,
    reserve_epochs: Option<Spanned<u64>>,
    poll_window: Option<Spanned<u64>>,
    poll_epochs: Option<Spanned<u64>>,
    mandate_epochs: Option<Spanned<u64>>,
    freeze_epochs: Option<Spanned<u64>>,
    release_delay: Option<Spanned<u64>>,
    deposit: Option<Spanned<String>>,
    grid_gco2e_per_kwh: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFounder {
    name: Spanned<String>,
    node_key: Spanned<String>,
    account: Spanned<String>,
    luck_tip: Spanned<String>,
    power_mw: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDistribution {
    reason: Spanned<String>,
    #[serde(default)]
    grants: Vec<RawGrant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrant {
    account: Spanned<String>,
    coins: Spanned<String>,
}

/// The least that a slot may bring its miner above its price, in base units.
const PROFIT_UNITS_MIN: u128 = 1_000;
/// For how long the coins of a chain must suffice.
const YEARS: u128 = 500;

impl Parameters {
    /// What a slot's turns bring above its price when only the tail is minted, in base units.
    fn margin_units(&self) -> u128 {
        let (part, whole) = RHO;
        let full = u128::from(self.paid_turns()) * u128::from(self.subsidy_tail.units);
        full * u128::from(whole - part) / u128::from(whole)
    }

    /// At least what is minted in [`YEARS`]: the halvings sum up to twice the first one's.
    fn minted_max(&self) -> u128 {
        let blocks = YEARS * 365 * 86_400_000 / u128::from(self.block_time_ms);
        let halving = u128::from(self.halving_epochs) * u128::from(self.blocks_per_epoch);
        let halved = 2 * u128::from(self.subsidy.units) * halving.min(blocks);
        halved.saturating_add(blocks * u128::from(self.subsidy_tail.units))
    }
}

/// A refusal and the place in the text that it is about.
type Refused = (Range<usize>, String, String);

fn refuse<T>(
    place: Range<usize>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Result<T, Refused> {
    Err((place, problem.into(), remedy.into()))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

impl RawManifest {
    /// Parses TOML.
    ///
    /// # Errors
    /// Texts above [`MANIFEST_SIZE_MAX`], what is not TOML, missing and unknown fields.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MANIFEST_SIZE_MAX {
            return Err(ManifestError {
                line: 1,
                problem: format!(
                    "the file has {} bytes, at most {MANIFEST_SIZE_MAX} are allowed",
                    text.len()
                ),
                remedy: "Is it a chain.toml?".into(),
            });
        }
        toml::from_str(text).map_err(|error| ManifestError {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            problem: error.message().trim_end().replace('\n', " "),
            remedy: "Compare it with docs/chain.toml in the source".into(),
        })
    }

    /// Checks everything and gives the chain.
    ///
    /// # Errors
    /// The first refusal, with its line in `text`.
    pub(super) fn check(self, text: &str) -> Result<Manifest, ManifestError> {
        self.into_manifest().map_err(|(place, problem, remedy)| ManifestError {
            line: line_of(text, place.start),
            problem,
            remedy,
        })
    }

    fn into_manifest(self) -> Result<Manifest, Refused> {
        let address_prefix = check_prefix(&self.address_prefix)?;
        let development = self.development;
        let (trust_anchors, anchors) = check_anchors(&self.trust_anchors)?;
        Ok(Manifest {
            name: check_text(self.name, "name", 1)?,
            symbol: check_symbol(self.symbol)?,
            address_prefix,
            development,
            source_url: check_url(self.source_url)?,
            genesis_time_ms: check_range(&self.genesis_time_ms, "genesis_time_ms", 0, 1 << 50)?,
            purpose: check_purpose(self.purpose)?,
            parameters: check_parameters(&self.parameters, development)?,
            founders: check_founders(self.founders, &address_prefix)?,
            distribution: check_distribution(self.distribution, &address_prefix)?,
            trust_anchors,
            anchors,
            chain_id: hash(Domain::Chain, &[]),
        }
        .sealed())
    }
}

fn check_text<const MAX: usize>(
    text: Spanned<String>,
    field: &str,
    min: usize,
) -> Result<Text<MAX>, Refused> {
    let (place, length) = (text.span(), text.get_ref().trim().chars().count());
    if length < min {
        let remedy = format!("Write at least {min} characters, in words that its users understand");
        return refuse(place, format!("{field} is too short"), remedy);
    }
    let too_long = (place, format!("{field} is too long"), format!("Use at most {MAX} bytes"));
    Text::new(text.into_inner()).ok_or(too_long)
}

fn check_symbol(symbol: Spanned<String>) -> Result<Text<12>, Refused> {
    let valid = |s: &str| (2..=12).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_uppercase());
    if !valid(symbol.get_ref()) {
        let problem = format!("the symbol {:?} cannot be used", symbol.get_ref());
        return refuse(symbol.span(), problem, "Use 2 to 12 capital letters, such as symbol = \"GOOD\"");
    }
    check_text(symbol, "symbol", 2)
}

fn check_url(url: Spanned<String>) -> Result<Text<256>, Refused> {
    if !["https://", "http://"].iter().any(|scheme| url.get_ref().starts_with(scheme)) {
        let remedy = "Write where the source code can be read: source_url = \"https://...\"";
        return refuse(url.span(), "source_url is not a web address", remedy);
    }
    check_text(url, "source_url", 1)
}

fn check_prefix(prefix: &Spanned<String>) -> Result<Prefix, Refused> {
    prefix.get_ref().parse().map_err(|_| {
        let problem = format!("the address prefix {:?} cannot be used", prefix.get_ref());
        (prefix.span(), problem, "Use 1 to 16 lower-case letters, such as address_prefix = \"good\"".into())
    })
}

fn check_range(value: &Spanned<u64>, field: &str, min: u64, max: u64) -> Result<u64, Refused> {
    match (min..=max).contains(value.get_ref()) {
        true => Ok(*value.get_ref()),
        false => refuse(
            value.span(),
            format!("{field} = {} is out of range", value.get_ref()),
            format!("Choose a number from {min} to {max}"),
        ),
    }
}

/// spec: manifest 1. A chain that does not say how it respects nature is none of ours.
fn check_purpose(purpose: Option<RawPurpose>) -> Result<Purpose, Refused> {
    let Some(purpose) = purpose else {
        let remedy = "Add [purpose] with nature = \"benefit\", \"replace\", \"compensate\" or \"worth\", and a statement \
                      that says how";
        return refuse(0..0, "the chain does not say how it respects nature", remedy);
    };
    let all = [Nature::Benefit {}, Nature::Replace {}, Nature::Compensate {}, Nature::Worth {}];
    let Some(nature) = all.into_iter().find(|n| n.word() == purpose.nature.get_ref()) else {
        let problem =
            format!("nature = {:?} is not one of the four ways to respect it", purpose.nature.get_ref());
        return refuse(
            purpose.nature.span(),
            problem,
            "Choose \"benefit\", \"replace\", \"compensate\" or \"worth\"",
        );
    };
    Ok(Purpose { nature, statement: check_text(purpose.statement, "the statement of [purpose]", 20)? })
}

/// The number of a field, if it is in the file and within bounds; else its default.
fn number(
    value: &Option<Spanned<u64>>,
    field: &str,
    default: u64,
    min: u64,
    max: u64,
) -> Result<u64, Refused> {
    value.as_ref().map_or(Ok(default), |value| check_range(value, field, min, max))
}

/// spec: manifest 2
fn check_parameters(raw: &RawParameters, development: bool) -> Result<Parameters, Refused> {
    let preset = if development { Parameters::development() } else { Parameters::standard() };
    let block_time_ms = number(&raw.block_time_ms, "block_time_ms", preset.block_time_ms, 1, 600_000)?;
    let gas_default = Parameters::gas_of_half(block_time_ms.max(100));
    let gas_min = crate::gas::GAS_PRICES.transaction * 2;
    let size = number(&raw.body_size_max, "body_size_max", preset.body_size_max as u64, 16 << 10, 16 << 20)?;
    let percent = adjustable(&raw.pollution_tax_percent, Adjustable::PollutionTaxPercent {}, &preset)?;
    let blocks_per_epoch =
        number(&raw.blocks_per_epoch, "blocks_per_epoch", preset.blocks_per_epoch, 8, 1 << 16)?;
    let parameters = Parameters {
        block_time_ms,
        blocks_per_epoch,
        gas_per_block_max: number(
            &raw.gas_per_block_max,
            "gas_per_block_max",
            gas_default,
            gas_min,
            1 << 50,
        )?,
        body_size_max: size as usize,
        base_fee_min: adjustable(&raw.base_fee_min, Adjustable::BaseFeeMin {}, &preset)?,
        pollution_tax_bp: percent as u16 * 100,
        ..preset
    };
    check_donations(raw, check_rewards(raw, check_slots(raw, parameters)?, development)?)
}

/// spec: manifest 4
fn check_slots(raw: &RawParameters, preset: Parameters) -> Result<Parameters, Refused> {
    let blocks = preset.blocks_per_epoch;
    let divides = |slots: &u64| blocks.is_multiple_of(*slots);
    let default = (1..=preset.slots_per_epoch.into()).rev().find(divides).expect("1 divides");
    let slots = number(&raw.slots_per_epoch, "slots_per_epoch", default, 1, SEATS_MAX as u64)?;
    if let Some(place) = raw.slots_per_epoch.as_ref().filter(|slots| !divides(slots.get_ref())) {
        let problem = format!("an epoch of {blocks} blocks is no multiple of {slots} slots");
        let remedy = format!("Choose slots_per_epoch = {default}, or another length of the epoch");
        return refuse(place.span(), problem, remedy);
    }
    let seats_min = number(&raw.seats_min, "seats_min", slots.div_ceil(2), 1, slots)?;
    Ok(Parameters { slots_per_epoch: slots as u32, seats_min: seats_min as u32, ..preset })
}

/// spec: manifest 5
fn check_rewards(raw: &RawParameters, preset: Parameters, development: bool) -> Result<Parameters, Refused> {
    let coins = |text: &Option<Spanned<String>>, default| text.as_ref().map_or(Ok(default), check_coins);
    let epochs = |value, field, default| number(value, field, default, 1, 1 << 32);
    let parameters = Parameters {
        subsidy: coins(&raw.subsidy, preset.subsidy)?,
        subsidy_tail: coins(&raw.subsidy_tail, preset.subsidy_tail)?,
        halving_epochs: epochs(&raw.halving_epochs, "halving_epochs", preset.halving_epochs)?,
        maturity_epochs: number(&raw.maturity_epochs, "maturity_epochs", preset.maturity_epochs, 1, 10_000)?,
        ban_epochs: adjustable(&raw.ban_epochs, Adjustable::BanEpochs {}, &preset)?,
        trust_epochs: epochs(&raw.trust_epochs, "trust_epochs", preset.trust_epochs)?,
        ..preset
    };
    let place = |text: &Option<Spanned<String>>| text.as_ref().map_or(0..0, Spanned::span);
    if parameters.subsidy < parameters.subsidy_tail {
        let problem = format!("the subsidy {} is below its tail", parameters.subsidy);
        return refuse(place(&raw.subsidy), problem, "Choose a subsidy that is at least subsidy_tail");
    }
    if parameters.margin_units() < PROFIT_UNITS_MIN {
        let problem = format!("a slot's profit may fall to {} units", parameters.margin_units());
        let remedy = format!("Choose subsidy_tail so that it stays at {PROFIT_UNITS_MIN} units or more");
        return refuse(place(&raw.subsidy_tail), problem, remedy);
    }
    if !development && parameters.minted_max() > u128::from(u64::MAX / 2) {
        let problem = format!("more than {GENESIS_SUPPLY_MAX} coins would be minted in {YEARS} years");
        return refuse(place(&raw.subsidy), problem, "Choose a smaller subsidy, or a smaller subsidy_tail");
    }
    Ok(parameters)
}

/// spec: manifest 6
fn check_donations(raw: &RawParameters, preset: Parameters) -> Result<Parameters, Refused> {
    let epochs = |value, field, default| number(value, field, default, 1, 10_000);
    let poll_window = epochs(&raw.poll_window, "poll_window", preset.poll_window)?;
    let parameters = Parameters {
        poll_window,
        release_delay: epochs(&raw.release_delay, "release_delay", preset.release_delay)?,
        share_cap: adjustable(&raw.share_cap, Adjustable::ShareCap {}, &preset)?,
        reserve_epochs: adjustable(&raw.reserve_epochs, Adjustable::ReserveEpochs {}, &preset)?,
        poll_epochs: adjustable(&raw.poll_epochs, Adjustable::PollEpochs {}, &preset)?,
        mandate_epochs: adjustable(&raw.mandate_epochs, Adjustable::MandateEpochs {}, &preset)?,
        freeze_epochs: adjustable(&raw.freeze_epochs, Adjustable::FreezeEpochs {}, &preset)?,
        deposit: raw.deposit.as_ref().map_or(Ok(preset.deposit), check_coins)?,
        grid_gco2e_per_kwh: adjustable(&raw.grid_gco2e_per_kwh, Adjustable::GridGco2ePerKwh {}, &preset)?,
        ..preset
    };
    if parameters.poll_epochs < poll_window {
        let place = raw.poll_epochs.as_ref().or(raw.poll_window.as_ref()).map_or(0..0, Spanned::span);
        let problem = format!("polls of {} epochs end before a vote is counted", parameters.poll_epochs);
        return refuse(place, problem, format!("Choose poll_epochs of at least poll_window = {poll_window}"));
    }
    Ok(parameters)
}

/// A number that can be amended: within the same bounds, or the preset's.
fn adjustable(
    value: &Option<Spanned<u64>>,
    adjustable: Adjustable,
    preset: &Parameters,
) -> Result<u64, Refused> {
    let (min, max) = adjustable.bounds();
    number(value, adjustable.name(), preset.get(adjustable), min, max)
}

/// spec: manifest 7
fn check_anchors(raw: &[Spanned<String>]) -> Result<(TrustAnchors, Arc<Anchors>), Refused> {
    if raw.is_empty() {
        return Ok((TrustAnchors::default(), Arc::new(Anchors::public())));
    }
    if raw.len() > TRUST_ANCHORS_MAX {
        let problem = format!("{} trust anchors", raw.len());
        return refuse(raw[0].span(), problem, format!("Name at most {TRUST_ANCHORS_MAX}"));
    }
    let remedy = "Write certificates in PEM, such as `goodwill association testca` makes, or leave trust_anchors out \
                  for the public web's authorities";
    let refused = |place: &Spanned<String>, why: String| (place.span(), why, remedy.to_owned());
    let mut certificates = Vec::with_capacity(raw.len());
    for pem in raw {
        let der = goodwill_identity::certificates(pem.get_ref())
            .map_err(|error| refused(pem, format!("a trust anchor is no certificate: {error}")))?;
        certificates.extend(der);
    }
    let ders: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
    let anchors = Anchors::own(&ders)
        .map_err(|error| refused(&raw[0], format!("the trust anchors cannot be used: {error}")))?;
    let listed = certificates.into_iter().map(List::new).collect::<Option<Vec<_>>>().and_then(List::new);
    let too_many = || refused(&raw[0], "the trust anchors are too many, or too large".to_owned());
    Ok((listed.ok_or_else(too_many)?, Arc::new(anchors)))
}

fn check_founders(raw: Vec<Spanned<RawFounder>>, prefix: &Prefix) -> Result<Vec<Founder>, Refused> {
    if !(1..=SEATS_MAX).contains(&raw.len()) {
        let remedy = format!("Add 1 to {SEATS_MAX} [[founders]], each with name, node_key and account");
        return refuse(0..0, format!("the chain has {} founders", raw.len()), remedy);
    }
    let mut founders = Vec::with_capacity(raw.len());
    for founder in raw {
        let place = founder.span();
        let founder = check_founder(founder.into_inner(), prefix)?;
        if founders.iter().any(|f: &Founder| f.node_key == founder.node_key) {
            let problem = format!("the node key of {:?} is another founder's too", &*founder.name);
            return refuse(place, problem, "Give every founder a node key of its own");
        }
        founders.push(founder);
    }
    founders.sort_by_key(|f| f.node_key);
    Ok(founders)
}

fn check_founder(raw: RawFounder, prefix: &Prefix) -> Result<Founder, Refused> {
    let node_key = raw.node_key.get_ref().parse::<PublicKey>().map_err(|error| {
        (raw.node_key.span(), error.to_string(), "Take the key that `goodwill node key` prints".to_owned())
    })?;
    Ok(Founder {
        name: check_text(raw.name, "a founder's name", 1)?,
        node_key,
        account: check_address(&raw.account, prefix)?,
        luck_tip: check_digest(&raw.luck_tip)?,
        power_mw: number(&raw.power_mw, "power_mw", 5_000, 1, 10_000_000)? as u32,
    })
}

fn check_digest(text: &Spanned<String>) -> Result<Digest, Refused> {
    let mut bytes = [0; 32];
    match hex::decode_to_slice(text.get_ref(), &mut bytes) {
        Ok(()) => Ok(Digest::from(bytes)),
        Err(_) => refuse(
            text.span(),
            format!("{:?} is not 64 hexadecimal digits", text.get_ref()),
            "Take the luck_tip that `goodwill node key` prints",
        ),
    }
}

fn check_address(text: &Spanned<String>, prefix: &Prefix) -> Result<Address, Refused> {
    Address::parse(text.get_ref(), prefix).map_err(|error| {
        (text.span(), error.to_string(), "Take an address that `goodwill wallet show` prints".into())
    })
}

/// spec: manifest 3
fn check_distribution(raw: Option<RawDistribution>, prefix: &Prefix) -> Result<Distribution, Refused> {
    let Some(raw) = raw.filter(|raw| (1..=GRANTS_MAX).contains(&raw.grants.len())) else {
        let remedy =
            format!("Add [distribution] with a reason and 1 to {GRANTS_MAX} [[distribution.grants]]");
        return refuse(0..0, "nobody gets first coins, so nobody could buy a first slot", remedy);
    };
    let mut grants = std::collections::BTreeMap::new();
    let mut total = Amount::ZERO;
    for grant in &raw.grants {
        let (account, amount) = (check_address(&grant.account, prefix)?, check_coins(&grant.coins)?);
        if grants.insert(account, amount).is_some() {
            return refuse(grant.account.span(), "the account gets first coins twice", "Add its grants up");
        }
        total = total.checked_add(amount).filter(|total| *total <= GENESIS_SUPPLY_MAX).ok_or_else(|| {
            let problem = format!("the first coins are more than {GENESIS_SUPPLY_MAX}");
            (grant.coins.span(), problem, "Grant less".to_owned())
        })?;
    }
    let grants = grants.into_iter().map(|(account, amount)| Grant { account, amount }).collect();
    Ok(Distribution { reason: check_text(raw.reason, "the reason of [distribution]", 20)?, grants })
}

fn check_coins(text: &Spanned<String>) -> Result<Amount, Refused> {
    match text.get_ref().parse::<Amount>() {
        Ok(amount) if amount > Amount::ZERO => Ok(amount),
        Ok(_) => refuse(text.span(), "a grant of nothing", "Write coins = \"100\", or leave it out"),
        Err(error) => refuse(text.span(), error.to_string(), "Write coins as text, such as coins = \"100\""),
    }
}
