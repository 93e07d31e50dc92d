//! Instructions that make and fill lists, tuples, sets and dicts.

use super::{Machine, Registers};
use crate::{
    bytecode::{ByKeys, Operand, Reg},
    classes,
    fault::{Bug, Fault, Run},
    gas,
    table::Table,
    value::{Handle, Value},
};

impl Machine {
    #[inline(never)]
    pub(super) fn op_new_list(&mut self, at: Registers<'_>, dst: Reg, first: Reg, count: u16) -> Run<()> {
        let items = self.row(at, first, usize::from(count)).to_vec();
        let list = self.heap.new_list(items)?;
        self.set(at, dst, list);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_new_tuple(&mut self, at: Registers<'_>, dst: Reg, first: Reg, count: u16) -> Run<()> {
        let first = at.slot(first);
        let tuple = self.heap.new_tuple(&self.stack[first..first + usize::from(count)])?;
        self.set(at, dst, tuple);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_new_set(&mut self, at: Registers<'_>, dst: Reg, first: Reg, count: u16) -> Run<()> {
        let set = self.heap.new_set(Table::default())?;
        if let Value::Set(handle) = set {
            let first = at.slot(first);
            let slots = first..first + usize::from(count);
            slots.into_iter().try_for_each(|slot| self.insert(handle, self.stack[slot], Value::None))?;
        }
        self.set(at, dst, set);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_new_dict(&mut self, at: Registers<'_>, dst: Reg, first: Reg, count: u16) -> Run<()> {
        let dict = self.heap.new_dict(Table::default())?;
        if let Value::Dict(handle) = dict {
            let first = at.slot(first);
            for pair in 0..usize::from(count) {
                let (key, value) = (self.stack[first + 2 * pair], self.stack[first + 2 * pair + 1]);
                self.insert(handle, key, value)?;
            }
        }
        self.set(at, dst, dict);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_append(&mut self, at: Registers<'_>, list: Reg, src: Operand) -> Run<()> {
        let value = self.take(at, src)?;
        if let Value::List(handle) = self.get(at, list) {
            self.heap.charge_elements(1)?;
            self.heap.list_mut(handle).items.push(value);
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_extend(&mut self, at: Registers<'_>, list: Reg, src: Operand) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let source = self.take(at, src)?;
        match self.get(at, list) {
            Value::List(handle) => self.extend(handle, source),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    pub(super) fn op_add_to_set(&mut self, at: Registers<'_>, set: Reg, src: Operand) -> Run<()> {
        let value = self.take(at, src)?;
        match self.get(at, set) {
            Value::Set(handle) => self.insert(handle, value, Value::None),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    pub(super) fn op_merge_dict(&mut self, at: Registers<'_>, dict: Reg, src: Operand) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let source = self.take(at, src)?;
        match self.get(at, dict) {
            Value::Dict(handle) => self.merge(handle, source),
            _ => Ok(()),
        }
    }

    #[inline(never)]
    pub(super) fn op_to_tuple(&mut self, at: Registers<'_>, dst: Reg, list: Reg) -> Run<()> {
        if let Value::List(handle) = self.get(at, list) {
            let items = std::mem::take(&mut self.heap.list_mut(handle).items);
            let tuple = self.heap.new_tuple(&items)?;
            self.set(at, dst, tuple);
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_is_sequence(
        &mut self,
        at: Registers<'_>,
        exact: bool,
        dst: Reg,
        src: Operand,
        count: u16,
    ) -> Run<()> {
        self.heap.charge(gas::ARITHMETIC)?;
        let length = match self.take(at, src)? {
            Value::List(list) => Some(self.heap.list(list).items.len()),
            Value::Tuple(tuple) => Some(self.heap.tuple(tuple).len()),
            Value::Range(range) => usize::try_from(self.heap.range(range).len()).ok(),
            _ => None,
        };
        let count = usize::from(count);
        let matches = length.is_some_and(|length| if exact { length == count } else { length >= count });
        self.set(at, dst, Value::Bool(matches));
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_list_of(&mut self, at: Registers<'_>, dst: Reg, src: Operand) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let source = self.take(at, src)?;
        let items = self.collect(source)?;
        let list = self.heap.new_list(items)?;
        self.set(at, dst, list);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_check_list(&mut self, at: Registers<'_>, src: Operand) -> Run<()> {
        self.heap.charge(gas::MOVE)?;
        match self.take(at, src)? {
            Value::List(list) => self.check_list_change(list),
            other => {
                let message = format!("'{}' object has no attribute 'sort'", self.type_name(other));
                self.raise(classes::ATTRIBUTE_ERROR, &message)
            }
        }
    }

    #[inline(never)]
    pub(super) fn op_by_keys(
        &mut self,
        at: Registers<'_>,
        kind: ByKeys,
        dst: Reg,
        list: Reg,
        keys: Reg,
    ) -> Run<()> {
        self.heap.charge(gas::NATIVE)?;
        let (list, keys) = (self.get(at, list), self.get(at, keys));
        let result = self.by_keys(kind, list, keys)?;
        self.set(at, dst, result);
        Ok(())
    }

    /// Sorts a list by keys, or finds the element with the least or greatest.
    fn by_keys(&mut self, kind: ByKeys, list: Value, keys: Value) -> Run<Value> {
        let (Value::List(list), Value::List(keys)) = (list, keys) else {
            return Err(Fault::Broken(Bug::KeysWithoutList));
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
}
