//! `match` on literals, sequences, names and alternatives.

use super::{Compiled, Emitter, function::Label};
use crate::{
    bytecode::{Compare, Op, Reg},
    value::Value,
};
use ruff_python_ast::{self as ast, Pattern, Singleton};
use ruff_text_size::{Ranged, TextRange};

const PATTERNS: &str = "match literals, names, _, sequences and alternatives (|); use if for others";

impl<'a> Emitter<'_, 'a> {
    pub(super) fn match_statement(&mut self, statement: &'a ast::StmtMatch) -> Compiled<()> {
        let range = TextRange::at(statement.start(), 0.into());
        let subject = self.alloc(range)?;
        self.expr_to(&statement.subject, subject)?;
        let end = self.label();
        for case in &statement.cases {
            let mark = self.mark();
            let next = self.label();
            self.at(case.range);
            self.pattern(&case.pattern, subject, next)?;
            if let Some(guard) = &case.guard {
                self.branch(guard, false, next)?;
            }
            self.body(&case.body)?;
            self.jump(range, end)?;
            self.place(next);
            self.release(mark);
        }
        self.place(end);
        Ok(())
    }

    /// Binds what a pattern names, or jumps if the subject does not match.
    fn pattern(&mut self, pattern: &'a Pattern, subject: Reg, fail: Label) -> Compiled<()> {
        let range = pattern.range();
        match pattern {
            Pattern::MatchValue(value) => {
                let constant = matches!(
                    &*value.value,
                    ast::Expr::Attribute(_)
                        | ast::Expr::NumberLiteral(_)
                        | ast::Expr::StringLiteral(_)
                        | ast::Expr::BytesLiteral(_)
                        | ast::Expr::UnaryOp(_)
                );
                if !constant {
                    return self.refuse(range, "this pattern is not supported", PATTERNS);
                }
                let b = self.operand(&value.value)?;
                self.emit_jump(range, Op::JumpUnless { kind: Compare::Eq, a: subject, b, target: 0 }, fail)
            }
            Pattern::MatchSingleton(singleton) => {
                let value = match singleton.value {
                    Singleton::None => Value::None,
                    Singleton::True => Value::Bool(true),
                    Singleton::False => Value::Bool(false),
                };
                let b = self.constant(range, value)?;
                self.emit_jump(range, Op::JumpUnless { kind: Compare::Is, a: subject, b, target: 0 }, fail)
            }
            Pattern::MatchAs(capture) => {
                if let Some(inner) = &capture.pattern {
                    self.pattern(inner, subject, fail)?;
                }
                match &capture.name {
                    Some(name) => self.store_name(name.range, name.as_str(), subject),
                    None => Ok(()),
                }
            }
            Pattern::MatchOr(alternatives) => self.alternatives(alternatives, subject, fail),
            Pattern::MatchSequence(sequence) => self.sequence(sequence, subject, fail),
            Pattern::MatchStar(_) | Pattern::MatchMapping(_) | Pattern::MatchClass(_) => {
                self.refuse(range, "this pattern is not supported", PATTERNS)
            }
        }
    }

    fn alternatives(
        &mut self,
        alternatives: &'a ast::PatternMatchOr,
        subject: Reg,
        fail: Label,
    ) -> Compiled<()> {
        let done = self.label();
        let Some((last, others)) = alternatives.patterns.split_last() else { return Ok(()) };
        for pattern in others {
            let next = self.label();
            self.pattern(pattern, subject, next)?;
            self.jump(pattern.range(), done)?;
            self.place(next);
        }
        self.pattern(last, subject, fail)?;
        self.place(done);
        Ok(())
    }

    fn sequence(
        &mut self,
        sequence: &'a ast::PatternMatchSequence,
        subject: Reg,
        fail: Label,
    ) -> Compiled<()> {
        let range = sequence.range();
        let patterns = &sequence.patterns;
        let star = patterns.iter().position(Pattern::is_match_star);
        let singles = patterns.len() - usize::from(star.is_some());
        let matches = self.alloc(range)?;
        let exact = star.is_none();
        self.emit(range, Op::IsSequence { exact, dst: matches, src: subject, count: singles as u16 })?;
        self.emit_jump(range, Op::JumpIf { when: false, src: matches, target: 0 }, fail)?;
        let base = self.alloc_many(range, patterns.len())?;
        let op = match star {
            None => Op::Unpack { src: subject, base, count: singles as u16 },
            Some(at) => match u8::try_from(patterns.len() - at - 1) {
                Ok(after) => Op::UnpackRest { after, src: subject, base, before: at as u16 },
                Err(_) => return self.refuse(range, "this pattern is too long", ""),
            },
        };
        self.emit(range, op)?;
        for (at, pattern) in patterns.iter().enumerate() {
            let register = base + at as Reg;
            match pattern {
                Pattern::MatchStar(star) => {
                    if let Some(name) = &star.name {
                        self.store_name(name.range, name.as_str(), register)?;
                    }
                }
                other => self.pattern(other, register, fail)?,
            }
        }
        Ok(())
    }
}
