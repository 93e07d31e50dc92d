//! From a wish to a transaction that can be signed, and the words in which its signer is asked.

use goodwill_types::{
    Account, Action, Address, AddressError, Amount, Digest, Memo, Payment, Prefix, PublicKey, SecretKey,
    SignedTransaction, Transaction,
    api::{GasPrices, Status},
    codec::{EncodeSize as _, List, UInt},
    transaction::{MEMO_SIZE_MAX, PAYMENTS_MAX},
};

/// For how many blocks a transaction can be included, unless the wish says otherwise.
pub const VALIDITY_BLOCKS: u64 = 100;

const KEY_SIZE: usize = 32;
const SIGNATURE_SIZE: usize = 64;

/// A chain, as far as its transactions show and name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its id: part of every signature.
    pub id: Digest,
    /// How its addresses begin.
    pub prefix: Prefix,
    /// What its coin is called.
    pub symbol: String,
    /// The donated share of the base fee, in hundredths of a percent.
    pub pollution_tax_bp: u16,
}

/// What a chain asks of a transaction now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Which chain.
    pub chain: Chain,
    /// Its height.
    pub height: u64,
    /// The base fee per gas, in base units.
    pub base_fee_per_gas: u64,
    /// What things cost in gas.
    pub gas_prices: GasPrices,
}

impl TryFrom<&Status> for Terms {
    type Error = AddressError;
    fn try_from(status: &Status) -> Result<Self, AddressError> {
        let chain = Chain {
            id: status.chain_id.0,
            prefix: status.address_prefix.parse()?,
            symbol: status.symbol.clone(),
            pollution_tax_bp: status.pollution_tax_bp,
        };
        let Status { height, base_fee_per_gas, gas_prices, .. } = *status;
        Ok(Self { chain, height, base_fee_per_gas, gas_prices })
    }
}

/// A transfer that somebody wants to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who gets what.
    pub payments: Vec<Payment>,
    /// A note that everybody can read.
    pub memo: String,
    /// What the leader is offered per gas, in base units.
    pub tip_per_gas: u64,
    /// The most to pay per gas, in base units. Without it, twice the base fee and the tip: enough
    /// after five full blocks in a row.
    pub fee_per_gas_max: Option<u64>,
    /// For how many blocks it can be included.
    pub validity_blocks: u64,
}

impl Transfer {
    /// Pays `amount` to `to`, with no memo and no tip.
    pub fn to(to: Address, amount: Amount) -> Self {
        Self::to_many(vec![Payment { to, amount }])
    }

    /// Pays many, all of them or none, with no memo and no tip.
    pub fn to_many(payments: Vec<Payment>) -> Self {
        let (memo, validity_blocks) = (String::new(), VALIDITY_BLOCKS);
        Self { payments, memo, tip_per_gas: 0, fee_per_gas_max: None, validity_blocks }
    }
}

/// Why a wish cannot become a transaction. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// No payment, or too many.
    #[error("a transfer makes 1 to {PAYMENTS_MAX} payments, not {0}: split it")]
    Payments(usize),
    /// A payment of nothing.
    #[error("payment {0} is of nothing: give an amount above 0")]
    ZeroPayment(usize),
    /// The memo is too long.
    #[error("the memo has {0} bytes, and {MEMO_SIZE_MAX} are allowed: shorten it")]
    Memo(usize),
    /// It would pay less than the base fee.
    #[error("it pays at most {offered} units per gas, and the base fee is {base_fee}: offer more")]
    FeeTooLow {
        /// The most it would pay per gas.
        offered: u64,
        /// The base fee per gas.
        base_fee: u64,
    },
    /// The sums are beyond 2^64.
    #[error(
        "the payments and their fee are more than any chain can hold: check the amounts and the gas prices"
    )]
    TooLarge,
    /// The account holds too little.
    #[error("the account holds {balance} {symbol}, and needs {given} {symbol} to give and up to {fee_max} {symbol} for the fee: {}", remedy(*.balance, *.fee_max, .symbol))]
    InsufficientBalance {
        /// What the account holds.
        balance: Amount,
        /// What it would give.
        given: Amount,
        /// What the fee is at most.
        fee_max: Amount,
        /// What a coin is called.
        symbol: String,
    },
}

fn remedy(balance: Amount, fee_max: Amount, symbol: &str) -> String {
    match balance.checked_sub(fee_max) {
        Some(most) if most > Amount::ZERO => format!("give at most {most} {symbol}"),
        _ => "add coins first".into(),
    }
}

/// A transaction before it is signed. Its sender's key is not known yet: whoever composes may have the
/// address only, and not the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// For which chain.
    pub chain: Chain,
    /// Who pays and acts.
    pub from: Address,
    /// How many transactions of the account come before.
    pub nonce: u64,
    /// The last height at which it can be included.
    pub last_height: u64,
    /// The most gas that it may use.
    pub gas_limit: u64,
    /// The most it pays per gas, in base units.
    pub fee_per_gas_max: u64,
    /// What it offers the leader per gas, in base units.
    pub tip_per_gas: u64,
    /// What it does.
    pub action: Action,
}

/// The key is not that of the transaction's sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transaction is from {expected}, and the key is of {given}: unlock the wallet that it is from")]
pub struct WrongKey {
    /// Who it is from.
    pub expected: String,
    /// Whose key was given.
    pub given: String,
}

/// Composes a transfer from the account `from`, which stands as given: its nonce is the one that the
/// transaction gets.
///
/// # Errors
/// What the chain would refuse or fail, before anything is signed.
pub fn transfer(
    terms: &Terms,
    from: Address,
    account: &Account,
    wish: Transfer,
) -> Result<Draft, ComposeError> {
    let Transfer { payments, memo, tip_per_gas, fee_per_gas_max, validity_blocks } = wish;
    let action = transfer_action(payments, memo)?;
    let offer = Offer { tip_per_gas, fee_per_gas_max, validity_blocks, contract_gas: 0 };
    compose(terms, from, account, action, offer)
}

/// What is offered for being included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What the leader is offered per gas, in base units.
    pub tip_per_gas: u64,
    /// The most to pay per gas, in base units. Without it, twice the base fee and the tip: enough
    /// after five full blocks in a row.
    pub fee_per_gas_max: Option<u64>,
    /// For how many blocks it can be included.
    pub validity_blocks: u64,
    /// The most gas that contracts may use, besides what the transaction itself uses.
    pub contract_gas: u64,
}

impl Default for Offer {
    fn default() -> Self {
        Self { tip_per_gas: 0, fee_per_gas_max: None, validity_blocks: VALIDITY_BLOCKS, contract_gas: 0 }
    }
}

/// Composes a transaction of the account `from`, which stands as given: its nonce is the one that the
/// transaction gets.
///
/// # Errors
/// What the chain would refuse or fail, before anything is signed.
pub fn compose(
    terms: &Terms,
    from: Address,
    account: &Account,
    action: Action,
    offer: Offer,
) -> Result<Draft, ComposeError> {
    let base_fee = terms.base_fee_per_gas;
    let usual = base_fee.saturating_mul(2).saturating_add(offer.tip_per_gas);
    let offered = offer.fee_per_gas_max.unwrap_or(usual);
    if offered < base_fee {
        return Err(ComposeError::FeeTooLow { offered, base_fee });
    }
    let draft = Draft {
        chain: terms.chain.clone(),
        from,
        nonce: account.nonce,
        last_height: terms.height.saturating_add(offer.validity_blocks),
        gas_limit: 0,
        fee_per_gas_max: offered,
        tip_per_gas: offer.tip_per_gas,
        action,
    };
    let draft = with_exact_gas(draft, &terms.gas_prices, offer.contract_gas).ok_or(ComposeError::TooLarge)?;
    check_balance(&draft, account.balance)?;
    Ok(draft)
}

fn transfer_action(payments: Vec<Payment>, memo: String) -> Result<Action, ComposeError> {
    if let Some(index) = payments.iter().position(|payment| payment.amount == Amount::ZERO) {
        return Err(ComposeError::ZeroPayment(index + 1));
    }
    let (count, size) = (payments.len(), memo.len());
    let payments = List::new(payments).ok_or(ComposeError::Payments(count))?;
    let memo = Memo::new(memo).ok_or(ComposeError::Memo(size))?;
    Ok(Action::Transfer { payments, memo })
}

/// The limit is part of the bytes that it pays for. Raising it lengthens the transaction by a few
/// bytes at most, so that raising it again and again soon ends.
fn with_exact_gas(mut draft: Draft, prices: &GasPrices, contract_gas: u64) -> Option<Draft> {
    loop {
        let gas = gas(&draft, prices)?.checked_add(contract_gas)?;
        if gas == draft.gas_limit {
            return Some(draft);
        }
        draft.gas_limit = gas;
    }
}

fn gas(draft: &Draft, prices: &GasPrices) -> Option<u64> {
    prices.of(&draft.action, signed_size(draft))
}

/// The size of the signed transaction, whoever's key it is.
fn signed_size(draft: &Draft) -> usize {
    let Draft { nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas, .. } = draft;
    let numbers = [nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas];
    let numbers: usize = numbers.into_iter().map(|number| UInt(*number).encode_size()).sum();
    KEY_SIZE + numbers + draft.action.encode_size() + SIGNATURE_SIZE
}

fn check_balance(draft: &Draft, balance: Amount) -> Result<(), ComposeError> {
    let given = draft.given().ok_or(ComposeError::TooLarge)?;
    let fee_max = draft.fee_max().ok_or(ComposeError::TooLarge)?;
    let needed = given.checked_add(fee_max).ok_or(ComposeError::TooLarge)?;
    match needed <= balance {
        true => Ok(()),
        false => {
            let symbol = draft.chain.symbol.clone();
            Err(ComposeError::InsufficientBalance { balance, given, fee_max, symbol })
        }
    }
}

impl Draft {
    /// What it gives away at most, without the fee; `None` when the sum is beyond 2^64.
    pub fn given(&self) -> Option<Amount> {
        match &self.action {
            Action::Transfer { payments, .. } => Amount::checked_sum(payments.iter().map(|p| p.amount)),
            Action::OrderSlots { count, price_max, .. } => {
                let one = price_max.units.checked_add(price_max.units.div_ceil(100))?;
                one.checked_mul(u64::from(*count)).map(Amount::from_units)
            }
            Action::Donate { amount } => Some(*amount),
            Action::DeployContract { value, .. } | Action::CallContract { value, .. } => Some(*value),
            Action::ServeSeats { .. }
            | Action::ReportEquivocation { .. }
            | Action::ApplyAssociation { .. }
            | Action::AttachEvidence { .. }
            | Action::RenewAssociation { .. }
            | Action::RotateAssociation { .. }
            | Action::ProposeAmendment { .. }
            | Action::Vote { .. } => Some(Amount::ZERO),
        }
    }

    /// The most that its fee can be; `None` when that is beyond 2^64.
    pub fn fee_max(&self) -> Option<Amount> {
        self.gas_limit.checked_mul(self.fee_per_gas_max).map(Amount::from_units)
    }

    /// What the owner of the key `sender` signs.
    ///
    /// # Errors
    /// When the key is not that of its sender.
    pub fn transaction(&self, sender: PublicKey) -> Result<Transaction, WrongKey> {
        let given = Address::of(&sender);
        if given != self.from {
            let text = |address: Address| address.display(&self.chain.prefix);
            return Err(WrongKey { expected: text(self.from), given: text(given) });
        }
        let Self { nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas, .. } = *self;
        let action = self.action.clone();
        Ok(Transaction { sender, nonce, last_height, gas_limit, fee_per_gas_max, tip_per_gas, action })
    }

    /// Signs it.
    ///
    /// # Errors
    /// When `key` is not that of its sender.
    pub fn sign(&self, key: &SecretKey) -> Result<SignedTransaction, WrongKey> {
        Ok(self.transaction(key.public_key())?.sign(key, &self.chain.id))
    }
}

#[cfg(test)]
pub(crate) mod tests;
