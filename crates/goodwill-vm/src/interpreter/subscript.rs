//! Elements of containers by key.

use super::{Machine, Registers};
use crate::{
    bytecode::{Operand, Reg},
    classes,
    fault::{Fault, Run},
    gas,
    program::Program,
    value::{Handle, Value},
    world::World,
};

impl Machine {
    #[inline(always)]
    pub(super) fn op_index(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        dst: Reg,
        object: Operand,
        key: Operand,
    ) -> Run<()> {
        self.may_need();
        self.heap.charge(gas::ACCESS)?;
        let (object, key) = (self.take(at, object)?, self.take(at, key)?);
        let quick = match (object, key) {
            (Value::List(list), Value::Int(at)) => {
                usize::try_from(at).ok().and_then(|at| self.heap.list(list).items.get(at).copied())
            }
            _ => None,
        };
        let value = match quick {
            Some(value) => value,
            None => self.index(world, object, key)?,
        };
        self.set(at, dst, value);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn op_store_index(
        &mut self,
        at: Registers<'_>,
        object: Operand,
        key: Operand,
        src: Operand,
    ) -> Run<()> {
        self.may_need();
        self.heap.charge(gas::ACCESS)?;
        let (object, key, value) = (self.take(at, object)?, self.take(at, key)?, self.take(at, src)?);
        self.store_index(at.program, object, key, value)
    }

    #[inline(never)]
    pub(super) fn op_delete_index(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        object: Operand,
        key: Operand,
    ) -> Run<()> {
        self.may_need();
        self.heap.charge(gas::ACCESS)?;
        let (object, key) = (self.take(at, object)?, self.take(at, key)?);
        self.delete_index(world, object, key)
    }

    /// The element at a key.
    #[inline(never)]
    fn index(&mut self, world: &mut World<'_>, object: Value, key: Value) -> Run<Value> {
        match object {
            Value::Dict(dict) => match self.find(dict, key)?.entry {
                Some(entry) => Ok(self.heap.table(dict).value(entry)),
                None => self.raise_value(classes::KEY_ERROR, key),
            },
            Value::Map(map) => self.map_get(world, map, key),
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
        self.heap.charge(gas::BYTE * length as u64)?;
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

    #[inline(never)]
    fn store_index(&mut self, program: &Program, object: Value, key: Value, value: Value) -> Run<()> {
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
            Value::Map(map) => self.map_set(program, map, key, value),
            other => {
                let message = format!("'{}' object does not support item assignment", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    fn delete_index(&mut self, world: &mut World<'_>, object: Value, key: Value) -> Run<()> {
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
            Value::Map(map) => self.map_delete(world, map, key),
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

    /// Refuses to build what the memory left cannot hold.
    pub(crate) fn check_memory(&self, bytes: u64) -> Run<()> {
        if bytes > self.heap.meter.memory { Err(Fault::OutOfMemory) } else { Ok(()) }
    }
}
