//! Contracts in JSON: what they are, what they emitted, and what is asked of them.

#[cfg(feature = "openapi")]
use super::schema;
use super::{HexDigest, HexId, Units};
use crate::{Address, Prefix, codec::decode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `GET /v1/contracts/{address}`: a contract at the newest final block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contract {
    /// Its address.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub address: String,
    /// Who deployed it.
    #[cfg_attr(feature = "openapi", schema(value_type = schema::AddressText))]
    pub deployer: String,
    /// The height at which it was deployed.
    pub height: u64,
    /// The last height at which calls are free of compiling it: the next one pays for that again.
    pub warm_until: u64,
    /// The hash of what its source was compiled to.
    pub code_hash: HexDigest,
    /// The version of the machine that runs it.
    pub vm_version: u16,
    /// What it holds.
    pub balance: Units,
    /// Its methods, fields and dataclasses, from the type hints.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub abi: Value,
    /// Its source: this is what runs.
    pub source: String,
}

/// One field of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventField {
    /// Its name.
    pub name: String,
    /// Its value: see [`value`].
    pub value: Value,
}

/// An event of a contract, with the transaction that caused it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContractEvent {
    /// The height of its block.
    pub height: u64,
    /// The transaction.
    pub transaction: HexId,
    /// Its place among the events of the transaction, from 0.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its fields, in the order given.
    pub fields: Vec<EventField>,
}

/// `GET /v1/contracts/{address}/events`: what a contract emitted, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContractEvents {
    /// The events.
    pub events: Vec<ContractEvent>,
    /// Where older ones are: `?cursor=` of the next request. Nothing where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What `POST /v1/contracts/{address}/query` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Query {
    /// An exported method, usually a view. What it would change is forgotten.
    #[cfg_attr(feature = "openapi", schema(max_length = 128))]
    pub method: String,
    /// Its arguments: Python literals, or `Address('...')`, each a text.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 250))]
    pub args: Vec<String>,
    /// Who asks: `msg.sender`. The contract itself, unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<schema::AddressText>))]
    pub sender: Option<String>,
}

/// What a query came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Answer {
    /// Whether the method returned.
    pub ok: bool,
    /// What it returned, as Python's `repr` shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// What it returned: see [`value`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The traceback, or why else it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it printed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log: String,
    /// Gas that it used. A query is free.
    pub gas_used: u64,
    /// The height at which this was so.
    pub height: u64,
}

/// A contract's value in JSON: `None`, bools, texts and lists as JSON has them; integers as numbers up
/// to 2^53, and beyond as decimal texts; bytes in hexadecimal with `0x`; addresses as texts; tuples as
/// lists; dicts as lists of pairs; a dataclass as `{"type": name, "fields": [values]}`. Bytes that no
/// machine wrote are `null`.
pub fn value(bytes: &[u8], prefix: &Prefix) -> Value {
    let mut rest = bytes;
    read(&mut rest, prefix, 0).filter(|_| rest.is_empty()).unwrap_or(Value::Null)
}

/// Nesting that is followed; the machine allows less.
const NESTING_MAX: u32 = 40;
/// Integers up to here are numbers in every reader of JSON.
const NUMBER_MAX: i128 = 1 << 53;

/// The tags are those of `goodwill-vm`'s codec.
fn read(rest: &mut &[u8], prefix: &Prefix, depth: u32) -> Option<Value> {
    if depth > NESTING_MAX {
        return None;
    }
    let (tag, after) = rest.split_first()?;
    *rest = after;
    Some(match tag {
        0 => Value::Null,
        1 => json!(false),
        2 => json!(true),
        3 => integer(sized(rest)?),
        4 => json!(std::str::from_utf8(sized(rest)?).ok()?),
        5 => json!(format!("0x{}", hex::encode(sized(rest)?))),
        6 => json!(address(take(rest, 21)?)?.display(prefix)),
        7 | 8 => list(rest, prefix, depth)?,
        9 => {
            let count = count(rest)?;
            let pair = |_| Some(json!([read(rest, prefix, depth + 1)?, read(rest, prefix, depth + 1)?]));
            (0..count).map(pair).collect::<Option<Vec<_>>>()?.into()
        }
        10 => {
            let name = std::str::from_utf8(sized(rest)?).ok()?.to_owned();
            json!({"type": name, "fields": list(rest, prefix, depth)?})
        }
        _ => return None,
    })
}

fn list(rest: &mut &[u8], prefix: &Prefix, depth: u32) -> Option<Value> {
    let count = count(rest)?;
    Some((0..count).map(|_| read(rest, prefix, depth + 1)).collect::<Option<Vec<_>>>()?.into())
}

fn address(bytes: &[u8]) -> Option<Address> {
    decode(bytes).ok()
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

fn sized<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let count = count(rest)?;
    take(rest, count)
}

/// A LEB128 count of what takes a byte each at least.
fn count(rest: &mut &[u8]) -> Option<usize> {
    let mut count = 0usize;
    for shift in (0..28).step_by(7) {
        let byte = *take(rest, 1)?.first()?;
        count |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (count <= rest.len()).then_some(count);
        }
    }
    None
}

/// Two's complement, big-endian, at most 32 bytes.
fn integer(bytes: &[u8]) -> Value {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    if bytes.len() <= 16 {
        let start = if negative { -1i128 } else { 0 };
        let int = bytes.iter().fold(start, |int, byte| int << 8 | i128::from(*byte));
        return match i64::try_from(int) {
            Ok(small) if int.abs() <= NUMBER_MAX => json!(small),
            _ => json!(int.to_string()),
        };
    }
    let magnitude: Vec<u8> = match negative {
        false => bytes.to_vec(),
        true => negated(bytes),
    };
    let digits = decimal(magnitude);
    json!(if negative { format!("-{digits}") } else { digits })
}

fn negated(bytes: &[u8]) -> Vec<u8> {
    let mut carry = true;
    let mut out: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
    for byte in out.iter_mut().rev() {
        (*byte, carry) = byte.overflowing_add(u8::from(carry));
    }
    out
}

fn decimal(mut magnitude: Vec<u8>) -> String {
    let mut digits = Vec::new();
    while magnitude.iter().any(|byte| *byte != 0) {
        let mut remainder = 0u32;
        for byte in &mut magnitude {
            let part = remainder << 8 | u32::from(*byte);
            (*byte, remainder) = ((part / 10) as u8, part % 10);
        }
        digits.push(char::from(b'0' + remainder as u8));
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_in_json() {
        let dev: Prefix = "dev".parse().unwrap();
        let check = |bytes: &[u8], shown: Value| assert_eq!(value(bytes, &dev), shown, "{bytes:?}");
        check(&[0], Value::Null);
        check(&[8, 2, 2, 3, 1, 0xff], json!([true, -1]));
        check(&[3, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], json!("9223372036854775807"));
        check(&[5, 2, 0xab, 1], json!("0xab01"));
        check(&[9, 1, 4, 1, b'k', 3, 0], json!([["k", 0]]));
        check(&[10, 1, b'P', 1, 0], json!({"type": "P", "fields": [null]}));
        let mut least = vec![3, 32, 0x80];
        least.resize(34, 0);
        let text = "-57896044618658097711785492504343953926634992332820282019728792003956564819968";
        check(&least, json!(text));
        check(&[4, 5, b'a'], Value::Null);
        check(&[7; 100], Value::Null);
    }
}
