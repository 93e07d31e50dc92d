//! Contracts: what transactions say to them, and what they leave in receipts.
//!
//! Values are encoded as `goodwill-vm` encodes them; nothing here looks into them.

use crate::{
    Address,
    codec::{List, Text, record},
};

/// The largest source, in bytes of UTF-8.
pub const SOURCE_SIZE_MAX: usize = 64 * 1024;
/// The most bytes of all arguments of a call together.
pub const ARGUMENTS_SIZE_MAX: usize = 16 * 1024;
/// The longest name of a method that can be called from outside, in bytes.
pub const METHOD_SIZE_MAX: usize = 128;
/// The most bytes that one transaction's contracts may leave in its receipt: names and values of
/// events, and the result.
pub const OUTPUT_SIZE_MAX: usize = 64 * 1024;
/// The most that a receipt says of an error, in bytes.
pub const ERROR_SIZE_MAX: usize = 4 * 1024;
/// The most fields of an event.
pub const FIELDS_MAX: usize = 250;

/// A contract's source: a Python file.
pub type Source = Text<SOURCE_SIZE_MAX>;
/// The name of a method.
pub type Method = Text<METHOD_SIZE_MAX>;
/// Encoded values, one after the other: the arguments by position.
pub type Arguments = List<u8, 0, ARGUMENTS_SIZE_MAX>;
/// An encoded value in a receipt.
pub type Output = List<u8, 0, OUTPUT_SIZE_MAX>;
/// A name in a receipt.
pub type Name = Text<OUTPUT_SIZE_MAX>;
/// Why a contract failed: a traceback, cut to the bound.
pub type ErrorText = Text<ERROR_SIZE_MAX>;

/// One field of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its value, encoded.
    pub value: Output,
}

record!(Field { name, value });

/// What a contract emitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Which contract.
    pub contract: Address,
    /// The event's name.
    pub name: Name,
    /// Its fields, in the order given.
    pub fields: List<Field, 0, FIELDS_MAX>,
}

record!(Emitted { contract, name, fields });

/// `text` as it fits into a receipt: what is too long loses its beginning, since a traceback ends with
/// what matters.
pub fn error_text(text: &str) -> ErrorText {
    let mut start = text.len().saturating_sub(ERROR_SIZE_MAX);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    Text::new(text[start..].to_owned()).expect("cut to the bound")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_end() {
        let text = format!("{}ValueError: é", "é".repeat(ERROR_SIZE_MAX));
        let cut = error_text(&text);
        assert!(cut.len() <= ERROR_SIZE_MAX && cut.ends_with("ValueError: é"));
        assert_eq!(&*error_text("short"), "short");
    }
}
