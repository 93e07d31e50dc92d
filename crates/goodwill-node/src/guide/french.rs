//! The guide in French.

use super::{
    sampling::EPOCHS_MAX,
    worked::{Span, Unit, Worked},
};

fn time(span: &Span) -> String {
    let unit = match span.unit {
        Unit::Seconds => "s",
        Unit::Minutes => "min",
        Unit::Hours => "h",
        Unit::Days => "jours",
    };
    format!("{}\u{a0}{unit}", span.number)
}

fn epochs(w: &Worked<'_>, count: u64) -> String {
    match count {
        1 => "1 époque".into(),
        count => format!("{} époques", w.number(count)),
    }
}

pub(super) fn text(w: &Worked<'_>) -> String {
    let parts = [how(w), costs(w), wrong(w), decides(w), share(w), money(w), draws(w), check(w)];
    format!("# {} : le guide\n\n> {}\n\n{}", w.name(), w.statement(), parts.join("\n"))
}

fn how(w: &Worked<'_>) -> String {
    format!(
        "## Comment ça marche
Faire un bloc (une liste de paiements) ne coûte presque pas d'énergie. Ce droit est donc vendu, et l'argent va à des associations qui font le bien. Un bloc vient toutes les {block}. {blocks} blocs forment une *époque* ({epoch}). Au plus {slots} *créneaux* par époque sont vendus à prix unique. Si la demande dépasse, on tire au sort. Un créneau que son acheteur, un *mineur*, occupe à temps est un *siège* (une voix, et {turns} tours payés pour faire un bloc). Un bloc signé par deux tiers des sièges est définitif.

L'époque {now} a {seats} sièges, dont {paid} achetés. Sous {min}, des fondateurs siègent, non payés. {ordered} créneaux sont commandés pour l'époque {open}.
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
        "## Ce que ça coûte et rapporte
- Un créneau de l'époque {open} coûte {price}, sa commande {fee}. Sans chance au tirage, seul le prix revient.
- Ses {turns} tours à {reward} rapportent {full}. Vous gagnez {gain}.
- Si tout est vendu, l'équilibre est à {even} de vos tours. Chaque commande de plus par créneau ajoute {step}. En dessous, vous perdez, sauf à faire des tours manqués par d'autres.
- Les récompenses se dépensent après {maturity} ({mature}). Toutes les {halving}, la création baisse de moitié, jusqu'à {tail} par tour. Le prix suit.
- {tax} % des frais de base des transactions sont donnés.
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
        "## Ce qui peut mal tourner
- **Le prix d'un créneau n'est jamais rendu**, même en cas de panne. Un tour manqué ne rapporte rien.
- Signer des votes contradictoires (*équivocation*, comme une clé sur deux machines) coûte toute récompense non versée, et interdit de commander pendant {ban}.
- Qui perd une clé secrète perd ses pièces ; qui la copie les dépense.
- Si un tiers des sièges est hors ligne, la chaîne s'arrête jusqu'à leur retour. Elle ne se divise jamais. Si plus d'un tiers triche, aucun bloc n'est sûr. Par époque, un tiers des sièges coûte {third}, deux tiers {two_thirds}, trois quarts {three_quarters}.
- Tout le monde peut acheter des commandes, et des voix. Les paiements hors de la chaîne sont inévitables.
- Les vieilles clés ne coûtent rien : on peut en forger une autre histoire. Partez d'un bloc connu (*point de contrôle*) de moins de {trust} ({trusted}), sinon il est refusé.
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
    let now = if w.low_demand() { ", comme maintenant" } else { "" };
    format!(
        "## Qui décide
Les mineurs, par leurs sièges *vivants* (un bloc fait dans l'époque). Une association est approuvée quand trois quarts d'entre eux, additionnés sur {window} ({window_time}), disent oui, deux tiers de tous les sièges vivant dans chacune. Si moins de la moitié des créneaux est achetée{now}, trois quarts des fondateurs qui siègent doivent aussi dire oui. Plus de la moitié de non la révoque. Son mandat dure {mandate}. Un vote peut changer frais et limites, jamais la création de pièces.

Une preuve d'identité montre qui contrôle un domaine, pas la bonté. Les votants en jugent.

**Trois quarts des sièges peuvent capturer les dons** en s'approuvant eux-mêmes. **Un quart peut bloquer les approbations et geler** les paiements d'une association, jusqu'à {freeze}, une fois par mandat.
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
        epochs => format!("un an ({})", self::epochs(w, epochs)),
    };
    let mut text = format!(
        "Ce que peut une part des commandes en {time}. Années simulées :

| % des commandes | capture | gel |
|---|---|---|
"
    );
    for o in &w.table {
        let (share, captured, froze) = (o.share_percent, w.often(o.captured, o), w.often(o.froze, o));
        text += &format!("| {share} | {captured} | {froze} |\n");
    }
    text + &verdict(w)
}

fn verdict(w: &Worked<'_>) -> String {
    let (Some(harmless), near) = (w.harmless(), w.table.iter().find(|o| o.captured > 0)) else {
        return "\nLa fenêtre de cette chaîne est trop courte pour la protéger : un tirage heureux suffit.\n"
            .into();
    };
    let near = near.map_or_else(String::new, |o| {
        let captured = w.often(o.captured, o);
        format!(
            " Plus près des trois quarts, le sort aide : {}\u{a0}% ont réussi dans {captured}.",
            o.share_percent
        )
    });
    format!(
        "\nJusqu'à {}\u{a0}%, la fenêtre rend la capture pratiquement impossible : 0 sur {} années simulées.{near}\n",
        harmless.share_percent,
        w.number(harmless.years.into())
    )
}

fn money(w: &Worked<'_>) -> String {
    format!(
        "## Où va l'argent
Prix des créneaux, frais de commande, frais donnés, pénalités, cautions perdues et cadeaux vont au *pot commun* : {donated} jusqu'ici. Son revenu de chaque époque est partagé à égalité entre associations approuvées ({approved} maintenant), au plus 1/{cap} chacune. Aucun mineur ne choisit. Le reste va à une réserve, partagée par 1/{reserve} chaque époque si au moins {cap} sont approuvées. L'argent arrive {delay} ({delayed}) plus tard. Gelé, il attend. Après révocation, il retourne à la réserve. Une candidate dépose {deposit}, perdus si elle échoue.
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
        "## Ce que la chaîne consomme
Les mineurs *déclarent* {declared} W. Un Raspberry Pi consomme environ 5 W. Un par créneau, {watts} W, ou {kwh} kWh par jour, *estimés* à {grams} gCO2e (CO2 et gaz semblables), à {grid} g par kWh. Seul le compteur d'un nœud *mesure*. Ces chiffres sont des estimations, les déclarations sont invérifiables.
",
        declared = w.watts(w.facts.power_mw),
        grid = w.rules().grid_gco2e_per_kwh,
    )
}

fn check(w: &Worked<'_>) -> String {
    format!(
        "## Comment le vérifier vous-même
- `goodwill account ADRESSE --proof` est un *client léger* : il vérifie les signatures des sièges, sans croire aucun nœud.
- `/v1/supply` montre que premières pièces + pièces créées = toutes les pièces.
- `goodwill association show NUMÉRO` montre preuve, votes et argent reçu.
- `goodwill energy` montre la puissance.
- Le code des règles : <{}>
",
        w.source_url()
    )
}
