//! Associations: who may receive donations, and who decides that.
//!
//! An association shows who it is and asks ([`apply`]); miners say what they hold of it as long as
//! they serve ([`vote`]); the last block of each epoch counts ([`tally`]) and decides
//! ([`standing`]). Amendments of the rules are decided in the same way ([`amendment`]).

mod amendment;
mod apply;
mod plan;
mod records;
mod standing;
mod tally;
mod vote;

pub(crate) use amendment::{apply_proposal, in_force};
pub(crate) use apply::{Asked, apply_application, apply_evidence, apply_renewal, apply_rotation};
pub use records::{
    About, Amended, Amendment, Association, Ballot, Evidence, POLLS_MAX, Poll, Polls, Profile, Rotation,
    Standing, Status, Tallied, Tally, amended_key, evidence_key,
};
pub(crate) use standing::end_epoch;
pub use standing::wins;
pub(crate) use vote::apply_vote;
