//! Methods of builtin types.

mod bytes;
mod dict;
mod list;
mod search;
mod set;
mod string;

use crate::{
    classes,
    fault::Run,
    interpreter::{Args, Machine},
    names::Known,
    value::{NameId, Value},
    world::World,
};

pub(crate) type Keywords<'k> = &'k [(NameId, Value)];

/// Methods that each type has, for attributes and for the reference.
pub(crate) const METHODS: &[(&str, &[Known])] = {
    use Known::{
        add, address, append, balance, bit_length, blake3, call, capitalize, center, clear, copy, count,
        decode, difference, difference_update, discard, encode, endswith, extend, find, get, hex, index,
        insert, intersection, intersection_update, isalnum, isalpha, isascii, isdecimal, isdigit, isdisjoint,
        islower, isspace, issubset, issuperset, isupper, items, join, keys, ljust, lower, lstrip, partition,
        pop, popitem, remove, removeprefix, removesuffix, replace, reverse, rfind, rindex, rjust, rpartition,
        rsplit, rstrip, setdefault, sha256, sort, split, splitlines, startswith, strip, swapcase,
        symmetric_difference, title, to_bytes, transfer, union, update, upper, values, verify_ed25519, zfill,
    };
    let _ = address;
    &[
        ("int", &[bit_length, to_bytes]),
        (
            "str",
            &[
                capitalize,
                center,
                count,
                encode,
                endswith,
                find,
                index,
                isalnum,
                isalpha,
                isascii,
                isdecimal,
                isdigit,
                islower,
                isspace,
                isupper,
                join,
                ljust,
                lower,
                lstrip,
                partition,
                removeprefix,
                removesuffix,
                replace,
                rfind,
                rindex,
                rjust,
                rpartition,
                rsplit,
                rstrip,
                split,
                splitlines,
                startswith,
                strip,
                swapcase,
                title,
                upper,
                zfill,
            ],
        ),
        ("bytes", &[count, decode, endswith, find, hex, index, join, replace, rfind, split, startswith]),
        ("list", &[append, clear, copy, count, extend, index, insert, pop, remove, reverse, sort]),
        ("tuple", &[count, index]),
        ("dict", &[clear, copy, get, items, keys, pop, popitem, setdefault, update, values]),
        (
            "set",
            &[
                add,
                clear,
                copy,
                difference,
                difference_update,
                discard,
                intersection,
                intersection_update,
                isdisjoint,
                issubset,
                issuperset,
                remove,
                symmetric_difference,
                union,
                update,
            ],
        ),
        ("range", &[count, index]),
        ("Map", &[get]),
        ("chain", &[balance, blake3, call, sha256, transfer, verify_ed25519]),
    ]
};

/// Whether a value of a builtin type has a method.
pub(crate) fn has_method(value: Value, known: Known) -> bool {
    let Some(class) = value.builtin_class() else { return false };
    let name = classes::BUILTIN[usize::from(class)].0;
    METHODS.iter().any(|(of, methods)| *of == name && methods.contains(&known))
}

impl Machine {
    /// Calls a method of a builtin type, of `chain`, or of a class.
    pub(crate) fn native_method(
        &mut self,
        world: &mut World<'_>,
        receiver: Value,
        name: NameId,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Value> {
        let Some(known) = Known::of(name) else { return self.no_method(receiver, name) };
        let result = match receiver {
            Value::List(list) => self.list_method(list, known, args, keywords)?,
            Value::Dict(dict) => self.dict_method(dict, known, args, keywords)?,
            Value::Str(text) => self.str_method(text, known, args, keywords)?,
            Value::Bytes(bytes) => self.bytes_method(bytes, known, args, keywords)?,
            Value::Set(set) => self.set_method(set, known, args)?,
            Value::Tuple(_) | Value::Range(_) => self.tuple_method(receiver, known, args)?,
            Value::Map(map) if known == Known::get => Some(self.map_get_or(world, map, args)?),
            Value::Chain => return self.chain_method(world, known, args, keywords),
            Value::Class(class) => match self.class_method(class, known, args, keywords)? {
                Some(value) => Some(value),
                None => return self.call_unbound(world, receiver, name),
            },
            Value::Int(_) | Value::Big(_) | Value::Bool(_) => {
                self.int_method(receiver, known, args, keywords)?
            }
            _ => None,
        };
        match result {
            Some(value) => Ok(value),
            None => self.no_method(receiver, name),
        }
    }

    /// A function that is looked up in a class, which needs its object.
    fn call_unbound(&mut self, _world: &mut World<'_>, receiver: Value, name: NameId) -> Run<Value> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let message = match receiver {
            Value::Class(class) => format!(
                "call {} on an object, or with super(), not on the class {}",
                program.name(name),
                program.class_name(class)
            ),
            _ => String::new(),
        };
        self.raise(classes::TYPE_ERROR, &message)
    }

    fn no_method(&mut self, receiver: Value, name: NameId) -> Run<Value> {
        let program = std::sync::Arc::clone(&self.heap.program);
        let message =
            format!("'{}' object has no attribute '{}'", self.type_name(receiver), program.name(name));
        self.raise(classes::ATTRIBUTE_ERROR, &message)
    }

    /// Checks how many arguments a method got.
    pub(super) fn arity(&mut self, known: Known, args: Args, least: usize, most: usize) -> Run<()> {
        if (least..=most).contains(&args.count) {
            return Ok(());
        }
        let name = known.text();
        let expected = match (least, most) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "exactly one argument".to_owned(),
            (least, most) if least == most => format!("exactly {least} arguments"),
            (least, _) if args.count < least => {
                format!("at least {least} argument{}", if least == 1 { "" } else { "s" })
            }
            (_, most) => format!("at most {most} argument{}", if most == 1 { "" } else { "s" }),
        };
        self.raise(classes::TYPE_ERROR, &format!("{name}() takes {expected} ({} given)", args.count))
    }

    /// Where `find`, `index` and the like search; `None` if it begins behind its end.
    pub(super) fn bounds(&mut self, args: Args, from: usize, length: usize) -> Run<Option<(usize, usize)>> {
        let start = self.arg(args, from);
        let past = matches!(start, Value::Int(start) if start > length as i64);
        let (start, ..) = self.slice_of([start, Value::None, Value::None], length)?;
        let (_, _, end) = self.slice_of([Value::None, self.arg(args, from + 1), Value::None], length)?;
        let start = usize::try_from(start).unwrap_or(0);
        Ok((!past && start <= end).then_some((start, end)))
    }

    fn int_method(
        &mut self,
        receiver: Value,
        known: Known,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Option<Value>> {
        let int = self.heap.as_wide(receiver).unwrap_or_default();
        match known {
            Known::bit_length => {
                self.arity(known, args, 0, 0)?;
                Ok(Some(Value::Int(i64::from(256 - int.unsigned_abs().leading_zeros()))))
            }
            Known::to_bytes => {
                self.only_keywords("to_bytes", keywords, &["length", "byteorder", "signed"])?;
                self.int_to_bytes(int, args, keywords).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn int_to_bytes(&mut self, int: ethnum::I256, args: Args, keywords: Keywords<'_>) -> Run<Value> {
        let length = if args.count > 0 { Some(self.arg(args, 0)) } else { self.keyword(keywords, "length") };
        let length = match length {
            None => 1,
            Some(Value::Int(length)) if (0..=256).contains(&length) => length as usize,
            Some(_) => return self.raise(classes::VALUE_ERROR, "length must be 0 to 256"),
        };
        let signed = match self.keyword(keywords, "signed") {
            Some(signed) => self.truth(signed)?,
            None => false,
        };
        if int < 0 && !signed {
            return self.raise(classes::OVERFLOW_ERROR, "can't convert negative int to unsigned");
        }
        let filler = if int < 0 { 0xff } else { 0 };
        let mut bytes = vec![filler; length.saturating_sub(32)];
        let full = int.to_be_bytes();
        let (lost, kept) = full.split_at(32 - length.min(32));
        let fits = lost.iter().all(|byte| *byte == filler)
            && (!signed || kept.first().map_or(int == 0, |byte| (byte ^ filler) & 0x80 == 0));
        if !fits {
            return self.raise(classes::OVERFLOW_ERROR, "int too big to convert");
        }
        bytes.extend_from_slice(kept);
        if self.is_little(args, 1, keywords)? {
            bytes.reverse();
        }
        self.heap.new_bytes(&bytes)
    }
}
