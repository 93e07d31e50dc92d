//! A whole chain in memory, without network or disk: for tests, and for trying things.

use crate::{
    BlockError, Cell, ChainState, ExecutedBlock, Executor, InvalidTransaction, Manifest, Purpose,
    association::{Amendment, Association, Polls},
    chain_key,
    contract::{self, Answer, Query},
    donation::Division,
    genesis::{genesis_chain_state, genesis_committee},
    mining::{Draws, Epoch, Miner, draws_key},
    state::decode_record,
};
use goodwill_types::{
    Account, Action, Address, Amount, BlockContext, Committee, Digest, Domain, Key, Known, LuckChain,
    NewSeat, Progress, PublicKey, Receipt, SecretKey, SignedTransaction, Transaction, Value,
    codec::{Encode, List, Text},
    contract::{Arguments, SOURCE_SIZE_MAX},
    hash,
    transaction::{consent, verify_signatures},
};
use goodwill_vm::Data;
use std::{collections::BTreeMap, sync::Arc};

fn encoded(arguments: &[Data]) -> Result<Arguments, InvalidTransaction> {
    contract::encode(arguments).map_err(|_| InvalidTransaction::Arguments)
}

/// A chain in memory. Every submitted transaction makes a block of its own; all invariants are
/// checked after every block, and a broken one panics. Seats whose luck the sandbox knows make
/// their blocks; all others miss their turns.
#[derive(Clone)]
pub struct Sandbox {
    manifest: Arc<Manifest>,
    state: BTreeMap<Key, Value>,
    luck: Arc<BTreeMap<PublicKey, LuckChain>>,
    /// The attempt in which the last block was made.
    view: u64,
}

impl Sandbox {
    /// The chain of `manifest` after its first block, made by the founders whose nodes have the
    /// keys `founders`.
    pub fn new(manifest: Manifest, founders: &[SecretKey]) -> Self {
        let luck = founders.iter().map(|key| (key.public_key(), LuckChain::of_founder(key))).collect();
        let mut sandbox =
            Self { manifest: Arc::new(manifest), state: BTreeMap::new(), luck: Arc::new(luck), view: 0 };
        sandbox.warp(1);
        sandbox
    }

    /// From now on the seat with the key `seat` makes its blocks.
    pub fn wake(&mut self, seat: PublicKey, luck: LuckChain) {
        Arc::make_mut(&mut self.luck).insert(seat, luck);
    }

    /// From now on the seat with the key `seat` misses its turns.
    pub fn silence(&mut self, seat: &PublicKey) {
        Arc::make_mut(&mut self.luck).remove(seat);
    }

    /// Orders `count` slots of the epoch that can be ordered, whatever they cost.
    ///
    /// # Errors
    /// When the order may not be included; the chain is as before.
    pub fn order(&mut self, miner: &SecretKey, count: u32) -> Result<Receipt, InvalidTransaction> {
        let epoch = self.manifest.parameters.ordering(self.chain().height + 1);
        let price_max = Amount::from_units(u64::MAX);
        let order = self.transaction(&miner.public_key(), Action::OrderSlots { epoch, count, price_max });
        self.sign_and_submit(miner, order)
    }

    /// Takes up all slots of the next epoch that were drawn for `miner`, on the node `node`, and
    /// wakes their seats. `None` where there are none.
    ///
    /// # Errors
    /// When it may not be included; the chain is as before.
    pub fn take_up(
        &mut self,
        miner: &SecretKey,
        node: &SecretKey,
    ) -> Option<Result<Receipt, InvalidTransaction>> {
        let parameters = &self.manifest.parameters;
        let epoch = parameters.epoch_of(self.chain().height + 1) + 1;
        let account = Address::of(&miner.public_key());
        let draws = self.record::<Draws>(&draws_key(epoch)).unwrap_or_default();
        let slots = draws.iter().find(|drawn| drawn.account == account)?.slots;
        let (chain_id, message, length) =
            (self.manifest.chain_id(), consent(epoch, &account), parameters.luck_length());
        let mut seats = Vec::new();
        for slot in 0..slots {
            let secret = [&miner.to_seed()[..], &epoch.to_be_bytes(), &slot.to_be_bytes()].concat();
            let seed = hash(Domain::Seat, &secret);
            let key = SecretKey::from_seed(seed.as_ref().try_into().expect("32 bytes"));
            let luck = LuckChain::new(hash(Domain::Luck, &secret), length);
            let consent = key.sign(Domain::Seat, &chain_id, &message);
            seats.push(NewSeat { key: key.public_key(), luck_tip: luck.tip(), consent });
            self.wake(key.public_key(), luck);
        }
        let action = Action::ServeSeats {
            epoch,
            node: node.public_key(),
            consent: node.sign(Domain::Seat, &chain_id, &message),
            power_mw: 5_000,
            seats: List::new(seats)?,
        };
        let transaction = self.transaction(&miner.public_key(), action);
        Some(self.sign_and_submit(miner, transaction))
    }

    /// Deploys a contract, and gives its address.
    ///
    /// # Errors
    /// When the deployment may not be included; the chain is as before.
    pub fn deploy(
        &mut self,
        deployer: &SecretKey,
        source: &str,
        arguments: &[Data],
        value: Amount,
    ) -> Result<(Address, Receipt), InvalidTransaction> {
        let source = Text::new(source.into())
            .ok_or(InvalidTransaction::TooLarge { size: source.len(), max: SOURCE_SIZE_MAX })?;
        let action = Action::DeployContract { source, arguments: encoded(arguments)?, value };
        let transaction = self.transaction(&deployer.public_key(), action);
        let address = Address::of_contract(&Address::of(&deployer.public_key()), transaction.nonce);
        Ok((address, self.sign_and_submit(deployer, transaction)?))
    }

    /// Calls a method of a contract.
    ///
    /// # Errors
    /// When the call may not be included; the chain is as before.
    pub fn call(
        &mut self,
        sender: &SecretKey,
        contract: Address,
        method: &str,
        arguments: &[Data],
        value: Amount,
    ) -> Result<Receipt, InvalidTransaction> {
        let method = Text::new(method.into()).ok_or(InvalidTransaction::Arguments)?;
        let action = Action::CallContract { contract, method, arguments: encoded(arguments)?, value };
        let transaction = self.transaction(&sender.public_key(), action);
        self.sign_and_submit(sender, transaction)
    }

    /// Asks a contract, without any effect.
    pub fn query(&self, contract: Address, method: &str, arguments: Vec<Data>) -> Answer {
        let mut query = Query::new(&self.manifest, &self.next(), contract, contract, method, arguments);
        let mut known = Known::new();
        loop {
            match query.run(&known).expect("the ledger wrote it") {
                Progress::Done(answer) => return answer,
                Progress::Need(keys) => {
                    keys.into_iter().for_each(|key| known.insert(key, self.state.get(&key).cloned()));
                }
            }
        }
    }

    /// What is known of an epoch.
    pub fn epoch(&self, epoch: u64) -> Option<Epoch> {
        self.record(&Epoch::key(epoch))
    }

    /// How an association stands.
    pub fn association(&self, id: u32) -> Option<Association> {
        self.record(&Association::key(id))
    }

    /// An amendment.
    pub fn amendment(&self, id: u32) -> Option<Amendment> {
        self.record(&Amendment::key(id))
    }

    /// The open polls, and what was said in them.
    pub fn polls(&self) -> Polls {
        self.record(&Polls::key()).unwrap_or_default()
    }

    /// How the donations of `epoch` were divided, once it is over.
    pub fn division(&self, epoch: u64) -> Option<Division> {
        self.record(&Division::key(epoch))
    }

    /// What is known of a miner; one that never ordered nor served has nothing.
    pub fn miner(&self, address: &Address) -> Miner {
        self.record(&Miner::key(address)).unwrap_or_default()
    }

    /// The committee of `epoch`, if it is formed and not forgotten.
    pub fn committee(&self, epoch: u64) -> Option<Committee> {
        self.record(&Committee::key(epoch))
    }

    /// The chain's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The chain's record.
    pub fn chain(&self) -> ChainState {
        self.record(&chain_key()).unwrap_or_else(|| genesis_chain_state(&self.manifest))
    }

    /// An account; an unknown one is empty.
    pub fn account(&self, address: &Address) -> Account {
        self.record(&Account::key(address)).unwrap_or_default()
    }

    /// A record of the state, as the ledger encodes it.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.state.get(key)
    }

    /// Issues new coins, as no rule of the chain can: they count as minted.
    pub fn fund(&mut self, address: &Address, amount: Amount) {
        let mut account = self.account(address);
        account.balance = account.balance.checked_add(amount).expect("too many coins");
        self.state.insert(Account::key(address), account.encode());
        let mut chain = self.chain();
        chain.supply.minted = chain.supply.minted.checked_add(amount).expect("too many coins");
        chain.supply.add(Cell::Accounts, amount);
        self.state.insert(chain_key(), chain.encode());
    }

    /// Sets the chain's luck, as no rule of the chain can.
    pub fn set_luck(&mut self, luck: Digest) {
        let chain = ChainState { luck, ..self.chain() };
        self.state.insert(chain_key(), chain.encode());
    }

    /// An unsigned transaction of `sender` with its next nonce, and as much gas and fee as it needs.
    pub fn transaction(&self, sender: &PublicKey, action: Action) -> Transaction {
        let chain = self.chain();
        Transaction {
            sender: *sender,
            nonce: self.account(&Address::of(sender)).nonce,
            last_height: chain.height + 100,
            gas_limit: self.manifest.parameters.gas_per_block_max / 2,
            fee_per_gas_max: chain.base_fee_per_gas,
            tip_per_gas: 0,
            action,
        }
    }

    /// Signs `transaction` and includes it in a block.
    ///
    /// # Errors
    /// When it may not be included; the chain is as before.
    pub fn sign_and_submit(
        &mut self,
        key: &SecretKey,
        transaction: Transaction,
    ) -> Result<Receipt, InvalidTransaction> {
        self.submit(transaction.sign(key, &self.manifest.chain_id()))
    }

    /// Includes a transaction in a block.
    ///
    /// # Errors
    /// When it may not be included; the chain is as before.
    pub fn submit(&mut self, transaction: SignedTransaction) -> Result<Receipt, InvalidTransaction> {
        self.simulate(transaction.clone())?;
        Ok(self.block(vec![transaction]).receipts[0].clone())
    }

    /// What [`Sandbox::submit`] would answer, without doing it.
    ///
    /// # Errors
    /// When it may not be included.
    pub fn simulate(&self, transaction: SignedTransaction) -> Result<Receipt, InvalidTransaction> {
        if verify_signatures(&self.manifest.chain_id(), [&transaction]) != [true] {
            return Err(InvalidTransaction::Signature);
        }
        match self.execute(Purpose::Simulate, vec![transaction]).1 {
            Ok(block) => Ok(block.receipts[0].clone()),
            Err(BlockError::Transaction { reason, .. }) => Err(reason),
            Err(other) => panic!("{other}"),
        }
    }

    /// Makes one block of `transactions`, leaving out what does not hold.
    ///
    /// # Panics
    /// When the chain has come to rules that this code does not know.
    pub fn block(&mut self, transactions: Vec<SignedTransaction>) -> ExecutedBlock {
        let holds = verify_signatures(&self.manifest.chain_id(), &transactions);
        let signed =
            transactions.into_iter().zip(holds).filter_map(|(t, holds)| holds.then_some(t)).collect();
        let luck = self.luck.clone();
        let reveal = Arc::new(move |seat: &PublicKey, left| luck.get(seat)?.reveal(left));
        let (context, block) = self.execute(Purpose::Propose { reveal }, signed);
        // A proposal leaves out what does not hold.
        let block = block.unwrap_or_else(|error| panic!("{error}"));
        self.view = context.view;
        self.apply(block.clone());
        block
    }

    /// Makes empty blocks up to `height`.
    pub fn warp(&mut self, height: u64) {
        while self.chain().height < height {
            self.block(Vec::new());
        }
    }

    /// Whether all invariants hold, by looking at the whole state.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), String> {
        let chain = self.chain();
        let held: Amount = self.records::<Account>(Account::TAG)?.iter().map(|a| a.balance).sum();
        let rewards = self.records::<Miner>(Miner::TAG)?.iter().map(|miner| miner.unmatured).sum::<Amount>();
        let associations = self.records::<Association>(Association::TAG)?;
        let amendments = self.records::<Amendment>(Amendment::TAG)?;
        let deposits = associations.iter().map(|association| association.deposit);
        let deposits = deposits.chain(amendments.iter().map(|amendment| amendment.deposit)).sum();
        let cells = [
            (Cell::Accounts, held),
            (Cell::Rewards, rewards),
            (Cell::Pending, associations.iter().map(|association| association.pending).sum()),
            (Cell::Frozen, associations.iter().map(|association| association.frozen).sum()),
            (Cell::Deposits, deposits),
        ];
        if let Some((cell, held)) = cells.into_iter().find(|(cell, held)| chain.supply.cell(*cell) != *held) {
            let booked = chain.supply.cell(cell);
            return Err(format!("{} hold {held}, the books say {booked}", cell.name()));
        }
        match chain.supply.balances() {
            true => Ok(()),
            false => Err(format!("what was issued is not the sum of the cells: {:?}", chain.supply)),
        }
    }

    fn records<T: goodwill_types::codec::Read<Cfg = ()>>(&self, tag: u8) -> Result<Vec<T>, String> {
        let records = self.state.range(Key::new(tag, &[])..).take_while(|(key, _)| key[0] == tag);
        let records = records.map(|(key, value)| decode_record(key, value));
        records.collect::<Result<_, _>>().map_err(|error| error.to_string())
    }

    fn record<T: goodwill_types::codec::Read<Cfg = ()>>(&self, key: &Key) -> Option<T> {
        self.get(key).map(|value| decode_record(key, value).expect("the ledger wrote it"))
    }

    /// Where the next block stands: in the turn of the next seat that is awake.
    ///
    /// # Panics
    /// When all seats of the committee sleep.
    pub fn next(&self) -> BlockContext {
        let chain = self.chain();
        let (height, parameters) = (chain.height + 1, &self.manifest.parameters);
        let epoch = parameters.epoch_of(height);
        let parent_view = if parameters.epoch_of(chain.height) == epoch { self.view } else { 0 };
        let committee = self.committee(epoch).unwrap_or_else(|| genesis_committee(&self.manifest));
        let mut views = parent_view + 1..=parent_view + committee.schedule.len() as u64;
        let awake = |view: &u64| self.luck.contains_key(&committee.leader(*view).key);
        BlockContext {
            height,
            epoch,
            view: views.find(awake).expect("no seat of the committee is awake"),
            parent_view,
            timestamp_ms: chain.timestamp_ms + parameters.block_time_ms,
        }
    }

    fn execute(
        &self,
        purpose: Purpose,
        transactions: Vec<SignedTransaction>,
    ) -> (BlockContext, Result<ExecutedBlock, BlockError>) {
        let context = self.next();
        let named = transactions.into_iter().map(|t| (t.id(), t)).collect();
        let mut executor = Executor::new(self.manifest.clone(), context.clone(), purpose, named);
        let mut known = Known::new();
        loop {
            match executor.run(&mut known) {
                Progress::Done(result) => return (context, result),
                Progress::Need(keys) => {
                    keys.into_iter().for_each(|key| known.insert(key, self.state.get(&key).cloned()));
                }
            }
        }
    }

    fn apply(&mut self, block: ExecutedBlock) {
        for (key, value) in block.changes.into_sorted() {
            match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
        }
        self.check().expect("the rules keep the invariants");
    }
}
