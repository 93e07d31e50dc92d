//! Sorting: our own stable merge sort, so that the comparisons, which are what it costs, are the same
//! on every machine and in every release of the standard library.

use crate::{
    fault::Run,
    gas,
    interpreter::Machine,
    value::{NameId, Value},
};
use std::cmp::Ordering;

impl Machine {
    /// `sorted(values, reverse=...)`; with a key the compiler makes the loop.
    pub(super) fn sorted(&mut self, source: Value, keywords: &[(NameId, Value)]) -> Run<Value> {
        self.only_keywords("sort", keywords, &["reverse"])?;
        let reverse = match self.keyword(keywords, "reverse") {
            Some(reverse) => self.truth(reverse)?,
            None => false,
        };
        let items = self.collect_any(source)?;
        let order = self.sorted_positions(&items, reverse)?;
        self.heap.new_list(order.into_iter().map(|at| items[at as usize]).collect())
    }

    /// Positions in the order of their values; equal ones stay in their order.
    pub(crate) fn sorted_positions(&mut self, values: &[Value], reverse: bool) -> Run<Vec<u32>> {
        self.heap.charge(gas::elements(2 * values.len()))?;
        self.check_memory(16 * values.len() as u64)?;
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        let mut spare = order.clone();
        let mut width = 1;
        while width < order.len() {
            for start in (0..order.len()).step_by(2 * width) {
                let middle = (start + width).min(order.len());
                let end = (start + 2 * width).min(order.len());
                self.merge_runs(
                    values,
                    reverse,
                    &order[start..middle],
                    &order[middle..end],
                    &mut spare[start..end],
                )?;
            }
            std::mem::swap(&mut order, &mut spare);
            width *= 2;
        }
        Ok(order)
    }

    fn merge_runs(
        &mut self,
        values: &[Value],
        reverse: bool,
        left: &[u32],
        right: &[u32],
        out: &mut [u32],
    ) -> Run<()> {
        self.heap.charge(gas::elements(out.len()))?;
        // Runs that are in order already need one comparison.
        if let (Some(last), Some(first)) = (left.last(), right.first())
            && !self.comes_first(values, reverse, *first, *last)?
        {
            out[..left.len()].copy_from_slice(left);
            out[left.len()..].copy_from_slice(right);
            return Ok(());
        }
        let (mut l, mut r) = (0, 0);
        for slot in out.iter_mut() {
            let take_right = match (left.get(l), right.get(r)) {
                (Some(a), Some(b)) => self.comes_first(values, reverse, *b, *a)?,
                (None, _) => true,
                (_, None) => false,
            };
            *slot = if take_right { right[r] } else { left[l] };
            if take_right { r += 1 } else { l += 1 }
        }
        Ok(())
    }

    /// Whether the later of two elements must come before the earlier.
    fn comes_first(&mut self, values: &[Value], reverse: bool, later: u32, earlier: u32) -> Run<bool> {
        let (later, earlier) = (values[later as usize], values[earlier as usize]);
        if let (Value::Int(later), Value::Int(earlier)) = (later, earlier) {
            self.heap.charge(gas::SORT_COMPARE + gas::COMPARE)?;
            return Ok(if reverse { earlier < later } else { later < earlier });
        }
        self.heap.charge(gas::SORT_COMPARE)?;
        Ok(if reverse {
            self.order(earlier, later)? == Ordering::Less
        } else {
            self.order(later, earlier)? == Ordering::Less
        })
    }

    /// The position of the least or greatest value, the first of equal ones.
    pub(crate) fn extreme(&mut self, values: &[Value], greatest: bool) -> Run<usize> {
        if values.is_empty() {
            let name = if greatest { "max" } else { "min" };
            return self.raise(crate::classes::VALUE_ERROR, &format!("{name}() arg is an empty sequence"));
        }
        let mut best = 0;
        for index in 1..values.len() {
            let better = match greatest {
                true => self.order_greater(values[index], values[best])?,
                false => self.order(values[index], values[best])? == Ordering::Less,
            };
            if better {
                best = index;
            }
        }
        Ok(best)
    }
}
