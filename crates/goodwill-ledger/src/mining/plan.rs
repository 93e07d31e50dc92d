//! Which records mining reads.

use super::{
    missed_turns,
    order::{by_account, fill, pages},
    records::{
        Epoch, Miner, Order, OrderPage, Owners, SeatRecord, TakenSeats, draws_key, founder_key,
        order_page_key, owners_key, page_of, taken_seats_key,
    },
};
use crate::{ChainState, Manifest, StoreError, plan::Plan, state::chain_key};
use goodwill_types::{Account, Action, Address, BlockContext, Committee};

impl Plan<'_> {
    fn want_miner(&mut self, miner: &Address) {
        self.want(Miner::key(miner));
        self.want(Account::key(miner));
    }

    /// What a block's turn, draw and end of its epoch need.
    pub(crate) fn mining(&mut self, manifest: &Manifest, context: &BlockContext) -> Result<(), StoreError> {
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
        orders.retain(|order| order.count > filled(order).into());
        by_account(&mut orders);
        orders.iter().for_each(|order| self.want(Account::key(&order.account)));
        Ok(())
    }

    fn boundary(&mut self, manifest: &Manifest, epoch: u64) -> Result<(), StoreError> {
        self.want(Epoch::key(epoch + 1));
        self.want(taken_seats_key(epoch + 1));
        // The declared power of those who serve.
        self.want(draws_key(epoch));
        self.want(draws_key(epoch + 1));
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

    /// What an action of a miner needs besides its account.
    pub(crate) fn mining_action(
        &mut self,
        sender: Address,
        action: &Action,
        orders: u32,
    ) -> Result<(), StoreError> {
        match action {
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
            Action::Transfer { .. }
            | Action::Donate { .. }
            | Action::DeployContract { .. }
            | Action::CallContract { .. }
            | Action::ApplyAssociation { .. }
            | Action::AttachEvidence { .. }
            | Action::RenewAssociation { .. }
            | Action::RotateAssociation { .. }
            | Action::ProposeAmendment { .. }
            | Action::Vote { .. } => Ok(()),
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
