use super::*;
use goodwill_ledger::{
    Sandbox,
    manifest::{Member, development_manifest},
};
use goodwill_types::{Address, SecretKey};

const FOUNDER: [u8; 32] = [7; 32];

/// A chain with the standard numbers, but for those given as text.
fn chain(parameters: &str) -> Manifest {
    let statement = "It replaces the paper tickets of our festival, and runs on four Raspberry Pis.";
    with_statement(parameters, statement)
}

fn with_statement(parameters: &str, statement: &str) -> Manifest {
    let key = SecretKey::from_seed(FOUNDER);
    let account = Address::of(&key.public_key());
    let member = Member::new("Ada", &key, account);
    let text = development_manifest(&[member], &[account], Amount::from_coins(1_000_000), 0, &[], None);
    let text = text
        .replace("development = true", "development = false")
        .replace("[parameters]", &format!("[parameters]\n{parameters}"));
    let begin = text.find("statement = ").unwrap();
    let end = begin + text[begin..].find('\n').unwrap();
    let text = format!("{}statement = {statement:?}{}", &text[..begin], &text[end..]);
    Manifest::parse(&text).unwrap()
}

fn english(manifest: &Manifest) -> String {
    guide(manifest, &Facts::first(manifest), Language::English)
}

/// Counted strictly: signs and units of their own are words too.
fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// A long life: all numbers are as long as they get.
fn old(manifest: &Manifest) -> Facts {
    let much = Amount::from_units(1_234_567_890_123_456);
    Facts {
        epoch: 1_234_567,
        open: 1_234_569,
        price: much,
        reward: much,
        ordered: 1 << 40,
        seats: 511,
        paid_seats: 1,
        power_mw: 1_234_567,
        approved: 1_000,
        donated: much,
        ..Facts::first(manifest)
    }
}

#[test]
fn the_guide_is_short_in_all_languages_for_any_chain() {
    let statement = "a ".repeat(900);
    for manifest in [chain(""), with_statement("", &statement), chain("poll_window = 1\nslots_per_epoch = 8")]
    {
        for facts in [Facts::first(&manifest), old(&manifest)] {
            for language in Language::ALL {
                let text = guide(&manifest, &facts, language);
                let count = words(&text);
                println!("{language}: {count} words\n{text}");
                assert!((500..WORDS_MAX).contains(&count), "{count} words\n{text}");
            }
        }
    }
}

/// The guide of the usual chain, and what it says instead of these words when a number is another.
#[test]
fn the_text_and_its_worked_numbers_follow_the_numbers() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        (
            "subsidy = \"2.4\"",
            &["costs 14.4", "earn 1.2", "18", "gain 3.456"],
            &["costs 28.8", "earn 2.4", "36", "gain 6.912"],
        ),
        (
            "slots_per_epoch = 96",
            &["Up to 64", "15 paid turns", "320"],
            &["Up to 96", "10 paid turns", "costs 9.6", "480"],
        ),
        (
            "block_time_ms = 2000",
            &["every 4", "(64\u{a0}min)", "8,212"],
            &["every 2", "(32\u{a0}min)", "16,425"],
        ),
        ("pollution_tax_percent = 30", &["50% of the base"], &["30% of the base"]),
        ("share_cap = 12", &["1/8 each"], &["1/12 each"]),
        ("release_delay = 90", &["arrive 168 epochs (7.5\u{a0}days)"], &["arrive 90 epochs (4\u{a0}days)"]),
        ("maturity_epochs = 48", &["after 24 epochs"], &["after 48 epochs"]),
        ("grid_gco2e_per_kwh = 50", &["at 480 g", "3,686"], &["at 50 g", "384"]),
        ("ban_epochs = 5", &["for 168 epochs"], &["for 5 epochs"]),
        ("deposit = \"7\"", &["deposit 100"], &["deposit 7"]),
        (
            "poll_window = 1",
            &["over 168 epochs", "practically impossible"],
            &["over 1 epoch (64\u{a0}min)", "With 25%"],
        ),
    ];
    let usual = english(&chain(""));
    for (parameter, before, after) in cases {
        let changed = english(&chain(parameter));
        for words in *before {
            assert!(usual.contains(words), "{words:?} without {parameter}: {usual}");
        }
        for words in *after {
            assert!(changed.contains(words), "{words:?} with {parameter}: {changed}");
        }
        for language in Language::ALL {
            let (with, without) = (chain(parameter), chain(""));
            let text = |manifest: &Manifest| guide(manifest, &Facts::first(manifest), language);
            assert_ne!(text(&with), text(&without), "{language}, {parameter}");
        }
    }
}

#[test]
fn what_votes_changed_is_in_force() {
    let manifest = chain("");
    let parameters = Parameters { share_cap: 20, freeze_epochs: 99, ..manifest.parameters.clone() };
    let facts = Facts {
        parameters,
        donated: Amount::from_coins(1_234),
        approved: 3,
        paid_seats: 64,
        seats: 64,
        ..Facts::first(&manifest)
    };
    let text = guide(&manifest, &facts, Language::English);
    for words in [
        "1/20 each",
        "up to 99 epochs",
        "1,234\u{a0}DEV so far",
        "(3 now)",
        "64 seats, 64 of them bought",
        "three quarters 691.2\u{a0}DEV",
    ] {
        assert!(text.contains(words), "{words:?}: {text}");
    }
    assert!(!text.contains("as now"));
}

#[test]
fn the_guide_hides_no_limit() {
    let manifest = chain("");
    let facts = Facts::first(&manifest);
    let english = [
        "never given back",
        "equivocation",
        "secret key",
        "a third of the seats are offline",
        "never splits",
        "more than a third cheat",
        "can capture the pool",
        "A quarter can block approvals, and freeze",
        "once per mandate",
        "not goodness",
        "Energy figures are estimates",
        "Anybody can buy orders, and votes can be bought",
        "Payments outside the chain can't be prevented",
        "Old keys",
        "336 epochs",
        "three quarters of the founders",
    ];
    let text = guide(&manifest, &facts, Language::English);
    for limit in english {
        assert!(text.contains(limit), "{limit:?}: {text}");
    }
    let french = [
        "jamais rendu",
        "équivocation",
        "clé secrète",
        "Si un tiers des sièges est hors ligne",
        "ne se divise jamais",
        "plus d'un tiers triche",
        "peuvent capturer",
        "Un quart peut bloquer les approbations et geler",
        "une fois par mandat",
        "pas la bonté",
        "des estimations",
        "acheter des commandes, et des voix",
        "hors de la chaîne sont inévitables",
        "vieilles clés",
        "336 époques",
        "trois quarts des fondateurs",
    ];
    let text = guide(&manifest, &facts, Language::French);
    for limit in french {
        assert!(text.contains(limit), "{limit:?}: {text}");
    }
}

#[test]
fn the_first_price_is_the_ledgers() {
    let key = SecretKey::from_seed(FOUNDER);
    let manifest = chain("");
    let facts = Facts::first(&manifest);
    let sandbox = Sandbox::new(manifest, &[key]);
    let epoch = sandbox.epoch(facts.open).unwrap();
    assert_eq!((facts.price, facts.reward), (epoch.price, epoch.reward));
}

#[test]
fn chains_speak_for_themselves_and_write_no_markup() {
    let manifest = with_statement("", "Grün <img src=x> *und* [mehr](javascript:1) für alle hier");
    let text = english(&manifest);
    assert!(text.contains(r"Grün \<img src=x\> \*und\* \[mehr\](javascript:1)"), "{text}");
}

#[test]
fn a_window_that_protects_nobody_is_called_too_short() {
    let manifest = chain("poll_window = 1\nslots_per_epoch = 8");
    assert!(english(&manifest).contains("too short to protect it"));
    assert!(guide(&manifest, &Facts::first(&manifest), Language::French).contains("trop courte"));
}
