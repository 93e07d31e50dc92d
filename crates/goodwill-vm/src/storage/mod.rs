//! Storage: typed fields and Maps over the host's cells, with what a call has touched kept as
//! objects until its end.

mod cells;

use crate::{
    classes, codec,
    fault::{Bug, Fault, Run},
    gas,
    heap::MapView,
    host::{Host, Key},
    interpreter::{Args, Machine},
    limits,
    program::Program,
    table::Table,
    types::Type,
    value::{Handle, Value},
    world::World,
};
use std::sync::Arc;

pub(crate) use cells::Storage;
use cells::{Cell, Spot};

/// The kind of a Map's values, some Maps below a field's.
fn value_kind(program: &Program, field: u16, depth: u8) -> &Type {
    let mut kind = &program.fields[usize::from(field)].kind;
    for _ in 0..depth {
        if let Type::Map(_, value) = kind {
            kind = value;
        }
    }
    kind
}

/// A Map's entry: what its value must be, and where it is.
struct Entry<'p> {
    kind: &'p Type,
    spot: Spot,
    field: u16,
    depth: u8,
}

impl Machine {
    /// Reads a field of the contract.
    pub(crate) fn read_field(&mut self, world: &mut World<'_>, field: u16) -> Run<Value> {
        let kind = &world.program.fields[usize::from(field)].kind;
        if let Type::Map(..) = kind {
            return self.map_of_field(field);
        }
        let spot = self.storage.field_spot(field);
        let cell = self.load(world.host, kind, spot, field, 0)?;
        match self.value_or_zero(kind, cell)? {
            Some(value) => Ok(value),
            None => {
                let name = world.program.name(world.program.fields[usize::from(field)].name);
                self.raise(classes::ATTRIBUTE_ERROR, &format!("{name} has no value yet"))
            }
        }
    }

    /// The one object of a field that is a Map.
    fn map_of_field(&mut self, field: u16) -> Run<Value> {
        if let Some(map) = self.storage.maps[usize::from(field)] {
            return Ok(map);
        }
        let map = self.heap.new_map(MapView { field, depth: 0, keys: Vec::new() }, 32)?;
        self.storage.maps[usize::from(field)] = Some(map);
        Ok(map)
    }

    /// Writes a field of the contract.
    pub(crate) fn write_field(&mut self, program: &Program, field: u16, value: Value) -> Run<()> {
        self.check_writable()?;
        let kind = &program.fields[usize::from(field)].kind;
        if let Type::Map(..) = kind {
            return self.raise(classes::TYPE_ERROR, "a Map is changed entry by entry");
        }
        let spot = self.storage.field_spot(field);
        self.put(kind, spot, field, 0, value).map(|_| ())
    }

    /// The cell at a spot, fetched if it was not touched yet.
    fn load(&mut self, host: &mut dyn Host, kind: &Type, spot: Spot, field: u16, depth: u8) -> Run<usize> {
        if let Spot::Cell(cell) = spot {
            self.heap.charge(gas::STORAGE_CACHED)?;
            return Ok(cell);
        }
        let contract = self.context.contract;
        let Ok(stored) = host.read(&contract, self.storage.path()) else {
            let path = self.storage.path().to_vec();
            return self.need(Key::Storage { contract, path });
        };
        let size = self.storage.path().len() + stored.as_ref().map_or(0, Vec::len);
        self.heap.charge(gas::STORAGE_READ + gas::STORAGE_READ_BYTE * size as u64)?;
        self.heap.meter.allocate(128 + size as u64)?;
        let value = match &stored {
            Some(bytes) => Some(self.decode_value(bytes)?),
            None => None,
        };
        let mutable = kind.is_mutable();
        let stored = stored.filter(|_| mutable);
        let cell = Cell { value, stored, field, depth, touched: mutable, ..Cell::default() };
        Ok(self.storage.insert(spot, cell))
    }

    /// The value of a cell, or the zero of its kind; `None` if there is neither.
    fn value_or_zero(&mut self, kind: &Type, cell: usize) -> Run<Option<Value>> {
        if let Some(value) = self.storage.cell(cell).value {
            return Ok(Some(value));
        }
        let Some(zero) = self.zero(kind)? else { return Ok(None) };
        if kind.is_mutable() {
            // It is kept, so that changes in place are.
            let mut encoded = Vec::new();
            self.encode(&mut encoded, kind, zero)?;
            let cell = self.storage.cell_mut(cell);
            cell.value = Some(zero);
            cell.zero = Some(encoded);
        }
        Ok(Some(zero))
    }

    /// The value of a cell, unless it is the zero that was read there and is unchanged.
    fn set_value(&mut self, kind: &Type, cell: usize) -> Run<Option<Value>> {
        let value = self.storage.cell(cell).value;
        let Some(zero) = self.storage.cell_mut(cell).zero.take() else { return Ok(value) };
        let mut encoded = Vec::new();
        let same = match value {
            Some(value) => self.encode(&mut encoded, kind, value).map(|()| encoded == zero),
            None => Ok(true),
        };
        self.storage.cell_mut(cell).zero = Some(zero);
        Ok(if same? { None } else { value })
    }

    /// Sets the cell at a spot. The value's kind is checked now, so that the error is raised here.
    fn put(&mut self, kind: &Type, spot: Spot, field: u16, depth: u8, value: Value) -> Run<usize> {
        self.check_kind(kind, value)?;
        self.heap.charge(gas::STORAGE_CACHED)?;
        let at = match spot {
            Spot::Cell(cell) => cell,
            Spot::Vacant(_) => {
                self.heap.meter.allocate(128 + self.storage.path().len() as u64)?;
                self.storage.insert(spot, Cell { field, depth, ..Cell::default() })
            }
        };
        self.storage.cell_mut(at).assign(Some(value));
        Ok(at)
    }

    /// What is read where nothing was written; `None` for a dataclass.
    fn zero(&mut self, kind: &Type) -> Run<Option<Value>> {
        Ok(Some(match kind {
            Type::Int => Value::Int(0),
            Type::Bool => Value::Bool(false),
            Type::Str => self.heap.new_str("")?,
            Type::Bytes => self.heap.new_bytes(&[])?,
            Type::Address => self.heap.new_address(crate::address::zero())?,
            Type::None | Type::Optional(_) | Type::Any => Value::None,
            Type::List(_) => self.heap.new_list(Vec::new())?,
            Type::Tuples(_) => self.heap.new_tuple(&[])?,
            Type::Dict(..) => self.heap.new_dict(Table::default())?,
            Type::Tuple(kinds) => {
                let mut items = Vec::with_capacity(kinds.len());
                for kind in kinds {
                    match self.zero(kind)? {
                        Some(zero) => items.push(zero),
                        None => return Ok(None),
                    }
                }
                self.heap.new_tuple(&items)?
            }
            Type::Record(_) | Type::Map(..) => return Ok(None),
        }))
    }

    /// The entry of a Map. The one that was used last is found without its path.
    fn entry<'p>(&mut self, program: &'p Program, map: Handle, key: Value) -> Run<Entry<'p>> {
        let view = self.heap.map(map);
        let (field, depth) = (view.field, view.depth);
        let Type::Map(key_kind, kind) = value_kind(program, field, depth) else {
            return Err(Fault::Broken(Bug::MapWithoutKind));
        };
        let depth = depth + 1;
        if let Some(spot) = self.storage.recent(map, key) {
            return Ok(Entry { kind, spot, field, depth });
        }
        let mut path = self.storage.take_path();
        codec::write_count(&mut path, usize::from(field));
        path.extend_from_slice(&self.heap.map(map).keys);
        let encoded = self.encode(&mut path, key_kind, key);
        let length = path.len();
        self.storage.give_path(path);
        encoded?;
        if length > limits::STORAGE_KEY_BYTES_MAX {
            let message = format!("a key of a Map has at most {} bytes", limits::STORAGE_KEY_BYTES_MAX);
            return self.raise(classes::VALUE_ERROR, &message);
        }
        let spot = if let Type::Map(..) = **kind { Spot::Vacant(None) } else { self.storage.find() };
        Ok(Entry { kind, spot, field, depth })
    }

    /// `map[key]`.
    pub(crate) fn map_get(&mut self, world: &mut World<'_>, map: Handle, key: Value) -> Run<Value> {
        let Entry { kind, spot, field, depth } = self.entry(world.program, map, key)?;
        if let Type::Map(..) = kind {
            let keys = self.storage.keys().to_vec();
            let bytes = 32 + keys.len() as u64;
            return self.heap.new_map(MapView { field, depth, keys }, bytes);
        }
        let cell = self.load(world.host, kind, spot, field, depth)?;
        self.storage.remember(map, key, cell);
        match self.value_or_zero(kind, cell)? {
            Some(value) => Ok(value),
            None => self.raise_value(classes::KEY_ERROR, key),
        }
    }

    /// `map.get(key, default)`.
    pub(crate) fn map_get_or(&mut self, world: &mut World<'_>, map: Handle, args: Args) -> Run<Value> {
        if args.count == 0 || args.count > 2 {
            return self.raise(classes::TYPE_ERROR, "get() takes a key and a default");
        }
        let key = self.arg(args, 0);
        let value = self.map_find(world, map, key, "a Map of Maps has no get: read map[key]")?;
        Ok(value.unwrap_or_else(|| self.arg(args, 1)))
    }

    /// `key in map`.
    pub(crate) fn map_contains(&mut self, world: &mut World<'_>, map: Handle, key: Value) -> Run<bool> {
        let value = self.map_find(world, map, key, "a Map of Maps does not know its keys")?;
        Ok(value.is_some())
    }

    /// The value of an entry that was set; `refusal` is what a Map of Maps raises.
    fn map_find(
        &mut self,
        world: &mut World<'_>,
        map: Handle,
        key: Value,
        refusal: &str,
    ) -> Run<Option<Value>> {
        let Entry { kind, spot, field, depth } = self.entry(world.program, map, key)?;
        if let Type::Map(..) = kind {
            return self.raise(classes::TYPE_ERROR, refusal);
        }
        let cell = self.load(world.host, kind, spot, field, depth)?;
        self.storage.remember(map, key, cell);
        self.set_value(kind, cell)
    }

    /// `map[key] = value`.
    pub(crate) fn map_set(&mut self, program: &Program, map: Handle, key: Value, value: Value) -> Run<()> {
        self.check_writable()?;
        let Entry { kind, spot, field, depth } = self.entry(program, map, key)?;
        if let Type::Map(..) = kind {
            return self.raise(classes::TYPE_ERROR, "a Map is changed entry by entry");
        }
        let cell = self.put(kind, spot, field, depth, value)?;
        self.storage.remember(map, key, cell);
        Ok(())
    }

    /// `del map[key]`.
    pub(crate) fn map_delete(&mut self, world: &mut World<'_>, map: Handle, key: Value) -> Run<()> {
        self.check_writable()?;
        if self.map_find(world, map, key, "a Map is changed entry by entry")?.is_none() {
            return self.raise_value(classes::KEY_ERROR, key);
        }
        if let Some(Spot::Cell(cell)) = self.storage.recent(map, key) {
            self.storage.cell_mut(cell).assign(None);
        }
        Ok(())
    }

    /// Gives the host what has changed: at the end of the call, and before another contract is called.
    pub(crate) fn flush(&mut self, host: &mut dyn Host) -> Run<()> {
        if self.storage.is_clean() {
            return Ok(());
        }
        let program = Arc::clone(&self.heap.program);
        let index = std::mem::take(&mut self.storage.index);
        let mut scratch = self.storage.take_path();
        let flushed = index.iter().try_for_each(|cell| match self.storage.cell(cell).touched {
            true => self.flush_cell(host, &program, cell, &mut scratch),
            false => Ok(()),
        });
        self.storage.give_path(scratch);
        self.storage.index = index;
        flushed
    }

    fn flush_cell(
        &mut self,
        host: &mut dyn Host,
        program: &Program,
        at: usize,
        encoded: &mut Vec<u8>,
    ) -> Run<()> {
        encoded.clear();
        let cell = self.storage.cell(at);
        let (value, assigned) = (cell.value, cell.assigned);
        let kind = value_kind(program, cell.field, cell.depth);
        if let Some(value) = value {
            self.encode(encoded, kind, value)?;
        }
        let now = value.map(|_| encoded.as_slice());
        let cell = self.storage.cell(at);
        if !assigned && (now == cell.stored.as_deref() || cell.zero.is_some() && now == cell.zero.as_deref())
        {
            return Ok(());
        }
        self.check_writable()?;
        let path = self.storage.path_of(at);
        let size = path.len() + encoded.len();
        self.heap.meter.charge(gas::STORAGE_WRITE + gas::STORAGE_WRITE_BYTE * size as u64)?;
        host.write(&self.context.contract, path, now);
        let mutable = kind.is_mutable();
        let stored = now.filter(|_| mutable).map(<[u8]>::to_vec);
        self.storage.cell_mut(at).written(mutable, stored);
        Ok(())
    }
}
