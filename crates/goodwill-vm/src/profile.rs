//! Where the gas of a call went: a sum for each line.

use crate::program::Program;

/// Gas of a line, or of what belongs to no line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// The file's name; empty for what belongs to no line.
    pub file: String,
    /// The line, from 1; 0 for what belongs to no line: entering contracts, taking arguments, writing
    /// state back, encoding results.
    pub line: u32,
    /// Gas that it used, of what it calls only natives and storage.
    pub gas: u64,
    /// How often it was begun.
    pub hits: u64,
}

/// Gas by lines. Between two instructions the meter falls by what the first one cost, so that the sum
/// is the call's gas to the unit.
#[derive(Clone, Debug)]
pub struct Profile {
    spent: Vec<Spent>,
    /// To whom the next gas is counted.
    current: usize,
    /// Gas left when the current one began.
    left: u64,
}

impl Profile {
    /// Of a call that has so much gas.
    pub(crate) fn new(gas: u64) -> Self {
        Self { spent: vec![Spent::default()], current: 0, left: gas }
    }

    /// An instruction of a function is next, with so much gas left.
    pub(crate) fn at(&mut self, program: &Program, function: u16, pc: usize, left: u64) {
        let lines = &program.functions[usize::from(function)].lines;
        let line = lines[pc];
        self.settle(left);
        self.current = self.row(&program.file, line);
        if pc == 0 || lines[pc - 1] != line {
            self.spent[self.current].hits += 1;
        }
    }

    /// What follows belongs to no line.
    pub(crate) fn outside(&mut self, left: u64) {
        self.settle(left);
        self.current = 0;
    }

    /// The sums at the end: first what belongs to no line, then the lines in their order.
    pub(crate) fn finish(mut self, left: u64) -> Vec<Spent> {
        self.settle(left);
        self.spent.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.spent
    }

    fn settle(&mut self, left: u64) {
        self.spent[self.current].gas += self.left.saturating_sub(left);
        self.left = left;
    }

    /// Most instructions follow one of the same line.
    fn row(&mut self, file: &str, line: u32) -> usize {
        let same = |spent: &Spent| spent.line == line && spent.file == file;
        if same(&self.spent[self.current]) {
            return self.current;
        }
        self.spent.iter().position(same).unwrap_or_else(|| {
            self.spent.push(Spent { file: file.into(), line, gas: 0, hits: 0 });
            self.spent.len() - 1
        })
    }
}
