//! What the callee sees.

use super::{Block, Look, Question};
use crate::attempt::Presented;
use crate::decision::{Looked, Reason};
use crate::rule::CallerIdentity;

pub(super) fn look(question: &Question<'_>, rule: &CallerIdentity) -> Look {
    let shown = question.attempt.caller_id.as_ref();
    let full = shown.map(|shown| match shown {
        Presented::Number(number) => number.expose().to_owned(),
        Presented::Short(short) => format!("+{}{short}", question.place.spec.calling_code),
    });
    let reason = match full.as_deref() {
        None if rule.present || !rule.prefixes.is_empty() => Some(Reason::CallerIdMissing),
        None => None,
        Some(full) => {
            let begins = |prefixes: &[String]| prefixes.iter().any(|it| full.starts_with(it));
            let wrong =
                begins(&rule.forbidden) || !rule.prefixes.is_empty() && !begins(&rule.prefixes);
            wrong.then_some(Reason::CallerIdForbidden)
        }
    };
    let looked = Looked::CallerId { presented: shown.is_some() };
    Look::judged(looked, reason.map(Block::standing))
}
