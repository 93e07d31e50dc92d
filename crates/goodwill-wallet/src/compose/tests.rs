use super::*;
use crate::development;
use goodwill_types::{Domain, codec::Encode as _, hash, transaction::verify_signatures};
use proptest::prelude::*;
use std::sync::LazyLock;

pub(crate) static TERMS: LazyLock<Terms> = LazyLock::new(|| Terms {
    chain: Chain {
        id: hash(Domain::Chain, b"test"),
        prefix: "dev".parse().unwrap(),
        symbol: "COIN".into(),
        pollution_tax_bp: 5_000,
    },
    height: 50,
    base_fee_per_gas: 10,
    gas_prices: GasPrices {
        base: 80_000,
        per_payment: 40_000,
        per_order: 150_000,
        per_seat: 80_000,
        per_evidence: 250_000,
        per_identity: 20_000_000,
        per_poll: 250_000,
        per_contract: 100_000,
        per_source_byte: 2_000,
        per_byte: 50,
    },
});

pub(crate) fn key() -> SecretKey {
    development::account("alice").unwrap()
}

pub(crate) fn sender() -> PublicKey {
    key().public_key()
}

pub(crate) fn alice() -> Address {
    Address::of(&sender())
}

pub(crate) fn bob() -> Address {
    Address::of(&development::account("bob").unwrap().public_key())
}

pub(crate) fn account() -> Account {
    Account { balance: Amount::from_coins(100), nonce: 3 }
}

fn compose(wish: Transfer) -> Result<Draft, ComposeError> {
    transfer(&TERMS, alice(), &account(), wish)
}

fn coins(text: &str) -> Transfer {
    Transfer::to(bob(), text.parse().unwrap())
}

#[test]
fn a_transfer_pays_for_exactly_its_gas_and_holds_for_a_while() {
    let draft = compose(Transfer { tip_per_gas: 1, ..coins("12.5") }).unwrap();
    assert_eq!((draft.nonce, draft.last_height, draft.fee_per_gas_max), (3, 150, 21));
    assert_eq!(draft.given(), Some("12.5".parse().unwrap()));
    let signed = draft.sign(&key()).unwrap();
    assert_eq!(signed.transaction.gas_limit, 80_000 + 40_000 + 50 * signed.encode().len() as u64);
    assert_eq!(draft.fee_max(), Some(Amount::from_units(signed.transaction.gas_limit * 21)));
    assert_eq!(verify_signatures(&TERMS.chain.id, [&signed]), [true]);
}

#[test]
fn what_the_chain_would_refuse_is_refused_here() {
    assert_eq!(compose(Transfer::to_many(vec![])), Err(ComposeError::Payments(0)));
    let one = Payment { to: bob(), amount: Amount::from_units(1) };
    assert_eq!(compose(Transfer::to_many(vec![one; 257])), Err(ComposeError::Payments(257)));
    assert!(compose(Transfer::to_many(vec![one; 256])).is_ok());
    assert_eq!(compose(coins("0")), Err(ComposeError::ZeroPayment(1)));
    assert_eq!(compose(Transfer { memo: "é".repeat(71), ..coins("1") }), Err(ComposeError::Memo(142)));
    let low = Transfer { fee_per_gas_max: Some(9), ..coins("1") };
    assert_eq!(compose(low), Err(ComposeError::FeeTooLow { offered: 9, base_fee: 10 }));
    let two = vec![Payment { to: bob(), amount: Amount::from_units(u64::MAX) }; 2];
    assert_eq!(compose(Transfer::to_many(two)), Err(ComposeError::TooLarge));
}

#[test]
fn too_little_money_is_said_in_numbers_with_what_would_do() {
    let error = compose(coins("100")).unwrap_err();
    let ComposeError::InsufficientBalance { balance, fee_max, .. } = &error else { panic!("{error}") };
    let most = balance.checked_sub(*fee_max).unwrap();
    assert!(error.to_string().ends_with(&format!("give at most {most} COIN")), "{error}");
    assert!(compose(Transfer::to(bob(), most)).is_ok(), "what the error advises works");
    let poor = transfer(&TERMS, alice(), &Account::default(), coins("1")).unwrap_err();
    assert!(poor.to_string().starts_with("the account holds 0 COIN, and needs 1 COIN"), "{poor}");
    assert!(poor.to_string().ends_with("add coins first"), "{poor}");
}

#[test]
fn only_the_sender_can_sign() {
    let other = development::account("bob").unwrap();
    let error = compose(coins("1")).unwrap().sign(&other).unwrap_err();
    let (expected, given) = (alice().display(&TERMS.chain.prefix), bob().display(&TERMS.chain.prefix));
    assert_eq!(error, WrongKey { expected, given });
}

proptest! {
    #[test]
    fn the_gas_limit_is_always_exact(
        base in 0..1u64 << 40, per_payment in 0..1u64 << 30, per_byte in 0..1u64 << 30, payments in 1..=256usize, units: u32,
    ) {
        let gas_prices = GasPrices { base, per_payment, per_byte, ..TERMS.gas_prices };
        let terms = Terms { gas_prices, base_fee_per_gas: 1, ..TERMS.clone() };
        let payment = Payment { to: bob(), amount: Amount::from_units(u64::from(units) + 1) };
        let rich = Account { balance: Amount::from_units(u64::MAX), nonce: 0 };
        let draft = transfer(&terms, alice(), &rich, Transfer::to_many(vec![payment; payments])).unwrap();
        let size = draft.sign(&key()).unwrap().encode_size();
        prop_assert_eq!(Some(draft.gas_limit), gas_prices.of(&draft.action, size));
    }

    #[test]
    fn absurd_prices_are_an_error(base: u64, per_payment: u64, per_byte: u64, base_fee_per_gas: u64) {
        let gas_prices = GasPrices { base, per_payment, per_byte, ..TERMS.gas_prices };
        let terms = Terms { gas_prices, base_fee_per_gas, ..TERMS.clone() };
        let _ = transfer(&terms, alice(), &account(), coins("1"));
    }
}
