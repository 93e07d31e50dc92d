//! The quick paths of operators: two small integers, and tests of truth.

use super::{Machine, Registers};
use crate::{
    bytecode::{Binary, Compare, Operand, Reg, Unary},
    fault::Run,
    gas,
    value::Value,
    world::World,
};

impl Machine {
    /// An operator, with a quick path for two small integers.
    #[inline(always)]
    pub(super) fn small(
        &mut self,
        at: Registers<'_>,
        kind: Binary,
        dst: Reg,
        (a, b): (Operand, Operand),
        quick: impl Fn(i64, i64) -> Option<i64>,
    ) -> Run<()> {
        self.heap.charge(gas::ARITHMETIC)?;
        let (left, right) = (self.get(at, a), self.get(at, b));
        if let (Value::Int(x), Value::Int(y)) = (left, right)
            && let Some(result) = quick(x, y)
        {
            self.set(at, dst, Value::Int(result));
            return Ok(());
        }
        let result = self.general(kind, (a, left), (b, right))?;
        self.set(at, dst, result);
        Ok(())
    }

    #[inline(never)]
    fn general(
        &mut self,
        kind: Binary,
        (a, left): (Operand, Value),
        (b, right): (Operand, Value),
    ) -> Run<Value> {
        self.check_bound(a, left, b, right)?;
        self.arithmetic(kind, left, right)
    }

    #[inline(always)]
    pub(super) fn op_in_place(
        &mut self,
        at: Registers<'_>,
        kind: Binary,
        dst: Reg,
        (a, b): (Operand, Operand),
    ) -> Run<()> {
        self.heap.charge(gas::ARITHMETIC)?;
        let (left, right) = (self.get(at, a), self.get(at, b));
        let quick = match (kind, left, right) {
            (Binary::Add, Value::Int(x), Value::Int(y)) => x.checked_add(y),
            (Binary::Sub, Value::Int(x), Value::Int(y)) => x.checked_sub(y),
            _ => None,
        };
        let result = match quick {
            Some(result) => Value::Int(result),
            None => self.general_in_place(kind, (a, left), (b, right))?,
        };
        self.set(at, dst, result);
        Ok(())
    }

    #[inline(never)]
    fn general_in_place(
        &mut self,
        kind: Binary,
        (a, left): (Operand, Value),
        (b, right): (Operand, Value),
    ) -> Run<Value> {
        self.check_bound(a, left, b, right)?;
        self.in_place(kind, left, right)
    }

    #[inline(never)]
    pub(super) fn op_apply(&mut self, at: Registers<'_>, kind: Unary, dst: Reg, a: Operand) -> Run<()> {
        self.heap.charge(gas::ARITHMETIC)?;
        let value = self.take(at, a)?;
        let result = self.unary(kind, value)?;
        self.set(at, dst, result);
        Ok(())
    }

    /// A comparison, with a quick path for two small integers.
    #[inline(always)]
    pub(super) fn test(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        kind: Compare,
        (a, b): (Operand, Operand),
    ) -> Run<bool> {
        self.heap.charge(gas::ARITHMETIC)?;
        let (left, right) = (self.get(at, a), self.get(at, b));
        if let (Value::Int(x), Value::Int(y)) = (left, right) {
            match kind {
                Compare::Lt => return Ok(x < y),
                Compare::Eq => return Ok(x == y),
                Compare::Gt => return Ok(x > y),
                Compare::Le => return Ok(x <= y),
                Compare::Ge => return Ok(x >= y),
                Compare::Ne => return Ok(x != y),
                Compare::In | Compare::NotIn | Compare::Is | Compare::IsNot => {}
            }
        }
        self.general_test(world, kind, (a, left), (b, right))
    }

    #[inline(never)]
    fn general_test(
        &mut self,
        world: &mut World<'_>,
        kind: Compare,
        (a, left): (Operand, Value),
        (b, right): (Operand, Value),
    ) -> Run<bool> {
        self.check_bound(a, left, b, right)?;
        self.may_need();
        self.checkpoint.gas += gas::ARITHMETIC;
        self.compare(world, kind, left, right)
    }

    /// Whether an operand counts as true.
    #[inline(always)]
    pub(super) fn op_truth(&mut self, at: Registers<'_>, operand: Operand) -> Run<bool> {
        self.heap.charge(gas::MOVE)?;
        match self.get(at, operand) {
            Value::Bool(value) => Ok(value),
            Value::None => Ok(false),
            Value::Int(int) => Ok(int != 0),
            _ => {
                let value = self.take(at, operand)?;
                self.truth(value)
            }
        }
    }
}
