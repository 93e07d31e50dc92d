//! Arguments from outside, bound to a method's parameters and checked against their hints.

use crate::{
    classes,
    codec::Reader,
    fault::Run,
    interpreter::{Arguments, Machine},
    program::{Export, Program},
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
            let kind = export.parameters.get(index).filter(|_| index < positional);
            match (kind, &export.star) {
                (Some(kind), _) => self.stack[FIRST + index] = self.outside(kind.as_ref(), &mut reader)?,
                (None, Some(star)) => rest.push(self.outside(Some(star), &mut reader)?),
                (None, None) => {
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
                self.stack[FIRST + slot] = self.outside(export.parameters[slot].as_ref(), reader)?;
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

    fn outside(&mut self, kind: Option<&Type>, reader: &mut Reader<'_>) -> Run<Value> {
        let value = self.decode_next(reader)?;
        self.check_kind(kind.unwrap_or(&Type::Any), value)?;
        Ok(value)
    }
}
