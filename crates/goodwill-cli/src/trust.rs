//! Whom a proof must come from: those to whom the founders that a manifest names handed over, epoch
//! by epoch, or the committee of a checkpoint that is trusted.

use crate::error::CliError;
use goodwill_node::{
    ledger::{Manifest, genesis_committee},
    load_manifest,
};
use goodwill_types::{Prefix, api::Checkpoint};
use goodwill_wallet::{Client, Freshness, LightClient, LightError};
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How often a hand-over is asked for that just happened, and how long is waited each time.
const HANDOVER_TRIES: usize = 20;
const HANDOVER_WAIT: Duration = Duration::from_millis(100);

/// Whether a proof is wanted, and who is trusted.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Trust {
    /// Have the gateway prove it, and check the proof.
    #[arg(long)]
    pub(crate) proof: bool,
    /// The chain.toml that you trust, for checking the proof. Without it the gateway's own is taken.
    #[arg(long, value_name = "FILE", requires = "proof")]
    manifest: Option<PathBuf>,
    /// A checkpoint that you have from somebody whom you trust (the answer of their /v1/checkpoint), to
    /// begin from instead of genesis.
    #[arg(long, value_name = "FILE", requires = "proof")]
    checkpoint: Option<PathBuf>,
}

/// What a manifest says of its chain to those who check proofs.
pub(crate) struct Trusted {
    /// Checks proofs.
    light: LightClient,
    /// How the chain's addresses begin.
    pub(crate) prefix: Prefix,
}

impl Trusted {
    /// What `check` finds proven. Between two epochs, who comes next may take a moment to be known.
    ///
    /// # Errors
    /// [`LightError`].
    pub(crate) fn prove<T>(
        &mut self,
        client: &Client,
        check: impl Fn(&LightClient) -> Result<T, LightError>,
    ) -> Result<T, CliError> {
        for _ in 0..HANDOVER_TRIES {
            match check(&self.light) {
                Err(LightError::UnknownEpoch { .. }) => thread::sleep(HANDOVER_WAIT),
                checked => return Ok(checked?),
            }
            self.light.follow_all(client)?;
        }
        Ok(check(&self.light)?)
    }
}

impl Trust {
    /// What the trusted manifest says.
    ///
    /// # Errors
    /// When it cannot be read, or had.
    pub(crate) fn learn(&self, client: &Client) -> Result<Trusted, CliError> {
        let manifest = match &self.manifest {
            Some(path) => load_manifest(path)?,
            None => Manifest::parse(&client.manifest()?)
                .map_err(|e| CliError::Corrupt(format!("the gateway's manifest is refused: {e}")))?,
        };
        let parameters = &manifest.parameters;
        let epoch_ms = parameters.block_time_ms.saturating_mul(parameters.blocks_per_epoch);
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
        let freshness = Freshness { now_ms, trust_ms: epoch_ms.saturating_mul(parameters.trust_epochs) };
        let mut light = match &self.checkpoint {
            Some(path) => {
                let checkpoint = read_checkpoint(path)?;
                let trusted = checkpoint.digest.0;
                LightClient::from_checkpoint(manifest.chain_id(), trusted, &checkpoint, freshness)?
            }
            None => {
                let founders = genesis_committee(&manifest);
                LightClient::from_genesis(manifest.chain_id(), founders, manifest.genesis_time_ms, freshness)?
            }
        };
        light.follow_all(client)?;
        Ok(Trusted { light, prefix: manifest.address_prefix })
    }

    /// Where a proof is wanted: whether the manifest comes from the gateway that is to be checked.
    pub(crate) fn manifest_of_gateway(&self) -> Option<bool> {
        self.proof.then_some(self.manifest.is_none())
    }

    /// Who made final what is proven.
    pub(crate) fn words(&self) -> &'static str {
        match (&self.checkpoint, &self.manifest) {
            (Some(_), _) => "final by those to whom the committee of your checkpoint handed over",
            (None, Some(_)) => "final by those to whom the founders named in your manifest handed over",
            (None, None) => {
                "final by those to whom the founders handed over that are named in the manifest that the gateway itself gave (use --manifest for one that you trust)"
            }
        }
    }
}

fn read_checkpoint(path: &Path) -> Result<Checkpoint, CliError> {
    let text = fs::read_to_string(path).map_err(|e| CliError::Io(path.display().to_string(), e))?;
    serde_json::from_str(&text)
        .map_err(|e| CliError::Corrupt(format!("{}: no checkpoint of a gateway ({e})", path.display())))
}
