//! What the miner asked for. A gateway that is not its own may hide orders and say that there is none yet: whoever
//! believed it would order again and again, up to all that the account holds. So what was signed is
//! remembered, on disk before it is sent, and counts whether it was seen in the chain or not.

use crate::secrets::write_private;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The file, beside the seats' secrets.
const FILE: &str = "orders";

/// Orders that were signed. Those of epochs that can be ordered no more are forgotten.
#[derive(Debug)]
pub(crate) struct Asked {
    path: PathBuf,
    orders: Orders,
}

/// By epoch, each with the nonce of its transaction.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    orders: Vec<Order>,
}

/// An order that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) epoch: u64,
    pub(crate) nonce: u64,
    pub(crate) count: u32,
    /// After this height it is not included any more.
    pub(crate) last_height: u64,
}

impl Asked {
    /// Reads what an earlier run of the node asked for, in the folder of the seats.
    ///
    /// # Errors
    /// When the disk fails, or the file is not what was written.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let orders = match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|_| damaged(&path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Orders::default()),
            Err(error) => Err(error),
        };
        Ok(Self { path, orders: orders? })
    }

    /// How many slots of `epoch` may be ordered or on their way, if the account's next transaction has the nonce
    /// `next`. What was signed with this nonce does not count: the next transaction takes its place, and the
    /// chain includes one of both at most.
    pub(crate) fn slots(&self, epoch: u64, next: u64) -> u64 {
        self.sum(|order| order.epoch == epoch && order.nonce != next)
    }

    /// How many of these are on their way, by a state at `height` in which the account has the nonce `nonce`.
    pub(crate) fn pending(&self, epoch: u64, (height, nonce): (u64, u64), next: u64) -> u64 {
        let pending = |order: &Order| order.nonce >= nonce && order.last_height > height;
        self.sum(|order| order.epoch == epoch && order.nonce != next && pending(order))
    }

    /// Of those with the same nonce, the largest counts.
    fn sum(&self, counts: impl Fn(&Order) -> bool) -> u64 {
        let mut slots = BTreeMap::<u64, u64>::new();
        for order in self.orders.orders.iter().filter(|order| counts(order)) {
            let most = slots.entry(order.nonce).or_default();
            *most = u64::from(order.count).max(*most);
        }
        slots.values().sum()
    }

    /// The newest epoch that was ordered.
    pub(crate) fn newest(&self) -> u64 {
        self.orders.orders.iter().map(|order| order.epoch).max().unwrap_or_default()
    }

    /// Remembers an order; on disk when this returns.
    ///
    /// # Errors
    /// When the disk fails: the order must not be sent then.
    pub(crate) fn remember(&mut self, order: Order) -> io::Result<()> {
        if self.orders.orders.contains(&order) {
            return Ok(());
        }
        let kept = self.orders.orders.iter().copied().filter(|kept| kept.epoch >= order.epoch);
        let orders = Orders { orders: kept.chain([order]).collect() };
        write_private(&self.path, &toml::to_string(&orders).expect("numbers are TOML"))?;
        self.orders = orders;
        Ok(())
    }
}

fn damaged(path: &Path) -> io::Error {
    let text = format!("{} is damaged: remove it if no order of this account is on its way", path.display());
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(epoch: u64, nonce: u64, count: u32) -> Order {
        Order { epoch, nonce, count, last_height: 100 + nonce }
    }

    #[test]
    fn orders_count_until_their_epoch_is_over_and_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut asked = Asked::open(folder.path()).unwrap();
        assert_eq!(asked.slots(3, 0), 0);
        asked.remember(order(3, 7, 2)).unwrap();
        asked.remember(order(3, 8, 1)).unwrap();
        let mut asked = Asked::open(folder.path()).unwrap();
        assert_eq!(asked.slots(3, 9), 3, "however little the gateway says");
        assert_eq!(asked.slots(3, 8), 2, "the second was not included, and its place is taken");
        assert_eq!(asked.slots(4, 9), 0);
        asked.remember(order(4, 9, 5)).unwrap();
        assert_eq!((asked.slots(3, 10), asked.slots(4, 10), asked.newest()), (0, 5, 4));
    }

    #[test]
    fn by_the_own_state_only_what_can_still_be_included_is_pending() {
        let folder = tempfile::tempdir().unwrap();
        let mut asked = Asked::open(folder.path()).unwrap();
        asked.remember(order(3, 7, 2)).unwrap();
        asked.remember(order(3, 8, 1)).unwrap();
        assert_eq!(asked.pending(3, (50, 7), 9), 3);
        assert_eq!(asked.pending(3, (50, 8), 9), 1, "the first is decided");
        assert_eq!(asked.pending(3, (107, 7), 9), 1, "the first has expired");
        assert_eq!(asked.pending(3, (50, 8), 8), 0, "the second is replaced");
    }

    #[test]
    fn of_orders_in_the_same_place_the_largest_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut asked = Asked::open(folder.path()).unwrap();
        [2, 5, 1].into_iter().for_each(|count| asked.remember(order(3, 7, count)).unwrap());
        assert_eq!(asked.slots(3, 8), 5);
    }

    #[test]
    fn a_damaged_file_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "orders = 1").unwrap();
        assert!(Asked::open(folder.path()).unwrap_err().to_string().contains("is damaged"));
    }
}
