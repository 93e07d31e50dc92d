//! Builtin functions.

mod construct;
mod sort;

use crate::{
    classes,
    fault::{Bug, Fault, Run},
    gas,
    heap::{Iterator, Range},
    integer::{self, IntegerError},
    interpreter::{Args, Machine},
    limits,
    value::{NameId, Value},
    world::World,
};
use ethnum::I256;

macro_rules! builtins {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// A builtin function.
        #[allow(missing_docs, reason = "they are Python's")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub(crate) enum Builtin { $($name),* }

        impl Builtin {
            /// Names of all.
            pub(crate) const ALL: &[(&str, Self)] = &[$(($text, Self::$name)),*];
        }
    };
}

builtins! {
    Abs = "abs", All = "all", Any = "any", Divmod = "divmod", Enumerate = "enumerate", Filter = "filter",
    Isinstance = "isinstance", Len = "len", Map = "map", Max = "max", Min = "min", Pow = "pow", Print = "print",
    Repr = "repr", Reversed = "reversed", Round = "round", Sorted = "sorted", Sum = "sum", Super = "super",
    Zip = "zip",
    Emit = "emit", Require = "require", InitException = "",
}

impl Builtin {
    /// The builtin that a contract can name without an import.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(text, _)| *text == name).map(|(_, builtin)| *builtin)?;
        (!matches!(found, Self::Emit | Self::Require | Self::InitException)).then_some(found)
    }

    pub(crate) const fn number(self) -> u16 {
        self as u16
    }

    /// The builtin with this number.
    #[inline]
    pub(crate) fn of(number: u16) -> Option<Self> {
        Self::ALL.get(usize::from(number)).map(|(_, builtin)| *builtin)
    }

    fn text(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

type Keywords<'k> = &'k [(NameId, Value)];

impl Machine {
    /// Calls a builtin function.
    #[inline(never)]
    pub(crate) fn call_builtin(
        &mut self,
        world: &mut World<'_>,
        builtin: Builtin,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Value> {
        match builtin {
            Builtin::Emit => return self.emit(world, args, keywords),
            Builtin::Print => return self.print(world, args, keywords),
            Builtin::Require => return self.require(args, keywords),
            Builtin::InitException => return self.init_exception(args),
            _ => {}
        }
        let (least, most) = arity(builtin);
        if args.count < least || args.count > most {
            let expected = match (least, most) {
                (1, 1) => "exactly one argument".to_owned(),
                (least, most) if least == most => format!("exactly {least} arguments"),
                (least, _) if args.count < least => {
                    format!("at least {least} argument{}", if least == 1 { "" } else { "s" })
                }
                (_, most) => format!("at most {most} arguments"),
            };
            let message = format!("{}() takes {expected} ({} given)", builtin.text(), args.count);
            return self.raise(classes::TYPE_ERROR, &message);
        }
        let first = self.arg(args, 0);
        match builtin {
            Builtin::Len => self.no_keywords(builtin, keywords).and_then(|()| self.len(first)),
            Builtin::Abs => self.abs(first),
            Builtin::Min | Builtin::Max => self.min_max(builtin, args, keywords),
            Builtin::Sum => self.sum(args, keywords),
            Builtin::Any | Builtin::All => self.any_all(builtin == Builtin::Any, first),
            Builtin::Sorted => self.sorted(first, keywords),
            Builtin::Reversed => self.reversed(first),
            Builtin::Enumerate => self.enumerate(args, keywords),
            Builtin::Zip => self.zip(args, keywords),
            Builtin::Isinstance => self.is_instance(first, self.arg(args, 1)).map(Value::Bool),
            Builtin::Repr => self.text_of(first, b'r'),
            Builtin::Divmod => {
                let second = self.arg(args, 1);
                let quotient = self.arithmetic(crate::bytecode::Binary::FloorDiv, first, second)?;
                let rest = self.arithmetic(crate::bytecode::Binary::Mod, first, second)?;
                self.heap.new_tuple(&[quotient, rest])
            }
            Builtin::Pow => self.pow(args),
            Builtin::Round => self.round(args),
            Builtin::Map | Builtin::Filter | Builtin::Super => {
                self.raise(classes::TYPE_ERROR, &format!("{} is not a value here", builtin.text()))
            }
            Builtin::Emit | Builtin::Print | Builtin::Require | Builtin::InitException => {
                Err(Fault::Broken(Bug::BuiltinTwice))
            }
        }
    }

    fn no_keywords(&mut self, builtin: Builtin, keywords: Keywords<'_>) -> Run<()> {
        if keywords.is_empty() {
            return Ok(());
        }
        self.raise(classes::TYPE_ERROR, &format!("{}() takes no keyword arguments", builtin.text()))
    }

    /// The value of a keyword, if it is given.
    pub(crate) fn keyword(&self, keywords: Keywords<'_>, name: &str) -> Option<Value> {
        let program = &self.heap.program;
        keywords.iter().find(|(keyword, _)| program.name(*keyword) == name).map(|(_, value)| *value)
    }

    /// Refuses keywords other than these.
    pub(crate) fn only_keywords(
        &mut self,
        function: &str,
        keywords: Keywords<'_>,
        known: &[&str],
    ) -> Run<()> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let unknown = keywords.iter().map(|(name, _)| program.name(*name)).find(|name| !known.contains(name));
        match unknown {
            None => Ok(()),
            Some(name) => {
                let message = format!("'{name}' is an invalid keyword argument for {function}()");
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    fn len(&mut self, value: Value) -> Run<Value> {
        let length = match value {
            Value::Str(text) => self.heap.str_len(text),
            Value::Bytes(bytes) => self.heap.bytes(bytes).len(),
            Value::List(list) => self.heap.list(list).items.len(),
            Value::Tuple(tuple) => self.heap.tuple(tuple).len(),
            Value::Dict(table) | Value::Set(table) => self.heap.table(table).len(),
            Value::View(view) => self.heap.table(self.heap.view(view).dict).len(),
            Value::Range(range) => match i64::try_from(self.heap.range(range).len()) {
                Ok(length) => return Ok(Value::Int(length)),
                Err(_) => {
                    return self
                        .raise(classes::OVERFLOW_ERROR, "Python int too large to convert to C ssize_t");
                }
            },
            other => {
                let message = format!("object of type '{}' has no len()", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        Ok(Value::Int(length as i64))
    }

    fn abs(&mut self, value: Value) -> Run<Value> {
        match self.heap.as_wide(value) {
            Some(int) => match int.checked_abs() {
                Some(int) => self.heap.new_int(int),
                None => self.integer_error(IntegerError::OutOfRange),
            },
            None => {
                let message = format!("bad operand type for abs(): '{}'", self.type_name(value));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    fn min_max(&mut self, builtin: Builtin, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords(builtin.text(), keywords, &["default"])?;
        let default = self.keyword(keywords, "default");
        let items = if args.count == 1 {
            let source = self.arg(args, 0);
            self.collect_any(source)?
        } else {
            if default.is_some() {
                let message = format!(
                    "Cannot specify a default for {}() with multiple positional arguments",
                    builtin.text()
                );
                return self.raise(classes::TYPE_ERROR, &message);
            }
            self.stack[args.at..args.at + args.count].to_vec()
        };
        match (items.is_empty(), default) {
            (true, Some(default)) => Ok(default),
            (true, None) => {
                self.raise(classes::VALUE_ERROR, &format!("{}() arg is an empty sequence", builtin.text()))
            }
            (false, _) => {
                let best = self.extreme(&items, builtin == Builtin::Max)?;
                Ok(items[best])
            }
        }
    }

    /// All elements, of sets too: for what does not depend on their order.
    pub(crate) fn collect_any(&mut self, source: Value) -> Run<Vec<Value>> {
        match source {
            Value::Set(set) => {
                let count = self.heap.table(set).capacity();
                self.heap.charge_elements(count)?;
                Ok(self.heap.table(set).iter().map(|(key, _)| key).collect())
            }
            other => self.collect(other),
        }
    }

    fn sum(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("sum", keywords, &["start"])?;
        let start = if args.count > 1 { Some(self.arg(args, 1)) } else { self.keyword(keywords, "start") };
        let mut total = start.unwrap_or(Value::Int(0));
        match total {
            Value::Str(_) => {
                return self.raise(classes::TYPE_ERROR, "sum() can't sum strings [use ''.join(seq) instead]");
            }
            Value::Bytes(_) => {
                return self.raise(classes::TYPE_ERROR, "sum() can't sum bytes [use b''.join(seq) instead]");
            }
            _ => {}
        }
        let source = self.arg(args, 0);
        for item in self.collect_any(source)? {
            self.heap.charge(gas::ELEMENT)?;
            total = match (total, item) {
                (Value::Int(a), Value::Int(b)) if a.checked_add(b).is_some() => Value::Int(a + b),
                (total, item) => self.arithmetic(crate::bytecode::Binary::Add, total, item)?,
            };
        }
        Ok(total)
    }

    fn any_all(&mut self, any: bool, source: Value) -> Run<Value> {
        for item in self.collect_any(source)? {
            if self.truth(item)? == any {
                return Ok(Value::Bool(any));
            }
        }
        Ok(Value::Bool(!any))
    }

    fn reversed(&mut self, source: Value) -> Run<Value> {
        let next = match source {
            Value::List(list) => self.heap.list(list).items.len() as u64,
            Value::Tuple(tuple) => self.heap.tuple(tuple).len() as u64,
            Value::Bytes(bytes) => self.heap.bytes(bytes).len() as u64,
            Value::Range(range) => self.heap.range(range).len(),
            Value::Str(text) => {
                self.heap.charge(gas::BYTE * self.heap.str(text).len() as u64)?;
                let characters: Vec<String> = self.heap.str(text).chars().map(String::from).collect();
                let items = characters.iter().map(|text| self.heap.new_str(text)).collect::<Run<Vec<_>>>()?;
                let list = self.heap.new_list(items)?;
                return self.reversed(list);
            }
            Value::Dict(_) | Value::View(_) => {
                let items = self.collect(source)?;
                let list = self.heap.new_list(items)?;
                return self.reversed(list);
            }
            other => {
                let message = format!("'{}' object is not reversible", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        self.heap.new_iterator(Iterator::Reversed { source, next }, 32)
    }

    fn enumerate(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("enumerate", keywords, &["start"])?;
        let start = if args.count > 1 { Some(self.arg(args, 1)) } else { self.keyword(keywords, "start") };
        let count = start.unwrap_or(Value::Int(0));
        if self.heap.as_wide(count).is_none() {
            let message = format!("'{}' object cannot be interpreted as an integer", self.type_name(count));
            return self.raise(classes::TYPE_ERROR, &message);
        }
        let (source, state) = self.start_iteration(self.arg(args, 0))?;
        let depth = self.iterator_depth(source)?;
        self.heap.new_iterator(Iterator::Enumerate { source, state, count, depth }, 48)
    }

    fn zip(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("zip", keywords, &["strict"])?;
        let strict = match self.keyword(keywords, "strict") {
            Some(strict) => self.truth(strict)?,
            None => false,
        };
        let mut depth = 0;
        let mut sources = Vec::with_capacity(args.count);
        for index in 0..args.count {
            let source = self.arg(args, index);
            sources.push(self.start_iteration(source)?);
            depth = depth.max(self.iterator_depth(source)?);
        }
        let bytes = 24 * sources.len() as u64;
        self.heap.new_iterator(Iterator::Zip { sources, strict, depth }, bytes)
    }

    /// Python's `isinstance`.
    fn is_instance(&mut self, value: Value, of: Value) -> Run<bool> {
        match of {
            Value::Class(class) => {
                let own = self.class_of(value);
                Ok(own.is_some_and(|own| self.heap.program.is_subclass(own, class)))
            }
            Value::Tuple(tuple) => {
                for class in self.heap.tuple(tuple).to_vec() {
                    self.heap.charge(gas::ACCESS)?;
                    if self.is_instance(value, class)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => self.raise(
                classes::TYPE_ERROR,
                "isinstance() arg 2 must be a type, a tuple of types, or a union",
            ),
        }
    }

    fn pow(&mut self, args: Args) -> Run<Value> {
        let (base, exponent) = (self.arg(args, 0), self.arg(args, 1));
        if args.count == 2 {
            return self.arithmetic(crate::bytecode::Binary::Pow, base, exponent);
        }
        let numbers =
            (self.heap.as_wide(base), self.heap.as_wide(exponent), self.heap.as_wide(self.arg(args, 2)));
        let (Some(base), Some(exponent), Some(modulus)) = numbers else {
            return self.raise(classes::TYPE_ERROR, "unsupported operand type(s) for ** or pow()");
        };
        let bits = u64::from(256 - exponent.unsigned_abs().leading_zeros());
        let wide = modulus.unsigned_abs().leading_zeros() < 128;
        self.heap.charge(gas::WIDE * (1 + bits * if wide { 160 } else { 4 }))?;
        match integer::power_modulo(base, exponent, modulus) {
            Ok(result) => self.heap.new_int(result),
            Err(IntegerError::ModuloByZero) => {
                self.raise(classes::VALUE_ERROR, "pow() 3rd argument cannot be 0")
            }
            Err(error) => self.integer_error(error),
        }
    }

    fn round(&mut self, args: Args) -> Run<Value> {
        let value = self.arg(args, 0);
        let Some(int) = self.heap.as_wide(value) else {
            let message = format!("type {} doesn't define __round__ method", self.type_name(value));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        let places = match self.arg(args, 1) {
            Value::None => I256::ZERO,
            other => match self.heap.as_wide(other) {
                Some(places) => places,
                None => {
                    let message =
                        format!("'{}' object cannot be interpreted as an integer", self.type_name(other));
                    return self.raise(classes::TYPE_ERROR, &message);
                }
            },
        };
        if places >= 0 {
            return self.heap.new_int(int);
        }
        self.heap.charge(8 * gas::WIDE)?;
        // Half to even, as Python does.
        let unit = match u32::try_from(-places).ok().and_then(|places| I256::from(10).checked_pow(places)) {
            Some(unit) => unit,
            None => return Ok(Value::Int(0)),
        };
        let (down, rest) = (int.div_euclid(unit), int.rem_euclid(unit));
        let half = unit / 2;
        let up = rest > half || (rest == half && down & 1 == 1);
        match (down + I256::from(i64::from(up))).checked_mul(unit) {
            Some(rounded) => self.heap.new_int(rounded),
            None => self.integer_error(IntegerError::OutOfRange),
        }
    }

    /// The range of `range(...)`.
    pub(crate) fn range_of(&mut self, args: Args) -> Run<Range> {
        if args.count == 0 || args.count > 3 {
            let message = match args.count {
                0 => "range expected at least 1 argument, got 0".to_owned(),
                count => format!("range expected at most 3 arguments, got {count}"),
            };
            return self.raise(classes::TYPE_ERROR, &message);
        }
        let mut numbers = [0; 3];
        for (index, number) in numbers.iter_mut().enumerate().take(args.count) {
            *number = match self.arg(args, index) {
                Value::Int(int) => int,
                Value::Bool(value) => i64::from(value),
                Value::Big(_) => return self.raise(classes::OVERFLOW_ERROR, "integer out of range"),
                other => {
                    let message =
                        format!("'{}' object cannot be interpreted as an integer", self.type_name(other));
                    return self.raise(classes::TYPE_ERROR, &message);
                }
            };
        }
        match (args.count, numbers) {
            (1, [stop, ..]) => Ok(Range { start: 0, stop, step: 1 }),
            (2, [start, stop, _]) => Ok(Range { start, stop, step: 1 }),
            (_, [_, _, 0]) => self.raise(classes::VALUE_ERROR, "range() arg 3 must not be zero"),
            (_, [start, stop, step]) => Ok(Range { start, stop, step }),
        }
    }

    fn print(&mut self, world: &mut World<'_>, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("print", keywords, &["sep", "end"])?;
        let mut parts = Vec::with_capacity(args.count);
        for index in 0..args.count {
            let mut text = String::new();
            let value = self.arg(args, index);
            self.write_text(&mut text, value, false, 0)?;
            parts.push(text);
        }
        let part = |machine: &Self, name: &str, default: &str| match machine.keyword(keywords, name) {
            Some(Value::Str(text)) => machine.heap.str(text).to_owned(),
            _ => default.to_owned(),
        };
        let line = parts.join(&part(self, "sep", " ")) + &part(self, "end", "\n");
        self.heap.charge(gas::NATIVE + gas::BYTE * line.len() as u64)?;
        self.log_bytes += line.len();
        if self.log_bytes > limits::LOG_BYTES_MAX {
            return self.raise(classes::VALUE_ERROR, "the contract prints too much");
        }
        world.host.print(&line);
        Ok(Value::None)
    }

    fn require(&mut self, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        self.only_keywords("require", keywords, &["message"])?;
        if args.count == 0 || args.count > 2 {
            return self.raise(classes::TYPE_ERROR, "require() takes a condition and a message");
        }
        let condition = self.arg(args, 0);
        if self.truth(condition)? {
            return Ok(Value::None);
        }
        let message =
            if args.count > 1 { Some(self.arg(args, 1)) } else { self.keyword(keywords, "message") };
        match message {
            Some(message) => self.raise_value(classes::REQUIRE_ERROR, message),
            None => self.raise(classes::REQUIRE_ERROR, "requirement not met"),
        }
    }
}

fn arity(builtin: Builtin) -> (usize, usize) {
    match builtin {
        Builtin::Abs
        | Builtin::All
        | Builtin::Any
        | Builtin::Len
        | Builtin::Repr
        | Builtin::Reversed
        | Builtin::Sorted => (1, 1),
        Builtin::Divmod | Builtin::Isinstance => (2, 2),
        Builtin::Enumerate | Builtin::Round | Builtin::Sum => (1, 2),
        Builtin::Pow => (2, 3),
        Builtin::Min | Builtin::Max => (1, limits::ARGUMENTS_MAX),
        Builtin::Zip
        | Builtin::Emit
        | Builtin::Print
        | Builtin::Require
        | Builtin::InitException
        | Builtin::Map
        | Builtin::Filter
        | Builtin::Super => (0, limits::ARGUMENTS_MAX),
    }
}
