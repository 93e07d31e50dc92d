//! Which records a block reads, as far as those read so far tell. Asked until nothing is missing, so
//! that a block is executed in one go, once.

use super::{
    missed_turns,
    order::{fill, pages},
    records::{
        Epoch, Miner, Order, OrderPage, Owners, SeatRecord, TakenSeats, draws_key, founder_key,
        order_page_key, owners_key, page_of, taken_seats_key,
    },
};
use crate::{
    ChainState, Manifest, StoreError,
    state::{State, chain_key},
};
use goodwill_types::{Account, Action, Address, BlockContext, Committee, Key, codec::Read};
use std::collections::BTreeSet;

/// Collects the keys that are not fetched yet.
pub(crate) struct Plan<'a> {
    state: &'a State<'a>,
    missing: BTreeSet<Key>,
}

impl<'a> Plan<'a> {
    pub(crate) const fn new(state: &'a State<'a>) -> Self {
        Self { state, missing: BTreeSet::new() }
    }

    /// What is missing.
    pub(crate) fn missing(self) -> Vec<Key> {
        self.missing.into_iter().collect()
    }

    pub(crate) fn want(&mut self, key: Key) {
        if self.state.value(&key).is_none() {
            self.missing.insert(key);
        }
    }

    /// A record on which depends what else is needed. `None` where there is none, or not yet.
    fn look<T: Read<Cfg = ()>>(&mut self, key: Key) -> Result<Option<T>, StoreError> {
        match self.state.value(&key) {
            Some(_) => self.state.read(key),
            None => {
                self.missing.insert(key);
                Ok(None)
            }
        }
    }

    fn want_miner(&mut self, miner: &Address) {
        self.want(Miner::key(miner));
        self.want(Account::key(miner));
    }

    /// What a block needs besides its transactions.
    pub(crate) fn block(&mut self, manifest: &Manifest, context: &BlockContext) -> Result<(), StoreError> {
        let parameters = &manifest.parameters;
        self.want(Epoch::key(context.epoch));
        self.turn(context)?;
        if context.height == parameters.draw_height(context.epoch + 1) {
            self.draw(context.epoch + 1, parameters.slots_per_epoch)?;
        }
        if parameters.is_last(context.height) {
            self.boundary(manifest, context.epoch)?;
        }
        Ok(())
    }

    fn turn(&mut self, context: &BlockContext) -> Result<(), StoreError> {
        let owners: Option<Owners> = self.look(owners_key(context.epoch))?;
        let committee: Option<Committee> = self.look(Committee::key(context.epoch))?;
        let (Some(owners), Some(committee)) = (owners, committee) else { return Ok(()) };
        let leader = committee.turn(context.view);
        for index in missed_turns(context, &committee).map(|(index, _)| index).chain([leader]) {
            self.want(SeatRecord::key(context.epoch, index));
            self.want_miner(&owners[index].miner);
        }
        Ok(())
    }

    /// The accounts of all whose orders are not filled, and the miners whose are.
    fn draw(&mut self, epoch: u64, slots: u32) -> Result<(), StoreError> {
        let Some(record) = self.look::<Epoch>(Epoch::key(epoch))? else { return Ok(()) };
        let Some(chain) = self.look::<ChainState>(chain_key())? else { return Ok(()) };
        let mut orders = Vec::with_capacity(record.accounts as usize);
        for page in 0..pages(&record) {
            let page: Option<OrderPage> = self.look(order_page_key(epoch, page))?;
            orders.extend(page.into_iter().flat_map(OrderPage::into_vec));
        }
        if orders.len() < record.accounts as usize {
            return Ok(());
        }
        let filled = fill(&orders, record.ordered, slots, epoch, &chain.luck);
        filled.keys().for_each(|account| self.want(Miner::key(account)));
        let filled = |order: &Order| filled.get(&order.account).copied().unwrap_or(0);
        let open = orders.iter().filter(|order| order.count > filled(order).into());
        open.for_each(|order| self.want(Account::key(&order.account)));
        Ok(())
    }

    fn boundary(&mut self, manifest: &Manifest, epoch: u64) -> Result<(), StoreError> {
        self.want(Epoch::key(epoch + 1));
        self.want(taken_seats_key(epoch + 1));
        (0..manifest.founders.len()).for_each(|index| self.want(founder_key(index)));
        self.seats(epoch)?;
        match epoch.checked_sub(manifest.parameters.maturity_epochs) {
            Some(matured) => {
                self.want(Epoch::key(matured));
                self.seats(matured)
            }
            None => Ok(()),
        }
    }

    fn seats(&mut self, epoch: u64) -> Result<(), StoreError> {
        self.want(Committee::key(epoch));
        let Some(owners) = self.look::<Owners>(owners_key(epoch))? else { return Ok(()) };
        for (index, owner) in owners.iter().enumerate() {
            self.want(SeatRecord::key(epoch, index));
            self.want_miner(&owner.miner);
        }
        Ok(())
    }

    /// What an action needs besides the accounts that it names.
    pub(crate) fn action(&mut self, sender: Address, action: &Action, orders: u32) -> Result<(), StoreError> {
        match action {
            Action::Transfer { .. } => Ok(()),
            Action::OrderSlots { epoch, .. } => self.order(sender, *epoch, orders),
            Action::ServeSeats { epoch, .. } => {
                self.want(draws_key(*epoch));
                let _: Option<TakenSeats> = self.look(taken_seats_key(*epoch))?;
                Ok(())
            }
            Action::ReportEquivocation { evidence } => {
                self.want(Committee::key(evidence.epoch()));
                let owners: Option<Owners> = self.look(owners_key(evidence.epoch()))?;
                for owner in owners.iter().flat_map(|owners| owners.iter()) {
                    self.want(Miner::key(&owner.miner));
                }
                Ok(())
            }
        }
    }

    /// The page of an order, and those that up to `orders` new ones of the block can fill.
    fn order(&mut self, sender: Address, epoch: u64, orders: u32) -> Result<(), StoreError> {
        let miner: Option<Miner> = self.look(Miner::key(&sender))?;
        if let Some(miner) = miner.filter(|miner| miner.order_epoch == epoch) {
            self.want(order_page_key(epoch, page_of(miner.order_index)));
        }
        if let Some(record) = self.look::<Epoch>(Epoch::key(epoch))? {
            let last = record.accounts.saturating_add(orders);
            (page_of(record.accounts)..=page_of(last))
                .for_each(|page| self.want(order_page_key(epoch, page)));
        }
        Ok(())
    }
}
