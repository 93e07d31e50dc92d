//! The guide in English.

use super::{
    sampling::{EPOCHS_MAX, Outcome},
    worked::{Span, Unit, Worked},
};

fn time(span: &Span) -> String {
    let unit = match span.unit {
        Unit::Seconds => "s",
        Unit::Minutes => "min",
        Unit::Hours => "h",
        Unit::Days => "days",
    };
    format!("{}\u{a0}{unit}", span.number)
}

pub(super) fn text(w: &Worked<'_>) -> String {
    let parts = [how(w), costs(w), wrong(w), decides(w), share(w), money(w), draws(w), check(w)];
    format!("# {}: the guide\n\n> {}\n\n{}", w.name(), w.statement(), parts.join("\n"))
}

fn how(w: &Worked<'_>) -> String {
    format!(
        "## How it works
Making a block, a list of payments, costs almost no energy. So the right to make blocks is sold, and the money goes to associations that do good. A block comes every {block}; {blocks} blocks are an *epoch* ({epoch}). Up to {slots} *slots* of each epoch are sold at one price; if more are ordered, lots are drawn. A slot that its buyer, a *miner*, takes up in time is a *seat*: one vote, and {turns} paid turns to make a block. A block that two thirds of the seats sign is final.

This is epoch {now}: {seats} seats, {paid} of them bought. Below {min} seats, founders sit in, unpaid. For epoch {open}, {ordered} slots are ordered so far.
",
        block = time(&w.block()),
        blocks = w.number(w.rules().blocks_per_epoch),
        epoch = time(&w.epochs(1)),
        slots = w.number(w.slots()),
        turns = w.number(w.turns()),
        now = w.number(w.facts.epoch),
        seats = w.number(w.facts.seats.into()),
        paid = w.number(w.facts.paid_seats.into()),
        min = w.number(w.rules().seats_min.into()),
        open = w.number(w.facts.open),
        ordered = w.number(w.facts.ordered),
    )
}

fn costs(w: &Worked<'_>) -> String {
    format!(
        "## What it costs and brings
- A slot of epoch {open} costs {price}, its order {fee}, even if the lot is against you.
- Its {turns} turns earn {reward} each: {full}. You gain {gain}.
- When all slots are sold, you break even with {even} of your turns made; each further order per slot adds {step}. Below that you lose. Less reward if you miss turns; others who miss theirs leave you more.
- Rewards can be spent after {maturity} epochs ({mature}). What is minted halves every {halving} epochs, down to {tail} a turn; the price follows.
- Every transaction pays a fee; {tax}% of its base part is donated.
",
        open = w.number(w.facts.open),
        price = w.coins(w.facts.price),
        fee = w.coins(w.order_fee()),
        turns = w.number(w.turns()),
        reward = w.coins(w.facts.reward),
        full = w.coins(w.full()),
        gain = w.coins(w.gain()),
        even = w.break_even(),
        step = w.break_even_step(),
        maturity = w.number(w.rules().maturity_epochs),
        mature = time(&w.epochs(w.rules().maturity_epochs)),
        halving = w.number(w.rules().halving_epochs),
        tail = w.coins(w.rules().subsidy_tail),
        tax = w.rules().pollution_tax_bp / 100,
    )
}

fn wrong(w: &Worked<'_>) -> String {
    format!(
        "## What can go wrong
- **The price is never given back**, even if your machine fails or you take up your slot too late. A missed turn earns nothing.
- Signing two votes that contradict each other (*equivocation*, such as one key on two machines) loses all rewards not yet paid, and bars you from ordering for {ban} epochs.
- Whoever loses a secret key loses its coins; whoever copies it can spend them.
- If a third of the seats are offline, the chain stops until they return; it never splits. If more than a third cheat, no block is safe: two histories may both look final. At today's price, a third of the seats costs {third} an epoch, two thirds {two_thirds}, three quarters {three_quarters}.
- Anybody can buy orders, and votes can be bought. Payments outside the chain can't be prevented.
- Old keys cost nothing: with them somebody could forge another history. Begin from a known block (a *checkpoint*) younger than {trust} epochs ({trusted}); older ones are refused.
",
        ban = w.number(w.rules().ban_epochs),
        third = w.cost(1, 3),
        two_thirds = w.cost(2, 3),
        three_quarters = w.cost(3, 4),
        trust = w.number(w.rules().trust_epochs),
        trusted = time(&w.epochs(w.rules().trust_epochs)),
    )
}

fn decides(w: &Worked<'_>) -> String {
    let now = if w.low_demand() { ", as now" } else { "" };
    format!(
        "## Who decides
Miners, by their *live* seats: those that made a block in the epoch. An association is approved when three quarters of them, summed over {window} epochs ({window_time}), say yes, and at least two thirds of all seats were live in each. While fewer than half of the slots are bought{now}, three quarters of the founders sitting in must agree too. More than half saying no revokes it. Approval lasts {mandate} epochs. Votes can also change fees and limits, never how coins come into being.

A proof of identity shows who controls a domain, not goodness: judging that is the voters' task.

**Three quarters of the seats can capture the pool**: approve themselves. **A quarter can freeze** an association's payments, for up to {freeze} epochs, once per mandate.
",
        window = w.number(w.rules().poll_window),
        window_time = time(&w.epochs(w.rules().poll_window)),
        mandate = w.number(w.rules().mandate_epochs),
        freeze = w.number(w.rules().freeze_epochs),
    )
}

fn share(w: &Worked<'_>) -> String {
    let time = match w.draws.epochs {
        EPOCHS_MAX => format!("{} epochs", w.number(EPOCHS_MAX)),
        epochs => format!("a year ({} epochs)", w.number(epochs)),
    };
    let mut text = format!(
        "What a share of all orders can do in {time}, by sampling:

| orders | capture | freeze |
|---|---|---|
"
    );
    for o in &w.table {
        let (share, captured, froze) = (o.share_percent, chance(w, o.captured, o), chance(w, o.froze, o));
        text += &format!("| {share}% | {captured} | {froze} |\n");
    }
    text + &verdict(w)
}

fn verdict(w: &Worked<'_>) -> String {
    let (Some(harmless), near) = (w.harmless(), w.table.iter().find(|o| o.captured > 0)) else {
        return "\nThis chain's window is too short to protect it: luck in the draw is enough.\n".into();
    };
    let near = near.map_or_else(String::new, |o| {
        let captured = chance(w, o.captured, o);
        format!(
            " Nearer to three quarters, luck in the draw helps: {}% succeeded in {captured}.",
            o.share_percent
        )
    });
    format!(
        "\nWith {}%, the window makes capture practically impossible: none in {} tries.{near}\n",
        harmless.share_percent,
        w.number(harmless.years.into())
    )
}

/// How often it happened.
fn chance(w: &Worked<'_>, hits: u32, outcome: &Outcome) -> String {
    match hits {
        0 => format!("0 of {}", w.number(outcome.years.into())),
        hits if hits == outcome.years => format!("{0} of {0}", w.number(hits.into())),
        hits => w.percent(u128::from(hits) * 1_000 / u128::from(outcome.years)),
    }
}

fn money(w: &Worked<'_>) -> String {
    format!(
        "## Where the money goes
Slot prices, order fees, the donated fees, penalties, lost deposits and gifts enter the *pool*: {donated} so far. Each epoch's income is divided equally among the approved associations ({approved} now), at most 1/{cap} each; no miner chooses who receives. The rest goes to a reserve; 1/{reserve} of it is divided each epoch while at least {cap} are approved. Payments arrive {delay} epochs ({delayed}) later; frozen ones wait, and those of a revoked association return to the reserve. A candidate deposits {deposit}, lost if it isn't approved.
",
        donated = w.coins(w.facts.donated),
        approved = w.number(w.facts.approved.into()),
        cap = w.rules().share_cap,
        reserve = w.number(w.rules().reserve_epochs),
        delay = w.number(w.rules().release_delay),
        delayed = time(&w.epochs(w.rules().release_delay)),
        deposit = w.coins(w.rules().deposit),
    )
}

fn draws(w: &Worked<'_>) -> String {
    let (watts, kwh, grams) = w.of_pis();
    format!(
        "## What the chain draws
*Declared* by miners: {declared} W now. A Raspberry Pi draws about 5 W; one for each slot would draw {watts} W, {kwh} kWh a day: *estimated* {grams} gCO2e (CO2 and gases that warm like it) at {grid} g per kWh. *Measured* is only what a node's own meter says. All figures are estimates: nobody can check a declaration from afar.
",
        declared = w.watts(w.facts.power_mw),
        grid = w.rules().grid_gco2e_per_kwh,
    )
}

fn check(w: &Worked<'_>) -> String {
    format!(
        "## How to check it yourself
- `goodwill account ADDRESS --proof` shows a balance as a *light client*: it checks the seats' signatures itself, and trusts no node.
- `/v1/supply` shows that first coins + minted coins = all places where coins are.
- `goodwill association show NUMBER` shows proof, votes and money received.
- `goodwill energy` shows the power.
- The rules' source: <{}>
",
        w.source_url()
    )
}
