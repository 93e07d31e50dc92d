//! The guide in English.

use super::{
    sampling::EPOCHS_MAX,
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

fn epochs(w: &Worked<'_>, count: u64) -> String {
    match count {
        1 => "1 epoch".into(),
        count => format!("{} epochs", w.number(count)),
    }
}

pub(super) fn text(w: &Worked<'_>) -> String {
    let parts = [how(w), costs(w), wrong(w), decides(w), share(w), money(w), draws(w), check(w)];
    format!("# {}: the guide\n\n> {}\n\n{}", w.name(), w.statement(), parts.join("\n"))
}

fn how(w: &Worked<'_>) -> String {
    format!(
        "## How it works
Making a block (a list of payments) costs almost no energy. So that right is sold, and the money goes to associations that do good. A block comes every {block}; {blocks} blocks are an *epoch* ({epoch}). Up to {slots} *slots* of each are sold at one price; if more are ordered, lots are drawn. A slot that its buyer, a *miner*, takes up in time is a *seat*: one vote, and {turns} paid turns to make a block. A block that two thirds of the seats sign is final.

Epoch {now} has {seats} seats, {paid} of them bought. Below {min}, founders sit in, unpaid. Ordered for epoch {open}: {ordered}.
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
- A slot of epoch {open} costs {price}, ordering it {fee}. If the lot is against you, only the price comes back.
- Its {turns} turns earn {reward} each: {full}. You gain {gain}.
- When all slots are sold, you break even at {even} of your turns; each further order per slot adds {step}. Below that you lose, unless others miss turns that you then make.
- Rewards can be spent after {maturity} ({mature}). Minting halves every {halving}, down to {tail} a turn; the price follows.
- Transactions pay fees; {tax}% of the base fee is donated.
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
        maturity = epochs(w, w.rules().maturity_epochs),
        mature = time(&w.epochs(w.rules().maturity_epochs)),
        halving = epochs(w, w.rules().halving_epochs),
        tail = w.coins(w.rules().subsidy_tail),
        tax = w.rules().pollution_tax_bp / 100,
    )
}

fn wrong(w: &Worked<'_>) -> String {
    format!(
        "## What can go wrong
- **The price of a slot is never given back**, even if your machine fails or is late. A missed turn earns nothing.
- Signing contradicting votes (*equivocation*, such as one key on two machines) loses all unpaid rewards, and bars you from ordering for {ban}.
- Who loses a secret key loses its coins; who copies it can spend them.
- If a third of the seats are offline, the chain stops until they return; it never splits. If more than a third cheat, no block is safe: two histories may both look final. Per epoch, a third of the seats costs {third}, two thirds {two_thirds}, three quarters {three_quarters}.
- Anybody can buy orders, and votes can be bought. Payments outside the chain can't be prevented.
- Old keys cost nothing, and could forge another history. Begin from a known block (a *checkpoint*) younger than {trust} ({trusted}); older ones are refused.
",
        ban = epochs(w, w.rules().ban_epochs),
        third = w.cost(1, 3),
        two_thirds = w.cost(2, 3),
        three_quarters = w.cost(3, 4),
        trust = epochs(w, w.rules().trust_epochs),
        trusted = time(&w.epochs(w.rules().trust_epochs)),
    )
}

fn decides(w: &Worked<'_>) -> String {
    let now = if w.low_demand() { ", as now" } else { "" };
    format!(
        "## Who decides
Miners, by *live* seats (with a block made in the epoch). An association is approved when three quarters of them, summed over {window} ({window_time}), say yes, with two thirds of all seats live in each. While fewer than half of the slots are bought{now}, three quarters of the founders sitting in must agree too. More than half saying no revokes. A mandate lasts {mandate}. Votes can also change fees and limits, never how coins are made.

A proof of identity shows who controls a domain, not goodness: voters judge that.

**Three quarters of the seats can capture the pool** by approving themselves. **A quarter can block approvals, and freeze** an association's payments, up to {freeze}, once per mandate.
",
        window = epochs(w, w.rules().poll_window),
        window_time = time(&w.epochs(w.rules().poll_window)),
        mandate = epochs(w, w.rules().mandate_epochs),
        freeze = epochs(w, w.rules().freeze_epochs),
    )
}

fn share(w: &Worked<'_>) -> String {
    let time = match w.draws.epochs {
        EPOCHS_MAX => epochs(w, EPOCHS_MAX),
        epochs => format!("a year ({})", self::epochs(w, epochs)),
    };
    let mut text = format!(
        "What a share of all orders can do in {time}; years sampled:

| orders | capture | freeze |
|---|---|---|
"
    );
    for o in &w.table {
        let (share, captured, froze) = (o.share_percent, w.often(o.captured, o), w.often(o.froze, o));
        text += &format!("| {share}% | {captured} | {froze} |\n");
    }
    text + &verdict(w)
}

fn verdict(w: &Worked<'_>) -> String {
    let (Some(harmless), near) = (w.harmless(), w.table.iter().find(|o| o.captured > 0)) else {
        return "\nThis chain's window is too short to protect it: luck in the draw is enough.\n".into();
    };
    let near = near.map_or_else(String::new, |o| {
        let captured = w.often(o.captured, o);
        format!(
            " Nearer to three quarters, luck in the draw helps: {}% of the orders succeeded in {captured}.",
            o.share_percent
        )
    });
    format!(
        "\nWith {}% or less, the window makes capture practically impossible: 0 of {} sampled years.{near}\n",
        harmless.share_percent,
        w.number(harmless.years.into())
    )
}

fn money(w: &Worked<'_>) -> String {
    format!(
        "## Where the money goes
Slot prices, order fees, donated fees, penalties, lost deposits and gifts enter the *pool*: {donated} so far. Each epoch's income is divided equally among approved associations ({approved} now), at most 1/{cap} each; no miner chooses who receives. The rest goes to a reserve; 1/{reserve} of it is divided each epoch while at least {cap} are approved. Payments arrive {delay} ({delayed}) later; frozen ones wait, those of revoked associations return to the reserve. Candidates deposit {deposit}, lost if not approved.
",
        donated = w.coins(w.facts.donated),
        approved = w.number(w.facts.approved.into()),
        cap = w.rules().share_cap,
        reserve = w.number(w.rules().reserve_epochs),
        delay = epochs(w, w.rules().release_delay),
        delayed = time(&w.epochs(w.rules().release_delay)),
        deposit = w.coins(w.rules().deposit),
    )
}

fn draws(w: &Worked<'_>) -> String {
    let (watts, kwh, grams) = w.of_pis();
    format!(
        "## What the chain draws
*Declared* by miners: {declared} W now. A Raspberry Pi draws about 5 W; one per slot, {watts} W or {kwh} kWh a day: *estimated* {grams} gCO2e (CO2 and similar gases) at {grid} g per kWh. Only a node's meter has *measured*. Energy figures are estimates: nobody can check declarations from afar.
",
        declared = w.watts(w.facts.power_mw),
        grid = w.rules().grid_gco2e_per_kwh,
    )
}

fn check(w: &Worked<'_>) -> String {
    format!(
        "## How to check it yourself
- `goodwill account ADDRESS --proof` is a *light client*: it checks the seats' signatures itself, and trusts no node.
- `/v1/supply` shows that first coins + minted = all coins, wherever they are.
- `goodwill association show NUMBER` shows proof, votes and money received.
- `goodwill energy` shows the power.
- The rules' source: <{}>
",
        w.source_url()
    )
}
