//! Where money can be: a closed list of cells. What the chain issued is always their sum.

use goodwill_types::{Amount, codec::record};

/// A place where money lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Balances of all accounts.
    Accounts,
    /// The untaxed part of base fees, kept for the miners of a later epoch.
    BaseFees,
    /// Donations that are not divided among the associations yet.
    Pool,
}

impl Cell {
    /// All cells.
    pub const ALL: [Self; 3] = [Self::Accounts, Self::BaseFees, Self::Pool];

    /// The cell's name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::BaseFees => "base_fees",
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
    accounts: Amount,
    base_fees: Amount,
    pool: Amount,
}

record!(Supply { genesis, minted, accounts, base_fees, pool });

impl Supply {
    /// The first coins, all of them in accounts.
    pub(crate) fn issued(genesis: Amount) -> Self {
        Self { genesis, accounts: genesis, ..Self::default() }
    }

    /// What a cell holds.
    pub fn cell(&self, cell: Cell) -> Amount {
        match cell {
            Cell::Accounts => self.accounts,
            Cell::BaseFees => self.base_fees,
            Cell::Pool => self.pool,
        }
    }

    pub(crate) fn set(&mut self, cell: Cell, amount: Amount) {
        match cell {
            Cell::Accounts => self.accounts = amount,
            Cell::BaseFees => self.base_fees = amount,
            Cell::Pool => self.pool = amount,
        }
    }

    pub(crate) fn add(&mut self, cell: Cell, amount: Amount) {
        let sum = self.cell(cell).checked_add(amount).expect("a cell holds at most what was issued");
        self.set(cell, sum);
    }

    /// Whether `genesis + minted` is the sum of the cells.
    ///
    /// spec: supply 1
    pub fn balances(&self) -> bool {
        let issued = self.genesis.checked_add(self.minted);
        issued.is_some() && issued == Amount::checked_sum(Cell::ALL.map(|cell| self.cell(cell)))
    }
}
