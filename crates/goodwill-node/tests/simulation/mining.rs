//! Miners of simulated networks: what they order and take up is known to all nodes in advance, as if
//! they had submitted it everywhere, and follows from the seed.

use super::{coins, start};
use bytes::Bytes;
use futures::future::BoxFuture;
use goodwill_engine::{
    Execution, FinalizedBlock, StateMachine,
    simulation::{Scenario, chain_id, node_key},
};
use goodwill_ledger::{Manifest, Parameters, gas::gas_of};
use goodwill_node::{Chain, mempool::Candidate, secrets::Secrets};
use goodwill_proof::Entry;
use goodwill_types::{
    Account, Action, Address, Amount, BlockContext, Committee, Domain, Equivocation, Header, Known, Progress,
    PublicKey, SecretKey, SignedTransaction, Transaction, codec::List, hash, transaction::consent,
};
use std::sync::Arc;

fn key(miner: usize) -> SecretKey {
    SecretKey::from_seed([150 + miner as u8; 32])
}

/// The account of the miner that runs a node.
pub(super) fn account(miner: usize) -> Address {
    Address::of(&key(miner).public_key())
}

/// All miners of a network, with the secrets that their disks keep.
pub(super) struct Miners {
    scenario: Scenario,
    manifest: Manifest,
    secrets: Vec<Arc<Secrets>>,
}

impl Miners {
    pub(super) fn new(scenario: &Scenario, manifest: &Manifest) -> Self {
        let secrets = (0..scenario.nodes()).map(|node| {
            let founder = (node < scenario.miners).then(|| node_key(node));
            let seed = hash(Domain::Chain, &[node as u8]);
            Arc::new(Secrets::seeded(seed, founder, manifest.parameters.luck_length()))
        });
        Self { scenario: scenario.clone(), manifest: manifest.clone(), secrets: secrets.collect() }
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn secrets(&self, node: usize) -> &Arc<Secrets> {
        &self.secrets[node]
    }

    fn parameters(&self) -> &Parameters {
        &self.manifest.parameters
    }

    /// How many slots a miner wants of an epoch: those that the scenario gives it, if there are enough
    /// for all. So the Byzantine ones have less than a third of them.
    fn wanted(&self, epoch: u64, miner: usize) -> u32 {
        let all: usize = (0..self.scenario.miners).map(|miner| self.scenario.seats_of(epoch, miner)).sum();
        let fits = all <= self.parameters().slots_per_epoch as usize;
        if fits { self.scenario.seats_of(epoch, miner) as u32 } else { 0 }
    }

    /// What miners submit once the block at `height` is final.
    fn due(&self, height: u64) -> Vec<SignedTransaction> {
        let (parameters, next) = (self.parameters(), self.parameters().epoch_of(height) + 1);
        let miners = 0..self.scenario.miners;
        match height {
            _ if height == *parameters.heights(next - 1).start() + 1 => {
                miners.filter_map(|miner| self.order(next + 1, miner)).collect()
            }
            _ if next > 1 && height + 1 == parameters.draw_height(next) => {
                miners.filter_map(|miner| self.take_up(next, miner)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn order(&self, epoch: u64, miner: usize) -> Option<SignedTransaction> {
        let count = Some(self.wanted(epoch, miner)).filter(|count| *count > 0)?;
        let price_max = Amount::from_units(u64::MAX);
        // All earlier orders, and what of them was taken up when its epoch was near.
        let nonce = self.wishes(2..epoch, miner) + self.wishes(2..epoch - 1, miner);
        Some(self.sign(miner, nonce, Action::OrderSlots { epoch, count, price_max }))
    }

    fn take_up(&self, epoch: u64, miner: usize) -> Option<SignedTransaction> {
        let count = Some(self.wanted(epoch, miner)).filter(|count| *count > 0)?;
        let (chain_id, account) = (self.manifest.chain_id(), account(miner));
        let seats = self.secrets[miner].make(epoch, 0..count, &account, &chain_id).expect("memory");
        let node = node_key(miner);
        let action = Action::ServeSeats {
            epoch,
            node: node.public_key(),
            consent: node.sign(Domain::Seat, &chain_id, &consent(epoch, &account)),
            power_mw: 5_000,
            seats: List::new(seats)?,
        };
        let nonce = self.wishes(2..epoch + 2, miner) + self.wishes(2..epoch, miner);
        Some(self.sign(miner, nonce, action))
    }

    /// For how many of these epochs the miner wants slots.
    fn wishes(&self, epochs: std::ops::Range<u64>, miner: usize) -> u64 {
        epochs.filter(|epoch| self.wanted(*epoch, miner) > 0).count() as u64
    }

    fn sign(&self, miner: usize, nonce: u64, action: Action) -> SignedTransaction {
        let (key, chain_id) = (key(miner), self.manifest.chain_id());
        let mut transaction = Transaction {
            sender: key.public_key(),
            nonce,
            last_height: 1_000_000,
            gas_limit: 0,
            fee_per_gas_max: 100,
            tip_per_gas: 50,
            action,
        };
        transaction.gas_limit = gas_of(&transaction.clone().sign(&key, &chain_id)) + 1_000;
        transaction.sign(&key, &chain_id)
    }
}

/// A node to which all miners submit what is due.
pub(super) struct Mining {
    pub(super) chain: Arc<Chain>,
    pub(super) miners: Arc<Miners>,
}

impl StateMachine for Mining {
    fn committee(&self, epoch: u64, known: &mut Known) -> Progress<Committee> {
        self.chain.committee(epoch, known)
    }

    fn expected(&self, epoch: u64, known: &mut Known) -> Progress<Vec<PublicKey>> {
        self.chain.expected(epoch, known)
    }

    fn secrets(&self, epoch: u64, committee: &Committee) -> Vec<SecretKey> {
        StateMachine::secrets(&*self.chain, epoch, committee)
    }

    fn equivocated(&self, evidence: Equivocation) {
        assert!(evidence.holds(&chain_id()), "evidence that shows nothing");
        self.chain.equivocated(evidence);
    }

    fn propose(&self, context: &BlockContext) -> Box<dyn Execution> {
        self.chain.propose(context)
    }

    fn verify(&self, context: &BlockContext, body: Bytes, finalized: bool) -> Box<dyn Execution> {
        self.chain.verify(context, body, finalized)
    }

    fn commit<'a>(&'a self, block: &'a FinalizedBlock) -> BoxFuture<'a, Result<(), String>> {
        self.chain.commit(block)
    }

    fn applied(&self, block: &FinalizedBlock) {
        self.chain.applied(block);
        for signed in self.miners.due(block.header.height) {
            let account = Account { balance: coins(), nonce: signed.transaction.nonce };
            let candidate = Candidate::new(signed, true);
            // One that is here already, since the node was started again, is no news.
            let _ = self.chain.mempool().add(candidate, &account, &start(&self.miners.manifest));
        }
    }

    fn handed_over(&self, last: &Header, next: Entry) {
        self.chain.handed_over(last, next);
    }

    fn heard(&self, from: &PublicKey, message: Bytes) {
        self.chain.heard(from, message);
    }
}
