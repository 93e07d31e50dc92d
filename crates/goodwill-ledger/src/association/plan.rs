//! Which records associations, polls and donations read.

use super::records::{
    About, Amendment, Association, Ballot, Polls, Profile, Status, Tally, amended_key, evidence_key,
};
use crate::{
    Parameters, StoreError,
    donation::{self, Division},
    mining::{Owners, owners_key},
    plan::Plan,
};
use goodwill_types::{Account, Action, Address};

impl Plan<'_> {
    /// What the end of `epoch` needs to count votes, to decide, to release and to divide.
    pub(crate) fn end_of_polls(&mut self, parameters: &Parameters, epoch: u64) -> Result<(), StoreError> {
        self.want(amended_key());
        if let Some(left) = epoch.checked_sub(parameters.poll_window) {
            self.want(Tally::key(left));
        }
        let owners: Option<Owners> = self.look(owners_key(epoch))?;
        for owner in owners.iter().flat_map(|owners| owners.iter()) {
            self.want(Ballot::key(&owner.miner));
        }
        let polls: Option<Polls> = self.look(Polls::key())?;
        for poll in polls.iter().flat_map(|polls| polls.open.iter()) {
            match poll.about {
                About::Association {} => self.recipient(poll.id, epoch)?,
                About::Amendment {} => {
                    if let Some(amendment) = self.look::<Amendment>(Amendment::key(poll.id))? {
                        self.want(Account::key(&amendment.account));
                    }
                }
            }
        }
        let Some(due) = donation::due(parameters, epoch) else { return Ok(()) };
        let division: Option<Division> = self.look(due)?;
        for grant in division.iter().flat_map(|division| division.grants.iter()) {
            if let Some(association) = self.look::<Association>(Association::key(grant.id))? {
                self.want_payout(&association);
            }
        }
        Ok(())
    }

    /// An association whose deposit may be given back, or what was frozen paid, at the end of `epoch`.
    fn recipient(&mut self, id: u32, epoch: u64) -> Result<(), StoreError> {
        let Some(association) = self.look::<Association>(Association::key(id))? else { return Ok(()) };
        let waits = association.status == (Status::Candidate {}) || association.status == (Status::Frozen {});
        if waits || epoch >= association.until {
            self.want_payout(&association);
        }
        Ok(())
    }

    fn want_payout(&mut self, association: &Association) {
        self.want(Account::key(&association.payout));
        if let Some(rotation) = association.rotation {
            self.want(Account::key(&rotation.account));
        }
    }

    /// What an action of an association, or a vote, needs besides its sender's account.
    pub(crate) fn poll_action(
        &mut self,
        parameters: &Parameters,
        height: u64,
        sender: Address,
        action: &Action,
    ) -> Result<(), StoreError> {
        match action {
            Action::ApplyAssociation { application } => {
                let name = Association::domain_name(&application.domain);
                self.want(Association::domain_key(&name));
                self.want(Polls::key());
            }
            Action::ProposeAmendment { .. } => self.want(Polls::key()),
            Action::Vote { .. } => {
                self.want(owners_key(parameters.epoch_of(height)));
                self.want(Polls::key());
                self.want(Ballot::key(&sender));
            }
            Action::AttachEvidence { id, .. } => {
                if let Some(association) = self.look::<Association>(Association::key(*id))? {
                    self.want(evidence_key(*id, association.evidence));
                }
            }
            Action::RenewAssociation { id, .. } | Action::RotateAssociation { id, .. } => {
                self.want(Association::key(*id));
                self.want(Profile::key(*id));
            }
            Action::Transfer { .. }
            | Action::Donate { .. }
            | Action::DeployContract { .. }
            | Action::CallContract { .. }
            | Action::OrderSlots { .. }
            | Action::ServeSeats { .. }
            | Action::ReportEquivocation { .. } => {}
        }
        Ok(())
    }
}
