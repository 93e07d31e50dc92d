//! Tracebacks, in CPython's format.

use crate::{
    fault::{Fault, Run},
    interpreter::Machine,
    limits,
    program::{Class, Program},
    value::{ClassId, Handle, Value},
};
use std::{fmt::Write, sync::Arc};

/// An exception that nobody caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The class's name, as `ValueError`.
    pub class: String,
    /// What `str(exception)` gives, cut to [`limits::MESSAGE_BYTES_MAX`].
    pub message: String,
    /// The text that Python would print.
    pub traceback: String,
}

/// Where an activation is: functions and lines of its program, the outermost first.
#[derive(Debug)]
pub(crate) struct Place {
    program: Arc<Program>,
    pub(crate) frames: Vec<(u16, u32)>,
}

impl Place {
    /// Where a machine is.
    pub(crate) fn of(machine: &Machine) -> Self {
        Self { program: Arc::clone(&machine.heap.program), frames: machine.place() }
    }
}

const HEADING: &str = "Traceback (most recent call last):\n";

/// A traceback through several contracts, the outermost first, without the exception.
pub(crate) fn of_places<'a>(places: impl Iterator<Item = &'a Place>) -> String {
    let mut out = String::from(HEADING);
    for Place { program, frames } in places {
        write_frames(&mut out, program, frames.iter());
    }
    out
}

fn write_frames<'a>(out: &mut String, program: &Program, frames: impl Iterator<Item = &'a (u16, u32)>) {
    for (function, line) in frames {
        let name = program.name(program.functions[usize::from(*function)].name);
        _ = writeln!(out, "  File \"{}\", line {line}, in {name}", program.file);
        _ = writeln!(out, "    {}", program.line(*line));
    }
}

impl Machine {
    /// Class, message and traceback of an exception that has ended the call. Nobody pays, so that
    /// texts end where [`limits::DESCRIBE_GAS`] does.
    pub(crate) fn describe(&mut self, exception: Handle) -> Raised {
        self.heap.meter = crate::meter::Meter::new(limits::DESCRIBE_GAS);
        let message = self.message_of(exception).unwrap_or_default();
        let class = self.heap.program.class_name(self.heap.instance(exception).class).to_owned();
        let traceback = self.traceback(exception, &class, &message);
        Raised { class, message, traceback }
    }

    /// What `str(exception)` gives, cut to [`limits::MESSAGE_BYTES_MAX`].
    pub(crate) fn message_of(&mut self, exception: Handle) -> Run<String> {
        let mut message = String::new();
        self.write_text(&mut message, Value::Instance(exception), false, 0)?;
        let mut end = message.len().min(limits::MESSAGE_BYTES_MAX);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        Ok(message)
    }

    fn traceback(&mut self, exception: Handle, class: &str, message: &str) -> String {
        let mut out = String::new();
        if let Some(Value::Instance(cause)) = self.heap.instance(exception).get(crate::interpreter::CAUSE) {
            let name = self.heap.program.class_name(self.heap.instance(cause).class).to_owned();
            let mut text = String::new();
            _ = self.write_text(&mut text, Value::Instance(cause), false, 0);
            out.push_str(&self.own_traceback(cause, &name, &text));
            out.push_str("\n\nThe above exception was the direct cause of the following exception:\n\n");
        }
        out.push_str(&self.own_traceback(exception, class, message));
        out
    }

    fn own_traceback(&self, exception: Handle, class: &str, message: &str) -> String {
        let mut out = String::from(HEADING);
        let frames = self.traces.get(&exception).into_iter().flatten().rev();
        write_frames(&mut out, &self.heap.program, frames);
        out.push_str(class);
        if !message.is_empty() {
            _ = write!(out, ": {message}");
        }
        out
    }

    /// The class and message that another contract sees of an exception: the nearest class that all
    /// contracts have. The call goes on, and pays for the text.
    pub(crate) fn visible_exception(&mut self, exception: Handle) -> Run<(ClassId, String)> {
        let message = match self.message_of(exception) {
            Err(Fault::Raised(_)) => String::new(),
            message => message?,
        };
        let mut class = self.heap.instance(exception).class;
        while let Some(Class { base: Some(base), .. }) = self.heap.program.class(class) {
            class = *base;
        }
        Ok((class, message))
    }
}
