//! Words as people and spreadsheets write them.

/// Small letters and digits without accents, everything else one `_`: `Código Postal` is `codigo_postal`.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.trim().chars().flat_map(char::to_lowercase) {
        let letter = unaccented(letter);
        if letter.is_ascii_alphanumeric() {
            out.push(letter);
        } else if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    out
}

/// Without control characters and outer blanks, at most `most` characters; `None` where it is longer.
pub(super) fn clean(text: &str, most: usize) -> Option<String> {
    let text: String = text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let text = text.trim();
    (text.chars().count() <= most).then(|| text.to_owned())
}

const fn unaccented(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        // As in n.º and 1ª.
        'º' => 'o',
        'ª' => 'a',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_plain_words() {
        for (text, word) in [
            ("Código Postal", "codigo_postal"),
            ("  TELÉFONO (móvil) ", "telefono_movil"),
            ("N.º cliente", "n_o_cliente"),
            ("ñandú", "nandu"),
            ("---", ""),
            ("日本", ""),
        ] {
            assert_eq!(plain(text), word, "{text}");
        }
        assert_eq!(clean("a\u{0}b\tc ", 9).as_deref(), Some("a b c"));
        assert_eq!(clean("abcd", 3), None);
    }
}
