//! The module: imports, constants, functions, classes, and the contract among them.

use super::{
    Compiled, Context, Emitter, Pool,
    class::ClassDraft,
    constant::{self, Symbols},
    pool::check_room,
};
use crate::{
    builtins::Builtin,
    classes, limits, names,
    program::{Class, ClassKind, Export, Field, Function, Global, NO_FIELD, Program},
    types::Type,
    value::{ClassId, NameId, Value},
};
use goodwill_types::amount::UNITS_PER_COIN;
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef, StmtImportFrom};
use ruff_text_size::{Ranged, TextRange};
use std::collections::BTreeMap;

/// What a name of the module means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Function(u16),
    Class(ClassId),
    Constant(Value),
    Global(u16),
    Builtin(Builtin),
    Decorator(Decorator),
}

/// Decorators that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decorator {
    Export,
    View,
    Payable,
    Dataclass,
}

const IMPORTS: &str = "a contract imports only from goodwill (Contract, Map, Address, export, view, payable, msg, \
                       chain, emit, require, RequireError, COIN) and dataclass from dataclasses";

/// What `from goodwill import ...` can bring.
fn importable(module: &str, name: &str) -> Option<Symbol> {
    Some(match (module, name) {
        ("goodwill", "Contract") => Symbol::Class(classes::CONTRACT),
        ("goodwill", "Map") => Symbol::Class(classes::MAP),
        ("goodwill", "Address") => Symbol::Class(classes::ADDRESS),
        ("goodwill", "RequireError") => Symbol::Class(classes::REQUIRE_ERROR),
        ("goodwill", "COIN") => Symbol::Constant(Value::Int(UNITS_PER_COIN as i64)),
        ("goodwill", "msg") => Symbol::Constant(Value::Message),
        ("goodwill", "chain") => Symbol::Constant(Value::Chain),
        ("goodwill", "emit") => Symbol::Builtin(Builtin::Emit),
        ("goodwill", "require") => Symbol::Builtin(Builtin::Require),
        ("goodwill", "export") => Symbol::Decorator(Decorator::Export),
        ("goodwill", "view") => Symbol::Decorator(Decorator::View),
        ("goodwill", "payable") => Symbol::Decorator(Decorator::Payable),
        ("dataclasses", "dataclass") => Symbol::Decorator(Decorator::Dataclass),
        _ => return None,
    })
}

/// What to write instead of an import.
fn import_hint(module: &str, name: &str) -> &'static str {
    match (module.split('.').next().unwrap_or_default(), name) {
        ("typing", "Optional" | "Union") => "write T | None",
        ("typing" | "collections", "") | ("typing", _) => "write the types themselves: list[int], T | None",
        ("collections", _) => "use a dict: counts[key] = counts.get(key, 0) + 1",
        ("dataclasses", "field") => {
            "a field's default is a constant; give lists and dicts when the object is made"
        }
        ("enum", _) => "use constants of the file: OPEN = 1",
        ("operator" | "functools" | "itertools", _) => "write it with lambda, loops and comprehensions",
        ("datetime" | "time" | "calendar", _) => {
            "chain.timestamp is the block's time, in milliseconds since 1970"
        }
        ("random" | "secrets", _) => "everybody must come to the same result: a chain has no randomness",
        ("math" | "decimal" | "fractions", _) => "count in the smallest unit with int: //, %, ** and divmod",
        ("json", _) => "return values as they are: lists, dicts, dataclasses",
        ("hashlib", _) => "chain.sha256(data) and chain.blake3(data) hash bytes",
        ("abc", _) => "raise NotImplementedError in the method",
        ("os" | "sys" | "io" | "pathlib" | "socket" | "requests" | "urllib" | "subprocess", _) => {
            "contracts cannot reach outside; nothing replaces this"
        }
        _ => IMPORTS,
    }
}

/// What needs no import.
pub(super) fn builtin_symbol(name: &str) -> Option<Symbol> {
    if let Some(builtin) = Builtin::find(name) {
        return Some(Symbol::Builtin(builtin));
    }
    match classes::find(name)? {
        classes::CONTRACT | classes::MAP | classes::ADDRESS | classes::REQUIRE_ERROR => None,
        class => Some(Symbol::Class(class)),
    }
}

/// A function whose body is compiled when the whole module is known.
pub(super) struct Pending<'a> {
    pub(super) function: u16,
    pub(super) class: Option<ClassId>,
    pub(super) def: &'a StmtFunctionDef,
}

/// The module while it is compiled.
pub(super) struct Module<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) pool: Pool,
    pub(super) symbols: Symbols<'a>,
    pub(super) globals: Vec<Global>,
    pub(super) classes: Vec<ClassDraft<'a>>,
    pub(super) functions: Vec<Option<Function>>,
    /// Definitions of the functions, by number; lambdas and inner functions have none.
    pub(super) defs: Vec<Option<&'a StmtFunctionDef>>,
    pub(super) pending: Vec<Pending<'a>>,
    pub(super) instructions: usize,
}

/// Compiles a module.
pub(super) fn compile<'a>(context: &'a Context<'a>, body: &'a [Stmt]) -> Compiled<Program> {
    let mut module = Module {
        context,
        pool: Pool::default(),
        symbols: Symbols::new(),
        globals: Vec::new(),
        classes: Vec::new(),
        functions: Vec::new(),
        defs: Vec::new(),
        pending: Vec::new(),
        instructions: 0,
    };
    for (position, statement) in body.iter().enumerate() {
        module.statement(statement, position == 0)?;
    }
    let Some(contract) = module.last_contract() else {
        let end = TextRange::empty(body.last().map_or(0.into(), Ranged::end));
        let hint = "write class MyContract(Contract): ... with `from goodwill import Contract`";
        return Err(context.refuse(end, "the file has no contract", hint));
    };
    for pending in std::mem::take(&mut module.pending) {
        let function = Emitter::new(&mut module).compile_def(&pending)?;
        module.functions[usize::from(pending.function)] = Some(function);
    }
    module.finish(contract)
}

impl<'a> Module<'a> {
    fn statement(&mut self, statement: &'a Stmt, first: bool) -> Compiled<()> {
        match statement {
            Stmt::ImportFrom(import) => self.import(import),
            Stmt::FunctionDef(def) => {
                if let Some(decorator) = def.decorator_list.first() {
                    return Err(self.context.refuse(
                        decorator.range(),
                        "this function cannot be decorated",
                        "decorate methods of the contract",
                    ));
                }
                let function = self.declare(def, None)?;
                self.define(def.name.range, def.name.as_str(), Symbol::Function(function))
            }
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Assign(assign) => match &assign.targets[..] {
                [Expr::Name(name)] => self.constant(name.range(), name.id.as_str(), &assign.value),
                _ => Err(self.context.refuse(
                    assign.range(),
                    "a module assigns one name at a time",
                    "write NAME = value",
                )),
            },
            Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
                (Expr::Name(name), Some(value)) => self.constant(name.range(), name.id.as_str(), value),
                _ => Err(self.context.refuse(
                    assign.range(),
                    "a constant needs a value",
                    "write NAME: type = value",
                )),
            },
            Stmt::Expr(expr) if first && matches!(&*expr.value, Expr::StringLiteral(_)) => Ok(()),
            Stmt::Expr(expr) if matches!(&*expr.value, Expr::StringLiteral(_)) => Ok(()),
            Stmt::Pass(_) => Ok(()),
            Stmt::Import(import) => {
                let module = import.names.first().map_or("", |alias| alias.name.as_str());
                let hint = import_hint(module, "");
                Err(self.context.refuse(import.range(), "this import is not supported", hint))
            }
            _ => Err(self.context.refuse(
                statement.range(),
                "a module holds constants, functions and classes only",
                "move this into a method of the contract, for example init",
            )),
        }
    }

    fn import(&mut self, import: &'a StmtImportFrom) -> Compiled<()> {
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        for alias in &import.names {
            let symbol = (import.level == 0).then(|| importable(module, alias.name.as_str())).flatten();
            let Some(symbol) = symbol else {
                let message = match alias.name.as_str() {
                    "*" => "import names one by one, not *".to_owned(),
                    name => format!("{name} cannot be imported from {module:?}"),
                };
                let hint = import_hint(module, alias.name.as_str());
                return Err(self.context.refuse(alias.range, message, hint));
            };
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            self.define(name.range, name.as_str(), symbol)?;
        }
        Ok(())
    }

    /// Gives a name its one meaning.
    pub(super) fn define(&mut self, range: TextRange, name: &'a str, symbol: Symbol) -> Compiled<()> {
        self.pool.name(self.context, range, name)?;
        check_dunder(self.context, range, name)?;
        if self.symbols.insert(name, symbol).is_some_and(|old| old != symbol) {
            let hint = "give each constant, function and class of the file its own name";
            return Err(self.context.refuse(range, format!("{name} is defined twice"), hint));
        }
        Ok(())
    }

    fn constant(&mut self, range: TextRange, name: &'a str, value: &'a Expr) -> Compiled<()> {
        let hint = "a module's constant is made of numbers, texts, tuples, lists, dicts and other constants; \
                    compute other values in a function";
        let global = constant::global(self.context, &mut self.pool, &self.symbols, value)?
            .ok_or_else(|| self.context.refuse(value.range(), "not a constant", hint))?;
        let symbol = match global {
            Global::Value(value) => Symbol::Constant(value),
            global => {
                check_room(self.context, range, self.globals.len())?;
                self.globals.push(global);
                Symbol::Global((self.globals.len() - 1) as u16)
            }
        };
        self.define(range, name, symbol)
    }

    /// Reserves a function's number; its body is compiled later.
    pub(super) fn declare(&mut self, def: &'a StmtFunctionDef, class: Option<ClassId>) -> Compiled<u16> {
        let function = self.reserve(def.name.range)?;
        self.defs[usize::from(function)] = Some(def);
        self.pending.push(Pending { function, class, def });
        Ok(function)
    }

    /// Reserves the number of a function.
    pub(super) fn reserve(&mut self, range: TextRange) -> Compiled<u16> {
        check_room(self.context, range, self.functions.len())?;
        self.functions.push(None);
        self.defs.push(None);
        Ok((self.functions.len() - 1) as u16)
    }

    /// Counts instructions against the bound of the program.
    pub(super) fn count(&mut self, range: TextRange) -> Compiled<()> {
        self.instructions += 1;
        if self.instructions <= limits::PROGRAM_LENGTH_MAX {
            return Ok(());
        }
        let hint = "divide the contract; code in `finally` is copied to every way out of its `try`";
        Err(self.context.refuse(range, "the contract compiles to too much code", hint))
    }

    fn last_contract(&self) -> Option<usize> {
        self.classes.iter().rposition(|class| matches!(class.kind, ClassKind::Contract))
    }

    fn finish(mut self, contract: usize) -> Compiled<Program> {
        let fields = self.storage_fields(contract);
        let exports = self.exports(contract)?;
        let classes: Vec<Class> = self.finish_classes();
        let mut field_of_name = vec![NO_FIELD; names::known_count() + self.pool.names.len()];
        for (at, field) in fields.iter().enumerate() {
            field_of_name[usize::from(field.name)] = at as u16;
        }
        Ok(Program {
            file: self.context.file.into(),
            source: self.context.source.into(),
            names: self.pool.names,
            constants: self.pool.constants,
            string_lengths: self.pool.strings.iter().map(|text| text.chars().count() as u32).collect(),
            strings: self.pool.strings,
            blobs: self.pool.blobs,
            wides: self.pool.wides,
            addresses: self.pool.addresses,
            tuples: self.pool.tuples,
            globals: self.globals,
            functions: self.functions.into_iter().flatten().collect(),
            classes,
            shapes: self.pool.shapes,
            fields,
            field_of_name,
            exports,
            contract: (classes::BUILTIN.len() + contract) as ClassId,
        })
    }

    /// Fields of the contract's storage: those of its bases first.
    fn storage_fields(&self, contract: usize) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for class in self.line_of(contract) {
            for (name, kind) in &self.classes[class].fields {
                match fields.iter_mut().find(|field| field.name == *name) {
                    Some(field) => field.kind = kind.clone(),
                    None => fields.push(Field { name: *name, kind: kind.clone() }),
                }
            }
        }
        fields
    }

    /// A class with its bases of this file, the base first.
    pub(super) fn line_of(&self, class: usize) -> Vec<usize> {
        let mut line = vec![class];
        let mut at = class;
        while let Some(base) =
            self.classes[at].base.and_then(|base| usize::from(base).checked_sub(classes::BUILTIN.len()))
        {
            line.push(base);
            at = base;
        }
        line.reverse();
        line
    }

    fn exports(&mut self, contract: usize) -> Compiled<BTreeMap<Box<str>, Export>> {
        let mut exports = BTreeMap::new();
        for class in self.line_of(contract) {
            for at in 0..self.classes[class].methods.len() {
                let method = &self.classes[class].methods[at];
                let (name, role, function, def) = (method.name, method.role, method.function, method.def);
                let text: Box<str> = def.name.as_str().into();
                debug_assert!(self.pool.name(self.context, def.name.range, &text).ok() == Some(name));
                match role {
                    Some(role) => {
                        exports.insert(text, self.export(function, role.view, role.payable, def)?);
                    }
                    None => {
                        exports.remove(&text);
                    }
                }
            }
        }
        Ok(exports)
    }

    fn export(&self, function: u16, view: bool, payable: bool, def: &'a StmtFunctionDef) -> Compiled<Export> {
        let hint = |expr: &Option<Box<Expr>>| expr.as_ref().map(|expr| self.hint(expr)).transpose();
        let mut parameters = Vec::new();
        for parameter in def.parameters.iter_non_variadic_params().skip(1) {
            parameters.push(hint(&parameter.parameter.annotation)?);
        }
        let star = match &def.parameters.vararg {
            Some(star) => Some(hint(&star.annotation)?.unwrap_or(Type::Any)),
            None => None,
        };
        Ok(Export { function, view, payable, parameters, star, returns: hint(&def.returns)? })
    }

    /// The kind that a hint names, where a Map is not possible.
    pub(super) fn hint(&self, expr: &Expr) -> Compiled<Type> {
        let kind = self.field_hint(expr)?;
        if super::hint::has_inner_map(&kind) {
            let hint = "a Map exists only as a field of the contract";
            return Err(self.context.refuse(expr.range(), "a Map cannot be here", hint));
        }
        Ok(kind)
    }

    /// The kind that the hint of a storage field names.
    pub(super) fn field_hint(&self, expr: &Expr) -> Compiled<Type> {
        if expr.range().len().to_usize() > limits::HINT_BYTES_MAX {
            let message = format!("a type hint has at most {} bytes", limits::HINT_BYTES_MAX);
            return Err(self.context.refuse(expr.range(), message, "use a dataclass"));
        }
        let is_record = |class: u16| {
            let own = usize::from(class).checked_sub(classes::BUILTIN.len());
            own.is_some_and(|own| matches!(self.classes[own].kind, ClassKind::Record { .. }))
        };
        super::hint::kind(self.context, &self.symbols, &is_record, expr)
    }

    /// The number of a name.
    pub(super) fn name(&mut self, range: TextRange, text: &str) -> Compiled<NameId> {
        self.pool.name(self.context, range, text)
    }
}

/// Refuses names with two underscores at the front.
pub(super) fn check_dunder(context: &Context<'_>, range: TextRange, name: &str) -> Compiled<()> {
    if !name.starts_with("__") {
        return Ok(());
    }
    Err(context.refuse(
        range,
        format!("the name {name} is not supported"),
        "names begin with at most one underscore; of Python's own only __init__ can be defined",
    ))
}
