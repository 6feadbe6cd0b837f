//! What follows conversations, as it is shown.

use timbre_casework::{CaseKind, CaseState, Cause, RecordKind, TroubleKind};
use timbre_model::{ClientId, FollowUpOutcome, SurveyKind};
use timbre_store::{OpenCount, WaitingLetters};

use super::*;

fn open(kind: RecordKind, state: &str, open: u64, overdue: u64) -> OpenCount {
    let client = ClientId::parse("luz").expect("an id");
    OpenCount { client, kind, state: state.to_owned(), open, overdue }
}

fn surveyed(metrics: &Metrics, asked: Option<SurveyKind>, answer: Option<u8>) {
    let what = EventKind::SurveyEnded { call: CALL, queue: queue("ventas"), asked, answer };
    metrics.observe(&Event { at: civil(1), what });
}

/// Something of every figure of casework.
pub(super) fn casework(metrics: &Metrics) {
    let tenant = tenant();
    for what in [
        Counted::CaseTaken(CaseKind::Complaint),
        Counted::CaseClosed(CaseKind::Complaint, Cause::Delays, CaseState::Confirmed),
        Counted::CaseReopened,
        Counted::CaseAnswered(CaseKind::Complaint, secs(7_200)),
        Counted::Deadline { kept: true },
        Counted::Deadline { kept: false },
        Counted::Escalated,
        Counted::FollowUpEnded(Some(FollowUpOutcome::Incident)),
        Counted::FollowUpEnded(None),
        Counted::CallbackEnded { done: true },
        Counted::Delivery(Through::Mail, Delivered::Failed),
    ] {
        metrics.count_casework(&tenant, what);
    }
    metrics.open_casework(&tenant, &[open(RecordKind::Case, "received", 3, 1)]);
    metrics.waiting_letters(&tenant, WaitingLetters { mails: 1, held: 2, dead: 3 });
    metrics.events_lag(&tenant, secs(4));
    metrics.line_trouble(&trunk(), TroubleKind::Echo);
    surveyed(metrics, Some(SurveyKind::Csat), Some(4));
}

#[test]
fn what_is_open_is_shown_by_state_and_what_is_closed_meanwhile_no_more() {
    let metrics = Metrics::new();
    let counts = [
        open(RecordKind::Case, "received", 3, 1),
        open(RecordKind::Case, "proposed", 2, 2),
        open(RecordKind::Callback, "due", 4, 4),
        open(RecordKind::Callback, "planned", 9, 0),
        open(RecordKind::Message, "taken", 5, 0),
        open(RecordKind::FollowUp, "due", 6, 0),
    ];
    metrics.open_casework(&tenant(), &counts);
    let all = figures(&metrics);
    assert_eq!(of(&all, "cases_open", r#"state="received""#), 3.);
    assert_eq!(all[r#"timbre_cases_overdue{tenant="demo"}"#], 3.);
    assert_eq!(all[r#"timbre_callbacks_due{tenant="demo"}"#], 4., "and not those that are not due");
    assert_eq!(all[r#"timbre_messages_waiting{tenant="demo"}"#], 5.);
    assert_eq!(of(&all, "follow_ups_open", r#"state="due""#), 6.);
    metrics.open_casework(&tenant(), &[]);
    assert_eq!(of(&figures(&metrics), "cases_open", r#"state="received""#), 0.);
}

#[test]
fn a_survey_counts_once_asked_and_its_digit_once_answered() {
    let metrics = Metrics::new();
    for (asked, answer) in [
        (None, None),
        (Some(SurveyKind::Csat), None),
        (Some(SurveyKind::Csat), Some(4)),
        (Some(SurveyKind::Csat), Some(1)),
    ] {
        surveyed(&metrics, asked, answer);
    }
    let all = figures(&metrics);
    let figure = |name| of(&all, name, r#"queue="ventas",question="csat""#);
    assert_eq!(figure("surveys_asked_total"), 3.);
    assert_eq!(figure("surveys_answered_total"), 2.);
    assert_eq!(figure("surveys_score_total"), 5.);
}
