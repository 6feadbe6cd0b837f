//! What allows a call, and what forbids it.

use super::{Block, Look, Question, stamp};
use crate::decision::{Looked, Reason};
use crate::rule::{Accepted, LegalBasis, Prohibition, Span};

pub(super) fn look(question: &Question<'_>, rule: &LegalBasis) -> Look {
    let consent = question.attempt.consent.as_ref();
    let looked = Looked::Consent {
        basis: consent.map(|it| it.basis),
        age_days: consent.and_then(|it| age_days(question, it.given_at)),
    };
    let fitting = rule.accepts.iter().filter(|it| consent.is_some_and(|has| has.basis == it.basis));
    let (mut known, mut fresh) = (false, false);
    for accepted in fitting {
        known = true;
        fresh |= is_fresh(question, accepted);
    }
    let reason = if known { Reason::ConsentExpired } else { Reason::NoLegalBasis };
    Look::judged(looked, (!fresh).then_some(Block::standing(reason)))
}

fn is_fresh(question: &Question<'_>, accepted: &Accepted) -> bool {
    let (Some(days), Some(consent)) = (accepted.max_age_days, &question.attempt.consent) else {
        return true;
    };
    question.zones.iter().all(|here| {
        let end = Span::Days(days).after(consent.given_at, question, &here.zone.tz);
        end.is_some_and(|end| question.now < end)
    })
}

fn age_days(question: &Question<'_>, given: timbre_model::Civil) -> Option<i32> {
    let here = question.zones.first()?;
    let given = here.zone.tz.to_datetime(stamp(given)?).date();
    given.until(here.at.date()).ok().map(|span| span.get_days())
}

/// `None` where the number is not one of those it forbids.
pub(super) fn prohibition(question: &Question<'_>, rule: &Prohibition) -> Option<Look> {
    let number = question.attempt.number.expose();
    let meant = rule.to_prefixes.is_empty()
        || rule.to_prefixes.iter().any(|prefix| number.starts_with(prefix.as_str()));
    meant.then(|| Look::judged(Looked::Duty, Some(Block::standing(Reason::Prohibited))))
}
