//! Format specifications of f-strings: fill, alignment, sign, `#`, `0`, width, grouping, precision of
//! texts, and the types `d`, `x`, `X`, `b`, `o`, `s`.

use crate::{integer, limits};
use ethnum::I256;

/// A parsed specification.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    fill: char,
    align: Option<char>,
    sign: char,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    /// Reads a specification; `type_name` is for messages.
    pub(crate) fn parse(text: &str, type_name: &str) -> Result<Self, String> {
        let invalid = || format!("Invalid format specifier '{text}' for object of type '{type_name}'");
        let mut chars: std::collections::VecDeque<char> = text.chars().collect();
        let mut spec = Self {
            fill: ' ',
            align: None,
            sign: '-',
            alternate: false,
            width: 0,
            grouping: None,
            precision: None,
            kind: None,
        };
        let is_align = |c: char| matches!(c, '<' | '>' | '^' | '=');
        if chars.get(1).copied().is_some_and(is_align) {
            spec.fill = chars.pop_front().unwrap_or(' ');
            spec.align = chars.pop_front();
        } else if chars.front().copied().is_some_and(is_align) {
            spec.align = chars.pop_front();
        }
        if let Some(sign) = chars.front().copied().filter(|c| matches!(c, '+' | '-' | ' ')) {
            spec.sign = sign;
            chars.pop_front();
        }
        if chars.front() == Some(&'#') {
            spec.alternate = true;
            chars.pop_front();
        }
        if chars.front() == Some(&'0') {
            chars.pop_front();
            if spec.align.is_none() {
                spec.fill = '0';
                spec.align = Some('=');
            }
        }
        spec.width = number(&mut chars)?.unwrap_or(0);
        if let Some(grouping) = chars.front().copied().filter(|c| matches!(c, ',' | '_')) {
            spec.grouping = Some(grouping);
            chars.pop_front();
        }
        if chars.front() == Some(&'.') {
            chars.pop_front();
            spec.precision = Some(number(&mut chars)?.ok_or("Format specifier missing precision")?);
        }
        spec.kind = chars.pop_front();
        if !chars.is_empty() {
            return Err(invalid());
        }
        match spec.kind {
            None | Some('d' | 'x' | 'X' | 'b' | 'o' | 's') => Ok(spec),
            Some(kind) => Err(format!("Unknown format code '{kind}' for object of type '{type_name}'")),
        }
    }

    /// Characters that it pads to.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A text, formatted.
    pub(crate) fn text(&self, text: &str) -> Result<String, String> {
        if !matches!(self.kind, None | Some('s')) {
            return Err(format!(
                "Unknown format code '{}' for object of type 'str'",
                self.kind.unwrap_or('s')
            ));
        }
        if self.sign != '-' {
            return Err("Sign not allowed in string format specifier".into());
        }
        if self.alternate {
            return Err("Alternate form (#) not allowed in string format specifier".into());
        }
        if let Some(grouping) = self.grouping {
            return Err(format!("Cannot specify '{grouping}' with 's'."));
        }
        let cut: String = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        };
        match self.align {
            Some('=') if self.fill != '0' => {
                Err("'=' alignment not allowed in string format specifier".into())
            }
            Some('=') => Ok(self.pad("", &cut, '<')),
            align => Ok(self.pad("", &cut, align.unwrap_or('<'))),
        }
    }

    /// An integer, formatted.
    pub(crate) fn integer(&self, value: I256) -> Result<String, String> {
        if self.precision.is_some() {
            return Err("Precision not allowed in integer format specifier".into());
        }
        let (base, prefix) = match self.kind {
            Some('x') => (16, "0x"),
            Some('X') => (16, "0X"),
            Some('b') => (2, "0b"),
            Some('o') => (8, "0o"),
            Some('s') => return Err("Unknown format code 's' for object of type 'int'".into()),
            _ => (10, ""),
        };
        let mut digits = integer::digits(value, base);
        if self.kind == Some('X') {
            digits = digits.to_ascii_uppercase();
        }
        let sign = match (value < 0, self.sign) {
            (true, _) => "-",
            (false, '+') => "+",
            (false, ' ') => " ",
            (false, _) => "",
        };
        let lead = if self.alternate { format!("{sign}{prefix}") } else { sign.to_owned() };
        if let Some(grouping) = self.grouping {
            let size = match (base, grouping) {
                (10, _) => 3,
                (_, ',') => return Err(format!("Cannot specify ',' with '{}'.", self.kind.unwrap_or('d'))),
                _ => 4,
            };
            let zeros =
                (self.fill == '0' && self.align == Some('=')).then(|| self.width.saturating_sub(lead.len()));
            digits = group(&digits, size, grouping, zeros.unwrap_or(0));
        }
        Ok(self.pad(&lead, &digits, self.align.unwrap_or('>')))
    }

    fn pad(&self, lead: &str, body: &str, align: char) -> String {
        let length = lead.chars().count() + body.chars().count();
        let missing = self.width.saturating_sub(length);
        let fill = |count: usize| self.fill.to_string().repeat(count);
        match align {
            '<' => format!("{lead}{body}{}", fill(missing)),
            '^' => format!("{}{lead}{body}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{lead}{}{body}", fill(missing)),
            _ => format!("{}{lead}{body}", fill(missing)),
        }
    }
}

/// Digits in groups, with zeros before them up to a width.
fn group(digits: &str, size: usize, separator: char, width: usize) -> String {
    let mut count = digits.len();
    while count + (count - 1) / size < width {
        count += 1;
    }
    let padded = "0".repeat(count - digits.len()) + digits;
    let mut out = String::new();
    for (index, digit) in padded.chars().enumerate() {
        if index > 0 && (padded.len() - index).is_multiple_of(size) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

fn number(chars: &mut std::collections::VecDeque<char>) -> Result<Option<usize>, String> {
    let mut value: Option<usize> = None;
    while let Some(digit) = chars.front().and_then(|c| c.to_digit(10)) {
        chars.pop_front();
        let next = value.unwrap_or(0) * 10 + digit as usize;
        if next > limits::FORMAT_WIDTH_MAX {
            return Err(format!("a width or precision is at most {}", limits::FORMAT_WIDTH_MAX));
        }
        value = Some(next);
    }
    Ok(value)
}
