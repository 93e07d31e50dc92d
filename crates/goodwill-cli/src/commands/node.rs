//! `goodwill node`.

use crate::{Output, error::CliError};
use clap::Subcommand;
use goodwill_node::{
    NodeConfig, Stop,
    config::{KeyFile, load_or_create_key},
};
use goodwill_types::LuckChain;
use serde_json::json;
use std::{io::IsTerminal as _, path::PathBuf};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// The node's settings.
    #[arg(long, default_value = "node.toml", value_name = "FILE")]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the node's public key, and what a founder's luck is committed to; makes the key if there is
    /// none.
    Key {
        /// The node's data folder.
        #[arg(long, default_value = "data", value_name = "DIR")]
        data: PathBuf,
    },
}

pub(crate) fn run(output: Output, args: Args) -> Result<(), CliError> {
    match args.command {
        Some(Command::Key { data }) => {
            let secret = load_or_create_key(&data, KeyFile::Node).map_err(goodwill_node::NodeError::from)?;
            let key = secret.public_key().to_string();
            let luck_tip = LuckChain::of_founder(&secret).tip().to_string();
            output.print(&json!({ "key": key, "luck_tip": luck_tip }), || {
                format!("node_key = \"{key}\"\nluck_tip = \"{luck_tip}\"")
            });
            Ok(())
        }
        None => run_node(output, NodeConfig::load(&args.config).map_err(goodwill_node::NodeError::from)?),
    }
}

fn run_node(output: Output, config: NodeConfig) -> Result<(), CliError> {
    start_logging();
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let ready = move |running: goodwill_node::Running| {
        let api = format!("http://{}", running.http);
        output.print(&json!({ "event": "ready", "api": api }), || format!("The node answers on {api}"));
    };
    goodwill_node::run(config, stop, ready)?;
    output.note("Stopped.");
    Ok(())
}

/// Asks the node to stop at Ctrl-C or SIGTERM; the second time ends the process at once.
pub(crate) fn stop_on_signal(stop: &Stop) -> Result<(), CliError> {
    let stop = stop.clone();
    let asked = std::sync::atomic::AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if asked.swap(true, std::sync::atomic::Ordering::SeqCst) {
            std::process::exit(130);
        }
        stop.stop();
    })
    .map_err(|e| CliError::Usage(format!("cannot listen for signals: {e}")))
}

/// Logs to stderr: warnings of Goodwill, or what RUST_LOG asks for. A panic becomes a line of the log;
/// what it means for the node is said at the end.
pub(crate) fn start_logging() {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("goodwill=warn"));
    let color = std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal();
    let _ = fmt().with_env_filter(filter).with_ansi(color).with_writer(std::io::stderr).try_init();
    std::panic::set_hook(Box::new(|panic| tracing::error!(target: "goodwill", "{panic}")));
}
