//! One transaction: checked, paid for, and done or failed.

use crate::{
    ChainState, InvalidTransaction, StoreError,
    association::{
        Asked, apply_application, apply_evidence, apply_proposal, apply_renewal, apply_rotation, apply_vote,
    },
    check_sender, check_transaction,
    contract::{Ended, Running, named},
    donation::apply_donation,
    fee::{Fee, divide},
    gas::gas_of,
    manifest::Manifest,
    mining::{NewOrder, TakeUp, apply_order, apply_report, apply_take_up},
    state::State,
    supply::{Cell, Source},
};
use goodwill_types::{
    Action, Address, Amount, Event, Failure, Outcome, Payment, Progress, Receipt, SignedTransaction,
    Transaction, TransactionId, codec::List,
};
use goodwill_vm::ChainFacts;

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

/// The accounts that a `transaction` of `sender` reads or writes.
pub(crate) fn accounts(sender: Address, transaction: &Transaction) -> impl Iterator<Item = Address> {
    let payments = match &transaction.action {
        Action::Transfer { payments, .. } => &payments[..],
        Action::OrderSlots { .. }
        | Action::ServeSeats { .. }
        | Action::ReportEquivocation { .. }
        | Action::Donate { .. }
        | Action::ApplyAssociation { .. }
        | Action::AttachEvidence { .. }
        | Action::RenewAssociation { .. }
        | Action::RotateAssociation { .. }
        | Action::ProposeAmendment { .. }
        | Action::Vote { .. }
        | Action::DeployContract { .. }
        | Action::CallContract { .. } => &[],
    };
    let contract = named(sender, transaction);
    [sender].into_iter().chain(payments.iter().map(|p| p.to)).chain(contract)
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
    manifest: &Manifest,
) -> Result<Receipt, NotApplied> {
    let transaction = &signed.transaction;
    let mut sender = state.account(&address)?;
    check_transaction(signed, manifest).map_err(NotApplied::Invalid)?;
    check_sender(transaction, &sender, chain).map_err(NotApplied::Invalid)?;

    let gas_used = gas_of(signed);
    let fee = fee_of(transaction, gas_used, chain, &manifest.parameters);
    sender.balance = sender.balance.checked_sub(fee.total()).expect("affordable");
    sender.nonce += 1;
    state.set_account(&address, &sender);
    state.donate(Source::PollutionTax, fee.donated);
    state.book(Cell::Accounts, Cell::BaseFees, fee.base.checked_sub(fee.donated).expect("a part of it"));
    state.keep();

    let payer = Payer { address, fee: fee.total() };
    let outcome = match apply_action(state, chain, manifest, payer, &transaction.action)? {
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

/// A transaction for which contracts run. It is paid for when they have ended; until then the fee of all
/// the gas that it may use is set aside.
pub(crate) struct Waiting {
    id: TransactionId,
    sender: Address,
    signed: SignedTransaction,
    reserved: Amount,
    running: Running,
}

impl Waiting {
    /// Checks a transaction whose signature holds, and sets its fee aside. An error leaves the state as
    /// it was.
    ///
    /// spec: contracts 5
    pub(crate) fn begin(
        state: &mut State<'_>,
        signed: SignedTransaction,
        sender: Address,
        id: TransactionId,
        chain: &ChainState,
        manifest: &Manifest,
        facts: ChainFacts,
    ) -> Result<Self, NotApplied> {
        let transaction = &signed.transaction;
        let mut account = state.account(&sender)?;
        check_transaction(&signed, manifest).map_err(NotApplied::Invalid)?;
        check_sender(transaction, &account, chain).map_err(NotApplied::Invalid)?;
        let reserved = fee_of(transaction, transaction.gas_limit, chain, &manifest.parameters).total();
        account.balance = account.balance.checked_sub(reserved).expect("affordable");
        account.nonce += 1;
        state.set_account(&sender, &account);
        state.keep();
        let gas = transaction.gas_limit - gas_of(&signed);
        let running = Running::new(sender, transaction, gas, facts);
        let running = running.ok_or(NotApplied::Invalid(InvalidTransaction::Arguments))?;
        Ok(Self { id, sender, signed, reserved, running })
    }

    /// Goes on until the end, or until something of the state is not known.
    ///
    /// # Errors
    /// When the state is damaged.
    pub(crate) fn run(
        &mut self,
        state: &mut State<'_>,
        chain: &ChainState,
        manifest: &Manifest,
    ) -> Result<Progress<Receipt>, StoreError> {
        match self.running.run(state)? {
            Progress::Need(keys) => Ok(Progress::Need(keys)),
            Progress::Done(ended) => self.end(state, chain, manifest, ended).map(Progress::Done),
        }
    }

    /// Keeps or drops what the contracts did, and takes the fee of the gas that was used.
    fn end(
        &self,
        state: &mut State<'_>,
        chain: &ChainState,
        manifest: &Manifest,
        Ended { gas_used, outcome, .. }: Ended,
    ) -> Result<Receipt, StoreError> {
        let outcome = match outcome {
            Ok(events) => Outcome::Done { events: List::new(events).expect("bounded by the session") },
            Err(failure) => {
                state.discard();
                Outcome::Failed { failure }
            }
        };
        let gas_used = gas_of(&self.signed) + gas_used;
        let fee = fee_of(&self.signed.transaction, gas_used, chain, &manifest.parameters);
        state.give(&self.sender, self.reserved.checked_sub(fee.total()).expect("at most the limit"))?;
        state.donate(Source::PollutionTax, fee.donated);
        state.book(Cell::Accounts, Cell::BaseFees, fee.base.checked_sub(fee.donated).expect("a part of it"));
        state.keep();
        let Fee { base, donated, tip } = fee;
        Ok(Receipt { id: self.id, height: chain.height + 1, gas_used, base_fee: base, donated, tip, outcome })
    }

    /// The transaction, once it is in its block.
    pub(crate) fn into_signed(self) -> SignedTransaction {
        self.signed
    }
}

/// spec: fees 1. The tip is what is offered, as far as the maximum leaves room above the base fee.
fn fee_of(
    transaction: &Transaction,
    gas_used: u64,
    chain: &ChainState,
    parameters: &crate::Parameters,
) -> Fee {
    let room = transaction.fee_per_gas_max - chain.base_fee_per_gas;
    let tip = transaction.tip_per_gas.min(room);
    divide(gas_used, chain.base_fee_per_gas, tip, parameters).expect("at most the affordable maximum")
}

/// Who acts, and what it paid for it.
#[derive(Clone, Copy)]
struct Payer {
    address: Address,
    fee: Amount,
}

fn apply_action(
    state: &mut State<'_>,
    chain: &ChainState,
    manifest: &Manifest,
    payer: Payer,
    action: &Action,
) -> Result<Result<Vec<Event>, Failure>, StoreError> {
    let (parameters, account) = (&manifest.parameters, payer.address);
    let asked = Asked { chain, manifest, sender: account };
    let event = match action {
        Action::Transfer { payments, .. } => return apply_transfer(state, account, payments),
        Action::OrderSlots { epoch, count, price_max } => {
            let (epoch, count, price_max) = (*epoch, *count, *price_max);
            apply_order(state, chain, parameters, NewOrder { account, epoch, count, price_max })?
        }
        Action::ServeSeats { epoch, node, power_mw, seats, .. } => {
            let (epoch, node, power_mw) = (*epoch, *node, *power_mw);
            let take_up = TakeUp { miner: account, epoch, node, power_mw, seats };
            apply_take_up(state, chain, parameters, &take_up)?
        }
        Action::ReportEquivocation { evidence } => {
            apply_report(state, chain, parameters, account, payer.fee, evidence)?
        }
        Action::Donate { amount } => apply_donation(state, account, *amount)?,
        Action::ApplyAssociation { application } => apply_application(state, &asked, application)?,
        Action::AttachEvidence { id, evidence } => apply_evidence(state, &asked, *id, evidence)?,
        Action::RenewAssociation { id, statement, proof } => {
            apply_renewal(state, &asked, *id, statement, proof)?
        }
        Action::RotateAssociation { id, account, proof } => {
            apply_rotation(state, &asked, *id, *account, proof)?
        }
        Action::ProposeAmendment { epoch, changes, reason } => {
            apply_proposal(state, chain, parameters, account, *epoch, changes, reason)?
        }
        Action::Vote { poll, choice } => apply_vote(state, chain, parameters, account, *poll, *choice)?,
        Action::DeployContract { .. } | Action::CallContract { .. } => {
            unreachable!("contracts run in steps: see `Waiting`")
        }
    };
    Ok(event.map(|event| vec![event]))
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
    let mut account = state.account(&from)?;
    account.balance = account.balance.checked_sub(wanted).expect("it has as much");
    state.set_account(&from, &account);
    for payment in payments {
        state.give(&payment.to, payment.amount)?;
    }
    let event = |payment: &Payment| Event::Transfer { from, to: payment.to, amount: payment.amount };
    Ok(Ok(payments.iter().map(event).collect()))
}
