//! What follows conversations: cases, follow-ups, messages, callbacks, surveys. Counted from the events that are kept, each
//! once by the node that shows it; what is open is sampled from the store.

use std::fmt;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusRecorder;
use serde::{Deserialize, Serialize};
use timbre_casework::{CaseKind, CaseState, Cause, FollowUpState, RecordKind};
use timbre_model::{FollowUpOutcome, QueueRef, SurveyKind, TenantId, words};
use timbre_store::{OpenCount, WaitingLetters};

use super::capped::Capped;
use super::{OTHER, catalog};

/// Tenants of the node whose casework has series of its own; later ones share those of [`OTHER`].
const TENANTS_MAX: usize = 100;

/// Something of casework that is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Counted {
    /// A case was taken.
    CaseTaken(CaseKind),
    /// A case was closed: confirmed or rejected.
    CaseClosed(CaseKind, Cause, CaseState),
    /// A closed case was taken up again.
    CaseReopened,
    /// A case was answered, so long after its reception.
    CaseAnswered(CaseKind, Duration),
    /// A deadline was kept, or not.
    Deadline {
        /// Answered in time.
        kept: bool,
    },
    /// A case was brought to a role.
    Escalated,
    /// A follow-up ended: with this outcome, or with nobody reached.
    FollowUpEnded(Option<FollowUpOutcome>),
    /// A callback ended.
    CallbackEnded {
        /// The customer was reached; otherwise it was not done in time.
        done: bool,
    },
    /// An event or a mail was to be handed over.
    Delivery(Through, Delivered),
}

/// By what somebody outside is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// An event, by HTTP.
    Webhook,
    /// A mail.
    Mail,
}

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It was taken.
    Taken,
    /// It was not, and is tried again.
    Failed,
    /// It was not, and an operator must look at it.
    GivenUp,
}

words! {
    Through { Webhook = "webhook", Mail = "mail", }
    Delivered { Taken = "delivered", Failed = "failed", GivenUp = "given_up", }
}

/// The bound of tenants: who is beyond it shares a name.
pub(super) struct CaseworkMeters(Capped<TenantId, String>);

impl CaseworkMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(TENANTS_MAX))
    }

    fn name(&mut self, tenant: &TenantId) -> String {
        let name = |it: Option<&TenantId>| it.map_or(OTHER, TenantId::as_str).to_owned();
        self.0.of(tenant, name).clone()
    }

    pub(super) fn count(&mut self, to: &PrometheusRecorder, tenant: &TenantId, what: Counted) {
        let tenant = &*self.name(tenant);
        match what {
            Counted::CaseTaken(kind) => {
                catalog::CASES_TAKEN.counter(to, &[tenant, kind.as_str()]).increment(1);
            }
            Counted::CaseClosed(kind, cause, state) => {
                let at = [tenant, kind.as_str(), cause.as_str(), state.as_str()];
                catalog::CASES_CLOSED.counter(to, &at).increment(1);
            }
            Counted::CaseReopened => catalog::CASES_REOPENED.counter(to, &[tenant]).increment(1),
            Counted::CaseAnswered(kind, after) => {
                catalog::CASE_ANSWER.histogram(to, &[tenant, kind.as_str()]).record(after);
            }
            Counted::Deadline { kept: true } => {
                catalog::DEADLINES_KEPT.counter(to, &[tenant]).increment(1);
            }
            Counted::Deadline { kept: false } => {
                catalog::DEADLINES_MISSED.counter(to, &[tenant]).increment(1);
            }
            Counted::Escalated => catalog::CASES_ESCALATED.counter(to, &[tenant]).increment(1),
            Counted::FollowUpEnded(outcome) => {
                let at = [tenant, follow_up_outcome(outcome)];
                catalog::FOLLOW_UPS_ENDED.counter(to, &at).increment(1);
            }
            Counted::CallbackEnded { done } => {
                let at = [tenant, callback_outcome(done)];
                catalog::CALLBACKS_ENDED.counter(to, &at).increment(1);
            }
            Counted::Delivery(through, came) => {
                let at = [tenant, through.as_str(), came.as_str()];
                catalog::DELIVERIES.counter(to, &at).increment(1);
            }
        }
    }

    /// Has every counter of one tenant begin at zero, so that the first of each kind is seen as an increase.
    pub(super) fn begin(&mut self, to: &PrometheusRecorder, tenant: &TenantId) {
        let tenant = &*self.name(tenant);
        let begin = |family: &catalog::Family, at: &[&str]| family.counter(to, at).increment(0);
        for kind in CaseKind::ALL.iter().map(|it| it.as_str()) {
            begin(catalog::CASES_TAKEN, &[tenant, kind]);
            for cause in Cause::ALL.iter().map(|it| it.as_str()) {
                for state in CaseState::ALL.iter().filter(|it| it.is_closed()) {
                    begin(catalog::CASES_CLOSED, &[tenant, kind, cause, state.as_str()]);
                }
            }
        }
        let outcomes = FollowUpOutcome::ALL.iter().map(|it| Some(*it)).chain([None]);
        for outcome in outcomes {
            begin(catalog::FOLLOW_UPS_ENDED, &[tenant, follow_up_outcome(outcome)]);
        }
        for done in [true, false] {
            begin(catalog::CALLBACKS_ENDED, &[tenant, callback_outcome(done)]);
        }
        for through in Through::ALL.iter().map(|it| it.as_str()) {
            for came in Delivered::ALL.iter().map(|it| it.as_str()) {
                begin(catalog::DELIVERIES, &[tenant, through, came]);
            }
        }
        for family in [
            catalog::CASES_REOPENED,
            catalog::CASES_ESCALATED,
            catalog::DEADLINES_KEPT,
            catalog::DEADLINES_MISSED,
        ] {
            begin(family, &[tenant]);
        }
    }

    /// Sets the gauges of one tenant.
    pub(super) fn show(&mut self, to: &PrometheusRecorder, tenant: &TenantId, open: &[OpenCount]) {
        let tenant = &*self.name(tenant);
        let sum = |kind: RecordKind, state: Option<&str>, late: bool| -> f64 {
            let of =
                |it: &&OpenCount| it.kind == kind && state.is_none_or(|state| it.state == state);
            let count = |it: &OpenCount| if late { it.overdue } else { it.open };
            open.iter().filter(of).map(count).sum::<u64>() as f64
        };
        for state in CaseState::ALL.iter().filter(|it| !it.is_closed()) {
            let cases = sum(RecordKind::Case, Some(state.as_str()), false);
            catalog::CASES_OPEN.gauge(to, &[tenant, state.as_str()]).set(cases);
        }
        catalog::CASES_OVERDUE.gauge(to, &[tenant]).set(sum(RecordKind::Case, None, true));
        for state in FollowUpState::ALL.iter().filter(|it| !it.is_over()) {
            let waiting = sum(RecordKind::FollowUp, Some(state.as_str()), false);
            catalog::FOLLOW_UPS_OPEN.gauge(to, &[tenant, state.as_str()]).set(waiting);
        }
        catalog::MESSAGES_WAITING.gauge(to, &[tenant]).set(sum(RecordKind::Message, None, false));
        let due = sum(RecordKind::Callback, Some("due"), false);
        catalog::CALLBACKS_DUE.gauge(to, &[tenant]).set(due);
    }

    /// Sets the gauges of what one tenant has to deliver.
    pub(super) fn letters(
        &mut self,
        to: &PrometheusRecorder,
        tenant: &TenantId,
        it: WaitingLetters,
    ) {
        let tenant = &*self.name(tenant);
        catalog::MAILS_WAITING.gauge(to, &[tenant]).set(it.mails as f64);
        catalog::EVENTS_HELD.gauge(to, &[tenant]).set(it.held as f64);
        catalog::DEAD_LETTERS.gauge(to, &[tenant]).set(it.dead as f64);
    }

    /// Events of a tenant wait to be acted upon, the oldest for so long.
    pub(super) fn lag(&mut self, to: &PrometheusRecorder, tenant: &TenantId, waits: Duration) {
        let tenant = &*self.name(tenant);
        catalog::EVENTS_LAG.gauge(to, &[tenant]).set(waits.as_secs_f64());
    }
}

fn follow_up_outcome(it: Option<FollowUpOutcome>) -> &'static str {
    it.map_or("unreachable", FollowUpOutcome::as_str)
}

fn callback_outcome(done: bool) -> &'static str {
    if done { "done" } else { "expired" }
}

/// What customers were asked, by queue.
pub(super) struct SurveyMeters(Capped<QueueRef, (String, String)>);

impl SurveyMeters {
    pub(super) fn new() -> Self {
        Self(Capped::new(super::queues::QUEUES_MAX))
    }

    fn name(&mut self, queue: &QueueRef) -> &(String, String) {
        let name = |it: Option<&QueueRef>| {
            let of = |it: &QueueRef| (it.tenant.to_string(), it.queue.to_string());
            it.map_or_else(|| (OTHER.to_owned(), OTHER.to_owned()), of)
        };
        self.0.of(queue, name)
    }

    /// Has every counter of a queue that asks begin at zero.
    pub(super) fn begin(&mut self, to: &PrometheusRecorder, queue: &QueueRef, asked: SurveyKind) {
        let (tenant, queue) = self.name(queue);
        let at = [tenant.as_str(), queue.as_str(), asked.as_str()];
        for family in [catalog::SURVEYS_ASKED, catalog::SURVEYS_ANSWERED, catalog::SURVEYS_SCORE] {
            family.counter(to, &at).increment(0);
        }
    }

    /// A survey is over.
    pub(super) fn ended(
        &mut self,
        to: &PrometheusRecorder,
        queue: &QueueRef,
        (asked, answer): (SurveyKind, Option<u8>),
    ) {
        let (tenant, queue) = self.name(queue);
        let at = [tenant.as_str(), queue.as_str(), asked.as_str()];
        catalog::SURVEYS_ASKED.counter(to, &at).increment(1);
        if let Some(answer) = answer {
            catalog::SURVEYS_ANSWERED.counter(to, &at).increment(1);
            catalog::SURVEYS_SCORE.counter(to, &at).increment(u64::from(answer));
        }
    }
}
