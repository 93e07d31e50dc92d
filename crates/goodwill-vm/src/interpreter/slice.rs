//! Slices.

use super::{Machine, Registers};
use crate::{
    bytecode::{Operand, Reg},
    classes,
    fault::{Bug, Fault, Run},
    gas,
    value::Value,
};

impl Machine {
    /// Start, stop and step, in three registers.
    fn parts(&self, at: Registers<'_>, first: Reg) -> [Value; 3] {
        let first = at.slot(first);
        [self.stack[first], self.stack[first + 1], self.stack[first + 2]]
    }

    #[inline(never)]
    pub(super) fn op_slice(&mut self, at: Registers<'_>, dst: Reg, object: Operand, first: Reg) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let object = self.take(at, object)?;
        let sliced = self.slice(object, self.parts(at, first))?;
        self.set(at, dst, sliced);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_store_slice(&mut self, at: Registers<'_>, object: Operand, first: Reg) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let object = self.take(at, object)?;
        let value = self.stack[at.slot(first) + 3];
        self.store_slice(object, self.parts(at, first), Some(value))
    }

    #[inline(never)]
    pub(super) fn op_delete_slice(&mut self, at: Registers<'_>, object: Operand, first: Reg) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let object = self.take(at, object)?;
        self.store_slice(object, self.parts(at, first), None)
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

    fn slice(&mut self, object: Value, parts: [Value; 3]) -> Run<Value> {
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
            _ => Err(Fault::Broken(Bug::SlicedNoSequence)),
        }
    }

    /// `object[start:stop:step] = value`, or its deletion.
    fn store_slice(&mut self, object: Value, parts: [Value; 3], value: Option<Value>) -> Run<()> {
        let Value::List(list) = object else {
            let what = if value.is_some() { "assignment" } else { "deletion" };
            let message = format!("'{}' object does not support item {what}", self.type_name(object));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        self.check_list_change(list)?;
        self.heap.charge(gas::NATIVE + gas::ALLOCATE)?;
        let new = match value {
            Some(source) => self.collect(source)?,
            None => Vec::new(),
        };
        let length = self.heap.list(list).items.len();
        let (start, step, count) = self.slice_of(parts, length)?;
        self.heap.charge_elements(new.len())?;
        if step == 1 {
            let start = start as usize;
            // As many as before go to their places; otherwise all that follow move.
            let moved = if new.len() == count { count } else { length - start };
            self.heap.charge(gas::bytes(16 * moved))?;
            self.heap.list_mut(list).items.splice(start..start + count, new);
            return Ok(());
        }
        self.heap.charge(gas::elements(length))?;
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
}
