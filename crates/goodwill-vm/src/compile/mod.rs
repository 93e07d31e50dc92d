//! From source to [`Program`]: parse, refuse what is outside the subset, resolve, emit.

mod advice;
mod assign;
mod call;
mod class;
mod comprehension;
mod constant;
mod expression;
mod function;
mod hint;
mod module;
mod pattern;
mod pool;
mod scan;
mod statement;
mod text;
mod tries;

use crate::{
    limits,
    program::Program,
    refuse::{Lines, Refusal},
};
use function::Emitter;
use pool::Pool;
use ruff_python_parser::{Mode, ParseErrorType, ParseOptions};
use ruff_text_size::{Ranged, TextRange};
use std::sync::Arc;

/// Either compiled, or why not.
pub(crate) type Compiled<T> = Result<T, Box<Refusal>>;

/// Compiles a contract, on a thread with a stack that fits every source that is accepted.
///
/// # Errors
/// The first thing in the file that is refused.
///
/// # Panics
/// When the system has no thread: that says nothing of the file.
pub fn compile(source: &str, file: &str) -> Result<Arc<Program>, Refusal> {
    let work = || compile_here(source, file);
    let joined = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(limits::COMPILE_STACK_BYTES);
        thread.spawn_scoped(scope, work).map(|handle| handle.join())
    });
    match joined {
        Ok(Ok(compiled)) => compiled.map(Arc::new),
        Ok(Err(_)) => Err(bare(file, "the compiler failed on this file: please report it")),
        Err(error) => panic!("no thread to compile on: {error}"),
    }
}

/// Compiles a contract on this thread, which must have a stack of [`limits::COMPILE_STACK_BYTES`].
///
/// # Errors
/// The first thing in the file that is refused.
pub fn compile_here(source: &str, file: &str) -> Result<Program, Refusal> {
    if source.len() > limits::SOURCE_BYTES_MAX {
        return Err(bare(file, &format!("the file has more than {} bytes", limits::SOURCE_BYTES_MAX)));
    }
    if source.contains('\0') {
        return Err(bare(file, "the file has null bytes"));
    }
    let context = Context { source, file, lines: Lines::new(source) };
    let options = ParseOptions::from(Mode::Module).with_max_recursion_depth(limits::PARSE_DEPTH_MAX);
    let parsed = ruff_python_parser::parse(source, options).map_err(|error| {
        let hint = match error.error {
            ParseErrorType::RecursionLimitExceeded => "divide it into several statements",
            _ => "",
        };
        let offset = u32::from(error.location.start()).min(source.len() as u32);
        context.lines.refuse(file, source, offset, format!("syntax error: {}", error.error), hint)
    })?;
    let parsed = parsed.try_into_module().ok_or_else(|| bare(file, "not a module"))?;
    if let Some(error) = parsed.unsupported_syntax_errors().first() {
        return Err(*context.refuse(error.range(), format!("syntax error: {error}"), ""));
    }
    scan::check_depth(&context, &parsed.syntax().body).map_err(|refusal| *refusal)?;
    module::compile(&context, &parsed.syntax().body).map_err(|refusal| *refusal)
}

fn bare(file: &str, message: &str) -> Refusal {
    Refusal {
        file: file.into(),
        line: 1,
        column: 1,
        text: String::new(),
        message: message.into(),
        hint: String::new(),
    }
}

/// The file that is compiled.
struct Context<'a> {
    source: &'a str,
    file: &'a str,
    lines: Lines,
}

impl Context<'_> {
    fn refuse(&self, range: TextRange, message: impl Into<String>, hint: &str) -> Box<Refusal> {
        Box::new(self.lines.refuse(self.file, self.source, range.start().into(), message.into(), hint))
    }
}
