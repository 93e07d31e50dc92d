//! Addresses as the machine needs them, over those of `goodwill-types`.

use goodwill_types::{Address, codec::decode};

/// Bytes of an address.
pub const ADDRESS_BYTES: usize = 21;

/// The address of 21 zero bytes: what an unset field reads as.
pub fn zero() -> Address {
    decode(&[0; ADDRESS_BYTES]).expect("version 0 is an address")
}

/// The address with these bytes, if it is one.
pub fn from_bytes(bytes: &[u8]) -> Option<Address> {
    decode(bytes).ok()
}
