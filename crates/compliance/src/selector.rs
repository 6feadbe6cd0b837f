//! Whom a rule concerns.

use jiff::civil::Date;

use crate::attempt::Attempt;
use crate::rule::{Rule, Selector};

impl Rule {
    /// Whether it is in force on a local day.
    pub(crate) fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

impl Selector {
    /// Whether it concerns the attempt, whatever the day.
    pub(crate) fn fits(&self, attempt: &Attempt) -> bool {
        let region = attempt.place.region.as_deref();
        let there = |region: &str| self.regions.iter().any(|it| it == region);
        let sector = attempt.sector.as_deref();
        let among = |sectors: &[String]| sectors.iter().any(|it| Some(it.as_str()) == sector);
        let lifted = attempt.consent.as_ref().is_some_and(|it| self.lifted_by.contains(&it.basis));
        (self.regions.is_empty() || region.is_none_or(there))
            && (self.purposes.is_empty() || self.purposes.contains(&attempt.purpose))
            && self.party.is_none_or(|party| party == attempt.party)
            && (self.sectors.is_empty() || among(&self.sectors))
            && !among(&self.not_sectors)
            && self.voice.is_none_or(|voice| voice == attempt.voice)
            && self.code.as_deref().is_none_or(|code| adheres(&attempt.adherent_codes, code))
            && !lifted
    }
}

/// Whether one of `codes` is `code`, or the whole of which it is a part: `house` holds `house.counts`.
fn adheres(codes: &[String], code: &str) -> bool {
    codes.iter().any(|it| {
        code.strip_prefix(it.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
