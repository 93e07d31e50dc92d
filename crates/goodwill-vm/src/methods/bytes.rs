//! Methods of bytes.

use super::{
    Keywords,
    search::{find_in, find_last_in},
};
use crate::{
    classes,
    fault::Run,
    gas,
    interpreter::{Args, Machine},
    names::Known,
    value::{Handle, Value},
};
use memchr::memmem;

/// Memory of a part while bytes are divided.
const PART_BYTES: u64 = 64;

impl Machine {
    pub(super) fn bytes_method(
        &mut self,
        bytes: Handle,
        known: Known,
        args: Args,
        _keywords: Keywords<'_>,
    ) -> Run<Option<Value>> {
        let length = self.heap.bytes(bytes).len();
        let first = self.arg(args, 0);
        let value = match known {
            Known::hex => {
                self.arity(known, args, 0, 0)?;
                self.heap.charge(gas::BYTE * length as u64)?;
                let text = hex::encode(self.heap.bytes(bytes));
                self.heap.new_str(&text)?
            }
            Known::decode => {
                self.arity(known, args, 0, 1)?;
                self.decode(bytes)?
            }
            Known::startswith | Known::endswith => {
                self.arity(known, args, 1, 1)?;
                let part = self.bytes_arg(known, first)?;
                self.heap.charge(gas::bytes(part.len()))?;
                let whole = self.heap.bytes(bytes);
                Value::Bool(if known == Known::startswith {
                    whole.starts_with(&part)
                } else {
                    whole.ends_with(&part)
                })
            }
            Known::find | Known::rfind | Known::index => {
                self.arity(known, args, 1, 1)?;
                let part = self.bytes_arg(known, first)?;
                let found = self.search_bytes(bytes, &part, known == Known::rfind)?;
                match found {
                    Some(at) => Value::Int(at as i64),
                    None if known == Known::index => {
                        return self.raise(classes::VALUE_ERROR, "subsection not found");
                    }
                    None => Value::Int(-1),
                }
            }
            Known::count => {
                self.arity(known, args, 1, 1)?;
                let part = self.bytes_arg(known, first)?;
                Value::Int(self.count_parts(bytes, &part)? as i64 - 1)
            }
            Known::join => {
                self.arity(known, args, 1, 1)?;
                self.bytes_join(bytes, first)?
            }
            Known::split => {
                self.arity(known, args, 1, 1)?;
                let part = self.bytes_arg(known, first)?;
                if part.is_empty() {
                    return self.raise(classes::VALUE_ERROR, "empty separator");
                }
                self.count_parts(bytes, &part)?;
                let parts = split_bytes(self.heap.bytes(bytes), &part);
                let items = parts.iter().map(|part| self.heap.new_bytes(part)).collect::<Run<Vec<_>>>()?;
                self.heap.new_list(items)?
            }
            Known::replace => {
                self.arity(known, args, 2, 2)?;
                let (old, new) = (self.bytes_arg(known, first)?, self.bytes_arg(known, self.arg(args, 1))?);
                if old.is_empty() {
                    return self.raise(classes::VALUE_ERROR, "empty pattern");
                }
                self.count_parts(bytes, &old)?;
                let parts = split_bytes(self.heap.bytes(bytes), &old);
                let size = length + parts.len() * new.len();
                self.heap.charge(gas::bytes(size))?;
                self.check_memory(size as u64)?;
                let joined = parts.join(&new[..]);
                self.heap.new_bytes(&joined)?
            }
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    fn bytes_arg(&mut self, known: Known, value: Value) -> Run<Vec<u8>> {
        match value {
            Value::Bytes(handle) => {
                self.heap.charge(gas::bytes(self.heap.bytes(handle).len()))?;
                Ok(self.heap.bytes(handle).to_vec())
            }
            Value::Int(_) if matches!(known, Known::find | Known::rfind | Known::index | Known::count) => {
                self.byte_of(value).map(|byte| vec![byte])
            }
            other => {
                let message = format!("a bytes-like object is required, not '{}'", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    /// How many parts a separator makes; pays for them.
    fn count_parts(&mut self, bytes: Handle, separator: &[u8]) -> Run<usize> {
        let length = self.heap.bytes(bytes).len();
        self.charge_search_bytes(length, separator.len())?;
        let fits = length / separator.len().max(1);
        self.heap.charge(gas::PIECE * fits as u64)?;
        let parts = match separator.len() {
            0 => length + 2,
            part if part > length => 1,
            _ => memmem::find_iter(self.heap.bytes(bytes), separator).count() + 1,
        };
        self.heap.charge(gas::ALLOCATE * parts as u64)?;
        self.check_memory(PART_BYTES * parts as u64)?;
        Ok(parts)
    }

    fn charge_search_bytes(&mut self, whole: usize, part: usize) -> Run<()> {
        self.heap
            .charge(gas::NATIVE + gas::SEARCH_BYTE * whole as u64 + gas::PART_BYTE * part.min(whole) as u64)
    }

    fn search_bytes(&mut self, bytes: Handle, part: &[u8], last: bool) -> Run<Option<usize>> {
        let whole = self.heap.bytes(bytes).len();
        self.charge_search_bytes(whole, part.len())?;
        let bytes = self.heap.bytes(bytes);
        if part.is_empty() {
            return Ok(Some(if last { bytes.len() } else { 0 }));
        }
        Ok(if last { find_last_in(bytes, part) } else { find_in(bytes, part) })
    }

    /// Python's `in` for bytes.
    pub(crate) fn bytes_contain(&mut self, bytes: Handle, item: Value) -> Run<bool> {
        let part = self.bytes_arg(Known::find, item)?;
        Ok(self.search_bytes(bytes, &part, false)?.is_some())
    }

    fn bytes_join(&mut self, separator: Handle, source: Value) -> Run<Value> {
        let items = self.collect(source)?;
        let mut joined = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let Value::Bytes(part) = item else {
                let message = format!(
                    "sequence item {index}: expected a bytes-like object, {} found",
                    self.type_name(item)
                );
                return self.raise(classes::TYPE_ERROR, &message);
            };
            let size = self.heap.bytes(part).len() + self.heap.bytes(separator).len();
            self.heap.charge(gas::bytes(size))?;
            self.check_memory((joined.len() + size) as u64)?;
            if index > 0 {
                joined.extend_from_slice(self.heap.bytes(separator));
            }
            joined.extend_from_slice(self.heap.bytes(part));
        }
        self.heap.new_bytes(&joined)
    }
}

/// Parts of bytes between a separator, which is not empty.
fn split_bytes(bytes: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let mut start = 0;
    let mut parts: Vec<Vec<u8>> = memmem::find_iter(bytes, separator)
        .map(|at| bytes[std::mem::replace(&mut start, at + separator.len())..at].to_vec())
        .collect();
    parts.push(bytes[start..].to_vec());
    parts
}
