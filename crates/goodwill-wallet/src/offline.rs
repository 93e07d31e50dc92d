//! Signing on a machine without a network: an unsigned file in, a signed one out.
//!
//! The unsigned file is JSON with the canonical bytes of the transaction; the rest of it only helps
//! to show them. The signed file is [`Submission`], which the gateway takes as it is.

use crate::compose::{Chain, Draft};
use goodwill_types::{
    Digest, SignedTransaction, Transaction,
    api::{Hex, Submission},
};
use serde::{Deserialize, Serialize};

/// A draft as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsigned {
    chain_id: Hex<Digest>,
    address_prefix: String,
    symbol: String,
    pollution_tax_bp: u16,
    transaction: Hex<Transaction>,
}

/// Why a text is not an unsigned or signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file holds no {expected} transaction ({reason}): make it again with `goodwill send`")]
pub struct FileError {
    expected: &'static str,
    reason: String,
}

/// The file that is carried to the offline machine.
pub fn write_unsigned(draft: &Draft) -> String {
    let Draft { chain, transaction } = draft.clone();
    let file = Unsigned {
        chain_id: chain.id.into(),
        address_prefix: chain.prefix.to_string(),
        symbol: chain.symbol,
        pollution_tax_bp: chain.pollution_tax_bp,
        transaction: transaction.into(),
    };
    serde_json::to_string_pretty(&file).expect("strings and numbers are JSON") + "\n"
}

/// Reads what [`write_unsigned`] wrote. Show its summary before it is signed.
///
/// # Errors
/// When the text is something else.
pub fn read_unsigned(text: &str) -> Result<Draft, FileError> {
    let error = |reason: String| FileError { expected: "unsigned", reason };
    let file: Unsigned = serde_json::from_str(text).map_err(|e| error(e.to_string()))?;
    let chain = Chain {
        id: file.chain_id.0,
        prefix: file.address_prefix.parse().map_err(|e| error(format!("{e}")))?,
        symbol: symbol(file.symbol).ok_or_else(|| error("the symbol is no word".into()))?,
        pollution_tax_bp: file.pollution_tax_bp,
    };
    Ok(Draft { chain, transaction: file.transaction.0 })
}

/// The file that is carried back.
pub fn write_signed(signed: SignedTransaction) -> String {
    let file = Submission { raw: signed.into() };
    serde_json::to_string_pretty(&file).expect("strings are JSON") + "\n"
}

/// Reads what [`write_signed`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_signed(text: &str) -> Result<SignedTransaction, FileError> {
    let error = |e: serde_json::Error| FileError { expected: "signed", reason: e.to_string() };
    serde_json::from_str(text).map(|Submission { raw }| raw.0).map_err(error)
}

/// The symbol is shown beside the amounts: "1 COIN to me, not 9" must not pass for one.
fn symbol(text: String) -> Option<String> {
    let word = (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    word.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compose::tests::{TERMS, account, bob, key, sender},
        compose::{Transfer, transfer},
    };
    use goodwill_types::{Amount, transaction::verify_signatures};

    fn draft() -> Draft {
        transfer(&TERMS, sender(), &account(), Transfer::to(bob(), Amount::from_coins(1))).unwrap()
    }

    #[test]
    fn there_and_back() {
        let carried = read_unsigned(&write_unsigned(&draft())).unwrap();
        assert_eq!(carried, draft());
        let signed = carried.sign(&key()).unwrap();
        assert_eq!(read_signed(&write_signed(signed.clone())), Ok(signed.clone()));
        assert_eq!(verify_signatures(&TERMS.chain.id, [&signed]), [true]);
    }

    #[test]
    fn other_files_are_refused() {
        let unsigned = write_unsigned(&draft());
        assert!(read_signed(&unsigned).is_err());
        assert!(read_unsigned("{}").is_err());
        assert!(read_unsigned(&unsigned.replacen("\"COIN\"", "\"COIN to me, not 9 COIN\"", 1)).is_err());
        assert!(read_unsigned(&unsigned.replacen("\"dev\"", "\"Dev\"", 1)).is_err());
    }
}
