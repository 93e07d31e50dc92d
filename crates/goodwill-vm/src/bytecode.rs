//! Instructions: a register machine, 8 bytes each.
//!
//! `a`, `b`, `c`, `src` and the like are operands: a register of the frame, or a constant of the
//! program if the highest bit is set. `dst`, `base` and `list` are registers. A call leaves its
//! result in `base`; its arguments follow there, and become the first registers of the callee.

use crate::value::NameId;

/// A register of the frame.
pub(crate) type Reg = u16;
/// A register, or a constant if [`CONSTANT`] is set.
pub(crate) type Operand = u16;
/// Marks an operand as a constant.
pub(crate) const CONSTANT: u16 = 0x8000;

/// Arithmetic with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Binary {
    Add,
    Sub,
    Mul,
    FloorDiv,
    Mod,
    Pow,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Xor,
}

/// Comparison of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
    Is,
    IsNot,
}

/// Arithmetic with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Unary {
    Minus,
    Plus,
    Invert,
    Not,
}

/// How `sorted`, `min` and `max` use the keys that were computed for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ByKeys {
    Sort,
    SortReversed,
    Min,
    Max,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Move {
        dst: Reg,
        src: Operand,
    },
    Unbind {
        reg: Reg,
    },
    /// A module's mutable constant, made at its first use in a call.
    LoadGlobal {
        dst: Reg,
        global: u16,
    },
    NewCell {
        reg: Reg,
    },
    LoadCell {
        dst: Reg,
        cell: Reg,
    },
    StoreCell {
        cell: Reg,
        src: Operand,
    },
    UnbindCell {
        cell: Reg,
    },
    /// A function with the cells that its description lists.
    NewClosure {
        dst: Reg,
        function: u16,
    },

    Add {
        dst: Reg,
        a: Operand,
        b: Operand,
    },
    Sub {
        dst: Reg,
        a: Operand,
        b: Operand,
    },
    Mul {
        dst: Reg,
        a: Operand,
        b: Operand,
    },
    FloorDiv {
        dst: Reg,
        a: Operand,
        b: Operand,
    },
    Mod {
        dst: Reg,
        a: Operand,
        b: Operand,
    },
    Arithmetic {
        kind: Binary,
        dst: Reg,
        a: Operand,
        b: Operand,
    },
    InPlace {
        kind: Binary,
        dst: Reg,
        a: Operand,
        b: Operand,
    },
    Apply {
        kind: Unary,
        dst: Reg,
        a: Operand,
    },
    Test {
        kind: Compare,
        dst: Reg,
        a: Operand,
        b: Operand,
    },

    Jump {
        target: u16,
    },
    JumpIf {
        when: bool,
        src: Operand,
        target: u16,
    },
    /// Jumps when the comparison's result is `false`.
    JumpUnless {
        kind: Compare,
        a: Operand,
        b: Operand,
        target: u16,
    },
    /// Jumps when the comparison's result is `true`.
    JumpWhen {
        kind: Compare,
        a: Operand,
        b: Operand,
        target: u16,
    },

    /// Starts iterating over `src`: what it is over in `iter`, where it is in the next register.
    Iterate {
        iter: Reg,
        src: Operand,
    },
    /// Takes the next element and jumps, to the loop's body; goes on after the last.
    ForEach {
        dst: Reg,
        iter: Reg,
        target: u16,
    },
    /// Makes next, stop and step in three registers from the arguments of `range` there.
    StartRange {
        iter: Reg,
        count: u8,
    },
    ForRange {
        dst: Reg,
        iter: Reg,
        target: u16,
    },

    Index {
        dst: Reg,
        object: Operand,
        key: Operand,
    },
    StoreIndex {
        object: Operand,
        key: Operand,
        src: Operand,
    },
    DeleteIndex {
        object: Operand,
        key: Operand,
    },
    /// Start, stop and step in three registers from `base`.
    Slice {
        dst: Reg,
        object: Operand,
        base: Reg,
    },
    /// As `Slice`, with the new elements in the fourth register.
    StoreSlice {
        object: Operand,
        base: Reg,
    },
    DeleteSlice {
        object: Operand,
        base: Reg,
    },
    Attribute {
        dst: Reg,
        object: Operand,
        name: NameId,
    },
    StoreAttribute {
        object: Operand,
        name: NameId,
        src: Operand,
    },

    NewList {
        dst: Reg,
        base: Reg,
        count: u16,
    },
    NewTuple {
        dst: Reg,
        base: Reg,
        count: u16,
    },
    NewSet {
        dst: Reg,
        base: Reg,
        count: u16,
    },
    NewDict {
        dst: Reg,
        base: Reg,
        count: u16,
    },
    Append {
        list: Reg,
        src: Operand,
    },
    Extend {
        list: Reg,
        src: Operand,
    },
    AddToSet {
        set: Reg,
        src: Operand,
    },
    MergeDict {
        dict: Reg,
        src: Operand,
    },
    ToTuple {
        dst: Reg,
        list: Reg,
    },
    Unpack {
        src: Operand,
        base: Reg,
        count: u16,
    },
    /// Unpacking with a star: `before` single targets, the rest as a list, `after` single targets.
    UnpackRest {
        after: u8,
        src: Operand,
        base: Reg,
        before: u16,
    },

    Call {
        base: Reg,
        count: u8,
    },
    CallFunction {
        base: Reg,
        function: u16,
        count: u8,
    },
    CallBuiltin {
        base: Reg,
        builtin: u16,
        count: u8,
    },
    /// The receiver is in `base + 1`, before the arguments.
    CallMethod {
        base: Reg,
        name: NameId,
        count: u8,
    },
    /// As `Call`, with keywords or a star, as the shape says.
    CallShape {
        base: Reg,
        shape: u16,
    },
    CallMethodShape {
        base: Reg,
        name: NameId,
        shape: u16,
    },
    Return {
        src: Operand,
    },

    Raise {
        src: Operand,
    },
    RaiseFrom {
        src: Operand,
        cause: Operand,
    },
    /// Raises what a handler has caught again, as it was.
    Reraise {
        src: Reg,
    },
    /// Whether the exception is of a class, or of one of a tuple of classes.
    Matches {
        dst: Reg,
        exception: Reg,
        class: Operand,
    },
    /// An assertion failed; `src` is its message, unbound if it has none.
    FailAssertion {
        src: Operand,
    },

    /// `str(src)`, `repr(src)` (conversion `r`) or `ascii(src)` (`a`).
    ToText {
        dst: Reg,
        src: Operand,
        conversion: u8,
    },
    Format {
        dst: Reg,
        src: Operand,
        spec: Operand,
    },
    JoinTexts {
        dst: Reg,
        base: Reg,
        count: u16,
    },

    /// Whether `src` is a list or tuple of exactly, or at least, so many elements.
    IsSequence {
        exact: bool,
        dst: Reg,
        src: Operand,
        count: u16,
    },
    /// A list's copy, for a sort with keys.
    ListOf {
        dst: Reg,
        src: Operand,
    },
    /// That it is a list, which `list.sort` needs.
    CheckList {
        src: Operand,
    },
    ByKeys {
        kind: ByKeys,
        dst: Reg,
        list: Reg,
        keys: Reg,
    },
}

const _: () = assert!(size_of::<Op>() == 8);

/// Where an exception goes: the first entry that covers the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Handler {
    /// First instruction that is covered.
    pub(crate) start: u16,
    /// First that is not.
    pub(crate) end: u16,
    /// Where it goes on.
    pub(crate) target: u16,
    /// Where the exception is put.
    pub(crate) register: Reg,
}
