//! Assignment: to names, elements, attributes, and several targets at once.

use super::{
    Compiled, Emitter,
    advice::is_self,
    expression::binary,
    function::{Binding, Meaning},
    module::check_dunder,
};
use crate::bytecode::{Binary, Op, Operand, Reg};
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

const SLICES: &str = "build a new list: values[:start] + new + values[stop:]";

impl<'a> Emitter<'_, 'a> {
    pub(super) fn assign(&mut self, assign: &'a ast::StmtAssign) -> Compiled<()> {
        match &assign.targets[..] {
            [target] => self.assign_value(target, &assign.value),
            targets => {
                let held = self.alloc(assign.range())?;
                self.expr_to(&assign.value, held)?;
                targets.iter().try_for_each(|target| self.store(target, held))
            }
        }
    }

    /// Evaluates a value into a target.
    pub(super) fn assign_value(&mut self, target: &'a Expr, value: &'a Expr) -> Compiled<()> {
        match self.local_register(target) {
            Some(register) if writes_last(value) => self.expr_to(value, register),
            Some(register) => {
                let held = self.alloc(value.range())?;
                self.expr_to(value, held)?;
                self.emit(value.range(), Op::Move { dst: register, src: held })?;
                Ok(())
            }
            None => {
                let held = self.operand(value)?;
                self.store(target, held)
            }
        }
    }

    /// The register of a target that is a plain local variable.
    pub(super) fn local_register(&mut self, target: &Expr) -> Option<Reg> {
        let Expr::Name(name) = target else { return None };
        match self.meaning(name.range(), name.id.as_str()) {
            Ok(Meaning::Local(Binding::Register(register))) => Some(register),
            _ => None,
        }
    }

    /// Stores a value that was computed into a target.
    pub(super) fn store(&mut self, target: &'a Expr, src: Operand) -> Compiled<()> {
        let range = target.range();
        let mark = self.mark();
        match target {
            Expr::Name(name) => self.store_name(range, name.id.as_str(), src)?,
            Expr::Subscript(subscript) => {
                let object = self.operand(&subscript.value)?;
                if let Expr::Slice(slice) = &*subscript.slice {
                    let base = self.slice_parts(slice)?;
                    self.emit(range, Op::Move { dst: base + 3, src })?;
                    self.emit(range, Op::StoreSlice { object, base })?;
                    self.release(mark);
                    return Ok(());
                }
                let key = self.operand(&subscript.slice)?;
                self.at(range);
                self.emit(range, Op::StoreIndex { object, key, src })?;
            }
            Expr::Attribute(attribute) => {
                self.check_attribute_store(attribute)?;
                let object = self.operand(&attribute.value)?;
                let name = self.module.name(attribute.attr.range, attribute.attr.as_str())?;
                self.emit(range, Op::StoreAttribute { object, name, src })?;
            }
            Expr::Tuple(tuple) => self.unpack(range, &tuple.elts, src)?,
            Expr::List(list) => self.unpack(range, &list.elts, src)?,
            _ => return self.refuse(range, "this cannot be assigned to", ""),
        }
        self.release(mark);
        Ok(())
    }

    /// Stores into a local variable.
    pub(super) fn store_name(&mut self, range: TextRange, name: &'a str, src: Operand) -> Compiled<()> {
        check_dunder(self.context, range, name)?;
        let op = match self.meaning(range, name)? {
            Meaning::Local(Binding::Register(dst)) => Op::Move { dst, src },
            Meaning::Local(Binding::Cell(cell)) => Op::StoreCell { cell, src },
            Meaning::Symbol(_) => return self.refuse(range, "not a variable of this function", ""),
        };
        self.emit(range, op)?;
        Ok(())
    }

    /// A contract has no attributes but its fields.
    fn check_attribute_store(&mut self, attribute: &'a ast::ExprAttribute) -> Compiled<()> {
        let text = attribute.attr.as_str();
        check_dunder(self.context, attribute.attr.range, text)?;
        if !is_self(&attribute.value) || self.contract().is_none() {
            return Ok(());
        }
        let name = self.module.name(attribute.attr.range, text)?;
        if self.field_kind(name).is_some() {
            return Ok(());
        }
        let hint = format!("declare it in the class: {text}: int (or another type)");
        self.refuse(attribute.attr.range, format!("self.{text} is not a field of the contract"), &hint)
    }

    fn unpack(&mut self, range: TextRange, targets: &'a [Expr], src: Operand) -> Compiled<()> {
        let base = self.alloc_many(range, targets.len())?;
        let star = targets.iter().position(Expr::is_starred_expr);
        let op = match star {
            None => Op::Unpack { src, base, count: targets.len() as u16 },
            Some(at) => {
                let after = targets.len() - at - 1;
                let second = targets.iter().skip(at + 1).any(Expr::is_starred_expr);
                let (Ok(after), false) = (u8::try_from(after), second) else {
                    return self.refuse(range, "these targets are not supported", "use one star");
                };
                Op::UnpackRest { after, src, base, before: at as u16 }
            }
        };
        self.emit(range, op)?;
        for (at, target) in targets.iter().enumerate() {
            let target = match target {
                Expr::Starred(starred) => &*starred.value,
                other => other,
            };
            self.store(target, base + at as Reg)?;
        }
        Ok(())
    }

    pub(super) fn aug_assign(&mut self, assign: &'a ast::StmtAugAssign) -> Compiled<()> {
        let range = assign.range();
        let Some(kind) = binary(assign.op) else { return self.refuse_operator(range, assign.op) };
        match &*assign.target {
            Expr::Name(name) => match self.meaning(name.range(), name.id.as_str())? {
                Meaning::Local(Binding::Register(register)) => {
                    let b = self.operand(&assign.value)?;
                    self.in_place(range, kind, register, register, b)
                }
                Meaning::Local(Binding::Cell(cell)) => {
                    let held = self.alloc(range)?;
                    self.emit(range, Op::LoadCell { dst: held, cell })?;
                    let b = self.operand(&assign.value)?;
                    self.in_place(range, kind, held, held, b)?;
                    self.emit(range, Op::StoreCell { cell, src: held })?;
                    Ok(())
                }
                Meaning::Symbol(_) => self.refuse(range, "not a variable of this function", ""),
            },
            Expr::Attribute(attribute) => {
                self.check_attribute_store(attribute)?;
                let object = self.operand(&attribute.value)?;
                let name = self.module.name(attribute.attr.range, attribute.attr.as_str())?;
                let held = self.alloc(range)?;
                self.emit(range, Op::Attribute { dst: held, object, name })?;
                let b = self.operand(&assign.value)?;
                self.in_place(range, kind, held, held, b)?;
                self.emit(range, Op::StoreAttribute { object, name, src: held })?;
                Ok(())
            }
            Expr::Subscript(subscript) => {
                if matches!(&*subscript.slice, Expr::Slice(_)) {
                    return self.refuse(range, "changing a slice in place is not supported", SLICES);
                }
                let object = self.operand(&subscript.value)?;
                let key = self.operand(&subscript.slice)?;
                let held = self.alloc(range)?;
                self.emit(range, Op::Index { dst: held, object, key })?;
                let b = self.operand(&assign.value)?;
                self.in_place(range, kind, held, held, b)?;
                self.emit(range, Op::StoreIndex { object, key, src: held })?;
                Ok(())
            }
            _ => self.refuse(range, "this cannot be assigned to", ""),
        }
    }

    fn in_place(&mut self, range: TextRange, kind: Binary, dst: Reg, a: Operand, b: Operand) -> Compiled<()> {
        let line = self.at(range);
        self.emit(range, Op::InPlace { kind, dst, a, b })?;
        self.back_to(line);
        Ok(())
    }
}

/// Whether the value's last instruction alone writes its target, after all that it reads.
fn writes_last(value: &Expr) -> bool {
    matches!(
        value,
        Expr::BinOp(_)
            | Expr::UnaryOp(_)
            | Expr::Attribute(_)
            | Expr::Subscript(_)
            | Expr::Call(_)
            | Expr::Name(_)
            | Expr::Tuple(_)
            | Expr::FString(_)
            | Expr::NumberLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::BytesLiteral(_)
    )
}
