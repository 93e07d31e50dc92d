//! Calls: frames, the binding of arguments, constructors.

use super::{Frame, Machine};
use crate::{
    bytecode::Reg,
    classes,
    fault::Run,
    gas,
    heap::Instance,
    host::Host,
    limits,
    program::{ClassKind, Program},
    value::{ClassId, Handle, NameId, Value},
};
use std::sync::Arc;

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
    /// Starts the outermost function of the call, with a value for each of its parameters.
    pub(crate) fn start(&mut self, function: u16, arguments: &[Value]) -> Run<()> {
        self.stack.clear();
        self.stack.push(Value::Unbound);
        self.stack.extend_from_slice(arguments);
        self.stack.resize(arguments.len() + 64, Value::None);
        self.pc = 0;
        let program = Arc::clone(&self.heap.program);
        self.push_frame(&program, function, 1, &[], Value::Unbound)
    }

    /// An argument of a native function.
    #[inline]
    pub(crate) fn arg(&self, args: Args, index: usize) -> Value {
        if index < args.count { self.stack[args.at + index] } else { Value::None }
    }

    /// Puts a frame for a function on top; its arguments are in the stack.
    #[inline]
    pub(super) fn enter(&mut self, function: u16, at: usize, count: usize) -> Run<()> {
        let program = Arc::clone(&self.heap.program);
        let parameters = &program.functions[usize::from(function)].parameters;
        if !(parameters.simple && parameters.names.len() == count) {
            self.bind(&program, function, at, count, &[])?;
        }
        self.push_frame(&program, function, at, &[], Value::Unbound)
    }

    /// As [`Self::enter`], with keywords, cells of a closure, and the object that is constructed.
    fn enter_with(
        &mut self,
        function: u16,
        (at, count): (usize, usize),
        keywords: Keywords<'_>,
        cells: &[Handle],
        constructs: Value,
    ) -> Run<()> {
        let program = Arc::clone(&self.heap.program);
        self.bind(&program, function, at, count, keywords)?;
        self.push_frame(&program, function, at, cells, constructs)
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

    /// Puts arguments where the function expects them, as Python does.
    fn bind(
        &mut self,
        program: &Program,
        function: u16,
        at: usize,
        count: usize,
        keywords: Keywords<'_>,
    ) -> Run<()> {
        let code = &program.functions[usize::from(function)];
        let parameters = &code.parameters;
        let name = program.name(code.name);
        let positional = usize::from(parameters.positional);
        self.heap.charge(gas::NATIVE + gas::elements(count + parameters.names.len()))?;
        if count > positional && !parameters.star {
            let plural = if positional == 1 { "argument" } else { "arguments" };
            let were = if count == 1 { "was" } else { "were" };
            let least = parameters.defaults[..positional].iter().filter(|default| default.is_none()).count();
            let takes = if least == positional {
                format!("{positional} positional {plural}")
            } else {
                format!("from {least} to {positional} positional arguments")
            };
            return self
                .raise(classes::TYPE_ERROR, &format!("{name}() takes {takes} but {count} {were} given"));
        }
        let mut values: Vec<Value> = vec![Value::Unbound; parameters.names.len()];
        let direct = count.min(positional);
        values[..direct].copy_from_slice(&self.stack[at..at + direct]);
        let rest: Vec<Value> = self.stack[at + direct..at + count].to_vec();
        for (keyword, value) in keywords {
            let text = program.name(*keyword);
            match parameters.names.iter().position(|parameter| parameter == keyword) {
                None => {
                    let message = format!("{name}() got an unexpected keyword argument '{text}'");
                    return self.raise(classes::TYPE_ERROR, &message);
                }
                Some(slot) if values[slot] != Value::Unbound => {
                    let message = format!("{name}() got multiple values for argument '{text}'");
                    return self.raise(classes::TYPE_ERROR, &message);
                }
                Some(slot) => values[slot] = *value,
            }
        }
        for (value, default) in values.iter_mut().zip(&parameters.defaults) {
            if let (Value::Unbound, Some(default)) = (*value, default) {
                *value = *default;
            }
        }
        let missing = |range: std::ops::Range<usize>| -> Vec<&str> {
            let absent = range.filter(|slot| values[*slot] == Value::Unbound);
            absent.map(|slot| program.name(parameters.names[slot])).collect()
        };
        let absent = (missing(0..positional), missing(positional..parameters.names.len()));
        let message = match (&absent.0[..], &absent.1[..]) {
            ([], []) => None,
            ([], names) => Some(missing_message(name, "keyword-only", names)),
            (names, _) => Some(missing_message(name, "positional", names)),
        };
        if let Some(message) = message {
            return self.raise(classes::TYPE_ERROR, &message);
        }
        let needed = at + values.len() + 1;
        if self.stack.len() < needed {
            self.stack.resize(needed, Value::None);
        }
        self.stack[at..at + values.len()].copy_from_slice(&values);
        if parameters.star {
            self.stack[at + values.len()] = self.heap.new_tuple(&rest)?;
        }
        Ok(())
    }

    /// Calls a value whose arguments are after `at`.
    pub(super) fn call_value(
        &mut self,
        host: &mut dyn Host,
        callee: Value,
        at: usize,
        count: usize,
        keywords: Keywords<'_>,
    ) -> Run<Called> {
        match callee {
            Value::Function(function) => {
                self.enter_with(function, (at + 1, count), keywords, &[], Value::Unbound)?;
                Ok(Called::Entered)
            }
            Value::Closure(handle) => {
                let (function, cells) = self.heap.closure(handle).clone();
                self.enter_with(function, (at + 1, count), keywords, &cells, Value::Unbound)?;
                Ok(Called::Entered)
            }
            Value::Class(class) => self.construct(class, at, count, keywords),
            Value::Builtin(builtin) => {
                self.heap.charge(gas::NATIVE)?;
                let args = Args { at: at + 1, count };
                self.call_builtin(host, builtin, args, keywords).map(Called::Done)
            }
            Value::Method(handle) => {
                let (receiver, name) = *self.heap.method(handle);
                self.shift(at + 1, count);
                self.stack[at + 1] = receiver;
                let called = self.call_method(host, at, name, count, keywords);
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
        host: &mut dyn Host,
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
            let method = self.heap.program.class(class).and_then(|class| class.methods.get(&name).copied());
            if let Some(function) = method {
                if keywords.is_empty() {
                    self.enter(function, at + 1, count + 1)?;
                } else {
                    self.enter_with(function, (at + 1, count + 1), keywords, &[], Value::Unbound)?;
                }
                return Ok(Called::Entered);
            }
            let callee = self.attribute(host, receiver, name)?;
            // An attribute that holds a function: it does not get the object.
            self.stack.copy_within(at + 2..at + 2 + count, at + 1);
            return self.call_value(host, callee, at, count, keywords);
        }
        self.heap.charge(gas::NATIVE)?;
        self.native_method(host, receiver, name, Args { at: at + 2, count }, keywords).map(Called::Done)
    }

    /// Calls a class.
    fn construct(&mut self, class: ClassId, at: usize, count: usize, keywords: Keywords<'_>) -> Run<Called> {
        let program = Arc::clone(&self.heap.program);
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
            ClassKind::Record { .. } => self.new_record(class, args, keywords).map(Called::Done),
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
                        self.enter_with(function, (at + 1, count + 1), keywords, &[], object)?;
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

    /// Constructs a dataclass.
    fn new_record(&mut self, class: ClassId, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        let program = Arc::clone(&self.heap.program);
        let Some(ClassKind::Record { fields, .. }) = program.class(class).map(|class| &class.kind) else {
            return Err(crate::fault::Fault::Broken("not a dataclass"));
        };
        let name = program.class_name(class);
        self.heap.charge(gas::elements(fields.len()))?;
        if args.count > fields.len() {
            let message = format!(
                "{name}.__init__() takes {} positional arguments but {} were given",
                fields.len() + 1,
                args.count + 1
            );
            return self.raise(classes::TYPE_ERROR, &message);
        }
        let mut values: Vec<Option<Value>> = vec![None; fields.len()];
        for (index, value) in values.iter_mut().enumerate().take(args.count) {
            *value = Some(self.stack[args.at + index]);
        }
        for (keyword, value) in keywords {
            match fields.iter().position(|field| field.name == *keyword) {
                Some(index) if values[index].is_none() => values[index] = Some(*value),
                Some(_) => {
                    let message = format!(
                        "{name}.__init__() got multiple values for argument '{}'",
                        program.name(*keyword)
                    );
                    return self.raise(classes::TYPE_ERROR, &message);
                }
                None => {
                    let message = format!(
                        "{name}.__init__() got an unexpected keyword argument '{}'",
                        program.name(*keyword)
                    );
                    return self.raise(classes::TYPE_ERROR, &message);
                }
            }
        }
        let mut missing = Vec::new();
        let mut done = Vec::with_capacity(fields.len());
        for (field, value) in fields.iter().zip(values) {
            match value.or(field.default) {
                Some(value) => done.push((field.name, value)),
                None => missing.push(program.name(field.name)),
            }
        }
        if !missing.is_empty() {
            let message = missing_message(&format!("{name}.__init__"), "positional", &missing);
            return self.raise(classes::TYPE_ERROR, &message);
        }
        let bytes = 32 * done.len() as u64;
        self.heap.new_instance(Instance { class, fields: done }, bytes)
    }

    /// Arguments of a call with keywords or a star: the positional ones in a row from `at`.
    pub(super) fn spread(
        &mut self,
        program: &Program,
        shape: u16,
        at: usize,
    ) -> Run<(usize, Vec<(NameId, Value)>)> {
        let shape = &program.shapes[usize::from(shape)];
        let positional = usize::from(shape.positional);
        let names = shape.keywords.len();
        self.heap.charge(gas::NATIVE + gas::elements(positional + names))?;
        self.spread = (at, self.stack[at..at + positional + names].to_vec());
        let values = &self.stack[at + positional..at + positional + names];
        let keywords: Vec<(NameId, Value)> =
            shape.keywords.iter().copied().zip(values.iter().copied()).collect();
        if !shape.star {
            return Ok((positional, keywords));
        }
        let first = at + positional - 1;
        let items = match self.stack[first] {
            Value::List(list) => std::mem::take(&mut self.heap.list_mut(list).items),
            _ => return Err(crate::fault::Fault::Broken("a star without its list")),
        };
        if items.len() > limits::ARGUMENTS_MAX {
            return self.raise(classes::TYPE_ERROR, "too many arguments");
        }
        self.heap.charge(gas::elements(items.len()))?;
        if self.stack.len() < first + items.len() + 2 {
            self.stack.resize(first + items.len() + 2, Value::None);
        }
        self.stack[first..first + items.len()].copy_from_slice(&items);
        let count = positional - 1 + items.len();
        if let Value::List(list) = self.spread.1[positional - 1] {
            self.heap.list_mut(list).items = items;
        }
        Ok((count, keywords))
    }

    /// Undoes [`Self::spread`] if the instruction at hand did it, because it will be repeated.
    pub(super) fn restore_spread(&mut self) {
        use crate::bytecode::Op;
        let Some(frame) = self.frames.last() else { return };
        let op = self.heap.program.functions[usize::from(frame.function)].code[self.pc];
        if matches!(op, Op::CallShape { .. } | Op::CallMethodShape { .. }) {
            let (at, values) = std::mem::take(&mut self.spread);
            self.stack[at..at + values.len()].copy_from_slice(&values);
        }
    }

    /// An inner function with its cells.
    pub(super) fn closure(&mut self, program: &Program, base: usize, function: u16) -> Run<Value> {
        let captured: &[Reg] = &program.functions[usize::from(function)].captured;
        if captured.is_empty() {
            return Ok(Value::Function(function));
        }
        let mut cells = Vec::with_capacity(captured.len());
        for register in captured {
            match self.stack[base + usize::from(*register)] {
                Value::Cell(cell) => cells.push(cell),
                _ => return Err(crate::fault::Fault::Broken("a captured variable without a cell")),
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

fn missing_message(name: &str, kind: &str, names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    let list = match &quoted[..] {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [others @ .., last] => format!("{}, and {last}", others.join(", ")),
        [] => String::new(),
    };
    let plural = if names.len() == 1 { "argument" } else { "arguments" };
    format!("{name}() missing {} required {kind} {plural}: {list}", names.len())
}
