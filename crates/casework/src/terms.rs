//! Terms within which complaints are answered, as data: `data/terms.yaml`.

use std::fmt;
use std::sync::OnceLock;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use timbre_model::{Civil, words};

use crate::{Matter, WorkingDays, calendar};

/// A term and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Its id: `es.general`.
    pub rule: String,
    /// ISO 3166-1 alpha-2; `None`: wherever no law is known.
    #[serde(default)]
    pub country: Option<String>,
    /// Only complaints about these; empty: about anything.
    #[serde(default)]
    pub matters: Vec<Matter>,
    /// In words.
    pub text: String,
    /// Within what they are answered.
    pub within: TermSpan,
    /// How long a customer whose complaint is refused for what it lacks may mend it.
    pub cure: TermSpan,
    /// Holds for complaints received from this day on.
    #[serde(default)]
    pub from: Option<Date>,
    /// The norm.
    pub source: String,
    /// Where it can be read; empty where it was not.
    pub url: String,
    /// As of when it was read.
    pub as_of: Date,
    /// How well it is known.
    pub verified: TermVerified,
}

/// A span as laws count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermSpan {
    /// Until the end of the last of so many working days after the day of reception (Ley 39/2015 art. 30.2-30.3).
    WorkingDays(u16),
    /// Until the end of the last of so many days after the day of reception, weekends and holidays included.
    Days(u16),
    /// So many hours of elapsed time, over nights and changes of the clock.
    Hours(u16),
    /// Until the end of the same day of a later month, or of its last day where it has no such day.
    Months(u16),
}

/// How well a term is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermVerified {
    /// The norm's own text was read.
    V1,
    /// A page that quotes or describes it was read.
    V2,
    /// Background knowledge, or our own advice.
    U,
}

words! {
    TermVerified { V1 = "V1", V2 = "V2", U = "U", }
}

impl fmt::Display for TermSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorkingDays(n) => write!(f, "{n} working days"),
            Self::Days(n) => write!(f, "{n} days"),
            Self::Hours(n) => write!(f, "{n} hours"),
            Self::Months(n) => write!(f, "{n} months"),
        }
    }
}

/// Terms that are known.
#[derive(Debug, Clone)]
pub struct Terms {
    terms: Vec<Term>,
    house: Term,
}

impl Terms {
    /// Those that come with the program. Their file is checked by a test.
    ///
    /// # Panics
    /// Never, with the data that was tested.
    pub fn shipped() -> &'static Self {
        static TERMS: OnceLock<Terms> = OnceLock::new();
        TERMS.get_or_init(|| {
            Self::parse(include_str!("../data/terms.yaml"))
                .unwrap_or_else(|why| panic!("the shipped terms are unsound: {why}"))
        })
    }

    /// Reads a list of terms, the one of the house (without a country and for any matter) among them.
    pub fn parse(yaml: &str) -> Result<Self, String> {
        let terms: Vec<Term> = serde_saphyr::from_str(yaml).map_err(|why| why.to_string())?;
        let house = terms.iter().find(|it| it.country.is_none() && it.matters.is_empty());
        let house = house.cloned().ok_or("there is no term of the house")?;
        Ok(Self { terms, house })
    }

    /// All of them.
    pub fn all(&self) -> &[Term] {
        &self.terms
    }

    /// The term of that name.
    pub fn rule(&self, rule: &str) -> Option<&Term> {
        self.terms.iter().find(|it| it.rule == rule)
    }

    /// The term for a complaint about `matter` received on `day`: the country's for the matter, else the country's
    /// general one, else the house's.
    pub fn of(&self, country: Option<&str>, matter: Matter, day: Date) -> &Term {
        let holds = |it: &&Term| {
            it.country.is_some()
                && it.country.as_deref() == country
                && it.from.is_none_or(|from| from <= day)
        };
        let about = |matter: Matter| {
            let mut there = self.terms.iter().filter(holds);
            there.find(|it| it.matters.is_empty() || it.matters.contains(&matter))
        };
        about(matter).or_else(|| about(Matter::General)).unwrap_or(&self.house)
    }
}

/// Elapsed time that stands in where a calendar ends (the year 9999).
const BEYOND: std::time::Duration = std::time::Duration::from_secs(15 * 86_400);

impl TermSpan {
    /// The last moment of a term that begins at `from`, in the zone of `days`.
    pub fn end(self, from: Civil, days: &dyn WorkingDays) -> Civil {
        self.end_within_years(from, days).unwrap_or(from + BEYOND)
    }

    fn end_within_years(self, from: Civil, days: &dyn WorkingDays) -> Option<Civil> {
        let first = || calendar::day_of(from, days.zone());
        let last = match self {
            Self::Hours(hours) => {
                let span = std::time::Duration::from_secs(u64::from(hours) * 3_600);
                return Some(from + span);
            }
            Self::WorkingDays(count) => working_day_after(first()?, count, days)?,
            Self::Days(count) => first()?.checked_add(i64::from(count).days()).ok()?,
            Self::Months(count) => first()?.checked_add(i64::from(count).months()).ok()?,
        };
        calendar::end_of_day(last, days.zone())
    }
}

/// Days without a working day among them after which a calendar is taken for broken.
const IDLE_DAYS_MAX: u32 = 60;

/// The last of so many working days after `day`.
fn working_day_after(day: Date, count: u16, days: &dyn WorkingDays) -> Option<Date> {
    let mut day = day;
    for _ in 0..count {
        let mut idle = 0;
        loop {
            day = day.tomorrow().ok()?;
            idle += 1;
            if days.is_working(day) || idle > IDLE_DAYS_MAX {
                break;
            }
        }
    }
    Some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(country: Option<&str>, matter: Matter, day: &str) -> &'static str {
        &Terms::shipped().of(country, matter, day.parse().expect("a day")).rule
    }

    #[test]
    fn the_shipped_terms_are_sound_and_give_ten_working_days_to_mend() {
        let mut rules: Vec<_> = Terms::shipped().all().iter().map(|it| &it.rule).collect();
        let count = rules.len();
        rules.sort();
        rules.dedup();
        assert_eq!(rules.len(), count, "a rule stands twice");
        for term in Terms::shipped().all() {
            let TermSpan::WorkingDays(cure) = term.cure else {
                panic!("{}: {}", term.rule, term.cure)
            };
            assert!(cure >= 10, "{}", term.rule);
            assert!(!term.source.is_empty() && !term.text.is_empty(), "{}", term.rule);
            let ours = term.rule.starts_with("house.");
            assert_eq!(term.country.is_none(), ours, "{}", term.rule);
            assert!(
                !ours || term.verified == TermVerified::U,
                "{}: nobody verified our advice",
                term.rule
            );
        }
    }

    #[test]
    fn the_countrys_term_for_the_matter_goes_before_its_general_one_and_the_houses() {
        let day = "2026-11-20";
        assert_eq!(rule(Some("ES"), Matter::General, day), "es.general");
        assert_eq!(rule(Some("ES"), Matter::Continuity, day), "es.continuity");
        assert_eq!(rule(Some("BR"), Matter::Billing, day), "br.sac");
        assert_eq!(rule(Some("PT"), Matter::Finance, day), "pt.book");
        assert_eq!(rule(Some("GB"), Matter::Finance, day), "house.general");
        assert_eq!(rule(None, Matter::General, day), "house.general");
        assert_eq!(rule(Some("ES"), Matter::General, "2025-12-27"), "house.general");
    }
}
