//! `goodwill send`.

use super::tx::submit::{Patience, check_simulated, foreseen, simulate, submit};
use crate::{Global, Output, error::CliError, files::Target, person};
use goodwill_types::{
    Account, Address, Amount,
    api::{self, Simulation, Status},
};
use goodwill_wallet::{
    Client,
    compose::{Draft, Terms, Transfer, VALIDITY_BLOCKS, transfer},
    offline,
};
use serde::Serialize;

/// For how many blocks an unsigned file can be used, unless said otherwise: a day of two seconds each,
/// since it is carried to another machine and back.
const CARRIED_VALIDITY_BLOCKS: u64 = 43_200;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Who gets the coins: an address, a development account, or one of your wallets.
    to: String,
    /// How many coins, such as 12.5.
    amount: Amount,
    /// Whose coins: one of your wallets, or a development account; with --unsigned also an address.
    #[arg(long, value_name = "NAME")]
    from: String,
    /// A note that everybody can read, at most 140 bytes.
    #[arg(long, default_value = "", value_name = "TEXT")]
    memo: String,
    /// What to offer the miner per gas, in base units.
    #[arg(long, default_value_t = 0, value_name = "UNITS")]
    tip: u64,
    /// For how many blocks it can be included: 100 unless said, or 43200 with --unsigned.
    #[arg(long, value_name = "BLOCKS")]
    valid_for: Option<u64>,
    /// Write it to this file (or - for stdout) without signing it: for `goodwill tx sign` on the machine
    /// that has the wallet.
    #[arg(long, value_name = "FILE", conflicts_with = "wait")]
    unsigned: Option<Target>,
    #[command(flatten)]
    patience: Patience,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    passphrase: person::Passphrase,
}

#[derive(Serialize)]
struct Unsigned {
    unsigned: String,
    #[serde(flatten)]
    wanted: Wanted,
}

#[derive(Serialize)]
struct DryRun {
    dry_run: bool,
    #[serde(flatten)]
    wanted: Wanted,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated: Option<api::Receipt>,
}

#[derive(Serialize)]
struct Wanted {
    from: String,
    to: String,
    amount: api::Units,
    fee_max: Option<api::Units>,
    gas_limit: u64,
    nonce: u64,
}

/// What was typed, and whom it is asked of.
struct Order<'a> {
    args: &'a Args,
    client: &'a Client,
    status: &'a Status,
    to: Address,
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    let client = Client::new(&global.url)?;
    let status = client.status()?;
    let to = person::address(global, &status, &args.to)?;
    let order = Order { args: &args, client: &client, status: &status, to };
    match &args.unsigned {
        Some(target) => write_unsigned(global, output, &order, target),
        None => sign_and_send(global, output, &order),
    }
}

fn write_unsigned(
    global: &Global,
    output: Output,
    order: &Order<'_>,
    target: &Target,
) -> Result<(), CliError> {
    target.check()?;
    let from = person::address(global, order.status, &order.args.from)?;
    let draft = order.draft(from)?;
    let wanted = wanted(&draft, order.to);
    if order.args.dry_run {
        let answer = DryRun { dry_run: true, wanted, simulated: None };
        output.print(&answer, || format!("{}\nNothing was written.", draft.summary()));
        return Ok(());
    }
    output.note(&draft.summary());
    let answer = Unsigned { unsigned: target.name(), wanted };
    target.deliver(output, &offline::write_unsigned(&draft), &answer, || {
        let file = target.name();
        format!("wrote {file}\nSign it where your wallet is: goodwill tx sign {file} --out SIGNED")
    })
}

fn sign_and_send(global: &Global, output: Output, order: &Order<'_>) -> Result<(), CliError> {
    let Order { args, client, status, to } = *order;
    let key = person::key(global, output, status, &args.from, &args.passphrase)?;
    let draft = order.draft(Address::of(&key.public_key()))?;
    if args.dry_run {
        let simulation = Simulation::Unsigned(draft.transaction(key.public_key())?.into());
        return dry_run(output, &draft, to, simulate(client, &simulation)?);
    }
    output.note(&draft.summary());
    // On a development chain nothing is at stake.
    if !output.agreed(args.yes || status.development, "Send it?")? {
        output.note("Nothing was sent.");
        return Ok(());
    }
    submit(output, client, &draft.sign(&key)?, &args.patience, &status.symbol)
}

impl Order<'_> {
    fn draft(&self, from: Address) -> Result<Draft, CliError> {
        let terms = Terms::try_from(self.status)
            .map_err(|e| CliError::Corrupt(format!("the gateway's answer: {e}")))?;
        let holds = self.client.account(&from, &terms.chain.prefix, false)?;
        let account = Account { balance: holds.balance.0, nonce: holds.next_nonce };
        let usual = if self.args.unsigned.is_some() { CARRIED_VALIDITY_BLOCKS } else { VALIDITY_BLOCKS };
        let wish = Transfer {
            memo: self.args.memo.clone(),
            tip_per_gas: self.args.tip,
            validity_blocks: self.args.valid_for.unwrap_or(usual),
            ..Transfer::to(self.to, self.args.amount)
        };
        Ok(transfer(&terms, from, &account, wish)?)
    }
}

fn wanted(draft: &Draft, to: Address) -> Wanted {
    Wanted {
        from: draft.from.display(&draft.chain.prefix),
        to: to.display(&draft.chain.prefix),
        amount: draft.given().unwrap_or_default().into(),
        fee_max: draft.fee_max().map(Into::into),
        gas_limit: draft.gas_limit,
        nonce: draft.nonce,
    }
}

fn dry_run(
    output: Output,
    draft: &Draft,
    to: Address,
    simulated: Option<api::Receipt>,
) -> Result<(), CliError> {
    let failure = check_simulated(simulated.as_ref());
    let foreseen = foreseen(simulated.as_ref(), &draft.chain.symbol);
    let answer = DryRun { dry_run: true, wanted: wanted(draft, to), simulated };
    output.print(&answer, || format!("{}\n{foreseen}\nNothing was sent.", draft.summary()));
    failure
}
