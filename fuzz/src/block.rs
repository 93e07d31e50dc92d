//! What blocks and the state are made of.

use super::{canonical, kind, transaction};
use goodwill_ledger::{Cell, ChainState};
use goodwill_types::{
    Account, Amount, Body, Certificate, Committee, Header, Outcome, Receipt,
    block::{CERTIFICATE_SIZE_MAX, SEATS_MAX, TRANSACTIONS_PER_BLOCK_MAX},
    codec::Encode,
    receipt::EVENTS_MAX,
};

/// How many of a body's transactions are looked at closely: their signatures take time.
const LOOKED_AT: usize = 2;

/// A kind, then bytes: 0 header, 1 body, 2 receipt, 3 committee, 4 the chain's record, 5 account,
/// 6 certificate.
pub fn block(data: &[u8]) -> bool {
    let Some((kind, bytes)) = kind(data) else { return false };
    match kind {
        0 => canonical(bytes).is_some_and(|header| check_header(&header, bytes)),
        1 => canonical(bytes).is_some_and(|body| check_body(&body, bytes)),
        2 => canonical(bytes).is_some_and(|receipt| check_receipt(&receipt)),
        3 => canonical(bytes).is_some_and(|committee| check_committee(&committee)),
        4 => canonical(bytes).is_some_and(|chain| check_chain(&chain)),
        5 => canonical::<Account>(bytes).is_some(),
        6 => canonical::<Certificate>(bytes).is_some_and(|c| {
            assert!((1..=CERTIFICATE_SIZE_MAX).contains(&c.0.len()));
            true
        }),
        _ => false,
    }
}

fn check_header(header: &Header, bytes: &[u8]) -> bool {
    assert_eq!(bytes.len(), Header::SIZE);
    assert_ne!(header.digest(), Header { view: header.view ^ 1, ..header.clone() }.digest());
    true
}

fn check_body(body: &Body, bytes: &[u8]) -> bool {
    assert!(body.transactions.len() <= TRANSACTIONS_PER_BLOCK_MAX.min(bytes.len()));
    assert!(body.transactions.iter().take(LOOKED_AT).all(|t| transaction(&t.encode())));
    true
}

fn check_receipt(receipt: &Receipt) -> bool {
    if let Outcome::Done { events } = &receipt.outcome {
        assert!(events.len() <= EVENTS_MAX);
    }
    true
}

fn check_committee(committee: &Committee) -> bool {
    assert!((1..=SEATS_MAX).contains(&committee.seats.len()));
    assert!(committee.seats.windows(2).all(|pair| pair[0].key < pair[1].key), "seats are not ascending");
    let turns = committee.schedule.len() as u64;
    for view in [0, 1, turns - 1, turns, u64::MAX] {
        assert_eq!(committee.turn(view), usize::from(committee.schedule[(view % turns) as usize]));
        assert!(committee.turn(view) < committee.seats.len(), "a turn without a seat");
    }
    assert_eq!(
        Committee::new(committee.seats.to_vec(), committee.schedule.to_vec()).as_ref(),
        Some(committee)
    );
    true
}

/// spec: supply 1
fn check_chain(chain: &ChainState) -> bool {
    let wide = |amount: Amount| u128::from(amount.units);
    let cells: u128 = Cell::ALL.iter().map(|cell| wide(chain.supply.cell(*cell))).sum();
    let issued = wide(chain.supply.genesis) + wide(chain.supply.minted);
    let fits = issued <= u128::from(u64::MAX);
    let income: u128 = chain.supply.income.0.iter().map(|amount| wide(*amount)).sum();
    let pool = wide(chain.supply.cell(Cell::Pool));
    assert_eq!(chain.supply.balances(), fits && issued == cells && income == pool);
    true
}
