//! Elements and slices.

use super::Machine;
use crate::{
    bytecode::ByKeys,
    classes,
    fault::{Fault, Run},
    gas,
    host::Host,
    program::{Global, Program},
    table::Table,
    value::{Handle, Value},
};

impl Machine {
    /// The element at a key.
    pub(super) fn index(&mut self, host: &mut dyn Host, object: Value, key: Value) -> Run<Value> {
        match object {
            Value::Dict(dict) => match self.find(dict, key)?.entry {
                Some(entry) => Ok(self.heap.table(dict).value(entry)),
                None => self.raise_value(classes::KEY_ERROR, key),
            },
            Value::Map(map) => self.map_get(host, map, key),
            Value::List(list) => {
                let at = self.position_of(
                    key,
                    self.heap.list(list).items.len(),
                    "list",
                    "list index out of range",
                )?;
                Ok(self.heap.list(list).items[at])
            }
            Value::Tuple(tuple) => {
                let at =
                    self.position_of(key, self.heap.tuple(tuple).len(), "tuple", "tuple index out of range")?;
                Ok(self.heap.tuple(tuple)[at])
            }
            Value::Str(text) => {
                let length = self.heap.str_len(text);
                let at = self.position_of(key, length, "string", "string index out of range")?;
                let bytes = self.character_range(text, at, at + 1)?;
                self.heap.substring(text, bytes)
            }
            Value::Bytes(bytes) => {
                let at = self.position_of(key, self.heap.bytes(bytes).len(), "byte", "index out of range")?;
                Ok(Value::Int(i64::from(self.heap.bytes(bytes)[at])))
            }
            Value::Range(range) => {
                let range = *self.heap.range(range);
                let length = usize::try_from(range.len()).unwrap_or(usize::MAX);
                let at = self.position_of(key, length, "range", "range object index out of range")?;
                Ok(Value::Int(range.at(at as u64)))
            }
            other => {
                let message = format!("'{}' object is not subscriptable", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    /// The bytes of characters of a text.
    pub(crate) fn character_range(
        &mut self,
        text: Handle,
        start: usize,
        end: usize,
    ) -> Run<std::ops::Range<usize>> {
        let length = self.heap.str(text).len();
        if self.heap.str_len(text) == length {
            return Ok(start..end);
        }
        self.heap.charge(gas::BYTES_8 * length as u64)?;
        let text = self.heap.str(text);
        let offset = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
        Ok(offset(start)..offset(end))
    }

    fn position_of(&mut self, key: Value, length: usize, what: &str, out_of_range: &str) -> Run<usize> {
        let index = match key {
            Value::Int(int) => int,
            Value::Bool(value) => i64::from(value),
            Value::Big(_) => {
                return self.raise(classes::INDEX_ERROR, "cannot fit 'int' into an index-sized integer");
            }
            other => {
                let name = self.type_name(other);
                let message = match what {
                    "string" => format!("string indices must be integers, not '{name}'"),
                    "byte" => format!("byte indices must be integers or slices, not {name}"),
                    what => format!("{what} indices must be integers or slices, not {name}"),
                };
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        let at = if index < 0 { index.checked_add(length as i64) } else { Some(index) };
        match at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < length) {
            Some(at) => Ok(at),
            None => self.raise(classes::INDEX_ERROR, out_of_range),
        }
    }

    pub(super) fn store_index(&mut self, object: Value, key: Value, value: Value) -> Run<()> {
        match object {
            Value::List(list) => {
                self.check_list_change(list)?;
                let at = self.position_of(
                    key,
                    self.heap.list(list).items.len(),
                    "list",
                    "list assignment index out of range",
                )?;
                self.heap.list_mut(list).items[at] = value;
                Ok(())
            }
            Value::Dict(dict) => {
                self.check_table_change(dict)?;
                self.insert(dict, key, value)
            }
            Value::Map(map) => self.map_set(map, key, value),
            other => {
                let message = format!("'{}' object does not support item assignment", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    pub(super) fn delete_index(&mut self, host: &mut dyn Host, object: Value, key: Value) -> Run<()> {
        match object {
            Value::List(list) => {
                self.check_list_change(list)?;
                let length = self.heap.list(list).items.len();
                let at = self.position_of(key, length, "list", "list assignment index out of range")?;
                self.heap.charge(gas::bytes(16 * (length - at)))?;
                self.heap.list_mut(list).items.remove(at);
                Ok(())
            }
            Value::Dict(dict) => {
                self.check_table_change(dict)?;
                match self.remove_key(dict, key)? {
                    Some(_) => Ok(()),
                    None => self.raise_value(classes::KEY_ERROR, key),
                }
            }
            Value::Map(map) => self.map_delete(host, map, key),
            other => {
                let message = format!("'{}' object doesn't support item deletion", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    /// Takes a key out of a dict or set.
    pub(crate) fn remove_key(&mut self, table: Handle, key: Value) -> Run<Option<Value>> {
        let place = self.find(table, key)?;
        self.heap.charge(gas::INSERT)?;
        Ok(self.heap.table_mut(table).remove(place).map(|(_, value)| value))
    }

    /// Puts an entry into a dict or set; an old key stays.
    pub(crate) fn insert(&mut self, table: Handle, key: Value, value: Value) -> Run<()> {
        let place = self.find(table, key)?;
        match place.entry {
            Some(entry) => self.heap.table_mut(table).replace(entry, value),
            None => {
                self.heap.charge_entry()?;
                self.heap.table_mut(table).insert(place, key, value);
            }
        }
        Ok(())
    }

    /// Refuses to change a module's constant.
    pub(crate) fn check_list_change(&mut self, list: Handle) -> Run<()> {
        match self.heap.list(list).frozen {
            false => Ok(()),
            true => self.raise(classes::TYPE_ERROR, "a constant of the module cannot be changed"),
        }
    }

    /// Refuses to change a module's constant.
    pub(crate) fn check_table_change(&mut self, table: Handle) -> Run<()> {
        match self.heap.table(table).frozen {
            false => Ok(()),
            true => self.raise(classes::TYPE_ERROR, "a constant of the module cannot be changed"),
        }
    }

    pub(super) fn check_list(&mut self, value: Value) -> Run<()> {
        match value {
            Value::List(list) => self.check_list_change(list),
            other => {
                let message = format!("'{}' object has no attribute 'sort'", self.type_name(other));
                self.raise(classes::ATTRIBUTE_ERROR, &message)
            }
        }
    }

    /// A bound of a slice: an integer that fits, or `None`.
    fn slice_bound(&mut self, value: Value) -> Run<Option<i64>> {
        match value {
            Value::None => Ok(None),
            Value::Int(int) => Ok(Some(int)),
            Value::Bool(value) => Ok(Some(i64::from(value))),
            Value::Big(handle) => Ok(Some(if self.heap.wide(handle) < 0 { i64::MIN } else { i64::MAX })),
            _ => self.raise(
                classes::TYPE_ERROR,
                "slice indices must be integers or None or have an __index__ method",
            ),
        }
    }

    /// First position, step and count of a slice of so many elements.
    pub(crate) fn slice_of(&mut self, parts: [Value; 3], length: usize) -> Run<(i64, i64, usize)> {
        let start = self.slice_bound(parts[0])?;
        let stop = self.slice_bound(parts[1])?;
        let step = self.slice_bound(parts[2])?.unwrap_or(1);
        if step == 0 {
            return self.raise(classes::VALUE_ERROR, "slice step cannot be zero");
        }
        let length = length as i64;
        let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let clamp = |bound: i64| {
            let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
            bound.clamp(low, high)
        };
        let start = start.map_or(if step > 0 { low } else { high }, clamp);
        let stop = stop.map_or(if step > 0 { high } else { low }, clamp);
        let distance = if step > 0 { stop - start } else { start - stop };
        let count = if distance <= 0 { 0 } else { (distance as u64 - 1) / step.unsigned_abs() + 1 };
        Ok((start, step, count as usize))
    }

    pub(super) fn slice(&mut self, object: Value, parts: [Value; 3]) -> Run<Value> {
        let length = match object {
            Value::List(list) => self.heap.list(list).items.len(),
            Value::Tuple(tuple) => self.heap.tuple(tuple).len(),
            Value::Str(text) => self.heap.str_len(text),
            Value::Bytes(bytes) => self.heap.bytes(bytes).len(),
            Value::Range(range) => usize::try_from(self.heap.range(range).len()).unwrap_or(usize::MAX),
            other => {
                let message = format!("'{}' object is not subscriptable", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        let (start, step, count) = self.slice_of(parts, length)?;
        let positions = (0..count as i64).map(|index| (start + index * step) as usize);
        match object {
            Value::List(list) => {
                self.heap.charge(gas::elements(count))?;
                self.check_memory(32 * count as u64)?;
                let items = &self.heap.list(list).items;
                let sliced = positions.map(|at| items[at]).collect();
                self.heap.new_list(sliced)
            }
            Value::Tuple(tuple) => {
                self.heap.charge(gas::elements(count))?;
                self.check_memory(16 * count as u64)?;
                let items = self.heap.tuple(tuple);
                let sliced: Vec<Value> = positions.map(|at| items[at]).collect();
                self.heap.new_tuple(&sliced)
            }
            Value::Str(text) if step == 1 => {
                let bytes = self.character_range(text, start as usize, start as usize + count)?;
                self.heap.substring(text, bytes)
            }
            Value::Str(text) => {
                self.heap.charge(gas::BYTE * self.heap.str(text).len() as u64)?;
                let characters: Vec<char> = self.heap.str(text).chars().collect();
                let sliced: String = positions.map(|at| characters[at]).collect();
                self.heap.new_str(&sliced)
            }
            Value::Bytes(bytes) => {
                self.heap.charge(gas::BYTE * count as u64 / 4)?;
                let items = self.heap.bytes(bytes);
                let sliced: Vec<u8> = positions.map(|at| items[at]).collect();
                self.heap.new_bytes(&sliced)
            }
            Value::Range(range) => {
                let range = *self.heap.range(range);
                let step = range.step.saturating_mul(step);
                let first = range.start.saturating_add(range.step.saturating_mul(start));
                let stop = first.saturating_add(step.saturating_mul(count as i64));
                self.heap.new_range(crate::heap::Range { start: first, stop, step }, 24)
            }
            _ => Err(Fault::Broken("sliced what has no length")),
        }
    }

    /// `object[start:stop:step] = value`, or its deletion.
    pub(super) fn store_slice(&mut self, object: Value, parts: [Value; 3], value: Option<Value>) -> Run<()> {
        let Value::List(list) = object else {
            let what = if value.is_some() { "assignment" } else { "deletion" };
            let message = format!("'{}' object does not support item {what}", self.type_name(object));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        self.check_list_change(list)?;
        let new = match value {
            Some(source) => self.collect(source)?,
            None => Vec::new(),
        };
        let length = self.heap.list(list).items.len();
        let (start, step, count) = self.slice_of(parts, length)?;
        self.heap.charge_elements(new.len())?;
        self.heap.charge(gas::elements(length))?;
        if step == 1 {
            let start = start as usize;
            self.heap.list_mut(list).items.splice(start..start + count, new);
            return Ok(());
        }
        let mut positions: Vec<usize> =
            (0..count as i64).map(|index| (start + index * step) as usize).collect();
        if value.is_none() {
            positions.sort_unstable();
            let items = &mut self.heap.list_mut(list).items;
            let mut at = 0;
            items.retain(|_| {
                at += 1;
                positions.binary_search(&(at - 1)).is_err()
            });
            return Ok(());
        }
        if new.len() != count {
            let message =
                format!("attempt to assign sequence of size {} to extended slice of size {count}", new.len());
            return self.raise(classes::VALUE_ERROR, &message);
        }
        for (at, item) in positions.into_iter().zip(new) {
            self.heap.list_mut(list).items[at] = item;
        }
        Ok(())
    }

    /// Refuses to build what the memory left cannot hold.
    pub(crate) fn check_memory(&self, bytes: u64) -> Run<()> {
        if bytes > self.heap.meter.memory { Err(Fault::OutOfMemory) } else { Ok(()) }
    }

    /// Adds all elements of an iterable to a list.
    pub(crate) fn extend(&mut self, list: Handle, source: Value) -> Run<()> {
        let items = self.collect(source)?;
        self.heap.charge_elements(items.len())?;
        self.heap.list_mut(list).items.extend(items);
        Ok(())
    }

    /// Puts all entries of a dict into another.
    pub(crate) fn merge(&mut self, dict: Handle, source: Value) -> Run<()> {
        let Value::Dict(from) = source else {
            let message = format!("'{}' object is not a mapping", self.type_name(source));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        let entries: Vec<(Value, Value)> = self.heap.table(from).iter().collect();
        self.heap.charge(gas::elements(entries.len()))?;
        entries.into_iter().try_for_each(|(key, value)| self.insert(dict, key, value))
    }

    /// A copy of a dict.
    pub(crate) fn copy_dict(&mut self, dict: Handle) -> Run<Value> {
        let count = self.heap.table(dict).capacity();
        self.heap.charge(gas::elements(2 * count))?;
        self.check_memory(96 * count as u64)?;
        let copy = self.heap.table(dict).clone();
        self.heap.new_dict(copy)
    }

    pub(super) fn new_set_of(&mut self, at: usize, count: usize) -> Run<Value> {
        let set = self.heap.new_set(Table::default())?;
        if let Value::Set(handle) = set {
            (at..at + count).try_for_each(|slot| self.insert(handle, self.stack[slot], Value::None))?;
        }
        Ok(set)
    }

    pub(super) fn new_dict_of(&mut self, at: usize, count: usize) -> Run<Value> {
        let dict = self.heap.new_dict(Table::default())?;
        if let Value::Dict(handle) = dict {
            for pair in 0..count {
                let (key, value) = (self.stack[at + 2 * pair], self.stack[at + 2 * pair + 1]);
                self.insert(handle, key, value)?;
            }
        }
        Ok(dict)
    }

    /// A module's constant, made at its first use.
    pub(super) fn global(&mut self, program: &Program, global: u16) -> Run<Value> {
        let slot = usize::from(global);
        if self.globals[slot] == Value::Unbound {
            self.globals[slot] = self.make_global(&program.globals[slot])?;
        }
        Ok(self.globals[slot])
    }

    fn make_global(&mut self, global: &Global) -> Run<Value> {
        match global {
            Global::Value(value) => Ok(*value),
            Global::List(items) => {
                let items = items.iter().map(|item| self.make_global(item)).collect::<Run<Vec<_>>>()?;
                let list = self.heap.new_list(items)?;
                if let Value::List(handle) = list {
                    self.heap.list_mut(handle).frozen = true;
                }
                Ok(list)
            }
            Global::Tuple(items) => {
                let items = items.iter().map(|item| self.make_global(item)).collect::<Run<Vec<_>>>()?;
                self.heap.new_tuple(&items)
            }
            Global::Set(items) => {
                let set = self.heap.new_set(Table::default())?;
                for item in items {
                    let item = self.make_global(item)?;
                    if let Value::Set(handle) = set {
                        self.insert(handle, item, Value::None)?;
                    }
                }
                self.freeze(set)
            }
            Global::Dict(items) => {
                let dict = self.heap.new_dict(Table::default())?;
                for (key, value) in items {
                    let (key, value) = (self.make_global(key)?, self.make_global(value)?);
                    if let Value::Dict(handle) = dict {
                        self.insert(handle, key, value)?;
                    }
                }
                self.freeze(dict)
            }
        }
    }

    fn freeze(&mut self, value: Value) -> Run<Value> {
        if let Value::Dict(handle) | Value::Set(handle) = value {
            self.heap.table_mut(handle).frozen = true;
        }
        Ok(value)
    }

    /// Sorts a list by keys, or finds the element with the least or greatest.
    pub(super) fn by_keys(&mut self, kind: ByKeys, list: Value, keys: Value) -> Run<Value> {
        let (Value::List(list), Value::List(keys)) = (list, keys) else {
            return Err(Fault::Broken("keys without a list"));
        };
        let keys = self.heap.list(keys).items.clone();
        let items = self.heap.list(list).items.clone();
        if keys.len() != items.len() {
            return self.raise(classes::VALUE_ERROR, "list modified during sort");
        }
        match kind {
            ByKeys::Sort | ByKeys::SortReversed => {
                let order = self.sorted_positions(&keys, kind == ByKeys::SortReversed)?;
                self.heap.list_mut(list).items = order.into_iter().map(|at| items[at as usize]).collect();
                Ok(Value::List(list))
            }
            ByKeys::Min | ByKeys::Max => {
                let best = self.extreme(&keys, kind == ByKeys::Max)?;
                Ok(items[best])
            }
        }
    }
}
