//! All attacks end as they must, and the book's table says what they show. `GOODWILL_BLESS=1` writes the
//! table anew.

use goodwill_lab::attack::{ATTACKS, Line, Verdict, all, find};
use std::{collections::BTreeSet, fs, sync::OnceLock};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/book/attacks.md");
const BEGIN: &str = "<!-- `goodwill attack all` -->\n";
const END: &str = "<!-- end -->\n";

/// All, tried once.
fn lines() -> &'static [Line] {
    static LINES: OnceLock<Vec<Line>> = OnceLock::new();
    LINES.get_or_init(|| all(1, &|_| ()))
}

fn row(line: &Line) -> String {
    let figure = line.figure.map_or("none".into(), |figure| figure.to_string());
    let range = match line.least == line.most {
        true => line.least.to_string(),
        false => format!("{} to {}", line.least, line.most),
    };
    format!("| `{}` | {} | {figure} | {range} | {} |\n", line.name, line.verdict, line.unit)
}

#[test]
fn every_attack_ends_as_it_must() {
    for line in lines() {
        println!("{line}");
    }
    let others: Vec<_> = lines().iter().filter(|line| !line.is_as_expected()).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn the_book_says_what_a_run_shows() {
    let page = fs::read_to_string(PAGE).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("the table's begin");
    let (_, after) = rest.split_once(END).expect("the table's end");
    let head = "| attack | verdict | figure | expected | what it counts |\n|---|---|---|---|---|\n";
    let table: String = lines().iter().map(row).collect();
    let right = format!("{before}{BEGIN}{head}{table}{END}{after}");
    if std::env::var_os("GOODWILL_BLESS").is_some() {
        fs::write(PAGE, &right).expect("written");
        return;
    }
    assert!(page == right, "docs/book/attacks.md is out of date: GOODWILL_BLESS=1 writes it anew");
}

#[test]
fn the_book_explains_every_attack() {
    let page = fs::read_to_string(PAGE).expect("the page");
    for attack in &ATTACKS {
        let explained = page.lines().any(|line| {
            line.starts_with("**") && line.split("**").nth(1).is_some_and(|names| names.contains(attack.name))
        });
        assert!(explained, "{} is not explained", attack.name);
    }
}

#[test]
fn names_are_distinct_and_found() {
    let names: BTreeSet<_> = ATTACKS.iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), ATTACKS.len());
    assert!(names.iter().all(|name| find(name).is_some_and(|attack| attack.name == *name)));
    assert!(find("nothing").is_none());
}

#[test]
fn the_same_seed_gives_the_same_line() {
    for name in ["splitting", "grinding", "fake-74", "censoring", "eclipse"] {
        let attack = find(name).expect("it exists");
        assert_eq!(attack.run(7), attack.run(7), "{name}");
    }
}

#[test]
fn a_figure_outside_its_range_is_not_as_expected() {
    let line = lines().iter().find(|line| line.expected == Verdict::Held).expect("one holds");
    let outside = Line { figure: Some(line.most + 1.0), ..line.clone() };
    let missing = Line { figure: None, ..line.clone() };
    let broken = Line { verdict: Verdict::Broken, ..line.clone() };
    assert!([outside, missing, broken].iter().all(|line| !line.is_as_expected()));
}
