//! What people type and read: calls within quotes, results as text.

use goodwill_types::Prefix;
use goodwill_vm::{Data, literal};

/// The words of a text, as a shell divides them: at spaces, but not within quotes.
///
/// # Errors
/// When a quote is not closed.
pub(super) fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    match quote {
        None => Ok(words),
        Some(open) => Err(format!("{text}: the quote {open} is not closed")),
    }
}

/// What a method returned, for people: a text as it is, all else as Python shows it. Characters that
/// could rewrite the screen are escaped.
pub(super) fn shown(repr: &str, prefix: &Prefix) -> String {
    match literal::parse(repr, prefix) {
        Ok(Data::Str(text)) => visible(&text),
        _ => visible(repr),
    }
}

fn visible(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter.is_control() && !matches!(letter, '\n' | '\t') {
            true => out.extend(letter.escape_default()),
            false => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_divided_as_a_shell_does() {
        let words = |text| split(text).unwrap();
        assert_eq!(words("tip 'for you' --value 3"), ["tip", "for you", "--value", "3"]);
        assert_eq!(words(" say  \"it's\" '' a'b c'd "), ["say", "it's", "", "ab cd"]);
        assert_eq!(words(""), [""; 0]);
        assert!(split("say it's").unwrap_err().contains("' is not closed"));
    }

    #[test]
    fn results_are_texts_for_people() {
        let dev = "dev".parse().unwrap();
        assert_eq!(shown(r"'two\nlines, \x1b[2K'", &dev), "two\nlines, \\u{1b}[2K");
        assert_eq!(shown("['a\\nb', 5]", &dev), "['a\\nb', 5]");
    }
}
