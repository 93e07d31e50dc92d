//! A chain and its miners, block by block.

use super::{
    Settings,
    ledger::{self, TRANSFERS_PER_EPOCH},
    miner::{Miner, key_of},
    scenario::Scenario,
};
use goodwill_node::ledger::{
    Cell, ExecutedBlock, Parameters, Sandbox,
    mining::{Draws, draws_key, order_fee},
};
use goodwill_types::{Committee, LuckChain, Outcome, PublicKey, SecretKey, SignedTransaction, codec::decode};
use rand::{SeedableRng as _, rngs::StdRng};
use std::collections::BTreeMap;

/// What one epoch brought, in base units.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) epoch: u64,
    pub(super) ordered: u64,
    pub(super) filled: u64,
    pub(super) taken_up: u64,
    /// Prices of its filled slots, and the order fees for them.
    pub(super) slot_money: u64,
    pub(super) order_fees: u64,
    /// Pollution tax of the transactions in it.
    pub(super) tax: u64,
    pub(super) tips: u64,
    pub(super) minted: u64,
    /// What its paid seats earned.
    pub(super) earned: u64,
    /// What was issued before it.
    pub(super) supply: u64,
    /// Locked in orders and in rewards that have not matured, at its end.
    pub(super) locked: u64,
    /// Block times for which the chain waited for two thirds of the seats.
    pub(super) halted: u64,
    /// Paid seats of each miner.
    pub(super) seats: Vec<u64>,
}

/// All that came of a scenario.
pub(super) struct History {
    pub(super) scenario: Scenario,
    pub(super) miners: Vec<(Miner, Books)>,
    pub(super) epochs: Vec<Figures>,
    /// Transactions of miners that did not do what they should.
    pub(super) failed: u64,
    /// Block times from the first block to the last.
    pub(super) clock: u64,
}

/// What the ledger knows of a miner at the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Books {
    pub(super) donated: u64,
    pub(super) earned: u64,
    pub(super) led: u64,
    pub(super) missed: u64,
    pub(super) last_coins: u64,
}

/// A seat of a miner.
struct OwnSeat {
    miner: usize,
    luck: LuckChain,
}

struct World {
    sandbox: Sandbox,
    parameters: Parameters,
    founder: PublicKey,
    public: SecretKey,
    miners: Vec<Miner>,
    chance: StdRng,
    seats: BTreeMap<PublicKey, OwnSeat>,
    committee: Committee,
    /// What each miner still wants to order, and to take up.
    to_order: Vec<u32>,
    to_take_up: Vec<u32>,
    this: Figures,
    clock: u64,
    failed: u64,
}

/// Runs a scenario: slots are ordered for so many epochs; then all are served, and all rewards mature.
pub(super) fn run(scenario: Scenario, parameters: &Parameters, settings: &Settings) -> History {
    let mut world = World::new(scenario, parameters, settings.seed);
    let (last, mut epochs) = (settings.epochs + 1, Vec::new());
    for epoch in 0..=last + parameters.maturity_epochs + 1 {
        let figures = world.epoch(epoch, epoch < settings.epochs);
        if (2..=last).contains(&epoch) {
            epochs.push(figures);
        }
    }
    world.end(scenario, epochs)
}

impl World {
    fn new(scenario: Scenario, parameters: &Parameters, seed: u64) -> Self {
        let price = ledger::first_price(parameters);
        let alike =
            scenario.groups().into_iter().flat_map(|g| std::iter::repeat_n(g.clone(), g.miners as usize));
        let miner = |(number, group)| Miner::new(&group, number, seed, price, parameters);
        let miners: Vec<Miner> = (0..).zip(alike).map(miner).collect();
        let founder = key_of(seed, "founder", 0);
        let sandbox = ledger::begin(parameters, &miners, &founder, seed);
        Self {
            parameters: sandbox.manifest().parameters.clone(),
            committee: sandbox.committee(0).expect("the founders'"),
            sandbox,
            founder: founder.public_key(),
            public: ledger::public_key(seed),
            to_order: vec![0; miners.len()],
            to_take_up: vec![0; miners.len()],
            miners,
            chance: StdRng::seed_from_u64(seed),
            seats: BTreeMap::new(),
            this: Figures::default(),
            clock: 0,
            failed: 0,
        }
    }

    /// All blocks of `epoch`, with or without orders for the epoch after the next.
    fn epoch(&mut self, epoch: u64, with_orders: bool) -> Figures {
        self.begin_epoch(epoch);
        self.to_order = match with_orders {
            true => self.decide(epoch),
            false => vec![0; self.miners.len()],
        };
        let before: Vec<u64> = (0..self.miners.len()).map(|miner| self.earned(miner)).collect();
        let supply = self.sandbox.chain().supply;
        self.this.supply = supply.genesis.units + supply.minted.units;
        let (end, draw) = (*self.parameters.heights(epoch).end(), self.parameters.draw_height(epoch + 1));
        for height in self.sandbox.chain().height + 1..=end {
            self.pass_until_quorum();
            let transactions = self.transactions(epoch, height);
            let block = self.sandbox.block(transactions);
            self.note(&block);
            if height == draw {
                self.to_take_up = self.drawn(epoch + 1).0;
            }
        }
        self.end_epoch(epoch, &before, supply.minted.units);
        std::mem::take(&mut self.this)
    }

    /// Seats that serve no longer are forgotten.
    fn begin_epoch(&mut self, epoch: u64) {
        self.committee = self.sandbox.committee(epoch).expect("formed by the last block");
        // What was not taken up in time is lost.
        self.to_take_up.fill(0);
        let (committee, sandbox) = (&self.committee, &mut self.sandbox);
        self.seats.retain(|key, _| {
            let serves = committee.position(key).is_some();
            if !serves {
                sandbox.silence(key);
            }
            serves
        });
    }

    /// Each miner decides what to order, knowing the demand of the epoch that was drawn last.
    fn decide(&mut self, epoch: u64) -> Vec<u32> {
        let known = |epoch| self.sandbox.epoch(epoch).expect("made three epochs before");
        let (open, last) = (known(epoch + 2), known(epoch));
        let sandbox = &self.sandbox;
        self.miners.iter_mut().map(|miner| miner.order(sandbox, &open, &last)).collect()
    }

    /// A block time passes, and more while fewer than two thirds of the seats are awake.
    fn pass_until_quorum(&mut self) {
        self.pass();
        while !self.has_quorum() {
            self.this.halted += 1;
            self.pass();
        }
    }

    fn pass(&mut self) {
        self.clock += 1;
        let mut switched = vec![false; self.miners.len()];
        for (miner, switched) in self.miners.iter_mut().zip(&mut switched) {
            *switched = miner.pass(&mut self.chance, &self.parameters);
        }
        if switched.contains(&true) {
            for (key, seat) in self.seats.iter().filter(|(_, seat)| switched[seat.miner]) {
                match self.miners[seat.miner].up {
                    true => self.sandbox.wake(*key, seat.luck.clone()),
                    false => self.sandbox.silence(key),
                }
            }
        }
    }

    fn has_quorum(&self) -> bool {
        let awake = |key: &PublicKey| match self.seats.get(key) {
            Some(seat) => self.miners[seat.miner].up,
            None => *key == self.founder,
        };
        let seats = self.committee.seats.len();
        let awake = self.committee.seats.iter().filter(|seat| awake(&seat.key)).count();
        awake >= seats - (seats - 1) / 3
    }

    /// What the public and the miners that are awake send now. One transaction of each, so that
    /// nonces follow each other.
    fn transactions(&mut self, epoch: u64, height: u64) -> Vec<SignedTransaction> {
        let mut transactions = Vec::new();
        if height.is_multiple_of((self.parameters.blocks_per_epoch / TRANSFERS_PER_EPOCH).max(1)) {
            transactions.push(ledger::transfer(&self.sandbox, &self.public));
        }
        let window = self.parameters.take_up_heights(epoch + 1);
        for miner in 0..self.miners.len() {
            if !self.miners[miner].up {
                continue;
            }
            let slots = self.to_take_up[miner];
            if slots > 0 && window.contains(&height) {
                transactions.push(self.take_up(miner, epoch + 1, slots));
            } else if self.to_order[miner] > 0 {
                let count = std::mem::take(&mut self.to_order[miner]);
                transactions.push(ledger::order(&self.sandbox, &self.miners[miner].key, count));
            }
        }
        transactions
    }

    fn take_up(&mut self, miner: usize, epoch: u64, slots: u32) -> SignedTransaction {
        let key = &self.miners[miner].key;
        let (transaction, seats) = ledger::take_up(&self.sandbox, key, epoch, slots);
        for (key, luck) in seats {
            self.sandbox.wake(key, luck.clone());
            self.seats.insert(key, OwnSeat { miner, luck });
        }
        self.to_take_up[miner] = 0;
        transaction
    }

    fn note(&mut self, block: &ExecutedBlock) {
        self.failed += block.left_out.len() as u64;
        for receipt in &block.receipts {
            self.this.tax += receipt.donated.units;
            self.this.tips += receipt.tip.units;
            self.failed += u64::from(matches!(receipt.outcome, Outcome::Failed { .. }));
        }
    }

    /// The slots that each miner got for `epoch`, and those that it took up.
    fn drawn(&self, epoch: u64) -> (Vec<u32>, Vec<u32>) {
        let draws = self.sandbox.get(&draws_key(epoch));
        let draws = draws.map(|value| decode::<Draws>(value).expect("the ledger wrote it"));
        let draws = draws.unwrap_or_default();
        let of = |miner: &Miner| draws.iter().find(|drawn| drawn.account == miner.address);
        let drawn = self.miners.iter().map(|m| of(m).map_or((0, 0), |drawn| (drawn.slots, drawn.taken_up)));
        drawn.unzip()
    }

    fn earned(&self, miner: usize) -> u64 {
        let record = self.sandbox.miner(&self.miners[miner].address);
        record.matured.units + record.unmatured.units
    }

    fn end_epoch(&mut self, epoch: u64, before: &[u64], minted: u64) {
        let record = self.sandbox.epoch(epoch).expect("made three epochs before");
        let (slots, taken_up) = self.drawn(epoch);
        for (miner, before) in before.iter().enumerate() {
            let earned = self.earned(miner) - before;
            let tally = &mut self.miners[miner].tally;
            tally.slots += u64::from(slots[miner]);
            tally.taken_up += u64::from(taken_up[miner]);
            tally.paid_turns += earned / record.reward.units;
            self.this.earned += earned;
        }
        let supply = self.sandbox.chain().supply;
        self.this.epoch = epoch;
        self.this.ordered = record.ordered;
        self.this.filled = record.filled.into();
        self.this.taken_up = record.taken_up.into();
        self.this.slot_money = record.price.units * u64::from(record.filled);
        self.this.order_fees = order_fee(record.price).units * record.ordered;
        self.this.minted = supply.minted.units - minted;
        self.this.locked = supply.cell(Cell::Orders).units + supply.cell(Cell::Rewards).units;
        self.this.seats = taken_up.into_iter().map(u64::from).collect();
    }

    fn end(self, scenario: Scenario, epochs: Vec<Figures>) -> History {
        let sandbox = &self.sandbox;
        let books = |miner: &Miner| {
            let record = sandbox.miner(&miner.address);
            Books {
                donated: record.donated.units,
                earned: record.matured.units + record.unmatured.units,
                led: record.led,
                missed: record.missed,
                last_coins: sandbox.account(&miner.address).balance.units + record.unmatured.units,
            }
        };
        let miners = self.miners.into_iter().map(|miner| {
            let books = books(&miner);
            (miner, books)
        });
        History { scenario, miners: miners.collect(), epochs, failed: self.failed, clock: self.clock }
    }
}
