//! `goodwill mine`: the miner of a node, whose key is in the node's data folder.

use super::act::{Actor, Sending};
use crate::{Global, Output, error::CliError, person};
use clap::Subcommand;
use goodwill_node::{
    NodeConfig, NodeError,
    config::{KeyFile, load_key, load_or_create_key},
    load_manifest,
};
use goodwill_types::{Account, Action, Address, Amount, api};
use goodwill_wallet::compose::{Transfer, transfer};
use serde::Serialize;
use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
};
use toml_edit::{DocumentMut, Item, Table, value};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
    /// The node's settings: they name its data folder, which holds the miner's key.
    #[arg(long, default_value = "node.toml", value_name = "FILE", global = true)]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the miner's address; makes its key if there is none. Give it coins to buy slots with.
    Key,
    /// What a slot costs and earns, your turns, what you gave and earned.
    Status,
    /// Order slots of the epoch after the next. Your node takes them up when they are drawn.
    Order {
        /// How many.
        count: NonZeroU32,
        /// The most that one may cost, in coins; without it, what one costs now.
        #[arg(long, value_name = "COINS")]
        max_price: Option<Amount>,
        #[command(flatten)]
        sending: Sending,
    },
    /// Have the node order slots for every epoch, or stop it from doing so. Changes its settings.
    Auto {
        /// How many slots for each epoch.
        #[arg(long, default_value = "1", value_name = "N")]
        slots: NonZeroU32,
        /// The most that one may cost, in coins.
        #[arg(long, value_name = "COINS", required_unless_present = "off")]
        max_price: Option<Amount>,
        /// What the machine draws while it mines, in milliwatts: declared on the chain.
        #[arg(long, default_value_t = 5_000, value_name = "MILLIWATTS")]
        power_mw: u32,
        /// A gateway to ask and to send through until your node has caught up.
        #[arg(long, value_name = "URL")]
        gateway: Option<String>,
        /// Order no more; what was ordered is still taken up.
        #[arg(long)]
        off: bool,
    },
    /// Send the miner's coins to somebody, such as your wallet.
    Withdraw {
        /// Who gets the coins: an address, a development account, or one of your wallets.
        to: String,
        /// How many coins, such as 12.5.
        amount: Amount,
        #[command(flatten)]
        sending: Sending,
    },
}

pub(crate) fn run(global: &Global, output: Output, args: Args) -> Result<(), CliError> {
    if let Command::Auto { slots, max_price, power_mw, gateway, off } = args.command {
        let mine = (!off).then_some(Mine { slots, max_price, power_mw, gateway });
        return auto(output, &args.config, mine);
    }
    let config = NodeConfig::load(&args.config).map_err(NodeError::from)?;
    if matches!(args.command, Command::Key) {
        return key(output, &config);
    }
    let miner = Miner::load(global, &config)?;
    match args.command {
        Command::Status => miner.status(output),
        Command::Order { count, max_price, sending } => miner.order(output, count, max_price, &sending),
        Command::Withdraw { to, amount, sending } => {
            let to = person::address(global, &miner.0.status, &to)?;
            miner.withdraw(output, to, amount, &sending)
        }
        Command::Key | Command::Auto { .. } => unreachable!("done above"),
    }
}

#[derive(Serialize)]
struct Key {
    address: String,
}

fn key(output: Output, config: &NodeConfig) -> Result<(), CliError> {
    let key = load_or_create_key(&config.data, KeyFile::Miner).map_err(NodeError::from)?;
    let prefix = load_manifest(&config.manifest)?.address_prefix;
    let address = Address::of(&key.public_key()).display(&prefix);
    output.print(&Key { address: address.clone() }, || address.clone());
    output.note(&format!("Keep a copy of the key: it is in {}", config.data.join("miner.key").display()));
    Ok(())
}

/// What `[mine]` is to say.
struct Mine {
    slots: NonZeroU32,
    max_price: Option<Amount>,
    power_mw: u32,
    gateway: Option<String>,
}

#[derive(Serialize)]
struct Changed {
    auto: bool,
    config: PathBuf,
}

/// Changes `[mine]` in the node's settings, and leaves everything else as it is written.
fn auto(output: Output, path: &Path, mine: Option<Mine>) -> Result<(), CliError> {
    let failed = |e| CliError::Io(path.display().to_string(), e);
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let mut settings: DocumentMut =
        text.parse().map_err(|e| CliError::Usage(format!("{}: {e}", path.display())))?;
    let section = settings.entry("mine").or_insert_with(|| Item::Table(Table::new()));
    let section = section.as_table_like_mut();
    let section =
        section.ok_or_else(|| CliError::Usage(format!("{}: mine is no section", path.display())))?;
    section.insert("auto", value(mine.is_some()));
    let on = mine.is_some();
    match mine {
        Some(Mine { slots, max_price, power_mw, gateway }) => {
            section.insert("slots", value(i64::from(slots.get())));
            section.insert("max_price", value(max_price.expect("required by the parser").to_string()));
            section.insert("power_mw", value(i64::from(power_mw)));
            if let Some(gateway) = gateway {
                section.insert("gateway", value(gateway));
            }
        }
        // Settings that were never made have a price that buys nothing.
        None if !section.contains_key("max_price") => drop(section.insert("max_price", value("0"))),
        None => {}
    }
    let new = path.with_extension("toml.new");
    std::fs::write(&new, settings.to_string()).map_err(failed)?;
    std::fs::rename(&new, path).map_err(failed)?;
    NodeConfig::load(path).map_err(NodeError::from)?;
    output.print(&Changed { auto: on, config: path.into() }, || {
        let does = if on { "orders slots" } else { "orders no more slots" };
        format!("Your node {does} from its next start on: restart it.")
    });
    Ok(())
}

/// A miner and its chain.
struct Miner(Actor);

/// `goodwill mine status` in JSON.
#[derive(Serialize)]
struct Standing {
    miner: api::Miner,
    balance: api::Units,
    /// The epoch whose slots can be ordered.
    open: api::Epoch,
    /// What a slot earns above its price when all its turns are made, in base units.
    gain_per_slot: i64,
}

impl Miner {
    fn load(global: &Global, config: &NodeConfig) -> Result<Self, CliError> {
        let key = load_key(&config.data, KeyFile::Miner).map_err(NodeError::from)?;
        let key = key.ok_or_else(|| {
            CliError::Missing("this node has no miner's key yet: make it with `goodwill mine key`".into())
        })?;
        let actor = Actor::new(global, key)?;
        let manifest = load_manifest(&config.manifest)?;
        if manifest.chain_id() != actor.terms.chain.id {
            return Err(CliError::Usage(format!(
                "{} is of another chain than {}: name the right gateway with --url",
                global.url,
                config.manifest.display()
            )));
        }
        Ok(Self(actor))
    }

    /// The epoch whose slots can be ordered: the second after that of the next block.
    fn open(&self) -> Result<api::Epoch, CliError> {
        let now = self.0.client.epoch(None)?;
        let next = now.number + u64::from(self.0.client.status()?.height + 1 > now.last_height);
        Ok(self.0.client.epoch(Some(next + 2))?)
    }

    fn standing(&self) -> Result<Standing, CliError> {
        let open = self.open()?;
        let account = self.0.client.account(&self.0.address(), &self.0.terms.chain.prefix, false)?;
        let full = i128::from(open.reward.0.units) * i128::from(open.paid_turns);
        let gain = i64::try_from(full - i128::from(open.price.0.units)).unwrap_or(i64::MAX);
        let miner = self.0.client.miner(&self.0.address(), &self.0.terms.chain.prefix)?;
        Ok(Standing { miner, balance: account.balance, open, gain_per_slot: gain })
    }

    fn status(&self, output: Output) -> Result<(), CliError> {
        let standing = self.standing()?;
        output.print(&standing, || standing.words(&self.0.status.symbol));
        Ok(())
    }

    fn order(
        &self,
        output: Output,
        count: NonZeroU32,
        max_price: Option<Amount>,
        sending: &Sending,
    ) -> Result<(), CliError> {
        let open = self.open()?;
        let price_max = max_price.unwrap_or(open.price.0);
        if open.price.0 > price_max {
            let symbol = &self.0.status.symbol;
            return Err(CliError::Rejected(format!(
                "a slot of epoch {} costs {} {symbol}, more than the {price_max} {symbol} that you allow: nothing was ordered",
                open.number, open.price.0
            )));
        }
        output.note(&chance(&open, &self.0.status.symbol));
        let action = Action::OrderSlots { epoch: open.number, count: count.get(), price_max };
        self.0.act(output, action, sending)
    }

    fn withdraw(
        &self,
        output: Output,
        to: Address,
        amount: Amount,
        sending: &Sending,
    ) -> Result<(), CliError> {
        let draft = |account: &Account| {
            Ok(transfer(&self.0.terms, self.0.address(), account, Transfer::to(to, amount))?)
        };
        self.0.send(output, draft, sending)
    }
}

/// What a slot costs and can earn, and what is not certain about it.
fn chance(open: &api::Epoch, symbol: &str) -> String {
    let full = open.reward.0.units.saturating_mul(open.paid_turns);
    let gain = Amount::from_units(full.saturating_sub(open.price.0.units));
    let oversold = match open.ordered.checked_sub(open.slots.into()) {
        Some(over @ 1..) => {
            format!(" {over} more than there are were ordered, so a draw decides who gets them.")
        }
        _ => String::new(),
    };
    format!(
        "A slot of epoch {} costs {} {symbol}: it goes to associations that do good, and you don't get it back. With all of its {} turns made it earns {} {symbol}, {gain} more than it costs; below 80 % of the turns you lose.{oversold}",
        open.number,
        open.price.0,
        open.paid_turns,
        Amount::from_units(full),
    )
}

impl Standing {
    fn words(&self, symbol: &str) -> String {
        let Self { miner, balance, open, .. } = self;
        let mut text = format!("{} holds {} {symbol}.\n{}", miner.address, balance.0, chance(open, symbol));
        text += &format!("\nordered  {} slots of epoch {}", miner.ordered, open.number);
        text += &format!("\ndrawn    {} slots of the next epoch, {} taken up", miner.drawn, miner.taken_up);
        text += &format!("\nseats    {}, {} of them paid", miner.seats, miner.paid_seats);
        if !miner.next_turns.is_empty() {
            let turns: Vec<_> = miner.next_turns.iter().map(u64::to_string).collect();
            text += &format!("; your next turns are at heights {}", turns.join(", "));
        }
        text += &format!("\nturns    {} led, {} missed", miner.led, miner.missed);
        text += &format!("\ndonated  {} {symbol}", miner.donated.0);
        text += &format!(
            "\nearned   {} {symbol} paid out, {} {symbol} not matured",
            miner.matured.0, miner.unmatured.0
        );
        if let Some(until) = miner.banned_until {
            text += &format!("\nA seat of yours equivocated: you cannot order slots up to epoch {until}.");
        }
        text
    }
}
