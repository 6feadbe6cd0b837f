//! The ground of a call, and its date, as people write them.

use jiff::civil::Date;
use timbre_model::{Civil, Consent, ConsentBasis};

use super::words::plain;
use super::{Fault, RawConsent};

/// Countries that write the month before the day.
const MONTH_FIRST: [&str; 3] = ["US", "PH", "PR"];

/// Reads the ground of a call; `now` is the latest that one can have been given.
pub(super) fn read(raw: &RawConsent, now: Civil) -> Result<Consent, Fault> {
    let RawConsent { basis, given_at } = raw;
    let reason = "it is no ground for a call";
    let read =
        basis_of(basis).ok_or_else(|| Fault::new("consent.basis", basis, reason, bases()))?;
    let given_at = given_at.ok_or_else(|| {
        let reason = "a ground without a date proves nothing";
        Fault::new("consent.give_time", "", reason, "write since when it holds")
    })?;
    if given_at > now {
        let shown = jiff::Timestamp::from_microsecond(given_at.as_micros());
        let shown = shown.map(|it| it.to_string()).unwrap_or_default();
        let reason = "it is yet to come";
        return Err(Fault::new("consent.give_time", &shown, reason, "write since when it holds"));
    }
    Ok(Consent { basis: read, given_at })
}

fn bases() -> String {
    let words = ConsentBasis::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>();
    format!("write one of {}", words.join(", "))
}

fn basis_of(text: &str) -> Option<ConsentBasis> {
    let word = plain(text);
    ConsentBasis::parse(&word).or_else(|| {
        Some(match word.as_str() {
            "expreso" | "explicito" | "explicit" | "consentimiento" | "consent" | "opt_in" => {
                ConsentBasis::Express
            }
            "solicitado" | "solicitud" | "request" | "lo_pidio" => ConsentBasis::Requested,
            "contrato" => ConsentBasis::Contract,
            "cliente" | "cliente_actual" | "customer" => ConsentBasis::ExistingCustomer,
            "interes_legitimo" => ConsentBasis::LegitimateInterest,
            "presunto" | "tacito" => ConsentBasis::Presumed,
            _ => return None,
        })
    })
}

/// Reads a day or a moment: `2026-11-21`, `21/11/2026` (in the United States `11/21/2026`), `2026-11-21T10:00:00Z`. A day
/// counts from its first second in UTC: rather too old than too young.
pub fn moment(text: &str, country: &str) -> Option<Civil> {
    let text = text.trim();
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Civil::from_micros(at.as_microsecond()));
    }
    // A spreadsheet writes the day with a time behind it.
    let day = text.split([' ', 'T']).next().unwrap_or(text);
    let day = day.parse::<Date>().ok().or_else(|| of_parts(day, country))?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Civil::from_micros(midnight.timestamp().as_microsecond()))
}

fn of_parts(text: &str, country: &str) -> Option<Date> {
    let parts: Vec<_> = text.split(['/', '-', '.']).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let number = |text: &str| text.parse::<i8>().ok();
    let year = |text: &str| text.parse::<i16>().ok().filter(|_| text.len() == 4);
    if let Some(year) = year(first) {
        return Date::new(year, number(second)?, number(third)?).ok();
    }
    let (day, month) = match MONTH_FIRST.contains(&country) {
        true => (second, first),
        false => (first, second),
    };
    Date::new(year(third)?, number(month)?, number(day)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_their_country_writes_them() {
        let day = |text: &str, country| moment(text, country).map(Civil::as_micros);
        let seventh = day("2026-11-07", "ES");
        assert!(seventh.is_some());
        for (text, country) in [
            ("7/11/2026", "ES"),
            ("07.11.2026", "DE"),
            ("11/07/2026", "US"),
            ("2026/11/07", "ES"),
            ("2026-11-07 12:30", "ES"),
            ("2026-11-07T00:00:00Z", "ES"),
        ] {
            assert_eq!(day(text, country), seventh, "{text}");
        }
        for text in ["", "ayer", "7/11/26", "31/02/2026", "46333", "2026-13-01"] {
            assert_eq!(day(text, "ES"), None, "{text}");
        }
    }

    #[test]
    fn a_ground_needs_a_word_that_is_known_and_a_date_that_was() {
        let now = Civil::from_micros(1_000_000);
        let read = |basis: &str, at: Option<i64>| {
            let given_at = at.map(Civil::from_micros);
            read(&RawConsent { basis: basis.to_owned(), given_at }, now)
        };
        let ok = read("Interés legítimo", Some(1_000_000)).expect("a ground");
        assert_eq!(ok.basis, ConsentBasis::LegitimateInterest);
        assert_eq!(read("porque sí", Some(1)).expect_err("no ground").field, "consent.basis");
        assert_eq!(read("express", None).expect_err("no date").field, "consent.give_time");
        assert!(read("express", Some(1_000_001)).is_err());
    }
}
