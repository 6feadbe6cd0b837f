//! What the law says about one number.

use timbre_compliance::Remedy;
use timbre_model::{Civil, FieldError};

use super::agent::optional;
use super::time::{moment, read_moment};
use crate::api::pb;

/// Whether a call may be placed, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// It may.
    pub permitted: bool,
    /// The rule that refuses; empty where none does.
    pub rule: String,
    /// Why.
    pub because: String,
    /// From when it may; `None`: now, or no waiting helps.
    pub earliest: Option<Civil>,
    /// What would help.
    pub remedy: Option<Remedy>,
    /// The callee's clocks.
    pub local_times: Vec<String>,
    /// What the agent must say at once.
    pub disclosures: Vec<String>,
    /// Every rule that was looked at.
    pub checks: Vec<Check>,
}

/// What one rule saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub rule: String,
    /// It lets the call pass.
    pub passed: bool,
    /// What it looked at and what it found.
    pub text: String,
    /// From when it would let it pass.
    pub until: Option<Civil>,
}

/// The word of what would help.
pub const fn remedy_word(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::Wait => "wait",
        Remedy::Operator => "operator",
        Remedy::Never => "never",
    }
}

fn read_remedy(word: &str) -> Option<Remedy> {
    [Remedy::Wait, Remedy::Operator, Remedy::Never].into_iter().find(|it| remedy_word(*it) == word)
}

/// As the wire has it.
pub fn to_wire(verdict: Verdict) -> pb::Verdict {
    let Verdict { permitted, rule, because, earliest, remedy, local_times, disclosures, checks } =
        verdict;
    let check = |Check { rule, passed, text, until }| pb::Check {
        rule,
        passed,
        text,
        until_time: until.map(moment),
    };
    pb::Verdict {
        permitted,
        rule,
        because,
        earliest_time: earliest.map(moment),
        remedy: remedy.map(remedy_word).unwrap_or_default().to_owned(),
        local_times,
        disclosures,
        checks: checks.into_iter().map(check).collect(),
    }
}

/// Reads it back.
pub fn from_wire(wire: pb::Verdict) -> Result<Verdict, FieldError> {
    let pb::Verdict {
        permitted,
        rule,
        because,
        earliest_time,
        remedy,
        local_times,
        disclosures,
        checks,
    } = wire;
    let check = |pb::Check { rule, passed, text, until_time }| {
        Ok(Check { rule, passed, text, until: read_moment("until_time", until_time)? })
    };
    Ok(Verdict {
        permitted,
        rule,
        because,
        earliest: read_moment("earliest_time", earliest_time)?,
        remedy: optional("remedy", &remedy, read_remedy)?,
        local_times,
        disclosures,
        checks: checks.into_iter().map(check).collect::<Result<_, FieldError>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_reads_back() {
        let check = Check {
            rule: "ES-window-96.2".to_owned(),
            passed: false,
            text: "21:30 in Europe/Madrid".to_owned(),
            until: Some(Civil::from_micros(5_000_000)),
        };
        for remedy in [None, Some(Remedy::Wait), Some(Remedy::Operator), Some(Remedy::Never)] {
            let verdict = Verdict {
                permitted: remedy.is_none(),
                rule: "r".to_owned(),
                because: "b".to_owned(),
                earliest: remedy.map(|_| Civil::from_micros(1_000_000)),
                remedy,
                local_times: vec!["t".to_owned()],
                disclosures: vec!["d".to_owned()],
                checks: vec![check.clone()],
            };
            assert_eq!(from_wire(to_wire(verdict.clone())), Ok(verdict));
        }
    }
}
