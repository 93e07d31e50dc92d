//! How single values look in the document of a gateway (OpenAPI).

use super::{HexBytes, HexDigest, HexId, HexKey, HexTransaction, HexUnsigned, Units};
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Object, ObjectBuilder, Ref, RefOr, Schema,
        schema::{AnyOfBuilder, Type},
    },
};

/// An address as text: a prefix, and 21 bytes and a checksum in bech32m.
pub(super) enum AddressText {}

/// The fields of an inclusion, or a status that is before them all.
pub(super) fn inclusion() -> RefOr<Schema> {
    let status = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["pending", "expired"]));
    let none = ObjectBuilder::new().property("status", status);
    AnyOfBuilder::new().item(Ref::from_schema_name("Inclusion")).item(none).into()
}

/// A text of this pattern, as the schema `$name`.
macro_rules! text {
    ($type:ty, $name:literal, $description:literal, $pattern:literal, $length_max:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                text($description, $pattern, $length_max).into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    };
}

fn text(description: &str, pattern: &str, length_max: Option<usize>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .pattern(Some(pattern))
        .max_length(length_max)
        .build()
}

text!(
    AddressText,
    "Address",
    "An address: the chain's prefix, 21 bytes and a checksum in bech32m.",
    "^[a-z]{1,16}1[02-9ac-hj-np-z]{40}$",
    Some(57)
);
text!(
    Units,
    "Units",
    "An amount in base units, 10^9 to the coin; at most 18446744073709551615.",
    "^(0|[1-9][0-9]{0,19})$",
    Some(20)
);
text!(HexDigest, "Digest", "A digest: 32 bytes in hexadecimal.", "^[0-9a-f]{64}$", Some(64));
text!(HexId, "TransactionId", "A transaction's id: 32 bytes in hexadecimal.", "^[0-9a-f]{64}$", Some(64));
text!(HexKey, "PublicKey", "A public key: 32 bytes in hexadecimal.", "^[0-9a-f]{64}$", Some(64));
text!(
    HexTransaction,
    "SignedTransaction",
    "The bytes of a signed transaction in hexadecimal.",
    "^([0-9a-f]{2})+$",
    None
);
text!(
    HexUnsigned,
    "UnsignedTransaction",
    "The bytes of a transaction without its signature in hexadecimal.",
    "^([0-9a-f]{2})+$",
    None
);
text!(HexBytes, "Bytes", "Bytes in hexadecimal.", "^([0-9a-f]{2})*$", None);
