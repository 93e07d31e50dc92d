//! The file that carries a proof of identity from whoever has the certificate's key to whoever applies.

use crate::{error::CliError, files};
use goodwill_types::{
    Digest, IdentityProof, Link,
    api::{HexBytes, HexDigest},
    codec::{Encode, decode},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fs, path::Path};

/// A proof of identity.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ProofFile {
    /// The domain.
    pub(super) domain: String,
    /// The account that is the domain's.
    pub(super) account: String,
    /// SHA-256 of the statement.
    pub(super) statement_hash: HexDigest,
    /// The proof's bytes.
    pub(super) proof: HexBytes,
}

impl ProofFile {
    pub(super) fn new(domain: &str, account: String, statement: Digest, proof: &IdentityProof) -> Self {
        let proof = proof.encode().to_vec().into();
        Self { domain: domain.into(), account, statement_hash: statement.into(), proof }
    }

    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let malformed = |e| {
            CliError::Usage(format!(
                "{} is no proof of identity ({e}): make one with `goodwill association prove`",
                path.display()
            ))
        };
        serde_json::from_str(&files::read(path)?).map_err(malformed)
    }

    pub(super) fn proof(&self) -> Result<IdentityProof, CliError> {
        decode(&self.proof.0)
            .map_err(|e| CliError::Usage(format!("the proof is damaged ({e}): make it again")))
    }
}

/// The SHA-256 of a file.
pub(super) fn digest_of(path: &Path) -> Result<Digest, CliError> {
    let bytes = fs::read(path).map_err(|e| CliError::Io(path.display().to_string(), e))?;
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    Ok(digest.into())
}

/// A document that others can read at `uri`.
pub(super) fn link(uri: String, hash: Digest) -> Result<Link, CliError> {
    Ok(Link { uri: super::text("the address of the document", uri)?, hash })
}
