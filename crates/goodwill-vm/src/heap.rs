//! The heap of one contract's call: arenas by kind, indexed by handles, dropped as a whole.
//!
//! Nothing is freed before the call ends, so there is no count of references, no collector, and no
//! recursive drop. Texts, bytes and tuples share one buffer each. Handles below the program's
//! constants mean those.

use crate::{
    fault::Run,
    gas,
    meter::Meter,
    program::Program,
    table::Table,
    value::{ClassId, Handle, NameId, Value},
};
use ethnum::I256;
use goodwill_types::Address;
use std::sync::Arc;

/// Memory of an object besides what it holds, in bytes.
const OBJECT_BYTES: u64 = 48;
/// Memory of a value in a list, with the room that it grows into.
const ELEMENT_BYTES: u64 = 32;
/// Memory of an entry of a dict or set with its index.
const ENTRY_BYTES: u64 = 96;

/// Memory that an arena keeps for the next call, in bytes.
const KEPT_BYTES: usize = 16 * 1024;

/// Empties an arena; what is large is given back.
pub(crate) fn recycle<T>(arena: &mut Vec<T>) {
    if arena.capacity() * size_of::<T>() > KEPT_BYTES {
        *arena = Vec::new();
    }
    arena.clear();
}

/// A list.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Value>,
    /// Module constants cannot be changed.
    pub(crate) frozen: bool,
}

/// An object of a class of the file, or an exception.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) class: ClassId,
    pub(crate) fields: Vec<(NameId, Value)>,
}

impl Instance {
    #[inline]
    pub(crate) fn get(&self, name: NameId) -> Option<Value> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ViewKind {
    Keys,
    Values,
    Items,
}

/// `dict.keys()` and its like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) dict: Handle,
    pub(crate) kind: ViewKind,
}

/// What `range` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: i64,
    pub(crate) stop: i64,
    pub(crate) step: i64,
}

impl Range {
    /// How many numbers it has.
    pub(crate) fn len(self) -> u64 {
        let (low, high) = if self.step > 0 { (self.start, self.stop) } else { (self.stop, self.start) };
        if low >= high { 0 } else { (high.abs_diff(low) - 1) / self.step.unsigned_abs() + 1 }
    }

    /// Its number at a position below its length.
    pub(crate) fn at(self, index: u64) -> i64 {
        self.start.wrapping_add(self.step.wrapping_mul(index as i64))
    }
}

/// Where an iteration is. What it is over is in the register before, or in `source`; `depth` counts
/// iterators below.
#[derive(Clone, Debug)]
pub(crate) enum Iterator {
    Plain {
        source: Value,
        state: i64,
    },
    Enumerate {
        source: Value,
        state: i64,
        count: Value,
        depth: u32,
    },
    Zip {
        sources: Vec<(Value, i64)>,
        strict: bool,
        depth: u32,
    },
    /// Backwards over a list, tuple, text or range; `next` counts down to 0.
    Reversed {
        source: Value,
        next: u64,
    },
}

/// A `Map` below a field: the path of keys so far, and what is there.
#[derive(Clone, Debug)]
pub(crate) struct MapView {
    pub(crate) field: u16,
    /// How many Maps below the field's own.
    pub(crate) depth: u8,
    /// The encoded keys that lead to it.
    pub(crate) keys: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
    /// Characters, of a text.
    chars: u32,
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// All objects of a call.
#[derive(Debug)]
pub(crate) struct Heap {
    pub(crate) program: Arc<Program>,
    pub(crate) meter: Meter,
    text: String,
    texts: Vec<Span>,
    data: Vec<u8>,
    blobs: Vec<Span>,
    slots: Vec<Value>,
    tuples: Vec<Span>,
    wides: Vec<I256>,
    addresses: Vec<Address>,
    lists: Vec<List>,
    tables: Vec<Table>,
    instances: Vec<Instance>,
    ranges: Vec<Range>,
    views: Vec<View>,
    iterators: Vec<Iterator>,
    maps: Vec<MapView>,
    cells: Vec<Value>,
    closures: Vec<(u16, Vec<Handle>)>,
    methods: Vec<(Value, NameId)>,
}

/// An arena of one kind: how an object is made, read and changed.
macro_rules! arena {
    ($field:ident, $kind:ty, $variant:ident, $make:ident, $get:ident, $get_mut:ident) => {
        pub(crate) fn $make(&mut self, object: $kind, bytes: u64) -> Run<Value> {
            self.charge_object(bytes)?;
            self.$field.push(object);
            Ok(Value::$variant((self.$field.len() - 1) as Handle))
        }
        #[inline]
        pub(crate) fn $get(&self, handle: Handle) -> &$kind {
            &self.$field[handle as usize]
        }
        #[inline]
        #[allow(dead_code, reason = "not every kind is changed")]
        pub(crate) fn $get_mut(&mut self, handle: Handle) -> &mut $kind {
            &mut self.$field[handle as usize]
        }
    };
}

impl Heap {
    pub(crate) fn new(program: Arc<Program>, meter: Meter) -> Self {
        Self {
            program,
            meter,
            text: String::new(),
            texts: Vec::new(),
            data: Vec::new(),
            blobs: Vec::new(),
            slots: Vec::new(),
            tuples: Vec::new(),
            wides: Vec::new(),
            addresses: Vec::new(),
            lists: Vec::new(),
            tables: Vec::new(),
            instances: Vec::new(),
            ranges: Vec::new(),
            views: Vec::new(),
            iterators: Vec::new(),
            maps: Vec::new(),
            cells: Vec::new(),
            closures: Vec::new(),
            methods: Vec::new(),
        }
    }

    /// Forgets all objects, and keeps a little memory for others.
    pub(crate) fn forget(&mut self) {
        if self.text.capacity() > KEPT_BYTES {
            self.text = String::new();
        }
        self.text.clear();
        recycle(&mut self.texts);
        recycle(&mut self.data);
        recycle(&mut self.blobs);
        recycle(&mut self.slots);
        recycle(&mut self.tuples);
        recycle(&mut self.wides);
        recycle(&mut self.addresses);
        recycle(&mut self.lists);
        recycle(&mut self.tables);
        recycle(&mut self.instances);
        recycle(&mut self.ranges);
        recycle(&mut self.views);
        recycle(&mut self.iterators);
        recycle(&mut self.maps);
        recycle(&mut self.cells);
        recycle(&mut self.closures);
        recycle(&mut self.methods);
    }

    #[inline]
    pub(crate) fn charge(&mut self, gas: u64) -> Run<()> {
        self.meter.charge(gas)
    }

    #[inline]
    fn charge_object(&mut self, bytes: u64) -> Run<()> {
        self.meter.charge(gas::new_object(bytes as usize))?;
        self.meter.allocate(OBJECT_BYTES + bytes)
    }

    arena!(instances, Instance, Instance, new_instance, instance, instance_mut);
    arena!(ranges, Range, Range, new_range, range, range_mut);
    arena!(views, View, View, new_view, view, view_mut);
    arena!(iterators, Iterator, Iterator, new_iterator, iterator, iterator_mut);
    arena!(maps, MapView, Map, new_map, map, map_mut);
    arena!(cells, Value, Cell, new_cell, cell, cell_mut);
    arena!(closures, (u16, Vec<Handle>), Closure, new_closure, closure, closure_mut);
    arena!(methods, (Value, NameId), Method, new_method, method, method_mut);

    // Texts.

    /// A new text.
    pub(crate) fn new_str(&mut self, text: &str) -> Run<Value> {
        self.charge_object(text.len() as u64)?;
        let start = self.text.len();
        self.text.push_str(text);
        Ok(self.finish_text(start))
    }

    /// A new text of two.
    pub(crate) fn concat(&mut self, parts: &[Handle]) -> Run<Value> {
        let length: usize = parts.iter().map(|part| self.str(*part).len()).sum();
        self.charge_object(length as u64)?;
        let start = self.text.len();
        let constants = self.program.strings.len();
        for part in parts {
            match (*part as usize).checked_sub(constants) {
                Some(own) => self.text.extend_from_within(self.texts[own].range()),
                None => self.text.push_str(&self.program.strings[*part as usize]),
            }
        }
        Ok(self.finish_text(start))
    }

    /// A part of a text, by bytes; both ends are between characters.
    pub(crate) fn substring(&mut self, text: Handle, bytes: std::ops::Range<usize>) -> Run<Value> {
        self.charge_object(bytes.len() as u64)?;
        let start = self.text.len();
        match (text as usize).checked_sub(self.program.strings.len()) {
            Some(own) => {
                let from = self.texts[own].start as usize;
                self.text.extend_from_within(from + bytes.start..from + bytes.end);
            }
            None => self.text.push_str(&self.program.strings[text as usize][bytes]),
        }
        Ok(self.finish_text(start))
    }

    fn finish_text(&mut self, start: usize) -> Value {
        let added = &self.text[start..];
        let chars = if added.is_ascii() { added.len() } else { added.chars().count() };
        self.texts.push(Span { start: start as u32, end: self.text.len() as u32, chars: chars as u32 });
        Value::Str((self.program.strings.len() + self.texts.len() - 1) as Handle)
    }

    #[inline]
    pub(crate) fn str(&self, handle: Handle) -> &str {
        let constants = &self.program.strings;
        match (handle as usize).checked_sub(constants.len()) {
            Some(own) => &self.text[self.texts[own].range()],
            None => &constants[handle as usize],
        }
    }

    /// Characters of a text.
    pub(crate) fn str_len(&self, handle: Handle) -> usize {
        match (handle as usize).checked_sub(self.program.strings.len()) {
            Some(own) => self.texts[own].chars as usize,
            None => self.program.string_lengths[handle as usize] as usize,
        }
    }

    // Bytes.

    pub(crate) fn new_bytes(&mut self, bytes: &[u8]) -> Run<Value> {
        self.charge_object(bytes.len() as u64)?;
        let start = self.data.len() as u32;
        self.data.extend_from_slice(bytes);
        self.blobs.push(Span { start, end: self.data.len() as u32, chars: 0 });
        Ok(Value::Bytes((self.program.blobs.len() + self.blobs.len() - 1) as Handle))
    }

    pub(crate) fn bytes(&self, handle: Handle) -> &[u8] {
        let constants = &self.program.blobs;
        match (handle as usize).checked_sub(constants.len()) {
            Some(own) => &self.data[self.blobs[own].range()],
            None => &constants[handle as usize],
        }
    }

    // Integers of 256 bits, and addresses.

    /// The integer in its one shape.
    pub(crate) fn new_int(&mut self, int: I256) -> Run<Value> {
        if let Ok(small) = i64::try_from(int) {
            return Ok(Value::Int(small));
        }
        self.charge_object(32)?;
        self.wides.push(int);
        Ok(Value::Big((self.program.wides.len() + self.wides.len() - 1) as Handle))
    }

    pub(crate) fn wide(&self, handle: Handle) -> I256 {
        let constants = &self.program.wides;
        match (handle as usize).checked_sub(constants.len()) {
            Some(own) => self.wides[own],
            None => constants[handle as usize],
        }
    }

    pub(crate) fn new_address(&mut self, address: Address) -> Run<Value> {
        self.charge_object(24)?;
        self.addresses.push(address);
        Ok(Value::Address((self.program.addresses.len() + self.addresses.len() - 1) as Handle))
    }

    pub(crate) fn address(&self, handle: Handle) -> Address {
        let constants = &self.program.addresses;
        match (handle as usize).checked_sub(constants.len()) {
            Some(own) => self.addresses[own],
            None => constants[handle as usize],
        }
    }

    // Tuples and lists.

    pub(crate) fn new_tuple(&mut self, items: &[Value]) -> Run<Value> {
        self.charge_object(16 * items.len() as u64)?;
        let start = self.slots.len() as u32;
        self.slots.extend_from_slice(items);
        self.tuples.push(Span { start, end: self.slots.len() as u32, chars: 0 });
        Ok(Value::Tuple((self.program.tuples.len() + self.tuples.len() - 1) as Handle))
    }

    #[inline]
    pub(crate) fn tuple(&self, handle: Handle) -> &[Value] {
        let constants = &self.program.tuples;
        match (handle as usize).checked_sub(constants.len()) {
            Some(own) => &self.slots[self.tuples[own].range()],
            None => &constants[handle as usize],
        }
    }

    pub(crate) fn new_list(&mut self, items: Vec<Value>) -> Run<Value> {
        self.charge_object(ELEMENT_BYTES * items.len() as u64)?;
        self.lists.push(List { items, frozen: false });
        Ok(Value::List((self.lists.len() - 1) as Handle))
    }

    #[inline]
    pub(crate) fn list(&self, handle: Handle) -> &List {
        &self.lists[handle as usize]
    }

    #[inline]
    pub(crate) fn list_mut(&mut self, handle: Handle) -> &mut List {
        &mut self.lists[handle as usize]
    }

    /// Pays for elements that a list gets.
    #[inline]
    pub(crate) fn charge_elements(&mut self, count: usize) -> Run<()> {
        self.meter.charge(gas::elements(count))?;
        self.meter.allocate(ELEMENT_BYTES * count as u64)
    }

    // Dicts and sets.

    pub(crate) fn new_dict(&mut self, table: Table) -> Run<Value> {
        Ok(Value::Dict(self.new_table(table)?))
    }

    pub(crate) fn new_set(&mut self, table: Table) -> Run<Value> {
        Ok(Value::Set(self.new_table(table)?))
    }

    fn new_table(&mut self, table: Table) -> Run<Handle> {
        self.charge_object(ENTRY_BYTES * table.len() as u64)?;
        self.tables.push(table);
        Ok((self.tables.len() - 1) as Handle)
    }

    #[inline]
    pub(crate) fn table(&self, handle: Handle) -> &Table {
        &self.tables[handle as usize]
    }

    #[inline]
    pub(crate) fn table_mut(&mut self, handle: Handle) -> &mut Table {
        &mut self.tables[handle as usize]
    }

    /// Pays for an entry that a table gets.
    #[inline]
    pub(crate) fn charge_entry(&mut self) -> Run<()> {
        self.meter.charge(gas::INSERT)?;
        self.meter.allocate(ENTRY_BYTES)
    }
}
