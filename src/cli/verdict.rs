//! What the law says about a number, for people.

use crate::api::wire::verdict::{Check, Verdict, remedy_word};
use crate::cli::words::moment;

/// A verdict and the checks that refuse; with `all`, every one.
pub fn paragraph(verdict: &Verdict, all: bool) -> String {
    let Verdict { permitted, rule, because, earliest, remedy, local_times, disclosures, checks } =
        verdict;
    let mut text = match permitted {
        true => "permitted".to_owned(),
        false => format!("refused by {rule}: {}", without(rule, because)),
    };
    if let Some(at) = earliest {
        text.push_str(&format!("; earliest {} UTC", moment(*at)));
    }
    if let Some(remedy) = remedy {
        text.push_str(&format!("; remedy: {}", remedy_word(*remedy)));
    }
    text.push('\n');
    if !local_times.is_empty() {
        text.push_str(&format!("  there it is {}\n", local_times.join(" or ")));
    }
    text.extend(disclosures.iter().map(|it| format!("  the agent says: {it}\n")));
    text.extend(checks.iter().filter(|it| all || !it.passed).map(line));
    text
}

fn line(Check { rule, passed, text, until }: &Check) -> String {
    let mark = if *passed { "passes " } else { "refuses" };
    let until = until.map(|at| format!(", until {} UTC", moment(at))).unwrap_or_default();
    format!("  {mark}  {rule}: {}{until}\n", without(rule, text))
}

/// What is told of a rule, without its id in front.
fn without<'a>(rule: &str, text: &'a str) -> &'a str {
    text.strip_prefix(rule).map_or(text, |rest| rest.trim_start_matches([' ', '·', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_compliance::Remedy;
    use timbre_model::Civil;

    #[test]
    fn a_refusal_names_its_rule_its_end_and_what_helps() {
        let check = |rule: &str, passed| Check {
            rule: rule.to_owned(),
            passed,
            text: format!("{rule} · 22:30"),
            until: (!passed).then_some(Civil::from_micros(0)),
        };
        let verdict = Verdict {
            permitted: false,
            rule: "ES-window-96.2".to_owned(),
            because: "outside the hours of calling".to_owned(),
            earliest: Some(Civil::from_micros(0)),
            remedy: Some(Remedy::Wait),
            local_times: vec!["22:30 Europe/Madrid".to_owned()],
            disclosures: Vec::new(),
            checks: vec![check("ES-window-96.2", false), check("ES-count", true)],
        };
        let shown = paragraph(&verdict, false);
        let expected = "refused by ES-window-96.2: outside the hours of calling; earliest 1970-01-01 \
                        00:00:00 UTC; remedy: wait\n  there it is 22:30 Europe/Madrid\n  refuses  \
                        ES-window-96.2: 22:30, until 1970-01-01 00:00:00 UTC\n";
        assert_eq!(shown, expected);
        assert!(paragraph(&verdict, true).contains("passes   ES-count"));
    }
}
