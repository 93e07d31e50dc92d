//! The guide in French.

use super::{
    sampling::{EPOCHS_MAX, Outcome},
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

pub(super) fn text(w: &Worked<'_>) -> String {
    let parts = [how(w), costs(w), wrong(w), decides(w), share(w), money(w), draws(w), check(w)];
    format!("# {} : le guide\n\n> {}\n\n{}", w.name(), w.statement(), parts.join("\n"))
}

fn how(w: &Worked<'_>) -> String {
    format!(
        "## Comment ça marche
Faire un bloc, une liste de paiements, ne coûte presque pas d'énergie. Le droit d'en faire est donc vendu, et l'argent va à des associations qui font le bien. Un bloc vient toutes les {block} ; {blocks} blocs forment une *époque* ({epoch}). Jusqu'à {slots} *créneaux* de chaque époque sont vendus à prix unique ; si l'on en commande plus, on tire au sort. Un créneau que son acheteur, un *mineur*, occupe à temps est un *siège* : une voix, et {turns} tours payés pour faire un bloc. Un bloc signé par deux tiers des sièges est définitif.

Voici l'époque {now} : {seats} sièges, dont {paid} achetés. En dessous de {min}, des fondateurs siègent sans être payés. Pour l'époque {open}, {ordered} créneaux sont commandés.
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
- Un créneau de l'époque {open} coûte {price}, sa commande {fee}, même si le sort est contre vous.
- Ses {turns} tours rapportent {reward} chacun : {full}. Vous gagnez {gain}.
- Si tout est vendu, vous ne perdez rien avec {even} de vos tours faits ; chaque commande de plus par créneau ajoute {step}. En dessous, vous perdez. Les tours que vous manquez profitent à d'autres, et les leurs à vous.
- Les récompenses se dépensent après {maturity} époques ({mature}). Ce qui est créé diminue de moitié toutes les {halving} époques, jusqu'à {tail} par tour ; le prix suit.
- Toute transaction paie des frais ; {tax} % de leur base sont donnés.
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
        "## Ce qui peut mal tourner
- **Le prix n'est jamais rendu**, même si votre machine tombe en panne ou si vous occupez votre créneau trop tard. Un tour manqué ne rapporte rien.
- Signer deux votes contradictoires (*équivocation*, par exemple une clé sur deux machines) fait perdre toutes les récompenses non versées, et interdit de commander pendant {ban} époques.
- Qui perd une clé secrète perd ses pièces ; qui la copie peut les dépenser.
- Si un tiers des sièges est hors ligne, la chaîne s'arrête jusqu'à leur retour ; elle ne se divise jamais. Si plus d'un tiers triche, aucun bloc n'est sûr : deux histoires peuvent sembler définitives. Au prix actuel, un tiers des sièges coûte {third} par époque, deux tiers {two_thirds}, trois quarts {three_quarters}.
- N'importe qui peut acheter des commandes, et des voix s'achètent. On ne peut pas empêcher les paiements hors de la chaîne.
- Les vieilles clés ne valent rien : avec elles, on pourrait forger une autre histoire. Partez d'un bloc connu (*point de contrôle*) de moins de {trust} époques ({trusted}) ; un plus ancien est refusé.
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
    let now = if w.low_demand() { ", comme maintenant" } else { "" };
    format!(
        "## Qui décide
Les mineurs, par leurs sièges *vivants* : ceux qui ont fait un bloc dans l'époque. Une association est approuvée quand trois quarts d'entre eux, additionnés sur {window} époques ({window_time}), disent oui, et que deux tiers de tous les sièges vivaient dans chacune. Tant que moins de la moitié des créneaux est achetée{now}, trois quarts des fondateurs qui siègent doivent aussi être d'accord. Plus de la moitié de non la révoque. L'approbation dure {mandate} époques. Un vote peut aussi changer frais et limites, jamais la création des pièces.

Une preuve d'identité montre qui contrôle un domaine, pas la bonté : c'est aux votants d'en juger.

**Trois quarts des sièges peuvent capturer la réserve de dons** en s'approuvant eux-mêmes. **Un quart peut geler** les paiements d'une association, jusqu'à {freeze} époques, une fois par mandat.
",
        window = w.number(w.rules().poll_window),
        window_time = time(&w.epochs(w.rules().poll_window)),
        mandate = w.number(w.rules().mandate_epochs),
        freeze = w.number(w.rules().freeze_epochs),
    )
}

fn share(w: &Worked<'_>) -> String {
    let time = match w.draws.epochs {
        EPOCHS_MAX => format!("{} époques", w.number(EPOCHS_MAX)),
        epochs => format!("un an ({} époques)", w.number(epochs)),
    };
    let mut text = format!(
        "Ce que peut une part des commandes en {time}, par échantillonnage :

| commandes | capture | gel |
|---|---|---|
"
    );
    for o in &w.table {
        let (share, captured, froze) = (o.share_percent, chance(w, o.captured, o), chance(w, o.froze, o));
        text += &format!("| {share}\u{a0}% | {captured} | {froze} |\n");
    }
    text + &verdict(w)
}

fn verdict(w: &Worked<'_>) -> String {
    let (Some(harmless), near) = (w.harmless(), w.table.iter().find(|o| o.captured > 0)) else {
        return "\nLa fenêtre de cette chaîne est trop courte pour la protéger : un tirage heureux suffit.\n"
            .into();
    };
    let near = near.map_or_else(String::new, |o| {
        let captured = chance(w, o.captured, o);
        format!(
            " Plus près des trois quarts, la chance au tirage aide : {}\u{a0}% ont réussi dans {captured}.",
            o.share_percent
        )
    });
    format!(
        "\nAvec {}\u{a0}%, la fenêtre rend la capture pratiquement impossible : aucune en {} essais.{near}\n",
        harmless.share_percent,
        w.number(harmless.years.into())
    )
}

/// How often it happened.
fn chance(w: &Worked<'_>, hits: u32, outcome: &Outcome) -> String {
    match hits {
        0 => format!("0 sur {}", w.number(outcome.years.into())),
        hits if hits == outcome.years => format!("{0} sur {0}", w.number(hits.into())),
        hits => w.percent(u128::from(hits) * 1_000 / u128::from(outcome.years)),
    }
}

fn money(w: &Worked<'_>) -> String {
    format!(
        "## Où va l'argent
Prix des créneaux, frais de commande, part donnée des frais, pénalités, cautions perdues et cadeaux entrent dans le *pot commun* : {donated} jusqu'ici. Le revenu de chaque époque est partagé à égalité entre les associations approuvées ({approved} maintenant), au plus 1/{cap} chacune ; aucun mineur ne choisit. Le reste va à une réserve, dont 1/{reserve} est partagé chaque époque tant qu'au moins {cap} sont approuvées. Les paiements arrivent {delay} époques ({delayed}) plus tard ; gelés, ils attendent ; ceux d'une association révoquée retournent à la réserve. Une candidate dépose {deposit}, perdus si elle n'est pas approuvée.
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
        "## Ce que la chaîne consomme
*Déclaré* par les mineurs : {declared} W maintenant. Un Raspberry Pi consomme environ 5 W ; un par créneau, {watts} W, soit {kwh} kWh par jour : *estimé* à {grams} gCO2e (CO2 et gaz qui réchauffent comme lui) à {grid} g par kWh. N'est *mesuré* que ce que dit le compteur d'un nœud. Tous ces chiffres sont des estimations : personne ne peut vérifier une déclaration de loin.
",
        declared = w.watts(w.facts.power_mw),
        grid = w.rules().grid_gco2e_per_kwh,
    )
}

fn check(w: &Worked<'_>) -> String {
    format!(
        "## Comment le vérifier vous-même
- `goodwill account ADRESSE --proof` montre un solde en *client léger* : il vérifie lui-même les signatures des sièges, sans croire aucun nœud.
- `/v1/supply` montre que premières pièces + pièces créées = tous les lieux où sont les pièces.
- `goodwill association show NUMÉRO` montre preuve, votes et argent reçu.
- `goodwill energy` montre la puissance.
- Le code des règles : <{}>
",
        w.source_url()
    )
}
