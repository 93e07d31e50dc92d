//! `try`: handlers by tables, so that a `try` costs nothing until something is raised. The code of
//! `finally` is copied to every way out.

use super::{Compiled, Emitter, function::Label};
use crate::{
    bytecode::{Handler, Op, Reg},
    classes,
    value::Value,
};
use ruff_python_ast::{self as ast, ExceptHandler, Stmt};
use ruff_text_size::{Ranged, TextRange};

/// What surrounds a statement.
#[derive(Clone, Debug)]
pub(super) enum Block<'a> {
    Loop {
        again: Label,
        end: Label,
    },
    /// Code whose exceptions are handled: the parts of it so far, and where the current one began.
    Guard {
        parts: Vec<(u16, u16)>,
        start: u16,
        finally: Option<&'a [Stmt]>,
        handled: usize,
    },
}

impl<'a> Emitter<'_, 'a> {
    pub(super) fn inside_finally(&mut self) -> bool {
        self.state().blocks.iter().any(|block| matches!(block, Block::Guard { finally: Some(_), .. }))
    }

    pub(super) fn try_statement(&mut self, statement: &'a ast::StmtTry) -> Compiled<()> {
        if statement.is_star {
            return self.refuse(statement.range(), "except* is not supported", "use except");
        }
        if statement.finalbody.is_empty() {
            return self.try_except(statement);
        }
        let range = TextRange::at(statement.start(), 0.into());
        let after = self.label();
        self.open_guard(Some(&statement.finalbody));
        if statement.handlers.is_empty() {
            self.body(&statement.body)?;
        } else {
            self.try_except(statement)?;
        }
        let parts = self.close_guard();
        self.body(&statement.finalbody)?;
        self.jump(range, after)?;
        let exception = self.alloc(range)?;
        self.handle(&parts, exception);
        self.state().handled.push(exception);
        self.body(&statement.finalbody)?;
        self.state().handled.pop();
        self.emit(range, Op::Reraise { src: exception })?;
        self.place(after);
        Ok(())
    }

    fn try_except(&mut self, statement: &'a ast::StmtTry) -> Compiled<()> {
        let range = TextRange::at(statement.start(), 0.into());
        let end = self.label();
        self.open_guard(None);
        self.body(&statement.body)?;
        let parts = self.close_guard();
        self.body(&statement.orelse)?;
        self.jump(range, end)?;
        let exception = self.alloc(range)?;
        self.handle(&parts, exception);
        self.state().handled.push(exception);
        for handler in &statement.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            self.handler(handler, exception, end)?;
        }
        self.state().handled.pop();
        self.emit(range, Op::Reraise { src: exception })?;
        self.place(end);
        Ok(())
    }

    fn handler(
        &mut self,
        handler: &'a ast::ExceptHandlerExceptHandler,
        exception: Reg,
        end: Label,
    ) -> Compiled<()> {
        let range = TextRange::at(handler.range.start(), 0.into());
        let next = self.label();
        let mark = self.mark();
        self.at(range);
        let class = match &handler.type_ {
            Some(class) => self.operand(class)?,
            None => self.constant(range, Value::Class(classes::BASE_EXCEPTION))?,
        };
        let matches = self.alloc(range)?;
        self.emit(range, Op::Matches { dst: matches, exception, class })?;
        self.emit_jump(range, Op::JumpIf { when: false, src: matches, target: 0 }, next)?;
        self.release(mark);
        if let Some(name) = &handler.name {
            self.store_name(name.range, name.as_str(), exception)?;
        }
        self.body(&handler.body)?;
        if let Some(name) = &handler.name {
            let none = self.constant(range, Value::None)?;
            self.store_name(name.range, name.as_str(), none)?;
            let name = ast::Expr::Name(ast::ExprName {
                id: name.id.clone(),
                ctx: ast::ExprContext::Store,
                range: name.range,
                node_index: ast::AtomicNodeIndex::NONE,
            });
            if let Some(reg) = self.local_register(&name) {
                self.emit(range, Op::Unbind { reg })?;
            }
        }
        self.jump(range, end)?;
        self.place(next);
        Ok(())
    }

    fn open_guard(&mut self, finally: Option<&'a [Stmt]>) {
        let start = self.here();
        let handled = self.state().handled.len();
        self.state().blocks.push(Block::Guard { parts: Vec::new(), start, finally, handled });
    }

    fn close_guard(&mut self) -> Vec<(u16, u16)> {
        let end = self.here();
        match self.state().blocks.pop() {
            Some(Block::Guard { mut parts, start, .. }) => {
                parts.push((start, end));
                parts
            }
            Some(Block::Loop { .. }) | None => Vec::new(),
        }
    }

    /// Sends exceptions in these parts of the code here.
    fn handle(&mut self, parts: &[(u16, u16)], register: Reg) {
        let target = self.here();
        let covered = parts.iter().filter(|(start, end)| start < end);
        let handlers = covered.map(|(start, end)| Handler { start: *start, end: *end, target, register });
        self.state().handlers.extend(handlers);
    }

    /// Runs `finally` of all blocks above a depth, from inside out, before a jump leaves them.
    pub(super) fn leave_blocks(&mut self, range: TextRange, depth: usize) -> Compiled<()> {
        for at in (depth..self.state().blocks.len()).rev() {
            let Block::Guard { finally: Some(finally), handled, .. } = self.state().blocks[at] else {
                continue;
            };
            self.suspend_guards(at);
            let inner = self.state().blocks.split_off(at);
            let outer_handled = self.state().handled.split_off(handled);
            self.body(finally)?;
            self.at(range);
            self.state().handled.extend(outer_handled);
            self.state().blocks.extend(inner);
            self.resume_guards(at);
        }
        // The jump itself raises nothing.
        Ok(())
    }

    /// What follows is not covered by the guards from this depth on.
    fn suspend_guards(&mut self, depth: usize) {
        let here = self.here();
        for block in &mut self.state().blocks[depth..] {
            if let Block::Guard { parts, start, .. } = block {
                parts.push((*start, here));
            }
        }
    }

    fn resume_guards(&mut self, depth: usize) {
        let here = self.here();
        for block in &mut self.state().blocks[depth..] {
            if let Block::Guard { start, .. } = block {
                *start = here;
            }
        }
    }
}
