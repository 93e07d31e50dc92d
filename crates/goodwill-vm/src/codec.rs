//! The one encoding of values: in storage, arguments, results and events.
//!
//! A tag, then: an integer as its length and shortest big-endian two's complement; text and bytes as
//! length and bytes; containers as count and elements, a dict in its order; a dataclass as its name,
//! its count of fields, and these. Counts and lengths are LEB128, as short as possible.

use crate::{
    classes,
    fault::{Bug, Fault, Run},
    gas,
    heap::Instance,
    integer,
    interpreter::Machine,
    limits,
    program::ClassKind,
    table::Table,
    types::Type,
    value::{Handle, Value},
};
use ethnum::I256;

pub(crate) const NONE: u8 = 0;
pub(crate) const FALSE: u8 = 1;
pub(crate) const TRUE: u8 = 2;
pub(crate) const INT: u8 = 3;
pub(crate) const STR: u8 = 4;
pub(crate) const BYTES: u8 = 5;
pub(crate) const ADDRESS: u8 = 6;
pub(crate) const LIST: u8 = 7;
pub(crate) const TUPLE: u8 = 8;
pub(crate) const DICT: u8 = 9;
pub(crate) const RECORD: u8 = 10;

/// Writes a count.
pub(crate) fn write_count(out: &mut Vec<u8>, mut count: usize) {
    while count >= 0x80 {
        out.push(count as u8 | 0x80);
        count >>= 7;
    }
    out.push(count as u8);
}

/// Writes a tag, a length and bytes.
pub(crate) fn write_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    write_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Writes an integer.
pub(crate) fn write_int(out: &mut Vec<u8>, int: I256) {
    match i64::try_from(int) {
        Ok(small) => write_small(out, small),
        Err(_) => {
            let (bytes, start) = integer::to_bytes(int);
            write_bytes(out, INT, &bytes[start..]);
        }
    }
}

/// Writes a small integer.
fn write_small(out: &mut Vec<u8>, int: i64) {
    let bytes = int.to_be_bytes();
    let length = integer::small_length(int);
    out.extend_from_slice(&[INT, length as u8]);
    out.extend_from_slice(&bytes[bytes.len() - length..]);
}

/// Encoded values from outside, read with care.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// A count, in its shortest form, of what takes at least a byte each.
    pub(crate) fn count(&mut self) -> Option<usize> {
        let mut count: usize = 0;
        for shift in (0..28).step_by(7) {
            let byte = self.byte()?;
            count |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return (shortest && count <= self.bytes.len()).then_some(count);
            }
        }
        None
    }

    pub(crate) fn sized(&mut self) -> Option<&'a [u8]> {
        let count = self.count()?;
        self.take(count)
    }
}

/// Stored or sent bytes that are no value: they did not come from this code.
const DAMAGED: Fault = Fault::Broken(Bug::DamagedBytes);

/// What values count as that are not texts or bytes.
const SCALAR_BYTES: usize = 16;
/// Encoding a value that is not text or bytes.
const SCALAR: u64 = gas::CODEC_VALUE + gas::CODEC_BYTE * SCALAR_BYTES as u64;

impl Machine {
    /// Encodes a value that must be of a kind; raises `TypeError` if it is not.
    pub(crate) fn encode(&mut self, out: &mut Vec<u8>, kind: &Type, value: Value) -> Run<()> {
        match (kind, value) {
            (Type::Int | Type::Any, Value::Int(int)) => {
                self.heap.charge(SCALAR)?;
                write_small(out, int);
                Ok(())
            }
            (Type::Address | Type::Any, Value::Address(address)) => {
                self.heap.charge(SCALAR)?;
                self.write_address(out, address);
                Ok(())
            }
            _ => self.encode_any(out, kind, value),
        }
    }

    fn write_address(&self, out: &mut Vec<u8>, address: Handle) {
        out.push(ADDRESS);
        out.extend_from_slice(&self.heap.address(address).to_bytes());
    }

    fn encode_any(&mut self, out: &mut Vec<u8>, kind: &Type, value: Value) -> Run<()> {
        let before = out.len();
        self.encode_at(out, kind, value, 0)?;
        if out.len() - before > limits::VALUE_BYTES_MAX {
            let message = format!("a value has at most {} bytes", limits::VALUE_BYTES_MAX);
            return self.raise(classes::VALUE_ERROR, &message);
        }
        Ok(())
    }

    /// Checks that a value is of a kind, as [`Self::encode`] does: what can be seen at once costs
    /// nothing, the rest is encoded.
    pub(crate) fn check_kind(&mut self, kind: &Type, value: Value) -> Run<()> {
        match self.is_scalar_of(kind, value) {
            true => Ok(()),
            false => self.encode(&mut Vec::new(), kind, value),
        }
    }

    /// Whether a value is one of a kind that holds no others, and not too long.
    fn is_scalar_of(&self, kind: &Type, value: Value) -> bool {
        // A tag and a length of at most three bytes.
        let fits = |length: usize| length + 4 <= limits::VALUE_BYTES_MAX;
        match (kind, value) {
            (Type::Int, Value::Int(_) | Value::Big(_))
            | (Type::Bool, Value::Bool(_))
            | (Type::Address, Value::Address(_))
            | (Type::None | Type::Optional(_), Value::None) => true,
            (Type::Str, Value::Str(text)) => fits(self.heap.str(text).len()),
            (Type::Bytes, Value::Bytes(bytes)) => fits(self.heap.bytes(bytes).len()),
            (Type::Optional(inner), value) => self.is_scalar_of(inner, value),
            _ => false,
        }
    }

    #[cold]
    fn wrong_kind<T>(&mut self, kind: &Type, value: Value) -> Run<T> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let message = match kind {
            Type::Any => format!("{} cannot leave a contract", self.type_name(value)),
            kind => format!("expected {}, got {}", kind.display(&program), self.type_name(value)),
        };
        self.raise(classes::TYPE_ERROR, &message)
    }

    fn encode_at(&mut self, out: &mut Vec<u8>, kind: &Type, value: Value, depth: u32) -> Run<()> {
        let size = match value {
            Value::Str(text) => self.heap.str(text).len(),
            Value::Bytes(bytes) => self.heap.bytes(bytes).len(),
            _ => SCALAR_BYTES,
        };
        self.heap.charge(gas::CODEC_VALUE + gas::CODEC_BYTE * size as u64)?;
        self.check_memory((out.len() + size) as u64)?;
        match (kind, value) {
            (Type::Optional(_), Value::None) => out.push(NONE),
            (Type::Optional(inner), value) => self.encode_at(out, inner, value, depth)?,
            (Type::None | Type::Any, Value::None) => out.push(NONE),
            (Type::Bool | Type::Any, Value::Bool(value)) => out.push(if value { TRUE } else { FALSE }),
            (Type::Int | Type::Any, Value::Int(int)) => write_small(out, int),
            (Type::Int | Type::Any, Value::Big(int)) => write_int(out, self.heap.wide(int)),
            (Type::Str | Type::Any, Value::Str(text)) => {
                write_bytes(out, STR, self.heap.str(text).as_bytes())
            }
            (Type::Bytes | Type::Any, Value::Bytes(bytes)) => write_bytes(out, BYTES, self.heap.bytes(bytes)),
            (Type::Address | Type::Any, Value::Address(address)) => {
                self.write_address(out, address);
            }
            (Type::List(_) | Type::Any, Value::List(list)) => {
                let items = self.heap.list(list).items.clone();
                let inner = if let Type::List(inner) = kind { inner } else { &Type::Any };
                self.encode_all(out, LIST, items.iter().map(|item| (inner, *item)), depth)?;
            }
            (Type::Tuples(_) | Type::Any, Value::Tuple(tuple)) => {
                let items = self.heap.tuple(tuple).to_vec();
                let inner = if let Type::Tuples(inner) = kind { inner } else { &Type::Any };
                self.encode_all(out, TUPLE, items.iter().map(|item| (inner, *item)), depth)?;
            }
            (Type::Tuple(kinds), Value::Tuple(tuple)) if kinds.len() == self.heap.tuple(tuple).len() => {
                let items = self.heap.tuple(tuple).to_vec();
                self.encode_all(out, TUPLE, kinds.iter().zip(items), depth)?;
            }
            (Type::Dict(..) | Type::Any, Value::Dict(dict)) => {
                let entries: Vec<(Value, Value)> = self.heap.table(dict).iter().collect();
                let (key, inner) = if let Type::Dict(key, inner) = kind {
                    (&**key, &**inner)
                } else {
                    (&Type::Any, &Type::Any)
                };
                let depth = self.deeper_codec(depth)?;
                out.push(DICT);
                write_count(out, entries.len());
                for (entry_key, entry_value) in entries {
                    self.encode_at(out, key, entry_key, depth)?;
                    self.encode_at(out, inner, entry_value, depth)?;
                }
            }
            (Type::Record(_) | Type::Any, Value::Instance(instance)) => {
                let class = self.heap.instance(instance).class;
                if matches!(kind, Type::Record(wanted) if *wanted != class) {
                    return self.wrong_kind(kind, value);
                }
                self.encode_record(out, kind, value, depth)?;
            }
            _ => return self.wrong_kind(kind, value),
        }
        Ok(())
    }

    fn deeper_codec(&mut self, depth: u32) -> Run<u32> {
        if depth >= limits::NESTING_MAX {
            let message = format!("values nest more than {} deep", limits::NESTING_MAX);
            return self.raise(classes::RECURSION_ERROR, &message);
        }
        Ok(depth + 1)
    }

    fn encode_all<'t>(
        &mut self,
        out: &mut Vec<u8>,
        tag: u8,
        items: impl ExactSizeIterator<Item = (&'t Type, Value)>,
        depth: u32,
    ) -> Run<()> {
        let depth = self.deeper_codec(depth)?;
        out.push(tag);
        write_count(out, items.len());
        for (kind, item) in items {
            self.encode_at(out, kind, item, depth)?;
        }
        Ok(())
    }

    fn encode_record(&mut self, out: &mut Vec<u8>, kind: &Type, value: Value, depth: u32) -> Run<()> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let Value::Instance(handle) = value else { return self.wrong_kind(kind, value) };
        let class = self.heap.instance(handle).class;
        let Some(ClassKind::Record { fields, .. }) = program.class(class).map(|class| &class.kind) else {
            return self.wrong_kind(kind, value);
        };
        let depth = self.deeper_codec(depth)?;
        write_bytes(out, RECORD, program.class_name(class).as_bytes());
        write_count(out, fields.len());
        for field in fields {
            let item = self.heap.instance(handle).get(field.name).unwrap_or(Value::None);
            self.encode_at(out, &field.kind, item, depth)?;
        }
        Ok(())
    }

    /// Decodes a value: all of the bytes, and nothing else.
    pub(crate) fn decode_value(&mut self, bytes: &[u8]) -> Run<Value> {
        let mut reader = Reader::new(bytes);
        let value = self.decode_next(&mut reader)?;
        if reader.is_empty() { Ok(value) } else { Err(DAMAGED) }
    }

    /// Decodes the next of several values.
    pub(crate) fn decode_next(&mut self, reader: &mut Reader<'_>) -> Run<Value> {
        self.decode_at(reader, 0)
    }

    fn decode_at(&mut self, reader: &mut Reader<'_>, depth: u32) -> Run<Value> {
        self.heap.charge(gas::CODEC_VALUE)?;
        if depth > limits::NESTING_MAX + 1 {
            return Err(DAMAGED);
        }
        match reader.byte().ok_or(DAMAGED)? {
            NONE => Ok(Value::None),
            FALSE => Ok(Value::Bool(false)),
            TRUE => Ok(Value::Bool(true)),
            INT => {
                let bytes = reader.sized().ok_or(DAMAGED)?;
                match integer::small_from_bytes(bytes) {
                    Some(small) => Ok(Value::Int(small)),
                    None => self.heap.new_int(integer::from_bytes(bytes).ok_or(DAMAGED)?),
                }
            }
            STR => {
                let bytes = reader.sized().ok_or(DAMAGED)?;
                self.heap.charge(gas::CODEC_BYTE * bytes.len() as u64)?;
                self.heap.new_str(std::str::from_utf8(bytes).map_err(|_| DAMAGED)?)
            }
            BYTES => {
                let bytes = reader.sized().ok_or(DAMAGED)?;
                self.heap.charge(gas::CODEC_BYTE * bytes.len() as u64)?;
                self.heap.new_bytes(bytes)
            }
            ADDRESS => {
                let bytes = reader.take(crate::address::ADDRESS_BYTES).ok_or(DAMAGED)?;
                self.heap.new_address(crate::address::from_bytes(bytes).ok_or(DAMAGED)?)
            }
            LIST => {
                let items = self.decode_all(reader, depth)?;
                self.heap.new_list(items)
            }
            TUPLE => {
                let items = self.decode_all(reader, depth)?;
                self.heap.new_tuple(&items)
            }
            DICT => {
                let count = reader.count().ok_or(DAMAGED)?;
                let dict = self.heap.new_dict(Table::default())?;
                for _ in 0..count {
                    let key = self.decode_at(reader, depth + 1)?;
                    let value = self.decode_at(reader, depth + 1)?;
                    if let Value::Dict(handle) = dict {
                        self.insert(handle, key, value)?;
                    }
                }
                Ok(dict)
            }
            RECORD => self.decode_record(reader, depth),
            _ => Err(DAMAGED),
        }
    }

    fn decode_all(&mut self, reader: &mut Reader<'_>, depth: u32) -> Run<Vec<Value>> {
        let count = reader.count().ok_or(DAMAGED)?;
        self.heap.charge(gas::elements(count))?;
        self.check_memory(16 * count as u64)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.decode_at(reader, depth + 1)?);
        }
        Ok(items)
    }

    fn decode_record(&mut self, reader: &mut Reader<'_>, depth: u32) -> Run<Value> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let name = std::str::from_utf8(reader.sized().ok_or(DAMAGED)?).map_err(|_| DAMAGED)?;
        let values = self.decode_all(reader, depth)?;
        let known = program.classes.iter().position(|class| {
            matches!(&class.kind, ClassKind::Record { fields, .. } if fields.len() == values.len())
                && program.name(class.name) == name
        });
        let Some(position) = known else {
            return self.raise(
                classes::TYPE_ERROR,
                &format!("the contract has no dataclass {name} with these fields"),
            );
        };
        let ClassKind::Record { fields, .. } = &program.classes[position].kind else { return Err(DAMAGED) };
        let fields: Vec<_> = fields.iter().map(|field| field.name).zip(values).collect();
        let bytes = 32 * fields.len() as u64;
        let class = (classes::BUILTIN.len() + position) as u16;
        self.heap.new_instance(Instance { class, fields }, bytes)
    }
}
