//! Comprehensions, and generators that are consumed at once: loops in the frame of their function.

use super::{Compiled, Emitter};
use crate::{
    bytecode::{Op, Reg},
    value::Value,
};
use ruff_python_ast::{self as ast, Comprehension, Expr};
use ruff_text_size::{Ranged, TextRange};

impl<'a> Emitter<'_, 'a> {
    pub(super) fn list_comprehension(
        &mut self,
        element: &'a Expr,
        generators: &'a [Comprehension],
        dst: Reg,
    ) -> Compiled<()> {
        let range = element.range();
        let list = self.alloc(range)?;
        self.emit(range, Op::NewList { dst: list, base: list, count: 0 })?;
        self.generators(generators, &mut |emitter| {
            let src = emitter.operand(element)?;
            emitter.emit(range, Op::Append { list, src }).map(|_| ())
        })?;
        self.emit(range, Op::Move { dst, src: list })?;
        Ok(())
    }

    pub(super) fn set_comprehension(
        &mut self,
        element: &'a Expr,
        generators: &'a [Comprehension],
        dst: Reg,
    ) -> Compiled<()> {
        let range = element.range();
        let set = self.alloc(range)?;
        self.emit(range, Op::NewSet { dst: set, base: set, count: 0 })?;
        self.generators(generators, &mut |emitter| {
            let src = emitter.operand(element)?;
            emitter.emit(range, Op::AddToSet { set, src }).map(|_| ())
        })?;
        self.emit(range, Op::Move { dst, src: set })?;
        Ok(())
    }

    pub(super) fn dict_comprehension(&mut self, comp: &'a ast::ExprDictComp, dst: Reg) -> Compiled<()> {
        let range = comp.range();
        let Some(key) = &comp.key else { return self.refuse(range, "this comprehension has no key", "") };
        let dict = self.alloc(range)?;
        self.emit(range, Op::NewDict { dst: dict, base: dict, count: 0 })?;
        self.generators(&comp.generators, &mut |emitter| {
            let key = emitter.operand(key)?;
            let src = emitter.operand(&comp.value)?;
            emitter.emit(range, Op::StoreIndex { object: dict, key, src }).map(|_| ())
        })?;
        self.emit(range, Op::Move { dst, src: dict })?;
        Ok(())
    }

    /// `any(...)` (`when` is true) or `all(...)` (false) of a generator: it stops where Python's does.
    pub(super) fn any_or_all(
        &mut self,
        element: &'a Expr,
        generators: &'a [Comprehension],
        when: bool,
        dst: Reg,
    ) -> Compiled<()> {
        let range = element.range();
        let result = self.alloc(range)?;
        let (found, end) = (self.label(), self.label());
        self.generators(generators, &mut |emitter| emitter.branch(element, when, found))?;
        self.set_bool(range, result, !when)?;
        self.jump(range, end)?;
        self.place(found);
        self.set_bool(range, result, when)?;
        self.place(end);
        self.emit(range, Op::Move { dst, src: result })?;
        Ok(())
    }

    fn set_bool(&mut self, range: TextRange, dst: Reg, value: bool) -> Compiled<()> {
        let src = self.constant(range, Value::Bool(value))?;
        self.emit(range, Op::Move { dst, src })?;
        Ok(())
    }

    /// The loops of a comprehension around its element.
    fn generators(
        &mut self,
        generators: &'a [Comprehension],
        element: &mut dyn FnMut(&mut Self) -> Compiled<()>,
    ) -> Compiled<()> {
        let Some((first, rest)) = generators.split_first() else { return element(self) };
        if first.is_async {
            return self.refuse(first.range, "async is not supported", "");
        }
        if super::scan::Names::of_expression(&first.iter).walrus {
            let hint = "assign the variable in a statement before";
            return self.refuse(
                first.iter.range(),
                "assigning where a comprehension iterates is not Python",
                hint,
            );
        }
        let mark = self.mark();
        let iter = self.start_loop(&first.iter)?;
        let hidden = self.state().overlays.len();
        self.bind_targets(&first.target)?;
        let again = self.label();
        self.loop_from(&first.target, iter, again, |emitter| {
            for condition in &first.ifs {
                emitter.branch(condition, false, again)?;
            }
            emitter.generators(rest, element)
        })?;
        self.state().overlays.truncate(hidden);
        self.release(mark);
        Ok(())
    }

    fn bind_targets(&mut self, target: &'a Expr) -> Compiled<()> {
        match target {
            Expr::Name(name) => self.bind_overlay(name.range(), name.id.as_str()),
            Expr::Tuple(tuple) => tuple.elts.iter().try_for_each(|target| self.bind_targets(target)),
            Expr::List(list) => list.elts.iter().try_for_each(|target| self.bind_targets(target)),
            Expr::Starred(starred) => self.bind_targets(&starred.value),
            _ => self.refuse(target.range(), "a comprehension assigns to names only", ""),
        }
    }
}
