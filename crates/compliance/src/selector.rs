//! Whom a rule concerns.

use jiff::civil::Date;
use timbre_model::{ConsentBasis, Party, Purpose, Voice};

use crate::attempt::Attempt;
use crate::rule::{Rule, Selector};

impl Rule {
    /// Whether it is in force on a local day.
    pub(crate) fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}

/// A call or a campaign, as far as selectors ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) region: Option<&'a str>,
    pub(crate) purpose: Purpose,
    pub(crate) party: Party,
    pub(crate) sector: Option<&'a str>,
    pub(crate) voice: Voice,
    pub(crate) codes: &'a [String],
    pub(crate) basis: Option<ConsentBasis>,
}

impl<'a> From<&'a Attempt> for Case<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        Self {
            region: attempt.place.region.as_deref(),
            purpose: attempt.purpose,
            party: attempt.party,
            sector: attempt.sector.as_deref(),
            voice: attempt.voice,
            codes: &attempt.adherent_codes,
            basis: attempt.consent.as_ref().map(|it| it.basis),
        }
    }
}

impl Selector {
    /// Whether it concerns the case, whatever the day.
    pub(crate) fn fits(&self, case: &Case<'_>) -> bool {
        let there = |region: &str| self.regions.iter().any(|it| it == region);
        let among = |sectors: &[String]| sectors.iter().any(|it| Some(it.as_str()) == case.sector);
        (self.regions.is_empty() || case.region.is_none_or(there))
            && (self.purposes.is_empty() || self.purposes.contains(&case.purpose))
            && self.party.is_none_or(|party| party == case.party)
            && (self.sectors.is_empty() || among(&self.sectors))
            && !among(&self.not_sectors)
            && self.voice.is_none_or(|voice| voice == case.voice)
            && self.code.as_deref().is_none_or(|code| adheres(case.codes, code))
            && !case.basis.is_some_and(|basis| self.lifted_by.contains(&basis))
    }
}

/// Whether one of `codes` is `code`, or the whole of which it is a part: `house` holds `house.counts`.
pub(crate) fn adheres(codes: &[String], code: &str) -> bool {
    codes.iter().any(|it| {
        code.strip_prefix(it.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}
