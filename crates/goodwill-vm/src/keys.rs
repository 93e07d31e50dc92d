//! Keys of dicts and sets: which values can be keys, and their order in the index.

use crate::{
    classes,
    fault::Run,
    gas,
    heap::Heap,
    index::{Place, prefix},
    interpreter::Machine,
    limits,
    program::ClassKind,
    value::{Handle, Value},
};
use std::cmp::Ordering;

/// What a search needs to know of a key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digest {
    digest: u64,
    /// Bytes that a comparison may touch.
    bytes: usize,
}

impl Machine {
    /// Searches a key in a dict or set.
    #[inline]
    pub(crate) fn find(&mut self, table: Handle, key: Value) -> Run<Place> {
        let digest = self.digest(key)?;
        let length = self.heap.table(table).len();
        let steps = gas::search(length);
        let price = if digest.bytes == 0 { 0 } else { gas::COMPARE };
        self.heap.charge(price + steps + steps / gas::PROBE * (digest.bytes as u64 / 8) * gas::BYTES_8)?;
        let heap = &self.heap;
        Ok(heap.table(table).find(digest.digest, |other| order(heap, other, key)))
    }

    /// The digest of a key; raises `TypeError` for what cannot be one.
    #[inline]
    fn digest(&mut self, key: Value) -> Run<Digest> {
        match key {
            Value::Int(int) => Ok(Digest { digest: int as u64, bytes: 0 }),
            Value::Str(text) => {
                let bytes = self.heap.str(text).as_bytes();
                Ok(Digest { digest: prefix(bytes), bytes: bytes.len() })
            }
            other => self.digest_slow(other, 0),
        }
    }

    fn digest_slow(&mut self, key: Value, depth: u32) -> Run<Digest> {
        if depth > limits::NESTING_MAX {
            return self.raise(classes::RECURSION_ERROR, "values nest too deep");
        }
        self.heap.charge(gas::COMPARE)?;
        let flat = |digest: u64| Ok(Digest { digest, bytes: 0 });
        match key {
            Value::Int(int) => flat(int as u64),
            Value::Bool(value) => flat(u64::from(value)),
            Value::Big(handle) => flat(self.heap.wide(handle).as_u64()),
            Value::Str(handle) => {
                let bytes = self.heap.str(handle).as_bytes();
                Ok(Digest { digest: prefix(bytes), bytes: bytes.len() })
            }
            Value::Bytes(handle) => {
                let bytes = self.heap.bytes(handle);
                Ok(Digest { digest: prefix(bytes), bytes: bytes.len() })
            }
            Value::Address(handle) => {
                let bytes = self.heap.address(handle).to_bytes();
                Ok(Digest { digest: prefix(&bytes[1..]), bytes: 21 })
            }
            Value::None => flat(1 << 62),
            Value::Class(id) => flat(u64::from(id)),
            Value::Function(id) => flat(u64::from(id)),
            Value::Builtin(id) => flat(u64::from(id.number())),
            Value::Range(handle) => flat(u64::from(handle)),
            Value::Tuple(handle) => {
                let count = self.heap.tuple(handle).len();
                self.digest_all((0..count).map(|at| (handle, at)), depth, |machine, (handle, at)| {
                    machine.heap.tuple(handle)[at]
                })
            }
            Value::Instance(handle) => match self.record_frozen(handle) {
                None => flat(u64::from(handle)),
                Some(false) => self.unhashable(key),
                Some(true) => {
                    let count = self.heap.instance(handle).fields.len();
                    self.digest_all((0..count).map(|at| (handle, at)), depth, |machine, (handle, at)| {
                        machine.heap.instance(handle).fields[at].1
                    })
                }
            },
            Value::Unbound
            | Value::List(_)
            | Value::Dict(_)
            | Value::Set(_)
            | Value::View(_)
            | Value::Iterator(_)
            | Value::Map(_)
            | Value::Cell(_)
            | Value::Closure(_)
            | Value::Method(_)
            | Value::Contract
            | Value::Message
            | Value::Chain => self.unhashable(key),
        }
    }

    fn digest_all<T>(
        &mut self,
        parts: impl std::iter::Iterator<Item = T>,
        depth: u32,
        value: impl Fn(&Self, T) -> Value,
    ) -> Run<Digest> {
        let mut total = Digest::default();
        for part in parts {
            let part = value(self, part);
            let digest = self.digest_slow(part, depth + 1)?;
            total.digest = total.digest.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(digest.digest);
            total.bytes += digest.bytes + 16;
        }
        Ok(total)
    }

    fn unhashable(&mut self, key: Value) -> Run<Digest> {
        let name = self.type_name(key).to_owned();
        self.raise(classes::TYPE_ERROR, &format!("unhashable type: '{name}'"))
    }

    /// For an object that compares by its fields: whether it is frozen.
    fn record_frozen(&self, handle: Handle) -> Option<bool> {
        let class = self.heap.instance(handle).class;
        match &self.heap.program.class(class)?.kind {
            ClassKind::Record { frozen, eq: true, .. } => Some(*frozen),
            _ => None,
        }
    }
}

/// A total order of keys in which equal keys are those that Python finds equal. The nesting of the
/// key that is searched bounds the recursion.
fn order(heap: &Heap, a: Value, b: Value) -> Ordering {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.cmp(&b),
        (Value::Str(a), Value::Str(b)) => heap.str(a).cmp(heap.str(b)),
        (Value::Bytes(a), Value::Bytes(b)) => heap.bytes(a).cmp(heap.bytes(b)),
        (Value::Address(a), Value::Address(b)) => heap.address(a).cmp(&heap.address(b)),
        (Value::Tuple(a), Value::Tuple(b)) => {
            let (a, b) = (heap.tuple(a), heap.tuple(b));
            let pairs = a.iter().zip(b).map(|(a, b)| order(heap, *a, *b));
            pairs.fold(a.len().cmp(&b.len()), Ordering::then)
        }
        (Value::Instance(a), Value::Instance(b)) => order_instances(heap, a, b),
        (Value::Class(a), Value::Class(b)) => a.cmp(&b),
        (Value::Function(a), Value::Function(b)) => a.cmp(&b),
        (Value::Builtin(a), Value::Builtin(b)) => a.number().cmp(&b.number()),
        (Value::Range(a), Value::Range(b)) => a.cmp(&b),
        (a, b) => match (heap.as_wide(a), heap.as_wide(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}

fn order_instances(heap: &Heap, a: Handle, b: Handle) -> Ordering {
    let (left, right) = (heap.instance(a), heap.instance(b));
    let by_fields = |class| {
        let class = heap.program.class(class);
        matches!(class.map(|class| &class.kind), Some(ClassKind::Record { eq: true, frozen: true, .. }))
    };
    if left.class != right.class || !by_fields(left.class) {
        return (left.class, a).cmp(&(right.class, b));
    }
    let pairs = left.fields.iter().zip(&right.fields);
    pairs.fold(Ordering::Equal, |so_far, (a, b)| so_far.then_with(|| order(heap, a.1, b.1)))
}

/// The place of a type among keys of different types.
fn rank(value: Value) -> u8 {
    match value {
        Value::Int(_) | Value::Bool(_) | Value::Big(_) => 0,
        Value::Str(_) => 1,
        Value::Bytes(_) => 2,
        Value::Address(_) => 3,
        Value::None => 4,
        Value::Tuple(_) => 5,
        Value::Instance(_) => 6,
        Value::Class(_) => 7,
        Value::Function(_) => 8,
        Value::Builtin(_) => 9,
        Value::Range(_) => 10,
        _ => 11,
    }
}
