//! Numbers as people write them, in E.164 form.

use phonenumber::country::Id;
use timbre_model::PhoneNumber;

/// Longest text that can be a number: 15 digits, each with a separator, and a prefix.
const TEXT_MAX: usize = 40;

/// Fewer digits are a short code.
const DIGITS_MIN: usize = 6;

/// A number in E.164 form, and its country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The number.
    pub number: PhoneNumber,
    /// ISO 3166-1 code; `None` where the number belongs to no country (+800, +883).
    pub country: Option<String>,
}

/// Why a text is no number that can be called, and what to write instead.
pub type NoNumber = (&'static str, &'static str);

/// Reads a number. One without a country code is completed as it is dialed in `country` (ISO 3166).
pub fn read(text: &str, country: &str) -> Result<Numbered, NoNumber> {
    let dialed = dialed(text)?;
    let home: Option<Id> = country.parse().ok();
    let unreadable =
        ("it is no number of its country", "write + and the country code, or all digits");
    let parsed = phonenumber::parse(home, &dialed).map_err(|_| unreadable)?;
    if !parsed.is_valid() {
        return Err(("no such number can exist in its country", "look the number up"));
    }
    let country = parsed.country().id().map(|id| id.as_ref().to_owned());
    let e164 = parsed.format().mode(phonenumber::Mode::E164).to_string();
    let number = PhoneNumber::parse(&e164).map_err(|_| unreadable)?;
    Ok(Numbered { number, country })
}

/// The country of a number in E.164 form; `None` where it belongs to none.
pub fn country_of(number: &PhoneNumber) -> Option<String> {
    let parsed = phonenumber::parse(None, number.expose()).ok()?;
    parsed.country().id().map(|id| id.as_ref().to_owned())
}

/// The digits, behind a plus where the number is international. The parser sees nothing else of what strangers write.
fn dialed(text: &str) -> Result<String, NoNumber> {
    // Spreadsheets put an apostrophe before a number that is text.
    let text = text.trim().trim_start_matches('\'').trim_start();
    if text.len() > TEXT_MAX {
        return Err(("it is too long", "write one number in each column"));
    }
    let rounded = text.contains(['E', 'e']) && text.parse::<f64>().is_ok();
    if rounded {
        return Err(("a spreadsheet has rounded it", "format the column as text and export again"));
    }
    let (international, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    // A whole number that a spreadsheet wrote with a decimal.
    let rest = rest.strip_suffix(".0").unwrap_or(rest);
    let foreign = rest.chars().find(|it| !it.is_ascii_digit() && !is_separator(*it));
    if foreign.is_some() {
        return Err((
            "it holds more than digits and separators",
            "write one number, without extension",
        ));
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < DIGITS_MIN {
        return Err(("it has too few digits", "write the whole number"));
    }
    Ok(if international { format!("+{digits}") } else { digits })
}

/// What people put between digits; also the hard blank, and the blank that phones put.
const fn is_separator(it: char) -> bool {
    matches!(
        it,
        ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}' | '\u{202f}' | '\u{2011}' | '\u{2013}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_completed_as_they_are_dialed_in_their_country() {
        for (text, country, number, there) in [
            ("600 00 00 01", "ES", "+34600000001", "ES"),
            ("91-000.00/01", "ES", "+34910000001", "ES"),
            ("+34 600000001", "MX", "+34600000001", "ES"),
            ("0034600000001", "ES", "+34600000001", "ES"),
            ("'600000001", "ES", "+34600000001", "ES"),
            ("600000001.0", "ES", "+34600000001", "ES"),
            ("(55) 5555 1234", "MX", "+525555551234", "MX"),
            ("020 7946 0018", "GB", "+442079460018", "GB"),
            ("(212) 555-2368", "US", "+12125552368", "US"),
            ("604 555 0123", "CA", "+16045550123", "CA"),
        ] {
            let read = read(text, country).unwrap_or_else(|why| panic!("{text}: {why:?}"));
            assert_eq!((read.number.expose(), read.country.as_deref()), (number, Some(there)));
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        for (text, word) in [
            ("", "few digits"),
            ("112", "few digits"),
            ("3,46E+10", "more than digits"),
            ("3.46E+10", "rounded"),
            ("600000001 / 600000002 / 600000003 / 600000004", "too long"),
            ("600000001 ext 4", "more than digits"),
            ("123456789012", "country"),
            ("+34123", "few digits"),
            ("+34100000000", "can exist"),
        ] {
            let (reason, _) = read(text, "ES").expect_err(text);
            assert!(reason.contains(word), "{text}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(text in "[+0-9 ()/.'eE-]{0,45}|.{0,45}") {
            if let Ok(read) = read(&text, "ES") {
                prop_assert!(read.number.expose().starts_with('+'));
            }
        }
    }
}
