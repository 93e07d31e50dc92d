//! Registers and constants of a frame, and the instructions that only move values.

use super::Machine;
use crate::{
    bytecode::{CONSTANT, Operand, Reg},
    fault::Run,
    gas,
    program::Program,
    value::Value,
};

/// Where a frame's registers and constants are.
#[derive(Clone, Copy)]
pub(super) struct Registers<'p> {
    pub(super) program: &'p Program,
    /// The first register's place in the stack.
    pub(super) base: usize,
}

impl Registers<'_> {
    /// A register's place in the stack. What is read there is checked against the stack's end.
    #[inline(always)]
    pub(super) fn slot(self, register: Reg) -> usize {
        self.base.wrapping_add(usize::from(register))
    }
}

impl Machine {
    /// An operand, which may be a variable without a value.
    #[inline(always)]
    pub(super) fn get(&self, at: Registers<'_>, operand: Operand) -> Value {
        if operand & CONSTANT == 0 {
            self.stack[at.slot(operand)]
        } else {
            at.program.constants[usize::from(operand & !CONSTANT)]
        }
    }

    #[inline(always)]
    pub(super) fn set(&mut self, at: Registers<'_>, register: Reg, value: Value) {
        self.stack[at.slot(register)] = value;
    }

    /// An operand that must have a value.
    #[inline(always)]
    pub(super) fn take(&mut self, at: Registers<'_>, operand: Operand) -> Run<Value> {
        let value = self.get(at, operand);
        if matches!(value, Value::Unbound) {
            self.unbound(operand)?;
        }
        Ok(value)
    }

    /// Registers in a row.
    #[inline]
    pub(super) fn row(&self, at: Registers<'_>, first: Reg, count: usize) -> &[Value] {
        let first = at.slot(first);
        &self.stack[first..first + count]
    }

    #[inline(always)]
    pub(super) fn op_move(&mut self, at: Registers<'_>, dst: Reg, src: Operand) -> Run<()> {
        self.heap.charge(gas::MOVE)?;
        let value = self.take(at, src)?;
        self.set(at, dst, value);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn op_unbind(&mut self, at: Registers<'_>, register: Reg) -> Run<()> {
        self.heap.charge(gas::MOVE)?;
        self.set(at, register, Value::Unbound);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_new_cell(&mut self, at: Registers<'_>, register: Reg) -> Run<()> {
        let value = self.get(at, register);
        let cell = self.heap.new_cell(value, 16)?;
        self.set(at, register, cell);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_load_cell(&mut self, at: Registers<'_>, dst: Reg, cell: Reg) -> Run<()> {
        self.heap.charge(gas::MOVE)?;
        let value = match self.get(at, cell) {
            Value::Cell(handle) => *self.heap.cell(handle),
            _ => Value::Unbound,
        };
        if matches!(value, Value::Unbound) {
            self.unbound(cell)?;
        }
        self.set(at, dst, value);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_store_cell(&mut self, at: Registers<'_>, cell: Reg, src: Operand) -> Run<()> {
        self.heap.charge(gas::MOVE)?;
        let value = self.take(at, src)?;
        if let Value::Cell(handle) = self.get(at, cell) {
            *self.heap.cell_mut(handle) = value;
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_unbind_cell(&mut self, at: Registers<'_>, cell: Reg) -> Run<()> {
        self.heap.charge(gas::MOVE)?;
        if let Value::Cell(handle) = self.get(at, cell) {
            *self.heap.cell_mut(handle) = Value::Unbound;
        }
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_new_closure(&mut self, at: Registers<'_>, dst: Reg, function: u16) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let closure = self.closure(at, function)?;
        self.set(at, dst, closure);
        Ok(())
    }
}
