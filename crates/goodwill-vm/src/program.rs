//! A compiled contract: what the compiler makes and the interpreter reads. Immutable and shared.

use crate::{
    bytecode::{Handler, Op, Reg},
    classes,
    names::{self, Known},
    types::Type,
    value::{ClassId, NameId, Value},
};
use ethnum::I256;
use goodwill_types::Address;
use std::collections::BTreeMap;

/// The version of the language and its prices; a contract keeps the one it was deployed with.
pub const VM_VERSION: u16 = 1;

/// What is in [`Program::field_of_name`] for other names.
pub(crate) const NO_FIELD: u16 = u16::MAX;

/// A compiled contract.
#[derive(Debug)]
pub struct Program {
    /// The file's name, for tracebacks.
    pub file: Box<str>,
    /// The source, for tracebacks.
    pub source: Box<str>,
    pub(crate) names: Vec<Box<str>>,
    pub(crate) constants: Vec<Value>,
    pub(crate) strings: Vec<Box<str>>,
    /// Characters of each text.
    pub(crate) string_lengths: Vec<u32>,
    pub(crate) blobs: Vec<Box<[u8]>>,
    pub(crate) wides: Vec<I256>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) tuples: Vec<Box<[Value]>>,
    pub(crate) globals: Vec<Global>,
    pub(crate) functions: Vec<Function>,
    pub(crate) classes: Vec<Class>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) fields: Vec<Field>,
    /// For each name the field that has it, or [`NO_FIELD`].
    pub(crate) field_of_name: Vec<u16>,
    pub(crate) exports: BTreeMap<Box<str>, Export>,
    /// The class that is deployed.
    pub(crate) contract: ClassId,
}

/// A module's constant that is a list, dict or set: made anew in each call, and never changed.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Global {
    List(Vec<Global>),
    Tuple(Vec<Global>),
    Set(Vec<Global>),
    Dict(Vec<(Global, Global)>),
    Value(Value),
}

/// A function's code.
#[derive(Debug, Hash)]
pub(crate) struct Function {
    pub(crate) name: NameId,
    pub(crate) parameters: Parameters,
    pub(crate) code: Vec<Op>,
    /// The line of each instruction, from 1.
    pub(crate) lines: Vec<u32>,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) registers: u16,
    /// Names of the first registers.
    pub(crate) locals: Vec<NameId>,
    /// For a closure: registers of the maker that hold the cells; they are put after the parameters.
    pub(crate) captured: Vec<Reg>,
}

/// What a function takes. Registers: positional, keyword-only, then the star's tuple.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Parameters {
    pub(crate) names: Vec<NameId>,
    /// How many of them can be given by position.
    pub(crate) positional: u16,
    /// For each name, what it is if not given.
    pub(crate) defaults: Vec<Option<Value>>,
    /// The name of `*args`.
    pub(crate) star: bool,
    /// Whether all can be given by position, and all must be: a call needs no binding.
    pub(crate) simple: bool,
}

impl Parameters {
    /// Registers that a call fills.
    pub(crate) fn registers(&self) -> usize {
        self.names.len() + usize::from(self.star)
    }
}

/// A class.
#[derive(Debug, Hash)]
pub(crate) struct Class {
    pub(crate) name: NameId,
    pub(crate) base: Option<ClassId>,
    pub(crate) kind: ClassKind,
    /// Own and inherited methods.
    pub(crate) methods: BTreeMap<NameId, u16>,
    /// Own and inherited constants.
    pub(crate) attributes: BTreeMap<NameId, Value>,
}

/// What instances of a class are.
#[derive(Clone, Debug, Hash)]
pub(crate) enum ClassKind {
    Plain,
    Exception,
    Contract,
    Record { fields: Vec<RecordField>, frozen: bool, order: bool, eq: bool },
}

/// A field of a dataclass.
#[derive(Clone, Debug, Hash)]
pub(crate) struct RecordField {
    pub(crate) name: NameId,
    pub(crate) kind: Type,
    pub(crate) default: Option<Value>,
}

/// The form of a call with keywords or a star.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Shape {
    /// Positional arguments, or 1 if they are a list, because of a star.
    pub(crate) positional: u8,
    pub(crate) star: bool,
    pub(crate) keywords: Vec<NameId>,
}

/// A field of the contract's storage.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Field {
    pub(crate) name: NameId,
    pub(crate) kind: Type,
}

/// A method that can be called from outside.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Export {
    pub(crate) function: u16,
    pub(crate) view: bool,
    pub(crate) payable: bool,
    /// The kinds of its parameters, without `self`; `None` where there is no hint.
    pub(crate) parameters: Vec<Option<Type>>,
    pub(crate) star: Option<Type>,
    pub(crate) returns: Option<Type>,
}

/// A parameter of a method that can be called from outside.
#[derive(Debug)]
pub(crate) struct Parameter<'p> {
    pub(crate) method: &'p str,
    pub(crate) name: &'p str,
    /// `None` where there is no hint.
    pub(crate) kind: Option<&'p Type>,
}

impl Export {
    /// The parameter that takes the positional argument with this number, from 0; `None` if there are
    /// not so many.
    pub(crate) fn parameter<'p>(&'p self, program: &'p Program, index: usize) -> Option<Parameter<'p>> {
        let function = &program.functions[usize::from(self.function)];
        // Without `self`.
        if index + 1 < usize::from(function.parameters.positional) {
            return Some(self.named(program, index));
        }
        let star = self.star.as_ref()?;
        let name =
            function.locals.get(function.parameters.names.len()).map_or("*", |name| program.name(*name));
        Some(Parameter { method: program.name(function.name), name, kind: Some(star) })
    }

    /// The parameter with this number, from 0, however it is given.
    pub(crate) fn named<'p>(&'p self, program: &'p Program, slot: usize) -> Parameter<'p> {
        let function = &program.functions[usize::from(self.function)];
        let name = program.name(function.parameters.names[slot + 1]);
        Parameter { method: program.name(function.name), name, kind: self.parameters[slot].as_ref() }
    }
}

impl Program {
    /// The text of a name.
    pub(crate) fn name(&self, id: NameId) -> &str {
        match Known::of(id) {
            Some(known) => known.text(),
            None => self.names.get(usize::from(id) - names::known_count()).map_or("?", |name| name),
        }
    }

    /// The number of the field with a name.
    #[inline]
    pub(crate) fn field(&self, name: NameId) -> Option<u16> {
        self.field_of_name.get(usize::from(name)).copied().filter(|field| *field != NO_FIELD)
    }

    /// The name of a class.
    pub(crate) fn class_name(&self, class: ClassId) -> &str {
        match classes::BUILTIN.get(usize::from(class)) {
            Some((name, _)) => name,
            None => self.name(self.class(class).map_or(0, |class| class.name)),
        }
    }

    /// A class of the file, not a builtin one.
    pub(crate) fn class(&self, class: ClassId) -> Option<&Class> {
        self.classes.get(usize::from(class).checked_sub(classes::BUILTIN.len())?)
    }

    /// Whether a class is another or derives from it.
    pub(crate) fn is_subclass(&self, mut class: ClassId, other: ClassId) -> bool {
        loop {
            if class == other || other == classes::OBJECT {
                return true;
            }
            match self.class(class) {
                Some(Class { base: Some(base), .. }) => class = *base,
                Some(Class { base: None, .. }) => return false,
                None => return classes::is_below(class, other),
            }
        }
    }

    /// The text of a line, from 1, without the white space around it.
    pub(crate) fn line(&self, line: u32) -> &str {
        self.source.lines().nth(line.saturating_sub(1) as usize).unwrap_or("").trim()
    }

    /// A hash of the compiled program, for the deployment's receipt.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Digest(blake3::Hasher::new());
        self.hash_into(&mut digest);
        *digest.0.finalize().as_bytes()
    }

    fn hash_into(&self, digest: &mut Digest) {
        use std::hash::Hash;
        VM_VERSION.hash(digest);
        self.names.hash(digest);
        self.constants.hash(digest);
        self.strings.hash(digest);
        self.blobs.hash(digest);
        self.wides.iter().for_each(|wide| wide.to_le_bytes().hash(digest));
        self.addresses.iter().for_each(|address| address.to_bytes().hash(digest));
        self.tuples.hash(digest);
        self.globals.hash(digest);
        self.functions.hash(digest);
        self.classes.hash(digest);
        self.shapes.hash(digest);
        self.fields.hash(digest);
        self.exports.hash(digest);
        self.contract.hash(digest);
    }

    /// Instructions of all functions, for statistics and the gas of compilation.
    pub fn instructions(&self) -> usize {
        self.functions.iter().map(|function| function.code.len()).sum()
    }
}

/// Feeds what derives `Hash` to BLAKE3, with integers little-endian on every machine.
struct Digest(blake3::Hasher);

impl std::hash::Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    fn write_u16(&mut self, value: u16) {
        self.write(&value.to_le_bytes());
    }
    fn write_u32(&mut self, value: u32) {
        self.write(&value.to_le_bytes());
    }
    fn write_u64(&mut self, value: u64) {
        self.write(&value.to_le_bytes());
    }
    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }
    fn finish(&self) -> u64 {
        0
    }
}
