//! Calls.

use super::{
    Compiled, Emitter,
    function::Binding,
    module::{Symbol, check_dunder},
};
use crate::{
    builtins::Builtin,
    bytecode::{ByKeys, Op, Reg},
    classes, limits,
    program::{ClassKind, Shape},
    value::{NameId, Value},
};
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

/// What is called.
#[derive(Clone, Copy)]
enum Callee {
    /// The value in the call's base.
    Value,
    Method(NameId),
    Function(u16),
    Builtin(Builtin),
}

impl<'a> Emitter<'_, 'a> {
    pub(super) fn call(&mut self, call: &'a ast::ExprCall, dst: Reg) -> Compiled<()> {
        if let Some(symbol) = self.symbol(&call.func) {
            return self.call_symbol(call, symbol, dst);
        }
        match &*call.func {
            Expr::Name(name) if name.id.as_str() == "super" => {
                self.refuse(call.range(), "super() is not supported here", "write super().method(...)")
            }
            Expr::Attribute(attribute) => self.call_method(call, attribute, dst),
            _ => {
                let base = self.alloc(call.range())?;
                self.expr_to(&call.func, base)?;
                self.arguments(call, Callee::Value, base, base + 1)?;
                self.move_result(call.range(), dst, base)
            }
        }
    }

    fn call_symbol(&mut self, call: &'a ast::ExprCall, symbol: Symbol, dst: Reg) -> Compiled<()> {
        if self.special_call(call, symbol, dst)? {
            return Ok(());
        }
        let range = call.range();
        let base = self.alloc(range)?;
        let callee = match symbol {
            Symbol::Builtin(builtin) => Callee::Builtin(builtin),
            Symbol::Function(function) if self.fits(function, call) => Callee::Function(function),
            _ => {
                self.expr_to(&call.func, base)?;
                Callee::Value
            }
        };
        self.arguments(call, callee, base, base + 1)?;
        self.move_result(range, dst, base)
    }

    /// Whether a call gives a function of the module exactly its parameters, by position.
    fn fits(&self, function: u16, call: &ast::ExprCall) -> bool {
        let Some(def) = self.module.defs[usize::from(function)] else { return false };
        let declared = &def.parameters;
        let plain = declared.vararg.is_none()
            && declared.kwonlyargs.is_empty()
            && declared.iter_non_variadic_params().all(|parameter| parameter.default().is_none());
        plain
            && call.arguments.keywords.is_empty()
            && !call.arguments.args.iter().any(Expr::is_starred_expr)
            && declared.iter_non_variadic_params().count() == call.arguments.args.len()
    }

    fn move_result(&mut self, range: TextRange, dst: Reg, base: Reg) -> Compiled<()> {
        if dst != base {
            self.emit(range, Op::Move { dst, src: base })?;
        }
        Ok(())
    }

    fn call_method(
        &mut self,
        call: &'a ast::ExprCall,
        attribute: &'a ast::ExprAttribute,
        dst: Reg,
    ) -> Compiled<()> {
        let range = call.range();
        if let Expr::Call(inner) = &*attribute.value
            && matches!(&*inner.func, Expr::Name(name) if name.id.as_str() == "super")
        {
            return self.call_super(call, inner, attribute, dst);
        }
        check_dunder(self.context, attribute.attr.range, attribute.attr.as_str())?;
        self.check_method(attribute)?;
        if attribute.attr.as_str() == "sort" && self.sort_method(call, &attribute.value, dst)? {
            return Ok(());
        }
        let name = self.module.name(attribute.attr.range, attribute.attr.as_str())?;
        let base = self.alloc_many(range, 2)?;
        self.expr_to(&attribute.value, base + 1)?;
        self.arguments(call, Callee::Method(name), base, base + 2)?;
        self.move_result(range, dst, base)
    }

    fn call_super(
        &mut self,
        call: &'a ast::ExprCall,
        inner: &'a ast::ExprCall,
        attribute: &'a ast::ExprAttribute,
        dst: Reg,
    ) -> Compiled<()> {
        let range = call.range();
        if !inner.arguments.args.is_empty() || !inner.arguments.keywords.is_empty() {
            return self.refuse(inner.range(), "super takes no arguments here", "write super().method(...)");
        }
        let Some(class) = self.state().class else {
            return self.refuse(inner.range(), "super() outside of a method", "");
        };
        let text = attribute.attr.as_str();
        let name = self.module.name(attribute.attr.range, text)?;
        let base = self.alloc_many(range, 2)?;
        let load = match self.state().receiver() {
            Binding::Register(src) => Op::Move { dst: base + 1, src },
            Binding::Cell(cell) => Op::LoadCell { dst: base + 1, cell },
        };
        self.emit(range, load)?;
        match self.module.method_above(class, name) {
            Some(function) => {
                let src = self.constant(range, Value::Function(function))?;
                self.emit(range, Op::Move { dst: base, src })?;
                self.arguments(call, Callee::Value, base, base + 2)?;
            }
            None if text == "__init__" && matches!(self.module.kind_of(class), ClassKind::Exception) => {
                self.arguments(call, Callee::Builtin(Builtin::InitException), base, base + 2)?;
            }
            None if text == "__init__" && call.arguments.args.is_empty() => {
                let src = self.constant(range, Value::None)?;
                self.emit(range, Op::Move { dst: base, src })?;
            }
            None => return self.refuse(attribute.attr.range, format!("no base has a method {text}"), ""),
        }
        self.move_result(range, dst, base)
    }

    /// Arguments into registers from `first`, then the call. Receivers are already there.
    fn arguments(&mut self, call: &'a ast::ExprCall, callee: Callee, base: Reg, first: Reg) -> Compiled<()> {
        let range = call.range();
        let arguments = &call.arguments;
        let receivers = first - base - 1;
        let star = arguments.args.iter().any(Expr::is_starred_expr);
        if arguments.args.len() + arguments.keywords.len() > limits::ARGUMENTS_MAX {
            return self.refuse(range, "too many arguments", "pass a list");
        }
        if star {
            let list = self.alloc(range)?;
            self.emit(range, Op::NewList { dst: list, base: list, count: 0 })?;
            for argument in &arguments.args {
                let mark = self.mark();
                let op = match argument {
                    Expr::Starred(starred) => Op::Extend { list, src: self.operand(&starred.value)? },
                    other => Op::Append { list, src: self.operand(other)? },
                };
                self.emit(range, op)?;
                self.release(mark);
            }
        } else {
            for argument in &arguments.args {
                let register = self.alloc(range)?;
                match consumes(call) {
                    true => self.eager_list(argument, register)?,
                    false => self.expr_to(argument, register)?,
                }
            }
        }
        let mut keywords = Vec::with_capacity(arguments.keywords.len());
        for keyword in &arguments.keywords {
            let Some(name) = &keyword.arg else {
                return self.refuse(keyword.range, "** in a call is not supported", "name the arguments");
            };
            let id = self.module.name(name.range, name.as_str())?;
            keywords.push(id);
            let register = self.alloc(range)?;
            self.expr_to(&keyword.value, register)?;
        }
        self.at(range);
        let positional = if star { 1 } else { arguments.args.len() as u8 } + receivers as u8;
        // The receiver of a method is not counted: it is always there.
        let positional = positional - u8::from(matches!(callee, Callee::Method(_)));
        if star || !keywords.is_empty() {
            let shape = Shape { positional, star, keywords };
            let shape = self.module.pool.shape(self.context, range, shape)?;
            return self.emit_shape_call(range, callee, base, shape);
        }
        let count = positional;
        let op = match callee {
            Callee::Value => Op::Call { base, count },
            Callee::Method(name) => Op::CallMethod { base, name, count },
            Callee::Function(function) => Op::CallFunction { base, function, count },
            Callee::Builtin(builtin) => Op::CallBuiltin { base, builtin: builtin.number(), count },
        };
        self.emit(range, op)?;
        Ok(())
    }

    fn emit_shape_call(&mut self, range: TextRange, callee: Callee, base: Reg, shape: u16) -> Compiled<()> {
        let value = match callee {
            Callee::Method(name) => {
                self.emit(range, Op::CallMethodShape { base, name, shape })?;
                return Ok(());
            }
            Callee::Value => None,
            Callee::Function(function) => Some(Value::Function(function)),
            Callee::Builtin(builtin) => Some(Value::Builtin(builtin)),
        };
        if let Some(value) = value {
            let src = self.constant(range, value)?;
            self.emit(range, Op::Move { dst: base, src })?;
        }
        self.emit(range, Op::CallShape { base, shape })?;
        Ok(())
    }

    /// Calls whose argument is a generator or a function that is applied at once, and those that only
    /// the compiler understands. Returns whether it was one.
    fn special_call(&mut self, call: &'a ast::ExprCall, symbol: Symbol, dst: Reg) -> Compiled<bool> {
        let arguments = &call.arguments;
        self.check_taken(symbol, &arguments.args)?;
        match symbol {
            Symbol::Builtin(Builtin::Super) => {
                self.refuse(call.range(), "super() is not supported here", "write super().method(...)")
            }
            Symbol::Builtin(builtin @ (Builtin::Any | Builtin::All)) => match &arguments.args[..] {
                [Expr::Generator(generator)] => {
                    let when = builtin == Builtin::Any;
                    self.any_or_all(&generator.elt, &generator.generators, when, dst)?;
                    Ok(true)
                }
                _ => self.eager_call(call, symbol, dst),
            },
            Symbol::Builtin(Builtin::Sorted | Builtin::Min | Builtin::Max) => {
                match arguments.keywords.iter().any(|keyword| keyword.arg.as_ref().is_some_and(|name| name.as_str() == "key")) {
                    true => self.by_keys(call, symbol, dst).map(|()| true),
                    false => self.eager_call(call, symbol, dst),
                }
            }
            Symbol::Builtin(Builtin::Map | Builtin::Filter) => self.refuse(
                call.range(),
                "map and filter are not supported here",
                "write a list: [f(x) for x in values]; they can be given to list, tuple, set, sum, sorted and the like",
            ),
            Symbol::Builtin(Builtin::Sum)
            | Symbol::Class(classes::LIST | classes::TUPLE | classes::SET | classes::DICT | classes::BYTES) => {
                self.eager_call(call, symbol, dst)
            }
            _ => Ok(false),
        }
    }

    /// A call that consumes its first argument wholly: a generator there becomes a list.
    fn eager_call(&mut self, call: &'a ast::ExprCall, symbol: Symbol, dst: Reg) -> Compiled<bool> {
        let range = call.range();
        let Some(first) = call.arguments.args.first() else { return Ok(false) };
        if !self.is_eager(first) || call.arguments.args.iter().skip(1).any(Expr::is_starred_expr) {
            return Ok(false);
        }
        let base = self.alloc_many(range, 2)?;
        self.eager_list(first, base + 1)?;
        for argument in call.arguments.args.iter().skip(1) {
            let register = self.alloc(range)?;
            self.expr_to(argument, register)?;
        }
        let mut keywords = Vec::new();
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else {
                return self.refuse(keyword.range, "** in a call is not supported", "name the arguments");
            };
            keywords.push(self.module.name(name.range, name.as_str())?);
            let register = self.alloc(range)?;
            self.expr_to(&keyword.value, register)?;
        }
        let callee = match symbol {
            Symbol::Class(class) => Value::Class(class),
            Symbol::Builtin(builtin) => Value::Builtin(builtin),
            _ => return Ok(false),
        };
        let src = self.constant(range, callee)?;
        self.emit(range, Op::Move { dst: base, src })?;
        let count = call.arguments.args.len() as u8;
        if keywords.is_empty() {
            self.emit(range, Op::Call { base, count })?;
        } else {
            let shape = self.module.pool.shape(
                self.context,
                range,
                Shape { positional: count, star: false, keywords },
            )?;
            self.emit(range, Op::CallShape { base, shape })?;
        }
        self.move_result(range, dst, base)?;
        Ok(true)
    }

    /// Whether an argument is a generator, or `map` or `filter`.
    fn is_eager(&mut self, expr: &'a Expr) -> bool {
        match expr {
            Expr::Generator(_) => true,
            Expr::Call(call) => {
                matches!(self.symbol(&call.func), Some(Symbol::Builtin(Builtin::Map | Builtin::Filter)))
            }
            _ => false,
        }
    }

    /// The elements of a generator, `map` or `filter` as a list; of others their value.
    fn eager_list(&mut self, expr: &'a Expr, dst: Reg) -> Compiled<()> {
        let mark = self.mark();
        self.eager_value(expr, dst)?;
        self.release(mark);
        Ok(())
    }

    fn eager_value(&mut self, expr: &'a Expr, dst: Reg) -> Compiled<()> {
        match expr {
            Expr::Generator(generator) => self.list_comprehension(&generator.elt, &generator.generators, dst),
            Expr::Call(call) => match self.symbol(&call.func) {
                Some(Symbol::Builtin(Builtin::Map)) => self.apply_each(call, false, dst),
                Some(Symbol::Builtin(Builtin::Filter)) => self.apply_each(call, true, dst),
                _ => self.expr_to(expr, dst),
            },
            _ => self.expr_to(expr, dst),
        }
    }

    /// `map(function, values)` or `filter(function, values)` as a list.
    fn apply_each(&mut self, call: &'a ast::ExprCall, filters: bool, dst: Reg) -> Compiled<()> {
        let range = call.range();
        let (Some((function, sources)), []) =
            (call.arguments.args.split_first(), &call.arguments.keywords[..])
        else {
            return self.refuse(range, "map and filter take a function and iterables", "");
        };
        if sources.is_empty()
            || (filters && sources.len() > 1)
            || call.arguments.args.iter().any(Expr::is_starred_expr)
        {
            return self.refuse(range, "map and filter take a function and iterables", "");
        }
        let mark = self.mark();
        let applied = self.alloc(range)?;
        self.expr_to(function, applied)?;
        let source_list = self.alloc(range)?;
        for source in sources {
            let register = self.alloc(range)?;
            self.eager_list(source, register)?;
        }
        let several = sources.len() > 1;
        if several {
            let count = sources.len() as u8;
            self.emit(range, Op::CallBuiltin { base: source_list, builtin: Builtin::Zip.number(), count })?;
        } else {
            self.emit(range, Op::Move { dst: source_list, src: source_list + 1 })?;
        }
        let list = self.alloc(range)?;
        self.emit(range, Op::NewList { dst: list, base: list, count: 0 })?;
        let identity = filters && matches!(function, Expr::NoneLiteral(_));
        self.each(range, source_list, |emitter, element| {
            let mut result = element;
            if !identity {
                let base = emitter.alloc_many(range, 1 + sources.len())?;
                emitter.emit(range, Op::Move { dst: base, src: applied })?;
                let count = sources.len() as u8;
                let op = match several {
                    true => Op::Unpack { src: element, base: base + 1, count: u16::from(count) },
                    false => Op::Move { dst: base + 1, src: element },
                };
                emitter.emit(range, op)?;
                emitter.emit(range, Op::Call { base, count })?;
                result = base;
            }
            let skip = emitter.label();
            if filters {
                emitter.emit_jump(range, Op::JumpIf { when: false, src: result, target: 0 }, skip)?;
                result = element;
            }
            emitter.emit(range, Op::Append { list, src: result })?;
            emitter.place(skip);
            Ok(())
        })?;
        self.emit(range, Op::Move { dst, src: list })?;
        self.release(mark);
        Ok(())
    }

    /// Runs code for each element of a value in a register.
    fn each(
        &mut self,
        range: TextRange,
        source: Reg,
        code: impl FnOnce(&mut Self, Reg) -> Compiled<()>,
    ) -> Compiled<()> {
        let iter = self.alloc_many(range, 2)?;
        let element = self.alloc(range)?;
        self.emit(range, Op::Iterate { iter, src: source })?;
        let (body, again) = (self.label(), self.label());
        self.jump(range, again)?;
        self.place(body);
        code(self, element)?;
        self.place(again);
        self.emit_jump(range, Op::ForEach { dst: element, iter, target: 0 }, body)
    }

    /// `sorted`, `min` and `max` with a key: the keys are computed by the contract's own code.
    fn by_keys(&mut self, call: &'a ast::ExprCall, symbol: Symbol, dst: Reg) -> Compiled<()> {
        let range = call.range();
        let list = self.alloc(range)?;
        match &call.arguments.args[..] {
            [single] if !single.is_starred_expr() => {
                self.eager_list(single, list)?;
                self.emit(range, Op::ListOf { dst: list, src: list })?;
            }
            _ => return self.refuse(range, "with a key, give one iterable", "put the values into a list"),
        }
        let kind = match symbol {
            Symbol::Builtin(Builtin::Min) => ByKeys::Min,
            Symbol::Builtin(Builtin::Max) => ByKeys::Max,
            _ => ByKeys::Sort,
        };
        self.with_keys(call, kind, (list, list), dst)
    }

    /// `values.sort(key=...)`. Returns whether it was that.
    fn sort_method(&mut self, call: &'a ast::ExprCall, receiver: &'a Expr, dst: Reg) -> Compiled<bool> {
        let has_key = call
            .arguments
            .keywords
            .iter()
            .any(|keyword| keyword.arg.as_ref().is_some_and(|name| name.as_str() == "key"));
        if !has_key || !call.arguments.args.is_empty() {
            return Ok(false);
        }
        let range = call.range();
        let list = self.alloc(range)?;
        self.expr_to(receiver, list)?;
        self.emit(range, Op::CheckList { src: list })?;
        // The key function may change the list; that is noticed after.
        let source = self.alloc(range)?;
        self.emit(range, Op::ListOf { dst: source, src: list })?;
        self.with_keys(call, ByKeys::Sort, (list, source), dst)?;
        let src = self.constant(range, Value::None)?;
        self.emit(range, Op::Move { dst, src })?;
        Ok(true)
    }

    fn with_keys(
        &mut self,
        call: &'a ast::ExprCall,
        kind: ByKeys,
        (list, source): (Reg, Reg),
        dst: Reg,
    ) -> Compiled<()> {
        let range = call.range();
        let mut default = None;
        let key = self.alloc(range)?;
        let reverse = self.alloc(range)?;
        let src = self.constant(range, Value::Bool(false))?;
        self.emit(range, Op::Move { dst: reverse, src })?;
        for keyword in &call.arguments.keywords {
            match keyword.arg.as_ref().map(|name| name.as_str()) {
                Some("key") => self.expr_to(&keyword.value, key)?,
                Some("reverse") if kind == ByKeys::Sort => self.expr_to(&keyword.value, reverse)?,
                Some("default") if kind != ByKeys::Sort => {
                    let register = self.alloc(range)?;
                    self.expr_to(&keyword.value, register)?;
                    default = Some(register);
                }
                _ => {
                    return self.refuse(
                        keyword.range,
                        "this argument is not supported together with key",
                        "",
                    );
                }
            }
        }
        let keys = self.alloc(range)?;
        self.emit(range, Op::NewList { dst: keys, base: keys, count: 0 })?;
        self.each(range, source, |emitter, element| {
            let base = emitter.alloc_many(range, 2)?;
            let none = emitter.constant(range, Value::None)?;
            let (call_key, done) = (emitter.label(), emitter.label());
            emitter.emit_jump(
                range,
                Op::JumpUnless { kind: crate::bytecode::Compare::Is, a: key, b: none, target: 0 },
                call_key,
            )?;
            emitter.emit(range, Op::Append { list: keys, src: element })?;
            emitter.jump(range, done)?;
            emitter.place(call_key);
            emitter.emit(range, Op::Move { dst: base, src: key })?;
            emitter.emit(range, Op::Move { dst: base + 1, src: element })?;
            emitter.emit(range, Op::Call { base, count: 1 })?;
            emitter.emit(range, Op::Append { list: keys, src: base })?;
            emitter.place(done);
            Ok(())
        })?;
        if kind != ByKeys::Sort {
            let (empty, end) = (self.label(), self.label());
            if default.is_some() {
                self.emit_jump(range, Op::JumpIf { when: false, src: list, target: 0 }, empty)?;
            }
            self.emit(range, Op::ByKeys { kind, dst, list, keys })?;
            self.jump(range, end)?;
            self.place(empty);
            if let Some(src) = default {
                self.emit(range, Op::Move { dst, src })?;
            }
            self.place(end);
            return Ok(());
        }
        let (forward, end) = (self.label(), self.label());
        self.emit_jump(range, Op::JumpIf { when: false, src: reverse, target: 0 }, forward)?;
        self.emit(range, Op::ByKeys { kind: ByKeys::SortReversed, dst, list, keys })?;
        self.jump(range, end)?;
        self.place(forward);
        self.emit(range, Op::ByKeys { kind: ByKeys::Sort, dst, list, keys })?;
        self.place(end);
        Ok(())
    }
}

/// Whether a method takes all elements of its arguments before it does anything.
fn consumes(call: &ast::ExprCall) -> bool {
    const CONSUMERS: [&str; 8] =
        ["join", "extend", "update", "union", "intersection", "difference", "issubset", "issuperset"];
    matches!(&*call.func, Expr::Attribute(attribute) if CONSUMERS.contains(&attribute.attr.as_str()))
}
