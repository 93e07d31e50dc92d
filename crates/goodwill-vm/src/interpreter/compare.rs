//! Comparison of values.

use super::Machine;
use crate::{
    bytecode::Compare,
    classes,
    fault::Run,
    gas, limits,
    program::ClassKind,
    value::{Handle, Value},
    world::World,
};
use std::cmp::Ordering;

impl Machine {
    /// The result of a comparison.
    pub(super) fn compare(&mut self, world: &mut World<'_>, kind: Compare, a: Value, b: Value) -> Run<bool> {
        match kind {
            Compare::Eq => self.equals(a, b),
            Compare::Ne => self.equals(a, b).map(|equal| !equal),
            Compare::Lt | Compare::Le | Compare::Gt | Compare::Ge => self.ordered(kind, a, b),
            Compare::In => self.contains(world, b, a),
            Compare::NotIn => self.contains(world, b, a).map(|contains| !contains),
            Compare::Is => Ok(is_same(a, b)),
            Compare::IsNot => Ok(!is_same(a, b)),
        }
    }

    /// Python's `==`.
    pub(crate) fn equals(&mut self, a: Value, b: Value) -> Run<bool> {
        self.equals_at(a, b, 0)
    }

    fn equals_at(&mut self, a: Value, b: Value, depth: u32) -> Run<bool> {
        self.heap.charge(gas::COMPARE)?;
        match (a, b) {
            (Value::Int(a), Value::Int(b)) => Ok(a == b),
            (Value::Str(a), Value::Str(b)) => {
                let (left, right) = (self.heap.str(a).len(), self.heap.str(b).len());
                self.heap.charge(gas::bytes(left.min(right)))?;
                Ok(left == right && self.heap.str(a) == self.heap.str(b))
            }
            (Value::Bytes(a), Value::Bytes(b)) => {
                let (left, right) = (self.heap.bytes(a).len(), self.heap.bytes(b).len());
                self.heap.charge(gas::bytes(left.min(right)))?;
                Ok(left == right && self.heap.bytes(a) == self.heap.bytes(b))
            }
            (Value::Address(a), Value::Address(b)) => Ok(self.heap.address(a) == self.heap.address(b)),
            (Value::List(_), Value::List(_)) | (Value::Tuple(_), Value::Tuple(_)) => {
                self.equal_sequences(a, b, depth)
            }
            (Value::Dict(a), Value::Dict(b)) => self.equal_dicts(a, b, depth),
            (Value::Set(a), Value::Set(b)) => {
                Ok(self.heap.table(a).len() == self.heap.table(b).len() && self.is_subset(a, b)?)
            }
            (Value::Range(a), Value::Range(b)) => {
                let (a, b) = (*self.heap.range(a), *self.heap.range(b));
                Ok(a.len() == b.len()
                    && (a.len() == 0 || a.start == b.start && (a.len() == 1 || a.step == b.step)))
            }
            (Value::Instance(a), Value::Instance(b)) if a != b => self.equal_instances(a, b, depth),
            (a, b) => match (self.heap.as_wide(a), self.heap.as_wide(b)) {
                (Some(a), Some(b)) => Ok(a == b),
                _ => Ok(a == b),
            },
        }
    }

    fn deeper(&mut self, depth: u32) -> Run<u32> {
        if depth >= limits::NESTING_MAX {
            return self.raise(classes::RECURSION_ERROR, "maximum recursion depth exceeded in comparison");
        }
        Ok(depth + 1)
    }

    /// Elements of a list or tuple.
    fn items(&self, value: Value) -> &[Value] {
        match value {
            Value::List(list) => &self.heap.list(list).items,
            Value::Tuple(tuple) => self.heap.tuple(tuple),
            _ => &[],
        }
    }

    fn equal_sequences(&mut self, a: Value, b: Value, depth: u32) -> Run<bool> {
        if self.items(a).len() != self.items(b).len() {
            return Ok(false);
        }
        let depth = self.deeper(depth)?;
        for index in 0..self.items(a).len() {
            let (left, right) = (self.items(a)[index], self.items(b)[index]);
            if !self.same_or_equal(left, right, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Containers find an object in themselves by identity first.
    fn same_or_equal(&mut self, a: Value, b: Value, depth: u32) -> Run<bool> {
        if a == b {
            self.heap.charge(gas::ELEMENT)?;
            return Ok(true);
        }
        self.equals_at(a, b, depth)
    }

    fn equal_dicts(&mut self, a: Handle, b: Handle, depth: u32) -> Run<bool> {
        if self.heap.table(a).len() != self.heap.table(b).len() {
            return Ok(false);
        }
        let depth = self.deeper(depth)?;
        for index in 0..self.heap.table(a).capacity() {
            let Some((key, value)) = self.heap.table(a).entry(index) else { continue };
            let Some(found) = self.find(b, key)?.entry else { return Ok(false) };
            let other = self.heap.table(b).value(found);
            if !self.same_or_equal(value, other, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn equal_instances(&mut self, a: Handle, b: Handle, depth: u32) -> Run<bool> {
        let class = self.heap.instance(a).class;
        if class != self.heap.instance(b).class || !self.compares_by_fields(class) {
            return Ok(false);
        }
        let depth = self.deeper(depth)?;
        for index in 0..self.heap.instance(a).fields.len() {
            let (name, left) = self.heap.instance(a).fields[index];
            let right = self.heap.instance(b).get(name).unwrap_or(Value::Unbound);
            if !self.same_or_equal(left, right, depth)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn compares_by_fields(&self, class: u16) -> bool {
        let class = self.heap.program.class(class);
        matches!(class.map(|class| &class.kind), Some(ClassKind::Record { eq: true, .. }))
    }

    /// Whether all keys of one table are in another.
    pub(crate) fn is_subset(&mut self, a: Handle, b: Handle) -> Run<bool> {
        for index in 0..self.heap.table(a).capacity() {
            let Some((key, _)) = self.heap.table(a).entry(index) else { continue };
            if self.find(b, key)?.entry.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn ordered(&mut self, kind: Compare, a: Value, b: Value) -> Run<bool> {
        if let (Value::Set(a), Value::Set(b)) = (a, b) {
            let (left, right) = (self.heap.table(a).len(), self.heap.table(b).len());
            return match kind {
                Compare::Lt => Ok(left < right && self.is_subset(a, b)?),
                Compare::Le => self.is_subset(a, b),
                Compare::Gt => Ok(left > right && self.is_subset(b, a)?),
                _ => self.is_subset(b, a),
            };
        }
        let order = self.order_at(kind, a, b, 0)?;
        Ok(match kind {
            Compare::Lt => order == Ordering::Less,
            Compare::Le => order != Ordering::Greater,
            Compare::Gt => order == Ordering::Greater,
            _ => order != Ordering::Less,
        })
    }

    /// The order of two values, for sorting.
    pub(crate) fn order(&mut self, a: Value, b: Value) -> Run<Ordering> {
        self.order_at(Compare::Lt, a, b, 0)
    }

    /// Whether one value is greater than another, for `max`.
    pub(crate) fn order_greater(&mut self, a: Value, b: Value) -> Run<bool> {
        Ok(self.order_at(Compare::Gt, a, b, 0)? == Ordering::Greater)
    }

    fn order_at(&mut self, kind: Compare, a: Value, b: Value, depth: u32) -> Run<Ordering> {
        self.heap.charge(gas::COMPARE)?;
        match (a, b) {
            (Value::Int(a), Value::Int(b)) => Ok(a.cmp(&b)),
            (Value::Str(a), Value::Str(b)) => {
                let shorter = self.heap.str(a).len().min(self.heap.str(b).len());
                self.heap.charge(gas::COMPARE + gas::bytes(shorter))?;
                Ok(self.heap.str(a).cmp(self.heap.str(b)))
            }
            (Value::Bytes(a), Value::Bytes(b)) => {
                let shorter = self.heap.bytes(a).len().min(self.heap.bytes(b).len());
                self.heap.charge(gas::COMPARE + gas::bytes(shorter))?;
                Ok(self.heap.bytes(a).cmp(self.heap.bytes(b)))
            }
            (Value::Address(a), Value::Address(b)) => Ok(self.heap.address(a).cmp(&self.heap.address(b))),
            (Value::List(_), Value::List(_)) | (Value::Tuple(_), Value::Tuple(_)) => {
                self.order_sequences(kind, a, b, depth)
            }
            (Value::Instance(left), Value::Instance(right)) if self.has_order(left, right) => {
                let depth = self.deeper(depth)?;
                for index in 0..self.heap.instance(left).fields.len() {
                    let (name, x) = self.heap.instance(left).fields[index];
                    let y = self.heap.instance(right).get(name).unwrap_or(Value::Unbound);
                    if !self.same_or_equal(x, y, depth)? {
                        return self.order_at(kind, x, y, depth);
                    }
                }
                Ok(Ordering::Equal)
            }
            _ => match (self.heap.as_wide(a), self.heap.as_wide(b)) {
                (Some(a), Some(b)) => Ok(a.cmp(&b)),
                _ => self.not_ordered(kind, a, b),
            },
        }
    }

    fn has_order(&self, a: Handle, b: Handle) -> bool {
        let class = self.heap.instance(a).class;
        let description = self.heap.program.class(class).map(|class| &class.kind);
        class == self.heap.instance(b).class
            && matches!(description, Some(ClassKind::Record { order: true, .. }))
    }

    fn not_ordered(&mut self, kind: Compare, a: Value, b: Value) -> Run<Ordering> {
        let symbol = match kind {
            Compare::Le => "<=",
            Compare::Gt => ">",
            Compare::Ge => ">=",
            _ => "<",
        };
        let (left, right) = (self.type_name(a), self.type_name(b));
        let message = format!("'{symbol}' not supported between instances of '{left}' and '{right}'");
        self.raise(classes::TYPE_ERROR, &message)
    }

    fn order_sequences(&mut self, kind: Compare, a: Value, b: Value, depth: u32) -> Run<Ordering> {
        let depth = self.deeper(depth)?;
        for index in 0..self.items(a).len().min(self.items(b).len()) {
            let (left, right) = (self.items(a)[index], self.items(b)[index]);
            if !self.same_or_equal(left, right, depth)? {
                return self.order_at(kind, left, right, depth);
            }
        }
        Ok(self.items(a).len().cmp(&self.items(b).len()))
    }

    /// Python's `in`.
    pub(crate) fn contains(&mut self, world: &mut World<'_>, container: Value, item: Value) -> Run<bool> {
        match container {
            Value::Dict(table) | Value::Set(table) => Ok(self.find(table, item)?.entry.is_some()),
            Value::Map(map) => self.map_contains(world, map, item),
            Value::Str(text) => match item {
                Value::Str(part) => self.find_text(text, part).map(|found| found.is_some()),
                other => {
                    let message = format!(
                        "'in <string>' requires string as left operand, not {}",
                        self.type_name(other)
                    );
                    self.raise(classes::TYPE_ERROR, &message)
                }
            },
            Value::Bytes(bytes) => self.bytes_contain(bytes, item),
            Value::Range(range) => {
                let range = *self.heap.range(range);
                match item {
                    Value::Int(int) => Ok(range_contains(range, int)),
                    Value::Bool(value) => Ok(range_contains(range, i64::from(value))),
                    _ => Ok(false),
                }
            }
            Value::View(view) if self.heap.view(view).kind == crate::heap::ViewKind::Keys => {
                let dict = self.heap.view(view).dict;
                Ok(self.find(dict, item)?.entry.is_some())
            }
            Value::List(_) | Value::Tuple(_) => {
                for index in 0..self.items(container).len() {
                    let element = self.items(container)[index];
                    if self.same_or_equal(element, item, 0)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::View(_) | Value::Iterator(_) => {
                for element in self.collect(container)? {
                    if self.same_or_equal(element, item, 0)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            other => {
                let message = format!("argument of type '{}' is not iterable", self.type_name(other));
                self.raise(classes::TYPE_ERROR, &message)
            }
        }
    }

    /// The position of the first element that equals a value.
    pub(crate) fn position(
        &mut self,
        sequence: Value,
        item: Value,
        range: std::ops::Range<usize>,
    ) -> Run<Option<usize>> {
        for index in range.start..range.end.min(self.items(sequence).len()) {
            let element = self.items(sequence)[index];
            if self.same_or_equal(element, item, 0)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }
}

fn range_contains(range: crate::heap::Range, int: i64) -> bool {
    let inside = if range.step > 0 {
        range.start <= int && int < range.stop
    } else {
        range.stop < int && int <= range.start
    };
    inside && int.abs_diff(range.start).is_multiple_of(range.step.unsigned_abs())
}

/// Identity, which the compiler allows with None, True and False only.
fn is_same(a: Value, b: Value) -> bool {
    match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        _ => false,
    }
}
