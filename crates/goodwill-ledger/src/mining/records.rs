//! What the state holds of mining: its records, and where they are.

pub use goodwill_types::Epoch;
use goodwill_types::{
    Address, Amount, Digest, Key, PublicKey,
    block::SEATS_MAX,
    codec::{List, record},
};

/// Orders that share a record.
pub(super) const ORDERS_PER_PAGE: usize = 64;
/// The most accounts that can order slots of an epoch.
pub const ORDERS_MAX: u32 = 65_536;

const TAG_OWNERS: u8 = 4;
const TAG_SEAT: u8 = 5;
const TAG_ORDERS: u8 = 6;
const TAG_DRAWS: u8 = 7;
const TAG_TAKEN: u8 = 8;
const TAG_FOUNDER: u8 = 10;

/// The orders of an account for an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Who ordered.
    pub account: Address,
    /// How many slots.
    pub count: u64,
}

record!(Order { account, count: varint });

/// Orders of an epoch, in the order in which their accounts first ordered.
pub type OrderPage = List<Order, 1, ORDERS_PER_PAGE>;

/// Where the state holds page `page` of the orders for `epoch`, until the draw.
pub fn order_page_key(epoch: u64, page: u32) -> Key {
    Key::new(TAG_ORDERS, &[&epoch.to_be_bytes()[..], &page.to_be_bytes()].concat())
}

/// The page of the order that is number `index` of its epoch.
pub const fn page_of(index: u32) -> u32 {
    index / ORDERS_PER_PAGE as u32
}

/// What the draw gave to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Whose slots.
    pub account: Address,
    /// How many.
    pub slots: u32,
    /// How many were taken up.
    pub taken_up: u32,
    /// The declared power of the node that hosts them, in milliwatts.
    pub power_mw: u32,
}

record!(Drawn { account, slots: varint, taken_up: varint, power_mw: varint });

/// The result of an epoch's draw, ascending by account.
pub type Draws = List<Drawn, 0, SEATS_MAX>;

/// Where the state holds the result of the draw for `epoch`, until its rewards have matured.
pub fn draws_key(epoch: u64) -> Key {
    Key::new(TAG_DRAWS, &epoch.to_be_bytes())
}

/// A seat that was taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenSeat {
    /// What it signs with.
    pub key: PublicKey,
    /// The node that hosts it.
    pub node: PublicKey,
    /// What its luck is committed to.
    pub luck_tip: Digest,
    /// Whose it is.
    pub miner: Address,
}

record!(TakenSeat { key, node, luck_tip, miner });

/// The seats taken up for an epoch, ascending by key.
pub type TakenSeats = List<TakenSeat, 0, SEATS_MAX>;

/// Where the state holds the seats taken up for `epoch`, until its committee is formed.
pub fn taken_seats_key(epoch: u64) -> Key {
    Key::new(TAG_TAKEN, &epoch.to_be_bytes())
}

/// Whose a seat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The miner's account.
    pub miner: Address,
    /// Whether its slot was bought. Caretakers' were not: their turns earn tips only.
    pub paid: bool,
}

record!(Owner { miner, paid });

/// Whose the seats of a committee are, in its order.
pub type Owners = List<Owner, 1, SEATS_MAX>;

/// Where the state holds the owners of the seats of `epoch`, until its rewards have matured.
pub fn owners_key(epoch: u64) -> Key {
    Key::new(TAG_OWNERS, &epoch.to_be_bytes())
}

/// What a seat has done in its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatRecord {
    /// What its luck is committed to: the hash of what it reveals next.
    pub luck: Digest,
    /// How many links of its luck are not revealed yet.
    pub left: u32,
    /// Blocks that it made.
    pub led: u32,
    /// Turns that it missed.
    pub missed: u32,
}

record!(SeatRecord { luck, left: varint, led: varint, missed: varint });

impl SeatRecord {
    /// A seat at the beginning of its epoch.
    pub(crate) const fn new(luck: Digest, left: u32) -> Self {
        Self { luck, left, led: 0, missed: 0 }
    }

    /// Where the state holds seat number `index` of the committee of `epoch`, until its rewards
    /// have matured.
    pub fn key(epoch: u64, index: usize) -> Key {
        Key::new(TAG_SEAT, &[&epoch.to_be_bytes()[..], &(index as u16).to_be_bytes()].concat())
    }

    /// A live seat made at least one block.
    pub const fn is_live(&self) -> bool {
        self.led > 0
    }
}

/// How much of a founder's luck is revealed, while it holds no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FounderLuck {
    pub(crate) luck: Digest,
    pub(crate) left: u32,
}

record!(FounderLuck { luck, left: varint });

/// Where the state holds the luck of the founder that is number `index` of the manifest.
pub(crate) fn founder_key(index: usize) -> Key {
    Key::new(TAG_FOUNDER, &(index as u16).to_be_bytes())
}

/// What is known of an account that ordered slots, or serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Miner {
    /// The last epoch for which it ordered slots.
    pub order_epoch: u64,
    /// The number of its order among those of the epoch.
    pub order_index: u32,
    /// What it earned that has not matured.
    pub unmatured: Amount,
    /// Epochs below this one earn it nothing more: it equivocated.
    pub forfeited: u64,
    /// It cannot order slots of epochs below this one.
    pub banned: u64,
    /// Prices and order fees that it gave to the pool.
    pub donated: Amount,
    /// Rewards that have matured.
    pub matured: Amount,
    /// Blocks that its seats made.
    pub led: u64,
    /// Turns that its seats missed.
    pub missed: u64,
}

record!(Miner {
    order_epoch: varint,
    order_index: varint,
    unmatured,
    forfeited: varint,
    banned: varint,
    donated,
    matured,
    led: varint,
    missed: varint,
});

impl Miner {
    /// The state key's tag for miners.
    pub const TAG: u8 = 9;

    /// Where the state holds it.
    pub fn key(account: &Address) -> Key {
        Key::new(Self::TAG, &account.to_bytes())
    }
}
