//! A module's constants that are lists, dicts or sets: made at their first use in a call.

use super::{Machine, Registers};
use crate::{bytecode::Reg, fault::Run, gas, program::Global, table::Table, value::Value};

impl Machine {
    #[inline(never)]
    pub(super) fn op_load_global(&mut self, at: Registers<'_>, dst: Reg, global: u16) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let slot = usize::from(global);
        if self.globals[slot] == Value::Unbound {
            self.globals[slot] = self.make_global(&at.program.globals[slot])?;
        }
        self.set(at, dst, self.globals[slot]);
        Ok(())
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
}
