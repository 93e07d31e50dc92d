//! One transaction: checked, paid for, and done or failed.

use crate::{
    ChainState, InvalidTransaction, StoreError, check_sender, check_transaction,
    fee::{Fee, divide},
    gas::gas_of,
    manifest::Parameters,
    state::State,
};
use goodwill_types::{
    Account, Action, Address, Amount, Event, Failure, Key, Outcome, Payment, Receipt, SignedTransaction,
    Transaction, TransactionId, codec::List,
};

/// Why a transaction was not applied.
pub(crate) enum NotApplied {
    /// It may not be in this block.
    Invalid(InvalidTransaction),
    /// The state is not what the rules wrote.
    Store(StoreError),
}

impl From<StoreError> for NotApplied {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The keys that a `transaction` of `sender` reads or writes.
pub(crate) fn declared_keys(sender: Address, transaction: &Transaction) -> impl Iterator<Item = Key> {
    let Action::Transfer { payments, .. } = &transaction.action;
    [sender].into_iter().chain(payments.iter().map(|p| p.to)).map(|a| Account::key(&a))
}

/// Applies a transaction whose signature holds. An error leaves the state as it was.
///
/// spec: transactions 9. The tip is in the receipt; the block pays it to the leader.
pub(crate) fn apply_transaction(
    state: &mut State<'_>,
    signed: &SignedTransaction,
    address: Address,
    id: TransactionId,
    chain: &ChainState,
    parameters: &Parameters,
) -> Result<Receipt, NotApplied> {
    let transaction = &signed.transaction;
    let mut sender = state.account(&address)?;
    check_transaction(signed, parameters).map_err(NotApplied::Invalid)?;
    check_sender(transaction, &sender, chain).map_err(NotApplied::Invalid)?;

    let gas_used = gas_of(signed);
    let fee = fee_of(transaction, gas_used, chain, parameters);
    sender.balance =
        sender.balance.checked_sub(Amount::from_units(fee.base.units + fee.tip.units)).expect("affordable");
    sender.nonce += 1;
    state.set_account(&address, &sender);
    state.keep();

    let outcome = match apply_action(state, address, &transaction.action)? {
        Ok(events) => {
            state.keep();
            Outcome::Done { events: List::new(events).expect("one event for each payment") }
        }
        Err(failure) => {
            state.discard();
            Outcome::Failed { failure }
        }
    };
    let Fee { base, donated, tip } = fee;
    Ok(Receipt { id, height: chain.height + 1, gas_used, base_fee: base, donated, tip, outcome })
}

/// spec: fees 1. The tip is what is offered, as far as the maximum leaves room above the base fee.
fn fee_of(transaction: &Transaction, gas_used: u64, chain: &ChainState, parameters: &Parameters) -> Fee {
    let room = transaction.fee_per_gas_max - chain.base_fee_per_gas;
    let tip = transaction.tip_per_gas.min(room);
    divide(gas_used, chain.base_fee_per_gas, tip, parameters).expect("at most the affordable maximum")
}

fn apply_action(
    state: &mut State<'_>,
    sender: Address,
    action: &Action,
) -> Result<Result<Vec<Event>, Failure>, StoreError> {
    match action {
        Action::Transfer { payments, .. } => apply_transfer(state, sender, payments),
    }
}

/// spec: transfers 1. All payments or none; the sender may be among the recipients.
fn apply_transfer(
    state: &mut State<'_>,
    from: Address,
    payments: &[Payment],
) -> Result<Result<Vec<Event>, Failure>, StoreError> {
    let balance = state.account(&from)?.balance;
    let total = Amount::checked_sum(payments.iter().map(|p| p.amount));
    let Some(wanted) = total.filter(|total| *total <= balance) else {
        let wanted = total.unwrap_or(Amount::from_units(u64::MAX));
        return Ok(Err(Failure::InsufficientBalance { balance, wanted }));
    };
    move_balance(state, from, |balance| balance.checked_sub(wanted))?;
    for payment in payments {
        move_balance(state, payment.to, |balance| balance.checked_add(payment.amount))?;
    }
    let event = |payment: &Payment| Event::Transfer { from, to: payment.to, amount: payment.amount };
    Ok(Ok(payments.iter().map(event).collect()))
}

/// Changes what `address` holds. The change was checked before, and no sum exceeds what was issued.
pub(crate) fn move_balance(
    state: &mut State<'_>,
    address: Address,
    change: impl FnOnce(Amount) -> Option<Amount>,
) -> Result<(), StoreError> {
    let mut account = state.account(&address)?;
    account.balance = change(account.balance).expect("checked before, and within what was issued");
    state.set_account(&address, &account);
    Ok(())
}
