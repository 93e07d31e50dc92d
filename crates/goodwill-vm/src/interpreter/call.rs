//! Calls: frames, the binding of arguments, constructors.

use super::{Frame, Machine, Registers};
use crate::{
    bytecode::Reg,
    classes,
    fault::{Bug, Fault, Run},
    gas,
    heap::Instance,
    limits,
    program::{ClassKind, Program},
    value::{ClassId, Handle, NameId, Value},
    world::World,
};

/// Arguments of a native function: registers in a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Args {
    pub(crate) at: usize,
    pub(crate) count: usize,
}

/// Keywords of a call.
pub(crate) type Keywords<'k> = &'k [(NameId, Value)];

/// What a call did.
pub(super) enum Called {
    /// A native function has a result.
    Done(Value),
    /// A frame is on top.
    Entered,
}

impl Machine {
    /// Starts the outermost function of the call, whose arguments are in the stack from 1.
    pub(crate) fn start(&mut self, program: &Program, function: u16) -> Run<()> {
        self.pc = 0;
        self.push_frame(program, function, 1, &[], Value::Unbound)
    }

    #[inline(never)]
    pub(super) fn op_call(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        base: Reg,
        count: u8,
    ) -> Run<Called> {
        self.may_need();
        let first = at.slot(base);
        self.call_value(world, self.stack[first], first, usize::from(count), &[])
    }

    #[inline(never)]
    pub(super) fn op_call_method(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        base: Reg,
        name: NameId,
        count: u8,
    ) -> Run<Called> {
        self.may_need();
        self.call_method(world, at.slot(base), name, usize::from(count), &[])
    }

    #[inline(never)]
    pub(super) fn op_call_shape(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        base: Reg,
        shape: u16,
    ) -> Run<Called> {
        self.may_need();
        let first = at.slot(base);
        let callee = self.stack[first];
        let (count, keywords) = self.spread(at.program, shape, first + 1)?;
        let called = self.call_value(world, callee, first, count, &keywords);
        self.keywords = keywords;
        called
    }

    #[inline(never)]
    pub(super) fn op_call_method_shape(
        &mut self,
        world: &mut World<'_>,
        at: Registers<'_>,
        base: Reg,
        name: NameId,
        shape: u16,
    ) -> Run<Called> {
        self.may_need();
        let first = at.slot(base);
        let (count, keywords) = self.spread(at.program, shape, first + 2)?;
        let called = self.call_method(world, first, name, count, &keywords);
        self.keywords = keywords;
        called
    }

    /// An argument of a native function.
    #[inline]
    pub(crate) fn arg(&self, args: Args, index: usize) -> Value {
        if index < args.count { self.stack[args.at + index] } else { Value::None }
    }

    /// Puts a frame for a function on top; its arguments are in the stack.
    #[inline(never)]
    pub(super) fn enter(&mut self, program: &Program, function: u16, at: usize, count: usize) -> Run<()> {
        let parameters = &program.functions[usize::from(function)].parameters;
        if !(parameters.simple && parameters.names.len() == count) {
            self.bind(program, function, at, count, &[])?;
        }
        self.push_frame(program, function, at, &[], Value::Unbound)
    }

    /// As [`Self::enter`], with keywords, cells of a closure, and the object that is constructed.
    fn enter_with(
        &mut self,
        program: &Program,
        function: u16,
        (at, count): (usize, usize),
        keywords: Keywords<'_>,
        cells: &[Handle],
        constructs: Value,
    ) -> Run<()> {
        self.bind(program, function, at, count, keywords)?;
        self.push_frame(program, function, at, cells, constructs)
    }

    #[inline]
    fn push_frame(
        &mut self,
        program: &Program,
        function: u16,
        at: usize,
        cells: &[Handle],
        constructs: Value,
    ) -> Run<()> {
        let code = &program.functions[usize::from(function)];
        if self.frames.len() >= limits::CALL_DEPTH_MAX {
            return self.raise(classes::RECURSION_ERROR, "maximum recursion depth exceeded");
        }
        let registers = usize::from(code.registers);
        self.heap.charge(gas::CALL + gas::REGISTER * registers as u64)?;
        if self.stack.len() < at + registers {
            self.stack.resize(at + registers, Value::None);
        }
        let given = code.parameters.registers();
        for (index, cell) in cells.iter().enumerate() {
            self.stack[at + given + index] = Value::Cell(*cell);
        }
        let bound = given + cells.len();
        if code.locals.len() > bound {
            self.stack[at + bound..at + code.locals.len()].fill(Value::Unbound);
        }
        self.frames.push(Frame { function, pc: 0, base: at as u32, constructs });
        Ok(())
    }

    /// Calls a value whose arguments are after `at`.
    pub(super) fn call_value(
        &mut self,
        world: &mut World<'_>,
        callee: Value,
        at: usize,
        count: usize,
        keywords: Keywords<'_>,
    ) -> Run<Called> {
        match callee {
            Value::Function(function) => {
                self.enter_with(world.program, function, (at + 1, count), keywords, &[], Value::Unbound)?;
                Ok(Called::Entered)
            }
            Value::Closure(handle) => {
                let function = self.heap.closure(handle).0;
                let cells = std::mem::take(&mut self.heap.closure_mut(handle).1);
                let entered = self.enter_with(
                    world.program,
                    function,
                    (at + 1, count),
                    keywords,
                    &cells,
                    Value::Unbound,
                );
                self.heap.closure_mut(handle).1 = cells;
                entered.map(|()| Called::Entered)
            }
            Value::Class(class) => self.construct(world, class, at, count, keywords),
            Value::Builtin(builtin) => {
                self.heap.charge(gas::NATIVE)?;
                let args = Args { at: at + 1, count };
                self.call_builtin(world, builtin, args, keywords).map(Called::Done)
            }
            Value::Method(handle) => {
                let (receiver, name) = *self.heap.method(handle);
                self.shift(at + 1, count);
                self.stack[at + 1] = receiver;
                let called = self.call_method(world, at, name, count, keywords);
                if matches!(called, Err(crate::fault::Fault::Need)) {
                    // The instruction will be repeated with the arguments where they were.
                    self.stack.copy_within(at + 2..at + 2 + count, at + 1);
                }
                called
            }
            other => {
                let message = format!("'{}' object is not callable", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    /// Makes room for one value before so many in the stack.
    fn shift(&mut self, at: usize, count: usize) {
        if self.stack.len() < at + count + 2 {
            self.stack.resize(at + count + 2, Value::None);
        }
        self.stack.copy_within(at..at + count, at + 1);
    }

    /// Calls a method of the value in `at + 1`, whose arguments are after it.
    pub(super) fn call_method(
        &mut self,
        world: &mut World<'_>,
        at: usize,
        name: NameId,
        count: usize,
        keywords: Keywords<'_>,
    ) -> Run<Called> {
        let receiver = self.stack[at + 1];
        let own = match receiver {
            Value::Contract => Some(self.heap.program.contract),
            Value::Instance(handle) => Some(self.heap.instance(handle).class),
            _ => None,
        };
        if let Some(class) = own {
            let method = world.program.class(class).and_then(|class| class.methods.get(&name).copied());
            if let Some(function) = method {
                if keywords.is_empty() {
                    self.enter(world.program, function, at + 1, count + 1)?;
                } else {
                    self.enter_with(
                        world.program,
                        function,
                        (at + 1, count + 1),
                        keywords,
                        &[],
                        Value::Unbound,
                    )?;
                }
                return Ok(Called::Entered);
            }
            let callee = self.attribute(world, receiver, name)?;
            // An attribute that holds a function: it does not get the object.
            self.stack.copy_within(at + 2..at + 2 + count, at + 1);
            return self.call_value(world, callee, at, count, keywords);
        }
        self.heap.charge(gas::NATIVE)?;
        self.native_method(world, receiver, name, Args { at: at + 2, count }, keywords).map(Called::Done)
    }

    /// Calls a class.
    fn construct(
        &mut self,
        world: &World<'_>,
        class: ClassId,
        at: usize,
        count: usize,
        keywords: Keywords<'_>,
    ) -> Run<Called> {
        let program = world.program;
        let args = Args { at: at + 1, count };
        let Some(description) = program.class(class) else {
            self.heap.charge(gas::NATIVE)?;
            return self.construct_builtin(class, args, keywords).map(Called::Done);
        };
        match &description.kind {
            ClassKind::Contract => {
                let message = format!("{} cannot be made by a contract", program.class_name(class));
                self.raise(classes::TYPE_ERROR, &message)
            }
            ClassKind::Record { .. } => self.new_record(program, class, args, keywords).map(Called::Done),
            ClassKind::Plain | ClassKind::Exception => {
                let is_exception = matches!(description.kind, ClassKind::Exception);
                let init = description.methods.get(&crate::names::Known::__init__.id()).copied();
                let object = if is_exception {
                    let items = self.stack[args.at..args.at + args.count].to_vec();
                    self.new_exception(class, &items)?
                } else {
                    self.heap.new_instance(Instance { class, fields: Vec::new() }, 32)?
                };
                match init {
                    Some(function) => {
                        self.shift(at + 1, count);
                        self.stack[at + 1] = object;
                        self.enter_with(world.program, function, (at + 1, count + 1), keywords, &[], object)?;
                        Ok(Called::Entered)
                    }
                    None if keywords.is_empty() && (is_exception || count == 0) => Ok(Called::Done(object)),
                    None if is_exception => {
                        let message = format!("{}() takes no keyword arguments", program.class_name(class));
                        self.raise(classes::TYPE_ERROR, &message)
                    }
                    None => {
                        let message = format!("{}() takes no arguments", program.class_name(class));
                        self.raise(classes::TYPE_ERROR, &message)
                    }
                }
            }
        }
    }

    /// An inner function with its cells.
    pub(super) fn closure(&mut self, at: Registers<'_>, function: u16) -> Run<Value> {
        let captured: &[Reg] = &at.program.functions[usize::from(function)].captured;
        if captured.is_empty() {
            return Ok(Value::Function(function));
        }
        let mut cells = Vec::with_capacity(captured.len());
        for register in captured {
            match self.get(at, *register) {
                Value::Cell(cell) => cells.push(cell),
                _ => return Err(Fault::Broken(Bug::CaptureWithoutCell)),
            }
        }
        let bytes = 8 * cells.len() as u64;
        self.heap.new_closure((function, cells), bytes)
    }

    /// `Exception.__init__` of a contract's own exception.
    pub(crate) fn init_exception(&mut self, args: Args) -> Run<Value> {
        let Value::Instance(handle) = self.arg(args, 0) else {
            return self.raise(classes::TYPE_ERROR, "not an exception");
        };
        let items = self.stack[args.at + 1..args.at + args.count].to_vec();
        let tuple = self.heap.new_tuple(&items)?;
        self.set_field(handle, crate::names::Known::args.id(), tuple)?;
        Ok(Value::None)
    }
}
