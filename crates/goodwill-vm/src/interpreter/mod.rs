//! The interpreter: one contract's call, as an explicit state that can stop for data of the host and
//! go on where it was.

mod arithmetic;
mod attribute;
mod call;
mod compare;
mod execute;
mod iterate;
mod raise;
mod subscript;

use crate::{
    fault::{Fault, Run},
    heap::{Heap, Iterator},
    host::Key,
    meter::Meter,
    program::Program,
    storage::Storage,
    value::{Handle, Value},
};
use goodwill_types::{Address, Prefix};
use std::{collections::BTreeMap, sync::Arc};

pub(crate) use call::Args;
pub(crate) use raise::CAUSE;

/// A function's activation.
#[derive(Clone, Copy, Debug)]
struct Frame {
    function: u16,
    /// The next instruction, while another frame is on top.
    pc: u32,
    /// Its first register in the stack; its result goes to the one before.
    base: u32,
    /// The object that a constructor makes: what the call results in.
    constructs: Value,
}

/// Who calls what, with how many coins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    pub(crate) contract: Address,
    pub(crate) sender: Address,
    pub(crate) value: u128,
    /// A view changes nothing.
    pub(crate) view: bool,
    pub(crate) prefix: Prefix,
}

/// A call of another contract that waits to be made.
#[derive(Clone, Debug)]
pub(crate) struct OutgoingCall {
    pub(crate) contract: Address,
    pub(crate) program: Arc<Program>,
    pub(crate) method: String,
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) value: u128,
}

/// One contract's call: heap, registers, frames, touched storage.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) heap: Heap,
    pub(crate) stack: Vec<Value>,
    frames: Vec<Frame>,
    pc: usize,
    /// What was left before the instruction that the host could not serve.
    pub(crate) checkpoint: Meter,
    pub(crate) context: Context,
    pub(crate) storage: Storage,
    pub(crate) needed: Vec<Key>,
    pub(crate) outgoing: Option<OutgoingCall>,
    /// For each exception the places that it passed, the innermost first: function and line.
    pub(crate) traces: BTreeMap<Handle, Vec<(u16, u32)>>,
    globals: Vec<Value>,
    /// Registers that the last call with a shape has changed, as they were before.
    spread: (usize, Vec<Value>),
    pub(crate) log_bytes: usize,
    pub(crate) events: usize,
}

impl Machine {
    pub(crate) fn new(program: Arc<Program>, context: Context, meter: Meter) -> Self {
        let globals = vec![Value::Unbound; program.globals.len()];
        let fields = program.fields.len();
        Self {
            heap: Heap::new(program, meter),
            stack: Vec::new(),
            frames: Vec::new(),
            pc: 0,
            checkpoint: meter,
            context,
            storage: Storage::new(fields),
            needed: Vec::new(),
            outgoing: None,
            traces: BTreeMap::new(),
            globals,
            spread: (0, Vec::new()),
            log_bytes: 0,
            events: 0,
        }
    }

    /// Says which data is missing, and stops the instruction.
    pub(crate) fn need<T>(&mut self, key: Key) -> Run<T> {
        self.needed.push(key);
        Err(Fault::Need)
    }

    /// Checks that the contract may change state now.
    pub(crate) fn check_writable(&mut self) -> Run<()> {
        if self.context.view {
            return self.raise(crate::classes::PERMISSION_ERROR, "a view cannot change state");
        }
        Ok(())
    }

    /// All elements of an iterable.
    pub(crate) fn collect(&mut self, source: Value) -> Run<Vec<Value>> {
        let at_once = match source {
            Value::List(list) => Some(self.heap.list(list).items.len()),
            Value::Tuple(tuple) => Some(self.heap.tuple(tuple).len()),
            _ => None,
        };
        if let Some(count) = at_once {
            self.heap.charge_elements(count)?;
            return Ok(match source {
                Value::List(list) => self.heap.list(list).items.clone(),
                Value::Tuple(tuple) => self.heap.tuple(tuple).to_vec(),
                _ => Vec::new(),
            });
        }
        let state = self.start_iteration(source)?;
        let mut cursor = Iterator::Plain { source: state.0, state: state.1 };
        let mut items = Vec::new();
        while let Some(item) = self.advance(&mut cursor)? {
            self.heap.charge_elements(1)?;
            items.push(item);
        }
        Ok(items)
    }
}
