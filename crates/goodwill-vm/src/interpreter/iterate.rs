//! Iteration: what can be iterated, and the next element.

use super::{Machine, Registers};
use crate::{
    bytecode::{Operand, Reg},
    classes,
    fault::{Bug, Fault, Run},
    gas,
    heap::{Iterator, ViewKind},
    limits,
    value::{Handle, Value},
};

/// In the state of an iteration over a dict: the position, and above it the dict's length at the
/// start, to notice changes.
const DICT_SHIFT: u32 = 32;

impl Machine {
    #[inline(never)]
    pub(super) fn op_iterate(&mut self, at: Registers<'_>, iter: Reg, src: Operand) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let source = self.take(at, src)?;
        let (source, state) = self.start_iteration(source)?;
        self.set(at, iter, source);
        self.set(at, iter + 1, Value::Int(state));
        Ok(())
    }

    /// The next element; `false` after the last.
    #[inline(never)]
    pub(super) fn op_for_each(&mut self, at: Registers<'_>, dst: Reg, iter: Reg) -> Run<bool> {
        self.heap.charge(gas::ITERATE)?;
        let (source, Value::Int(mut state)) = (self.get(at, iter), self.get(at, iter + 1)) else {
            return Err(Fault::Broken(Bug::LoopWithoutPosition));
        };
        let item = match source {
            Value::List(list) => {
                let item = self.heap.list(list).items.get(state as usize).copied();
                state += 1;
                item
            }
            source => self.next_plain(source, &mut state)?,
        };
        let Some(item) = item else { return Ok(false) };
        self.set(at, dst, item);
        self.set(at, iter + 1, Value::Int(state));
        Ok(true)
    }

    /// Next, stop and step for a loop over `range(...)`, in place of its arguments.
    #[inline(never)]
    pub(super) fn op_start_range(&mut self, at: Registers<'_>, iter: Reg, count: u8) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let range = self.range_of(super::Args { at: at.slot(iter), count: usize::from(count) })?;
        self.set(at, iter, Value::Int(range.start));
        self.set(at, iter + 1, Value::Int(range.stop));
        self.set(at, iter + 2, Value::Int(range.step));
        Ok(())
    }

    /// The next number; `false` after the last.
    #[inline(always)]
    pub(super) fn op_for_range(&mut self, at: Registers<'_>, dst: Reg, iter: Reg) -> Run<bool> {
        self.heap.charge(gas::ITERATE)?;
        let first = at.slot(iter);
        let [Value::Int(next), Value::Int(stop), Value::Int(step)] = self.stack[first..first + 3] else {
            return Ok(false);
        };
        if if step > 0 { next >= stop } else { next <= stop } {
            return Ok(false);
        }
        // Past the last number there is nothing to add to.
        self.stack[first] = Value::Int(next.saturating_add(step));
        self.set(at, dst, Value::Int(next));
        Ok(true)
    }

    #[inline(never)]
    pub(super) fn op_unpack(&mut self, at: Registers<'_>, src: Operand, first: Reg, count: u16) -> Run<()> {
        self.heap.charge(gas::ACCESS + gas::elements(usize::from(count)))?;
        let source = self.take(at, src)?;
        self.unpack(source, at.slot(first), usize::from(count))
    }

    #[inline(never)]
    pub(super) fn op_unpack_rest(
        &mut self,
        at: Registers<'_>,
        src: Operand,
        first: Reg,
        (before, after): (u16, u8),
    ) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let source = self.take(at, src)?;
        self.unpack_rest(source, at.slot(first), usize::from(before), usize::from(after))
    }

    /// What an iteration is over, and its first state.
    pub(crate) fn start_iteration(&mut self, source: Value) -> Run<(Value, i64)> {
        let state = match source {
            Value::List(_)
            | Value::Tuple(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Range(_)
            | Value::Iterator(_) => 0,
            Value::Dict(dict) => (self.heap.table(dict).len() as i64) << DICT_SHIFT,
            Value::View(view) => {
                let dict = self.heap.view(view).dict;
                (self.heap.table(dict).len() as i64) << DICT_SHIFT
            }
            Value::Set(_) => {
                let message = "a set has no order here: iterate over sorted(...) of it";
                return self.raise(classes::TYPE_ERROR, message);
            }
            other => {
                let message = format!("'{}' object is not iterable", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        Ok((source, state))
    }

    /// The depth of an iterator over this; bounded, because the next element is asked for recursively.
    pub(crate) fn iterator_depth(&mut self, source: Value) -> Run<u32> {
        let below = match source {
            Value::Iterator(handle) => match self.heap.iterator(handle) {
                Iterator::Enumerate { depth, .. } | Iterator::Zip { depth, .. } => *depth,
                Iterator::Plain { .. } | Iterator::Reversed { .. } => 0,
            },
            _ => 0,
        };
        if below >= limits::NESTING_MAX {
            return self.raise(classes::RECURSION_ERROR, "iterators nest too deep");
        }
        Ok(below + 1)
    }

    /// The next element.
    pub(crate) fn advance(&mut self, cursor: &mut Iterator) -> Run<Option<Value>> {
        self.heap.charge(gas::ITERATE)?;
        match cursor {
            Iterator::Plain { source, state } => self.next_plain(*source, state),
            Iterator::Enumerate { source, state, count, .. } => {
                let Some(item) = self.next_plain(*source, state)? else { return Ok(None) };
                let number = *count;
                *count = self.arithmetic(crate::bytecode::Binary::Add, number, Value::Int(1))?;
                self.heap.new_tuple(&[number, item]).map(Some)
            }
            Iterator::Zip { sources, strict, .. } => {
                let mut items = Vec::with_capacity(sources.len());
                for index in 0..sources.len() {
                    let (source, state) = &mut sources[index];
                    match self.next_plain(*source, state)? {
                        Some(item) => items.push(item),
                        None if *strict => return self.zip_ended(sources, index),
                        None => return Ok(None),
                    }
                }
                if items.is_empty() { Ok(None) } else { self.heap.new_tuple(&items).map(Some) }
            }
            Iterator::Reversed { source, next } => {
                let Some(index) = next.checked_sub(1) else { return Ok(None) };
                *next = index;
                self.element(*source, index)
            }
        }
    }

    fn zip_ended(&mut self, sources: &mut [(Value, i64)], at: usize) -> Run<Option<Value>> {
        if at > 0 {
            let plural = if at == 1 { " " } else { "s 1-" };
            let message = format!("zip() argument {} is shorter than argument{plural}{at}", at + 1);
            return self.raise(classes::VALUE_ERROR, &message);
        }
        for (index, (source, state)) in sources.iter_mut().enumerate().skip(1) {
            if self.next_plain(*source, state)?.is_some() {
                let plural = if index == 1 { " " } else { "s 1-" };
                let message = format!("zip() argument {} is longer than argument{plural}{index}", index + 1);
                return self.raise(classes::VALUE_ERROR, &message);
            }
        }
        Ok(None)
    }

    fn element(&mut self, source: Value, index: u64) -> Run<Option<Value>> {
        Ok(match source {
            Value::List(list) => self.heap.list(list).items.get(index as usize).copied(),
            Value::Tuple(tuple) => self.heap.tuple(tuple).get(index as usize).copied(),
            Value::Range(range) => Some(Value::Int(self.heap.range(range).at(index))),
            Value::Bytes(bytes) => {
                self.heap.bytes(bytes).get(index as usize).map(|byte| Value::Int(i64::from(*byte)))
            }
            _ => None,
        })
    }

    #[inline(never)]
    fn next_plain(&mut self, source: Value, state: &mut i64) -> Run<Option<Value>> {
        let at = *state as u64;
        let item = match source {
            Value::List(_) | Value::Tuple(_) | Value::Bytes(_) => self.element(source, at)?,
            Value::Range(range) => {
                let range = *self.heap.range(range);
                (at < range.len()).then(|| Value::Int(range.at(at)))
            }
            Value::Str(text) => return self.next_character(text, state),
            Value::Dict(dict) => return self.next_entry(dict, ViewKind::Keys, state),
            Value::View(view) => {
                let view = *self.heap.view(view);
                return self.next_entry(view.dict, view.kind, state);
            }
            Value::Iterator(handle) => {
                let mut inner = self.heap.iterator(handle).clone();
                if let Iterator::Zip { sources, .. } = &inner {
                    self.heap.charge(gas::elements(sources.len()))?;
                }
                let item = self.advance(&mut inner)?;
                *self.heap.iterator_mut(handle) = inner;
                return Ok(item);
            }
            _ => None,
        };
        if item.is_some() {
            *state += 1;
        }
        Ok(item)
    }

    fn next_character(&mut self, text: Handle, state: &mut i64) -> Run<Option<Value>> {
        let at = *state as usize;
        let Some(character) = self.heap.str(text).get(at..).and_then(|rest| rest.chars().next()) else {
            return Ok(None);
        };
        *state += character.len_utf8() as i64;
        self.heap.substring(text, at..at + character.len_utf8()).map(Some)
    }

    fn next_entry(&mut self, dict: Handle, kind: ViewKind, state: &mut i64) -> Run<Option<Value>> {
        let table = self.heap.table(dict);
        if table.len() as i64 != *state >> DICT_SHIFT {
            return self.raise(classes::RUNTIME_ERROR, "dictionary changed size during iteration");
        }
        let mut at = (*state & ((1 << DICT_SHIFT) - 1)) as usize;
        let mut skipped = 0;
        let entry = loop {
            if at >= table.capacity() {
                break None;
            }
            at += 1;
            match table.entry(at - 1) {
                Some(entry) => break Some(entry),
                None => skipped += 1,
            }
        };
        *state = (*state >> DICT_SHIFT << DICT_SHIFT) | at as i64;
        self.heap.charge(gas::elements(skipped))?;
        let Some((key, value)) = entry else { return Ok(None) };
        match kind {
            ViewKind::Keys => Ok(Some(key)),
            ViewKind::Values => Ok(Some(value)),
            ViewKind::Items => self.heap.new_tuple(&[key, value]).map(Some),
        }
    }

    /// Elements into registers, exactly so many.
    fn unpack(&mut self, source: Value, at: usize, count: usize) -> Run<()> {
        match source {
            Value::Tuple(tuple) if self.heap.tuple(tuple).len() == count => {
                let items = self.heap.tuple(tuple);
                self.stack[at..at + count].copy_from_slice(items);
                Ok(())
            }
            _ => {
                let items = self.collect_to_unpack(source)?;
                if items.len() > count {
                    return self.raise(
                        classes::VALUE_ERROR,
                        &format!("too many values to unpack (expected {count})"),
                    );
                }
                if items.len() < count {
                    let message =
                        format!("not enough values to unpack (expected {count}, got {})", items.len());
                    return self.raise(classes::VALUE_ERROR, &message);
                }
                self.stack[at..at + count].copy_from_slice(&items);
                Ok(())
            }
        }
    }

    fn collect_to_unpack(&mut self, source: Value) -> Run<Vec<Value>> {
        match source {
            Value::List(_)
            | Value::Tuple(_)
            | Value::Str(_)
            | Value::Bytes(_)
            | Value::Range(_)
            | Value::Iterator(_)
            | Value::Dict(_)
            | Value::View(_)
            | Value::Set(_) => self.collect(source),
            other => {
                let message = format!("cannot unpack non-iterable {} object", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    /// Elements into registers, the middle ones as a list.
    fn unpack_rest(&mut self, source: Value, at: usize, before: usize, after: usize) -> Run<()> {
        let items = self.collect_to_unpack(source)?;
        let least = before + after;
        if items.len() < least {
            let message =
                format!("not enough values to unpack (expected at least {least}, got {})", items.len());
            return self.raise(classes::VALUE_ERROR, &message);
        }
        let (head, rest) = items.split_at(before);
        let (middle, tail) = rest.split_at(rest.len() - after);
        let middle = self.heap.new_list(middle.to_vec())?;
        self.stack[at..at + before].copy_from_slice(head);
        self.stack[at + before] = middle;
        self.stack[at + before + 1..at + before + 1 + after].copy_from_slice(tail);
        Ok(())
    }
}
