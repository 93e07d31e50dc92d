//! `try`: handlers by tables, so that a `try` costs nothing until something is raised. The code of
//! `finally` is copied to every way out.

use super::{
    Compiled, Emitter,
    function::{Binding, Label, Meaning},
};
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
        exit: Exit<'a>,
        handled: usize,
    },
}

/// What happens on every way out of a guard.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exit<'a> {
    Nothing,
    Finally(&'a [Stmt]),
    /// The name of `except ... as name` loses its value.
    Unbind(&'a ast::Identifier),
}

impl<'a> Emitter<'_, 'a> {
    /// Whether something happens between the value of a `return` and the return.
    pub(super) fn inside_exit(&mut self) -> bool {
        let exits = |block: &Block<'_>| match block {
            Block::Loop { .. } | Block::Guard { exit: Exit::Nothing, .. } => false,
            Block::Guard { exit: Exit::Finally(_) | Exit::Unbind(_), .. } => true,
        };
        self.state().blocks.iter().any(exits)
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
        self.open_guard(Exit::Finally(&statement.finalbody));
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
        self.open_guard(Exit::Nothing);
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
        match &handler.name {
            Some(name) => self.named_handler(name, &handler.body, exception, end)?,
            None => {
                self.body(&handler.body)?;
                self.jump(range, end)?;
            }
        }
        self.place(next);
        Ok(())
    }

    /// The body of `except ... as name`: however it is left, the name has no value afterwards.
    fn named_handler(
        &mut self,
        name: &'a ast::Identifier,
        body: &'a [Stmt],
        exception: Reg,
        end: Label,
    ) -> Compiled<()> {
        self.store_name(name.range, name.as_str(), exception)?;
        self.open_guard(Exit::Unbind(name));
        self.body(body)?;
        let parts = self.close_guard();
        self.unbind(name)?;
        self.jump(name.range, end)?;
        let raised = self.alloc(name.range)?;
        self.handle(&parts, raised);
        self.unbind(name)?;
        self.emit(name.range, Op::Reraise { src: raised })?;
        Ok(())
    }

    fn unbind(&mut self, name: &ast::Identifier) -> Compiled<()> {
        let op = match self.meaning(name.range, name.as_str())? {
            Meaning::Local(Binding::Register(reg)) => Op::Unbind { reg },
            Meaning::Local(Binding::Cell(cell)) => Op::UnbindCell { cell },
            Meaning::Symbol(_) => return Ok(()),
        };
        self.emit(name.range, op).map(|_| ())
    }

    fn open_guard(&mut self, exit: Exit<'a>) {
        let start = self.here();
        let handled = self.state().handled.len();
        self.state().blocks.push(Block::Guard { parts: Vec::new(), start, exit, handled });
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

    /// Does what the ways out of all blocks above a depth demand, from inside out, before a jump
    /// leaves them. The jump itself raises nothing.
    pub(super) fn leave_blocks(&mut self, range: TextRange, depth: usize) -> Compiled<()> {
        for at in (depth..self.state().blocks.len()).rev() {
            match self.state().blocks[at] {
                Block::Guard { exit: Exit::Finally(body), handled, .. } => {
                    self.copy_finally(range, body, at, handled)?;
                }
                Block::Guard { exit: Exit::Unbind(name), .. } => self.unbind(name)?,
                Block::Guard { exit: Exit::Nothing, .. } | Block::Loop { .. } => {}
            }
        }
        Ok(())
    }

    /// The body of `finally` once more, as it stands outside of its own block.
    fn copy_finally(
        &mut self,
        range: TextRange,
        body: &'a [Stmt],
        at: usize,
        handled: usize,
    ) -> Compiled<()> {
        self.suspend_guards(at);
        let inner = self.state().blocks.split_off(at);
        let outer_handled = self.state().handled.split_off(handled);
        self.body(body)?;
        self.at(range);
        self.state().handled.extend(outer_handled);
        self.state().blocks.extend(inner);
        self.resume_guards(at);
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
