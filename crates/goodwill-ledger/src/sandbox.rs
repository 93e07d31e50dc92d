//! A whole chain in memory, without network or disk: for tests, and for trying things.

use crate::{
    BlockError, Cell, ChainState, ExecutedBlock, Executor, InvalidTransaction, Manifest, Purpose, chain_key,
    genesis::genesis_chain_state, state::decode_record,
};
use goodwill_types::{
    Account, Action, Address, Amount, BlockContext, Key, Known, Progress, PublicKey, Receipt, SecretKey,
    SignedTransaction, Transaction, Value, codec::Encode, transaction::verify_signatures,
};
use std::{collections::BTreeMap, sync::Arc};

/// A chain in memory. Every submitted transaction makes a block of its own; all invariants are
/// checked after every block, and a broken one panics.
#[derive(Clone, Debug)]
pub struct Sandbox {
    manifest: Arc<Manifest>,
    state: BTreeMap<Key, Value>,
}

impl Sandbox {
    /// The chain of `manifest` after its first block.
    pub fn new(manifest: Manifest) -> Self {
        let mut sandbox = Self { manifest: Arc::new(manifest), state: BTreeMap::new() };
        sandbox.warp(1);
        sandbox
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
        let block = self.try_one(transaction)?;
        let receipt = block.receipts[0].clone();
        self.apply(block);
        Ok(receipt)
    }

    /// What [`Sandbox::submit`] would answer, without doing it.
    ///
    /// # Errors
    /// When it may not be included.
    pub fn simulate(&self, transaction: SignedTransaction) -> Result<Receipt, InvalidTransaction> {
        Ok(self.try_one(transaction)?.receipts[0].clone())
    }

    /// Makes one block of `transactions`, leaving out what does not hold.
    pub fn block(&mut self, transactions: Vec<SignedTransaction>) -> ExecutedBlock {
        let holds = verify_signatures(&self.manifest.chain_id(), &transactions);
        let signed =
            transactions.into_iter().zip(holds).filter_map(|(t, holds)| holds.then_some(t)).collect();
        let block = self.execute(Purpose::Propose, signed).expect("a proposal leaves out what does not hold");
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
        let accounts = self.state.iter().filter(|(key, _)| key[0] == Account::TAG);
        let balances = accounts.map(|(key, value)| decode_record::<Account>(key, value).map(|a| a.balance));
        let held: Amount =
            balances.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?.into_iter().sum();
        if !chain.supply.balances() {
            return Err(format!("what was issued is not the sum of the cells: {:?}", chain.supply));
        }
        match held == chain.supply.cell(Cell::Accounts) {
            true => Ok(()),
            false => {
                Err(format!("accounts hold {held}, the books say {}", chain.supply.cell(Cell::Accounts)))
            }
        }
    }

    fn record<T: goodwill_types::codec::Read<Cfg = ()>>(&self, key: &Key) -> Option<T> {
        self.get(key).map(|value| decode_record(key, value).expect("the ledger wrote it"))
    }

    fn try_one(&self, transaction: SignedTransaction) -> Result<ExecutedBlock, InvalidTransaction> {
        if verify_signatures(&self.manifest.chain_id(), [&transaction]) != [true] {
            return Err(InvalidTransaction::Signature);
        }
        self.execute(Purpose::Verify, vec![transaction]).map_err(|error| match error {
            BlockError::Transaction { reason, .. } => reason,
            other => panic!("{other}"),
        })
    }

    fn execute(
        &self,
        purpose: Purpose,
        transactions: Vec<SignedTransaction>,
    ) -> Result<ExecutedBlock, BlockError> {
        let chain = self.chain();
        let height = chain.height + 1;
        let parameters = &self.manifest.parameters;
        let context = BlockContext {
            height,
            epoch: crate::epoch_of(height, parameters.blocks_per_epoch),
            view: height,
            timestamp_ms: chain.timestamp_ms + parameters.block_time_ms,
        };
        let named = transactions.into_iter().map(|t| (t.id(), t)).collect();
        let mut executor = Executor::new(self.manifest.clone(), context, purpose, named);
        let mut known = Known::new();
        loop {
            match executor.run(&mut known) {
                Progress::Done(result) => return result,
                Progress::Need(keys) => {
                    keys.into_iter().for_each(|key| known.insert(key, self.state.get(&key).cloned()));
                }
            }
        }
    }

    fn apply(&mut self, block: ExecutedBlock) {
        for (key, value) in block.changes {
            match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
        }
        self.check().expect("the rules keep the invariants");
    }
}
