//! Classes: contracts with their fields, dataclasses, exceptions, plain ones.

use super::{
    Compiled, constant,
    module::{Decorator, Module, Symbol, check_dunder},
    pool::check_room,
};
use crate::{
    classes, limits,
    program::{Class, ClassKind, RecordField},
    types::Type,
    value::{ClassId, NameId, Value},
};
use ruff_python_ast::{self as ast, Expr, Stmt, StmtAnnAssign, StmtClassDef, StmtFunctionDef};
use ruff_text_size::Ranged;
use std::collections::BTreeMap;

/// How a method can be called from outside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub(super) view: bool,
    pub(super) payable: bool,
}

/// A method of a class.
pub(super) struct Method<'a> {
    pub(super) name: NameId,
    pub(super) function: u16,
    pub(super) role: Option<Role>,
    pub(super) def: &'a StmtFunctionDef,
}

/// A class while the module is compiled.
pub(super) struct ClassDraft<'a> {
    pub(super) name: NameId,
    pub(super) base: Option<ClassId>,
    pub(super) kind: ClassKind,
    /// Own methods.
    pub(super) methods: Vec<Method<'a>>,
    /// Own constants.
    pub(super) attributes: BTreeMap<NameId, Value>,
    /// Own fields of storage.
    pub(super) fields: Vec<(NameId, Type)>,
}

impl<'a> Module<'a> {
    pub(super) fn class(&mut self, class: &'a StmtClassDef) -> Compiled<()> {
        check_room(self.context, class.range(), self.classes.len())?;
        let name = self.name(class.name.range, class.name.as_str())?;
        let base = self.base(class)?;
        let kind = self.class_kind(class, base)?;
        let id = (classes::BUILTIN.len() + self.classes.len()) as ClassId;
        let draft = ClassDraft {
            name,
            base,
            kind,
            methods: Vec::new(),
            attributes: BTreeMap::new(),
            fields: Vec::new(),
        };
        self.classes.push(draft);
        if self.line_of(self.classes.len() - 1).len() > limits::CLASS_DEPTH_MAX {
            let message =
                format!("classes derive from each other more than {} deep", limits::CLASS_DEPTH_MAX);
            return Err(self.context.refuse(class.range(), message, "use fewer classes"));
        }
        self.define(class.name.range, class.name.as_str(), Symbol::Class(id))?;
        for statement in &class.body {
            self.class_statement(id, statement)?;
        }
        Ok(())
    }

    fn draft(&mut self, class: ClassId) -> &mut ClassDraft<'a> {
        &mut self.classes[usize::from(class) - classes::BUILTIN.len()]
    }

    fn base(&self, class: &StmtClassDef) -> Compiled<Option<ClassId>> {
        let Some(arguments) = &class.arguments else { return Ok(None) };
        let one = "a class has at most one base: a class of this file, Contract, or an exception";
        match (&arguments.args[..], &arguments.keywords[..]) {
            ([], []) => Ok(None),
            ([Expr::Name(name)], []) => {
                let symbol = self.symbols.get(name.id.as_str()).copied();
                match symbol.or_else(|| super::module::builtin_symbol(name.id.as_str())) {
                    Some(Symbol::Class(base)) if self.is_base(base) => Ok(Some(base)),
                    _ => Err(self.context.refuse(name.range(), "not a class to derive from", one)),
                }
            }
            _ => Err(self.context.refuse(arguments.range, "these bases are not supported", one)),
        }
    }

    fn is_base(&self, base: ClassId) -> bool {
        usize::from(base) >= classes::BUILTIN.len()
            || base == classes::CONTRACT
            || classes::is_below(base, classes::BASE_EXCEPTION)
    }

    fn class_kind(&mut self, class: &'a StmtClassDef, base: Option<ClassId>) -> Compiled<ClassKind> {
        let inherited = match base {
            None => ClassKind::Plain,
            Some(classes::CONTRACT) => ClassKind::Contract,
            Some(base) => match usize::from(base).checked_sub(classes::BUILTIN.len()) {
                Some(own) => self.classes[own].kind.clone(),
                None => ClassKind::Exception,
            },
        };
        match &class.decorator_list[..] {
            [] => Ok(inherited),
            [decorator] => match inherited {
                ClassKind::Plain => self.dataclass(&decorator.expression, Vec::new()),
                ClassKind::Record { fields, .. } => self.dataclass(&decorator.expression, fields),
                _ => Err(self.context.refuse(decorator.range(), "this class cannot be a dataclass", "")),
            },
            [_, second, ..] => {
                Err(self.context.refuse(second.range(), "a class has at most one decorator", ""))
            }
        }
    }

    fn dataclass(&self, expression: &Expr, fields: Vec<RecordField>) -> Compiled<ClassKind> {
        let hint = "write @dataclass, with frozen=True and order=True if you like";
        let unknown = || self.context.refuse(expression.range(), "not a decorator for classes", hint);
        let (name, keywords) = match expression {
            Expr::Name(name) => (name, &[][..]),
            Expr::Call(call) if call.arguments.args.is_empty() => match &*call.func {
                Expr::Name(name) => (name, &call.arguments.keywords[..]),
                _ => return Err(unknown()),
            },
            _ => return Err(unknown()),
        };
        if self.symbols.get(name.id.as_str()) != Some(&Symbol::Decorator(Decorator::Dataclass)) {
            return Err(unknown());
        }
        let (mut frozen, mut order, mut eq) = (false, false, true);
        for keyword in keywords {
            let Expr::BooleanLiteral(value) = &keyword.value else { return Err(unknown()) };
            match keyword.arg.as_ref().map(|name| name.as_str()) {
                Some("frozen") => frozen = value.value,
                Some("order") => order = value.value,
                Some("eq") => eq = value.value,
                _ => return Err(unknown()),
            }
        }
        Ok(ClassKind::Record { fields, frozen, order, eq })
    }

    fn class_statement(&mut self, class: ClassId, statement: &'a Stmt) -> Compiled<()> {
        match statement {
            Stmt::FunctionDef(def) => self.method(class, def),
            Stmt::AnnAssign(field) => self.field(class, field),
            Stmt::Assign(assign) => match &assign.targets[..] {
                [Expr::Name(name)] => {
                    check_dunder(self.context, name.range(), name.id.as_str())?;
                    self.attribute(class, name.range(), name.id.as_str(), &assign.value)
                }
                _ => Err(self.context.refuse(assign.range(), "a class assigns one name at a time", "")),
            },
            Stmt::Pass(_) => Ok(()),
            Stmt::Expr(expr) if matches!(&*expr.value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)) => {
                Ok(())
            }
            _ => Err(self.context.refuse(
                statement.range(),
                "a class holds fields, constants and methods only",
                "move this into a method",
            )),
        }
    }

    fn attribute(
        &mut self,
        class: ClassId,
        range: ruff_text_size::TextRange,
        name: &str,
        value: &Expr,
    ) -> Compiled<()> {
        let hint = "a class's constant is a number, a text, or a tuple of such";
        let value = constant::fold(self.context, &mut self.pool, &self.symbols, value)?
            .ok_or_else(|| self.context.refuse(value.range(), "not a constant", hint))?;
        let name = self.name(range, name)?;
        self.draft(class).attributes.insert(name, value);
        Ok(())
    }

    fn field(&mut self, class: ClassId, field: &'a StmtAnnAssign) -> Compiled<()> {
        let Expr::Name(name) = &*field.target else {
            return Err(self.context.refuse(field.range(), "not a field", "write name: type"));
        };
        check_dunder(self.context, name.range(), name.id.as_str())?;
        let id = self.name(name.range(), name.id.as_str())?;
        let kind = self.draft(class).kind.clone();
        match kind {
            ClassKind::Contract => {
                if field.value.is_some() {
                    let hint = "fields begin as zero; set others in init. A constant has no type annotation: NAME = value";
                    return Err(self.context.refuse(
                        field.range(),
                        "a field of a contract has no value here",
                        hint,
                    ));
                }
                if ["address", "balance"].contains(&name.id.as_str()) {
                    let message = format!("self.{} is the contract's own", name.id);
                    return Err(self.context.refuse(field.range(), message, "choose another name"));
                }
                let kind = self.field_hint(&field.annotation)?;
                if map_below_value(&kind) {
                    let hint = "a Map is a field of its own, or the value of another Map";
                    return Err(self.context.refuse(field.annotation.range(), "a Map cannot be here", hint));
                }
                self.draft(class).fields.push((id, kind));
                Ok(())
            }
            ClassKind::Record { mut fields, frozen, order, eq } => {
                let kind = self.hint(&field.annotation)?;
                let default = match &field.value {
                    None => None,
                    Some(value) => {
                        self.attribute(class, value.range(), name.id.as_str(), value)?;
                        self.draft(class).attributes.get(&id).copied()
                    }
                };
                let field_of = RecordField { name: id, kind, default };
                let has_default = fields.iter().any(|other| other.default.is_some());
                match fields.iter_mut().find(|other| other.name == id) {
                    Some(other) => *other = field_of,
                    None if field.value.is_none() && has_default => {
                        return Err(self.context.refuse(
                            field.range(),
                            "a field without a default follows one with a default",
                            "put it before",
                        ));
                    }
                    None => fields.push(field_of),
                }
                self.draft(class).kind = ClassKind::Record { fields, frozen, order, eq };
                Ok(())
            }
            ClassKind::Plain | ClassKind::Exception => match &field.value {
                Some(value) => self.attribute(class, value.range(), name.id.as_str(), value),
                None => Ok(()),
            },
        }
    }

    fn method(&mut self, class: ClassId, def: &'a StmtFunctionDef) -> Compiled<()> {
        let text = def.name.as_str();
        let in_contract = matches!(self.draft(class).kind, ClassKind::Contract);
        let in_record = matches!(self.draft(class).kind, ClassKind::Record { .. });
        if text != "__init__" {
            check_dunder(self.context, def.name.range, text)?;
        } else if in_contract || in_record {
            let hint = if in_contract {
                "name it init, with @export"
            } else {
                "give the fields defaults, or drop @dataclass"
            };
            return Err(self.context.refuse(def.name.range, "__init__ is not supported here", hint));
        }
        if def.parameters.posonlyargs.is_empty() && def.parameters.args.is_empty() {
            return Err(self.context.refuse(
                def.name.range,
                "a method needs self",
                "write def name(self, ...)",
            ));
        }
        let name = self.name(def.name.range, text)?;
        let role = if in_contract { self.role(def)? } else { self.no_role(def)? };
        if text == "init" && in_contract && role.is_none_or(|role| role.view) {
            return Err(self.context.refuse(
                def.name.range,
                "init must be an @export",
                "write @export above it",
            ));
        }
        if self.draft(class).methods.iter().any(|method| method.name == name) {
            return Err(self.context.refuse(def.name.range, format!("{text} is defined twice"), ""));
        }
        let function = self.declare(def, Some(class))?;
        self.draft(class).methods.push(Method { name, function, role, def });
        Ok(())
    }

    fn no_role(&self, def: &StmtFunctionDef) -> Compiled<Option<Role>> {
        match def.decorator_list.first() {
            None => Ok(None),
            Some(decorator) => Err(self.context.refuse(
                decorator.range(),
                "this method cannot be decorated",
                decorator_hint(decorator, "write a plain method, or a function of the module"),
            )),
        }
    }

    fn role(&self, def: &StmtFunctionDef) -> Compiled<Option<Role>> {
        let (mut export, mut view, mut payable) = (false, false, false);
        for decorator in &def.decorator_list {
            let symbol = match &decorator.expression {
                Expr::Name(name) => self.symbols.get(name.id.as_str()),
                _ => None,
            };
            match symbol {
                Some(Symbol::Decorator(Decorator::Export)) => export = true,
                Some(Symbol::Decorator(Decorator::View)) => view = true,
                Some(Symbol::Decorator(Decorator::Payable)) => payable = true,
                _ => {
                    return Err(self.context.refuse(
                        decorator.range(),
                        "not a decorator for methods",
                        decorator_hint(decorator, "use @export, @view or @payable"),
                    ));
                }
            }
        }
        match (export, view, payable) {
            (false, false, false) => Ok(None),
            (true, false, payable) => Ok(Some(Role { view: false, payable })),
            (false, true, false) => Ok(Some(Role { view: true, payable: false })),
            _ => Err(self.context.refuse(
                def.name.range,
                "these decorators exclude each other",
                "use @export, @export with @payable, or @view",
            )),
        }
    }

    /// Classes with what they inherit.
    pub(super) fn finish_classes(&mut self) -> Vec<Class> {
        let mut done: Vec<Class> = Vec::with_capacity(self.classes.len());
        for draft in &self.classes {
            let base =
                draft.base.and_then(|base| done.get(usize::from(base).checked_sub(classes::BUILTIN.len())?));
            let mut methods = base.map_or_else(BTreeMap::new, |base| base.methods.clone());
            let mut attributes = base.map_or_else(BTreeMap::new, |base| base.attributes.clone());
            methods.extend(draft.methods.iter().map(|method| (method.name, method.function)));
            attributes.extend(draft.attributes.iter().map(|(name, value)| (*name, *value)));
            done.push(Class {
                name: draft.name,
                base: draft.base,
                kind: draft.kind.clone(),
                methods,
                attributes,
            });
        }
        done
    }

    /// The method that `super()` in a class finds.
    pub(super) fn method_above(&self, class: ClassId, name: NameId) -> Option<u16> {
        let own = usize::from(class) - classes::BUILTIN.len();
        let above = self.line_of(own).into_iter().rev().skip(1);
        let mut found =
            above.filter_map(|class| self.classes[class].methods.iter().find(|method| method.name == name));
        found.next().map(|method| method.function)
    }

    /// What a class of the file is.
    pub(super) fn kind_of(&self, class: ClassId) -> &ClassKind {
        &self.classes[usize::from(class) - classes::BUILTIN.len()].kind
    }
}

/// What to write instead of one of Python's own decorators.
fn decorator_hint(decorator: &ast::Decorator, otherwise: &'static str) -> &'static str {
    let name = match &decorator.expression {
        Expr::Name(name) => name.id.as_str(),
        _ => "",
    };
    match name {
        "property" | "cached_property" => "write a plain method, and call it with ()",
        "staticmethod" | "classmethod" => "move it out of the class, as a function of the file",
        _ => otherwise,
    }
}

/// Whether a Map is inside a list, dict or the like.
fn map_below_value(kind: &Type) -> bool {
    match kind {
        Type::Map(_, value) => map_below_value(value),
        other => super::hint::has_inner_map(other),
    }
}
