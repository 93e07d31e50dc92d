//! Operators on values that are not both small integers.

use super::Machine;
use crate::{
    bytecode::{Binary, Unary},
    classes,
    fault::Run,
    gas,
    heap::Heap,
    integer::{self, IntegerError},
    value::Value,
};
use ethnum::I256;

impl Heap {
    /// The integer that a value is or stands for.
    #[inline]
    pub(crate) fn as_wide(&self, value: Value) -> Option<I256> {
        match value {
            Value::Int(int) => Some(I256::from(int)),
            Value::Bool(value) => Some(I256::from(i64::from(value))),
            Value::Big(handle) => Some(self.wide(handle)),
            _ => None,
        }
    }
}

fn symbol(kind: Binary) -> &'static str {
    match kind {
        Binary::Add => "+",
        Binary::Sub => "-",
        Binary::Mul => "*",
        Binary::FloorDiv => "//",
        Binary::Mod => "%",
        Binary::Pow => "** or pow()",
        Binary::ShiftLeft => "<<",
        Binary::ShiftRight => ">>",
        Binary::And => "&",
        Binary::Or => "|",
        Binary::Xor => "^",
    }
}

impl Machine {
    /// The result of an operator.
    pub(crate) fn arithmetic(&mut self, kind: Binary, a: Value, b: Value) -> Run<Value> {
        self.heap.charge(gas::SLOW)?;
        if let (Binary::Add, Value::Int(a), Value::Int(b)) = (kind, a, b)
            && let Some(sum) = a.checked_add(b)
        {
            return Ok(Value::Int(sum));
        }
        if let (Some(left), Some(right)) = (self.heap.as_wide(a), self.heap.as_wide(b)) {
            return self.integers(kind, (a, left), (b, right));
        }
        match (kind, a, b) {
            (Binary::Add, Value::Str(a), Value::Str(b)) => self.heap.concat(&[a, b]),
            (Binary::Add, Value::Bytes(a), Value::Bytes(b)) => {
                let length = self.heap.bytes(a).len() + self.heap.bytes(b).len();
                self.heap.charge(gas::bytes(length))?;
                let joined = [self.heap.bytes(a), self.heap.bytes(b)].concat();
                self.heap.new_bytes(&joined)
            }
            (Binary::Add, Value::List(a), Value::List(b)) => {
                let count = self.heap.list(a).items.len() + self.heap.list(b).items.len();
                self.heap.charge(gas::elements(count))?;
                let joined = [&self.heap.list(a).items[..], &self.heap.list(b).items[..]].concat();
                self.heap.new_list(joined)
            }
            (Binary::Add, Value::Tuple(a), Value::Tuple(b)) => {
                let count = self.heap.tuple(a).len() + self.heap.tuple(b).len();
                self.heap.charge(gas::elements(count))?;
                let joined = [self.heap.tuple(a), self.heap.tuple(b)].concat();
                self.heap.new_tuple(&joined)
            }
            (Binary::Mul, sequence, count)
                if self.is_sequence(sequence) && self.heap.as_wide(count).is_some() =>
            {
                self.repeat(sequence, count)
            }
            (Binary::Mul, count, sequence)
                if self.is_sequence(sequence) && self.heap.as_wide(count).is_some() =>
            {
                self.repeat(sequence, count)
            }
            (Binary::Or, Value::Dict(a), Value::Dict(_)) => {
                let copy = self.copy_dict(a)?;
                if let Value::Dict(handle) = copy {
                    self.merge(handle, b)?;
                }
                Ok(copy)
            }
            (Binary::And | Binary::Or | Binary::Xor | Binary::Sub, Value::Set(a), Value::Set(b)) => {
                self.set_operation(kind, a, b)
            }
            _ => self.unsupported(kind, a, b, ""),
        }
    }

    fn is_sequence(&self, value: Value) -> bool {
        matches!(value, Value::Str(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_))
    }

    fn unsupported(&mut self, kind: Binary, a: Value, b: Value, suffix: &str) -> Run<Value> {
        let (left, right) = (self.type_name(a).to_owned(), self.type_name(b).to_owned());
        let message = match (kind, a) {
            (Binary::Add, Value::Str(_) | Value::List(_) | Value::Tuple(_)) if suffix.is_empty() => {
                format!("can only concatenate {left} (not \"{right}\") to {left}")
            }
            (Binary::Add, Value::Bytes(_)) => format!("can't concat {right} to bytes"),
            (Binary::Mod, Value::Str(_)) => "% does not format here: use an f-string".to_owned(),
            (Binary::Mul, Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_)) => {
                format!("can't multiply sequence by non-int of type '{right}'")
            }
            (Binary::Mul, _) if self.is_sequence(b) => {
                format!("can't multiply sequence by non-int of type '{left}'")
            }
            _ if suffix.is_empty() => {
                format!("unsupported operand type(s) for {}: '{left}' and '{right}'", symbol(kind))
            }
            _ => {
                let symbol = if kind == Binary::Pow { "**" } else { symbol(kind) };
                format!("unsupported operand type(s) for {symbol}{suffix}: '{left}' and '{right}'")
            }
        };
        self.raise(classes::TYPE_ERROR, &message)
    }

    fn integers(&mut self, kind: Binary, (a, left): (Value, I256), (b, right): (Value, I256)) -> Run<Value> {
        if let (Value::Bool(a), Value::Bool(b)) = (a, b) {
            match kind {
                Binary::And => return Ok(Value::Bool(a & b)),
                Binary::Or => return Ok(Value::Bool(a | b)),
                Binary::Xor => return Ok(Value::Bool(a ^ b)),
                _ => {}
            }
        }
        let price = match kind {
            Binary::Mul | Binary::FloorDiv | Binary::Mod => gas::WIDE,
            Binary::Pow => 16 * gas::WIDE,
            _ => 0,
        };
        self.heap.charge(price)?;
        match integer::binary(kind, left, right) {
            Ok(result) => self.heap.new_int(result),
            Err(error) => self.integer_error(error),
        }
    }

    pub(crate) fn integer_error<T>(&mut self, error: IntegerError) -> Run<T> {
        let (class, message) = match error {
            IntegerError::OutOfRange => (classes::OVERFLOW_ERROR, "integer out of range"),
            IntegerError::DivisionByZero => {
                (classes::ZERO_DIVISION_ERROR, "integer division or modulo by zero")
            }
            IntegerError::ModuloByZero => (classes::ZERO_DIVISION_ERROR, "integer modulo by zero"),
            IntegerError::NegativeShift => (classes::VALUE_ERROR, "negative shift count"),
            IntegerError::NegativeExponent => (classes::VALUE_ERROR, "a negative exponent makes a fraction"),
        };
        self.raise(class, message)
    }

    fn repeat(&mut self, sequence: Value, count: Value) -> Run<Value> {
        let count = self.heap.as_wide(count).unwrap_or(I256::ZERO).max(I256::ZERO);
        let Ok(count) = usize::try_from(count) else { return Err(crate::fault::Fault::OutOfMemory) };
        let size = match sequence {
            Value::Str(handle) => self.heap.str(handle).len(),
            Value::Bytes(handle) => self.heap.bytes(handle).len(),
            Value::List(handle) => self.heap.list(handle).items.len() * 16,
            Value::Tuple(handle) => self.heap.tuple(handle).len() * 16,
            _ => 0,
        };
        let total = size.saturating_mul(count);
        self.heap.charge((gas::BYTES_8 as u128 * (total as u128 / 8 + 1)).min(u128::from(u64::MAX)) as u64)?;
        if total as u64 > self.heap.meter.memory {
            return Err(crate::fault::Fault::OutOfMemory);
        }
        match sequence {
            Value::Str(handle) => {
                let repeated = self.heap.str(handle).repeat(count);
                self.heap.new_str(&repeated)
            }
            Value::Bytes(handle) => {
                let repeated = self.heap.bytes(handle).repeat(count);
                self.heap.new_bytes(&repeated)
            }
            Value::List(handle) => {
                let repeated = self.heap.list(handle).items.repeat(count);
                self.heap.new_list(repeated)
            }
            Value::Tuple(handle) => {
                let repeated = self.heap.tuple(handle).repeat(count);
                self.heap.new_tuple(&repeated)
            }
            _ => Ok(Value::None),
        }
    }

    /// The result of an operator with assignment: lists, dicts and sets change in place.
    pub(super) fn in_place(&mut self, kind: Binary, a: Value, b: Value) -> Run<Value> {
        match (kind, a, b) {
            (Binary::Add, Value::List(list), _) => {
                self.check_list_change(list)?;
                self.extend(list, b)?;
                Ok(a)
            }
            (Binary::Mul, Value::List(list), _) if self.heap.as_wide(b).is_some() => {
                self.check_list_change(list)?;
                if let Value::List(repeated) = self.repeat(a, b)? {
                    self.heap.list_mut(list).items = std::mem::take(&mut self.heap.list_mut(repeated).items);
                }
                Ok(a)
            }
            (Binary::Or, Value::Dict(dict), Value::Dict(_)) => {
                self.check_table_change(dict)?;
                self.merge(dict, b)?;
                Ok(a)
            }
            (Binary::And | Binary::Or | Binary::Xor | Binary::Sub, Value::Set(left), Value::Set(right)) => {
                self.check_table_change(left)?;
                if let Value::Set(result) = self.set_operation(kind, left, right)? {
                    *self.heap.table_mut(left) = std::mem::take(self.heap.table_mut(result));
                }
                Ok(a)
            }
            _ => {
                let both = self.heap.as_wide(a).is_some() && self.heap.as_wide(b).is_some();
                let supported = both || self.has_operator(kind, a, b);
                if supported { self.arithmetic(kind, a, b) } else { self.unsupported(kind, a, b, "=") }
            }
        }
    }

    fn has_operator(&self, kind: Binary, a: Value, b: Value) -> bool {
        match (kind, a, b) {
            (Binary::Add, Value::Str(_) | Value::Bytes(_) | Value::Tuple(_), _) => true,
            (Binary::Mul, a, b) => self.is_sequence(a) || self.is_sequence(b),
            (Binary::Mod, Value::Str(_), _) => true,
            _ => false,
        }
    }

    pub(super) fn unary(&mut self, kind: Unary, value: Value) -> Run<Value> {
        if kind == Unary::Not {
            return Ok(Value::Bool(!self.truth(value)?));
        }
        let Some(int) = self.heap.as_wide(value) else {
            let sign = match kind {
                Unary::Minus => "-",
                Unary::Plus => "+",
                Unary::Invert | Unary::Not => "~",
            };
            let message = format!("bad operand type for unary {sign}: '{}'", self.type_name(value));
            return self.raise(classes::TYPE_ERROR, &message);
        };
        match kind {
            Unary::Minus => match int.checked_neg() {
                Some(int) => self.heap.new_int(int),
                None => self.integer_error(IntegerError::OutOfRange),
            },
            Unary::Plus | Unary::Not => self.heap.new_int(int),
            Unary::Invert => self.heap.new_int(!int),
        }
    }

    /// Whether a value counts as true.
    #[inline(never)]
    pub(crate) fn truth(&mut self, value: Value) -> Run<bool> {
        Ok(match value {
            Value::None => false,
            Value::Bool(value) => value,
            Value::Int(int) => int != 0,
            Value::Str(text) => !self.heap.str(text).is_empty(),
            Value::Bytes(bytes) => !self.heap.bytes(bytes).is_empty(),
            Value::List(list) => !self.heap.list(list).items.is_empty(),
            Value::Tuple(tuple) => !self.heap.tuple(tuple).is_empty(),
            Value::Dict(table) | Value::Set(table) => self.heap.table(table).len() != 0,
            Value::Range(range) => self.heap.range(range).len() != 0,
            Value::View(view) => self.heap.table(self.heap.view(view).dict).len() != 0,
            Value::Unbound
            | Value::Big(_)
            | Value::Address(_)
            | Value::Iterator(_)
            | Value::Instance(_)
            | Value::Map(_)
            | Value::Cell(_)
            | Value::Closure(_)
            | Value::Method(_)
            | Value::Class(_)
            | Value::Function(_)
            | Value::Builtin(_)
            | Value::Contract
            | Value::Message
            | Value::Chain => true,
        })
    }
}
