//! The cells that a call has touched: found by path, and in the order of paths when they are written.

use crate::{
    codec,
    heap::recycle,
    index::{Index, Place, prefix},
    value::{Handle, Value},
};
use std::ops::Range;

/// A cell that the call has touched.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// `None`: it has no value.
    pub(super) value: Option<Value>,
    /// What the host has, if the value can be changed in place.
    pub(super) stored: Option<Vec<u8>>,
    pub(super) field: u16,
    /// How many Maps below its field.
    pub(super) depth: u8,
    /// Whether it may differ from what the host has.
    pub(super) touched: bool,
    /// Whether the contract assigned it.
    pub(super) assigned: bool,
    /// The encoding of the zero that was read here, while nothing is stored or assigned.
    pub(super) zero: Option<Vec<u8>>,
    /// Where its path is.
    pub(super) path: Range<usize>,
}

impl Cell {
    /// The contract sets it, or deletes it.
    pub(super) fn assign(&mut self, value: Option<Value>) {
        self.value = value;
        self.touched = true;
        self.assigned = true;
        self.zero = None;
    }

    /// The host has it; a value that can be changed in place must be compared with it later.
    pub(super) fn written(&mut self, mutable: bool, stored: Option<Vec<u8>>) {
        self.touched = mutable;
        self.stored = stored;
        self.assigned = false;
        self.zero = None;
    }
}

/// Where a cell is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spot {
    /// It was touched before.
    Cell(usize),
    /// It was not; where its path belongs, if that is known.
    Vacant(Option<Place>),
}

/// What a call has touched.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    cells: Vec<Cell>,
    /// Paths of the cells, one after the other.
    paths: Vec<u8>,
    /// By path.
    pub(super) index: Index,
    /// For each field that is a Map, the object for it.
    pub(super) maps: Vec<Option<Value>>,
    /// The path at hand.
    path: Vec<u8>,
    /// The Map, key and cell that were used last.
    recent: Option<(Handle, Value, usize)>,
}

impl Storage {
    /// Prepares for a contract with so many fields.
    pub(crate) fn prepare(&mut self, fields: usize) {
        self.maps.resize(fields, None);
    }

    /// Forgets the last call.
    pub(crate) fn forget(&mut self) {
        recycle(&mut self.cells);
        recycle(&mut self.paths);
        recycle(&mut self.path);
        self.index.clear();
        self.maps.clear();
        self.recent = None;
    }

    pub(super) fn cell(&self, at: usize) -> &Cell {
        &self.cells[at]
    }

    pub(super) fn cell_mut(&mut self, at: usize) -> &mut Cell {
        &mut self.cells[at]
    }

    /// The path at hand.
    pub(super) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The keys of the path at hand, without its field.
    pub(super) fn keys(&self) -> &[u8] {
        let field = self.path.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
        &self.path[field..]
    }

    pub(super) fn path_of(&self, at: usize) -> &[u8] {
        &self.paths[self.cells[at].path.clone()]
    }

    /// The buffer of the path at hand, empty, to be given back.
    pub(super) fn take_path(&mut self) -> Vec<u8> {
        self.path.clear();
        std::mem::take(&mut self.path)
    }

    pub(super) fn give_path(&mut self, path: Vec<u8>) {
        self.path = path;
    }

    /// Where the cell of a field is.
    pub(super) fn field_spot(&mut self, field: u16) -> Spot {
        self.path.clear();
        codec::write_count(&mut self.path, usize::from(field));
        self.find()
    }

    /// Where the cell with the path at hand is.
    pub(super) fn find(&self) -> Spot {
        let path = &self.path[..];
        let place = self.index.find(prefix(path), |cell| self.path_of(cell).cmp(path));
        place.entry.map_or(Spot::Vacant(Some(place)), Spot::Cell)
    }

    /// Adds a cell with the path at hand.
    pub(super) fn insert(&mut self, spot: Spot, mut cell: Cell) -> usize {
        let at = self.cells.len();
        if let Spot::Vacant(Some(place)) = spot {
            self.index.insert(place, at);
        }
        let start = self.paths.len();
        self.paths.extend_from_slice(&self.path);
        cell.path = start..self.paths.len();
        self.cells.push(cell);
        at
    }

    /// The cell of a Map's entry, if it is the one that was used last. Keys that fit a Map are
    /// immutable, so that equal handles are equal keys.
    pub(super) fn recent(&self, map: Handle, key: Value) -> Option<Spot> {
        self.recent.filter(|recent| (recent.0, recent.1) == (map, key)).map(|recent| Spot::Cell(recent.2))
    }

    /// Remembers the entry that was used last.
    pub(super) fn remember(&mut self, map: Handle, key: Value, cell: usize) {
        self.recent = Some((map, key, cell));
    }

    /// Whether no cell can differ from what the host has.
    pub(super) fn is_clean(&self) -> bool {
        self.cells.iter().all(|cell| !cell.touched)
    }
}
