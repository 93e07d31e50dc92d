//! `str`, `repr` and formatting of values.

use crate::{
    classes,
    fault::Run,
    format::Spec,
    gas, integer,
    interpreter::Machine,
    limits,
    names::Known,
    program::ClassKind,
    value::{ClassId, Handle, Value},
};
use std::fmt::Write;

impl Machine {
    /// The class of a value, for `isinstance` and messages.
    pub(crate) fn class_of(&self, value: Value) -> Option<ClassId> {
        match value {
            Value::Instance(handle) => Some(self.heap.instance(handle).class),
            Value::Contract => Some(self.heap.program.contract),
            other => other.builtin_class(),
        }
    }

    /// The name of a value's type, for messages.
    pub(crate) fn type_name(&self, value: Value) -> &str {
        match value {
            Value::Function(_) | Value::Closure(_) => "function",
            Value::Method(_) => "method",
            Value::Builtin(_) => "builtin_function_or_method",
            Value::Class(_) => "type",
            Value::Message => "Message",
            Value::Chain => "Chain",
            Value::Iterator(_) => "iterator",
            Value::View(view) => match self.heap.view(view).kind {
                crate::heap::ViewKind::Keys => "dict_keys",
                crate::heap::ViewKind::Values => "dict_values",
                crate::heap::ViewKind::Items => "dict_items",
            },
            Value::Unbound | Value::Cell(_) => "nothing",
            other => self.class_of(other).map_or("object", |class| self.heap.program.class_name(class)),
        }
    }

    /// `str(value)`, `repr(value)` (conversion `r`) or `ascii(value)` (`a`).
    pub(crate) fn text_of(&mut self, value: Value, conversion: u8) -> Run<Value> {
        match (value, conversion) {
            (Value::Str(_), b's') => return Ok(value),
            (Value::Int(int), _) => {
                let mut buffer = itoa::Buffer::new();
                let text = buffer.format(int);
                self.heap.charge(gas::COMPARE + gas::BYTE * text.len() as u64)?;
                return self.heap.new_str(text);
            }
            _ => {}
        }
        let mut text = String::new();
        self.write_text(&mut text, value, conversion != b's', 0)?;
        if conversion == b'a' {
            text = text.chars().fold(String::new(), |mut out, c| {
                match (c.is_ascii(), c as u32) {
                    (true, _) => out.push(c),
                    (false, code @ ..=0xff) => _ = write!(out, "\\x{code:02x}"),
                    (false, code @ ..=0xffff) => _ = write!(out, "\\u{code:04x}"),
                    (false, code) => _ = write!(out, "\\U{code:08x}"),
                }
                out
            });
        }
        self.heap.new_str(&text)
    }

    /// Writes `str` or `repr` of a value; pays for what is written.
    pub(crate) fn write_text(&mut self, out: &mut String, value: Value, repr: bool, depth: u32) -> Run<()> {
        let before = out.len();
        self.write_value(out, value, repr, depth)?;
        // The parts of a container have paid for themselves.
        let leaf = !matches!(
            value,
            Value::List(_)
                | Value::Tuple(_)
                | Value::Dict(_)
                | Value::Set(_)
                | Value::Instance(_)
                | Value::View(_)
        );
        let written = if leaf { out.len() - before } else { 16 };
        self.heap.charge(gas::COMPARE + gas::BYTE * written as u64)?;
        self.check_memory(out.len() as u64)
    }

    fn write_value(&mut self, out: &mut String, value: Value, repr: bool, depth: u32) -> Run<()> {
        match value {
            Value::None => out.push_str("None"),
            Value::Bool(true) => out.push_str("True"),
            Value::Bool(false) => out.push_str("False"),
            Value::Int(int) => out.push_str(itoa::Buffer::new().format(int)),
            Value::Big(handle) => {
                self.heap.charge(16 * gas::WIDE)?;
                let wide = self.heap.wide(handle);
                if wide < 0 {
                    out.push('-');
                }
                out.push_str(&integer::digits(wide, 10));
            }
            Value::Str(text) if !repr => {
                self.heap.charge(gas::bytes(self.heap.str(text).len()))?;
                out.push_str(self.heap.str(text));
            }
            Value::Str(text) => {
                self.heap.charge(gas::BYTE * self.heap.str(text).len() as u64)?;
                write_str_repr(out, self.heap.str(text));
            }
            Value::Bytes(bytes) => {
                self.heap.charge(gas::BYTE * self.heap.bytes(bytes).len() as u64)?;
                write_bytes_repr(out, self.heap.bytes(bytes));
            }
            Value::Address(handle) => {
                self.heap.charge(gas::ADDRESS_TEXT)?;
                let text = self.heap.address(handle).display(&self.context.prefix);
                if repr {
                    _ = write!(out, "Address('{text}')");
                } else {
                    out.push_str(&text);
                }
            }
            Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Dict(_) | Value::View(_) => {
                self.write_container(out, value, depth)?;
            }
            Value::Range(handle) => {
                let range = *self.heap.range(handle);
                _ = match range.step {
                    1 => write!(out, "range({}, {})", range.start, range.stop),
                    step => write!(out, "range({}, {}, {step})", range.start, range.stop),
                };
            }
            Value::Instance(handle) => self.write_instance(out, handle, repr, depth)?,
            Value::Class(class) => {
                _ = write!(out, "<class '{}'>", self.heap.program.class_name(class));
            }
            other => _ = write!(out, "<{}>", self.type_name(other)),
        }
        Ok(())
    }

    fn deeper_text(&mut self, depth: u32) -> Run<u32> {
        if depth >= limits::NESTING_MAX {
            return self.raise(
                classes::RECURSION_ERROR,
                "maximum recursion depth exceeded while getting the repr of an object",
            );
        }
        Ok(depth + 1)
    }

    fn write_container(&mut self, out: &mut String, value: Value, depth: u32) -> Run<()> {
        let depth = self.deeper_text(depth)?;
        let (open, close, items) = match value {
            Value::List(list) => ("[", "]", self.heap.list(list).items.clone()),
            Value::Tuple(tuple) => match self.heap.tuple(tuple) {
                [_] => ("(", ",)", self.heap.tuple(tuple).to_vec()),
                items => ("(", ")", items.to_vec()),
            },
            Value::Dict(dict) => return self.write_dict(out, dict, depth),
            Value::Set(set) => match self.heap.table(set).len() {
                0 => {
                    out.push_str("set()");
                    return Ok(());
                }
                1 => ("{", "}", self.heap.table(set).iter().map(|(key, _)| key).collect()),
                _ => {
                    return self
                        .raise(classes::TYPE_ERROR, "a set has no order here: show sorted(...) of it");
                }
            },
            other => {
                let open = match self.type_name(other) {
                    "dict_keys" => "dict_keys([",
                    "dict_values" => "dict_values([",
                    _ => "dict_items([",
                };
                (open, "])", self.collect(other)?)
            }
        };
        self.heap.charge(gas::elements(items.len()))?;
        out.push_str(open);
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            if item == value {
                out.push_str("[...]");
            } else {
                self.write_text(out, item, true, depth)?;
            }
        }
        out.push_str(close);
        Ok(())
    }

    fn write_dict(&mut self, out: &mut String, dict: Handle, depth: u32) -> Run<()> {
        let entries: Vec<(Value, Value)> = self.heap.table(dict).iter().collect();
        self.heap.charge(gas::elements(2 * entries.len()))?;
        out.push('{');
        for (index, (key, value)) in entries.into_iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.write_text(out, key, true, depth)?;
            out.push_str(": ");
            self.write_text(out, value, true, depth)?;
        }
        out.push('}');
        Ok(())
    }

    fn write_instance(&mut self, out: &mut String, handle: Handle, repr: bool, depth: u32) -> Run<()> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let class = self.heap.instance(handle).class;
        let name = program.class_name(class);
        if program.is_subclass(class, classes::BASE_EXCEPTION) {
            return self.write_exception(out, handle, repr, depth);
        }
        match program.class(class).map(|class| &class.kind) {
            Some(ClassKind::Record { fields, .. }) => {
                let depth = self.deeper_text(depth)?;
                out.push_str(name);
                out.push('(');
                for (index, field) in fields.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    _ = write!(out, "{}=", program.name(field.name));
                    let value = self.heap.instance(handle).get(field.name).unwrap_or(Value::None);
                    self.write_text(out, value, true, depth)?;
                }
                out.push(')');
            }
            _ => _ = write!(out, "<{name} object>"),
        }
        Ok(())
    }

    fn write_exception(&mut self, out: &mut String, handle: Handle, repr: bool, depth: u32) -> Run<()> {
        let depth = self.deeper_text(depth)?;
        let class = self.heap.instance(handle).class;
        let args = match self.heap.instance(handle).get(Known::args.id()) {
            Some(Value::Tuple(tuple)) => self.heap.tuple(tuple).to_vec(),
            _ => Vec::new(),
        };
        if repr {
            out.push_str(self.heap.program.class_name(class));
            out.push('(');
            for (index, arg) in args.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                self.write_text(out, *arg, true, depth)?;
            }
            out.push(')');
            return Ok(());
        }
        match args[..] {
            [] => Ok(()),
            [arg] => {
                let quoted = self.heap.program.is_subclass(class, classes::KEY_ERROR);
                self.write_text(out, arg, quoted, depth)
            }
            _ => {
                let tuple = self.heap.new_tuple(&args)?;
                self.write_text(out, tuple, true, depth)
            }
        }
    }

    /// `format(value, spec)`, as f-strings do.
    pub(crate) fn format_value(&mut self, value: Value, spec: Value) -> Run<Value> {
        let Value::Str(spec_text) = spec else { return self.text_of(value, b's') };
        if self.heap.str(spec_text).is_empty() {
            return self.text_of(value, b's');
        }
        self.heap.charge(gas::BYTE * self.heap.str(spec_text).len() as u64)?;
        let spec_string = self.heap.str(spec_text).to_owned();
        let type_name = self.type_name(value).to_owned();
        let spec = match Spec::parse(&spec_string, &type_name) {
            Ok(spec) => spec,
            Err(message) => return self.raise(classes::VALUE_ERROR, &message),
        };
        self.heap.charge(gas::NATIVE + gas::BYTE * spec.width() as u64)?;
        let formatted = match value {
            Value::Str(text) => {
                self.heap.charge(gas::BYTE * self.heap.str(text).len() as u64)?;
                spec.text(self.heap.str(text))
            }
            Value::Int(_) | Value::Big(_) | Value::Bool(_) => {
                self.heap.charge(16 * gas::WIDE)?;
                spec.integer(self.heap.as_wide(value).unwrap_or_default())
            }
            _ => {
                let message = format!("unsupported format string passed to {type_name}.__format__");
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        match formatted {
            Ok(text) => self.heap.new_str(&text),
            Err(message) => self.raise(classes::VALUE_ERROR, &message),
        }
    }
}

/// `repr` of a text.
pub(crate) fn write_str_repr(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || (0x7f..0xa1).contains(&(c as u32)) || c as u32 == 0xad => {
                _ = write!(out, "\\x{:02x}", c as u32)
            }
            c if !is_printable(c) => {
                let code = c as u32;
                _ = if code <= 0xffff { write!(out, "\\u{code:04x}") } else { write!(out, "\\U{code:08x}") };
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// Whether `repr` shows a character as it is. Beyond the separators and controls that every version of
/// Unicode has, all are shown, so that the result does not depend on a version.
fn is_printable(c: char) -> bool {
    !matches!(
        c as u32,
        0x1680 | 0x2000..=0x200f | 0x2028..=0x202f | 0x205f..=0x206f | 0x3000 | 0xd800..=0xf8ff | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0x10ffff
    )
}

/// `repr` of bytes.
pub(crate) fn write_bytes_repr(out: &mut String, bytes: &[u8]) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(*byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..0x7f => out.push(char::from(*byte)),
            byte => _ = write!(out, "\\x{byte:02x}"),
        }
    }
    out.push(quote);
}
