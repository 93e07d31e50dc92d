//! Builtin classes as functions: `int(...)`, `str(...)`, `list(...)` and the like.

use crate::{
    classes,
    fault::Run,
    gas,
    integer::{self, ParseError},
    interpreter::{Args, Machine},
    names::Known,
    table::Table,
    value::{ClassId, NameId, Value},
};
use ethnum::I256;
use goodwill_types::Address;

type Keywords<'k> = &'k [(NameId, Value)];

impl Machine {
    /// Calls a builtin class.
    pub(crate) fn construct_builtin(
        &mut self,
        class: ClassId,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Value> {
        let name = classes::BUILTIN.get(usize::from(class)).map_or("object", |(name, _)| name);
        if classes::is_below(class, classes::BASE_EXCEPTION) {
            self.only_keywords(name, keywords, &[])?;
            let items = self.stack[args.at..args.at + args.count].to_vec();
            return self.new_exception(class, &items);
        }
        if !matches!(class, classes::INT | classes::DICT | classes::STR) {
            self.only_keywords(name, keywords, &[])?;
        }
        let most = match class {
            classes::RANGE => 3,
            classes::INT | classes::BYTES | classes::STR => 2,
            _ => 1,
        };
        if args.count > most {
            let plural = if most == 1 { "" } else { "s" };
            let message = format!("{name} expected at most {most} argument{plural}, got {}", args.count);
            return self.raise(classes::TYPE_ERROR, &message);
        }
        let first = self.arg(args, 0);
        match class {
            classes::INT => self.new_int_from(args, keywords),
            classes::BOOL => Ok(Value::Bool(args.count == 1 && self.truth(first)?)),
            classes::STR => self.new_str_from(args, keywords),
            classes::BYTES => self.new_bytes_from(args),
            classes::LIST => {
                let items = if args.count == 0 { Vec::new() } else { self.collect(first)? };
                self.heap.new_list(items)
            }
            classes::TUPLE => match first {
                Value::Tuple(_) => Ok(first),
                _ => {
                    let items = if args.count == 0 { Vec::new() } else { self.collect(first)? };
                    self.heap.new_tuple(&items)
                }
            },
            classes::SET => {
                let set = self.heap.new_set(Table::default())?;
                if let (1, Value::Set(handle)) = (args.count, set) {
                    for item in self.collect_any(first)? {
                        self.insert(handle, item, Value::None)?;
                    }
                }
                Ok(set)
            }
            classes::DICT => self.new_dict_from(args, keywords),
            classes::RANGE => {
                let range = self.range_of(args)?;
                self.heap.new_range(range, 24)
            }
            classes::ADDRESS => self.new_address_from(args),
            _ => self.raise(classes::TYPE_ERROR, &format!("cannot create '{name}' instances")),
        }
    }

    fn new_int_from(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("int", keywords, &["base"])?;
        let base = if args.count == 2 { Some(self.arg(args, 1)) } else { self.keyword(keywords, "base") };
        let first = self.arg(args, 0);
        if args.count == 0 {
            return Ok(Value::Int(0));
        }
        match (first, base) {
            (Value::Str(text), base) => {
                let base = match base {
                    None => 10,
                    Some(Value::Int(base)) if base == 0 || (2..=36).contains(&base) => base as u32,
                    Some(Value::Int(_)) => {
                        return self.raise(classes::VALUE_ERROR, "int() base must be >= 2 and <= 36, or 0");
                    }
                    Some(other) => {
                        let message =
                            format!("'{}' object cannot be interpreted as an integer", self.type_name(other));
                        return self.raise(classes::TYPE_ERROR, &message);
                    }
                };
                self.heap.charge(gas::NATIVE + 2 * gas::BYTE * self.heap.str(text).len() as u64)?;
                match integer::parse(self.heap.str(text), base) {
                    Ok(int) => self.heap.new_int(int),
                    Err(ParseError::OutOfRange) => {
                        self.raise(classes::OVERFLOW_ERROR, "integer out of range")
                    }
                    Err(ParseError::Invalid) => {
                        let mut shown = String::new();
                        self.write_text(&mut shown, first, true, 0)?;
                        let message = format!("invalid literal for int() with base {base}: {shown}");
                        self.raise(classes::VALUE_ERROR, &message)
                    }
                }
            }
            (_, Some(_)) => {
                self.raise(classes::TYPE_ERROR, "int() can't convert non-string with explicit base")
            }
            (value, None) => match self.heap.as_wide(value) {
                Some(int) => self.heap.new_int(int),
                None => {
                    let message = format!(
                        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                        self.type_name(value)
                    );
                    self.raise(classes::TYPE_ERROR, &message)
                }
            },
        }
    }

    fn new_str_from(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("str", keywords, &["encoding"])?;
        let first = self.arg(args, 0);
        match (args.count, first) {
            (0, _) => self.heap.new_str(""),
            (1, Value::Str(_)) => Ok(first),
            (1, _) if keywords.is_empty() => self.text_of(first, b's'),
            (_, Value::Bytes(bytes)) => self.decode(bytes),
            _ => {
                let message =
                    format!("decoding to str: need a bytes-like object, {} found", self.type_name(first));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    /// The text of UTF-8 bytes.
    pub(crate) fn decode(&mut self, bytes: u32) -> Run<Value> {
        self.heap.charge(gas::BYTE * self.heap.bytes(bytes).len() as u64 / 4)?;
        let decoded = std::str::from_utf8(self.heap.bytes(bytes)).map(str::to_owned);
        match decoded {
            Ok(text) => self.heap.new_str(&text),
            Err(error) => {
                let message = format!("'utf-8' codec can't decode bytes at position {}", error.valid_up_to());
                self.raise(classes::UNICODE_DECODE_ERROR, &message)
            }
        }
    }

    fn new_bytes_from(&mut self, args: Args) -> Run<Value> {
        let first = self.arg(args, 0);
        match first {
            _ if args.count == 0 => self.heap.new_bytes(&[]),
            Value::Bytes(_) => Ok(first),
            Value::Str(text) if args.count == 2 => {
                let bytes = self.heap.str(text).as_bytes().to_vec();
                self.heap.new_bytes(&bytes)
            }
            Value::Str(_) => self.raise(classes::TYPE_ERROR, "string argument without an encoding"),
            Value::Address(address) => {
                let bytes = self.heap.address(address).to_bytes();
                self.heap.new_bytes(&bytes)
            }
            Value::Int(_) | Value::Bool(_) | Value::Big(_) => self.zero_bytes(first),
            other => {
                if !matches!(
                    other,
                    Value::List(_)
                        | Value::Tuple(_)
                        | Value::Range(_)
                        | Value::Iterator(_)
                        | Value::View(_)
                        | Value::Dict(_)
                        | Value::Set(_)
                ) {
                    let message = format!("cannot convert '{}' object to bytes", self.type_name(other));
                    return self.raise(classes::TYPE_ERROR, &message);
                }
                let mut bytes = Vec::new();
                for item in self.collect(other)? {
                    bytes.push(self.byte_of(item)?);
                }
                self.heap.new_bytes(&bytes)
            }
        }
    }

    fn zero_bytes(&mut self, count: Value) -> Run<Value> {
        let count = self.heap.as_wide(count).unwrap_or(I256::ZERO);
        if count < 0 {
            return self.raise(classes::VALUE_ERROR, "negative count");
        }
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.check_memory(count)?;
        self.heap.charge(gas::bytes(count as usize))?;
        self.heap.new_bytes(&vec![0; count as usize])
    }

    /// A byte from an integer.
    pub(crate) fn byte_of(&mut self, value: Value) -> Run<u8> {
        match self.heap.as_wide(value) {
            Some(int) => match u8::try_from(int) {
                Ok(byte) => Ok(byte),
                Err(_) => self.raise(classes::VALUE_ERROR, "bytes must be in range(0, 256)"),
            },
            None => {
                let message =
                    format!("'{}' object cannot be interpreted as an integer", self.type_name(value));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    fn new_dict_from(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        let first = self.arg(args, 0);
        let dict = match first {
            Value::Dict(from) => self.copy_dict(from)?,
            _ => self.heap.new_dict(Table::default())?,
        };
        let Value::Dict(handle) = dict else { return Ok(dict) };
        if args.count == 1 && !matches!(first, Value::Dict(_)) {
            for (index, item) in self.collect(first)?.into_iter().enumerate() {
                let pair = match item {
                    Value::Tuple(_) | Value::List(_) | Value::Str(_) => self.collect(item)?,
                    _ => {
                        let message = format!(
                            "cannot convert dictionary update sequence element #{index} to a sequence"
                        );
                        return self.raise(classes::TYPE_ERROR, &message);
                    }
                };
                match pair[..] {
                    [key, value] => self.insert(handle, key, value)?,
                    _ => {
                        let message = format!(
                            "dictionary update sequence element #{index} has length {}; 2 is required",
                            pair.len()
                        );
                        return self.raise(classes::VALUE_ERROR, &message);
                    }
                }
            }
        }
        for (name, value) in keywords {
            let program = std::sync::Arc::clone(&self.heap.program);
            let key = self.heap.new_str(program.name(*name))?;
            self.insert(handle, key, *value)?;
        }
        Ok(dict)
    }

    fn new_address_from(&mut self, args: Args) -> Run<Value> {
        let Value::Str(text) = self.arg(args, 0) else {
            let message =
                format!("an Address is made from its text, not from {}", self.type_name(self.arg(args, 0)));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        self.heap.charge(gas::ADDRESS_TEXT + gas::BYTE * self.heap.str(text).len() as u64)?;
        match Address::parse(self.heap.str(text), &self.context.prefix) {
            Ok(address) => self.heap.new_address(address),
            Err(error) => self.raise(classes::VALUE_ERROR, &error.to_string()),
        }
    }

    /// Methods of classes themselves.
    pub(crate) fn class_method(
        &mut self,
        class: ClassId,
        known: Known,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Option<Value>> {
        let first = self.arg(args, 0);
        match (class, known) {
            (classes::DICT, Known::fromkeys) => {
                let dict = self.heap.new_dict(Table::default())?;
                let value = self.arg(args, 1);
                for key in self.collect(first)? {
                    if let Value::Dict(handle) = dict {
                        self.insert(handle, key, value)?;
                    }
                }
                Ok(Some(dict))
            }
            (classes::BYTES, Known::fromhex) => self.bytes_from_hex(first).map(Some),
            (classes::INT, Known::from_bytes) => {
                self.only_keywords("from_bytes", keywords, &["byteorder", "signed"])?;
                self.int_from_bytes(args, keywords).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn bytes_from_hex(&mut self, text: Value) -> Run<Value> {
        let Value::Str(text) = text else {
            return self.raise(classes::TYPE_ERROR, "fromhex() argument must be str");
        };
        self.heap.charge(gas::BYTE * self.heap.str(text).len() as u64)?;
        let text = self.heap.str(text);
        let mut bytes = Vec::with_capacity(text.len() / 2);
        let mut rest = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
        while !rest.is_empty() {
            match rest.get(..2).and_then(|pair| hex::decode(pair).ok()) {
                Some(pair) => bytes.extend(pair),
                None => {
                    let at = text.len() - rest.len()
                        + usize::from(rest.starts_with(|c: char| c.is_ascii_hexdigit()));
                    let at = text[..at.min(text.len())].chars().count();
                    let message = format!("non-hexadecimal number found in fromhex() arg at position {at}");
                    return self.raise(classes::VALUE_ERROR, &message);
                }
            }
            rest = rest[2..].trim_start_matches(|c: char| c.is_ascii_whitespace());
        }
        self.heap.new_bytes(&bytes)
    }

    fn int_from_bytes(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        let Value::Bytes(bytes) = self.arg(args, 0) else {
            return self.raise(classes::TYPE_ERROR, "from_bytes() takes bytes");
        };
        self.heap.charge(gas::BYTE * self.heap.bytes(bytes).len() as u64)?;
        let mut bytes = self.heap.bytes(bytes).to_vec();
        if self.is_little(args, 1, keywords)? {
            bytes.reverse();
        }
        let signed = match self.keyword(keywords, "signed") {
            Some(signed) => self.truth(signed)?,
            None => false,
        };
        let negative = signed && bytes.first().is_some_and(|byte| byte & 0x80 != 0);
        let filler = if negative { 0xff } else { 0 };
        let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == filler).collect();
        let mut full = [filler; 32];
        if significant.len() > 32 {
            return self.raise(classes::OVERFLOW_ERROR, "integer out of range");
        }
        full[32 - significant.len()..].copy_from_slice(&significant);
        let int = I256::from_be_bytes(full);
        if (int < 0) != negative {
            return self.raise(classes::OVERFLOW_ERROR, "integer out of range");
        }
        self.heap.new_int(int)
    }

    /// Whether the byte order that is given is little-endian.
    pub(crate) fn is_little(&mut self, args: Args, index: usize, keywords: Keywords<'_>) -> Run<bool> {
        let given = if args.count > index {
            Some(self.arg(args, index))
        } else {
            self.keyword(keywords, "byteorder")
        };
        let order = match given {
            None => return Ok(false),
            Some(Value::Str(text)) => self.heap.str(text),
            Some(_) => "",
        };
        match order {
            "big" => Ok(false),
            "little" => Ok(true),
            _ => self.raise(classes::VALUE_ERROR, "byteorder must be either 'little' or 'big'"),
        }
    }
}
