//! Methods and operators of sets.

use crate::{
    bytecode::Binary,
    classes,
    fault::Run,
    gas,
    interpreter::{Args, Machine},
    names::Known,
    table::Table,
    value::{Handle, Value},
};

impl Machine {
    pub(super) fn set_method(&mut self, set: Handle, known: Known, args: Args) -> Run<Option<Value>> {
        let first = self.arg(args, 0);
        match known {
            Known::add => {
                self.arity(known, args, 1, 1)?;
                self.check_table_change(set)?;
                self.insert(set, first, Value::None)?;
            }
            Known::remove | Known::discard => {
                self.arity(known, args, 1, 1)?;
                self.check_table_change(set)?;
                if self.remove_key(set, first)?.is_none() && known == Known::remove {
                    return self.raise_value(classes::KEY_ERROR, first);
                }
            }
            Known::clear => {
                self.check_table_change(set)?;
                self.heap.table_mut(set).clear();
            }
            Known::copy => return self.copy_set(set).map(Some),
            Known::update | Known::difference_update | Known::intersection_update => {
                self.check_table_change(set)?;
                let result = self.combine(set, known, args)?;
                if let Value::Set(result) = result {
                    *self.heap.table_mut(set) = std::mem::take(self.heap.table_mut(result));
                }
            }
            Known::union | Known::difference | Known::intersection | Known::symmetric_difference => {
                return self.combine(set, known, args).map(Some);
            }
            Known::issubset | Known::issuperset | Known::isdisjoint => {
                self.arity(known, args, 1, 1)?;
                let other = self.as_set(first)?;
                let result = match known {
                    Known::issubset => self.is_subset(set, other)?,
                    Known::issuperset => self.is_subset(other, set)?,
                    _ => match self.set_operation(Binary::And, set, other)? {
                        Value::Set(common) => self.heap.table(common).len() == 0,
                        _ => false,
                    },
                };
                return Ok(Some(Value::Bool(result)));
            }
            _ => return Ok(None),
        }
        Ok(Some(Value::None))
    }

    fn copy_set(&mut self, set: Handle) -> Run<Value> {
        let count = self.heap.table(set).capacity();
        self.heap.charge(gas::elements(2 * count))?;
        self.check_memory(96 * count as u64)?;
        let copy = self.heap.table(set).clone();
        self.heap.new_set(copy)
    }

    /// A set of the elements of any iterable.
    fn as_set(&mut self, source: Value) -> Run<Handle> {
        if let Value::Set(set) = source {
            return Ok(set);
        }
        let items = self.collect(source)?;
        let set = self.heap.new_set(Table::default())?;
        let Value::Set(handle) = set else { return Ok(0) };
        items.into_iter().try_for_each(|item| self.insert(handle, item, Value::None))?;
        Ok(handle)
    }

    fn combine(&mut self, set: Handle, known: Known, args: Args) -> Run<Value> {
        let kind = match known {
            Known::union | Known::update => Binary::Or,
            Known::difference | Known::difference_update => Binary::Sub,
            Known::symmetric_difference => Binary::Xor,
            _ => Binary::And,
        };
        let mut result = self.copy_set(set)?;
        for index in 0..args.count {
            let source = self.arg(args, index);
            let other = self.as_set(source)?;
            if let Value::Set(handle) = result {
                result = self.set_operation(kind, handle, other)?;
            }
        }
        Ok(result)
    }

    /// `|`, `&`, `-` or `^` of two sets.
    pub(crate) fn set_operation(&mut self, kind: Binary, a: Handle, b: Handle) -> Run<Value> {
        let result = match kind {
            Binary::Or | Binary::Xor => self.copy_set(a)?,
            _ => self.heap.new_set(Table::default())?,
        };
        let Value::Set(out) = result else { return Ok(result) };
        let from = if matches!(kind, Binary::Or | Binary::Xor) { b } else { a };
        for index in 0..self.heap.table(from).capacity() {
            let Some((key, _)) = self.heap.table(from).entry(index) else { continue };
            self.heap.charge(gas::ELEMENT)?;
            match kind {
                Binary::Or => self.insert(out, key, Value::None)?,
                Binary::Xor => {
                    if self.remove_key(out, key)?.is_none() {
                        self.insert(out, key, Value::None)?;
                    }
                }
                _ => {
                    let keep = self.find(b, key)?.entry.is_some() == (kind == Binary::And);
                    if keep {
                        self.insert(out, key, Value::None)?;
                    }
                }
            }
        }
        Ok(result)
    }
}
