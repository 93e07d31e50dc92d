//! Instructions that make texts of values.

use super::{Machine, Registers};
use crate::{
    bytecode::{Operand, Reg},
    fault::Run,
    gas,
    value::Value,
};

impl Machine {
    #[inline(never)]
    pub(super) fn op_to_text(
        &mut self,
        at: Registers<'_>,
        dst: Reg,
        src: Operand,
        conversion: u8,
    ) -> Run<()> {
        self.heap.charge(gas::NATIVE)?;
        let value = self.take(at, src)?;
        let text = self.text_of(value, conversion)?;
        self.set(at, dst, text);
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_format(&mut self, at: Registers<'_>, dst: Reg, src: Operand, spec: Operand) -> Run<()> {
        self.heap.charge(gas::NATIVE)?;
        let (value, spec) = (self.take(at, src)?, self.take(at, spec)?);
        let text = self.format_value(value, spec)?;
        self.set(at, dst, text);
        Ok(())
    }

    /// Joins the texts in a row of registers.
    #[inline(never)]
    pub(super) fn op_join_texts(&mut self, at: Registers<'_>, dst: Reg, first: Reg, count: u16) -> Run<()> {
        self.heap.charge(gas::elements(usize::from(count)))?;
        let text = |value: &Value| if let Value::Str(text) = value { Some(*text) } else { None };
        let parts: Vec<_> = self.row(at, first, usize::from(count)).iter().filter_map(text).collect();
        let joined = self.heap.concat(&parts)?;
        self.set(at, dst, joined);
        Ok(())
    }
}
