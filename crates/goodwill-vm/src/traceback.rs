//! Tracebacks, in CPython's format.

use crate::{
    classes,
    interpreter::Machine,
    limits,
    value::{Handle, Value},
};
use std::fmt::Write;

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

impl Machine {
    /// An exception's class, message and traceback. It costs no gas: the call is over.
    pub(crate) fn describe(&mut self, exception: Handle) -> Raised {
        let before = self.heap.meter;
        self.heap.meter = crate::meter::Meter::new(u64::MAX / 2);
        let mut message = String::new();
        if self.write_text(&mut message, Value::Instance(exception), false, 0).is_err() {
            message.clear();
        }
        let mut end = message.len().min(limits::MESSAGE_BYTES_MAX);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        let class = self.heap.program.class_name(self.heap.instance(exception).class).to_owned();
        let traceback = self.traceback(exception, &class, &message);
        self.heap.meter = before;
        Raised { class, message, traceback }
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
        let program = &self.heap.program;
        let mut out = String::from("Traceback (most recent call last):\n");
        for (function, line) in self.traces.get(&exception).into_iter().flatten().rev() {
            let name = program.name(program.functions[usize::from(*function)].name);
            _ = writeln!(out, "  File \"{}\", line {line}, in {name}", program.file);
            _ = writeln!(out, "    {}", program.line(*line));
        }
        out.push_str(class);
        if !message.is_empty() {
            _ = write!(out, ": {message}");
        }
        out
    }

    /// The builtin class and message that another contract sees of an exception.
    pub(crate) fn visible_exception(&mut self, raised: &Raised) -> (u16, String) {
        match classes::find(&raised.class).filter(|class| classes::is_below(*class, classes::EXCEPTION)) {
            Some(class) => (class, raised.message.clone()),
            None => (classes::RUNTIME_ERROR, format!("{}: {}", raised.class, raised.message)),
        }
    }
}
