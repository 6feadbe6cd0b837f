//! Workflows falsified before what they leave is kept: an auditor who cannot object proves nothing.

use std::time::Duration;

use timbre_casework::{CaseState, FollowUpState, Record, RecordKind, Work};

/// A fault that is put into every piece of work that it fits, from the second quarter of the month on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// A case is told, but not kept.
    LoseCase,
    /// An escalation is not told.
    LoseEscalation,
    /// A warning is told twice.
    WarnTwice,
    /// A case is closed by its deadline.
    CloseByTime,
    /// Clocks look at cases six hours late.
    WakeLate,
    /// Deadlines are a day too early.
    ForgetHoliday,
    /// A sale's last follow-up is not planned.
    LoseFollowUp,
    /// An incident has no case.
    LooseIncident,
    /// Customers are asked again and again.
    AskAgain,
    /// What was done for a request is not remembered.
    ForgetRequest,
    /// A case leaves out what comes between its reception and its agreement's end.
    SkipSteps,
}

impl Sabotage {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::LoseCase,
        Self::LoseEscalation,
        Self::WarnTwice,
        Self::CloseByTime,
        Self::WakeLate,
        Self::ForgetHoliday,
        Self::LoseFollowUp,
        Self::LooseIncident,
        Self::AskAgain,
        Self::ForgetRequest,
        Self::SkipSteps,
    ];

    /// Falsifies what is to be kept.
    pub(super) fn falsify(self, work: &mut Work) {
        match self {
            Self::LoseCase => work.records.retain(|it| !is_new_case(it)),
            Self::LoseEscalation => {
                work.events.retain(|it| it.kind != "timbre.case.escalated.v1");
            }
            Self::WarnTwice => {
                let warned = work.events.iter().find(|it| it.kind == "timbre.case.warned.v1");
                if let Some(mut again) = warned.cloned() {
                    again.id.push_str("/again");
                    work.events.push(again);
                }
            }
            Self::CloseByTime => {
                let late = work.events.iter().any(|it| it.kind == "timbre.case.overdue.v1");
                cases(work).filter(|_| late).for_each(|it| it.state = CaseState::Confirmed);
            }
            Self::WakeLate => {
                let late = Duration::from_secs(6 * 3_600);
                for it in cases(work).filter_map(|it| it.deadline.as_mut()) {
                    it.wake_at = it.wake_at.map(|at| at + late);
                }
            }
            Self::ForgetHoliday => {
                let early = Duration::from_secs(86_400);
                for it in cases(work).filter(|it| it.version == 1) {
                    it.deadline.iter_mut().for_each(|it| it.due_at = it.due_at.before(early));
                }
            }
            Self::LoseFollowUp => {
                let planned = |it: &Record| it.kind() == RecordKind::FollowUp && it.version() == 1;
                if let Some(last) = work.records.iter().rposition(planned) {
                    work.records.remove(last);
                }
            }
            Self::LooseIncident => {
                let incident = |it: &Record| matches!(it, Record::FollowUp(it) if it.state == FollowUpState::Incident);
                if work.records.iter().any(incident) {
                    work.records.retain(|it| it.kind() != RecordKind::Case);
                    work.events.retain(|it| !it.kind.starts_with("timbre.case."));
                }
            }
            Self::SkipSteps => {
                let new = cases(work).filter(|it| it.state == CaseState::Investigating);
                new.for_each(|it| it.state = CaseState::Executing);
            }
            // Done where permits are given and where requests are remembered.
            Self::AskAgain | Self::ForgetRequest => {}
        }
    }
}

fn is_new_case(it: &Record) -> bool {
    it.kind() == RecordKind::Case && it.version() == 1
}

fn cases(work: &mut Work) -> impl Iterator<Item = &mut timbre_casework::Case> {
    work.records.iter_mut().filter_map(|it| match it {
        Record::Case(it) => Some(it.as_mut()),
        _ => None,
    })
}
