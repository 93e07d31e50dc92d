//! Orders of slots, and the draw that fills them.

use super::{
    price::order_fee,
    records::{Drawn, Draws, Epoch, Miner, ORDERS_MAX, Order, OrderPage, draws_key, order_page_key, page_of},
    shuffle::Numbers,
};
use crate::{
    ChainState, Parameters, StoreError,
    state::State,
    supply::{Cell, Source},
};
use goodwill_types::{Address, Amount, Digest, Domain, Event, Failure};
use std::collections::{BTreeMap, BTreeSet};

/// Slots that an account wants.
#[derive(Clone, Copy)]
pub(crate) struct NewOrder {
    pub(crate) account: Address,
    pub(crate) epoch: u64,
    pub(crate) count: u32,
    pub(crate) price_max: Amount,
}

/// Orders slots, besides those that the account ordered for the epoch before.
///
/// spec: orders 1 to 5
pub(crate) fn apply_order(
    state: &mut State<'_>,
    chain: &ChainState,
    parameters: &Parameters,
    order: NewOrder,
) -> Result<Result<Event, Failure>, StoreError> {
    let NewOrder { account, epoch, count, price_max } = order;
    let open = parameters.ordering(chain.height + 1);
    if epoch != open {
        return Ok(Err(Failure::OrdersClosed { wanted: epoch, open }));
    }
    let mut miner: Miner = state.read(Miner::key(&account))?.unwrap_or_default();
    if epoch < miner.banned {
        return Ok(Err(Failure::Banned { until: miner.banned - 1 }));
    }
    let mut record: Epoch = state.must(Epoch::key(epoch))?;
    if record.price > price_max {
        return Ok(Err(Failure::TooExpensive { price: record.price, price_max }));
    }
    let cost = cost(&record, count.into());
    let Some(((locked, fee), total)) = cost.and_then(|cost| Some((cost, cost.0.checked_add(cost.1)?))) else {
        return insufficient(state, &account, Amount::from_units(u64::MAX));
    };
    let mut payer = state.account(&account)?;
    let Some(rest) = payer.balance.checked_sub(total) else {
        return insufficient(state, &account, total);
    };
    if !enter(state, &mut record, &mut miner, account, epoch, count)? {
        return Ok(Err(Failure::OrdersFull { max: ORDERS_MAX }));
    }
    payer.balance = rest;
    miner.donated = [miner.donated, fee].into_iter().sum();
    state.set_account(&account, &payer);
    state.write(Miner::key(&account), &miner);
    state.write(Epoch::key(epoch), &record);
    state.book(Cell::Accounts, Cell::Orders, locked);
    state.donate(Source::OrderFees, fee);
    Ok(Ok(Event::SlotsOrdered { miner: account, epoch, count, locked, fee }))
}

/// What `count` slots cost: price and order fee. `None` where no account can hold so much.
fn cost(epoch: &Epoch, count: u64) -> Option<(Amount, Amount)> {
    let times = |amount: Amount| amount.units.checked_mul(count).map(Amount::from_units);
    Some((times(epoch.price)?, times(order_fee(epoch.price))?))
}

fn insufficient(
    state: &State<'_>,
    account: &Address,
    wanted: Amount,
) -> Result<Result<Event, Failure>, StoreError> {
    let balance = state.account(account)?.balance;
    Ok(Err(Failure::InsufficientBalance { balance, wanted }))
}

/// Enters the order among those of its epoch; `false` when there is no room.
fn enter(
    state: &mut State<'_>,
    record: &mut Epoch,
    miner: &mut Miner,
    account: Address,
    epoch: u64,
    count: u32,
) -> Result<bool, StoreError> {
    let first = miner.order_epoch != epoch;
    if first && record.accounts == ORDERS_MAX {
        return Ok(false);
    }
    if first {
        (miner.order_epoch, miner.order_index) = (epoch, record.accounts);
        record.accounts += 1;
    }
    let key = order_page_key(epoch, page_of(miner.order_index));
    let mut orders = state.read::<OrderPage>(key)?.map(OrderPage::into_vec).unwrap_or_default();
    match orders.iter_mut().find(|order| order.account == account) {
        Some(order) => order.count += u64::from(count),
        None => orders.push(Order { account, count: count.into() }),
    }
    record.ordered += u64::from(count);
    state.write(key, &OrderPage::new(orders).expect("pages are filled in order"));
    Ok(true)
}

/// Draws which orders of `epoch` are filled, takes their price, and unlocks the rest.
///
/// spec: draw 1 to 4
pub(crate) fn apply_draw(
    state: &mut State<'_>,
    luck: &Digest,
    parameters: &Parameters,
    epoch: u64,
) -> Result<(), StoreError> {
    let mut record: Epoch = state.must(Epoch::key(epoch))?;
    let mut orders = take_orders(state, &record, epoch)?;
    let filled = fill(&orders, record.ordered, parameters.slots_per_epoch, epoch, luck);
    by_account(&mut orders);
    let mut drawn = Vec::with_capacity(filled.len());
    for Order { account, count } in orders {
        let slots = filled.get(&account).copied().unwrap_or(0);
        unlock(state, &record, &account, count - u64::from(slots))?;
        if slots > 0 {
            pay(state, &record, &account, slots)?;
            drawn.push(Drawn { account, slots, taken_up: 0, power_mw: 0 });
        }
    }
    record.filled = filled.values().sum();
    state.write(Epoch::key(epoch), &record);
    state.write(draws_key(epoch), &Draws::new(drawn).expect("at most one for each slot"));
    Ok(())
}

/// The orders of an epoch, which are in the state no longer.
fn take_orders(state: &mut State<'_>, record: &Epoch, epoch: u64) -> Result<Vec<Order>, StoreError> {
    let mut orders = Vec::with_capacity(record.accounts as usize);
    for page in 0..pages(record) {
        let key = order_page_key(epoch, page);
        orders.extend(state.must::<OrderPage>(key)?.into_vec());
        state.remove(key);
    }
    Ok(orders)
}

/// How many pages of orders an epoch has.
pub(crate) fn pages(record: &Epoch) -> u32 {
    record.accounts.checked_sub(1).map_or(0, |last| page_of(last) + 1)
}

/// How many slots each account gets: all of its own, or its part of a draw without replacement.
pub(crate) fn fill(
    orders: &[Order],
    ordered: u64,
    slots: u32,
    epoch: u64,
    luck: &Digest,
) -> BTreeMap<Address, u32> {
    if ordered <= slots.into() {
        let all = |order: &Order| (order.account, u32::try_from(order.count).expect("at most the slots"));
        return orders.iter().map(all).collect();
    }
    let mut numbers = Numbers::new(Domain::Draw, epoch, luck);
    let mut tickets = BTreeSet::new();
    while tickets.len() < slots as usize {
        tickets.insert(numbers.below(ordered));
    }
    let mut filled = BTreeMap::new();
    let (mut orders, mut end) = (orders.iter(), 0);
    let mut holder = None;
    for ticket in tickets {
        while ticket >= end {
            let order = orders.next().expect("tickets are below the sum of the orders");
            (end, holder) = (end + order.count, Some(order.account));
        }
        *filled.entry(holder.expect("a ticket has a holder")).or_default() += 1;
    }
    filled
}

/// In the order in which the state holds their accounts: what is near is read and written faster.
pub(crate) fn by_account(orders: &mut [Order]) {
    orders.sort_unstable_by_key(|order| order.account);
}

/// Gives back what was locked for slots that were not filled.
fn unlock(state: &mut State<'_>, record: &Epoch, account: &Address, count: u64) -> Result<(), StoreError> {
    if count == 0 {
        return Ok(());
    }
    let (locked, _) = cost(record, count).expect("it was locked");
    state.give(account, locked)?;
    state.book(Cell::Orders, Cell::Accounts, locked);
    Ok(())
}

/// The price of filled slots enters the pool, and never comes back.
fn pay(state: &mut State<'_>, record: &Epoch, account: &Address, slots: u32) -> Result<(), StoreError> {
    let (price, _) = cost(record, slots.into()).expect("it was locked");
    let mut miner: Miner = state.must(Miner::key(account))?;
    miner.donated = [miner.donated, price].into_iter().sum();
    state.write(Miner::key(account), &miner);
    state.donate(Source::Slots, price);
    Ok(())
}
