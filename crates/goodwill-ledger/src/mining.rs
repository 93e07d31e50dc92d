//! Mining: slots are ordered, drawn, taken up and served; turns are led, missed and paid.
//!
//! An epoch's slots are ordered two epochs before it ([`order`]), drawn in the middle of the epoch
//! before ([`order::apply_draw`]) and taken up in the quarter after ([`take_up`]). The last block of
//! that epoch forms the committee ([`committee`]). Each block of the epoch is a [`turn`] of a seat.
//! Rewards mature later ([`maturity`]), and are lost to those who equivocate ([`fault`]).

mod calendar;
mod committee;
mod fault;
mod maturity;
mod order;
mod plan;
mod price;
mod records;
mod shuffle;
mod take_up;
mod turn;

pub(crate) use committee::{begin, form, founders_committee};
pub(crate) use fault::apply_report;
pub(crate) use maturity::end_epoch;
pub(crate) use order::{NewOrder, apply_draw, apply_order};
pub use price::{RHO, cost_of, order_fee, price, subsidy};
pub use records::{
    Drawn, Draws, Epoch, Miner, ORDERS_MAX, Order, OrderPage, Owner, Owners, SeatRecord, TakenSeat,
    TakenSeats, draws_key, order_page_key, owners_key, page_of, taken_seats_key,
};
pub(crate) use take_up::{TakeUp, apply_take_up};
pub(crate) use turn::{Turn, finish, missed_turns};
