//! Accounts with coins, and what they sign ahead.

use super::{BenchError, Say, load::Load};
use goodwill_types::{
    Account, Action, Address, Amount, Memo, Payment, Prefix, SecretKey, SignedTransaction, codec::List,
    transaction::PAYMENTS_MAX,
};
use goodwill_wallet::{
    Client,
    compose::{Offer, Terms, compose},
    development,
};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use std::{ops::Range, thread};

/// What a transaction may pay per gas; the base fee of a chain made for a benchmark is 10.
const FEE_PER_GAS_MAX: u64 = 20;
/// Enough for the transactions of one run.
const VALIDITY_BLOCKS: u64 = 1 << 40;
/// What each development account shares among the accounts of a run, at most.
const SHARED: Amount = Amount::from_coins(900_000);

/// Accounts of which nobody has heard before.
pub(super) struct Accounts {
    terms: Terms,
    keys: Vec<SecretKey>,
    addresses: Vec<Address>,
    /// How many transactions each has signed.
    nonces: Vec<u64>,
    /// Whose turn it is.
    turn: usize,
}

/// What a transaction does, and the gas that contracts may use for it.
pub(super) struct Wish {
    pub(super) action: Action,
    pub(super) contract_gas: u64,
}

impl From<Action> for Wish {
    fn from(action: Action) -> Self {
        Self { action, contract_gas: 0 }
    }
}

impl Accounts {
    /// Makes the keys, and gives each account its coins.
    ///
    /// # Errors
    /// When the gateway refuses, or the payments do not become final.
    pub(super) fn fund(url: &str, count: usize, say: Say<'_>) -> Result<Self, BenchError> {
        let client = Client::new(url)?;
        let terms = Terms::try_from(&client.status()?).map_err(|error| {
            BenchError::Unmeasured(format!("the gateway names the address prefix badly: {error}"))
        })?;
        say(&format!("makes {count} accounts"));
        let accounts = Self::new(terms, count);
        say("gives them coins");
        accounts.gifts(&client)?.prepare(url)?;
        Ok(accounts)
    }

    fn new(terms: Terms, count: usize) -> Self {
        let base: [u8; 24] = rand::random();
        let made = parallel(count, |place| {
            let mut seed = [0; 32];
            seed[..24].copy_from_slice(&base);
            seed[24..].copy_from_slice(&(place as u64).to_be_bytes());
            let key = SecretKey::from_seed(seed);
            let address = Address::of(&key.public_key());
            (key, address)
        });
        let (keys, addresses) = made.into_iter().unzip();
        Self { terms, keys, addresses, nonces: vec![0; count], turn: 0 }
    }

    /// What the development accounts give to all of them.
    fn gifts(&self, client: &Client) -> Result<Load, BenchError> {
        let gifts_each = self.count().div_ceil(PAYMENTS_MAX).div_ceil(development::NAMES.len());
        let share = Amount::from_units(SHARED.units / (gifts_each * PAYMENTS_MAX) as u64);
        let mut givers = development::NAMES
            .iter()
            .map(|name| {
                let key = development::account(name).expect("a known name");
                let nonce = client.account(&Address::of(&key.public_key()), self.prefix(), false)?.nonce;
                Ok((key, nonce))
            })
            .collect::<Result<Vec<_>, BenchError>>()?;
        let mut gifts = Vec::new();
        for (chunk, place) in self.addresses.chunks(PAYMENTS_MAX).zip((0..givers.len()).cycle()) {
            let (key, nonce) = &mut givers[place];
            let payments = chunk.iter().map(|to| Payment { to: *to, amount: share }).collect();
            let payments = List::new(payments).expect("at most as many as fit");
            let gift = Action::Transfer { payments, memo: Memo::default() };
            gifts.push(sign(&self.terms, key, *nonce, gift.into()));
            *nonce += 1;
        }
        Ok(Load::of(gifts))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    /// How addresses of their chain begin.
    pub(super) fn prefix(&self) -> &Prefix {
        &self.terms.chain.prefix
    }

    /// An account to ask for: the first.
    pub(super) fn any(&self) -> &Address {
        &self.addresses[0]
    }

    /// The address of the contract that the first account deploys next.
    pub(super) fn next_contract(&self) -> Address {
        Address::of_contract(&self.addresses[0], self.nonces[0])
    }

    /// Signs `count` transfers of one unit from all accounts in turn to random ones.
    pub(super) fn transfers(&mut self, count: usize) -> Load {
        self.in_turn(count, |to| Action::transfer(*to, Amount::from_units(1)).into())
    }

    /// Signs `count` transactions from all accounts in turn, each for a random one.
    pub(super) fn in_turn(&mut self, count: usize, wish: impl Fn(&Address) -> Wish + Sync) -> Load {
        let (all, first) = (self.count(), self.turn);
        self.turn = (first + count) % all;
        self.sign(all, first, count, |addresses, place| {
            let mut random = SmallRng::seed_from_u64(place as u64);
            wish(&addresses[random.random_range(0..all)])
        })
    }

    /// Signs a transaction for each account of `to`, from those before `to` in turn.
    pub(super) fn hand_on(&mut self, to: Range<usize>, wish: impl Fn(&Address) -> Wish + Sync) -> Load {
        self.sign(to.start, 0, to.len(), |addresses, place| wish(&addresses[to.start + place]))
    }

    /// Signs one transaction of the first account.
    pub(super) fn alone(&mut self, wish: impl Fn() -> Wish + Sync) -> Load {
        self.sign(1, 0, 1, |_, _| wish())
    }

    /// A transaction of the first account, to be tried out only.
    pub(super) fn draft(&self, wish: Wish) -> SignedTransaction {
        sign(&self.terms, &self.keys[0], self.nonces[0], wish)
    }

    /// Signs `count` wishes of the first `signers` accounts in turn, beginning with number `first`.
    fn sign(
        &mut self,
        signers: usize,
        first: usize,
        count: usize,
        wish: impl Fn(&[Address], usize) -> Wish + Sync,
    ) -> Load {
        let signer = |place: usize| (first + place) % signers;
        let signed = parallel(count, |place| {
            let nonce = self.nonces[signer(place)] + (place / signers) as u64;
            sign(&self.terms, &self.keys[signer(place)], nonce, wish(&self.addresses, place))
        });
        for place in 0..count.min(signers) {
            self.nonces[signer(place)] += (count - place).div_ceil(signers) as u64;
        }
        Load::of(signed)
    }
}

/// Composes it as a wallet does, for an account that holds enough.
fn sign(terms: &Terms, key: &SecretKey, nonce: u64, wish: Wish) -> SignedTransaction {
    let account = Account { balance: Amount::from_units(u64::MAX), nonce };
    let offer = Offer {
        fee_per_gas_max: Some(FEE_PER_GAS_MAX),
        validity_blocks: VALIDITY_BLOCKS,
        contract_gas: wish.contract_gas,
        ..Offer::default()
    };
    let from = Address::of(&key.public_key());
    let draft = compose(terms, from, &account, wish.action, offer).expect("it is within all bounds");
    draft.sign(key).expect("it is from this key")
}

/// Makes `count` of something on all cores, in order.
pub(super) fn parallel<T: Send>(count: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = count.div_ceil(cores).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..count)
            .step_by(share)
            .map(|first| {
                let make = &make;
                scope.spawn(move || (first..count.min(first + share)).map(make).collect::<Vec<T>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("does not panic")).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use goodwill_types::{Digest, PublicKey, api::GasPrices, codec::decode};
    use goodwill_wallet::compose::Chain;
    use std::collections::BTreeMap;

    const PRICES: GasPrices = GasPrices {
        base: 80_000,
        per_payment: 40_000,
        per_order: 0,
        per_seat: 0,
        per_evidence: 0,
        per_identity: 0,
        per_poll: 0,
        per_contract: 0,
        per_source_byte: 0,
        per_byte: 50,
    };

    fn accounts(count: usize) -> Accounts {
        let prefix = "dev".parse().unwrap();
        let chain = Chain { id: Digest::from([1; 32]), prefix, symbol: "DEV".into(), pollution_tax_bp: 0 };
        Accounts::new(Terms { chain, height: 0, base_fee_per_gas: 10, gas_prices: PRICES }, count)
    }

    #[test]
    fn whoever_signs_counts_its_own_transactions() {
        let mut accounts = accounts(3);
        let wish = |to: &Address| Action::transfer(*to, Amount::from_units(1)).into();
        let to = *accounts.any();
        let loads = [
            accounts.in_turn(5, wish),
            accounts.hand_on(2..3, wish),
            accounts.alone(|| wish(&to)),
            accounts.in_turn(1, wish),
            accounts.in_turn(4, wish),
        ];
        let mut signed = BTreeMap::<PublicKey, Vec<u64>>::new();
        for bytes in loads.iter().flat_map(|load| &load.transactions) {
            let transaction = decode::<SignedTransaction>(bytes).unwrap().transaction;
            signed.entry(transaction.sender).or_default().push(transaction.nonce);
        }
        let counts: Vec<_> = accounts.keys.iter().map(|key| signed[&key.public_key()].clone()).collect();
        assert_eq!(counts, [vec![0, 1, 2, 3, 4, 5], vec![0, 1, 2], vec![0, 1, 2]]);
    }
}
