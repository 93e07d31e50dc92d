//! What the compiler says about a file that it refuses.

use std::fmt;

/// Why a file is refused, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The text of the line.
    pub text: String,
    /// What is refused.
    pub message: String,
    /// What to write instead; empty if that is obvious.
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, text, message, hint } = self;
        writeln!(f, "{file}:{line}:{column}: {message}")?;
        writeln!(f, "    {}", text.trim_end())?;
        write!(f, "    {}^", " ".repeat(column.saturating_sub(1) as usize))?;
        if !hint.is_empty() {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Where lines begin.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    pub(crate) fn new(source: &str) -> Self {
        let mut starts = Vec::with_capacity(source.len() / 32 + 2);
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', source.as_bytes()).map(|at| at as u32 + 1));
        Self { starts }
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// The bytes of a line.
    pub(crate) fn range(&self, line: u32) -> std::ops::Range<u32> {
        let index = line.saturating_sub(1) as usize;
        let start = self.starts.get(index).copied().unwrap_or(0);
        start..self.starts.get(index + 1).copied().unwrap_or(u32::MAX)
    }

    /// The refusal at a byte of the source.
    pub(crate) fn refuse(
        &self,
        file: &str,
        source: &str,
        offset: u32,
        message: String,
        hint: &str,
    ) -> Refusal {
        let line = self.line(offset);
        let start = self.range(line).start as usize;
        let before = source.get(start..offset as usize).unwrap_or("");
        Refusal {
            file: file.into(),
            line,
            column: before.chars().count() as u32 + 1,
            text: source.lines().nth(line as usize - 1).unwrap_or("").chars().take(200).collect(),
            message,
            hint: hint.into(),
        }
    }
}
