//! What people type: addresses, amounts, keys, names, words.

use super::known;
use goodwill_types::{
    Address, Amount, Digest, Prefix, PublicKey, SignedTransaction, TransactionId,
    api::{Hex, HexBytes, Units},
    codec::{Encode, Read},
};
use goodwill_wallet::{Name, Words};
use std::{fmt::Display, str::FromStr};

/// A text, read as everything that a text can be.
pub fn address(data: &[u8]) -> bool {
    let key = <[u8; 32]>::try_from(data).is_ok_and(check_key);
    let Ok(text) = str::from_utf8(data) else { return key };
    let read = [
        check_address(text),
        check_amount(text),
        same::<Prefix>(text),
        same::<Name>(text),
        same::<Units>(text),
        same_in_lower_case::<PublicKey>(text),
        same_in_lower_case::<HexBytes>(text),
        check_hex::<Digest>(text),
        check_hex::<TransactionId>(text),
        check_hex::<SignedTransaction>(text),
        check_words(text),
    ];
    key || read.contains(&true)
}

/// A key that is taken has the bytes that were given, and its text gives it again.
fn check_key(bytes: [u8; 32]) -> bool {
    let Ok(key) = PublicKey::new(bytes) else { return false };
    assert_eq!(key.as_bytes(), &bytes);
    assert_eq!(key.to_string().parse::<PublicKey>(), key.check());
    true
}

/// An address has one text, which may be written in capitals as a whole.
fn check_address(text: &str) -> bool {
    let prefix = &known().manifest.address_prefix;
    let Ok(address) = Address::parse(text, prefix) else { return false };
    let shown = address.display(prefix);
    assert!(text == shown || text == shown.to_uppercase(), "{text:?} stands for {shown:?}");
    true
}

/// An amount is what its digits say, and is written so that it is read again.
fn check_amount(text: &str) -> bool {
    let Ok(amount) = text.parse::<Amount>() else { return false };
    let (coins, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().fold(0u128, |n, digit| n * 10 + u128::from(digit - b'0'));
    let scale = 10u128.pow(9 - rest.len() as u32);
    let significant = coins.trim_start_matches('0');
    assert!(significant.len() <= 11, "{text:?} is too large");
    assert_eq!(u128::from(amount.units), digits(significant) * 1_000_000_000 + digits(rest) * scale);
    assert_eq!(amount.to_string().parse(), Ok(amount));
    true
}

/// What is read is written as it was.
fn same<T: FromStr + Display>(text: &str) -> bool {
    let value = text.parse::<T>().ok();
    if let Some(value) = &value {
        assert_eq!(value.to_string(), text);
    }
    value.is_some()
}

fn same_in_lower_case<T: FromStr + Display>(text: &str) -> bool {
    let value = text.parse::<T>().ok();
    if let Some(value) = &value {
        assert_eq!(value.to_string(), text.to_ascii_lowercase());
    }
    value.is_some()
}

fn check_hex<T: Encode + Read<Cfg = ()>>(text: &str) -> bool {
    same_in_lower_case::<Hex<T>>(text)
}

fn check_words(text: &str) -> bool {
    let Ok(words) = Words::parse(text) else { return false };
    let typed: Vec<String> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
    assert_eq!(*words.reveal(), typed.join(" "));
    assert!(Words::from_entropy(&words.entropy()).as_ref() == Some(&words));
    true
}
