//! Cases, as they are printed.

use timbre_casework::{
    Answer, By, Case, Confirmation, Deadline, Note, Party, Proposal, Receipt, StepDone, Task,
};
use timbre_model::{Civil, PhoneNumber};

use crate::cli::table::table;
use crate::cli::words::{clock, moment};

/// A line for each case.
pub(super) fn listing(cases: &[Case], now: Civil) -> String {
    let row = |it: &Case| {
        [
            it.key.to_string(),
            moment(it.received_at),
            it.kind.to_string(),
            it.state.to_string(),
            it.client.to_string(),
            it.owner.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            it.deadline.as_ref().map_or_else(|| "-".to_owned(), |it| due(it, now)),
            first_words(&it.statement),
        ]
    };
    let rows: Vec<_> = cases.iter().map(row).collect();
    let heading =
        ["KEY", "RECEIVED (UTC)", "KIND", "STATE", "CLIENT", "OWNER", "DUE (UTC)", "STATEMENT"];
    table(heading, &rows)
}

fn first_words(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(48).collect();
    if cut == line { line } else { format!("{cut}…") }
}

/// `2026-12-11 22:59:59`, and what became of it.
fn due(it: &Deadline, now: Civil) -> String {
    let word = match it.kept(now) {
        Some(true) => " kept",
        Some(false) if it.met_at.is_some() => " answered late",
        Some(false) => " OVERDUE",
        None => "",
    };
    format!("{}{word}", moment(it.due_at))
}

fn who(by: &By) -> String {
    match by {
        By::Agent(agent) => format!("agent {agent}"),
        By::Desk(token) => format!("token {token}"),
        By::System => "the clock".to_owned(),
    }
}

/// One case: what is known, what was proposed, agreed and answered, and its story.
pub(super) fn card(case: &Case, now: Civil) -> String {
    let mut lines = head(case);
    let mut add = |key: &'static str, text: String| {
        if !text.is_empty() {
            lines.push((key, text));
        }
    };
    if let Some(it) = &case.deadline {
        add("answer by", format!("{} UTC ({})", due(it, now), it.rule));
        for (role, at) in &it.escalated {
            add("escalated", format!("to {role} on {}", moment(*at)));
        }
    }
    for it in &case.former_deadlines {
        add("before", format!("{} UTC ({})", due(it, now), it.rule));
    }
    for (number, Proposal { at, by, text, accepted }) in (1..).zip(&case.proposals) {
        let said = match accepted {
            Some(true) => "accepted",
            Some(false) => "declined",
            None => "open",
        };
        add("proposal", format!("{number} ({said}) {} {}: {text}", moment(*at), who(by)));
    }
    add("solution", case.solution.clone());
    for (number, it) in (1..).zip(&case.tasks) {
        add("task", format!("{number} {}", task_words(it, now)));
    }
    if let Some(it) = &case.answer {
        add("answer", answer_words(it));
    }
    if let Some(Confirmation { at, by, satisfied, note }) = &case.confirmation {
        let word = if *satisfied { "satisfied" } else { "not satisfied" };
        add("confirmed", format!("{word}, {} {}: {note}", moment(*at), who(by)));
    }
    if let Some(Receipt { at, channel, to }) = &case.receipt {
        add("receipt", format!("{} by {channel} {to}", moment(*at)));
    }
    add("guided", guided(&case.checklist));
    let facts: String = lines.into_iter().map(|(key, text)| format!("{key:<14}{text}\n")).collect();
    format!("{facts}\n{}", story(&case.story))
}

fn head(case: &Case) -> Vec<(&'static str, String)> {
    let reopened = match case.reopened {
        0 => String::new(),
        times => format!(", taken up again {times} times"),
    };
    let consent = match case.recording_consent {
        Some(true) => "given",
        Some(false) => "refused",
        None => "",
    };
    let number = case.number.as_ref().map(PhoneNumber::expose).unwrap_or_default();
    let mail = case.mail.as_deref().unwrap_or_default();
    let text = |it: Option<String>| it.unwrap_or_default();
    let all = [
        ("case", format!("{} {} of client {}", case.kind, case.key, case.client)),
        ("id", case.id.to_string()),
        ("state", format!("{}{reopened}", case.state)),
        ("owner", case.owner.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string)),
        ("customer", [&case.customer_name, number, mail].join(" ").trim().to_owned()),
        ("known as", text(case.customer.map(|it| it.to_string()))),
        (
            "received",
            format!("{} by {}, {}", moment(case.received_at), case.channel, who(&case.received_by)),
        ),
        ("call", text(case.call.map(|it| it.to_string()))),
        ("language", case.language.clone()),
        ("statement", case.statement.clone()),
        ("department", text(case.department.as_ref().map(ToString::to_string))),
        ("cause", text(case.cause.map(|it| it.to_string()))),
        ("matter", case.matter.to_string()),
        ("severity", case.severity.to_string()),
        ("product", case.product.clone()),
        ("consequences", case.consequences.clone()),
        ("remedy sought", case.remedy_sought.clone()),
        ("recording", consent.to_owned()),
        ("sale", text(case.sale.map(|it| it.to_string()))),
        ("follow-up", text(case.follow_up.map(|it| it.to_string()))),
        ("closed", text(case.closed_at.map(moment))),
    ];
    all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

fn task_words(task: &Task, now: Civil) -> String {
    let Task { what, who, by, done_at } = task;
    let who = match who {
        Party::Agent(agent) => format!("agent {agent}"),
        Party::Department(department) => format!("department {department}"),
        Party::Customer => "customer".to_owned(),
    };
    let state = match done_at {
        Some(at) => format!("done {}", moment(*at)),
        None if *by < now => format!("LATE since {}", moment(*by)),
        None => format!("by {}", moment(*by)),
    };
    format!("({who}, {state}) {what}")
}

fn answer_words(answer: &Answer) -> String {
    let Answer { at, by, text, channel, language, upheld, adr, cure_until } = answer;
    let found = if *upheld { "found right" } else { "refused" };
    let mut words =
        format!("{found}, {} {} by {channel} in {language}: {text}", moment(*at), who(by));
    if let Some(adr) = adr {
        words.push_str(&format!(" · may turn to: {adr}"));
    }
    if let Some(until) = cure_until {
        words.push_str(&format!(" · may be mended until {}", moment(*until)));
    }
    words
}

fn guided(steps: &[StepDone]) -> String {
    let step = |it: &StepDone| {
        let after = std::time::Duration::from_millis(it.after_ms);
        format!("{} {}", it.step, clock(after))
    };
    steps.iter().map(step).collect::<Vec<_>>().join(", ")
}

fn story(story: &[Note]) -> String {
    let row = |Note { at, by, what, text }: &Note| {
        [moment(*at), who(by), what.clone(), text.split_whitespace().collect::<Vec<_>>().join(" ")]
    };
    let rows: Vec<_> = story.iter().map(row).collect();
    table(["TIME (UTC)", "WHO", "WHAT", "IN WORDS"], &rows)
}
