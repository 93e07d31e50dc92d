//! Methods of dicts.

use super::Keywords;
use crate::{
    classes,
    fault::Run,
    gas,
    heap::{View, ViewKind},
    interpreter::{Args, Machine},
    names::Known,
    value::{Handle, Value},
};

impl Machine {
    pub(super) fn dict_method(
        &mut self,
        dict: Handle,
        known: Known,
        args: Args,
        keywords: Keywords<'_>,
    ) -> Run<Option<Value>> {
        let (first, second) = (self.arg(args, 0), self.arg(args, 1));
        let value = match known {
            Known::get => {
                self.arity(known, args, 1, 2)?;
                match self.find(dict, first)?.entry {
                    Some(entry) => self.heap.table(dict).value(entry),
                    None => second,
                }
            }
            Known::keys => self.view(dict, ViewKind::Keys, known, args)?,
            Known::values => self.view(dict, ViewKind::Values, known, args)?,
            Known::items => self.view(dict, ViewKind::Items, known, args)?,
            Known::pop => {
                self.arity(known, args, 1, 2)?;
                self.check_table_change(dict)?;
                match self.remove_key(dict, first)? {
                    Some(value) => value,
                    None if args.count == 2 => second,
                    None => return self.raise_value(classes::KEY_ERROR, first),
                }
            }
            Known::popitem => {
                self.arity(known, args, 0, 0)?;
                self.check_table_change(dict)?;
                let Some((key, value)) = self.last_entry(dict)? else {
                    return self.raise(classes::KEY_ERROR, "popitem(): dictionary is empty");
                };
                self.remove_key(dict, key)?;
                self.heap.new_tuple(&[key, value])?
            }
            Known::setdefault => {
                self.arity(known, args, 1, 2)?;
                self.check_table_change(dict)?;
                match self.find(dict, first)?.entry {
                    Some(entry) => self.heap.table(dict).value(entry),
                    None => {
                        self.insert(dict, first, second)?;
                        second
                    }
                }
            }
            Known::update => {
                self.arity(known, args, 0, 1)?;
                self.check_table_change(dict)?;
                self.dict_update(dict, args, keywords)?;
                Value::None
            }
            Known::clear => {
                self.arity(known, args, 0, 0)?;
                self.check_table_change(dict)?;
                self.heap.table_mut(dict).clear();
                Value::None
            }
            Known::copy => {
                self.arity(known, args, 0, 0)?;
                self.copy_dict(dict)?
            }
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    fn view(&mut self, dict: Handle, kind: ViewKind, known: Known, args: Args) -> Run<Value> {
        self.arity(known, args, 0, 0)?;
        self.heap.new_view(View { dict, kind }, 8)
    }

    fn last_entry(&mut self, dict: Handle) -> Run<Option<(Value, Value)>> {
        let skipped = self.heap.table(dict).capacity() - self.heap.table(dict).len();
        self.heap.charge(gas::elements(skipped))?;
        Ok(self.heap.table(dict).iter().next_back())
    }

    fn dict_update(&mut self, dict: Handle, args: Args, keywords: Keywords<'_>) -> Run<()> {
        let first = self.arg(args, 0);
        match first {
            Value::Dict(_) => self.merge(dict, first)?,
            _ if args.count == 0 => {}
            _ => {
                let from = self.construct_builtin(classes::DICT, args, &[])?;
                self.merge(dict, from)?;
            }
        }
        for (name, value) in keywords {
            let program = std::sync::Arc::clone(&self.heap.program);
            let key = self.heap.new_str(program.name(*name))?;
            self.insert(dict, key, *value)?;
        }
        Ok(())
    }
}
