//! Constants and names of the program that is compiled, each once.

use super::{Compiled, Context};
use crate::{
    bytecode::{CONSTANT, Operand},
    limits,
    names::{self, Known},
    program::Shape,
    value::{Handle, NameId, Value},
};
use ethnum::I256;
use goodwill_types::Address;
use ruff_text_size::TextRange;
use std::collections::BTreeMap;

/// Asked, never walked: its order shows nowhere.
#[expect(clippy::disallowed_types, reason = "its order shows nowhere")]
type Ids<T, N> = std::collections::HashMap<T, N, ahash::RandomState>;

/// Constants and names, each once.
#[derive(Default)]
pub(super) struct Pool {
    pub(super) names: Vec<Box<str>>,
    name_ids: Ids<Box<str>, NameId>,
    pub(super) constants: Vec<Value>,
    constant_ids: Ids<Value, u16>,
    pub(super) strings: Vec<Box<str>>,
    string_ids: Ids<Box<str>, Handle>,
    pub(super) blobs: Vec<Box<[u8]>>,
    pub(super) wides: Vec<I256>,
    pub(super) addresses: Vec<Address>,
    pub(super) tuples: Vec<Box<[Value]>>,
    tuple_ids: BTreeMap<Box<[Value]>, Handle>,
    pub(super) shapes: Vec<Shape>,
    shape_ids: BTreeMap<Shape, u16>,
}

impl Pool {
    /// The number of a name.
    pub(super) fn name(&mut self, context: &Context<'_>, range: TextRange, text: &str) -> Compiled<NameId> {
        if let Some(id) = self.name_ids.get(text) {
            return Ok(*id);
        }
        if !text.is_ascii() {
            return Err(context.refuse(range, format!("the name {text:?} is not ASCII"), "use letters a-z"));
        }
        if text.len() > limits::NAME_BYTES_MAX {
            let message = format!("a name has at most {} bytes", limits::NAME_BYTES_MAX);
            return Err(context.refuse(range, message, "use a shorter name"));
        }
        let id = match Known::named(text) {
            Some(known) => known.id(),
            None => {
                check_room(context, range, self.names.len())?;
                self.names.push(text.into());
                (names::known_count() + self.names.len() - 1) as NameId
            }
        };
        self.name_ids.insert(text.into(), id);
        Ok(id)
    }

    /// The number of a name that was met.
    pub(super) fn find(&self, text: &str) -> Option<NameId> {
        self.name_ids.get(text).copied()
    }

    /// The operand of a constant.
    pub(super) fn constant(
        &mut self,
        context: &Context<'_>,
        range: TextRange,
        value: Value,
    ) -> Compiled<Operand> {
        if let Some(id) = self.constant_ids.get(&value) {
            return Ok(CONSTANT | id);
        }
        check_room(context, range, self.constants.len())?;
        let id = self.constants.len() as u16;
        self.constants.push(value);
        self.constant_ids.insert(value, id);
        Ok(CONSTANT | id)
    }

    pub(super) fn str(&mut self, text: &str) -> Value {
        if let Some(handle) = self.string_ids.get(text) {
            return Value::Str(*handle);
        }
        let handle = self.strings.len() as Handle;
        self.strings.push(text.into());
        self.string_ids.insert(text.into(), handle);
        Value::Str(handle)
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Value {
        let known = self.blobs.iter().position(|blob| &**blob == bytes);
        let handle = known.unwrap_or_else(|| {
            self.blobs.push(bytes.into());
            self.blobs.len() - 1
        });
        Value::Bytes(handle as Handle)
    }

    pub(super) fn int(&mut self, int: I256) -> Value {
        if let Ok(small) = i64::try_from(int) {
            return Value::Int(small);
        }
        let known = self.wides.iter().position(|wide| *wide == int);
        let handle = known.unwrap_or_else(|| {
            self.wides.push(int);
            self.wides.len() - 1
        });
        Value::Big(handle as Handle)
    }

    pub(super) fn address(&mut self, address: Address) -> Value {
        let known = self.addresses.iter().position(|other| *other == address);
        let handle = known.unwrap_or_else(|| {
            self.addresses.push(address);
            self.addresses.len() - 1
        });
        Value::Address(handle as Handle)
    }

    pub(super) fn tuple(&mut self, items: Vec<Value>) -> Value {
        let items: Box<[Value]> = items.into();
        if let Some(handle) = self.tuple_ids.get(&items) {
            return Value::Tuple(*handle);
        }
        let handle = self.tuples.len() as Handle;
        self.tuples.push(items.clone());
        self.tuple_ids.insert(items, handle);
        Value::Tuple(handle)
    }

    pub(super) fn shape(&mut self, context: &Context<'_>, range: TextRange, shape: Shape) -> Compiled<u16> {
        if let Some(id) = self.shape_ids.get(&shape) {
            return Ok(*id);
        }
        check_room(context, range, self.shapes.len())?;
        let id = self.shapes.len() as u16;
        self.shapes.push(shape.clone());
        self.shape_ids.insert(shape, id);
        Ok(id)
    }
}

/// Refuses a file with too many of something.
pub(super) fn check_room(context: &Context<'_>, range: TextRange, count: usize) -> Compiled<()> {
    if count < limits::POOL_MAX - names::known_count() {
        return Ok(());
    }
    Err(context.refuse(range, "the file has too many names and constants", "divide it into two contracts"))
}
