//! Arguments from outside, bound to a method's parameters and checked against their hints.

use crate::{
    classes,
    codec::Reader,
    fault::{Fault, Run},
    interpreter::{Arguments, Machine},
    program::{Export, Parameter, Program},
    types::Type,
    value::Value,
};

/// The place of the first parameter after `self` in the stack.
const FIRST: usize = 2;

impl Machine {
    /// Puts the contract and the arguments into the stack from 1, one value for each parameter.
    pub(crate) fn bind_outside(
        &mut self,
        program: &Program,
        export: &Export,
        arguments: &Arguments,
    ) -> Run<()> {
        let function = &program.functions[usize::from(export.function)];
        let count = export.parameters.len();
        self.stack.clear();
        self.stack.extend_from_slice(&[Value::Unbound, Value::Contract]);
        self.stack.resize(FIRST + count, Value::Unbound);
        let mut reader = Reader::new(&arguments.bytes);
        let mut rest = Vec::new();
        let positional = usize::from(function.parameters.positional) - 1;
        for index in 0..arguments.positional {
            match export.parameter(program, index) {
                Some(parameter) if index < positional => {
                    self.stack[FIRST + index] = self.outside(&parameter, &mut reader)?;
                }
                Some(star) => rest.push(self.outside(&star, &mut reader)?),
                None => {
                    let name = program.name(function.name);
                    let given = arguments.positional;
                    let message = format!("{name}() takes {positional} arguments but {given} were given");
                    return self.raise(classes::TYPE_ERROR, &message);
                }
            }
        }
        for keyword in &arguments.keywords {
            self.bind_keyword(program, export, keyword, &mut reader)?;
        }
        self.bind_defaults(program, export)?;
        if function.parameters.star {
            let rest = self.heap.new_tuple(&rest)?;
            self.stack.push(rest);
        }
        Ok(())
    }

    fn bind_keyword(
        &mut self,
        program: &Program,
        export: &Export,
        keyword: &str,
        reader: &mut Reader<'_>,
    ) -> Run<()> {
        let function = &program.functions[usize::from(export.function)];
        let mut names = function.parameters.names.iter().skip(1);
        let slot = names.position(|parameter| program.name(*parameter) == keyword);
        let problem = match slot {
            Some(slot) if self.stack[FIRST + slot] == Value::Unbound => {
                let parameter = export.named(program, slot);
                self.stack[FIRST + slot] = self.outside(&parameter, reader)?;
                return Ok(());
            }
            Some(_) => "multiple values for argument",
            None => "an unexpected keyword argument",
        };
        let message = format!("{}() got {problem} '{keyword}'", program.name(function.name));
        self.raise(classes::TYPE_ERROR, &message)
    }

    fn bind_defaults(&mut self, program: &Program, export: &Export) -> Run<()> {
        let function = &program.functions[usize::from(export.function)];
        let parameters = &function.parameters;
        for index in 0..export.parameters.len() {
            if self.stack[FIRST + index] != Value::Unbound {
                continue;
            }
            let Some(default) = parameters.defaults[index + 1] else {
                let (name, missing) =
                    (program.name(function.name), program.name(parameters.names[index + 1]));
                let message = format!("{name}() missing 1 required positional argument: '{missing}'");
                return self.raise(classes::TYPE_ERROR, &message);
            };
            self.stack[FIRST + index] = default;
        }
        Ok(())
    }

    /// The next argument. An error says whose it is.
    fn outside(&mut self, parameter: &Parameter<'_>, reader: &mut Reader<'_>) -> Run<Value> {
        let value = self.decode_next(reader)?;
        let checked = self.check_kind(parameter.kind.unwrap_or(&Type::Any), value);
        match checked {
            Err(Fault::Raised(problem)) if self.heap.instance(problem).class == classes::TYPE_ERROR => {
                let Parameter { method, name, .. } = parameter;
                let problem = self.message_of(problem)?;
                self.raise(classes::TYPE_ERROR, &format!("{method}: argument '{name}': {problem}"))
            }
            checked => checked.map(|()| value),
        }
    }
}
