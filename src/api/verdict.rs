//! Decisions of the law, for people.

use std::collections::BTreeSet;

use timbre_compliance::{Decision, Looked, Remedy, RuleDecision, Verdict as Law};
use timbre_engine::gate::Ruled;

use super::wire::verdict::{Check, Verdict};

/// What was ruled, and the decision that it rests on; there is none where the trunk may not call there at all.
pub(super) fn of(ruled: &Ruled, decision: Option<&Decision>) -> Verdict {
    let law = decision.map(of_law);
    match ruled {
        Ruled::Permit(_) => law.unwrap_or_else(|| bare(true, "", "")),
        Ruled::Refuse { rule, because, until } => match law {
            Some(law) => law,
            None => Verdict {
                earliest: *until,
                remedy: Some(Remedy::Operator),
                ..bare(false, rule, because)
            },
        },
        Ruled::Withhold { rule, because } => match law {
            Some(law) => law,
            None => Verdict { remedy: Some(Remedy::Operator), ..bare(false, rule, because) },
        },
    }
}

fn bare(permitted: bool, rule: &str, because: &str) -> Verdict {
    Verdict {
        permitted,
        rule: rule.to_owned(),
        because: because.to_owned(),
        earliest: None,
        remedy: None,
        local_times: Vec::new(),
        disclosures: Vec::new(),
        checks: Vec::new(),
    }
}

fn of_law(decision: &Decision) -> Verdict {
    let checks = checks(decision);
    let local_times = local_times(decision);
    match &decision.verdict {
        Law::Permit(duties) => Verdict {
            local_times,
            disclosures: duties.disclosures.clone(),
            checks,
            ..bare(true, "", "")
        },
        Law::Refuse { rule, reason, earliest } => Verdict {
            earliest: *earliest,
            remedy: Some(reason.remedy()),
            local_times,
            because: checks.first().map(|it| it.text.clone()).unwrap_or_default(),
            checks,
            ..bare(false, rule, "")
        },
    }
}

/// In the order of [`Decision::explain`]: the rule that decides first.
fn checks(decision: &Decision) -> Vec<Check> {
    let decides = |entry: &&RuleDecision| match &decision.verdict {
        Law::Refuse { rule, .. } => entry.rule == *rule,
        Law::Permit(_) => false,
    };
    let first = decision.trace.iter().filter(decides);
    let others = decision.trace.iter().filter(|entry| !decides(entry));
    let check = |(entry, text): (&RuleDecision, String)| Check {
        rule: entry.rule.to_string(),
        passed: entry.passed,
        text,
        until: entry.until,
    };
    first.chain(others).zip(decision.explain()).map(check).collect()
}

fn local_times(decision: &Decision) -> Vec<String> {
    let clock = |entry: &RuleDecision| match &entry.looked {
        Looked::Local { zone, at, .. } => {
            Some(format!("{} {zone}", at.strftime("%a %Y-%m-%d %H:%M")))
        }
        Looked::Count { .. }
        | Looked::Last { .. }
        | Looked::List { .. }
        | Looked::Consent { .. }
        | Looked::CallerId { .. }
        | Looked::Duty => None,
    };
    let clocks: BTreeSet<String> = decision.trace.iter().filter_map(clock).collect();
    clocks.into_iter().collect()
}
