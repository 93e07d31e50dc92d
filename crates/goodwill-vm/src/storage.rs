//! Storage: typed fields and Maps over the host's cells, with what a call has touched kept as
//! objects until its end.

use crate::{
    classes, codec,
    fault::Run,
    gas,
    heap::MapView,
    host::{Host, Key},
    interpreter::{Args, Machine},
    limits,
    program::Program,
    table::Table,
    types::Type,
    value::{Handle, Value},
};
use std::{collections::BTreeMap, sync::Arc};

/// A cell that the call has touched.
#[derive(Clone, Debug)]
struct Cell {
    /// `None`: it has no value.
    value: Option<Value>,
    /// What the host has.
    stored: Option<Vec<u8>>,
    field: u16,
    depth: u8,
    /// Whether it may differ from what the host has.
    touched: bool,
    /// Whether the contract assigned it.
    assigned: bool,
    /// The encoding of the zero that was read here, while nothing is stored or assigned.
    zero: Option<Vec<u8>>,
}

/// What a call has touched.
#[derive(Debug)]
pub(crate) struct Storage {
    cells: BTreeMap<Vec<u8>, Cell>,
    /// For each field that is a Map, the object for it.
    maps: Vec<Option<Value>>,
    /// The key at hand.
    path: Vec<u8>,
}

impl Storage {
    pub(crate) fn new(fields: usize) -> Self {
        Self { cells: BTreeMap::new(), maps: vec![None; fields], path: Vec::new() }
    }
}

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

impl Machine {
    /// Reads a field of the contract.
    pub(crate) fn read_field(&mut self, host: &mut dyn Host, program: &Program, field: u16) -> Run<Value> {
        let index = usize::from(field);
        let kind = &program.fields[index].kind;
        if let Type::Map(..) = kind {
            if let Some(map) = self.storage.maps[index] {
                return Ok(map);
            }
            let mut path = Vec::new();
            codec::write_count(&mut path, index);
            let map = self.heap.new_map(MapView { field, depth: 0, path }, 32)?;
            self.storage.maps[index] = Some(map);
            return Ok(map);
        }
        self.storage.path.clear();
        codec::write_count(&mut self.storage.path, index);
        match self.load(host, program, field, 0)? {
            Some(value) => Ok(value),
            None => match self.zero(kind)? {
                Some(zero) => {
                    self.keep_zero(kind, zero)?;
                    Ok(zero)
                }
                None => {
                    let name = program.name(program.fields[index].name);
                    self.raise(classes::ATTRIBUTE_ERROR, &format!("{name} has no value yet"))
                }
            },
        }
    }

    /// Writes a field of the contract.
    pub(crate) fn write_field(&mut self, program: &Program, field: u16, value: Value) -> Run<()> {
        self.check_writable()?;
        let kind = &program.fields[usize::from(field)].kind;
        if let Type::Map(..) = kind {
            return self.raise(classes::TYPE_ERROR, "a Map is changed entry by entry");
        }
        self.storage.path.clear();
        codec::write_count(&mut self.storage.path, usize::from(field));
        self.put(kind, field, 0, value)
    }

    /// The value of the cell at the path, `None` if it has none.
    fn load(&mut self, host: &mut dyn Host, program: &Program, field: u16, depth: u8) -> Run<Option<Value>> {
        if let Some(cell) = self.storage.cells.get(&self.storage.path) {
            self.heap.charge(gas::STORAGE_CACHED)?;
            return Ok(cell.value);
        }
        let contract = self.context.contract;
        let Ok(stored) = host.read(&contract, &self.storage.path) else {
            let path = self.storage.path.clone();
            return self.need(Key::Storage { contract, path });
        };
        let size = self.storage.path.len() + stored.as_ref().map_or(0, Vec::len);
        self.heap.charge(gas::STORAGE_READ + gas::STORAGE_READ_BYTE * size as u64)?;
        self.heap.meter.allocate(128 + size as u64)?;
        let path = self.storage.path.clone();
        let value = match &stored {
            Some(bytes) => Some(self.decode_value(bytes)?),
            None => None,
        };
        let touched = value_kind(program, field, depth).is_mutable();
        self.storage
            .cells
            .insert(path, Cell { value, stored, field, depth, touched, assigned: false, zero: None });
        Ok(value)
    }

    /// A zero that can be changed in place is kept, so that changes are.
    fn keep_zero(&mut self, kind: &Type, zero: Value) -> Run<()> {
        if !kind.is_mutable() {
            return Ok(());
        }
        let mut encoded = Vec::new();
        self.encode(&mut encoded, kind, zero)?;
        if let Some(cell) = self.storage.cells.get_mut(&self.storage.path) {
            cell.value = Some(zero);
            cell.zero = Some(encoded);
        }
        Ok(())
    }

    /// The value of the cell at the path, unless it is the zero that was read there and is unchanged.
    fn load_set(
        &mut self,
        host: &mut dyn Host,
        program: &Program,
        field: u16,
        depth: u8,
    ) -> Run<Option<Value>> {
        let value = self.load(host, program, field, depth)?;
        let zero = self.storage.cells.get(&self.storage.path).and_then(|cell| cell.zero.clone());
        match (value, zero) {
            (Some(value), Some(zero)) => {
                let mut encoded = Vec::new();
                self.encode(&mut encoded, value_kind(program, field, depth), value)?;
                Ok((encoded != zero).then_some(value))
            }
            _ => Ok(value),
        }
    }

    /// Sets the cell at the path.
    fn put(&mut self, kind: &Type, field: u16, depth: u8, value: Value) -> Run<()> {
        // Its kind is checked now, so that the error is raised here.
        let mut encoded = Vec::new();
        self.encode(&mut encoded, kind, value)?;
        if let Some(cell) = self.storage.cells.get_mut(&self.storage.path) {
            self.heap.meter.charge(gas::STORAGE_CACHED)?;
            cell.value = Some(value);
            cell.touched = true;
            cell.assigned = true;
            cell.zero = None;
            return Ok(());
        }
        self.heap.charge(gas::STORAGE_CACHED)?;
        self.heap.meter.allocate(128 + self.storage.path.len() as u64)?;
        let path = self.storage.path.clone();
        self.storage.cells.insert(
            path,
            Cell {
                value: Some(value),
                stored: None,
                field,
                depth,
                touched: true,
                assigned: true,
                zero: None,
            },
        );
        Ok(())
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

    /// Puts the path of a Map's entry together; returns the kind of its value, and the field.
    fn entry_path<'p>(&mut self, program: &'p Program, map: Handle, key: Value) -> Run<(&'p Type, u16, u8)> {
        let view = self.heap.map(map);
        let (field, depth) = (view.field, view.depth);
        let Type::Map(key_kind, value) = value_kind(program, field, depth) else {
            return Err(crate::fault::Fault::Broken("a Map without its kind"));
        };
        let mut path = std::mem::take(&mut self.storage.path);
        path.clear();
        path.extend_from_slice(&self.heap.map(map).path);
        let encoded = self.encode(&mut path, key_kind, key);
        let length = path.len();
        self.storage.path = path;
        encoded?;
        if length > limits::STORAGE_KEY_BYTES_MAX {
            let message = format!("a key of a Map has at most {} bytes", limits::STORAGE_KEY_BYTES_MAX);
            return self.raise(classes::VALUE_ERROR, &message);
        }
        Ok((value, field, depth + 1))
    }

    /// `map[key]`.
    pub(crate) fn map_get(&mut self, host: &mut dyn Host, map: Handle, key: Value) -> Run<Value> {
        let program = Arc::clone(&self.heap.program);
        let (kind, field, depth) = self.entry_path(&program, map, key)?;
        if let Type::Map(..) = kind {
            let path = self.storage.path.clone();
            let bytes = 32 + path.len() as u64;
            return self.heap.new_map(MapView { field, depth, path }, bytes);
        }
        match self.load(host, &program, field, depth)? {
            Some(value) => Ok(value),
            None => match self.zero(kind)? {
                Some(zero) => {
                    self.keep_zero(kind, zero)?;
                    Ok(zero)
                }
                None => self.raise_value(classes::KEY_ERROR, key),
            },
        }
    }

    /// `map.get(key, default)`.
    pub(crate) fn map_get_or(&mut self, host: &mut dyn Host, map: Handle, args: Args) -> Run<Value> {
        if args.count == 0 || args.count > 2 {
            return self.raise(classes::TYPE_ERROR, "get() takes a key and a default");
        }
        let program = Arc::clone(&self.heap.program);
        let (kind, field, depth) = self.entry_path(&program, map, self.arg(args, 0))?;
        if let Type::Map(..) = kind {
            return self.raise(classes::TYPE_ERROR, "a Map of Maps has no get: read map[key]");
        }
        let value = self.load_set(host, &program, field, depth)?;
        Ok(value.unwrap_or_else(|| self.arg(args, 1)))
    }

    /// `key in map`.
    pub(crate) fn map_contains(&mut self, host: &mut dyn Host, map: Handle, key: Value) -> Run<bool> {
        let program = Arc::clone(&self.heap.program);
        let (kind, field, depth) = self.entry_path(&program, map, key)?;
        if let Type::Map(..) = kind {
            return self.raise(classes::TYPE_ERROR, "a Map of Maps does not know its keys");
        }
        Ok(self.load_set(host, &program, field, depth)?.is_some())
    }

    /// `map[key] = value`.
    pub(crate) fn map_set(&mut self, map: Handle, key: Value, value: Value) -> Run<()> {
        self.check_writable()?;
        let program = Arc::clone(&self.heap.program);
        let (kind, field, depth) = self.entry_path(&program, map, key)?;
        if let Type::Map(..) = kind {
            return self.raise(classes::TYPE_ERROR, "a Map is changed entry by entry");
        }
        self.put(kind, field, depth, value)
    }

    /// `del map[key]`.
    pub(crate) fn map_delete(&mut self, host: &mut dyn Host, map: Handle, key: Value) -> Run<()> {
        self.check_writable()?;
        let program = Arc::clone(&self.heap.program);
        let (_, field, depth) = self.entry_path(&program, map, key)?;
        if self.load_set(host, &program, field, depth)?.is_none() {
            return self.raise_value(classes::KEY_ERROR, key);
        }
        if let Some(cell) = self.storage.cells.get_mut(&self.storage.path) {
            cell.value = None;
            cell.touched = true;
            cell.assigned = true;
            cell.zero = None;
        }
        Ok(())
    }

    /// Gives the host what has changed: at the end of the call, and before another contract is called.
    pub(crate) fn flush(&mut self, host: &mut dyn Host) -> Run<()> {
        let program = Arc::clone(&self.heap.program);
        let mut cells = std::mem::take(&mut self.storage.cells);
        let contract = self.context.contract;
        let mut result = Ok(());
        for (path, cell) in cells.iter_mut().filter(|(_, cell)| cell.touched) {
            result = self.flush_cell(host, &program, &contract, path, cell);
            if result.is_err() {
                break;
            }
        }
        self.storage.cells = cells;
        result
    }

    fn flush_cell(
        &mut self,
        host: &mut dyn Host,
        program: &Program,
        contract: &goodwill_types::Address,
        path: &[u8],
        cell: &mut Cell,
    ) -> Run<()> {
        let kind = value_kind(program, cell.field, cell.depth);
        let encoded = match cell.value {
            Some(value) => {
                let mut bytes = Vec::new();
                self.encode(&mut bytes, kind, value)?;
                Some(bytes)
            }
            None => None,
        };
        if !cell.assigned && (encoded == cell.stored || cell.zero.is_some() && encoded == cell.zero) {
            return Ok(());
        }
        self.check_writable()?;
        let size = path.len() + encoded.as_ref().map_or(0, Vec::len);
        self.heap.charge(gas::STORAGE_WRITE + gas::STORAGE_WRITE_BYTE * size as u64)?;
        host.write(contract, path, encoded.as_deref());
        cell.stored = encoded;
        cell.touched = kind.is_mutable();
        cell.assigned = false;
        cell.zero = None;
        Ok(())
    }
}
