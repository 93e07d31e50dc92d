//! The loop over instructions.

use super::{Machine, call::Called};
use crate::{
    builtins::Builtin,
    bytecode::{Binary, CONSTANT, Compare, Op},
    fault::{Fault, Run},
    gas,
    heap::Iterator,
    host::Host,
    value::Value,
};
use std::sync::Arc;

impl Machine {
    /// Runs until the outermost function returns, or something stops it.
    ///
    /// # Errors
    /// `Raised` if no handler took the exception; traps; `Need` and `Call`, after which it is called
    /// again.
    pub(crate) fn resume(&mut self, host: &mut dyn Host) -> Run<Value> {
        loop {
            match self.execute(host) {
                Err(Fault::Raised(exception)) => {
                    if !self.unwind(exception)? {
                        return Err(Fault::Raised(exception));
                    }
                }
                Err(Fault::Need) => {
                    self.pc -= 1;
                    self.heap.meter = self.checkpoint;
                    self.restore_spread();
                    return Err(Fault::Need);
                }
                other => return other,
            }
        }
    }

    /// Puts the result of a call of another contract where the instruction wants it.
    pub(crate) fn finish_call(&mut self, host: &mut dyn Host, result: Run<Value>) -> Run<Value> {
        match result {
            Ok(value) => {
                let slot = self.outgoing_slot();
                self.stack[slot] = value;
            }
            Err(Fault::Raised(exception)) => {
                if !self.unwind(exception)? {
                    return Err(Fault::Raised(exception));
                }
            }
            Err(fault) => return Err(fault),
        }
        self.resume(host)
    }

    /// The register for the result of the instruction that made the call.
    fn outgoing_slot(&self) -> usize {
        let Some(frame) = self.frames.last() else { return 0 };
        let code = &self.heap.program.functions[usize::from(frame.function)].code;
        match code[self.pc - 1] {
            Op::CallMethod { base, .. } | Op::CallMethodShape { base, .. } => {
                frame.base as usize + usize::from(base)
            }
            Op::Call { base, .. } | Op::CallShape { base, .. } => frame.base as usize + usize::from(base),
            _ => 0,
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn execute(&mut self, host: &mut dyn Host) -> Run<Value> {
        let program = Arc::clone(&self.heap.program);
        let constants = &program.constants[..];
        let mut frame = match self.frames.last() {
            Some(frame) => *frame,
            None => return Err(Fault::Broken("no frame")),
        };
        let mut code = &program.functions[usize::from(frame.function)].code[..];
        let mut base = frame.base as usize;
        let mut pc = self.pc;

        // Reads an operand.
        macro_rules! get {
            ($operand:expr) => {{
                let operand = $operand;
                if operand & CONSTANT == 0 {
                    self.stack[base + usize::from(operand)]
                } else {
                    constants[usize::from(operand & !CONSTANT)]
                }
            }};
        }
        macro_rules! set {
            ($register:expr, $value:expr) => {{
                let value = $value;
                self.stack[base + usize::from($register)] = value;
            }};
        }
        // Ends the run with the place of the instruction saved.
        macro_rules! check {
            ($result:expr) => {
                match $result {
                    Ok(value) => value,
                    Err(fault) => {
                        self.pc = pc;
                        return Err(fault);
                    }
                }
            };
        }
        macro_rules! charge {
            ($gas:expr) => {
                check!(self.heap.meter.charge($gas))
            };
        }
        // Reads an operand that must have a value.
        macro_rules! take {
            ($operand:expr) => {{
                let operand = $operand;
                let value = get!(operand);
                if matches!(value, Value::Unbound) {
                    check!(self.unbound(operand))
                }
                value
            }};
        }
        // A fast path for two small integers, else the general operation.
        macro_rules! arithmetic {
            ($kind:expr, $dst:expr, $a:expr, $b:expr, $method:ident) => {{
                charge!(gas::ARITHMETIC);
                let (a, b) = (get!($a), get!($b));
                if let (Value::Int(x), Value::Int(y)) = (a, b)
                    && let Some(result) = x.$method(y)
                {
                    set!($dst, Value::Int(result));
                } else {
                    check!(self.check_bound($a, a, $b, b));
                    set!($dst, check!(self.arithmetic($kind, a, b)));
                }
            }};
        }
        macro_rules! compare {
            ($kind:expr, $a:expr, $b:expr) => {{
                charge!(gas::ARITHMETIC);
                let (a, b) = (get!($a), get!($b));
                match ($kind, a, b) {
                    (Compare::Lt, Value::Int(a), Value::Int(b)) => a < b,
                    (Compare::Eq, Value::Int(a), Value::Int(b)) => a == b,
                    (Compare::Gt, Value::Int(a), Value::Int(b)) => a > b,
                    (Compare::Le, Value::Int(a), Value::Int(b)) => a <= b,
                    (Compare::Ge, Value::Int(a), Value::Int(b)) => a >= b,
                    (Compare::Ne, Value::Int(a), Value::Int(b)) => a != b,
                    (kind, a, b) => {
                        check!(self.check_bound($a, a, $b, b));
                        self.checkpoint = self.heap.meter;
                        self.checkpoint.gas += gas::ARITHMETIC;
                        check!(self.compare(host, kind, a, b))
                    }
                }
            }};
        }
        macro_rules! truth {
            ($operand:expr) => {{
                match get!($operand) {
                    Value::Bool(value) => value,
                    Value::None => false,
                    Value::Int(int) => int != 0,
                    _ => {
                        let value = take!($operand);
                        check!(self.truth(value))
                    }
                }
            }};
        }
        // Goes on in the frame on top, which changed.
        macro_rules! switch {
            () => {{
                frame = match self.frames.last() {
                    Some(frame) => *frame,
                    None => return Err(Fault::Broken("no frame")),
                };
                code = &program.functions[usize::from(frame.function)].code[..];
                base = frame.base as usize;
                pc = frame.pc as usize;
            }};
        }
        macro_rules! finish_call {
            ($base:expr, $called:expr) => {
                match $called {
                    Called::Done(value) => set!($base, value),
                    Called::Entered => switch!(),
                }
            };
        }
        // Before an operation that may ask the host: what it has cost by then is given back if so.
        macro_rules! may_need {
            () => {
                self.checkpoint = self.heap.meter
            };
        }

        loop {
            let op = code[pc];
            pc += 1;
            match op {
                Op::Move { dst, src } => {
                    charge!(gas::MOVE);
                    set!(dst, take!(src));
                }
                Op::Unbind { reg } => {
                    charge!(gas::MOVE);
                    set!(reg, Value::Unbound);
                }
                Op::LoadGlobal { dst, global } => {
                    charge!(gas::ACCESS);
                    set!(dst, check!(self.global(&program, global)));
                }
                Op::NewCell { reg } => {
                    let value = get!(reg);
                    set!(reg, check!(self.heap.new_cell(value, 16)));
                }
                Op::LoadCell { dst, cell } => {
                    charge!(gas::MOVE);
                    let value = match get!(cell) {
                        Value::Cell(handle) => *self.heap.cell(handle),
                        _ => Value::Unbound,
                    };
                    if matches!(value, Value::Unbound) {
                        check!(self.unbound(cell));
                    }
                    set!(dst, value);
                }
                Op::StoreCell { cell, src } => {
                    charge!(gas::MOVE);
                    let value = take!(src);
                    if let Value::Cell(handle) = get!(cell) {
                        *self.heap.cell_mut(handle) = value;
                    }
                }
                Op::NewClosure { dst, function } => {
                    charge!(gas::ACCESS);
                    set!(dst, check!(self.closure(&program, base, function)));
                }

                Op::Add { dst, a, b } => arithmetic!(Binary::Add, dst, a, b, checked_add),
                Op::Sub { dst, a, b } => arithmetic!(Binary::Sub, dst, a, b, checked_sub),
                Op::Mul { dst, a, b } => arithmetic!(Binary::Mul, dst, a, b, checked_mul),
                Op::FloorDiv { dst, a, b } => arithmetic!(Binary::FloorDiv, dst, a, b, floor_div),
                Op::Mod { dst, a, b } => arithmetic!(Binary::Mod, dst, a, b, floor_mod),
                Op::Arithmetic { kind, dst, a, b } => {
                    charge!(gas::ARITHMETIC);
                    let (left, right) = (take!(a), take!(b));
                    set!(dst, check!(self.arithmetic(kind, left, right)));
                }
                Op::InPlace { kind, dst, a, b } => {
                    charge!(gas::ARITHMETIC);
                    let (left, right) = (get!(a), get!(b));
                    let fast = match (kind, left, right) {
                        (Binary::Add, Value::Int(x), Value::Int(y)) => x.checked_add(y),
                        (Binary::Sub, Value::Int(x), Value::Int(y)) => x.checked_sub(y),
                        _ => None,
                    };
                    match fast {
                        Some(result) => set!(dst, Value::Int(result)),
                        None => {
                            check!(self.check_bound(a, left, b, right));
                            set!(dst, check!(self.in_place(kind, left, right)));
                        }
                    }
                }
                Op::Apply { kind, dst, a } => {
                    charge!(gas::ARITHMETIC);
                    let value = take!(a);
                    set!(dst, check!(self.unary(kind, value)));
                }
                Op::Test { kind, dst, a, b } => {
                    let result = compare!(kind, a, b);
                    set!(dst, Value::Bool(result));
                }

                Op::Jump { target } => {
                    charge!(gas::MOVE);
                    pc = usize::from(target);
                }
                Op::JumpIf { when, src, target } => {
                    charge!(gas::MOVE);
                    if truth!(src) == when {
                        pc = usize::from(target);
                    }
                }
                Op::JumpUnless { kind, a, b, target } => {
                    if !compare!(kind, a, b) {
                        pc = usize::from(target);
                    }
                }
                Op::JumpWhen { kind, a, b, target } => {
                    if compare!(kind, a, b) {
                        pc = usize::from(target);
                    }
                }

                Op::Iterate { iter, src } => {
                    charge!(gas::ACCESS);
                    let source = take!(src);
                    let (source, state) = check!(self.start_iteration(source));
                    set!(iter, source);
                    set!(iter + 1, Value::Int(state));
                }
                Op::ForEach { dst, iter, target } => {
                    charge!(gas::ITERATE);
                    let (source, state) = (get!(iter), get!(iter + 1));
                    match (source, state) {
                        (Value::List(list), Value::Int(at)) => {
                            if let Some(item) = self.heap.list(list).items.get(at as usize).copied() {
                                set!(dst, item);
                                set!(iter + 1, Value::Int(at + 1));
                                pc = usize::from(target);
                            }
                        }
                        (source, Value::Int(state)) => {
                            let mut cursor = Iterator::Plain { source, state };
                            if let Some(item) = check!(self.advance(&mut cursor)) {
                                set!(dst, item);
                                if let Iterator::Plain { state, .. } = cursor {
                                    set!(iter + 1, Value::Int(state));
                                }
                                pc = usize::from(target);
                            }
                        }
                        _ => check!(Err(Fault::Broken("a loop without a position"))),
                    }
                }
                Op::StartRange { iter, count } => {
                    charge!(gas::ACCESS);
                    check!(self.start_range(base + usize::from(iter), usize::from(count)));
                }
                Op::ForRange { dst, iter, target } => {
                    charge!(gas::ITERATE);
                    let at = base + usize::from(iter);
                    if let (Value::Int(next), Value::Int(stop), Value::Int(step)) =
                        (self.stack[at], self.stack[at + 1], self.stack[at + 2])
                        && (if step > 0 { next < stop } else { next > stop })
                    {
                        // Past the last number there is nothing to add to.
                        self.stack[at] = Value::Int(next.saturating_add(step));
                        set!(dst, Value::Int(next));
                        pc = usize::from(target);
                    }
                }

                Op::Index { dst, object, key } => {
                    may_need!();
                    charge!(gas::ACCESS);
                    let (object, key) = (take!(object), take!(key));
                    let value = match (object, key) {
                        (Value::List(list), Value::Int(at)) if at >= 0 => {
                            self.heap.list(list).items.get(at as usize).copied()
                        }
                        _ => None,
                    };
                    let value = match value {
                        Some(value) => value,
                        None => check!(self.index(host, object, key)),
                    };
                    set!(dst, value);
                }
                Op::StoreIndex { object, key, src } => {
                    may_need!();
                    charge!(gas::ACCESS);
                    let (object, key, value) = (take!(object), take!(key), take!(src));
                    check!(self.store_index(object, key, value));
                }
                Op::DeleteIndex { object, key } => {
                    may_need!();
                    charge!(gas::ACCESS);
                    let (object, key) = (take!(object), take!(key));
                    check!(self.delete_index(host, object, key));
                }
                Op::Slice { dst, object, base: parts } => {
                    charge!(gas::ACCESS);
                    let object = take!(object);
                    let at = base + usize::from(parts);
                    let parts = [self.stack[at], self.stack[at + 1], self.stack[at + 2]];
                    set!(dst, check!(self.slice(object, parts)));
                }
                Op::StoreSlice { object, base: parts } => {
                    charge!(gas::ACCESS);
                    let object = take!(object);
                    let at = base + usize::from(parts);
                    let parts = [self.stack[at], self.stack[at + 1], self.stack[at + 2]];
                    let value = self.stack[at + 3];
                    check!(self.store_slice(object, parts, Some(value)));
                }
                Op::DeleteSlice { object, base: parts } => {
                    charge!(gas::ACCESS);
                    let object = take!(object);
                    let at = base + usize::from(parts);
                    let parts = [self.stack[at], self.stack[at + 1], self.stack[at + 2]];
                    check!(self.store_slice(object, parts, None));
                }
                Op::Attribute { dst, object, name } => {
                    may_need!();
                    charge!(gas::ACCESS);
                    let object = take!(object);
                    set!(dst, check!(self.attribute(host, object, name)));
                }
                Op::StoreAttribute { object, name, src } => {
                    may_need!();
                    charge!(gas::ACCESS);
                    let (object, value) = (take!(object), take!(src));
                    check!(self.store_attribute(object, name, value));
                }

                Op::NewList { dst, base: first, count } => {
                    let at = base + usize::from(first);
                    let items = self.stack[at..at + usize::from(count)].to_vec();
                    set!(dst, check!(self.heap.new_list(items)));
                }
                Op::NewTuple { dst, base: first, count } => {
                    let at = base + usize::from(first);
                    let tuple = self.heap.new_tuple(&self.stack[at..at + usize::from(count)]);
                    set!(dst, check!(tuple));
                }
                Op::NewSet { dst, base: first, count } => {
                    let at = base + usize::from(first);
                    set!(dst, check!(self.new_set_of(at, usize::from(count))));
                }
                Op::NewDict { dst, base: first, count } => {
                    let at = base + usize::from(first);
                    set!(dst, check!(self.new_dict_of(at, usize::from(count))));
                }
                Op::Append { list, src } => {
                    let value = take!(src);
                    if let Value::List(handle) = get!(list) {
                        check!(self.heap.charge_elements(1));
                        self.heap.list_mut(handle).items.push(value);
                    }
                }
                Op::Extend { list, src } => {
                    charge!(gas::ACCESS);
                    let source = take!(src);
                    if let Value::List(handle) = get!(list) {
                        check!(self.extend(handle, source));
                    }
                }
                Op::AddToSet { set, src } => {
                    let value = take!(src);
                    if let Value::Set(handle) = get!(set) {
                        check!(self.insert(handle, value, Value::None));
                    }
                }
                Op::MergeDict { dict, src } => {
                    charge!(gas::ACCESS);
                    let source = take!(src);
                    if let Value::Dict(handle) = get!(dict) {
                        check!(self.merge(handle, source));
                    }
                }
                Op::ToTuple { dst, list } => {
                    if let Value::List(handle) = get!(list) {
                        let items = std::mem::take(&mut self.heap.list_mut(handle).items);
                        set!(dst, check!(self.heap.new_tuple(&items)));
                    }
                }
                Op::Unpack { src, base: first, count } => {
                    charge!(gas::ACCESS + gas::elements(usize::from(count)));
                    let source = take!(src);
                    check!(self.unpack(source, base + usize::from(first), usize::from(count)));
                }
                Op::UnpackRest { after, src, base: first, before } => {
                    charge!(gas::ACCESS);
                    let source = take!(src);
                    let at = base + usize::from(first);
                    check!(self.unpack_rest(source, at, usize::from(before), usize::from(after)));
                }

                Op::Call { base: slot, count } => {
                    may_need!();
                    let at = base + usize::from(slot);
                    let callee = self.stack[at];
                    self.save(pc);
                    let called = check!(self.call_value(host, callee, at, usize::from(count), &[]));
                    finish_call!(slot, called);
                }
                Op::CallFunction { base: slot, function, count } => {
                    self.save(pc);
                    check!(self.enter(function, base + usize::from(slot) + 1, usize::from(count)));
                    switch!();
                }
                Op::CallBuiltin { base: slot, builtin, count } => {
                    may_need!();
                    charge!(gas::NATIVE);
                    let args = super::Args { at: base + usize::from(slot) + 1, count: usize::from(count) };
                    let Some(builtin) = Builtin::of(builtin) else {
                        return Err(Fault::Broken("no such builtin"));
                    };
                    set!(slot, check!(self.call_builtin(host, builtin, args, &[])));
                }
                Op::CallMethod { base: slot, name, count } => {
                    may_need!();
                    self.save(pc);
                    let at = base + usize::from(slot);
                    let called = check!(self.call_method(host, at, name, usize::from(count), &[]));
                    finish_call!(slot, called);
                }
                Op::CallShape { base: slot, shape } => {
                    may_need!();
                    let at = base + usize::from(slot);
                    self.save(pc);
                    let callee = self.stack[at];
                    let (count, keywords) = check!(self.spread(&program, shape, at + 1));
                    let called = check!(self.call_value(host, callee, at, count, &keywords));
                    finish_call!(slot, called);
                }
                Op::CallMethodShape { base: slot, name, shape } => {
                    may_need!();
                    let at = base + usize::from(slot);
                    self.save(pc);
                    let (count, keywords) = check!(self.spread(&program, shape, at + 2));
                    let called = check!(self.call_method(host, at, name, count, &keywords));
                    finish_call!(slot, called);
                }
                Op::Return { src } => {
                    charge!(gas::MOVE);
                    let value = take!(src);
                    let value =
                        if matches!(frame.constructs, Value::Unbound) { value } else { frame.constructs };
                    self.frames.pop();
                    self.stack[base - 1] = value;
                    if self.frames.is_empty() {
                        return Ok(value);
                    }
                    switch!();
                }

                Op::Raise { src } => {
                    charge!(gas::RAISE);
                    let value = take!(src);
                    let exception = check!(self.exception_of(value));
                    check!(self.throw(exception));
                }
                Op::RaiseFrom { src, cause } => {
                    charge!(gas::RAISE);
                    let (value, cause) = (take!(src), take!(cause));
                    check!(self.raise_from(value, cause));
                }
                Op::Reraise { src } => {
                    charge!(gas::RAISE);
                    let value = take!(src);
                    check!(self.throw(value));
                }
                Op::Matches { dst, exception, class } => {
                    charge!(gas::ACCESS);
                    let (exception, class) = (get!(exception), take!(class));
                    set!(dst, Value::Bool(check!(self.exception_matches(exception, class))));
                }
                Op::FailAssertion { src } => {
                    charge!(gas::RAISE);
                    let message = get!(src);
                    check!(self.fail_assertion(message));
                }

                Op::ToText { dst, src, conversion } => {
                    charge!(gas::NATIVE);
                    let value = take!(src);
                    set!(dst, check!(self.text_of(value, conversion)));
                }
                Op::Format { dst, src, spec } => {
                    charge!(gas::NATIVE);
                    let (value, spec) = (take!(src), take!(spec));
                    set!(dst, check!(self.format_value(value, spec)));
                }
                Op::JoinTexts { dst, base: first, count } => {
                    let at = base + usize::from(first);
                    set!(dst, check!(self.join_texts(at, usize::from(count))));
                }

                Op::IsSequence { exact, dst, src, count } => {
                    charge!(gas::ARITHMETIC);
                    let length = match take!(src) {
                        Value::List(list) => Some(self.heap.list(list).items.len()),
                        Value::Tuple(tuple) => Some(self.heap.tuple(tuple).len()),
                        Value::Range(range) => usize::try_from(self.heap.range(range).len()).ok(),
                        _ => None,
                    };
                    let count = usize::from(count);
                    let matches =
                        length.is_some_and(|length| if exact { length == count } else { length >= count });
                    set!(dst, Value::Bool(matches));
                }
                Op::ListOf { dst, src } => {
                    charge!(gas::ACCESS);
                    let source = take!(src);
                    let items = check!(self.collect(source));
                    set!(dst, check!(self.heap.new_list(items)));
                }
                Op::CheckList { src } => {
                    charge!(gas::MOVE);
                    let value = take!(src);
                    check!(self.check_list(value));
                }
                Op::ByKeys { kind, dst, list, keys } => {
                    charge!(gas::NATIVE);
                    let (list, keys) = (get!(list), get!(keys));
                    set!(dst, check!(self.by_keys(kind, list, keys)));
                }
            }
        }
    }

    #[inline]
    fn save(&mut self, pc: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.pc = pc as u32;
        }
    }
}

/// Python's division of small integers; `None` where the general operation must decide.
trait Floor: Sized {
    fn floor_div(self, by: Self) -> Option<Self>;
    fn floor_mod(self, by: Self) -> Option<Self>;
}

impl Floor for i64 {
    #[inline]
    fn floor_div(self, by: Self) -> Option<Self> {
        let quotient = self.checked_div(by)?;
        let rest = self.wrapping_rem(by);
        Some(if rest != 0 && (rest < 0) != (by < 0) { quotient - 1 } else { quotient })
    }

    #[inline]
    fn floor_mod(self, by: Self) -> Option<Self> {
        let rest = self.checked_rem(by)?;
        Some(if rest != 0 && (rest < 0) != (by < 0) { rest + by } else { rest })
    }
}
