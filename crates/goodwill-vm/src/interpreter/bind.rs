//! The binding of arguments to parameters.

use super::{Args, Machine, call::Keywords};
use crate::{
    bytecode::Op,
    classes,
    fault::{Bug, Fault, Run},
    gas,
    heap::Instance,
    limits,
    program::{ClassKind, Program},
    value::{ClassId, NameId, Value},
};

impl Machine {
    /// Puts arguments where the function expects them, as Python does.
    pub(super) fn bind(
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
        let names = parameters.names.len();
        self.heap.charge(gas::NATIVE + gas::elements(count + names + keywords.len() * names / 8))?;
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
        if parameters.simple && keywords.is_empty() && count == names {
            return Ok(());
        }
        let direct = count.min(positional);
        let rest: Vec<Value> = self.stack[at + direct..at + count].to_vec();
        if self.stack.len() < at + names + 1 {
            self.stack.resize(at + names + 1, Value::None);
        }
        let values = &mut self.stack[at..at + names];
        values[direct..].fill(Value::Unbound);
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
        let absent = (missing(0..positional), missing(positional..names));
        let message = match (&absent.0[..], &absent.1[..]) {
            ([], []) => None,
            ([], names) => Some(missing_message(name, "keyword-only", names)),
            (names, _) => Some(missing_message(name, "positional", names)),
        };
        if let Some(message) = message {
            return self.raise(classes::TYPE_ERROR, &message);
        }
        if parameters.star {
            self.stack[at + names] = self.heap.new_tuple(&rest)?;
        }
        Ok(())
    }

    /// Constructs a dataclass.
    pub(super) fn new_record(
        &mut self,
        program: &Program,
        class: ClassId,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Value> {
        let Some(ClassKind::Record { fields, .. }) = program.class(class).map(|class| &class.kind) else {
            return Err(Fault::Broken(Bug::NoDataclass));
        };
        let name = program.class_name(class);
        self.heap.charge(gas::elements(fields.len() + keywords.len() * fields.len() / 8))?;
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

    /// Arguments of a call with keywords or a star: the positional ones in a row from `first`. The
    /// keywords are to be given back to [`Self::keywords`], so that their memory is used again.
    pub(super) fn spread(
        &mut self,
        program: &Program,
        shape: u16,
        first: usize,
    ) -> Run<(usize, Vec<(NameId, Value)>)> {
        let shape = &program.shapes[usize::from(shape)];
        let positional = usize::from(shape.positional);
        let names = shape.keywords.len();
        self.heap.charge(gas::NATIVE + gas::elements(positional + names))?;
        let given = &self.stack[first..first + positional + names];
        self.spread.0 = first;
        self.spread.1.clear();
        self.spread.1.extend_from_slice(given);
        let mut keywords = std::mem::take(&mut self.keywords);
        keywords.clear();
        keywords.extend(shape.keywords.iter().copied().zip(given[positional..].iter().copied()));
        let count = if shape.star { self.spread_star(first, positional)? } else { positional };
        Ok((count, keywords))
    }

    /// Puts the elements of the list that is the last positional argument in its place.
    fn spread_star(&mut self, first: usize, positional: usize) -> Run<usize> {
        let slot = first + positional - 1;
        let Value::List(list) = self.stack[slot] else {
            return Err(Fault::Broken(Bug::StarWithoutList));
        };
        let count = self.heap.list(list).items.len();
        if count > limits::ARGUMENTS_MAX {
            return self.raise(classes::TYPE_ERROR, "too many arguments");
        }
        self.heap.charge(gas::elements(count))?;
        if self.stack.len() < slot + count + 2 {
            self.stack.resize(slot + count + 2, Value::None);
        }
        self.stack[slot..slot + count].copy_from_slice(&self.heap.list(list).items);
        Ok(positional - 1 + count)
    }

    /// Undoes [`Self::spread`] if the instruction at hand did it, because it will be repeated.
    pub(super) fn restore_spread(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        let op = self.heap.program.functions[usize::from(frame.function)].code[self.pc];
        if matches!(op, Op::CallShape { .. } | Op::CallMethodShape { .. }) {
            let (first, values) = &self.spread;
            self.stack[*first..first + values.len()].copy_from_slice(values);
        }
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
