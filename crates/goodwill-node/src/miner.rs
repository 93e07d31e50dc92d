//! Mines for the node's miner: orders slots, takes up what is drawn, reports who votes against
//! itself. It asks a gateway like everybody else: the node's own once that has caught up, before
//! that the one that the settings name, so that a new node can buy its way in while it catches up.

use crate::{
    asked::{Asked, Order},
    chain::Chain,
    config::MineConfig,
};
use goodwill_engine::{AHEAD_MS, process::Stop};
use goodwill_types::{
    Account, Action, Address, Amount, Domain, Equivocation, SecretKey, api, block::SEATS_MAX, codec::List,
    transaction::consent,
};
use goodwill_wallet::{
    Client, ClientError,
    compose::{ComposeError, Draft, Offer, Terms, compose},
};
use std::{
    io,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::mpsc;
use tracing::{error, info, warn};

/// For how many blocks what is sent can be included. Until then it is not sent again.
const VALIDITY_BLOCKS: u64 = 8;
/// The shortest time between two looks at the chain.
const LOOK_MIN: Duration = Duration::from_millis(200);

/// A miner at work.
pub struct Miner {
    /// The node's chain: its secrets and parameters.
    pub chain: Arc<Chain>,
    /// The node's key.
    pub node: SecretKey,
    /// The account that orders and earns.
    pub key: SecretKey,
    /// What to order, and for how much; without it, only what was drawn is taken up.
    pub config: Option<MineConfig>,
    /// The node's own gateway.
    pub own: Client,
    /// The gateway to ask until the node has caught up.
    pub other: Option<Client>,
    /// Votes of seats against themselves.
    pub equivocations: mpsc::Receiver<Equivocation>,
    /// The folder of the seats' secrets, where the miner's own records are.
    pub folder: PathBuf,
}

/// Why something was not sent. It is tried again at the next block.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error(transparent)]
    Gateway(#[from] ClientError),
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error("what the miner needs to remember cannot be stored: {0}")]
    Disk(#[from] io::Error),
    #[error("the gateway is of another chain")]
    OtherChain,
    #[error("the gateway speaks of blocks that cannot exist yet: check its clock and this one")]
    Ahead,
}

/// What a miner sees of the chain.
#[derive(Clone, Debug)]
struct View {
    /// The next block's height.
    height: u64,
    miner: api::Miner,
    /// The epoch whose slots can be ordered.
    open: api::Epoch,
    /// Slots of it that are ordered, or may be.
    ordered: u64,
    account: Account,
}

/// What a miner does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// Of the slots that were drawn, those with these numbers.
    TakeUp {
        epoch: u64,
        numbers: (u32, u32),
    },
    Order {
        epoch: u64,
        count: u32,
    },
}

impl Miner {
    /// Mines until the node stops. Blocks the thread.
    pub fn run(mut self, stop: &Stop) {
        let block_time = Duration::from_millis(self.chain.manifest.parameters.block_time_ms);
        let mut asked = match Asked::open(&self.folder) {
            Ok(asked) => asked,
            Err(error) => {
                error!("not mining: {error}");
                return;
            }
        };
        let mut sent_until = 0;
        let mut said = String::new();
        while !stop.is_stopped() {
            match self.look(&mut asked, &mut sent_until) {
                Ok(()) => said.clear(),
                Err(error) if error.to_string() != said => {
                    said = error.to_string();
                    warn!("mining: {said}");
                }
                Err(_) => {}
            }
            thread::sleep(block_time.max(LOOK_MIN));
        }
    }

    /// Looks at the chain, and does what is due. What was sent may be on its way until the height
    /// `sent_until`.
    fn look(&mut self, asked: &mut Asked, sent_until: &mut u64) -> Result<(), NotSent> {
        let (client, status, own) = self.gateway()?;
        if status.height <= *sent_until {
            return Ok(());
        }
        if let Ok(evidence) = self.equivocations.try_recv() {
            info!(seat = %evidence.seat, epoch = evidence.epoch(), "reporting a seat that equivocated");
            let account = self.holds(&client)?.1;
            let draft =
                self.draft(&status, &account, Action::ReportEquivocation { evidence: evidence.into() })?;
            *sent_until = self.send(&client, &draft)?;
            return Ok(());
        }
        let view = self.view(&client, &status, own, asked)?;
        let now = self.chain.manifest.parameters.epoch_of(view.height);
        let Some(wish) = wish(&view, self.config.as_ref(), now) else { return Ok(()) };
        info!(?wish, "mining");
        let draft = self.draft(&status, &view.account, self.action(wish, &view)?)?;
        if let Wish::Order { epoch, count } = wish {
            let (nonce, last_height) = (view.account.nonce, draft.last_height);
            asked.remember(Order { epoch, nonce, count, last_height })?;
        }
        *sent_until = self.send(&client, &draft)?;
        Ok(())
    }

    /// The node's own gateway, or the other one while the node is behind; and whether it is the own one.
    fn gateway(&self) -> Result<(Client, api::Status, bool), NotSent> {
        let own = self.own.status();
        let (client, status, own) = match (own, &self.other) {
            (Ok(status), None) => (&self.own, status, true),
            (Ok(status), Some(_)) if !status.syncing => (&self.own, status, true),
            (_, Some(other)) => (other, self.possible(other.status()?)?, false),
            (Err(error), None) => return Err(error.into()),
        };
        match status.chain_id.0 == self.chain.manifest.chain_id() {
            true => Ok((client.clone(), status, own)),
            false => Err(NotSent::OtherChain),
        }
    }

    /// There has not been time for more blocks than this, whatever a gateway says.
    fn possible(&self, status: api::Status) -> Result<api::Status, NotSent> {
        let manifest = &self.chain.manifest;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as u64);
        let age_ms = now.saturating_add(AHEAD_MS).saturating_sub(manifest.genesis_time_ms);
        match status.height <= age_ms / manifest.parameters.block_time_ms + 1 {
            true => Ok(status),
            false => Err(NotSent::Ahead),
        }
    }

    fn account(&self) -> Address {
        Address::of(&self.key.public_key())
    }

    /// The nonce of the account in the state; the account as the next transaction finds it.
    fn holds(&self, client: &Client) -> Result<(u64, Account), NotSent> {
        let holds = client.account(&self.account(), &self.chain.manifest.address_prefix, false)?;
        Ok((holds.nonce, Account { balance: holds.balance.0, nonce: holds.next_nonce }))
    }

    /// What the gateway shows. The node's `own` is believed; another may hide what was ordered.
    fn view(&self, client: &Client, status: &api::Status, own: bool, asked: &Asked) -> Result<View, NotSent> {
        let height = status.height + 1;
        let open = self.chain.manifest.parameters.ordering(height);
        let miner = client.miner(&self.account(), &self.chain.manifest.address_prefix)?;
        let (nonce, account) = self.holds(client)?;
        let ordered = match own {
            true => miner.ordered.saturating_add(asked.pending(open, (status.height, nonce), account.nonce)),
            // What was asked for earlier epochs is forgotten: nobody gets it back by turning back time.
            false if open < asked.newest() => u64::MAX,
            false => miner.ordered.max(asked.slots(open, account.nonce)),
        };
        Ok(View { height, miner, open: client.epoch(Some(open))?, ordered, account })
    }

    /// What is wished as an action. Secrets of seats are on disk before it is signed.
    fn action(&self, wish: Wish, view: &View) -> Result<Action, NotSent> {
        match wish {
            Wish::Order { epoch, count } => {
                Ok(Action::OrderSlots { epoch, count, price_max: view.open.price.0 })
            }
            Wish::TakeUp { epoch, numbers: (first, end) } => {
                let (chain_id, account) = (self.chain.manifest.chain_id(), self.account());
                let seats = self.chain.secrets.make(epoch, first..end, &account, &chain_id)?;
                Ok(Action::ServeSeats {
                    epoch,
                    node: self.node.public_key(),
                    consent: self.node.sign(Domain::Seat, &chain_id, &consent(epoch, &account)),
                    power_mw: self.config.as_ref().map_or(0, |config| config.power_mw),
                    seats: List::new(seats).expect("1 to SEATS_MAX slots were drawn"),
                })
            }
        }
    }

    fn draft(&self, status: &api::Status, account: &Account, action: Action) -> Result<Draft, NotSent> {
        let terms = Terms::try_from(status).map_err(|_| NotSent::OtherChain)?;
        let offer = Offer { validity_blocks: VALIDITY_BLOCKS, ..Offer::default() };
        Ok(compose(&terms, self.account(), account, action, offer)?)
    }

    /// Signs and sends; gives the last height at which it can be included.
    fn send(&self, client: &Client, draft: &Draft) -> Result<u64, NotSent> {
        let signed = draft.sign(&self.key).expect("the key is the account's");
        client.submit(&signed)?;
        Ok(draft.last_height)
    }
}

/// What is due: first what was paid for, then what is wanted and can be paid.
fn wish(view: &View, config: Option<&MineConfig>, epoch: u64) -> Option<Wish> {
    // A gateway may say anything: no committee has more seats.
    let numbers = (view.miner.taken_up, view.miner.drawn.min(SEATS_MAX as u32));
    if numbers.0 < numbers.1 {
        return Some(Wish::TakeUp { epoch: epoch + 1, numbers });
    }
    let config = config.filter(|config| config.auto)?;
    let wanted = u64::from(config.slots.get()).saturating_sub(view.ordered);
    let banned = view.miner.banned_until.is_some_and(|until| until >= view.open.number);
    let count = u32::try_from(wanted).ok().filter(|count| *count > 0 && !banned)?;
    let price = view.open.price.0;
    (price <= config.max_price && affordable(price, count, view.account.balance))
        .then_some(Wish::Order { epoch: view.open.number, count })
}

/// Whether the account can pay for all of it. The transaction's fee is checked when it is composed.
fn affordable(price: Amount, count: u32, balance: Amount) -> bool {
    let one = price.units.checked_add(price.units.div_ceil(100));
    let all = one.and_then(|one| one.checked_mul(count.into()));
    all.is_some_and(|all| all <= balance.units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::api::{CostOf, Units};

    fn view() -> View {
        let nothing = Units(Amount::ZERO);
        View {
            height: 50,
            miner: api::Miner {
                address: String::new(),
                height: 49,
                seats: 0,
                paid_seats: 0,
                next_turns: Vec::new(),
                ordered: 0,
                drawn: 0,
                taken_up: 0,
                led: 0,
                missed: 0,
                donated: nothing,
                unmatured: nothing,
                matured: nothing,
                banned_until: None,
            },
            open: api::Epoch {
                number: 3,
                first_height: 120,
                last_height: 159,
                price: Units(Amount::from_coins(5)),
                reward: nothing,
                paid_turns: 5,
                slots: 8,
                ordered: 0,
                filled: 0,
                taken_up: 0,
                draw_height: Some(100),
                take_up_until: Some(115),
                seats: Vec::new(),
                cost_of: CostOf { third: nothing, two_thirds: nothing, three_quarters: nothing },
                power_mw: 0,
                paid_turns_made: 0,
                donated: nothing,
                earned: nothing,
                proof: None,
            },
            ordered: 0,
            account: Account { balance: Amount::from_coins(100), nonce: 0 },
        }
    }

    fn config(slots: u32, coins: u64) -> MineConfig {
        MineConfig {
            slots: slots.try_into().unwrap(),
            max_price: Amount::from_coins(coins),
            power_mw: 5_000,
            auto: true,
            gateway: None,
        }
    }

    type Change = fn(&mut View, &mut MineConfig);

    #[test]
    fn a_miner_orders_what_it_wants_and_never_overspends() {
        let order = |count| Some(Wish::Order { epoch: 3, count });
        let cases: [(Change, Option<Wish>); 8] = [
            (|_, _| {}, order(3)),
            (|view, _| view.ordered = 2, order(1)),
            (|view, _| view.ordered = 3, None),
            (|_, config| config.auto = false, None),
            (|_, config| config.max_price = Amount::from_units(4_999_999_999), None),
            (|view, _| view.account.balance = Amount::from_units(15_149_999_999), None),
            (|view, _| view.account.balance = Amount::from_units(15_150_000_000), order(3)),
            (|view, _| view.miner.banned_until = Some(3), None),
        ];
        for (number, (change, expected)) in cases.into_iter().enumerate() {
            let (mut view, mut config) = (view(), config(3, 6));
            change(&mut view, &mut config);
            assert_eq!(wish(&view, Some(&config), 1), expected, "case {number}");
        }
    }

    #[test]
    fn what_was_drawn_is_taken_up_first_and_without_being_asked() {
        let mut view = view();
        let take_up = |first, end| Some(Wish::TakeUp { epoch: 2, numbers: (first, end) });
        (view.miner.drawn, view.miner.taken_up) = (4, 1);
        assert_eq!(wish(&view, None, 1), take_up(1, 4));
        assert_eq!(wish(&view, Some(&config(3, 6)), 1), take_up(1, 4));
        view.miner.taken_up = 4;
        assert_eq!(wish(&view, None, 1), None);
        (view.miner.drawn, view.miner.taken_up) = (1, 2);
        assert_eq!(wish(&view, None, 1), None);
        (view.miner.drawn, view.miner.taken_up) = (u32::MAX, 0);
        assert_eq!(wish(&view, None, 1), take_up(0, SEATS_MAX as u32));
    }
}
