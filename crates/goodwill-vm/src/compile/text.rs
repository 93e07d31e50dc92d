//! f-strings.

use super::{Compiled, Emitter};
use crate::{
    bytecode::{Op, Operand, Reg},
    value::Value,
};
use ruff_python_ast::{self as ast, ConversionFlag, FStringPart, InterpolatedStringElement};
use ruff_text_size::{Ranged, TextRange};

/// Parts of an f-string that are joined at once.
const PARTS: usize = 64;

impl<'a> Emitter<'_, 'a> {
    pub(super) fn f_string(&mut self, string: &'a ast::ExprFString, dst: Reg) -> Compiled<()> {
        let range = string.range();
        let parts: usize = string.value.iter().map(count).sum();
        if parts > PARTS {
            return self.refuse(range, format!("an f-string has at most {PARTS} parts"), "join several");
        }
        let base = self.alloc_many(range, parts)?;
        let mut at = base;
        for part in &string.value {
            match part {
                FStringPart::Literal(literal) => self.text(range, &literal.value, &mut at)?,
                FStringPart::FString(inner) => {
                    for element in &inner.elements {
                        self.element(element, &mut at)?;
                    }
                }
            }
        }
        self.emit(range, Op::JoinTexts { dst, base, count: at - base })?;
        Ok(())
    }

    fn text(&mut self, range: TextRange, text: &str, at: &mut Reg) -> Compiled<()> {
        let value = self.module.pool.str(text);
        let src = self.constant(range, value)?;
        self.emit(range, Op::Move { dst: *at, src })?;
        *at += 1;
        Ok(())
    }

    fn element(&mut self, element: &'a InterpolatedStringElement, at: &mut Reg) -> Compiled<()> {
        match element {
            InterpolatedStringElement::Literal(literal) => self.text(literal.range, &literal.value, at),
            InterpolatedStringElement::Interpolation(inner) => {
                if let Some(debug) = &inner.debug_text {
                    self.text(inner.range, debug.as_str(), at)?;
                }
                self.interpolation(inner, *at)?;
                *at += 1;
                Ok(())
            }
        }
    }

    fn interpolation(&mut self, inner: &'a ast::InterpolatedElement, dst: Reg) -> Compiled<()> {
        let range = inner.range;
        let mark = self.mark();
        let mut src = self.operand(&inner.expression)?;
        let bare_debug = inner.debug_text.is_some() && inner.format_spec.is_none();
        let conversion = match inner.conversion {
            ConversionFlag::None if bare_debug => Some(b'r'),
            other => other.to_byte(),
        };
        match (&inner.format_spec, conversion) {
            (None, conversion) => {
                self.emit(range, Op::ToText { dst, src, conversion: conversion.unwrap_or(b's') })?;
            }
            (Some(spec), conversion) => {
                if let Some(conversion) = conversion {
                    let converted = self.alloc(range)?;
                    self.emit(range, Op::ToText { dst: converted, src, conversion })?;
                    src = converted;
                }
                let spec = self.spec(spec)?;
                self.emit(range, Op::Format { dst, src, spec })?;
            }
        }
        self.release(mark);
        Ok(())
    }

    fn spec(&mut self, spec: &'a ast::InterpolatedStringFormatSpec) -> Compiled<Operand> {
        let range = spec.range;
        let elements: Vec<&InterpolatedStringElement> = spec.elements.iter().collect();
        match &elements[..] {
            [] => {
                let empty: Value = self.module.pool.str("");
                self.constant(range, empty)
            }
            [InterpolatedStringElement::Literal(literal)] => {
                self.check_format(literal)?;
                let text = self.module.pool.str(&literal.value);
                self.constant(range, text)
            }
            elements => {
                if elements.len() > PARTS {
                    return self.refuse(range, "this format is too long", "");
                }
                let base = self.alloc_many(range, elements.len())?;
                let mut at = base;
                for element in elements {
                    self.element(element, &mut at)?;
                }
                self.emit(range, Op::JoinTexts { dst: base, base, count: at - base })?;
                Ok(base)
            }
        }
    }
}

fn count(part: &FStringPart) -> usize {
    match part {
        FStringPart::Literal(_) => 1,
        FStringPart::FString(inner) => inner
            .elements
            .iter()
            .map(|element| match element {
                InterpolatedStringElement::Interpolation(inner) if inner.debug_text.is_some() => 2,
                _ => 1,
            })
            .sum(),
    }
}
