//! Names as they are searched: in lower case, without accents.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Words of a name by which it is found.
const WORDS_MAX: usize = 8;
/// Letters of what is kept of a name from one of its words on.
const LETTERS_MAX: usize = 60;

/// `Núñez  O'Brien-Löß` becomes `nunez obrien loss`.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|it| !is_combining_mark(*it)).flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            '\'' | '’' | '`' | '´' => {}
            c if c.is_alphanumeric() => folded.push(c),
            _ if folded.is_empty() || folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// The folded name from each of its words to its end, with the word's number: it is found by a surname, too.
pub(super) fn beginnings(name: &str) -> Vec<(String, i64)> {
    let folded = fold(name);
    let starts = folded.char_indices().filter(|&(at, _)| at == 0 || folded[..at].ends_with(' '));
    let mut found: Vec<(String, i64)> = Vec::new();
    for (word, (at, _)) in (0_i64..).zip(starts.take(WORDS_MAX)) {
        let part: String = folded[at..].chars().take(LETTERS_MAX).collect();
        if !found.iter().any(|(known, _)| *known == part) {
            found.push((part, word));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{beginnings, fold};

    #[test]
    fn case_accents_and_marks_do_not_count() {
        for (name, folded) in [
            ("Núñez  O'Brien-Löß", "nunez obrien loss"),
            (" ÁLVARO  (García) ", "alvaro garcia"),
            ("Łukasz Øre", "lukasz ore"),
            ("N\u{303}andu\u{301}", "nandu"),
            ("李小龍", "李小龍"),
            ("…", ""),
        ] {
            assert_eq!(fold(name), folded, "{name}");
        }
    }

    #[test]
    fn a_name_is_found_from_each_of_its_words() {
        let name = |text: &str, word| (text.to_owned(), word);
        assert_eq!(beginnings("Ana Ana"), [name("ana ana", 0), name("ana", 1)]);
        assert_eq!(beginnings("a b c d e f g h i j").len(), 8);
        assert_eq!(beginnings(&"é".repeat(500))[0].0.chars().count(), 60);
        assert_eq!(beginnings(""), []);
    }
}
