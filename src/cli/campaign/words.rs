//! Campaigns, for people.

use timbre_model::{CampaignState, Civil};
use timbre_pacing::Terms;

use crate::api::wire::dry_run::{DryRun, RuleCount};
use crate::api::wire::pacing::{CampaignStatus, hold_back_word};
use crate::cli::table::table;
use crate::cli::words::{clock, moment, time_of_day};

/// Campaigns in columns.
pub fn listing(all: &[CampaignStatus]) -> String {
    let row = |it: &CampaignStatus| {
        [
            it.campaign.campaign.to_string(),
            it.state.to_string(),
            it.mode.clone(),
            it.in_setup.to_string(),
            it.waiting.to_string(),
            it.talking.to_string(),
            it.answered_today.to_string(),
            share(it.abandoned_today, it.answered_today),
            holding(it).unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let heading = [
        "CAMPAIGN",
        "STATE",
        "MODE",
        "DIALING",
        "WAITING",
        "TALKING",
        "ANSWERED",
        "ABANDONED",
        "HELD BACK BY",
    ];
    table(heading, &rows)
}

/// What keeps it from placing more calls, the weightiest first.
pub fn holding(status: &CampaignStatus) -> Option<String> {
    let pacing = || status.terms.as_ref().and_then(|it| it.hold_back).map(hold_back_word);
    let told = status.withheld.clone().or_else(|| status.holding_back.clone());
    told.or_else(|| status.reason.clone()).or_else(|| pacing().map(str::to_owned))
}

/// How its attempts ended, the most frequent first: `connected 12, no_answer 7`.
pub fn ended(status: &CampaignStatus) -> String {
    let mut counts: Vec<_> = status.attempts_ended.iter().collect();
    counts.sort_by_key(|(outcome, count)| (std::cmp::Reverse(**count), **outcome));
    let words = counts.iter().map(|(outcome, count)| format!("{outcome} {count}"));
    words.collect::<Vec<_>>().join(", ")
}

/// `1.2 %`; `-` where there is nothing to divide by.
fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        whole => percent(part as f64 / whole as f64),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `spring is running (predictive)`, and what holds it back.
pub fn line(status: &CampaignStatus) -> String {
    let held = match status.state {
        CampaignState::Running => holding(status),
        _ => status.reason.clone(),
    };
    let held = held.map(|it| format!(": {it}")).unwrap_or_default();
    format!("{} is {} ({}){held}\n", status.campaign.campaign, status.state, status.mode)
}

/// A moment of a campaign, for a stream of them.
pub fn tick(status: &CampaignStatus, now: Civil) -> String {
    let CampaignStatus { in_setup, ringing, waiting, talking, .. } = status;
    let held = holding(status).map(|it| format!("  {it}")).unwrap_or_default();
    format!(
        "{}  {}  dialing {in_setup} (ringing {ringing})  waiting {waiting}  talking {talking}  abandoned {} of {}{held}\n",
        time_of_day(now),
        status.state,
        status.abandoned_today,
        status.answered_today,
    )
}

/// A campaign, a line for each fact.
pub fn card(status: &CampaignStatus, now: Civil) -> String {
    let CampaignStatus {
        campaign,
        name,
        state,
        since: from,
        reason,
        mode,
        in_setup,
        ringing,
        waiting,
        talking,
        answered_today,
        abandoned_today,
        abandonment_cap,
        terms,
        withheld,
        holding_back,
        attempts_ended,
    } = status;
    let mut lines = vec![
        ("campaign", format!("{} of tenant {}: {name}", campaign.campaign, campaign.tenant)),
        ("state", format!("{state} for {}, since {} UTC", clock(now.since(*from)), moment(*from))),
        ("mode", mode.clone()),
        (
            "calls",
            format!(
                "{in_setup} dialing, {ringing} of them ringing; {waiting} waiting; {talking} talking"
            ),
        ),
        (
            "abandoned",
            format!(
                "{abandoned_today} of {answered_today} answered today: {}; at most {}",
                share(*abandoned_today, *answered_today),
                percent(*abandonment_cap)
            ),
        ),
    ];
    if !attempts_ended.is_empty() {
        lines.push(("ended", format!("{} since the server started", ended(status))));
    }
    let told = [("because", reason), ("withheld", withheld), ("held back", holding_back)];
    lines.extend(told.into_iter().filter_map(|(key, it)| Some((key, it.clone()?))));
    if let Some(terms) = terms {
        lines.extend(pacing(terms));
    }
    lines.into_iter().map(|(key, value)| format!("{key:<11}{value}\n")).collect()
}

/// What the last decision was made of.
fn pacing(terms: &Terms) -> Vec<(&'static str, String)> {
    let Terms {
        lines,
        pending,
        waiting,
        expected_answers,
        answer_rate,
        level,
        agents,
        agents_idle,
        agents_expected,
        threshold,
        ratio,
        marginal_risk,
        abandoned,
        answered,
        target,
        hold_back,
    } = terms;
    let soon = agents_expected.map(|it| format!(", {it:.1} expected when an answer comes"));
    let mut told = vec![
        ("agents", format!("{agents}, {agents_idle} idle{}", soon.unwrap_or_default())),
        ("lines", format!("{lines} in set-up, {pending} asked for, {waiting} answers waiting")),
        (
            "answers",
            format!(
                "{expected_answers:.1} expected of these; {} of dials, {level:.2} times as usual",
                percent(*answer_rate)
            ),
        ),
        (
            "aims at",
            format!(
                "{} abandoned; {abandoned} of {answered} in the legal window",
                percent(*target)
            ),
        ),
    ];
    if let (Some(risk), Some(threshold)) = (marginal_risk, threshold) {
        let most = percent(*threshold);
        told.push(("next line", format!("finds no agent with {}; at most {most}", percent(*risk))));
    }
    told.extend(ratio.map(|it| ("ratio", format!("{it:.2} lines per idle agent"))));
    told.extend(hold_back.map(|it| ("stopped at", hold_back_word(it).to_owned())));
    told
}

/// Why a campaign places no more calls.
pub fn because(sentences: &[String]) -> String {
    match sentences {
        [] => "nothing keeps it from placing more\n".to_owned(),
        some => some.iter().map(|it| format!("- {it}\n")).collect(),
    }
}

/// What a dry run found.
pub fn found(found: DryRun) -> String {
    let DryRun { looked_at, cut, now, later, never, rules, earliest, faults } = found;
    let cut = if cut { "; there are more" } else { "" };
    let mut text = format!("{looked_at} leads looked at{cut}\n");
    text.push_str(&format!("{now} callable now, {later} later, {never} never\n"));
    if let Some(at) = earliest {
        text.push_str(&format!("the first of the later ones: {} UTC\n", moment(at)));
    }
    text.extend(faults.iter().map(|it| format!("it would not run: {it}\n")));
    if !rules.is_empty() {
        let row = |RuleCount { rule, later, never, because }| {
            // What else was looked at stands behind it.
            let first = because.split("; ").next().unwrap_or_default();
            let because = first.trim_start_matches(rule.as_str()).trim_start_matches([' ', '·']);
            let because = because.to_owned();
            [rule, later.to_string(), never.to_string(), because]
        };
        let rows: Vec<_> = rules.into_iter().map(row).collect();
        text.push_str(&format!("\n{}", table(["RULE", "LATER", "NEVER", "FOR EXAMPLE"], &rows)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::{AttemptOutcome, CampaignId, CampaignRef, TenantId};
    use timbre_pacing::HoldBack;

    fn running() -> CampaignStatus {
        let terms = Terms {
            lines: 12,
            pending: 1,
            waiting: 0,
            expected_answers: 3.25,
            answer_rate: 0.25,
            level: 1.1,
            agents: 10,
            agents_idle: 2,
            agents_expected: Some(3.5),
            threshold: Some(0.04),
            ratio: None,
            marginal_risk: Some(0.05),
            abandoned: 2,
            answered: 100,
            target: 0.029,
            hold_back: Some(HoldBack::RiskAtThreshold),
        };
        CampaignStatus {
            campaign: CampaignRef {
                tenant: TenantId::parse("acme").expect("an id"),
                campaign: CampaignId::parse("spring").expect("an id"),
            },
            name: "Spring".to_owned(),
            state: CampaignState::Running,
            since: Civil::from_micros(0),
            reason: None,
            mode: "predictive".to_owned(),
            in_setup: 12,
            ringing: 7,
            waiting: 0,
            talking: 8,
            answered_today: 100,
            abandoned_today: 2,
            abandonment_cap: 0.03,
            terms: Some(terms),
            withheld: None,
            holding_back: None,
            attempts_ended: [(AttemptOutcome::Busy, 3), (AttemptOutcome::Connected, 9)].into(),
        }
    }

    #[test]
    fn a_card_tells_what_the_decision_was_made_of() {
        let shown = card(&running(), Civil::from_micros(65_000_000));
        for part in [
            "running for 1:05",
            "connected 9, busy 3",
            "2 of 100 answered today: 2.0 %; at most 3.0 %",
            "10, 2 idle, 3.5 expected",
            "finds no agent with 5.0 %; at most 4.0 %",
            "stopped at risk_at_threshold",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
    }

    #[test]
    fn what_withholds_everything_weighs_most() {
        let mut status = running();
        assert_eq!(line(&status), "spring is running (predictive): risk_at_threshold\n");
        status.withheld = Some("the database is away".to_owned());
        assert_eq!(line(&status), "spring is running (predictive): the database is away\n");
        assert!(listing(&[status]).ends_with("2.0 %      the database is away\n"));
    }

    #[test]
    fn a_dry_run_counts_by_rule() {
        let rule = RuleCount {
            rule: "ES-window-96.2".to_owned(),
            later: 9,
            never: 0,
            because: "ES-window-96.2 · it is night; ES-list · passes".to_owned(),
        };
        let shown = found(DryRun {
            looked_at: 10,
            cut: true,
            now: 1,
            later: 9,
            never: 0,
            rules: vec![rule],
            earliest: None,
            faults: vec!["it has no trunk".to_owned()],
        });
        assert!(shown.starts_with("10 leads looked at; there are more\n1 callable now, 9 later"));
        assert!(shown.contains("it would not run: it has no trunk"), "{shown}");
        assert!(shown.ends_with("ES-window-96.2  9      0      it is night\n"), "{shown}");
    }
}
