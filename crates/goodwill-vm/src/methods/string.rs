//! Methods of texts. Letters and white space are those of ASCII.

use super::Keywords;
use crate::{
    classes,
    fault::Run,
    gas,
    interpreter::{Args, Machine},
    names::Known,
    value::{Handle, Value},
};

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r' | '\x1c'..='\x1f')
}

impl Machine {
    pub(super) fn str_method(
        &mut self,
        text: Handle,
        known: Known,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Option<Value>> {
        let length = self.heap.str(text).len();
        self.heap.charge(gas::bytes(length))?;
        let first = self.arg(args, 0);
        match known {
            Known::upper | Known::lower | Known::capitalize | Known::title | Known::swapcase => {
                self.arity(known, args, 0, 0)?;
                self.heap.charge(gas::BYTE * length as u64)?;
                let changed = change_case(self.heap.str(text), known);
                return self.heap.new_str(&changed).map(Some);
            }
            Known::isdigit
            | Known::isdecimal
            | Known::isalpha
            | Known::isalnum
            | Known::isspace
            | Known::isupper
            | Known::islower
            | Known::isascii => {
                self.arity(known, args, 0, 0)?;
                self.heap.charge(gas::BYTE * length as u64 / 4)?;
                return Ok(Some(Value::Bool(has_kind(self.heap.str(text), known))));
            }
            Known::strip | Known::lstrip | Known::rstrip => {
                self.arity(known, args, 0, 1)?;
                return self.strip(text, known, first).map(Some);
            }
            Known::startswith | Known::endswith => {
                self.arity(known, args, 1, 3)?;
                return self.starts_or_ends_within(text, known, args).map(|result| Some(Value::Bool(result)));
            }
            Known::removeprefix | Known::removesuffix => {
                self.arity(known, args, 1, 1)?;
                let part = self.text_arg(known, first)?;
                let (whole, part) = (self.heap.str(text), self.heap.str(part));
                let range = match known {
                    Known::removeprefix if whole.starts_with(part) => part.len()..length,
                    Known::removesuffix if whole.ends_with(part) => 0..length - part.len(),
                    _ => return Ok(Some(Value::Str(text))),
                };
                return self.heap.substring(text, range).map(Some);
            }
            Known::find | Known::rfind | Known::index | Known::rindex => {
                self.arity(known, args, 1, 3)?;
                return self.find_method(text, known, args).map(Some);
            }
            Known::count => {
                self.arity(known, args, 1, 1)?;
                let part = self.text_arg(known, first)?;
                return Ok(Some(Value::Int(self.occurrences(text, part)? as i64)));
            }
            Known::replace => {
                self.arity(known, args, 2, 3)?;
                return self.replace(text, args).map(Some);
            }
            Known::join => {
                self.arity(known, args, 1, 1)?;
                return self.join(text, first).map(Some);
            }
            Known::split | Known::rsplit => return self.split(text, known, args, keywords).map(Some),
            Known::splitlines => {
                self.arity(known, args, 0, 0)?;
                return self.split_lines(text).map(Some);
            }
            Known::partition | Known::rpartition => {
                self.arity(known, args, 1, 1)?;
                return self.partition(text, known, first).map(Some);
            }
            Known::ljust | Known::rjust | Known::center | Known::zfill => {
                self.arity(known, args, 1, if known == Known::zfill { 1 } else { 2 })?;
                return self.justify(text, known, args).map(Some);
            }
            Known::encode => {
                self.arity(known, args, 0, 1)?;
                let bytes = self.heap.str(text).as_bytes().to_vec();
                return self.heap.new_bytes(&bytes).map(Some);
            }
            _ => {}
        }
        Ok(None)
    }

    pub(super) fn text_arg(&mut self, known: Known, value: Value) -> Run<Handle> {
        let message = match (known, value) {
            (_, Value::Str(text)) => return Ok(text),
            (Known::removeprefix | Known::removesuffix | Known::replace, other) => {
                format!("{}() argument 1 must be str, not {}", known.text(), self.type_name(other))
            }
            (_, other) => format!("must be str, not {}", self.type_name(other)),
        };
        self.raise(classes::TYPE_ERROR, &message)
    }

    fn strip(&mut self, text: Handle, known: Known, characters: Value) -> Run<Value> {
        let set: Option<Vec<char>> = match characters {
            Value::None => None,
            Value::Str(set) => {
                self.heap.charge(gas::BYTE * self.heap.str(set).len() as u64)?;
                Some(self.heap.str(set).chars().collect())
            }
            _ => {
                return self.raise(classes::TYPE_ERROR, &format!("{} arg must be None or str", known.text()));
            }
        };
        let price = self.heap.str(text).len() * set.as_ref().map_or(1, Vec::len);
        self.heap.charge(gas::BYTE * price as u64)?;
        let matches = |c: char| set.as_ref().map_or_else(|| is_space(c), |set| set.contains(&c));
        let whole = self.heap.str(text);
        let start =
            if known == Known::rstrip { 0 } else { whole.len() - whole.trim_start_matches(matches).len() };
        let end = if known == Known::lstrip { whole.len() } else { whole.trim_end_matches(matches).len() };
        if start == 0 && end == whole.len() {
            return Ok(Value::Str(text));
        }
        self.heap.substring(text, start..end.max(start))
    }

    fn starts_or_ends_within(&mut self, text: Handle, known: Known, args: Args) -> Run<bool> {
        let part = self.arg(args, 0);
        if args.count == 1 {
            return self.starts_or_ends(text, known, part);
        }
        let chars = self.heap.str_len(text);
        let Some((start, end)) = self.bounds(args, 1, chars)? else { return Ok(false) };
        let bytes = self.character_range(text, start, end)?;
        match self.heap.substring(text, bytes)? {
            Value::Str(within) => self.starts_or_ends(within, known, part),
            _ => Ok(false),
        }
    }

    fn starts_or_ends(&mut self, text: Handle, known: Known, part: Value) -> Run<bool> {
        match part {
            Value::Str(part) => {
                self.heap.charge(gas::bytes(self.heap.str(part).len()))?;
                let (whole, part) = (self.heap.str(text), self.heap.str(part));
                Ok(if known == Known::startswith { whole.starts_with(part) } else { whole.ends_with(part) })
            }
            Value::Tuple(parts) => {
                for part in self.heap.tuple(parts).to_vec() {
                    if !matches!(part, Value::Str(_)) {
                        let message = format!(
                            "tuple for {} must only contain str, not {}",
                            known.text(),
                            self.type_name(part)
                        );
                        return self.raise(classes::TYPE_ERROR, &message);
                    }
                    if self.starts_or_ends(text, known, part)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            other => {
                let message = format!(
                    "{} first arg must be str or a tuple of str, not {}",
                    known.text(),
                    self.type_name(other)
                );
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    fn join(&mut self, separator: Handle, source: Value) -> Run<Value> {
        let items = self.collect(source)?;
        let mut parts = Vec::with_capacity(2 * items.len());
        for (index, item) in items.into_iter().enumerate() {
            let Value::Str(part) = item else {
                let message =
                    format!("sequence item {index}: expected str instance, {} found", self.type_name(item));
                return self.raise(classes::TYPE_ERROR, &message);
            };
            if index > 0 {
                parts.push(separator);
            }
            parts.push(part);
        }
        self.heap.charge(gas::elements(2 * parts.len()))?;
        self.heap.concat(&parts)
    }

    fn justify(&mut self, text: Handle, known: Known, args: Args) -> Run<Value> {
        let width = match self.arg(args, 0) {
            Value::Int(width) => usize::try_from(width).unwrap_or(0),
            Value::Bool(width) => usize::from(width),
            other => {
                let message =
                    format!("'{}' object cannot be interpreted as an integer", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        let fill = match (self.arg(args, 1), args.count) {
            (_, 1) => {
                if known == Known::zfill {
                    '0'
                } else {
                    ' '
                }
            }
            (Value::Str(fill), _) if self.heap.str_len(fill) == 1 => {
                self.heap.str(fill).chars().next().unwrap_or(' ')
            }
            _ => {
                return self
                    .raise(classes::TYPE_ERROR, "The fill character must be exactly one character long");
            }
        };
        let missing = width.saturating_sub(self.heap.str_len(text));
        self.heap.charge(gas::BYTES_8.saturating_mul(missing as u64 / 2))?;
        self.check_memory((missing as u64).saturating_mul(fill.len_utf8() as u64))?;
        let whole = self.heap.str(text);
        let pad = |count: usize| fill.to_string().repeat(count);
        let padded = match known {
            Known::ljust => format!("{whole}{}", pad(missing)),
            Known::rjust => format!("{}{whole}", pad(missing)),
            Known::center => {
                let left = missing / 2 + (missing & width & 1);
                format!("{}{whole}{}", pad(left), pad(missing - left))
            }
            _ => {
                let sign = if whole.starts_with(['+', '-']) { &whole[..1] } else { "" };
                format!("{sign}{}{}", pad(missing), &whole[sign.len()..])
            }
        };
        self.heap.new_str(&padded)
    }
}

fn change_case(text: &str, known: Known) -> String {
    match known {
        Known::upper => text.to_ascii_uppercase(),
        Known::lower => text.to_ascii_lowercase(),
        Known::swapcase => text
            .chars()
            .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
            .collect(),
        _ => {
            let mut start = true;
            let each_word = known == Known::title;
            text.chars()
                .map(|c| {
                    let changed = if start { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
                    start = each_word && !c.is_ascii_alphabetic();
                    changed
                })
                .collect()
        }
    }
}

fn has_kind(text: &str, known: Known) -> bool {
    let mut chars = text.chars();
    match known {
        Known::isascii => text.is_ascii(),
        _ if text.is_empty() => false,
        Known::isdigit | Known::isdecimal => chars.all(|c| c.is_ascii_digit()),
        Known::isalpha => chars.all(|c| c.is_ascii_alphabetic()),
        Known::isalnum => chars.all(|c| c.is_ascii_alphanumeric()),
        Known::isspace => chars.all(is_space),
        Known::isupper => {
            text.bytes().any(|b| b.is_ascii_uppercase()) && !text.bytes().any(|b| b.is_ascii_lowercase())
        }
        _ => text.bytes().any(|b| b.is_ascii_lowercase()) && !text.bytes().any(|b| b.is_ascii_uppercase()),
    }
}
