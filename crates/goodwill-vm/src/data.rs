//! Values outside of the machine: arguments and results as the tools, the API and tests handle them.

use crate::{codec, integer, limits, text};
use ethnum::I256;
use goodwill_types::{Address, Prefix};
use std::fmt::Write;

/// A value that can enter or leave a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// `None`
    None,
    /// A bool.
    Bool(bool),
    /// An integer.
    Int(I256),
    /// A text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An address.
    Address(Address),
    /// A list.
    List(Vec<Data>),
    /// A tuple.
    Tuple(Vec<Data>),
    /// A dict, in its order.
    Dict(Vec<(Data, Data)>),
    /// A dataclass: its name and fields.
    Record(String, Vec<Data>),
}

impl Data {
    /// Its encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let all = |out: &mut Vec<u8>, tag: u8, items: &[Self]| {
            out.push(tag);
            codec::write_count(out, items.len());
            items.iter().for_each(|item| item.write(out));
        };
        match self {
            Self::None => out.push(codec::NONE),
            Self::Bool(value) => out.push(if *value { codec::TRUE } else { codec::FALSE }),
            Self::Int(int) => codec::write_int(out, *int),
            Self::Str(text) => codec::write_bytes(out, codec::STR, text.as_bytes()),
            Self::Bytes(bytes) => codec::write_bytes(out, codec::BYTES, bytes),
            Self::Address(address) => {
                out.push(codec::ADDRESS);
                out.extend_from_slice(&address.to_bytes());
            }
            Self::List(items) => all(out, codec::LIST, items),
            Self::Tuple(items) => all(out, codec::TUPLE, items),
            Self::Dict(entries) => {
                out.push(codec::DICT);
                codec::write_count(out, entries.len());
                for (key, value) in entries {
                    key.write(out);
                    value.write(out);
                }
            }
            Self::Record(name, fields) => {
                codec::write_bytes(out, codec::RECORD, name.as_bytes());
                codec::write_count(out, fields.len());
                fields.iter().for_each(|field| field.write(out));
            }
        }
    }

    /// The value of its encoding; `None` if the bytes are no encoding, or nest too deep.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = codec::Reader::new(bytes);
        let value = Self::read(&mut reader, 0)?;
        reader.is_empty().then_some(value)
    }

    /// The values of several encodings, one after the other.
    pub fn decode_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let mut reader = codec::Reader::new(bytes);
        let mut values = Vec::new();
        while !reader.is_empty() {
            values.push(Self::read(&mut reader, 0)?);
        }
        Some(values)
    }

    fn read(reader: &mut codec::Reader<'_>, depth: u32) -> Option<Self> {
        if depth > limits::NESTING_MAX + 1 {
            return None;
        }
        let all = |reader: &mut codec::Reader<'_>| -> Option<Vec<Self>> {
            let count = reader.count()?;
            (0..count).map(|_| Self::read(reader, depth + 1)).collect()
        };
        let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
        Some(match reader.byte()? {
            codec::NONE => Self::None,
            codec::FALSE => Self::Bool(false),
            codec::TRUE => Self::Bool(true),
            codec::INT => Self::Int(integer::from_bytes(reader.sized()?)?),
            codec::STR => Self::Str(utf8(reader.sized()?)?),
            codec::BYTES => Self::Bytes(reader.sized()?.to_vec()),
            codec::ADDRESS => {
                Self::Address(crate::address::from_bytes(reader.take(crate::address::ADDRESS_BYTES)?)?)
            }
            codec::LIST => Self::List(all(reader)?),
            codec::TUPLE => Self::Tuple(all(reader)?),
            codec::DICT => {
                let count = reader.count()?;
                let entry = |_| Some((Self::read(reader, depth + 1)?, Self::read(reader, depth + 1)?));
                Self::Dict((0..count).map(entry).collect::<Option<_>>()?)
            }
            codec::RECORD => Self::Record(utf8(reader.sized()?)?, all(reader)?),
            _ => return None,
        })
    }

    /// Its `repr`, as Python shows it; `fields` gives the names of a dataclass's fields.
    pub fn repr(&self, prefix: &Prefix, fields: &dyn Fn(&str) -> Vec<String>) -> String {
        let mut out = String::new();
        self.write_repr(&mut out, prefix, fields);
        out
    }

    fn write_repr(&self, out: &mut String, prefix: &Prefix, fields: &dyn Fn(&str) -> Vec<String>) {
        let all = |out: &mut String, items: &[Self]| {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                item.write_repr(out, prefix, fields);
            }
        };
        match self {
            Self::None => out.push_str("None"),
            Self::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Self::Int(int) => _ = write!(out, "{int}"),
            Self::Str(value) => text::write_str_repr(out, value),
            Self::Bytes(bytes) => text::write_bytes_repr(out, bytes),
            Self::Address(address) => _ = write!(out, "Address('{}')", address.display(prefix)),
            Self::List(items) => {
                out.push('[');
                all(out, items);
                out.push(']');
            }
            Self::Tuple(items) => {
                out.push('(');
                all(out, items);
                out.push_str(if items.len() == 1 { ",)" } else { ")" });
            }
            Self::Dict(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    key.write_repr(out, prefix, fields);
                    out.push_str(": ");
                    value.write_repr(out, prefix, fields);
                }
                out.push('}');
            }
            Self::Record(name, values) => {
                let names = fields(name);
                out.push_str(name);
                out.push('(');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    if let Some(name) = names.get(index) {
                        _ = write!(out, "{name}=");
                    }
                    value.write_repr(out, prefix, fields);
                }
                out.push(')');
            }
        }
    }
}
