//! Sequences of blocks: the ledger and a plain model agree, and so do a leader and its voters.

use super::{
    known::{address, key},
    model::{Expected, Model, gas},
};
use arbitrary::Unstructured;
use goodwill_ledger::{
    BlockError, Cell, ChainState, ExecutedBlock, Executor, Manifest, Purpose, Reveal, chain_key,
};
use goodwill_types::{
    Account, Action, Amount, BlockContext, Key, Known, LuckChain, Memo, Payment, Progress, PublicKey,
    Signature, SignedTransaction, Transaction, TransactionId, Value,
    codec::{Encode, List, decode},
};
use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{Arc, LazyLock},
};

/// Coins of each of the first three persons, gas of a block, base fee, tax, size of a body.
const CHAINS: [(&str, u64, u64, u64, u64); 6] = [
    ("1000", 1_000_000, 10, 50, 2 << 20),
    ("0.01", 250_000, 1, 10, 2 << 20),
    ("3074457345", 1 << 50, 1_000_000, 100, 16 << 10),
    ("1000000", 60_000_000, 7, 33, 16 << 10),
    ("0.5", 400_000, 999, 99, 16 << 10),
    ("2", 160_000, 13, 51, 16 << 10),
];
const BLOCKS_PER_EPOCH: u64 = 8;
/// The persons that send; some have nothing.
const SENDERS: u8 = 5;
/// The persons that are paid.
const RECIPIENTS: u8 = 9;
/// Steps of a sequence, and the most transactions of a block.
const STEPS: usize = 24;
const OFFERED: u64 = 10;

/// A chain, then its blocks, each with what is offered to it.
pub fn ledger(data: &[u8]) -> bool {
    let mut input = Unstructured::new(data);
    let mut chain = Chain::new(number(&mut input, 0..=CHAINS.len() as u64 - 1) as usize);
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        match number(&mut input, 0..=7) {
            0 => (0..number(&mut input, 1..=12)).for_each(|view| chain.block(view, Vec::new())),
            _ => {
                let view = input.arbitrary().unwrap_or(0);
                let offered = chain.offer(&mut input);
                chain.block(view, offered);
            }
        }
    }
    chain.model.height > 1
}

/// A number from the input; the lowest once the input is used up.
fn number(input: &mut Unstructured<'_>, range: RangeInclusive<u64>) -> u64 {
    let lowest = *range.start();
    input.int_in_range(range).unwrap_or(lowest)
}

struct Chain {
    manifest: Arc<Manifest>,
    state: BTreeMap<Key, Value>,
    timestamp_ms: u64,
    model: Model,
}

type Named = Vec<(TransactionId, SignedTransaction)>;

impl Chain {
    fn new(n: usize) -> Self {
        static MANIFESTS: LazyLock<Vec<Arc<Manifest>>> = LazyLock::new(|| {
            CHAINS.iter().map(|c| Arc::new(Manifest::parse(&manifest(c)).expect("a manifest"))).collect()
        });
        let manifest = MANIFESTS[n].clone();
        let mut chain = Self {
            model: Model::new(&manifest),
            timestamp_ms: manifest.genesis_time_ms,
            state: BTreeMap::new(),
            manifest,
        };
        chain.block(1, Vec::new());
        chain
    }

    /// Some transactions, most of them valid.
    fn offer(&self, input: &mut Unstructured<'_>) -> Named {
        let mut nonces = BTreeMap::new();
        let transactions = (0..number(input, 0..=OFFERED)).map(|_| {
            let sender = number(input, 1..=SENDERS.into()) as u8;
            let nonce = nonces.entry(sender).or_insert(self.model.account(&address(sender)).1);
            let signed = self.transaction(input, sender, nonce);
            (signed.id(), signed)
        });
        transactions.collect()
    }

    /// The executor gets only transactions whose signatures hold, so it never looks at them.
    fn transaction(&self, input: &mut Unstructured<'_>, sender: u8, nonce: &mut u64) -> SignedTransaction {
        static UNSIGNED: LazyLock<Signature> = LazyLock::new(|| decode(&[0; 64]).expect("64 bytes"));
        let mut transaction = Transaction {
            sender: public_key(sender),
            nonce: match number(input, 0..=15) {
                1 => nonce.saturating_sub(1),
                2 => *nonce + 1,
                3 => input.arbitrary().unwrap_or(0),
                _ => {
                    *nonce += 1;
                    *nonce - 1
                }
            },
            last_height: match number(input, 0..=15) {
                1 => input.arbitrary().unwrap_or(0),
                n => self.model.height + n,
            },
            gas_limit: 0,
            fee_per_gas_max: match number(input, 0..=15) {
                1 => input.arbitrary().unwrap_or(0),
                2 => self.model.base_fee - 1,
                n => self.model.base_fee + n,
            },
            tip_per_gas: match number(input, 0..=15) {
                1 => input.arbitrary().unwrap_or(0),
                n => n,
            },
            action: self.action(input, sender),
        };
        let gas_max = self.manifest.parameters.gas_per_block_max;
        // The limit is part of the size, which is part of the gas: two rounds settle it.
        for _ in 0..2 {
            let signed = SignedTransaction { transaction: transaction.clone(), signature: UNSIGNED.clone() };
            transaction.gas_limit = gas(&signed);
        }
        transaction.gas_limit = match number(input, 0..=15) {
            1 => transaction.gas_limit - 1,
            2 => transaction.gas_limit + 1,
            3 => gas_max,
            4 => gas_max + 1,
            5 => input.arbitrary().unwrap_or(0),
            _ => transaction.gas_limit,
        };
        SignedTransaction { transaction, signature: UNSIGNED.clone() }
    }

    fn action(&self, input: &mut Unstructured<'_>, sender: u8) -> Action {
        // Many payments are most of the time, and rarely say more than few.
        let count = match number(input, 0..=63) {
            1 => number(input, 1..=256),
            n => n % 4 + 1,
        };
        let (to, amount) = (number(input, 1..=RECIPIENTS.into()) as u8, self.amount(input, sender));
        let payments = (0..count).map(|n| match n {
            // Many payments would use up the input: they are alike.
            4.. => Payment { to: address(to), amount },
            _ => Payment {
                to: address(number(input, 1..=RECIPIENTS.into()) as u8),
                amount: self.amount(input, sender),
            },
        });
        let payments = List::new(payments.collect()).expect("at most 256");
        let memo = "m".repeat(number(input, 0..=3) as usize * 46);
        Action::Transfer { payments, memo: Memo::new(memo).expect("at most 138 bytes") }
    }

    fn amount(&self, input: &mut Unstructured<'_>, sender: u8) -> Amount {
        let balance = u64::try_from(self.model.account(&address(sender)).0).expect("less than was issued");
        Amount::from_units(match number(input, 0..=15) {
            0 => 1,
            1 => 0,
            2 => u64::MAX,
            3 => balance,
            4 => balance / 2,
            5 => input.arbitrary().unwrap_or(1),
            6 => balance.saturating_sub(number(input, 0..=20_000_000)),
            n => n.pow(7),
        })
    }

    /// Proposes a block of what is offered, lets voters look at it, and goes on with it.
    fn block(&mut self, view: u64, offered: Named) {
        let parameters = &self.manifest.parameters;
        let height = self.model.height + 1;
        self.timestamp_ms += parameters.block_time_ms;
        let epoch = parameters.epoch_of(height);
        let (parent_view, timestamp_ms) = (view.saturating_sub(1), self.timestamp_ms);
        let context = BlockContext { height, epoch, view, parent_view, timestamp_ms };
        let expected = self.model.block(view, &offered);

        let proposed = self.execute(&context, &propose(), offered.clone()).expect("what fits");
        assert_eq!(proposed.receipts, expected.receipts);
        let left_out: Vec<_> = proposed.left_out.iter().map(|(id, _)| *id).collect();
        assert_eq!(left_out, expected.left_out.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        for ((_, reason), (_, broken)) in proposed.left_out.iter().zip(&expected.left_out) {
            assert!(broken.contains(reason.code()), "{reason}, and not one of {broken:?}");
        }
        self.check_voters(&context, &proposed, offered, &expected);
        self.apply(proposed);
    }

    /// A voter comes to what the leader proposed, and refuses a block of all that was offered at the
    /// first transaction that the leader did not include.
    fn check_voters(
        &self,
        context: &BlockContext,
        proposed: &ExecutedBlock,
        offered: Named,
        expected: &Expected,
    ) {
        let included = proposed.body.transactions.iter().map(|t| (t.id(), t.clone())).collect();
        let verify = Purpose::Verify { luck: proposed.body.luck };
        let verified = self.execute(context, &verify, included).expect("a proposal is valid");
        assert_eq!(verified.body, proposed.body);
        assert_eq!(verified.changes, proposed.changes);
        assert_eq!((&verified.receipts, verified.chain), (&proposed.receipts, proposed.chain));
        assert!(proposed.body.encode().len() <= self.manifest.parameters.body_size_max);

        let all = self.execute(context, &verify, offered.clone());
        match (all, &expected.refused) {
            (Ok(block), None) => assert_eq!(block.changes, proposed.changes),
            (Err(BlockError::Full { index }), Some((place, broken))) if broken.is_empty() => {
                assert_eq!(index, *place);
            }
            (Err(BlockError::Transaction { index, reason, .. }), Some((place, broken))) => {
                assert_eq!(index, *place);
                assert!(broken.contains(reason.code()), "{reason}, and not one of {broken:?}");
            }
            (other, refused) => panic!("{:?}, expected {refused:?}", other.map(|block| block.receipts)),
        }

        let skipped = BlockContext { height: context.height + 1, ..context.clone() };
        if !skipped.height.is_multiple_of(BLOCKS_PER_EPOCH) {
            let error = self.execute(&skipped, &verify, Named::new()).expect_err("a gap");
            assert_eq!(error, BlockError::Height { got: skipped.height, expected: context.height });
        }
    }

    fn execute(
        &self,
        context: &BlockContext,
        purpose: &Purpose,
        transactions: Named,
    ) -> Result<ExecutedBlock, BlockError> {
        let mut executor =
            Executor::new(self.manifest.clone(), context.clone(), purpose.clone(), transactions);
        let mut known = Known::new();
        loop {
            match executor.run(&mut known) {
                Progress::Done(result) => return result,
                Progress::Need(keys) => {
                    assert!(!keys.is_empty() && keys.iter().all(|key| known.get(key).is_none()));
                    keys.into_iter().for_each(|key| known.insert(key, self.state.get(&key).cloned()));
                }
            }
        }
    }

    /// The state after the block is what the model says.
    fn apply(&mut self, block: ExecutedBlock) {
        for (key, value) in block.changes.into_sorted() {
            match value {
                Some(value) => self.state.insert(key, value),
                None => self.state.remove(&key),
            };
        }
        let accounts = self.state.keys().filter(|key| key[0] == Account::TAG).count();
        assert_eq!(accounts, self.model.accounts.len());
        for (address, (balance, nonce)) in &self.model.accounts {
            let account: Account = decode(&self.state[&Account::key(address)]).expect("an account");
            assert_eq!((u128::from(account.balance.units), account.nonce), (*balance, *nonce), "{address:?}");
        }
        let chain: ChainState = decode(&self.state[&chain_key()]).expect("a record");
        assert_eq!(chain, block.chain);
        self.check_chain(&chain);
    }

    fn check_chain(&self, chain: &ChainState) {
        let model = &self.model;
        assert_eq!((chain.height, chain.timestamp_ms), (model.height, self.timestamp_ms));
        assert_eq!((chain.base_fee_per_gas, chain.gas_used), (model.base_fee, model.gas_used));
        let held: u128 = model.accounts.values().map(|(balance, _)| balance).sum();
        let cell = |cell| u128::from(chain.supply.cell(cell).units);
        assert_eq!(
            Cell::ALL.map(cell),
            [held, 0, 0, model.base_fees, model.pots, model.pool, model.reserve, 0, 0, 0],
            "accounts, orders, rewards, base fees, pots, pool, reserve, pending, frozen, deposits"
        );
        assert_eq!(chain.luck, model.luck);
        assert_eq!(u128::from(chain.supply.genesis.units), model.genesis);
        assert_eq!(chain.supply.minted, Amount::ZERO);
        assert_eq!(
            held + model.base_fees + model.pots + model.pool + model.reserve,
            model.genesis,
            "the supply equation"
        );
    }
}

/// The hash chains of the founders.
pub fn founders_luck() -> &'static BTreeMap<PublicKey, LuckChain> {
    static LUCK: LazyLock<BTreeMap<PublicKey, LuckChain>> = LazyLock::new(|| {
        let founders = [200, 201, 202].map(key);
        founders.map(|key| (key.public_key(), LuckChain::of_founder(&key))).into()
    });
    &LUCK
}

/// Any of the founders may lead.
fn propose() -> Purpose {
    static REVEAL: LazyLock<Reveal> =
        LazyLock::new(|| Arc::new(|seat: &PublicKey, left| founders_luck().get(seat)?.reveal(left)));
    Purpose::Propose { reveal: REVEAL.clone() }
}

/// Deriving a key is most of the time otherwise.
fn public_key(n: u8) -> PublicKey {
    static KEYS: LazyLock<Vec<PublicKey>> =
        LazyLock::new(|| (0..=SENDERS).map(|n| key(n).public_key()).collect());
    KEYS[usize::from(n)]
}

fn manifest((coins, gas, base_fee, tax, body): &(&str, u64, u64, u64, u64)) -> String {
    let prefix = "dev".parse().expect("a prefix");
    let mut text = format!(
        "name = \"Fuzz\"\nsymbol = \"FUZZ\"\naddress_prefix = \"dev\"\nsource_url = \"https://example.org\"\n\
         genesis_time_ms = 1750000000000\n\
         [purpose]\nnature = \"replace\"\nstatement = \"It replaces trying things by hand.\"\n\
         [parameters]\nblock_time_ms = 4000\nblocks_per_epoch = {BLOCKS_PER_EPOCH}\ngas_per_block_max = {gas}\n\
         base_fee_min = {base_fee}\npollution_tax_percent = {tax}\nbody_size_max = {body}\n"
    );
    for (seat, person) in [(200, 1), (201, 7), (202, 20)] {
        let (key, account) = (key(seat).public_key(), address(person).display(&prefix));
        let tip = founders_luck()[&key].tip();
        text += &format!(
            "[[founders]]\nname = \"{seat}\"\nnode_key = \"{key}\"\naccount = \"{account}\"\nluck_tip = \"{tip}\"\n"
        );
    }
    text += "[distribution]\nreason = \"Worthless coins to try things with.\"\n";
    for person in 1..=3 {
        let account = address(person).display(&prefix);
        text += &format!("[[distribution.grants]]\naccount = \"{account}\"\ncoins = \"{coins}\"\n");
    }
    text
}
