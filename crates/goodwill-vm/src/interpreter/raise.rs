//! Exceptions: how they are made, raised, and find their handlers.

use super::{Machine, Registers};
use crate::{
    bytecode::{CONSTANT, Op, Operand, Reg},
    classes,
    fault::{Bug, Fault, Run},
    gas,
    heap::Instance,
    limits,
    names::Known,
    value::{ClassId, Handle, NameId, Value},
};

/// The field of an exception that `raise ... from` sets; no contract can name it.
pub(crate) const CAUSE: NameId = NameId::MAX;

impl Machine {
    #[inline(never)]
    pub(super) fn op_raise(&mut self, at: Registers<'_>, src: Operand) -> Run<()> {
        self.heap.charge(gas::RAISE)?;
        let value = self.take(at, src)?;
        let exception = self.exception_of(value)?;
        self.throw(exception)
    }

    #[inline(never)]
    pub(super) fn op_raise_from(&mut self, at: Registers<'_>, src: Operand, cause: Operand) -> Run<()> {
        self.heap.charge(gas::RAISE)?;
        let (value, cause) = (self.take(at, src)?, self.take(at, cause)?);
        self.raise_from(value, cause)
    }

    #[inline(never)]
    pub(super) fn op_reraise(&mut self, at: Registers<'_>, src: Reg) -> Run<()> {
        self.heap.charge(gas::RAISE)?;
        let value = self.take(at, src)?;
        self.throw(value)
    }

    #[inline(never)]
    pub(super) fn op_matches(
        &mut self,
        at: Registers<'_>,
        dst: Reg,
        exception: Reg,
        class: Operand,
    ) -> Run<()> {
        self.heap.charge(gas::ACCESS)?;
        let (exception, class) = (self.get(at, exception), self.take(at, class)?);
        let matches = self.exception_matches(exception, class)?;
        self.set(at, dst, Value::Bool(matches));
        Ok(())
    }

    #[inline(never)]
    pub(super) fn op_fail_assertion(&mut self, at: Registers<'_>, src: Operand) -> Run<()> {
        self.heap.charge(gas::RAISE)?;
        let exception = match self.get(at, src) {
            Value::Unbound => self.new_exception(classes::ASSERTION_ERROR, &[])?,
            message => self.new_exception(classes::ASSERTION_ERROR, &[message])?,
        };
        self.throw(exception)
    }

    /// Raises a builtin exception with a message.
    #[cold]
    pub(crate) fn raise<T>(&mut self, class: ClassId, message: &str) -> Run<T> {
        self.heap.charge(gas::RAISE)?;
        let message = self.heap.new_str(message)?;
        let exception = self.new_exception(class, &[message])?;
        self.throw(exception)
    }

    /// Raises a builtin exception with any value as its argument.
    #[cold]
    pub(crate) fn raise_value<T>(&mut self, class: ClassId, value: Value) -> Run<T> {
        self.heap.charge(gas::RAISE)?;
        let exception = self.new_exception(class, &[value])?;
        self.throw(exception)
    }

    /// Raises an exception that was made.
    pub(crate) fn throw<T>(&mut self, exception: Value) -> Run<T> {
        match exception {
            Value::Instance(handle) => Err(Fault::Raised(handle)),
            _ => Err(Fault::Broken(Bug::RaisedNoException)),
        }
    }

    /// A new exception.
    pub(crate) fn new_exception(&mut self, class: ClassId, args: &[Value]) -> Run<Value> {
        let args = self.heap.new_tuple(args)?;
        self.heap.new_instance(Instance { class, fields: vec![(Known::args.id(), args)] }, 32)
    }

    /// The exception that `raise value` raises.
    fn exception_of(&mut self, value: Value) -> Run<Value> {
        match value {
            Value::Instance(handle) if self.is_exception(self.heap.instance(handle).class) => Ok(value),
            Value::Class(class) if self.is_exception(class) => self.new_exception(class, &[]),
            _ => self.raise(classes::TYPE_ERROR, "exceptions must derive from BaseException"),
        }
    }

    fn is_exception(&self, class: ClassId) -> bool {
        self.heap.program.is_subclass(class, classes::BASE_EXCEPTION)
    }

    fn raise_from(&mut self, value: Value, cause: Value) -> Run<()> {
        let exception = self.exception_of(value)?;
        let cause = match cause {
            Value::None => Value::None,
            cause => match self.exception_of(cause) {
                Ok(cause) => cause,
                Err(Fault::Raised(_)) => {
                    return self
                        .raise(classes::TYPE_ERROR, "exception causes must derive from BaseException");
                }
                Err(fault) => return Err(fault),
            },
        };
        if let Value::Instance(handle) = exception {
            self.set_field(handle, CAUSE, cause)?;
        }
        self.throw(exception)
    }

    /// Whether an exception is of a class, or of one of a tuple of classes.
    fn exception_matches(&mut self, exception: Value, class: Value) -> Run<bool> {
        let Value::Instance(handle) = exception else { return Ok(false) };
        let own = self.heap.instance(handle).class;
        let of = match class {
            Value::Class(class) => vec![Value::Class(class)],
            Value::Tuple(classes) => self.heap.tuple(classes).to_vec(),
            other => vec![other],
        };
        self.heap.charge(gas::elements(of.len()))?;
        let mut matches = false;
        for class in of {
            match class {
                Value::Class(class) if self.is_exception(class) => {
                    matches |= self.heap.program.is_subclass(own, class);
                }
                _ => {
                    let message = "catching classes that do not inherit from BaseException is not allowed";
                    return self.raise(classes::TYPE_ERROR, message);
                }
            }
        }
        Ok(matches)
    }

    /// Goes to the handler of an exception, in this frame or below. `false`: there is none.
    pub(super) fn unwind(&mut self, exception: Handle) -> Run<bool> {
        while let Some(frame) = self.frames.last().copied() {
            self.heap.charge(gas::RAISE)?;
            let program = std::sync::Arc::clone(&self.heap.program);
            let function = &program.functions[usize::from(frame.function)];
            let at = self.pc.saturating_sub(1);
            let trace = self.traces.entry(exception).or_default();
            // What is raised again has passed this frame before.
            let again = trace.last().is_some() && matches!(function.code.get(at), Some(Op::Reraise { .. }));
            if !again && trace.len() < limits::TRACEBACK_MAX {
                trace.push((frame.function, function.lines.get(at).copied().unwrap_or(0)));
            }
            self.heap.charge(gas::PROBE * function.handlers.len() as u64 / 4)?;
            let covering = function
                .handlers
                .iter()
                .find(|handler| (usize::from(handler.start)..usize::from(handler.end)).contains(&at));
            if let Some(handler) = covering {
                self.stack[frame.base as usize + usize::from(handler.register)] = Value::Instance(exception);
                self.pc = usize::from(handler.target);
                return Ok(true);
            }
            self.frames.pop();
            self.pc = self.frames.last().map_or(0, |frame| frame.pc as usize);
        }
        Ok(false)
    }

    /// The local variable of an operand has no value.
    #[cold]
    pub(super) fn unbound(&mut self, operand: u16) -> Run<()> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let Some(frame) = self.frames.last() else { return Err(Fault::Broken(Bug::NoFrame)) };
        let function = &program.functions[usize::from(frame.function)];
        let register = usize::from(operand);
        let local = function.locals.get(register).filter(|_| operand & CONSTANT == 0);
        let name = local.map_or("?", |name| program.name(*name));
        let own = function.parameters.registers();
        if (own..own + function.captured.len()).contains(&register) {
            let message = format!(
                "cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
            );
            return self.raise(classes::NAME_ERROR, &message);
        }
        let message =
            format!("cannot access local variable '{name}' where it is not associated with a value");
        self.raise(classes::UNBOUND_LOCAL_ERROR, &message)
    }

    /// Raises if one of two operands is a variable without a value.
    #[inline]
    pub(super) fn check_bound(&mut self, a: u16, left: Value, b: u16, right: Value) -> Run<()> {
        match (left, right) {
            (Value::Unbound, _) => self.unbound(a),
            (_, Value::Unbound) => self.unbound(b),
            _ => Ok(()),
        }
    }
}
