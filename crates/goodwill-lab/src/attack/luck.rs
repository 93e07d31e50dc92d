//! The luck from which draws and turns follow.

use super::{
    Found, Trial,
    chain::{Setting, account, done, ensure, order, slots},
    fault::seat_keys,
};
use goodwill_node::ledger::{BlockError, ExecutedBlock, Executor, Purpose, Sandbox};
use goodwill_types::{
    Action, Address, Amount, BlockContext, Committee, Digest, Domain, Known, LuckChain, Progress, PublicKey,
    SecretKey, hash,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Schedules of the committee, and lucks for which each place of a schedule is tried as the last one
/// before the draw.
const SCHEDULES: u64 = 8;
const LUCKS: u64 = 3;
/// The attacker's seats: a third of 64, rounded down.
const OWN_SEATS: u32 = 21;

/// A chain with the slots of a standard one, and all that its miners know.
struct Eve {
    sandbox: Sandbox,
    /// The epoch that begins next, or the present one.
    epoch: u64,
    committee: Committee,
    luck: Arc<BTreeMap<PublicKey, LuckChain>>,
    /// The attacker's seats.
    own: Arc<BTreeSet<PublicKey>>,
    attacker: SecretKey,
}

impl Eve {
    /// Just before the epoch. The attacker ordered 64 of 192 slots for it, got [`OWN_SEATS`], and ordered
    /// as many for the epoch after.
    fn new(trial: &Trial) -> Result<Self, String> {
        let people: Vec<_> = (0..4).map(|n| trial.key("person", n)).collect();
        let parameters = [("blocks_per_epoch", 960), ("slots_per_epoch", 64), ("seats_min", 1)];
        let founders = vec![trial.key("founder", 0)];
        let setting = Setting { founders, people: &people, parameters: &parameters, authority: None };
        let mut sandbox = setting.begin(trial);
        let all = |sandbox: &mut Sandbox| {
            people.iter().zip([64, 43, 43, 42]).try_for_each(|(person, count)| order(sandbox, person, count))
        };
        let epoch = sandbox.manifest().parameters.ordering(sandbox.chain().height + 1);
        all(&mut sandbox)?;
        sandbox.warp(*sandbox.manifest().parameters.heights(epoch - 1).start());
        all(&mut sandbox)?;
        let mut sandbox = fair_draw(trial, sandbox, epoch, &account(&people[0]))?;
        let (mut luck, mut own) = (BTreeMap::new(), BTreeSet::new());
        for person in &people {
            let count = slots(&sandbox, epoch, &account(person));
            let receipt = sandbox.take_up(person, person).ok_or("nothing was drawn for somebody")?;
            done(receipt.map_err(|invalid| invalid.to_string())?)?;
            let chains = lucks(&sandbox, person, epoch, count);
            if own.is_empty() {
                own.extend(chains.iter().map(|(key, _)| *key));
            }
            luck.extend(chains);
        }
        sandbox.warp(sandbox.manifest().parameters.heights(epoch).start() - 2);
        let committee = sandbox.committee(epoch - 1).ok_or("no committee")?;
        let (luck, own, attacker) = (Arc::new(luck), Arc::new(own), people[0].clone());
        Ok(Self { sandbox, epoch, committee, luck, own, attacker })
    }

    /// Just before the draw for the epoch after, with the schedule that follows from `luck`.
    fn scheduled(&self, luck: Digest) -> Result<Self, String> {
        let mut sandbox = self.sandbox.clone();
        sandbox.set_luck(luck);
        sandbox.warp(sandbox.manifest().parameters.draw_height(self.epoch + 1) - 3);
        let committee = sandbox.committee(self.epoch).ok_or("no committee")?;
        let (luck, own, attacker) = (self.luck.clone(), self.own.clone(), self.attacker.clone());
        Ok(Self { sandbox, committee, epoch: self.epoch, luck, own, attacker })
    }

    /// The chain before the last block whose luck counts, which is the turn of `place` of the schedule.
    fn before(&self, place: usize, luck: Digest) -> Sandbox {
        let turns = self.committee.schedule.len();
        let mut sandbox = self.sandbox.clone();
        sandbox.set_luck(luck);
        // The block before is made by the seat whose place is the one before.
        let last = self.seat(place + turns - 1);
        self.luck.keys().filter(|key| **key != last).for_each(|key| sandbox.silence(key));
        sandbox.warp(sandbox.chain().height + 1);
        self.luck.iter().for_each(|(key, luck)| sandbox.wake(*key, luck.clone()));
        sandbox
    }

    fn seat(&self, place: usize) -> PublicKey {
        self.committee.leader(place as u64).key
    }

    /// How many turns from `place` on are the attacker's.
    fn run(&self, place: usize) -> usize {
        let turns = self.committee.schedule.len();
        (0..turns).take_while(|after| self.own.contains(&self.seat(place + after))).count()
    }

    /// What is drawn for the attacker if it withholds the first `withheld` turns from `place` on.
    fn drawn(&self, before: &Sandbox, place: usize, withheld: usize) -> u32 {
        let mut sandbox = before.clone();
        (0..withheld).for_each(|after| sandbox.silence(&self.seat(place + after)));
        sandbox.warp(sandbox.chain().height + 1);
        (0..withheld).for_each(|after| {
            let key = self.seat(place + after);
            sandbox.wake(key, self.luck[&key].clone());
        });
        sandbox.warp(sandbox.chain().height + 1);
        slots(&sandbox, self.epoch + 1, &account(&self.attacker))
    }
}

/// The chain after the draw for `epoch`, with a luck that gives `attacker` its fair share.
fn fair_draw(trial: &Trial, mut sandbox: Sandbox, epoch: u64, attacker: &Address) -> Result<Sandbox, String> {
    sandbox.warp(sandbox.manifest().parameters.draw_height(epoch) - 1);
    let drawn = (0..200).map(|n| {
        let mut sandbox = sandbox.clone();
        sandbox.set_luck(trial.digest("draw", n));
        sandbox.warp(sandbox.chain().height + 1);
        sandbox
    });
    let mut fair = drawn.filter(|sandbox| slots(sandbox, epoch, attacker) == OWN_SEATS);
    fair.next().ok_or_else(|| "no luck gives a third of the seats".into())
}

/// The luck of the seats that [`Sandbox::take_up`] makes.
fn lucks(sandbox: &Sandbox, miner: &SecretKey, epoch: u64, count: u32) -> Vec<(PublicKey, LuckChain)> {
    let length = sandbox.manifest().parameters.luck_length();
    let chain = |(slot, key): (u32, SecretKey)| {
        let secret = [&miner.to_seed()[..], &epoch.to_be_bytes(), &slot.to_be_bytes()].concat();
        (key.public_key(), LuckChain::new(hash(Domain::Luck, &secret), length))
    };
    (0..).zip(seat_keys(miner, epoch, count)).map(chain).collect()
}

/// A third of the orders, three for each slot, 15 turns of a slot. Whoever has the last turns before the
/// draw knows what each of its blocks would bring, and what none of them brings on average. Each turn that
/// is withheld costs its reward: with all slots sold, no seat has more turns than are paid.
pub(crate) fn withholding(trial: &Trial) -> Result<Found, String> {
    let eve = Eve::new(trial)?;
    let record = eve.sandbox.epoch(eve.epoch + 1).ok_or("the epoch is not known")?;
    let parameters = &eve.sandbox.manifest().parameters;
    let (reward, turns) = (record.reward.units as f64, parameters.paid_turns() as f64);
    let stakes = Stakes {
        reward,
        profit: turns * reward - record.price.units as f64,
        fair: f64::from(parameters.slots_per_epoch) / 3.0,
    };
    let mut gained = 0.0;
    for schedule in 0..SCHEDULES {
        let eve = eve.scheduled(trial.digest("schedule", schedule))?;
        gained += (0..LUCKS).map(|n| gain(&eve, trial.digest("eve", n), &stakes)).sum::<f64>();
    }
    let gain = gained / (SCHEDULES * LUCKS) as f64;
    let of_profit = gain / (stakes.fair * stakes.profit) * 100.0;
    let of_reward = gain / (stakes.fair * turns * reward) * 100.0;
    ensure(of_reward <= 0.5, &format!("it gained {of_reward:.2} % of the fair reward"))?;
    let words = format!(
        "with a third of the seats and of three times as many orders as slots, choosing the best luck at the end \
         gained {of_profit:.2} % of the fair profit, {of_reward:.2} % of the fair reward"
    );
    Ok(Found::new(of_profit, words))
}

/// What a turn earns, what a slot brings, and how many slots the attacker gets on average.
struct Stakes {
    reward: f64,
    profit: f64,
    fair: f64,
}

/// What the attacker gains on average over all places of the schedule at which the draw may find it.
fn gain(eve: &Eve, luck: Digest, stakes: &Stakes) -> f64 {
    let places = eve.committee.schedule.len();
    let gained = |place: usize| {
        let run = eve.run(place);
        if run == 0 {
            return 0.0;
        }
        let before = eve.before(place, luck);
        let value = |withheld: usize| {
            f64::from(eve.drawn(&before, place, withheld)) * stakes.profit - withheld as f64 * stakes.reward
        };
        let unknown = stakes.fair * stakes.profit - run as f64 * stakes.reward;
        let honest = value(0);
        (1..run).map(value).fold(honest.max(unknown), f64::max) - honest
    };
    (0..places).map(gained).sum::<f64>() / places as f64
}

/// Links that a leader makes up.
const GUESSES: u64 = 200;

/// The same turn with other transactions and timestamps, and with links that were never committed to.
pub(crate) fn grinding(trial: &Trial) -> Result<Found, String> {
    let person = trial.key("person", 0);
    let people = std::slice::from_ref(&person);
    let founders = vec![trial.key("founder", 0)];
    let sandbox = Setting { founders, people, parameters: &[], authority: None }.begin(trial);
    let honest = sandbox.clone().block(Vec::new());
    let mut lucks = BTreeSet::from([honest.chain.luck]);
    for n in 1..=20 {
        let pay = Action::transfer(account(&person), Amount::from_units(n));
        let transaction = sandbox.transaction(&person.public_key(), pay);
        let signed = transaction.sign(&person, &sandbox.manifest().chain_id());
        let block = sandbox.clone().block(vec![signed]);
        ensure(block.receipts.len() == 1, "a payment was left out")?;
        lucks.insert(block.chain.luck);
        let context = sandbox.next();
        let later = BlockContext { timestamp_ms: context.timestamp_ms + n, ..context };
        let block = verify(&sandbox, later, honest.body.luck).map_err(|error| error.to_string())?;
        lucks.insert(block.chain.luck);
    }
    let made_up = (0..GUESSES).map(|n| trial.digest("guess", n)).map(Some).chain([None]);
    let accepted = made_up.filter(|link| verify(&sandbox, sandbox.next(), *link).is_ok()).count();
    let choices = lucks.len() - 1 + accepted;
    let words = format!(
        "40 other blocks of the same turn gave the same luck; {accepted} of {} made-up links were accepted",
        GUESSES + 1
    );
    Ok(Found::new(choices as f64, words))
}

/// Executes an empty block that reveals `luck`, as every voter does.
pub(crate) fn verify(
    sandbox: &Sandbox,
    context: BlockContext,
    luck: Option<Digest>,
) -> Result<ExecutedBlock, BlockError> {
    let manifest = Arc::new(sandbox.manifest().clone());
    let mut executor = Executor::new(manifest, context, Purpose::Verify { luck }, Vec::new());
    let mut known = Known::new();
    loop {
        match executor.run(&mut known) {
            Progress::Done(done) => return done,
            Progress::Need(keys) => {
                keys.into_iter().for_each(|key| known.insert(key, sandbox.get(&key).cloned()));
            }
        }
    }
}
