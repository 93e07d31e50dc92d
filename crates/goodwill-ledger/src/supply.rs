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
    /// Donations beyond what the associations may get at once. It is divided little by little.
    Reserve,
    /// Granted to associations, and not released yet.
    Pending,
    /// Released while the association was frozen.
    Frozen,
    /// Deposits of those who want to be approved.
    Deposits,
}

impl Cell {
    /// All cells.
    pub const ALL: [Self; 10] = [
        Self::Accounts,
        Self::Orders,
        Self::Rewards,
        Self::BaseFees,
        Self::Pots,
        Self::Pool,
        Self::Reserve,
        Self::Pending,
        Self::Frozen,
        Self::Deposits,
    ];

    /// The cell's name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Orders => "orders",
            Self::Rewards => "rewards",
            Self::BaseFees => "base_fees",
            Self::Pots => "pots",
            Self::Pool => "pool",
            Self::Reserve => "reserve",
            Self::Pending => "pending",
            Self::Frozen => "frozen",
            Self::Deposits => "deposits",
        }
    }
}

/// Where donations come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Prices of slots that were filled.
    Slots,
    /// What ordering slots costs.
    OrderFees,
    /// The donated part of base fees.
    PollutionTax,
    /// Rewards of miners that equivocated.
    Confiscations,
    /// Deposits of candidates that were not approved.
    Deposits,
    /// Gifts.
    Gifts,
}

impl Source {
    /// All sources.
    pub const ALL: [Self; 6] =
        [Self::Slots, Self::OrderFees, Self::PollutionTax, Self::Confiscations, Self::Deposits, Self::Gifts];

    /// The source's name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slots => "slots",
            Self::OrderFees => "order_fees",
            Self::PollutionTax => "pollution_tax",
            Self::Confiscations => "confiscations",
            Self::Deposits => "deposits",
            Self::Gifts => "gifts",
        }
    }

    /// The cell from which it enters the pool.
    const fn cell(self) -> Cell {
        match self {
            Self::Slots => Cell::Orders,
            Self::OrderFees | Self::PollutionTax | Self::Gifts => Cell::Accounts,
            Self::Confiscations => Cell::Rewards,
            Self::Deposits => Cell::Deposits,
        }
    }
}

/// What entered the pool, in the order of [`Source::ALL`].
pub type Income = Array<Amount, { Source::ALL.len() }>;

/// How much was issued, and how much is in each cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    /// Issued by the manifest.
    pub genesis: Amount,
    /// Issued since.
    pub minted: Amount,
    cells: Array<Amount, { Cell::ALL.len() }>,
    /// What entered the pool since it was divided last: together, what the pool holds.
    pub income: Income,
}

record!(Supply { genesis, minted, cells, income });

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

    /// Moves `amount` from where it is into the pool.
    pub(crate) fn donate(&mut self, source: Source, amount: Amount) {
        self.take(source.cell(), amount);
        self.add(Cell::Pool, amount);
        let income = &mut self.income.0[source as usize];
        *income = income.checked_add(amount).expect("a part of the pool");
    }

    /// Whether `genesis + minted` is the sum of the cells, and the pool that of its income.
    ///
    /// spec: supply 1
    pub fn balances(&self) -> bool {
        let issued = self.genesis.checked_add(self.minted);
        issued.is_some()
            && issued == Amount::checked_sum(Cell::ALL.map(|cell| self.cell(cell)))
            && Amount::checked_sum(self.income.0) == Some(self.cell(Cell::Pool))
    }
}
