//! The code of one function: registers, labels, variables.

use super::{
    Compiled, Context,
    constant::fold,
    module::{Module, Pending, Symbol, builtin_symbol},
    scan::{Body, names_in},
    tries::Block,
};
use crate::{
    bytecode::{Handler, Op, Operand, Reg},
    limits,
    program::{ClassKind, Function, Parameters},
    value::{ClassId, NameId, Value},
};
use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};
use std::collections::{BTreeMap, BTreeSet};

/// Where a variable of a function is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Binding {
    Register(Reg),
    /// In a cell that is in this register.
    Cell(Reg),
}

/// A place in the code that is not known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label(usize);

/// What a name means inside a function.
pub(super) enum Meaning {
    Local(Binding),
    Symbol(Symbol),
}

/// A function while it is compiled.
#[derive(Default)]
pub(super) struct State<'a> {
    pub(super) class: Option<ClassId>,
    bindings: BTreeMap<&'a str, Binding>,
    /// Variables of comprehensions, which hide others.
    pub(super) overlays: Vec<(&'a str, Binding)>,
    /// Names that inner functions use: such variables live in cells.
    inner: BTreeSet<&'a str>,
    pub(super) code: Vec<Op>,
    lines: Vec<u32>,
    pub(super) handlers: Vec<Handler>,
    labels: Vec<Option<u16>>,
    patches: Vec<(usize, Label)>,
    pub(super) blocks: Vec<Block<'a>>,
    /// Registers of the exceptions that are being handled.
    pub(super) handled: Vec<Reg>,
    top: Reg,
    registers: Reg,
    pub(super) walrus: bool,
    line: u32,
    line_range: std::ops::Range<u32>,
    captured: Vec<Reg>,
    locals: Vec<NameId>,
}

/// Makes the code of functions; inner functions are on top of their makers.
pub(super) struct Emitter<'m, 'a> {
    pub(super) module: &'m mut Module<'a>,
    pub(super) context: &'a Context<'a>,
    states: Vec<State<'a>>,
}

impl<'m, 'a> Emitter<'m, 'a> {
    pub(super) fn new(module: &'m mut Module<'a>) -> Self {
        let context = module.context;
        Self { module, context, states: Vec::new() }
    }

    /// The function that is compiled.
    pub(super) fn state(&mut self) -> &mut State<'a> {
        let last = self.states.len() - 1;
        &mut self.states[last]
    }

    /// The contract whose method this is.
    pub(super) fn contract(&self) -> Option<ClassId> {
        let class = self.states.last()?.class?;
        matches!(self.module.kind_of(class), ClassKind::Contract).then_some(class)
    }

    pub(super) fn refuse<T>(&self, range: TextRange, message: impl Into<String>, hint: &str) -> Compiled<T> {
        Err(self.context.refuse(range, message, hint))
    }

    /// Compiles a function of the module or a method.
    pub(super) fn compile_def(&mut self, pending: &Pending<'a>) -> Compiled<Function> {
        let def = pending.def;
        self.check_def(def)?;
        let parameters = self.parameters(&def.parameters)?;
        self.function(
            def.name.range,
            def.name.as_str(),
            pending.class,
            parameters,
            Some(&def.parameters),
            Body::Statements(&def.body),
        )
    }

    pub(super) fn check_def(&self, def: &ast::StmtFunctionDef) -> Compiled<()> {
        if def.is_async {
            return self.refuse(def.range(), "async is not supported", "write def");
        }
        if let Some(parameters) = &def.type_params {
            return self.refuse(parameters.range, "type parameters are not supported", "leave them out");
        }
        Ok(())
    }

    /// Compiles the code of a function, method, lambda or inner function.
    pub(super) fn function(
        &mut self,
        range: TextRange,
        name: &'a str,
        class: Option<ClassId>,
        parameters: Parameters,
        declared: Option<&'a ast::Parameters>,
        body: Body<'a>,
    ) -> Compiled<Function> {
        let names = body.names();
        let mut state = State { class, inner: names.inner, walrus: names.walrus, ..State::default() };
        let mut cells = Vec::new();
        for parameter in declared.into_iter().flat_map(parameter_names) {
            cells.extend(state.bind(parameter));
        }
        self.capture(&mut state, &names.assigned, body);
        for name in names.assigned {
            if !state.bindings.contains_key(name) {
                cells.extend(state.bind(name));
            }
        }
        if state.top >= limits::REGISTERS_MAX {
            return self.refuse(
                range,
                "the function needs too many registers",
                "divide it into several functions",
            );
        }
        let mut by_register: Vec<(Reg, &str)> =
            state.bindings.iter().map(|(name, binding)| (binding.register(), *name)).collect();
        by_register.sort_unstable();
        for (_, name) in by_register {
            state.locals.push(self.module.name(range, name)?);
        }
        self.states.push(state);
        self.at(range);
        for cell in cells {
            self.emit(range, Op::NewCell { reg: cell })?;
        }
        match body {
            Body::Statements(body) => {
                self.body(body)?;
                let none = self.constant(range, Value::None)?;
                self.emit(range, Op::Return { src: none })?;
            }
            Body::Expression(body) => {
                let value = self.operand(body)?;
                self.emit(range, Op::Return { src: value })?;
            }
        }
        let name = self.module.name(range, name)?;
        self.finish(range, name, parameters)
    }

    /// Binds the variables of makers that an inner function uses.
    fn capture(&self, state: &mut State<'a>, assigned: &[&'a str], body: Body<'a>) {
        let Some(maker) = self.states.last() else { return };
        for name in names_in(body) {
            if state.bindings.contains_key(name) || assigned.contains(&name) {
                continue;
            }
            if let Some(Binding::Cell(register)) = maker.lookup(name) {
                let own = state.reserve();
                state.bindings.insert(name, Binding::Cell(own));
                state.captured.push(register);
            }
        }
    }

    fn finish(&mut self, range: TextRange, name: NameId, parameters: Parameters) -> Compiled<Function> {
        let Some(mut state) = self.states.pop() else { return self.refuse(range, "no function", "") };
        for (at, label) in std::mem::take(&mut state.patches) {
            let to = state.labels[label.0].unwrap_or(0);
            match &mut state.code[at] {
                Op::Jump { target }
                | Op::JumpIf { target, .. }
                | Op::JumpUnless { target, .. }
                | Op::JumpWhen { target, .. }
                | Op::ForEach { target, .. }
                | Op::ForRange { target, .. } => *target = to,
                _ => {}
            }
        }
        Ok(Function {
            name,
            parameters,
            code: state.code,
            lines: state.lines,
            handlers: state.handlers,
            registers: state.registers + 2,
            locals: state.locals,
            captured: state.captured,
        })
    }

    /// What a function takes; defaults are constants.
    pub(super) fn parameters(&mut self, declared: &'a ast::Parameters) -> Compiled<Parameters> {
        if let Some(keywords) = &declared.kwarg {
            return self.refuse(keywords.range, "**keywords are not supported", "name the parameters");
        }
        let mut parameters = Parameters::default();
        for parameter in declared.iter_non_variadic_params() {
            let name = parameter.name();
            super::module::check_dunder(self.context, name.range, name.as_str())?;
            parameters.names.push(self.module.name(name.range, name.as_str())?);
            let default = parameter.default().map(|default| self.default(default)).transpose()?;
            parameters.defaults.push(default);
        }
        parameters.positional = (declared.posonlyargs.len() + declared.args.len()) as u16;
        parameters.star = declared.vararg.is_some();
        if parameters.names.len() > limits::ARGUMENTS_MAX {
            return self.refuse(declared.range, "too many parameters", "pass a list or a dataclass");
        }
        parameters.simple = !parameters.star
            && usize::from(parameters.positional) == parameters.names.len()
            && parameters.defaults.iter().all(Option::is_none);
        Ok(parameters)
    }

    fn default(&mut self, default: &'a ast::Expr) -> Compiled<Value> {
        let hint = "a default is a constant; use None and make the value in the function";
        match fold(self.context, &mut self.module.pool, &self.module.symbols, default)? {
            Some(value) => Ok(value),
            None => self.refuse(default.range(), "not a constant", hint),
        }
    }

    // Code.

    /// Adds an instruction.
    pub(super) fn emit(&mut self, range: TextRange, op: Op) -> Compiled<usize> {
        self.module.count(range)?;
        let state = self.state();
        let at = state.code.len();
        if at >= limits::CODE_LENGTH_MAX {
            return self.refuse(range, "the function is too long", "divide it into several functions");
        }
        let line = state.line;
        state.code.push(op);
        state.lines.push(line);
        Ok(at)
    }

    /// Adds an instruction that jumps to a label.
    pub(super) fn emit_jump(&mut self, range: TextRange, op: Op, label: Label) -> Compiled<()> {
        let at = self.emit(range, op)?;
        self.state().patches.push((at, label));
        Ok(())
    }

    /// Adds a jump.
    pub(super) fn jump(&mut self, range: TextRange, label: Label) -> Compiled<()> {
        self.emit_jump(range, Op::Jump { target: 0 }, label)
    }

    pub(super) fn label(&mut self) -> Label {
        let state = self.state();
        state.labels.push(None);
        Label(state.labels.len() - 1)
    }

    /// Puts a label here.
    pub(super) fn place(&mut self, label: Label) {
        let state = self.state();
        state.labels[label.0] = Some(state.code.len() as u16);
    }

    /// The position of the next instruction.
    pub(super) fn here(&mut self) -> u16 {
        self.state().code.len() as u16
    }

    /// What follows belongs to this place of the source. Returns the line so far.
    pub(super) fn at(&mut self, range: TextRange) -> u32 {
        let offset = u32::from(range.start());
        let context = self.context;
        let state = self.state();
        let before = state.line;
        if !state.line_range.contains(&offset) {
            state.line = context.lines.line(offset);
            state.line_range = context.lines.range(state.line);
        }
        before
    }

    /// What follows belongs to the line that [`Self::at`] returned.
    pub(super) fn back_to(&mut self, line: u32) {
        let context = self.context;
        let state = self.state();
        if state.line != line {
            state.line = line;
            state.line_range = context.lines.range(line);
        }
    }

    // Registers.

    /// A new temporary register, above all others in use.
    pub(super) fn alloc(&mut self, range: TextRange) -> Compiled<Reg> {
        let register = self.state().reserve();
        if register >= limits::REGISTERS_MAX {
            return self.refuse(
                range,
                "the function needs too many registers",
                "divide it into several functions",
            );
        }
        Ok(register)
    }

    /// So many registers in a row.
    pub(super) fn alloc_many(&mut self, range: TextRange, count: usize) -> Compiled<Reg> {
        let first = self.state().top;
        for _ in 0..count {
            self.alloc(range)?;
        }
        Ok(first)
    }

    /// The registers in use, to be given to [`Self::release`].
    pub(super) fn mark(&mut self) -> Reg {
        self.state().top
    }

    /// Frees the registers above a mark.
    pub(super) fn release(&mut self, mark: Reg) {
        self.state().top = mark;
    }

    /// The operand of a constant.
    pub(super) fn constant(&mut self, range: TextRange, value: Value) -> Compiled<Operand> {
        self.module.pool.constant(self.context, range, value)
    }

    // Names.

    /// What a name means here.
    pub(super) fn meaning(&mut self, range: TextRange, name: &str) -> Compiled<Meaning> {
        if let Some(binding) = self.states.last().and_then(|state| state.lookup(name)) {
            return Ok(Meaning::Local(binding));
        }
        let symbol = self.module.symbols.get(name).copied().or_else(|| builtin_symbol(name));
        match symbol {
            Some(symbol) => Ok(Meaning::Symbol(symbol)),
            None => self.refuse(range, format!("the name {name} is not known here"), unknown_name_hint(name)),
        }
    }

    /// The symbol of a name that is not a local variable.
    pub(super) fn symbol(&mut self, expr: &ast::Expr) -> Option<Symbol> {
        let ast::Expr::Name(name) = expr else { return None };
        match self.meaning(name.range(), name.id.as_str()) {
            Ok(Meaning::Symbol(symbol)) => Some(symbol),
            Ok(Meaning::Local(_)) | Err(_) => None,
        }
    }

    /// Binds a comprehension's variable.
    pub(super) fn bind_overlay(&mut self, range: TextRange, name: &'a str) -> Compiled<()> {
        let register = self.alloc(range)?;
        self.emit(range, Op::Unbind { reg: register })?;
        let in_cell = self.state().inner.contains(name);
        if in_cell {
            self.emit(range, Op::NewCell { reg: register })?;
        }
        let binding = if in_cell { Binding::Cell(register) } else { Binding::Register(register) };
        self.state().overlays.push((name, binding));
        Ok(())
    }
}

impl<'a> State<'a> {
    fn reserve(&mut self) -> Reg {
        let register = self.top;
        self.top += 1;
        self.registers = self.registers.max(self.top);
        register
    }

    /// Gives a variable its register; returns it if it must become a cell.
    fn bind(&mut self, name: &'a str) -> Option<Reg> {
        let register = self.reserve();
        let in_cell = self.inner.contains(name);
        let binding = if in_cell { Binding::Cell(register) } else { Binding::Register(register) };
        self.bindings.insert(name, binding);
        in_cell.then_some(register)
    }

    /// Where a method's object is: its first parameter.
    pub(super) fn receiver(&self) -> Binding {
        let first = self.bindings.values().find(|binding| binding.register() == 0);
        first.copied().unwrap_or(Binding::Register(0))
    }

    fn lookup(&self, name: &str) -> Option<Binding> {
        let overlay = self.overlays.iter().rev().find(|(other, _)| *other == name);
        overlay.map(|(_, binding)| *binding).or_else(|| self.bindings.get(name).copied())
    }
}

impl Binding {
    fn register(self) -> Reg {
        match self {
            Self::Register(register) | Self::Cell(register) => register,
        }
    }
}

/// Names of parameters in the order of their registers.
fn parameter_names(parameters: &ast::Parameters) -> impl Iterator<Item = &str> {
    let named = parameters.iter_non_variadic_params().map(|parameter| parameter.name().as_str());
    named.chain(parameters.vararg.iter().map(|star| star.name.as_str()))
}

fn unknown_name_hint(name: &str) -> &'static str {
    match name {
        "float" | "complex" => "count in the smallest unit with int",
        "eval" | "exec" | "compile" | "open" | "input" | "globals" | "locals" | "__import__" => {
            "contracts cannot reach outside; nothing replaces this"
        }
        "id" | "hash" => "compare values themselves; chain.sha256 hashes bytes",
        "type" => "use isinstance(value, Class)",
        "iter" | "next" => "use a for loop",
        "object" => "leave it out",
        "getattr" | "setattr" | "hasattr" | "delattr" | "vars" | "dir" => "name the attribute: value.name",
        "Contract" | "Map" | "Address" | "export" | "view" | "payable" | "msg" | "chain" | "emit"
        | "require" | "RequireError" | "COIN" => "import it: from goodwill import ...",
        "dataclass" => "import it: from dataclasses import dataclass",
        "frozenset" | "bytearray" => "use tuple, set or bytes",
        "staticmethod" | "classmethod" | "property" => "write a plain method, or a function of the module",
        "format" => "write an f-string: f\"{value:>10}\"",
        _ => "is it defined, and spelled right?",
    }
}
