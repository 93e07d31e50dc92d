//! The book's reference is what the compiler says. `GOODWILL_BLESS=1` writes it anew.

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/book/contracts-reference.md");

#[test]
#[allow(clippy::disallowed_methods, reason = "it asks whether to write the file")]
fn the_book_says_what_is_so() {
    let made = goodwill_vm::reference::reference();
    if std::env::var("GOODWILL_BLESS").is_ok() {
        std::fs::write(PATH, made).expect("it can be written");
        return;
    }
    let written = std::fs::read_to_string(PATH).expect("the reference is there");
    assert!(
        written == made,
        "docs/book/contracts-reference.md is out of date: GOODWILL_BLESS=1 writes it anew"
    );
}
