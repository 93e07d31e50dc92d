//! Expressions.

use super::{
    Compiled, Emitter,
    constant::{fold, number},
    function::{Binding, Label, Meaning},
    module::{Symbol, check_dunder},
    scan::Body,
};
use crate::{
    bytecode::{Binary, Compare, Op, Operand, Reg, Unary},
    value::Value,
};
use ruff_python_ast::{self as ast, BoolOp, CmpOp, Expr, Operator, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

/// The operation of an operator, if it is supported.
pub(super) fn binary(op: Operator) -> Option<Binary> {
    Some(match op {
        Operator::Add => Binary::Add,
        Operator::Sub => Binary::Sub,
        Operator::Mult => Binary::Mul,
        Operator::FloorDiv => Binary::FloorDiv,
        Operator::Mod => Binary::Mod,
        Operator::Pow => Binary::Pow,
        Operator::LShift => Binary::ShiftLeft,
        Operator::RShift => Binary::ShiftRight,
        Operator::BitAnd => Binary::And,
        Operator::BitOr => Binary::Or,
        Operator::BitXor => Binary::Xor,
        Operator::Div | Operator::MatMult => return None,
    })
}

fn comparison(op: CmpOp) -> Compare {
    match op {
        CmpOp::Eq => Compare::Eq,
        CmpOp::NotEq => Compare::Ne,
        CmpOp::Lt => Compare::Lt,
        CmpOp::LtE => Compare::Le,
        CmpOp::Gt => Compare::Gt,
        CmpOp::GtE => Compare::Ge,
        CmpOp::Is => Compare::Is,
        CmpOp::IsNot => Compare::IsNot,
        CmpOp::In => Compare::In,
        CmpOp::NotIn => Compare::NotIn,
    }
}

impl<'a> Emitter<'_, 'a> {
    pub(super) fn refuse_operator<T>(&self, range: TextRange, op: Operator) -> Compiled<T> {
        match op {
            Operator::Div => self.refuse(
                range,
                "/ is not supported: it makes numbers with a fraction",
                "use // for whole division",
            ),
            _ => self.refuse(range, "this operator is not supported", ""),
        }
    }

    /// The value of an expression as an operand: a constant, a variable, or a new temporary.
    pub(super) fn operand(&mut self, expr: &'a Expr) -> Compiled<Operand> {
        if let Some(value) = self.literal(expr)? {
            return self.constant(expr.range(), value);
        }
        if !self.state().walrus
            && let Some(register) = self.local_register(expr)
        {
            return Ok(register);
        }
        let dst = self.alloc(expr.range())?;
        self.expr_to(expr, dst)?;
        Ok(dst)
    }

    /// The value of an expression that is a constant.
    pub(super) fn literal(&mut self, expr: &'a Expr) -> Compiled<Option<Value>> {
        let simple = match expr {
            Expr::NumberLiteral(literal) => {
                return number(self.context, &mut self.module.pool, literal).map(Some);
            }
            Expr::NoneLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::StringLiteral(_)
            | Expr::BytesLiteral(_) => true,
            Expr::UnaryOp(unary) => matches!(&*unary.operand, Expr::NumberLiteral(_)),
            Expr::BinOp(binary) => {
                matches!((&*binary.left, &*binary.right), (Expr::NumberLiteral(_), Expr::NumberLiteral(_)))
            }
            Expr::Tuple(tuple) => tuple.elts.len() < 64,
            Expr::Name(name) => match self.meaning(name.range(), name.id.as_str())? {
                Meaning::Symbol(Symbol::Constant(value)) => return Ok(Some(value)),
                Meaning::Symbol(Symbol::Function(function)) => return Ok(Some(Value::Function(function))),
                Meaning::Symbol(Symbol::Class(class)) => return Ok(Some(Value::Class(class))),
                Meaning::Symbol(Symbol::Builtin(builtin)) => return Ok(Some(Value::Builtin(builtin))),
                Meaning::Symbol(Symbol::Decorator(_)) => {
                    return self.refuse(
                        name.range(),
                        "a decorator is not a value",
                        "write @ and its name above a method",
                    );
                }
                Meaning::Symbol(Symbol::Global(_)) | Meaning::Local(_) => false,
            },
            Expr::Attribute(attribute) => {
                attribute.attr.as_str() == "ZERO" && self.symbol(&attribute.value).is_some()
            }
            _ => false,
        };
        if !simple || self.mentions_local(expr) {
            return Ok(None);
        }
        fold(self.context, &mut self.module.pool, &self.module.symbols, expr)
    }

    /// Whether a tuple names a local variable, which may hide a constant of the module.
    fn mentions_local(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => matches!(self.meaning(name.range(), name.id.as_str()), Ok(Meaning::Local(_))),
            Expr::Tuple(tuple) => tuple.elts.iter().any(|element| self.mentions_local(element)),
            Expr::UnaryOp(unary) => self.mentions_local(&unary.operand),
            Expr::BinOp(binary) => self.mentions_local(&binary.left) || self.mentions_local(&binary.right),
            _ => false,
        }
    }

    /// Evaluates an expression into a register.
    pub(super) fn expr_to(&mut self, expr: &'a Expr, dst: Reg) -> Compiled<()> {
        let range = expr.range();
        if let Some(value) = self.literal(expr)? {
            let src = self.constant(range, value)?;
            self.emit(range, Op::Move { dst, src })?;
            return Ok(());
        }
        let mark = self.mark();
        let line = self.at(range);
        self.non_literal(expr, dst)?;
        self.back_to(line);
        self.release(mark);
        Ok(())
    }

    fn non_literal(&mut self, expr: &'a Expr, dst: Reg) -> Compiled<()> {
        let range = expr.range();
        match expr {
            Expr::Name(name) => self.load_name(range, name.id.as_str(), dst),
            Expr::BinOp(operation) => self.binary(operation, dst),
            Expr::UnaryOp(operation) => {
                let a = self.operand(&operation.operand)?;
                let kind = match operation.op {
                    UnaryOp::Not => Unary::Not,
                    UnaryOp::USub => Unary::Minus,
                    UnaryOp::UAdd => Unary::Plus,
                    UnaryOp::Invert => Unary::Invert,
                };
                self.emit(range, Op::Apply { kind, dst, a }).map(|_| ())
            }
            Expr::BoolOp(operation) => self.bool_operation(operation, dst),
            Expr::Compare(compare) => self.comparison(compare, dst),
            Expr::If(choice) => self.choice(choice, dst),
            Expr::Call(call) => self.call(call, dst),
            Expr::Attribute(attribute) => self.attribute(attribute, dst),
            Expr::Subscript(subscript) => self.subscript(subscript, dst),
            Expr::FString(string) => self.f_string(string, dst),
            Expr::List(list) => self.display(range, &list.elts, dst, Display::List),
            Expr::Tuple(tuple) => self.display(range, &tuple.elts, dst, Display::Tuple),
            Expr::Set(set) => self.display(range, &set.elts, dst, Display::Set),
            Expr::Dict(dict) => self.dict_display(dict, dst),
            Expr::ListComp(comp) => self.list_comprehension(&comp.elt, &comp.generators, dst),
            Expr::SetComp(comp) => self.set_comprehension(&comp.elt, &comp.generators, dst),
            Expr::DictComp(comp) => self.dict_comprehension(comp, dst),
            Expr::Named(named) => {
                self.expr_to(&named.value, dst)?;
                self.store_walrus(&named.target, dst)
            }
            Expr::Lambda(lambda) => {
                self.closure(range, "<lambda>", lambda.parameters.as_deref(), Body::Expression(&lambda.body), dst)
            }
            Expr::Generator(_) => self.refuse(
                range,
                "a generator here is not supported",
                "write a list: [... for ...]; generators can be given to sum, min, max, any, all, sorted, list, tuple, set, dict and join",
            ),
            Expr::Starred(_) => self.refuse(range, "a star cannot be here", ""),
            Expr::Slice(_) => self.refuse(range, "a slice cannot be here", ""),
            Expr::Await(_) => self.refuse(range, "await is not supported", ""),
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.refuse(range, "yield is not supported", "collect the values in a list and return it")
            }
            Expr::TString(_) => self.refuse(range, "template strings are not supported", "use an f-string"),
            Expr::EllipsisLiteral(_) => self.refuse(range, "... is not a value here", "use None"),
            Expr::IpyEscapeCommand(_) => self.refuse(range, "not Python", ""),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => {
                self.refuse(range, "this literal is not supported", "")
            }
        }
    }

    /// `name := value` in a comprehension is a variable of the function around it.
    fn store_walrus(&mut self, target: &'a Expr, src: Reg) -> Compiled<()> {
        let Expr::Name(name) = target else { return self.refuse(target.range(), "not a name", "") };
        if self.state().overlays.iter().any(|(overlay, _)| *overlay == name.id.as_str()) {
            return self.refuse(
                name.range(),
                "this is the comprehension's own variable",
                "choose another name",
            );
        }
        self.store_name(name.range(), name.id.as_str(), src)
    }

    fn load_name(&mut self, range: TextRange, name: &str, dst: Reg) -> Compiled<()> {
        let op = match self.meaning(range, name)? {
            Meaning::Local(Binding::Register(src)) => Op::Move { dst, src },
            Meaning::Local(Binding::Cell(cell)) => Op::LoadCell { dst, cell },
            Meaning::Symbol(Symbol::Global(global)) => Op::LoadGlobal { dst, global },
            Meaning::Symbol(_) => return self.refuse(range, format!("{name} is not a value"), ""),
        };
        self.emit(range, op)?;
        Ok(())
    }

    fn binary(&mut self, operation: &'a ast::ExprBinOp, dst: Reg) -> Compiled<()> {
        let range = operation.range();
        self.check_operator(operation)?;
        let Some(kind) = binary(operation.op) else { return self.refuse_operator(range, operation.op) };
        let a = self.operand(&operation.left)?;
        let b = self.operand(&operation.right)?;
        self.at(range);
        let op = match kind {
            Binary::Add => Op::Add { dst, a, b },
            Binary::Sub => Op::Sub { dst, a, b },
            Binary::Mul => Op::Mul { dst, a, b },
            Binary::FloorDiv => Op::FloorDiv { dst, a, b },
            Binary::Mod => Op::Mod { dst, a, b },
            kind => Op::Arithmetic { kind, dst, a, b },
        };
        self.emit(range, op)?;
        Ok(())
    }

    fn bool_operation(&mut self, operation: &'a ast::ExprBoolOp, dst: Reg) -> Compiled<()> {
        let end = self.label();
        let when = operation.op == BoolOp::Or;
        for (at, value) in operation.values.iter().enumerate() {
            self.expr_to(value, dst)?;
            if at + 1 < operation.values.len() {
                self.emit_jump(value.range(), Op::JumpIf { when, src: dst, target: 0 }, end)?;
            }
        }
        self.place(end);
        Ok(())
    }

    fn choice(&mut self, choice: &'a ast::ExprIf, dst: Reg) -> Compiled<()> {
        let (otherwise, end) = (self.label(), self.label());
        self.branch(&choice.test, false, otherwise)?;
        self.expr_to(&choice.body, dst)?;
        self.jump(choice.range(), end)?;
        self.place(otherwise);
        self.expr_to(&choice.orelse, dst)?;
        self.place(end);
        Ok(())
    }

    fn check_identity(&self, compare: &ast::ExprCompare) -> Compiled<()> {
        let singleton = |expr: &Expr| matches!(expr, Expr::NoneLiteral(_) | Expr::BooleanLiteral(_));
        let identity = compare.ops.iter().any(|op| matches!(op, CmpOp::Is | CmpOp::IsNot));
        let mut sides = compare.comparators.iter().chain([&*compare.left]);
        if identity && !sides.any(singleton) {
            return self.refuse(
                compare.range(),
                "is compares only with None, True and False",
                "use == to compare values",
            );
        }
        Ok(())
    }

    fn comparison(&mut self, compare: &'a ast::ExprCompare, dst: Reg) -> Compiled<()> {
        self.check_identity(compare)?;
        let range = compare.range();
        let mut a = self.operand(&compare.left)?;
        let end = self.label();
        let last = compare.ops.len() - 1;
        for (at, (op, right)) in compare.ops.iter().zip(&compare.comparators).enumerate() {
            let b = self.operand(right)?;
            self.at(range);
            self.emit(range, Op::Test { kind: comparison(*op), dst, a, b })?;
            if at < last {
                self.emit_jump(range, Op::JumpIf { when: false, src: dst, target: 0 }, end)?;
            }
            a = b;
        }
        self.place(end);
        Ok(())
    }

    /// Jumps to a label when the truth of an expression is `when`.
    pub(super) fn branch(&mut self, expr: &'a Expr, when: bool, label: Label) -> Compiled<()> {
        let range = expr.range();
        let mark = self.mark();
        match expr {
            Expr::BooleanLiteral(literal) => {
                if literal.value == when {
                    self.jump(range, label)?;
                }
            }
            Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => {
                self.branch(&operation.operand, !when, label)?;
            }
            Expr::BoolOp(operation) if (operation.op == BoolOp::Or) == when => {
                operation.values.iter().try_for_each(|value| self.branch(value, when, label))?;
            }
            Expr::BoolOp(operation) => {
                let past = self.label();
                let (last, others) = operation.values.split_last().unwrap_or((expr, &[]));
                others.iter().try_for_each(|value| self.branch(value, !when, past))?;
                self.branch(last, when, label)?;
                self.place(past);
            }
            Expr::Compare(compare) if compare.ops.len() == 1 => {
                self.check_identity(compare)?;
                let a = self.operand(&compare.left)?;
                let b = self.operand(&compare.comparators[0])?;
                let kind = comparison(compare.ops[0]);
                let line = self.at(range);
                let op = match when {
                    true => Op::JumpWhen { kind, a, b, target: 0 },
                    false => Op::JumpUnless { kind, a, b, target: 0 },
                };
                self.emit_jump(range, op, label)?;
                self.back_to(line);
            }
            _ => {
                let src = self.operand(expr)?;
                self.emit_jump(range, Op::JumpIf { when, src, target: 0 }, label)?;
            }
        }
        self.release(mark);
        Ok(())
    }

    fn attribute(&mut self, attribute: &'a ast::ExprAttribute, dst: Reg) -> Compiled<()> {
        let range = attribute.range();
        check_dunder(self.context, attribute.attr.range, attribute.attr.as_str())?;
        let object = self.operand(&attribute.value)?;
        let name = self.module.name(attribute.attr.range, attribute.attr.as_str())?;
        self.at(range);
        self.emit(range, Op::Attribute { dst, object, name })?;
        Ok(())
    }

    fn subscript(&mut self, subscript: &'a ast::ExprSubscript, dst: Reg) -> Compiled<()> {
        let range = subscript.range();
        let object = self.operand(&subscript.value)?;
        let op = match &*subscript.slice {
            Expr::Slice(slice) => {
                let base = self.slice_parts(slice)?;
                Op::Slice { dst, object, base }
            }
            key => Op::Index { dst, object, key: self.operand(key)? },
        };
        self.at(range);
        self.emit(range, op)?;
        Ok(())
    }
}

impl<'a> Emitter<'_, 'a> {
    /// Start, stop and step of a slice in registers, and room for a fourth value.
    pub(super) fn slice_parts(&mut self, slice: &'a ast::ExprSlice) -> Compiled<Reg> {
        let range = slice.range();
        let base = self.alloc_many(range, 4)?;
        for (at, part) in [&slice.lower, &slice.upper, &slice.step].into_iter().enumerate() {
            let register = base + at as Reg;
            match part {
                Some(part) => self.expr_to(part, register)?,
                None => {
                    let src = self.constant(range, Value::None)?;
                    self.emit(range, Op::Move { dst: register, src })?;
                }
            }
        }
        Ok(base)
    }
}

/// A display in brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Display {
    List,
    Tuple,
    Set,
}

/// Elements that are put into registers at once; longer displays are appended one by one.
const DISPLAY_REGISTERS: usize = 64;

impl<'a> Emitter<'_, 'a> {
    fn display(&mut self, range: TextRange, elements: &'a [Expr], dst: Reg, kind: Display) -> Compiled<()> {
        if elements.len() > DISPLAY_REGISTERS || elements.iter().any(Expr::is_starred_expr) {
            return self.long_display(range, elements, dst, kind);
        }
        let base = self.alloc_many(range, elements.len())?;
        for (at, element) in elements.iter().enumerate() {
            self.expr_to(element, base + at as Reg)?;
        }
        let count = elements.len() as u16;
        self.emit(
            range,
            match kind {
                Display::List => Op::NewList { dst, base, count },
                Display::Tuple => Op::NewTuple { dst, base, count },
                Display::Set => Op::NewSet { dst, base, count },
            },
        )?;
        Ok(())
    }

    fn long_display(
        &mut self,
        range: TextRange,
        elements: &'a [Expr],
        dst: Reg,
        kind: Display,
    ) -> Compiled<()> {
        let held = self.alloc(range)?;
        let empty = match kind {
            Display::Set => Op::NewSet { dst: held, base: held, count: 0 },
            Display::List | Display::Tuple => Op::NewList { dst: held, base: held, count: 0 },
        };
        self.emit(range, empty)?;
        for element in elements {
            let mark = self.mark();
            let op = match (element, kind) {
                (Expr::Starred(_), Display::Set) => {
                    return self.refuse(element.range(), "a star cannot be here", "use set.union");
                }
                (Expr::Starred(starred), _) => Op::Extend { list: held, src: self.operand(&starred.value)? },
                (element, Display::Set) => Op::AddToSet { set: held, src: self.operand(element)? },
                (element, _) => Op::Append { list: held, src: self.operand(element)? },
            };
            self.emit(element.range(), op)?;
            self.release(mark);
        }
        let op = if kind == Display::Tuple {
            Op::ToTuple { dst, list: held }
        } else {
            Op::Move { dst, src: held }
        };
        self.emit(range, op)?;
        Ok(())
    }

    fn dict_display(&mut self, dict: &'a ast::ExprDict, dst: Reg) -> Compiled<()> {
        let range = dict.range();
        if dict.items.len() <= DISPLAY_REGISTERS && dict.items.iter().all(|item| item.key.is_some()) {
            let base = self.alloc_many(range, 2 * dict.items.len())?;
            for (at, item) in dict.items.iter().enumerate() {
                if let Some(key) = &item.key {
                    self.expr_to(key, base + 2 * at as Reg)?;
                }
                self.expr_to(&item.value, base + 2 * at as Reg + 1)?;
            }
            self.emit(range, Op::NewDict { dst, base, count: dict.items.len() as u16 })?;
            return Ok(());
        }
        let held = self.alloc(range)?;
        self.emit(range, Op::NewDict { dst: held, base: held, count: 0 })?;
        for item in &dict.items {
            let mark = self.mark();
            let op = match &item.key {
                Some(key) => {
                    let key = self.operand(key)?;
                    Op::StoreIndex { object: held, key, src: self.operand(&item.value)? }
                }
                None => Op::MergeDict { dict: held, src: self.operand(&item.value)? },
            };
            self.emit(range, op)?;
            self.release(mark);
        }
        self.emit(range, Op::Move { dst, src: held })?;
        Ok(())
    }
}
