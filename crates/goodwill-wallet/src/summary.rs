//! A transaction in plain words, for the person who is about to sign it.

use crate::compose::Draft;
use goodwill_types::{Action, Amount, Choice, Memo, Payment};

/// Recipients that are shown before the rest is counted.
const PAYMENTS_SHOWN: usize = 10;

impl Draft {
    /// What signing it means: who gets what, what it costs at most, and where the fee goes.
    pub fn summary(&self) -> String {
        let what = match &self.action {
            Action::Transfer { payments, memo } => [self.gifts(payments), memo_line(memo)].concat(),
            Action::OrderSlots { epoch, count, price_max } => self.order(*epoch, *count, *price_max),
            Action::ServeSeats { epoch, seats, .. } => {
                format!("Your node serves with {} in epoch {epoch}.", seats_in_words(seats.len()))
            }
            Action::ReportEquivocation { evidence } => format!(
                "You report that a seat of epoch {} voted against itself. If its miner has something to lose, your fee is paid from it.",
                evidence.epoch()
            ),
            Action::Donate { amount } => format!(
                "You give {} to the donation pool. It is divided among the approved associations, and you don't get it back.",
                self.coins(Some(*amount))
            ),
            Action::ApplyAssociation { application } => format!(
                "You ask that {:?} ({}, for {}) may receive donations on the account {}. The chain's deposit is locked: it comes back when the miners approve you, and is donated when they don't in time.",
                &*application.name,
                &*application.domain,
                application.cause,
                self.from.display(&self.chain.prefix)
            ),
            Action::AttachEvidence { id, evidence } => {
                format!("You attach {:?} to association {id}, for all to see.", &*evidence.uri)
            }
            Action::RenewAssociation { id, statement, .. } => format!(
                "You ask for another mandate of association {id}, with the statement {:?}.",
                &*statement.uri
            ),
            Action::RotateAssociation { id, account, .. } => format!(
                "Association {id} will receive on {} once the release delay is over, whoever holds its present account.",
                account.display(&self.chain.prefix)
            ),
            Action::ProposeAmendment { epoch, changes, .. } => {
                let changes: Vec<_> = changes
                    .iter()
                    .map(|change| format!("{} = {}", change.adjustable, change.value))
                    .collect();
                format!(
                    "You propose that from epoch {epoch} on {}. The chain's deposit is locked: it comes back when the miners approve, and is donated when they don't in time.",
                    changes.join(", ")
                )
            }
            Action::DeployContract { source, value, .. } => format!(
                "You deploy a contract of {} bytes and give it {}. Nobody can change it afterwards, and everybody can read it.",
                source.len(),
                self.coins(Some(*value))
            ),
            Action::CallContract { contract, method, value, .. } => format!(
                "You call {:?} of the contract {} and give it {}. What it does is in its source: goodwill contract show.",
                &**method,
                contract.display(&self.chain.prefix),
                self.coins(Some(*value))
            ),
            Action::Vote { poll, choice } => match choice {
                Choice::Withdraw {} => format!("You say nothing more in poll {poll}."),
                Choice::Yes {} | Choice::No {} => format!(
                    "You say {} in poll {poll}. It counts in every epoch in which you have live seats, until you change it.",
                    choice.word()
                ),
            },
        };
        what + &self.fee_line()
    }

    fn order(&self, epoch: u64, count: u32, price_max: Amount) -> String {
        let slots = if count == 1 { "one slot".into() } else { format!("{count} slots") };
        format!(
            "You order {slots} of epoch {epoch} for at most {} each, and give up to {} in all, a hundredth of the price for ordering included. What is drawn goes to associations that do good, and you don't get it back; what is not drawn comes back, but for that hundredth.",
            self.coins(Some(price_max)),
            self.coins(self.given()),
        )
    }

    fn gifts(&self, payments: &[Payment]) -> String {
        if let [Payment { to, amount }] = payments {
            return format!("You give {} to {}.", self.coins(Some(*amount)), to.display(&self.chain.prefix));
        }
        let mut text = format!("You give {} to {} recipients:", self.coins(self.given()), payments.len());
        for Payment { to, amount } in payments.iter().take(PAYMENTS_SHOWN) {
            text += &format!("\n  {} to {}", self.coins(Some(*amount)), to.display(&self.chain.prefix));
        }
        match payments.len().checked_sub(PAYMENTS_SHOWN) {
            Some(rest @ 1..) => text + &format!("\n  and {rest} more"),
            _ => text,
        }
    }

    fn fee_line(&self) -> String {
        let share = share(self.chain.pollution_tax_bp);
        let rest = match self.tip_per_gas {
            0 => "",
            _ => " The tip goes to the miner that makes the block.",
        };
        let most = self.coins(self.fee_max());
        let of = if rest.is_empty() { "it" } else { "its base part" };
        format!(
            "\nThe fee is at most {most}; {share} of {of} is donated to associations that do good.{rest}\nWhat is final cannot be taken back."
        )
    }

    fn coins(&self, amount: Option<Amount>) -> String {
        let symbol = &self.chain.symbol;
        amount.map_or(format!("more {symbol} than there are"), |amount| format!("{amount} {symbol}"))
    }
}

/// Escaped, since a memo in a draft from elsewhere could otherwise move the cursor and rewrite what
/// was shown before.
fn memo_line(memo: &Memo) -> String {
    match &**memo {
        "" => String::new(),
        text => format!("\nEverybody can read the memo: {text:?}."),
    }
}

fn seats_in_words(count: usize) -> String {
    if count == 1 { "one seat".into() } else { format!("{count} seats") }
}

fn share(basis_points: u16) -> String {
    match (basis_points, basis_points % 100) {
        (0, _) => "none".into(),
        (5_000, _) => "half".into(),
        (10_000, _) => "all".into(),
        (whole, 0) => format!("{} %", whole / 100),
        (_, rest) => format!("{}.{rest:02} %", basis_points / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        compose::tests::{TERMS, account, alice, bob},
        compose::{Transfer, transfer},
    };

    fn summary(wish: Transfer) -> String {
        transfer(&TERMS, alice(), &account(), wish).unwrap().summary()
    }

    #[test]
    fn one_payment_is_one_sentence() {
        let said = summary(Transfer::to(bob(), "12.5".parse().unwrap()));
        let to = bob().display(&TERMS.chain.prefix);
        assert!(said.starts_with(&format!("You give 12.5 COIN to {to}.\nThe fee is at most 0.00")), "{said}");
        assert!(said.contains("half of it is donated to associations that do good."), "{said}");
    }

    #[test]
    fn many_payments_are_listed_up_to_ten() {
        let payments = vec![Payment { to: bob(), amount: Amount::from_coins(1) }; 12];
        let said = summary(Transfer::to_many(payments));
        assert!(said.starts_with("You give 12 COIN to 12 recipients:\n  1 COIN to dev1"), "{said}");
        assert!(said.contains("\n  and 2 more\nThe fee"), "{said}");
    }

    #[test]
    fn a_memo_cannot_rewrite_the_screen() {
        let mut wish =
            Transfer { memo: "\u{1b}[2K\rYou give 0".into(), ..Transfer::to(bob(), Amount::from_coins(1)) };
        wish.tip_per_gas = 1;
        let said = summary(wish);
        assert!(!said.contains('\u{1b}') && !said.contains('\r'), "{said}");
        assert!(said.contains("The tip goes to the miner"), "{said}");
    }

    #[test]
    fn shares_in_words() {
        let said: Vec<_> = [0, 1, 2_500, 3_333, 5_000, 10_000].into_iter().map(share).collect();
        assert_eq!(said, ["none", "0.01 %", "25 %", "33.33 %", "half", "all"]);
    }
}
