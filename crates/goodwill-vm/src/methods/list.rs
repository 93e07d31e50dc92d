//! Methods of lists, tuples and ranges.

use super::Keywords;
use crate::{
    classes,
    fault::Run,
    gas,
    interpreter::{Args, Machine},
    names::Known,
    value::{Handle, Value},
};

impl Machine {
    pub(super) fn list_method(
        &mut self,
        list: Handle,
        known: Known,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Option<Value>> {
        let first = self.arg(args, 0);
        match known {
            Known::append => {
                self.arity(known, args, 1, 1)?;
                self.check_list_change(list)?;
                self.heap.charge_elements(1)?;
                self.heap.list_mut(list).items.push(first);
            }
            Known::extend => {
                self.arity(known, args, 1, 1)?;
                self.check_list_change(list)?;
                self.extend(list, first)?;
            }
            Known::insert => {
                self.arity(known, args, 2, 2)?;
                self.check_list_change(list)?;
                let length = self.heap.list(list).items.len();
                let (start, _, _) = self.slice_of([first, Value::None, Value::None], length)?;
                let at = start as usize;
                self.heap.charge_elements(1)?;
                self.heap.charge(gas::bytes(16 * (length - at)))?;
                let value = self.arg(args, 1);
                self.heap.list_mut(list).items.insert(at, value);
            }
            Known::pop => {
                self.arity(known, args, 0, 1)?;
                self.check_list_change(list)?;
                return self.list_pop(list, args).map(Some);
            }
            Known::remove => {
                self.arity(known, args, 1, 1)?;
                self.check_list_change(list)?;
                let length = self.heap.list(list).items.len();
                match self.position(Value::List(list), first, 0..length)? {
                    Some(at) if at < self.heap.list(list).items.len() => {
                        self.heap.charge(gas::bytes(16 * (length - at)))?;
                        self.heap.list_mut(list).items.remove(at);
                    }
                    _ => return self.raise(classes::VALUE_ERROR, "list.remove(x): x not in list"),
                }
            }
            Known::clear => {
                self.arity(known, args, 0, 0)?;
                self.check_list_change(list)?;
                self.heap.list_mut(list).items.clear();
            }
            Known::reverse => {
                self.arity(known, args, 0, 0)?;
                self.check_list_change(list)?;
                let count = self.heap.list(list).items.len();
                self.heap.charge(gas::elements(count))?;
                self.heap.list_mut(list).items.reverse();
            }
            Known::sort => {
                self.arity(known, args, 0, 0)?;
                self.check_list_change(list)?;
                self.only_keywords("sort", keywords, &["reverse"])?;
                let reverse = match self.keyword(keywords, "reverse") {
                    Some(reverse) => self.truth(reverse)?,
                    None => false,
                };
                let items = self.heap.list(list).items.clone();
                let order = self.sorted_positions(&items, reverse)?;
                self.heap.list_mut(list).items = order.into_iter().map(|at| items[at as usize]).collect();
            }
            Known::copy => {
                self.arity(known, args, 0, 0)?;
                let count = self.heap.list(list).items.len();
                self.check_memory(32 * count as u64)?;
                let items = self.heap.list(list).items.clone();
                return self.heap.new_list(items).map(Some);
            }
            _ => return self.tuple_method(Value::List(list), known, args),
        }
        Ok(Some(Value::None))
    }

    fn list_pop(&mut self, list: Handle, args: Args) -> Run<Value> {
        let length = self.heap.list(list).items.len();
        if length == 0 {
            return self.raise(classes::INDEX_ERROR, "pop from empty list");
        }
        let index = match self.arg(args, 0) {
            _ if args.count == 0 => length as i64 - 1,
            Value::Int(index) => index,
            Value::Bool(index) => i64::from(index),
            other => {
                let message =
                    format!("'{}' object cannot be interpreted as an integer", self.type_name(other));
                return self.raise(classes::TYPE_ERROR, &message);
            }
        };
        let at = if index < 0 { index.checked_add(length as i64) } else { Some(index) };
        match at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < length) {
            Some(at) => {
                self.heap.charge(gas::bytes(16 * (length - at)))?;
                Ok(self.heap.list_mut(list).items.remove(at))
            }
            None => self.raise(classes::INDEX_ERROR, "pop index out of range"),
        }
    }

    pub(super) fn tuple_method(&mut self, sequence: Value, known: Known, args: Args) -> Run<Option<Value>> {
        let first = self.arg(args, 0);
        let (sequence, length) = match sequence {
            Value::List(list) => (sequence, self.heap.list(list).items.len()),
            Value::Tuple(tuple) => (sequence, self.heap.tuple(tuple).len()),
            Value::Range(range) if matches!(known, Known::count | Known::index) => {
                let length = self.heap.range(range).len();
                self.check_memory(length.saturating_mul(32))?;
                let items = self.collect(sequence)?;
                let length = items.len();
                (self.heap.new_list(items)?, length)
            }
            _ => return Ok(None),
        };
        match known {
            Known::count => {
                self.arity(known, args, 1, 1)?;
                let (mut count, mut from) = (0, 0);
                while let Some(at) = self.position(sequence, first, from..length)? {
                    count += 1;
                    from = at + 1;
                }
                Ok(Some(Value::Int(count)))
            }
            Known::index => {
                self.arity(known, args, 1, 3)?;
                let (start, end) = self.bounds(args, 1, length)?.unwrap_or((0, 0));
                match self.position(sequence, first, start..end)? {
                    Some(at) => Ok(Some(Value::Int(at as i64))),
                    None => {
                        let mut shown = String::new();
                        let message = match sequence {
                            Value::Tuple(_) => "tuple.index(x): x not in tuple".to_owned(),
                            _ => {
                                self.write_text(&mut shown, first, true, 0)?;
                                format!("{shown} is not in list")
                            }
                        };
                        self.raise(classes::VALUE_ERROR, &message)
                    }
                }
            }
            _ => Ok(None),
        }
    }
}
