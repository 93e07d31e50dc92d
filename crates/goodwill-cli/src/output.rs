//! Data to stdout, as text for people or JSON for programs; errors to stderr in the same manner.

use crate::error::CliError;
use serde::Serialize;
use serde_json::json;
use std::io::{self, IsTerminal as _, Write as _};

/// How a command answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// One JSON object a line, instead of text.
    pub(crate) json: bool,
}

impl Output {
    /// Prints an answer.
    pub(crate) fn print(self, value: &impl Serialize, text: impl FnOnce() -> String) {
        let line = match self.json {
            true => serde_json::to_string(value).expect("answers are plain data"),
            false => text(),
        };
        // A reader that has seen enough closes the pipe: that is no failure.
        let _ = writeln!(io::stdout(), "{line}");
    }

    /// Says something that is no data.
    pub(crate) fn note(self, text: &str) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    /// Says what went wrong.
    pub(crate) fn error(self, error: &CliError) {
        match self.json {
            true => {
                eprintln!("{}", json!({ "error": { "code": error.code(), "message": error.to_string() } }))
            }
            false => eprintln!("error: {error}"),
        }
    }

    /// Whether somebody can be asked.
    pub(crate) fn can_ask(self) -> bool {
        !self.json && io::stdin().is_terminal()
    }

    /// Whether to go on: a person is asked, unless `yes` was said before; programs know what they do.
    pub(crate) fn agreed(self, yes: bool, question: &str) -> Result<bool, CliError> {
        match yes || self.json {
            true => Ok(true),
            false if self.can_ask() => self.confirm(question),
            false => Err(CliError::Usage("nobody can be asked: give --yes, or --dry-run to look".into())),
        }
    }

    /// Asks for a yes.
    fn confirm(self, question: &str) -> Result<bool, CliError> {
        eprint!("{question} [y/N] ");
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map_err(|e| CliError::Io("cannot read the answer".into(), e))?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}
