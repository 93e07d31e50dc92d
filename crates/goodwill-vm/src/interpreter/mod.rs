//! The interpreter: one contract's call, as an explicit state that can stop for data of the host and
//! go on where it was.

mod arithmetic;
mod attribute;
mod bind;
mod build;
mod call;
mod compare;
mod execute;
mod global;
mod iterate;
mod numbers;
mod raise;
mod registers;
mod slice;
mod subscript;
mod texts;

use crate::{
    fault::{Fault, Run},
    heap::{Heap, Iterator, recycle},
    host::Key,
    meter::Meter,
    program::Program,
    storage::Storage,
    value::{Handle, NameId, Value},
};
use goodwill_types::{Address, Prefix};
use std::{collections::BTreeMap, sync::Arc};

pub(crate) use call::Args;
pub(crate) use raise::CAUSE;
use registers::Registers;

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

/// Arguments of a contract's call: encoded one after the other, those by name last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) positional: usize,
    pub(crate) keywords: Vec<String>,
    pub(crate) bytes: Vec<u8>,
}

/// A call of another contract that waits to be made.
#[derive(Clone, Debug)]
pub(crate) struct OutgoingCall {
    pub(crate) contract: Address,
    pub(crate) program: Arc<Program>,
    pub(crate) method: String,
    pub(crate) arguments: Arguments,
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
    /// `msg.sender` and `self.address`, when they were asked for.
    sender: Value,
    address: Value,
    /// Registers that the last call with a shape has changed, as they were before.
    spread: (usize, Vec<Value>),
    /// Memory for keywords.
    keywords: Vec<(NameId, Value)>,
    pub(crate) log_bytes: usize,
    pub(crate) events: usize,
}

impl Machine {
    /// A machine for a call.
    pub(crate) fn new(program: Arc<Program>, context: Context, meter: Meter) -> Self {
        let mut machine = Self {
            heap: Heap::new(program, meter),
            stack: Vec::new(),
            frames: Vec::new(),
            pc: 0,
            checkpoint: meter,
            context,
            storage: Storage::default(),
            needed: Vec::new(),
            outgoing: None,
            traces: BTreeMap::new(),
            globals: Vec::new(),
            sender: Value::Unbound,
            address: Value::Unbound,
            spread: (0, Vec::new()),
            keywords: Vec::new(),
            log_bytes: 0,
            events: 0,
        };
        machine.prepare();
        machine
    }

    /// As a new machine, with the memory of this one, which has forgotten its call.
    pub(crate) fn renew(&mut self, program: Arc<Program>, context: Context, meter: Meter) {
        self.heap.program = program;
        self.heap.meter = meter;
        self.checkpoint = meter;
        self.context = context;
        self.prepare();
    }

    fn prepare(&mut self) {
        let program = &self.heap.program;
        self.globals.resize(program.globals.len(), Value::Unbound);
        self.storage.prepare(program.fields.len());
    }

    /// Forgets its call, and keeps a little memory for the next.
    pub(crate) fn forget(&mut self) {
        self.heap.forget();
        recycle(&mut self.stack);
        recycle(&mut self.frames);
        self.pc = 0;
        self.storage.forget();
        self.needed.clear();
        self.outgoing = None;
        self.traces.clear();
        self.globals.clear();
        (self.sender, self.address) = (Value::Unbound, Value::Unbound);
        self.spread.1.clear();
        self.keywords.clear();
        self.log_bytes = 0;
        self.events = 0;
    }

    /// Functions and lines that it is in, the outermost first.
    pub(crate) fn place(&self) -> Vec<(u16, u32)> {
        let line = |frame: &Frame, next: usize| {
            let lines = &self.heap.program.functions[usize::from(frame.function)].lines;
            (frame.function, lines.get(next.saturating_sub(1)).copied().unwrap_or(0))
        };
        let Some((top, waiting)) = self.frames.split_last() else { return Vec::new() };
        let waiting = waiting.iter().map(|frame| line(frame, frame.pc as usize));
        waiting.chain([line(top, self.pc)]).collect()
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
