//! Whom a proof must come from: the founders that a manifest names.

use crate::error::CliError;
use goodwill_node::{ledger::Manifest, load_manifest};
use goodwill_types::Prefix;
use goodwill_wallet::{Client, LightClient};
use std::path::PathBuf;

/// Whether a proof is wanted, and who is trusted.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Trust {
    /// Have the gateway prove it, and check the proof.
    #[arg(long)]
    pub(crate) proof: bool,
    /// The chain.toml that you trust, for checking the proof. Without it the gateway's own is taken.
    #[arg(long, value_name = "FILE", requires = "proof")]
    manifest: Option<PathBuf>,
}

/// What a manifest says of its chain to those who check proofs.
pub(crate) struct Trusted {
    /// Checks proofs.
    pub(crate) light: LightClient,
    /// How the chain's addresses begin.
    pub(crate) prefix: Prefix,
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
        let seats = manifest.founders.iter().map(|founder| founder.node_key).collect();
        let light = LightClient::new(manifest.chain_id(), seats)?;
        Ok(Trusted { light, prefix: manifest.address_prefix })
    }

    /// Where a proof is wanted: whether the manifest comes from the gateway that is to be checked.
    pub(crate) fn manifest_of_gateway(&self) -> Option<bool> {
        self.proof.then_some(self.manifest.is_none())
    }

    /// Who made final what is proven.
    pub(crate) fn words(&self) -> &'static str {
        match &self.manifest {
            Some(_) => "final by the founders named in your manifest",
            None => {
                "final by the founders named in the manifest that the gateway itself gave (use --manifest for one that you trust)"
            }
        }
    }
}
