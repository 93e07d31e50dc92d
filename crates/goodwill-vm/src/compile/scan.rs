//! Walks over the syntax tree before code is made: its depth, and the variables of functions.

use super::{Compiled, Context};
use crate::{limits, refuse::Refusal};
use ruff_python_ast::{
    Expr, ExprContext, Parameters, Stmt,
    visitor::{self, Visitor},
};
use ruff_text_size::Ranged;
use std::collections::BTreeSet;

/// Refuses trees that are so deep that the compiler's own recursion would not fit the stack.
pub(super) fn check_depth(context: &Context<'_>, body: &[Stmt]) -> Compiled<()> {
    let mut depth = Depth { context, depth: 0, refusal: None };
    depth.visit_body(body);
    depth.refusal.map_or(Ok(()), Err)
}

struct Depth<'c> {
    context: &'c Context<'c>,
    depth: u32,
    refusal: Option<Box<Refusal>>,
}

impl<'a> Visitor<'a> for Depth<'_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.refusal.is_some() {
            return;
        }
        if self.depth >= limits::EXPRESSION_DEPTH_MAX {
            let message = format!("an expression nests more than {} deep", limits::EXPRESSION_DEPTH_MAX);
            self.refusal =
                Some(self.context.refuse(expr.range(), message, "divide it into several statements"));
            return;
        }
        self.depth += 1;
        visitor::walk_expr(self, expr);
        self.depth -= 1;
    }
}

/// What a function does with names.
#[derive(Default)]
pub(super) struct Names<'a> {
    /// Names that it assigns, in the order of their first assignment.
    pub(super) assigned: Vec<&'a str>,
    assigned_set: BTreeSet<&'a str>,
    /// Names that occur in its inner functions.
    pub(super) inner: BTreeSet<&'a str>,
    /// Whether an expression of it assigns.
    pub(super) walrus: bool,
}

impl<'a> Names<'a> {
    /// Of a function's body.
    pub(super) fn of_body(body: &'a [Stmt]) -> Self {
        let mut names = Self::default();
        names.visit_body(body);
        names
    }

    /// Of a lambda's body.
    pub(super) fn of_expression(body: &'a Expr) -> Self {
        let mut names = Self::default();
        names.visit_expr(body);
        names
    }

    fn assign(&mut self, name: &'a str) {
        if self.assigned_set.insert(name) {
            self.assigned.push(name);
        }
    }

    fn defaults(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
        }
    }

    fn comprehension(&mut self, generators: &'a [ruff_python_ast::Comprehension]) {
        for generator in generators {
            self.visit_expr(&generator.iter);
            generator.ifs.iter().for_each(|condition| self.visit_expr(condition));
        }
    }
}

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                self.assign(def.name.as_str());
                self.defaults(&def.parameters);
                let mut inner = Inner(&mut self.inner);
                inner.visit_body(&def.body);
            }
            Stmt::AnnAssign(assign) => {
                self.visit_expr(&assign.target);
                assign.value.iter().for_each(|value| self.visit_expr(value));
            }
            Stmt::Try(statement) => {
                for handler in &statement.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    if let Some(name) = &handler.name {
                        self.assign(name.as_str());
                    }
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a ruff_python_ast::Pattern) {
        use ruff_python_ast::Pattern;
        let name = match pattern {
            Pattern::MatchAs(capture) => capture.name.as_ref(),
            Pattern::MatchStar(star) => star.name.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.assign(name.as_str());
        }
        visitor::walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx != ExprContext::Load => self.assign(name.id.as_str()),
            Expr::Named(named) => {
                self.walrus = true;
                visitor::walk_expr(self, expr);
                if let Expr::Name(name) = &*named.target {
                    self.assign(name.id.as_str());
                }
            }
            Expr::Lambda(lambda) => {
                lambda.parameters.iter().for_each(|parameters| self.defaults(parameters));
                Inner(&mut self.inner).visit_expr(&lambda.body);
            }
            Expr::ListComp(comp) => {
                self.comprehension(&comp.generators);
                self.visit_expr(&comp.elt);
            }
            Expr::SetComp(comp) => {
                self.comprehension(&comp.generators);
                self.visit_expr(&comp.elt);
            }
            Expr::Generator(comp) => {
                self.comprehension(&comp.generators);
                self.visit_expr(&comp.elt);
            }
            Expr::DictComp(comp) => {
                self.comprehension(&comp.generators);
                comp.key.iter().for_each(|key| self.visit_expr(key));
                self.visit_expr(&comp.value);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// All names that occur in an inner function.
struct Inner<'s, 'a>(&'s mut BTreeSet<&'a str>);

impl<'a> Visitor<'a> for Inner<'_, 'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr {
            self.0.insert(name.id.as_str());
        }
        visitor::walk_expr(self, expr);
    }
}

/// All names that occur in an expression or body, for what an inner function captures.
pub(super) fn names_in<'a>(body: Body<'a>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    match body {
        Body::Statements(body) => Inner(&mut names).visit_body(body),
        Body::Expression(body) => Inner(&mut names).visit_expr(body),
    }
    names
}

/// The body of a function or of a lambda.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    Statements(&'a [Stmt]),
    Expression(&'a Expr),
}

impl<'a> Body<'a> {
    pub(super) fn names(self) -> Names<'a> {
        match self {
            Self::Statements(body) => Names::of_body(body),
            Self::Expression(body) => Names::of_expression(body),
        }
    }
}
