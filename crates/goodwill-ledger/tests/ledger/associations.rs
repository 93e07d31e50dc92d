//! Associations: from the first proof to the last payment, coin by coin.

use crate::common::{address, key, manifest_text_with, sandbox_of};
use goodwill_identity::{Issued, TestAuthority, prove};
use goodwill_ledger::{
    Cell, Sandbox, Source,
    association::Status,
    donation::{Release, shares},
};
use goodwill_types::{
    Action, Address, Adjustable, Amount, Application, Cause, Change, Choice, Digest, Event, Failure,
    IdentityProof, Link, Outcome, Receipt, SecretKey,
    association::claim,
    codec::{List, Text},
};
use proptest::prelude::*;
use std::sync::LazyLock;

const EPOCH: u64 = 40;
const FOUNDERS: [u8; 2] = [200, 201];
const DEPOSIT: Amount = Amount::from_coins(100);

static AUTHORITY: LazyLock<TestAuthority> = LazyLock::new(|| TestAuthority::new("Test authority").unwrap());

/// A chain that trusts the test's authority; the founders can pay for votes.
fn chain(parameters: &[(&str, u64)]) -> Sandbox {
    let text = manifest_text_with(parameters, Some(AUTHORITY.certificate_pem()));
    let mut sandbox = sandbox_of(&text);
    FOUNDERS.iter().for_each(|n| sandbox.fund(&address(*n), Amount::from_coins(10)));
    sandbox
}

fn issued(domain: &str) -> Issued {
    let now_s = 1_750_000_000;
    AUTHORITY.issue(domain, Some("Trees for all"), now_s - 3_600, now_s + 86_400).unwrap()
}

fn link(text: &str) -> Link {
    Link { uri: Text::new(format!("https://{text}/statement")).unwrap(), hash: Digest::from([7; 32]) }
}

fn proof(sandbox: &Sandbox, issued: &Issued, account: &Address, domain: &str) -> IdentityProof {
    let message = claim(&sandbox.manifest().chain_id(), account, &link(domain).hash, domain);
    let signature = List::new(prove(&issued.key_pem, &message).unwrap()).unwrap();
    let chain = issued.chain.iter().map(|der| List::new(der.clone()).unwrap()).collect();
    IdentityProof::X509 { chain: List::new(chain).unwrap(), signature }
}

fn application(sandbox: &Sandbox, n: u8, domain: &str) -> Action {
    let application = Application {
        name: Text::new(format!("Association {n}")).unwrap(),
        cause: Cause::Climate {},
        domain: Text::new(domain.into()).unwrap(),
        statement: link(domain),
        proof: proof(sandbox, &issued(domain), &address(n), domain),
    };
    Action::ApplyAssociation { application: application.into() }
}

fn act(sandbox: &mut Sandbox, signer: &SecretKey, action: Action) -> Receipt {
    let transaction = sandbox.transaction(&signer.public_key(), action);
    sandbox.sign_and_submit(signer, transaction).expect("it can be included")
}

fn failure(receipt: &Receipt) -> &Failure {
    match &receipt.outcome {
        Outcome::Failed { failure } => failure,
        Outcome::Done { events } => panic!("it did {events:?}"),
    }
}

/// Applies, and gives the association's number.
fn apply(sandbox: &mut Sandbox, n: u8, domain: &str) -> u32 {
    let action = application(sandbox, n, domain);
    let receipt = act(sandbox, &key(n), action);
    match &receipt.outcome {
        Outcome::Done { events } => match events[0] {
            Event::AssociationApplied { id, .. } => id,
            ref other => panic!("{other:?}"),
        },
        Outcome::Failed { failure } => panic!("{failure}"),
    }
}

fn vote(sandbox: &mut Sandbox, voter: u8, poll: u32, choice: Choice) -> Receipt {
    act(sandbox, &key(voter), Action::Vote { poll, choice })
}

fn all_vote(sandbox: &mut Sandbox, poll: u32, choice: Choice) {
    for founder in FOUNDERS {
        assert!(matches!(vote(sandbox, founder, poll, choice).outcome, Outcome::Done { .. }));
    }
}

/// To the first block of the next epoch.
fn next_epoch(sandbox: &mut Sandbox) {
    let height = sandbox.chain().height;
    sandbox.warp((height / EPOCH + 1) * EPOCH);
}

fn epoch(sandbox: &Sandbox) -> u64 {
    sandbox.chain().height / EPOCH
}

fn status(sandbox: &Sandbox, id: u32) -> Status {
    sandbox.association(id).unwrap().status
}

fn approved(sandbox: &mut Sandbox, n: u8, domain: &str) -> u32 {
    let id = apply(sandbox, n, domain);
    all_vote(sandbox, id, Choice::Yes {});
    next_epoch(sandbox);
    assert_eq!(status(sandbox, id), Status::Approved {});
    id
}

fn gift(sandbox: &mut Sandbox, coins: u64) {
    act(sandbox, &key(3), Action::Donate { amount: Amount::from_coins(coins) });
}

#[test]
fn one_that_is_voted_in_gets_its_deposit_back_and_donations_after_the_delay_to_the_unit() {
    let mut sandbox = chain(&[("share_cap", 1)]);
    let before = sandbox.account(&address(1)).balance;
    let id = apply(&mut sandbox, 1, "trees.org");
    assert_eq!(sandbox.chain().supply.cell(Cell::Deposits), DEPOSIT);
    all_vote(&mut sandbox, id, Choice::Yes {});
    assert_eq!(status(&sandbox, id), Status::Candidate {});
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Approved {});
    assert_eq!(sandbox.chain().supply.cell(Cell::Deposits), Amount::ZERO);

    // The division of the epoch that approved it was its first.
    let first = sandbox.division(0).unwrap();
    let granted = first.grants[0].amount;
    assert_eq!(Amount::checked_sum(first.income.0), Some(granted));
    assert_eq!(sandbox.association(id).unwrap().pending, granted);
    let balance = sandbox.account(&address(1)).balance;
    assert!(balance < before, "only the fee is gone: {balance}");
    next_epoch(&mut sandbox);
    assert_eq!(sandbox.account(&address(1)).balance, balance);
    next_epoch(&mut sandbox);
    assert_eq!(sandbox.account(&address(1)).balance.checked_sub(balance), Some(granted));
    assert_eq!(sandbox.association(id).unwrap().received, granted);
    assert_eq!(sandbox.division(0).unwrap().grants[0].release, Release::Paid {});
}

#[test]
fn below_three_quarters_nobody_is_approved_and_the_deposit_is_donated_in_the_end() {
    let mut sandbox = chain(&[("poll_epochs", 2)]);
    let id = apply(&mut sandbox, 1, "trees.org");
    vote(&mut sandbox, 200, id, Choice::Yes {});
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Candidate {});
    next_epoch(&mut sandbox);
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Lapsed {});
    let division = sandbox.division(2).unwrap();
    assert_eq!(division.income.0[Source::Deposits as usize], DEPOSIT);
    assert_eq!(sandbox.polls().open.len(), 0);
    // The domain is free again.
    assert_eq!(apply(&mut sandbox, 2, "trees.org"), id + 1);
}

#[test]
fn only_those_with_seats_vote_and_only_in_open_polls() {
    let mut sandbox = chain(&[]);
    let id = apply(&mut sandbox, 1, "trees.org");
    assert_eq!(failure(&vote(&mut sandbox, 3, id, Choice::Yes {})), &Failure::NoSeat { epoch: 0 });
    assert_eq!(failure(&vote(&mut sandbox, 200, 9, Choice::Yes {})), &Failure::NoSuchPoll { poll: 9 });
}

#[test]
fn a_vote_can_be_changed_and_withdrawn() {
    let mut sandbox = chain(&[]);
    let id = apply(&mut sandbox, 1, "trees.org");
    all_vote(&mut sandbox, id, Choice::Yes {});
    vote(&mut sandbox, 200, id, Choice::Withdraw {});
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Candidate {});
    vote(&mut sandbox, 200, id, Choice::Yes {});
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Approved {});
}

#[test]
fn frozen_payments_wait_and_are_paid_when_that_ends_and_once_only() {
    let mut sandbox = chain(&[("freeze_epochs", 3), ("share_cap", 1)]);
    let id = approved(&mut sandbox, 1, "trees.org");
    gift(&mut sandbox, 5);
    vote(&mut sandbox, 200, id, Choice::No {});
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Frozen {});
    let balance = sandbox.account(&address(1)).balance;
    next_epoch(&mut sandbox);
    next_epoch(&mut sandbox);
    let frozen = sandbox.association(id).unwrap().frozen;
    assert!(frozen > Amount::from_coins(5));
    assert_eq!(sandbox.chain().supply.cell(Cell::Frozen), frozen);
    assert_eq!(sandbox.account(&address(1)).balance, balance);
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Approved {}, "the no still stands, but the time is over");
    assert_eq!(sandbox.chain().supply.cell(Cell::Frozen), Amount::ZERO);
    assert!(sandbox.account(&address(1)).balance > balance);
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Approved {}, "once per mandate");
}

#[test]
fn what_a_revoked_association_was_granted_goes_to_the_reserve() {
    let mut sandbox = chain(&[("share_cap", 1)]);
    let id = approved(&mut sandbox, 1, "trees.org");
    gift(&mut sandbox, 5);
    all_vote(&mut sandbox, id, Choice::No {});
    next_epoch(&mut sandbox);
    assert_eq!(status(&sandbox, id), Status::Revoked {});
    let balance = sandbox.account(&address(1)).balance;
    let pending = sandbox.association(id).unwrap().pending;
    let reserve = sandbox.chain().supply.cell(Cell::Reserve);
    (0..3).for_each(|_| next_epoch(&mut sandbox));
    assert_eq!(sandbox.account(&address(1)).balance, balance);
    assert_eq!(sandbox.association(id).unwrap().pending, Amount::ZERO);
    assert!(sandbox.chain().supply.cell(Cell::Reserve) >= [reserve, pending].into_iter().sum());
    assert_eq!(sandbox.division(0).unwrap().grants[0].release, Release::Returned {});
}

#[test]
fn a_mandate_ends_unless_it_is_renewed_with_a_fresh_proof() {
    let mut sandbox = chain(&[("mandate_epochs", 3)]);
    let renewed = approved(&mut sandbox, 1, "trees.org");
    let ending = approved(&mut sandbox, 2, "bread.org");
    let (statement, fresh) = (link("trees.org"), issued("trees.org"));
    let proof = proof(&sandbox, &fresh, &address(1), "trees.org");
    let receipt = act(&mut sandbox, &key(1), Action::RenewAssociation { id: renewed, statement, proof });
    assert!(matches!(receipt.outcome, Outcome::Done { .. }), "{receipt:?}");
    (0..4).for_each(|_| next_epoch(&mut sandbox));
    assert_eq!(status(&sandbox, ending), Status::Lapsed {});
    assert_eq!(status(&sandbox, renewed), Status::Approved {});
}

#[test]
fn whoever_controls_the_domain_can_move_to_another_account() {
    let mut sandbox = chain(&[("share_cap", 1)]);
    let id = approved(&mut sandbox, 1, "trees.org");
    let other = address(9);
    let moved = proof(&sandbox, &issued("trees.org"), &other, "trees.org");
    let stolen = Action::RotateAssociation { id, account: address(8), proof: moved.clone() };
    let receipt = act(&mut sandbox, &key(2), stolen);
    assert_eq!(failure(&receipt).code(), "identity_refused");
    act(&mut sandbox, &key(2), Action::RotateAssociation { id, account: other, proof: moved });
    (0..2).for_each(|_| next_epoch(&mut sandbox));
    assert_eq!(sandbox.association(id).unwrap().payout, address(1));
    next_epoch(&mut sandbox);
    assert_eq!(sandbox.association(id).unwrap().payout, other);
    assert!(sandbox.account(&other).balance > Amount::ZERO);
}

#[test]
fn a_proof_for_another_account_domain_or_chain_is_refused() {
    let mut sandbox = chain(&[]);
    let Action::ApplyAssociation { application } = application(&sandbox, 1, "trees.org") else {
        unreachable!()
    };
    let stolen = act(&mut sandbox, &key(2), Action::ApplyAssociation { application: application.clone() });
    assert_eq!(
        failure(&stolen),
        &Failure::IdentityRefused { reason: Text::new("signature".into()).unwrap() }
    );
    let renamed = Application { domain: Text::new("others.org".into()).unwrap(), ..(*application).clone() };
    let renamed = act(&mut sandbox, &key(1), Action::ApplyAssociation { application: renamed.into() });
    assert_eq!(failure(&renamed).code(), "identity_refused");
    let mut elsewhere = chain(&[("ban_epochs", 5)]);
    let elsewhere =
        act(&mut elsewhere, &key(1), Action::ApplyAssociation { application: application.clone() });
    assert_eq!(failure(&elsewhere).code(), "identity_refused");
    let taken = act(&mut sandbox, &key(1), Action::ApplyAssociation { application: application.clone() });
    assert!(matches!(taken.outcome, Outcome::Done { .. }));
    let twice = act(&mut sandbox, &key(1), Action::ApplyAssociation { application });
    assert_eq!(failure(&twice), &Failure::DomainTaken { id: 0 });
}

#[test]
fn an_amendment_holds_from_its_epoch_on() {
    let mut sandbox = chain(&[]);
    let changes = [(Adjustable::PollutionTaxPercent {}, 100), (Adjustable::Deposit {}, 5)];
    let changes = changes.map(|(adjustable, value)| Change { adjustable, value }).to_vec();
    let changes = List::new(changes).unwrap();
    let reason = Text::new("All of it.".into()).unwrap();
    let propose =
        |epoch| Action::ProposeAmendment { epoch, changes: changes.clone(), reason: reason.clone() };
    let late = act(&mut sandbox, &key(1), propose(1));
    assert_eq!(failure(&late), &Failure::AmendmentTime { first: 2, last: 30 });
    act(&mut sandbox, &key(1), propose(2));
    all_vote(&mut sandbox, 0, Choice::Yes {});
    next_epoch(&mut sandbox);
    assert_eq!(sandbox.amendment(0).unwrap().status, Status::Approved {});
    let half = act(&mut sandbox, &key(2), Action::Donate { amount: DEPOSIT });
    assert_eq!(half.donated.units, half.base_fee.units.div_ceil(2));
    next_epoch(&mut sandbox);
    assert_eq!(epoch(&sandbox), 2);
    let all = act(&mut sandbox, &key(2), Action::Donate { amount: DEPOSIT });
    assert_eq!(all.donated, all.base_fee);
    apply(&mut sandbox, 1, "trees.org");
    assert_eq!(sandbox.chain().supply.cell(Cell::Deposits).units, 5);
}

#[test]
#[should_panic(expected = "release 2 of its rules, and this program knows release 1")]
fn rules_that_are_not_known_stop_the_node() {
    let mut sandbox = chain(&[]);
    let changes = List::new(vec![Change { adjustable: Adjustable::Rules {}, value: 2 }]).unwrap();
    act(&mut sandbox, &key(1), Action::ProposeAmendment { epoch: 2, changes, reason: Text::default() });
    all_vote(&mut sandbox, 0, Choice::Yes {});
    next_epoch(&mut sandbox);
    next_epoch(&mut sandbox);
}

#[test]
fn the_cap_leaves_a_reserve_that_many_associations_share() {
    let parameters = chain(&[]).manifest().parameters.clone();
    let share = |income, reserve, count| {
        let (of_income, of_reserve) =
            shares(&parameters, Amount::from_units(income), Amount::from_units(reserve), count);
        (of_income.units, of_reserve.units)
    };
    assert_eq!(share(8_000, 800_000, 0), (0, 0));
    assert_eq!(share(8_000, 800_000, 1), (1_000, 0));
    assert_eq!(share(8_000, 800_000, 7), (1_000, 0));
    assert_eq!(share(8_000, 800_000, 8), (1_000, 12_500));
    assert_eq!(share(8_007, 800_000, 16), (500, 6_250));
}

/// What people may do with associations, in any order.
#[derive(Clone, Debug)]
enum Step {
    Apply(u8),
    Vote(u8, u32, u8),
    Gift(u64),
    Order(u8, u32),
    Propose(u64),
    Rest(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1u8..4).prop_map(Step::Apply),
        6 => (0u8..2, 0u32..5, 0u8..3).prop_map(|(n, poll, choice)| Step::Vote(n, poll, choice)),
        1 => (1u64..20).prop_map(Step::Gift),
        1 => (1u8..4, 1u32..4).prop_map(|(n, count)| Step::Order(n, count)),
        1 => (1u64..6).prop_map(Step::Propose),
        6 => (1u64..50).prop_map(Step::Rest),
    ]
}

const DOMAINS: [&str; 3] = ["trees.org", "bread.org", "books.org"];

fn take(sandbox: &mut Sandbox, step: &Step) {
    match *step {
        Step::Apply(n) => {
            let action = application(sandbox, n, DOMAINS[usize::from(n) - 1]);
            act(sandbox, &key(n), action);
        }
        Step::Vote(n, poll, choice) => {
            let choice = [Choice::Yes {}, Choice::No {}, Choice::Withdraw {}][usize::from(choice)];
            vote(sandbox, FOUNDERS[usize::from(n)], poll, choice);
        }
        Step::Gift(coins) => gift(sandbox, coins),
        Step::Order(n, count) => drop(sandbox.order(&key(n), count).unwrap()),
        Step::Propose(value) => {
            let changes = [(Adjustable::ShareCap {}, value), (Adjustable::FreezeEpochs {}, value)];
            let changes = changes.map(|(adjustable, value)| Change { adjustable, value }).to_vec();
            let (changes, epoch) = (List::new(changes).unwrap(), epoch(sandbox) + 2);
            act(sandbox, &key(3), Action::ProposeAmendment { epoch, changes, reason: Text::default() });
        }
        Step::Rest(blocks) => sandbox.warp(sandbox.chain().height + blocks),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The sandbox compares every cell with the records after each block; here, that no coin is
    /// divided twice and none forgotten.
    #[test]
    fn whatever_happens_the_cells_are_right(steps in prop::collection::vec(step(), 1..24)) {
        let mut sandbox = chain(&[("poll_epochs", 3), ("mandate_epochs", 4), ("freeze_epochs", 2)]);
        for step in &steps {
            take(&mut sandbox, step);
        }
        next_epoch(&mut sandbox);
        let (mut income, mut granted, mut settled) = (0, 0, 0);
        for division in (0..epoch(&sandbox)).filter_map(|epoch| sandbox.division(epoch)) {
            income += division.income.0.iter().map(|amount| amount.units).sum::<u64>();
            granted += division.grants.iter().map(|grant| grant.amount.units).sum::<u64>();
            let over = division.grants.iter().filter(|grant| grant.release != Release::Waiting {});
            settled += over.map(|grant| grant.amount.units).sum::<u64>();
        }
        let supply = sandbox.chain().supply;
        prop_assert_eq!(supply.cell(Cell::Pending).units, granted - settled);
        prop_assert!(supply.cell(Cell::Reserve).units <= income);
        prop_assert!(granted <= income);
    }
}
