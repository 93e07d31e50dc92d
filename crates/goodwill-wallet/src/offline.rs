//! Signing on a machine without a network: an unsigned file in, a signed one out.
//!
//! The unsigned file is JSON that a person can read; what is signed is made of it anew. Its checksum
//! finds damage and careless edits, not malice: what is signed is what the summary says. The signed
//! file is [`Submission`], which the gateway takes as it is.

use crate::compose::{Chain, Draft};
use goodwill_types::{
    Address, Digest, SignedTransaction,
    api::{Action, Hex, HexBytes, Submission},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The largest file of either kind, in bytes: more than twice what 256 payments need.
pub const FILE_SIZE_MAX: u64 = 128 * 1024;

const CONTEXT: &[u8] = b"goodwill/unsigned";

/// The unsigned file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    unsigned: Unsigned,
    checksum: HexBytes,
}

/// A draft in JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsigned {
    chain_id: Hex<Digest>,
    address_prefix: String,
    symbol: String,
    pollution_tax_bp: u16,
    from: String,
    nonce: u64,
    last_height: u64,
    gas_limit: u64,
    fee_per_gas_max: u64,
    tip_per_gas: u64,
    action: Action,
}

/// Why a text is not an unsigned or signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file holds no {expected} transaction ({reason}): make it again with `{next}`")]
pub struct FileError {
    expected: &'static str,
    reason: String,
    next: &'static str,
}

/// The file that is carried to the offline machine.
pub fn write_unsigned(draft: &Draft) -> String {
    let unsigned = Unsigned::from(draft);
    let file = File { checksum: unsigned.checksum(), unsigned };
    serde_json::to_string_pretty(&file).expect("strings and numbers are JSON") + "\n"
}

/// Reads what [`write_unsigned`] wrote. Show its summary before it is signed.
///
/// # Errors
/// When the text is something else, or was changed since.
pub fn read_unsigned(text: &str) -> Result<Draft, FileError> {
    let next = "goodwill send --unsigned FILE";
    let error = |reason: String| FileError { expected: "unsigned", reason, next };
    let File { unsigned, checksum } = serde_json::from_str(text).map_err(|e| error(e.to_string()))?;
    if unsigned.checksum() != checksum {
        return Err(error("it was changed after it was written".into()));
    }
    unsigned.draft().map_err(error)
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
    let next = "goodwill tx sign";
    let error = |e: serde_json::Error| FileError { expected: "signed", reason: e.to_string(), next };
    serde_json::from_str(text).map(|Submission { raw }| raw.0).map_err(error)
}

impl From<&Draft> for Unsigned {
    fn from(draft: &Draft) -> Self {
        let Draft { chain, nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas, .. } = draft.clone();
        Self {
            chain_id: chain.id.into(),
            address_prefix: chain.prefix.to_string(),
            from: draft.from.display(&chain.prefix),
            action: Action::new(&draft.action, &chain.prefix),
            symbol: chain.symbol,
            pollution_tax_bp: chain.pollution_tax_bp,
            nonce,
            last_height,
            gas_limit,
            fee_per_gas_max,
            tip_per_gas,
        }
    }
}

impl Unsigned {
    fn checksum(&self) -> HexBytes {
        let json = serde_json::to_vec(self).expect("strings and numbers are JSON");
        Sha256::new().chain_update(CONTEXT).chain_update(json).finalize().to_vec().into()
    }

    fn draft(self) -> Result<Draft, String> {
        let Self { nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas, .. } = self;
        let chain = Chain {
            id: self.chain_id.0,
            prefix: self.address_prefix.parse().map_err(|e| format!("{e}"))?,
            symbol: symbol(self.symbol).ok_or("the symbol is no word")?,
            pollution_tax_bp: self.pollution_tax_bp,
        };
        let from = Address::parse(&self.from, &chain.prefix).map_err(|e| e.to_string())?;
        let action = self.action.parse(&chain.prefix).map_err(|e| e.to_string())?;
        Ok(Draft { chain, from, nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas, action })
    }
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
        compose::tests::{TERMS, account, alice, bob, key},
        compose::{Transfer, transfer},
    };
    use goodwill_types::{Account, Amount, Payment, transaction::verify_signatures};

    fn draft() -> Draft {
        transfer(&TERMS, alice(), &account(), Transfer::to(bob(), Amount::from_coins(1))).unwrap()
    }

    /// What somebody writes who computes the checksum anew.
    fn forged(change: impl FnOnce(&mut Unsigned)) -> String {
        let mut unsigned = Unsigned::from(&draft());
        change(&mut unsigned);
        serde_json::to_string(&File { checksum: unsigned.checksum(), unsigned }).unwrap()
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
        assert!(read_signed(&unsigned).unwrap_err().to_string().ends_with("`goodwill tx sign`"));
        assert!(read_unsigned("{}").is_err());
        assert!(read_unsigned(&write_signed(draft().sign(&key()).unwrap())).is_err());
    }

    #[test]
    fn a_change_is_found() {
        let unsigned = write_unsigned(&draft());
        for (from, to) in [("\"1000000000\"", "\"9000000000\""), ("\"nonce\": 3", "\"nonce\": 4")] {
            let error = read_unsigned(&unsigned.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains("it was changed after it was written"), "{error}");
        }
    }

    #[test]
    fn what_could_mislead_is_refused_with_a_right_checksum_too() {
        assert!(read_unsigned(&forged(|_| {})).is_ok());
        assert!(read_unsigned(&forged(|file| file.symbol = "COIN to me, not 9 COIN".into())).is_err());
        assert!(read_unsigned(&forged(|file| file.address_prefix = "Dev".into())).is_err());
        assert!(read_unsigned(&forged(|file| file.address_prefix = "other".into())).is_err());
        assert!(read_unsigned(&forged(|file| file.from.push('q'))).is_err());
    }

    #[test]
    fn the_largest_files_fit() {
        let payments = vec![Payment { to: bob(), amount: Amount::from_units(10_000_000_000) }; 256];
        let wish = Transfer { memo: "\u{1}".repeat(140), ..Transfer::to_many(payments) };
        let rich = Account { balance: Amount::from_coins(10_000), ..account() };
        let draft = transfer(&TERMS, alice(), &rich, wish).unwrap();
        let (unsigned, signed) = (write_unsigned(&draft), write_signed(draft.sign(&key()).unwrap()));
        assert!((unsigned.len().max(signed.len()) as u64) < FILE_SIZE_MAX / 2);
    }
}
