//! What the state holds of contracts, and where.

use goodwill_types::{Address, Digest, Domain, Key, codec::record, hash};
use goodwill_vm::gas::COMPILE_BYTE;

/// For so many blocks after it was compiled a contract is taken to be in every node's memory. Then the
/// next call pays for compiling it again. It bounds what nodes must remember: in so many blocks nobody
/// can pay for compiling more than their gas.
pub const WARM_BLOCKS: u64 = 256;
/// What compiling costs besides the source's bytes.
const COMPILE: u64 = 100_000;

const TAG_SOURCE: u8 = 33;
const TAG_STORAGE: u8 = 34;

/// A contract, as the state holds it. Its coins are in its account, its storage in records of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Who deployed it.
    pub deployer: Address,
    /// The height at which it was deployed.
    pub height: u64,
    /// The hash of what it is compiled to.
    pub code_hash: Digest,
    /// The hash of its source.
    pub source_hash: Digest,
    /// Bytes of its source.
    pub source_size: u32,
    /// The version of the machine that runs it.
    pub vm_version: u16,
    /// The height at which somebody paid last for compiling it.
    pub compiled: u64,
}

record!(Contract {
    deployer,
    height,
    code_hash,
    source_hash,
    source_size: varint,
    vm_version: varint,
    compiled: varint,
});

impl Contract {
    /// The state key's tag for contracts.
    pub const TAG: u8 = 32;

    /// Where the state holds it.
    pub fn key(address: &Address) -> Key {
        Key::new(Self::TAG, &address.to_bytes())
    }

    /// What calling it at `height` costs for compiling it.
    ///
    /// spec: contracts 7
    pub(crate) fn compile_gas(&self, height: u64) -> u64 {
        match height.saturating_sub(self.compiled) <= WARM_BLOCKS {
            true => 0,
            false => compile_gas(self.source_size),
        }
    }
}

/// What compiling a source of so many bytes costs.
pub const fn compile_gas(source_size: u32) -> u64 {
    COMPILE + COMPILE_BYTE * source_size as u64
}

/// The name under which a source is stored: contracts of the same source share it.
pub(crate) fn source_hash(source: &str) -> Digest {
    hash(Domain::Source, source.as_bytes())
}

/// Where the state holds the source with this hash.
pub fn source_key(source_hash: &Digest) -> Key {
    Key::new(TAG_SOURCE, source_hash.as_ref())
}

/// Where the state holds a cell of a contract's storage. The zeros make every name one that is hashed.
pub fn storage_key(contract: &Address, path: &[u8]) -> Key {
    Key::new(TAG_STORAGE, &[&contract.to_bytes()[..], &[0; 16], path].concat())
}
