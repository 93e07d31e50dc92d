//! Where money can be: a closed list of cells. What the chain issued is always their sum.

use goodwill_types::{
    Amount,
    codec::{Array, record},
};

/// A place where money lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Balances of all accounts.
    Accounts,
    /// Locked for orders of slots that are not drawn yet.
    Orders,
    /// Earned by miners, and not matured.
    Rewards,
    /// The untaxed part of this epoch's base fees.
    BaseFees,
    /// The pots of this epoch and the two that follow: untaxed base fees, for those who make the blocks.
    Pots,
    /// Donations that are not divided among the associations yet.
    Pool,
}

impl Cell {
    /// All cells.
    pub const ALL: [Self; 6] =
        [Self::Accounts, Self::Orders, Self::Rewards, Self::BaseFees, Self::Pots, Self::Pool];

    /// The cell's name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Orders => "orders",
            Self::Rewards => "rewards",
            Self::BaseFees => "base_fees",
            Self::Pots => "pots",
            Self::Pool => "pool",
        }
    }
}

/// How much was issued, and how much is in each cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    /// Issued by the manifest.
    pub genesis: Amount,
    /// Issued since.
    pub minted: Amount,
    cells: Array<Amount, { Cell::ALL.len() }>,
}

record!(Supply { genesis, minted, cells });

impl Supply {
    /// The first coins, all of them in accounts.
    pub(crate) fn issued(genesis: Amount) -> Self {
        let mut supply = Self { genesis, ..Self::default() };
        supply.add(Cell::Accounts, genesis);
        supply
    }

    /// What a cell holds.
    pub fn cell(&self, cell: Cell) -> Amount {
        self.cells.0[cell as usize]
    }

    pub(crate) fn add(&mut self, cell: Cell, amount: Amount) {
        let sum = self.cell(cell).checked_add(amount);
        self.cells.0[cell as usize] = sum.expect("a cell holds at most what was issued");
    }

    pub(crate) fn take(&mut self, cell: Cell, amount: Amount) {
        let rest = self.cell(cell).checked_sub(amount);
        self.cells.0[cell as usize] = rest.expect("the rules take from a cell only what is in it");
    }

    /// Whether `genesis + minted` is the sum of the cells.
    ///
    /// spec: supply 1
    pub fn balances(&self) -> bool {
        let issued = self.genesis.checked_add(self.minted);
        issued.is_some() && issued == Amount::checked_sum(Cell::ALL.map(|cell| self.cell(cell)))
    }
}
