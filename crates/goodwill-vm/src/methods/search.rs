//! Methods of texts that search: `find`, `replace`, `split` and the like.

use super::{Keywords, string::is_space};
use crate::{
    classes,
    fault::Run,
    gas,
    interpreter::{Args, Machine},
    names::Known,
    value::{Handle, Value},
};
use memchr::memmem;

/// Memory of a piece while a text is divided.
const PIECE_BYTES: usize = 64;

impl Machine {
    pub(super) fn charge_search(&mut self, text: Handle, part: Handle) -> Run<()> {
        let (whole, part) = (self.heap.str(text).len() as u64, self.heap.str(part).len() as u64);
        self.heap.charge(gas::NATIVE + gas::SEARCH_BYTE * whole + gas::PART_BYTE * part.min(whole))
    }

    /// The byte at which a text is found first.
    pub(crate) fn find_text(&mut self, text: Handle, part: Handle) -> Run<Option<usize>> {
        self.charge_search(text, part)?;
        Ok(find_in(self.heap.str(text).as_bytes(), self.heap.str(part).as_bytes()))
    }

    /// How often a text occurs in another, without overlaps; pays for as often as it fits.
    pub(super) fn occurrences(&mut self, text: Handle, part: Handle) -> Run<usize> {
        self.charge_search(text, part)?;
        let fits = self.heap.str(text).len() / self.heap.str(part).len().max(1);
        self.heap.charge(gas::PIECE * fits as u64)?;
        let (whole, part) = (self.heap.str(text), self.heap.str(part));
        Ok(match part.len() {
            length if length > whole.len() => 0,
            0 => self.heap.str_len(text) + 1,
            _ => memmem::find_iter(whole.as_bytes(), part.as_bytes()).count(),
        })
    }

    /// Pays for the pieces of a text, whose objects come later.
    fn charge_pieces(&mut self, count: usize) -> Run<()> {
        self.heap.charge(gas::PIECE.saturating_mul(count as u64))?;
        self.check_memory((PIECE_BYTES as u64).saturating_mul(count as u64))
    }

    pub(super) fn find_method(&mut self, text: Handle, known: Known, args: Args) -> Run<Value> {
        let part = self.text_arg(known, self.arg(args, 0))?;
        self.charge_search(text, part)?;
        let chars = self.heap.str_len(text);
        let bounds = self.bounds(args, 1, chars)?;
        let bytes = match bounds {
            Some((start, end)) => self.character_range(text, start, end)?,
            None => 0..0,
        };
        let (whole, part) = (self.heap.str(text), self.heap.str(part).as_bytes());
        let within = &whole.as_bytes()[bytes.clone()];
        let first = matches!(known, Known::find | Known::index);
        let found = if first { find_in(within, part) } else { find_last_in(within, part) };
        match found.filter(|_| bounds.is_some()) {
            Some(at) if chars == whole.len() => Ok(Value::Int((bytes.start + at) as i64)),
            Some(at) => {
                let before = whole[..bytes.start + at].chars().count();
                self.heap.charge(gas::BYTE * before as u64)?;
                Ok(Value::Int(before as i64))
            }
            None if matches!(known, Known::index | Known::rindex) => {
                self.raise(classes::VALUE_ERROR, "substring not found")
            }
            None => Ok(Value::Int(-1)),
        }
    }

    /// A count that a method takes: all if it is absent or negative.
    fn count_arg(&mut self, value: Option<Value>) -> Run<usize> {
        match value {
            None => Ok(usize::MAX),
            Some(Value::Int(count)) => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
            Some(Value::Bool(count)) => Ok(usize::from(count)),
            Some(other) => {
                let message =
                    format!("'{}' object cannot be interpreted as an integer", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    pub(super) fn replace(&mut self, text: Handle, args: Args) -> Run<Value> {
        let old = self.text_arg(Known::replace, self.arg(args, 0))?;
        let new = match self.arg(args, 1) {
            Value::Str(new) => new,
            other => {
                let message = format!("replace() argument 2 must be str, not {}", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        let most = self.count_arg((args.count > 2).then(|| self.arg(args, 2)))?;
        let found = self.occurrences(text, old)?.min(most);
        let size = self.heap.str(text).len() + found * self.heap.str(new).len();
        self.heap.charge(gas::bytes(size) + gas::PIECE * found as u64)?;
        self.check_memory(size as u64)?;
        let (whole, old, new) = (self.heap.str(text), self.heap.str(old), self.heap.str(new));
        let replaced = whole.replacen(old, new, found);
        self.heap.new_str(&replaced)
    }

    pub(super) fn split(
        &mut self,
        text: Handle,
        known: Known,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Value> {
        self.arity(known, args, 0, 2)?;
        self.only_keywords(known.text(), keywords, &["sep", "maxsplit"])?;
        let separator = if args.count > 0 { Some(self.arg(args, 0)) } else { self.keyword(keywords, "sep") };
        let most = if args.count > 1 { Some(self.arg(args, 1)) } else { self.keyword(keywords, "maxsplit") };
        let most = self.count_arg(most)?;
        self.heap.charge(gas::BYTE * self.heap.str(text).len() as u64)?;
        let ranges = match separator {
            None | Some(Value::None) => {
                let spaces = self.heap.str(text).chars().filter(|c| is_space(*c)).count();
                self.charge_pieces(spaces)?;
                split_spaces(self.heap.str(text), most, known == Known::rsplit)
            }
            Some(Value::Str(separator)) => {
                if self.heap.str(separator).is_empty() {
                    return self.raise(classes::VALUE_ERROR, "empty separator");
                }
                let pieces = self.occurrences(text, separator)?.min(most);
                self.charge_pieces(pieces)?;
                if pieces == 0 {
                    return self.heap.new_list(vec![Value::Str(text)]);
                }
                split_at(self.heap.str(text), self.heap.str(separator), most, known == Known::rsplit)
            }
            Some(other) => {
                let message = format!("must be str or None, not {}", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        self.texts_of(text, ranges)
    }

    fn texts_of(&mut self, text: Handle, ranges: Vec<std::ops::Range<usize>>) -> Run<Value> {
        let items =
            ranges.into_iter().map(|range| self.heap.substring(text, range)).collect::<Run<Vec<_>>>()?;
        self.heap.new_list(items)
    }

    pub(super) fn split_lines(&mut self, text: Handle) -> Run<Value> {
        self.heap.charge(gas::BYTE * self.heap.str(text).len() as u64)?;
        let whole = self.heap.str(text);
        let is_end = |c: char| {
            matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
        };
        let ends = whole.chars().filter(|c| is_end(*c)).count();
        self.charge_pieces(ends)?;
        let whole = self.heap.str(text);
        let mut ranges = Vec::new();
        let mut start = 0;
        let mut skip = false;
        for (at, c) in whole.char_indices() {
            if std::mem::take(&mut skip) && c == '\n' {
                start = at + 1;
                continue;
            }
            if is_end(c) {
                ranges.push(start..at);
                start = at + c.len_utf8();
                skip = c == '\r';
            }
        }
        if start < whole.len() {
            ranges.push(start..whole.len());
        }
        self.texts_of(text, ranges)
    }

    pub(super) fn partition(&mut self, text: Handle, known: Known, separator: Value) -> Run<Value> {
        let Value::Str(part) = separator else {
            let message = format!("must be str, not {}", self.type_name(separator));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        if self.heap.str(part).is_empty() {
            return self.raise(classes::VALUE_ERROR, "empty separator");
        }
        self.charge_search(text, part)?;
        let (whole, size) = (self.heap.str(text), self.heap.str(part).len());
        let length = whole.len();
        let found = match known {
            Known::partition => find_in(whole.as_bytes(), self.heap.str(part).as_bytes()),
            _ => find_last_in(whole.as_bytes(), self.heap.str(part).as_bytes()),
        };
        let ranges = match (found, known) {
            (Some(at), _) => [0..at, at..at + size, at + size..length],
            (None, Known::partition) => [0..length, 0..0, 0..0],
            (None, _) => [0..0, 0..0, 0..length],
        };
        let parts =
            ranges.into_iter().map(|range| self.heap.substring(text, range)).collect::<Run<Vec<_>>>()?;
        self.heap.new_tuple(&parts)
    }
}

/// Where a part begins first. A part that is longer is not looked at.
pub(super) fn find_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    if part.len() > whole.len() { None } else { memmem::find(whole, part) }
}

/// Where a part begins last.
pub(super) fn find_last_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    if part.len() > whole.len() { None } else { memmem::rfind(whole, part) }
}

fn split_at(text: &str, separator: &str, most: usize, from_end: bool) -> Vec<std::ops::Range<usize>> {
    let base = text.as_ptr() as usize;
    let range = |part: &str| {
        let start = part.as_ptr() as usize - base;
        start..start + part.len()
    };
    let pieces = most.saturating_add(1);
    if from_end {
        let mut ranges: Vec<_> = text.rsplitn(pieces, separator).map(range).collect();
        ranges.reverse();
        ranges
    } else {
        text.splitn(pieces, separator).map(range).collect()
    }
}

fn split_spaces(text: &str, most: usize, from_end: bool) -> Vec<std::ops::Range<usize>> {
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (is_space(c), start) {
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push(from..text.len());
    }
    if words.len() <= most {
        return words;
    }
    if from_end {
        let first = words.len() - most;
        let head = 0..words[first - 1].end;
        return std::iter::once(head).chain(words.drain(first..)).collect();
    }
    let tail = words[most].start..text.len();
    words.truncate(most);
    words.push(tail);
    words
}
