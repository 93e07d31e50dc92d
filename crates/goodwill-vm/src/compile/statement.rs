//! Statements.

use super::{Compiled, Emitter, function::Label, module::check_dunder, scan::Body, tries::Block};
use crate::{
    bytecode::{Op, Reg},
    classes,
    value::Value,
};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

impl<'a> Emitter<'_, 'a> {
    pub(super) fn body(&mut self, body: &'a [Stmt]) -> Compiled<()> {
        body.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &'a Stmt) -> Compiled<()> {
        let mark = self.mark();
        self.at(statement.range());
        self.dispatch(statement)?;
        self.release(mark);
        Ok(())
    }

    fn dispatch(&mut self, statement: &'a Stmt) -> Compiled<()> {
        let range = statement.range();
        match statement {
            Stmt::Expr(expr) => self.expression_statement(&expr.value),
            Stmt::Assign(assign) => self.assign(assign),
            Stmt::AugAssign(assign) => self.aug_assign(assign),
            Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => self.assign_value(&assign.target, value),
                None => Ok(()),
            },
            Stmt::Return(statement) => self.return_statement(statement),
            Stmt::If(statement) => self.if_statement(statement),
            Stmt::While(statement) => self.while_statement(statement),
            Stmt::For(statement) => self.for_statement(statement),
            Stmt::Break(_) => self.leave_loop(range, true),
            Stmt::Continue(_) => self.leave_loop(range, false),
            Stmt::Pass(_) => Ok(()),
            Stmt::Delete(statement) => statement.targets.iter().try_for_each(|target| self.delete(target)),
            Stmt::Raise(statement) => self.raise(statement),
            Stmt::Assert(statement) => self.assert(statement),
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::Match(statement) => self.match_statement(statement),
            Stmt::FunctionDef(def) => self.inner_def(def),
            Stmt::Global(_) => {
                self.refuse(range, "global is not supported", "keep state in fields of the contract")
            }
            Stmt::Nonlocal(_) => {
                self.refuse(range, "nonlocal is not supported", "return the new value, or keep it in a list")
            }
            Stmt::With(_) => self.refuse(range, "with is not supported", "use try and finally"),
            Stmt::ClassDef(_) => {
                self.refuse(range, "a class inside a function is not supported", "define it in the module")
            }
            Stmt::Import(_) | Stmt::ImportFrom(_) => self.refuse(
                range,
                "an import inside a function is not supported",
                "import at the top of the file",
            ),
            Stmt::TypeAlias(_) => {
                self.refuse(range, "type aliases are not supported", "write the type itself")
            }
            Stmt::IpyEscapeCommand(_) => self.refuse(range, "not Python", ""),
        }
    }

    fn expression_statement(&mut self, expr: &'a Expr) -> Compiled<()> {
        match expr {
            Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) => Ok(()),
            _ => {
                let dst = self.alloc(expr.range())?;
                self.expr_to(expr, dst)
            }
        }
    }

    fn return_statement(&mut self, statement: &'a ast::StmtReturn) -> Compiled<()> {
        let range = statement.range();
        let value = match &statement.value {
            None => self.constant(range, Value::None)?,
            // What happens on the way out must not change what is returned.
            Some(value) if self.inside_exit() => {
                let held = self.alloc(range)?;
                self.expr_to(value, held)?;
                held
            }
            Some(value) => self.operand(value)?,
        };
        self.leave_blocks(range, 0)?;
        self.emit(range, Op::Return { src: value })?;
        Ok(())
    }

    fn if_statement(&mut self, statement: &'a ast::StmtIf) -> Compiled<()> {
        let end = self.label();
        let mut next = self.label();
        self.branch(&statement.test, false, next)?;
        self.body(&statement.body)?;
        for clause in &statement.elif_else_clauses {
            self.jump(clause.range, end)?;
            self.place(next);
            next = self.label();
            if let Some(test) = &clause.test {
                self.at(test.range());
                let mark = self.mark();
                self.branch(test, false, next)?;
                self.release(mark);
            }
            self.body(&clause.body)?;
        }
        self.place(next);
        self.place(end);
        Ok(())
    }

    fn while_statement(&mut self, statement: &'a ast::StmtWhile) -> Compiled<()> {
        let (body, test, end) = (self.label(), self.label(), self.label());
        self.jump(statement.range(), test)?;
        self.place(body);
        self.state().blocks.push(Block::Loop { again: test, end });
        self.body(&statement.body)?;
        self.state().blocks.pop();
        self.place(test);
        self.at(statement.test.range());
        self.branch(&statement.test, true, body)?;
        self.body(&statement.orelse)?;
        self.place(end);
        Ok(())
    }

    fn for_statement(&mut self, statement: &'a ast::StmtFor) -> Compiled<()> {
        if statement.is_async {
            return self.refuse(statement.range(), "async is not supported", "write for");
        }
        let end = self.label();
        let again = self.label();
        self.loop_over(&statement.target, &statement.iter, again, |emitter| {
            emitter.state().blocks.push(Block::Loop { again, end });
            emitter.body(&statement.body)?;
            emitter.state().blocks.pop();
            Ok(())
        })?;
        self.body(&statement.orelse)?;
        self.place(end);
        Ok(())
    }

    /// Runs code for each element: of `for` statements and of comprehensions.
    pub(super) fn loop_over(
        &mut self,
        target: &'a Expr,
        source: &'a Expr,
        again: Label,
        code: impl FnOnce(&mut Self) -> Compiled<()>,
    ) -> Compiled<()> {
        let iter = self.start_loop(source)?;
        self.loop_from(target, iter, again, code)
    }

    /// Makes what a loop iterates over; says where, and whether it is a range.
    pub(super) fn start_loop(&mut self, source: &'a Expr) -> Compiled<(Reg, bool)> {
        let range = source.range();
        self.refuse_map(source)?;
        if let Some(arguments) = self.range_call(source) {
            let iter = self.alloc_many(range, 3)?;
            for (at, argument) in arguments.iter().enumerate() {
                self.expr_to(argument, iter + at as Reg)?;
            }
            self.emit(range, Op::StartRange { iter, count: arguments.len() as u8 })?;
            return Ok((iter, true));
        }
        let iter = self.alloc_many(range, 2)?;
        self.expr_to(source, iter)?;
        self.emit(range, Op::Iterate { iter, src: iter })?;
        Ok((iter, false))
    }

    /// The loop over what [`Self::start_loop`] made.
    pub(super) fn loop_from(
        &mut self,
        target: &'a Expr,
        (iter, is_range): (Reg, bool),
        again: Label,
        code: impl FnOnce(&mut Self) -> Compiled<()>,
    ) -> Compiled<()> {
        let range = target.range();
        let line = self.at(range);
        let body = self.label();
        let direct = self.local_register(target);
        let dst = match direct {
            Some(register) => register,
            None => self.alloc(range)?,
        };
        self.jump(range, again)?;
        self.place(body);
        if direct.is_none() {
            self.store(target, dst)?;
        }
        code(self)?;
        self.place(again);
        self.at(range);
        let op = if is_range {
            Op::ForRange { dst, iter, target: 0 }
        } else {
            Op::ForEach { dst, iter, target: 0 }
        };
        self.emit_jump(range, op, body)?;
        self.back_to(line);
        Ok(())
    }

    /// The arguments of a call of `range`, so that the loop needs no object.
    fn range_call(&mut self, source: &'a Expr) -> Option<&'a [Expr]> {
        let Expr::Call(call) = source else { return None };
        let arguments = &call.arguments;
        let plain = arguments.keywords.is_empty() && !arguments.args.iter().any(Expr::is_starred_expr);
        let fits = (1..=3).contains(&arguments.args.len());
        let is_range = self.symbol(&call.func) == Some(super::module::Symbol::Class(classes::RANGE));
        (plain && fits && is_range).then_some(&arguments.args[..])
    }

    fn leave_loop(&mut self, range: TextRange, breaks: bool) -> Compiled<()> {
        let at = self.state().blocks.iter().rposition(|block| matches!(block, Block::Loop { .. }));
        let Some(at) = at else { return self.refuse(range, "not inside a loop", "") };
        let Block::Loop { again, end } = self.state().blocks[at] else { return Ok(()) };
        self.leave_blocks(range, at + 1)?;
        self.jump(range, if breaks { end } else { again })
    }

    fn delete(&mut self, target: &'a Expr) -> Compiled<()> {
        let range = target.range();
        match target {
            Expr::Name(name) => match self.local_register(target) {
                Some(reg) => {
                    // It must have a value.
                    let held = self.alloc(range)?;
                    self.emit(range, Op::Move { dst: held, src: reg })?;
                    self.emit(range, Op::Unbind { reg })?;
                    Ok(())
                }
                None => self.refuse(name.range(), "this variable cannot be deleted", "assign None to it"),
            },
            Expr::Subscript(subscript) => {
                let object = self.operand(&subscript.value)?;
                if let Expr::Slice(slice) = &*subscript.slice {
                    let base = self.slice_parts(slice)?;
                    self.emit(range, Op::DeleteSlice { object, base })?;
                    return Ok(());
                }
                let key = self.operand(&subscript.slice)?;
                self.emit(range, Op::DeleteIndex { object, key })?;
                Ok(())
            }
            Expr::Tuple(tuple) => tuple.elts.iter().try_for_each(|target| self.delete(target)),
            _ => self.refuse(range, "this cannot be deleted", "delete an element: del values[key]"),
        }
    }

    fn raise(&mut self, statement: &'a ast::StmtRaise) -> Compiled<()> {
        let range = statement.range();
        let Some(exception) = &statement.exc else {
            return match self.state().handled.last().copied() {
                Some(src) => self.emit(range, Op::Reraise { src }).map(|_| ()),
                None => self.refuse(
                    range,
                    "raise without an exception outside of except",
                    "raise an exception: raise ValueError(\"...\")",
                ),
            };
        };
        let src = self.raised(exception)?;
        let op = match &statement.cause {
            None => Op::Raise { src },
            Some(cause) => Op::RaiseFrom { src, cause: self.operand(cause)? },
        };
        self.emit(range, op)?;
        Ok(())
    }

    /// What is raised: of a class, an instance.
    fn raised(&mut self, exception: &'a Expr) -> Compiled<crate::bytecode::Operand> {
        let range = exception.range();
        if let Some(super::module::Symbol::Class(class)) = self.symbol(exception) {
            let base = self.alloc(range)?;
            let src = self.constant(range, Value::Class(class))?;
            self.emit(range, Op::Move { dst: base, src })?;
            self.emit(range, Op::Call { base, count: 0 })?;
            return Ok(base);
        }
        self.operand(exception)
    }

    fn assert(&mut self, statement: &'a ast::StmtAssert) -> Compiled<()> {
        let range = statement.range();
        let end = self.label();
        self.branch(&statement.test, true, end)?;
        let src = match &statement.msg {
            Some(message) => self.operand(message)?,
            None => self.constant(range, Value::Unbound)?,
        };
        self.emit(range, Op::FailAssertion { src })?;
        self.place(end);
        Ok(())
    }

    fn inner_def(&mut self, def: &'a ast::StmtFunctionDef) -> Compiled<()> {
        self.check_def(def)?;
        if let Some(decorator) = def.decorator_list.first() {
            return self.refuse(
                decorator.range(),
                "decorators are not supported here",
                "call the function instead",
            );
        }
        check_dunder(self.context, def.name.range, def.name.as_str())?;
        let dst = self.alloc(def.range())?;
        self.closure(
            def.range(),
            def.name.as_str(),
            Some(&def.parameters),
            Body::Statements(&def.body),
            dst,
        )?;
        self.store_name(def.name.range, def.name.as_str(), dst)
    }

    /// Makes an inner function.
    pub(super) fn closure(
        &mut self,
        range: TextRange,
        name: &'a str,
        declared: Option<&'a ast::Parameters>,
        body: Body<'a>,
        dst: Reg,
    ) -> Compiled<()> {
        let number = self.module.reserve(range)?;
        let parameters = match declared {
            Some(declared) => self.parameters(declared)?,
            None => crate::program::Parameters { simple: true, ..Default::default() },
        };
        let function = self.function(range, name, None, parameters, declared, body)?;
        self.module.functions[usize::from(number)] = Some(function);
        self.emit(range, Op::NewClosure { dst, function: number })?;
        Ok(())
    }
}
