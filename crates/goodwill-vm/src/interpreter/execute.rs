//! The loop over instructions: what each does is with its subject, in the files beside this one.

use super::{Args, Frame, Machine, Registers, call::Called};
use crate::{
    builtins::Builtin,
    bytecode::{Binary, Op},
    fault::{Bug, Fault, Run},
    gas,
    host::Host,
    integer::Floor,
    program::Program,
    value::Value,
    world::World,
};
use std::sync::Arc;

impl Machine {
    /// Runs until the outermost function returns, or something stops it.
    ///
    /// # Errors
    /// `Raised` if no handler took the exception; traps; `Need` and `Call`, after which it is called
    /// again.
    pub(crate) fn resume(&mut self, host: &mut dyn Host) -> Run<Value> {
        if host.profile().is_none() {
            return self.resume_as::<false>(host);
        }
        let run = self.resume_as::<true>(host);
        if let Some(profile) = host.profile() {
            profile.outside(self.heap.meter.gas);
        }
        run
    }

    fn resume_as<const PROFILED: bool>(&mut self, host: &mut dyn Host) -> Run<Value> {
        loop {
            match self.execute::<PROFILED>(host) {
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
            Op::CallMethod { base, .. }
            | Op::CallMethodShape { base, .. }
            | Op::Call { base, .. }
            | Op::CallShape { base, .. } => frame.base as usize + usize::from(base),
            _ => 0,
        }
    }

    #[inline]
    fn top(&self) -> Run<Frame> {
        self.frames.last().copied().ok_or(Fault::Broken(Bug::NoFrame))
    }

    /// Before an operation that may ask the host: what it has cost by then is given back if so.
    #[inline(always)]
    pub(super) fn may_need(&mut self) {
        self.checkpoint = self.heap.meter;
    }

    #[inline]
    fn save(&mut self, pc: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.pc = pc as u32;
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn execute<const PROFILED: bool>(&mut self, host: &mut dyn Host) -> Run<Value> {
        let program: &Program = &Arc::clone(&self.heap.program);
        let world = &mut World { host, program };
        let mut frame = self.top()?;
        let mut code = &program.functions[usize::from(frame.function)].code[..];
        let mut at = Registers { program, base: frame.base as usize };
        let mut pc = self.pc;

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
        macro_rules! jump {
            ($condition:expr, $target:expr) => {
                if $condition {
                    pc = usize::from($target);
                }
            };
        }
        // Goes on in the frame on top, which changed.
        macro_rules! switch {
            () => {{
                frame = self.top()?;
                code = &program.functions[usize::from(frame.function)].code[..];
                at.base = frame.base as usize;
                pc = frame.pc as usize;
            }};
        }
        macro_rules! call {
            ($slot:expr, $called:expr) => {{
                self.save(pc);
                match check!($called) {
                    Called::Done(value) => self.set(at, $slot, value),
                    Called::Entered => switch!(),
                }
            }};
        }

        loop {
            if PROFILED && let Some(profile) = world.host.profile() {
                profile.at(program, frame.function, pc, self.heap.meter.gas);
            }
            let op = code[pc];
            pc += 1;
            match op {
                Op::Move { dst, src } => check!(self.op_move(at, dst, src)),
                Op::Unbind { reg } => check!(self.op_unbind(at, reg)),
                Op::LoadGlobal { dst, global } => check!(self.op_load_global(at, dst, global)),
                Op::NewCell { reg } => check!(self.op_new_cell(at, reg)),
                Op::LoadCell { dst, cell } => check!(self.op_load_cell(at, dst, cell)),
                Op::StoreCell { cell, src } => check!(self.op_store_cell(at, cell, src)),
                Op::UnbindCell { cell } => check!(self.op_unbind_cell(at, cell)),
                Op::NewClosure { dst, function } => check!(self.op_new_closure(at, dst, function)),

                Op::Add { dst, a, b } => check!(self.small(at, Binary::Add, dst, (a, b), i64::checked_add)),
                Op::Sub { dst, a, b } => check!(self.small(at, Binary::Sub, dst, (a, b), i64::checked_sub)),
                Op::Mul { dst, a, b } => check!(self.small(at, Binary::Mul, dst, (a, b), i64::checked_mul)),
                Op::FloorDiv { dst, a, b } => {
                    check!(self.small(at, Binary::FloorDiv, dst, (a, b), Floor::floor_div))
                }
                Op::Mod { dst, a, b } => check!(self.small(at, Binary::Mod, dst, (a, b), Floor::floor_mod)),
                Op::Arithmetic { kind, dst, a, b } => check!(self.small(at, kind, dst, (a, b), |_, _| None)),
                Op::InPlace { kind, dst, a, b } => check!(self.op_in_place(at, kind, dst, (a, b))),
                Op::Apply { kind, dst, a } => check!(self.op_apply(at, kind, dst, a)),
                Op::Test { kind, dst, a, b } => {
                    let result = check!(self.test(world, at, kind, (a, b)));
                    self.set(at, dst, Value::Bool(result));
                }

                Op::Jump { target } => {
                    check!(self.heap.charge(gas::MOVE));
                    pc = usize::from(target);
                }
                Op::JumpIf { when, src, target } => jump!(check!(self.op_truth(at, src)) == when, target),
                Op::JumpUnless { kind, a, b, target } => {
                    jump!(!check!(self.test(world, at, kind, (a, b))), target);
                }
                Op::JumpWhen { kind, a, b, target } => {
                    jump!(check!(self.test(world, at, kind, (a, b))), target);
                }

                Op::Iterate { iter, src } => check!(self.op_iterate(at, iter, src)),
                Op::ForEach { dst, iter, target } => jump!(check!(self.op_for_each(at, dst, iter)), target),
                Op::StartRange { iter, count } => check!(self.op_start_range(at, iter, count)),
                Op::ForRange { dst, iter, target } => jump!(check!(self.op_for_range(at, dst, iter)), target),

                Op::Index { dst, object, key } => check!(self.op_index(world, at, dst, object, key)),
                Op::StoreIndex { object, key, src } => check!(self.op_store_index(at, object, key, src)),
                Op::DeleteIndex { object, key } => check!(self.op_delete_index(world, at, object, key)),
                Op::Slice { dst, object, base } => check!(self.op_slice(at, dst, object, base)),
                Op::StoreSlice { object, base } => check!(self.op_store_slice(at, object, base)),
                Op::DeleteSlice { object, base } => check!(self.op_delete_slice(at, object, base)),
                Op::Attribute { dst, object, name } => {
                    check!(self.op_attribute(world, at, dst, object, name))
                }
                Op::StoreAttribute { object, name, src } => {
                    check!(self.op_store_attribute(at, object, name, src))
                }

                Op::NewList { dst, base, count } => check!(self.op_new_list(at, dst, base, count)),
                Op::NewTuple { dst, base, count } => check!(self.op_new_tuple(at, dst, base, count)),
                Op::NewSet { dst, base, count } => check!(self.op_new_set(at, dst, base, count)),
                Op::NewDict { dst, base, count } => check!(self.op_new_dict(at, dst, base, count)),
                Op::Append { list, src } => check!(self.op_append(at, list, src)),
                Op::Extend { list, src } => check!(self.op_extend(at, list, src)),
                Op::AddToSet { set, src } => check!(self.op_add_to_set(at, set, src)),
                Op::MergeDict { dict, src } => check!(self.op_merge_dict(at, dict, src)),
                Op::ToTuple { dst, list } => check!(self.op_to_tuple(at, dst, list)),
                Op::Unpack { src, base, count } => check!(self.op_unpack(at, src, base, count)),
                Op::UnpackRest { after, src, base, before } => {
                    check!(self.op_unpack_rest(at, src, base, (before, after)));
                }

                Op::Call { base, count } => call!(base, self.op_call(world, at, base, count)),
                Op::CallFunction { base, function, count } => {
                    self.save(pc);
                    let first = at.slot(base) + 1;
                    check!(self.enter(program, function, first, usize::from(count)));
                    switch!();
                }
                Op::CallBuiltin { base, builtin, count } => {
                    self.may_need();
                    check!(self.heap.charge(gas::NATIVE));
                    let args = Args { at: at.slot(base) + 1, count: usize::from(count) };
                    let Some(builtin) = Builtin::of(builtin) else {
                        return Err(Fault::Broken(Bug::NoBuiltin));
                    };
                    let result = check!(self.call_builtin(world, builtin, args, &[]));
                    self.set(at, base, result);
                }
                Op::CallMethod { base, name, count } => {
                    call!(base, self.op_call_method(world, at, base, name, count));
                }
                Op::CallShape { base, shape } => call!(base, self.op_call_shape(world, at, base, shape)),
                Op::CallMethodShape { base, name, shape } => {
                    call!(base, self.op_call_method_shape(world, at, base, name, shape));
                }
                Op::Return { src } => {
                    check!(self.heap.charge(gas::MOVE));
                    let value = check!(self.take(at, src));
                    let constructs = !matches!(frame.constructs, Value::Unbound);
                    let value = if constructs { frame.constructs } else { value };
                    self.frames.pop();
                    self.stack[at.base - 1] = value;
                    if self.frames.is_empty() {
                        return Ok(value);
                    }
                    switch!();
                }

                Op::Raise { src } => check!(self.op_raise(at, src)),
                Op::RaiseFrom { src, cause } => check!(self.op_raise_from(at, src, cause)),
                Op::Reraise { src } => check!(self.op_reraise(at, src)),
                Op::Matches { dst, exception, class } => {
                    check!(self.op_matches(at, dst, exception, class));
                }
                Op::FailAssertion { src } => check!(self.op_fail_assertion(at, src)),

                Op::ToText { dst, src, conversion } => check!(self.op_to_text(at, dst, src, conversion)),
                Op::Format { dst, src, spec } => check!(self.op_format(at, dst, src, spec)),
                Op::JoinTexts { dst, base, count } => check!(self.op_join_texts(at, dst, base, count)),

                Op::IsSequence { exact, dst, src, count } => {
                    check!(self.op_is_sequence(at, exact, dst, src, count));
                }
                Op::ListOf { dst, src } => check!(self.op_list_of(at, dst, src)),
                Op::CheckList { src } => check!(self.op_check_list(at, src)),
                Op::ByKeys { kind, dst, list, keys } => check!(self.op_by_keys(at, kind, dst, list, keys)),
            }
        }
    }
}
