//! Integers of 256 bits with sign, with Python's rounding.

use crate::{bytecode::Binary, limits};
use ethnum::{I256, U256};

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IntegerError {
    OutOfRange,
    DivisionByZero,
    ModuloByZero,
    NegativeShift,
    NegativeExponent,
}

use IntegerError::OutOfRange;

/// The result of an operation.
pub(crate) fn binary(kind: Binary, a: I256, b: I256) -> Result<I256, IntegerError> {
    match kind {
        Binary::Add => a.checked_add(b).ok_or(OutOfRange),
        Binary::Sub => a.checked_sub(b).ok_or(OutOfRange),
        Binary::Mul => a.checked_mul(b).ok_or(OutOfRange),
        Binary::FloorDiv => floor_div(a, b),
        Binary::Mod => modulo(a, b),
        Binary::Pow => power(a, b),
        Binary::ShiftLeft => shift_left(a, b),
        Binary::ShiftRight => shift_right(a, b),
        Binary::And => Ok(a & b),
        Binary::Or => Ok(a | b),
        Binary::Xor => Ok(a ^ b),
    }
}

fn floor_div(a: I256, b: I256) -> Result<I256, IntegerError> {
    if b == 0 {
        return Err(IntegerError::DivisionByZero);
    }
    let quotient = a.checked_div(b).ok_or(OutOfRange)?;
    let inexact = a.checked_rem(b).is_some_and(|rest| rest != 0);
    Ok(if inexact && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

fn modulo(a: I256, b: I256) -> Result<I256, IntegerError> {
    if b == 0 {
        return Err(IntegerError::ModuloByZero);
    }
    let rest = a.checked_rem(b).unwrap_or(I256::ZERO);
    Ok(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
}

fn power(base: I256, exponent: I256) -> Result<I256, IntegerError> {
    if exponent < 0 {
        return Err(IntegerError::NegativeExponent);
    }
    if base == 0 || base == 1 {
        return Ok(if exponent == 0 { I256::ONE } else { base });
    }
    if base == -1 {
        return Ok(if exponent & 1 == 0 { I256::ONE } else { base });
    }
    let mut left = u32::try_from(exponent).ok().filter(|exponent| *exponent < 256).ok_or(OutOfRange)?;
    let (mut result, mut square) = (I256::ONE, base);
    loop {
        if left & 1 == 1 {
            result = result.checked_mul(square).ok_or(OutOfRange)?;
        }
        left >>= 1;
        if left == 0 {
            return Ok(result);
        }
        square = square.checked_mul(square).ok_or(OutOfRange)?;
    }
}

fn shift_left(a: I256, b: I256) -> Result<I256, IntegerError> {
    if b < 0 {
        return Err(IntegerError::NegativeShift);
    }
    if a == 0 {
        return Ok(a);
    }
    let count = u32::try_from(b).ok().filter(|count| *count < 256).ok_or(OutOfRange)?;
    let shifted = a << count;
    if shifted >> count == a { Ok(shifted) } else { Err(OutOfRange) }
}

fn shift_right(a: I256, b: I256) -> Result<I256, IntegerError> {
    if b < 0 {
        return Err(IntegerError::NegativeShift);
    }
    Ok(a >> u32::try_from(b).unwrap_or(255).min(255))
}

/// `pow(base, exponent, modulus)`, for exponents that are not negative.
pub(crate) fn power_modulo(base: I256, exponent: I256, modulus: I256) -> Result<I256, IntegerError> {
    if modulus == 0 {
        return Err(IntegerError::ModuloByZero);
    }
    if exponent < 0 {
        return Err(IntegerError::NegativeExponent);
    }
    let size = modulus.unsigned_abs();
    let mut square = modulo(base, modulus)?;
    if square < 0 {
        square -= modulus;
    }
    let mut square = square.unsigned_abs() % size;
    let (mut result, mut left) = (U256::ONE % size, exponent.unsigned_abs());
    while left != 0 {
        if left & 1 == 1 {
            result = multiply_modulo(result, square, size);
        }
        left >>= 1;
        if left != 0 {
            square = multiply_modulo(square, square, size);
        }
    }
    let result = I256::try_from(result).map_err(|_| OutOfRange)?;
    Ok(if modulus < 0 && result != 0 { result + modulus } else { result })
}

/// `a * b % size`, for `a` and `b` below `size`, which is at most 2^255.
fn multiply_modulo(a: U256, b: U256, size: U256) -> U256 {
    if let Some(product) = a.checked_mul(b) {
        return product % size;
    }
    let mut result = U256::ZERO;
    for bit in (0..256 - b.leading_zeros()).rev() {
        result = double(result, size);
        if (b >> bit) & 1 == 1 {
            result += a;
            if result >= size {
                result -= size;
            }
        }
    }
    result
}

fn double(value: U256, size: U256) -> U256 {
    let twice = value << 1;
    if twice >= size { twice - size } else { twice }
}

/// Why a text is not an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    Invalid,
    OutOfRange,
}

/// Reads an integer as `int(text, base)` does: white space around, a sign, underscores between
/// digits; base 0 goes by the prefix.
pub(crate) fn parse(text: &str, base: u32) -> Result<I256, ParseError> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b');
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = split_prefix(digits, base)?;
    if let Some(small) = parse_small(digits, base) {
        return Ok(I256::from(if negative { -small } else { small }));
    }
    let mut value = I256::ZERO;
    let mut seen = 0;
    let mut underscore = true;
    for character in digits.chars() {
        if character == '_' {
            if underscore {
                return Err(ParseError::Invalid);
            }
            underscore = true;
            continue;
        }
        let digit = character.to_digit(base).filter(|_| character.is_ascii()).ok_or(ParseError::Invalid)?;
        seen += 1;
        underscore = false;
        if seen > limits::INTEGER_TEXT_MAX {
            return Err(ParseError::OutOfRange);
        }
        let shifted = value.checked_mul(I256::from(base)).ok_or(ParseError::OutOfRange)?;
        let digit = I256::from(digit);
        let next = if negative { shifted.checked_sub(digit) } else { shifted.checked_add(digit) };
        value = next.ok_or(ParseError::OutOfRange)?;
    }
    if underscore { Err(ParseError::Invalid) } else { Ok(value) }
}

/// Reads a few digits and nothing else: at most 12 of base 36 fit.
fn parse_small(digits: &str, base: u32) -> Option<i64> {
    if digits.is_empty() || digits.len() > 12 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(base).map(i64::from);
    digits.bytes().try_fold(0, |value, byte| Some(value * i64::from(base) + digit(byte)?))
}

fn split_prefix(digits: &str, base: u32) -> Result<(u32, &str), ParseError> {
    let prefixed = |letter: char| {
        let rest = digits.strip_prefix('0')?.strip_prefix([letter, letter.to_ascii_uppercase()])?;
        Some(rest.strip_prefix('_').unwrap_or(rest))
    };
    for (letter, of) in [('x', 16), ('o', 8), ('b', 2)] {
        if let (true, Some(rest)) = (base == 0 || base == of, prefixed(letter)) {
            return Ok((of, rest));
        }
    }
    match base {
        0 if digits.starts_with('0') && digits.bytes().any(|byte| byte != b'0' && byte != b'_') => {
            Err(ParseError::Invalid)
        }
        0 => Ok((10, digits)),
        base => Ok((base, digits)),
    }
}

/// Digits of an integer without its sign, in base 2, 8, 10 or 16.
pub(crate) fn digits(value: I256, base: u32) -> String {
    let size = value.unsigned_abs();
    match base {
        2 => format!("{size:b}"),
        8 => format!("{size:o}"),
        16 => format!("{size:x}"),
        _ => format!("{size}"),
    }
}

/// Bytes of a two's complement that has so many bits that are not its sign; none for zero.
fn length_of(is_zero: bool, bits: u32) -> usize {
    if is_zero { 0 } else { bits as usize / 8 + 1 }
}

/// An integer's bytes: big-endian two's complement, as short as possible; none for zero.
pub(crate) fn to_bytes(value: I256) -> ([u8; 32], usize) {
    let size = if value < 0 { !value } else { value };
    (value.to_be_bytes(), 32 - length_of(value == 0, 256 - size.leading_zeros()))
}

/// How many bytes a small integer takes.
pub(crate) fn small_length(value: i64) -> usize {
    let size = if value < 0 { !value } else { value };
    length_of(value == 0, 64 - size.leading_zeros())
}

/// The small integer of its shortest bytes; `None` for any others.
pub(crate) fn small_from_bytes(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > 8 {
        return None;
    }
    let sign = bytes.first().map_or(0, |byte| i64::from(*byte as i8 >> 7));
    let value = bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte));
    (small_length(value) == bytes.len()).then_some(value)
}

/// The integer of its shortest bytes; `None` for any others.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<I256> {
    if bytes.len() > 32 {
        return None;
    }
    let filler = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut full = [filler; 32];
    full[32 - bytes.len()..].copy_from_slice(bytes);
    let value = I256::from_be_bytes(full);
    let (canonical, start) = to_bytes(value);
    (canonical[start..] == *bytes).then_some(value)
}

/// Python's division of small integers; `None` where the general operation must decide.
pub(crate) trait Floor: Sized {
    fn floor_div(self, by: Self) -> Option<Self>;
    fn floor_mod(self, by: Self) -> Option<Self>;
}

impl Floor for i64 {
    #[inline]
    fn floor_div(self, by: Self) -> Option<Self> {
        let quotient = self.checked_div(by)?;
        let rest = self.wrapping_rem(by);
        Some(if rest != 0 && (rest < 0) != (by < 0) { quotient - 1 } else { quotient })
    }

    #[inline]
    fn floor_mod(self, by: Self) -> Option<Self> {
        let rest = self.checked_rem(by)?;
        Some(if rest != 0 && (rest < 0) != (by < 0) { rest + by } else { rest })
    }
}
