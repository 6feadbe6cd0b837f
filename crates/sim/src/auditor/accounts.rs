//! The queues' accounts, and the end of the day.

use timbre_engine::Engine;
use timbre_model::{AgentStateKind, CallOutcome};

use super::Auditor;
use super::calls::Contact;
use crate::DayReport;
use crate::ledger::Ledger;

/// One queue's account of the day.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) arrived: u64,
    answered: u64,
    abandoned: u64,
    abandoned_short: u64,
    refused: u64,
    lost: u64,
}

impl Account {
    pub(super) fn count(&mut self, outcome: CallOutcome) {
        match outcome {
            CallOutcome::Answered => self.answered += 1,
            CallOutcome::Abandoned => self.abandoned += 1,
            CallOutcome::AbandonedShort => self.abandoned_short += 1,
            CallOutcome::Refused => self.refused += 1,
            CallOutcome::Lost => self.lost += 1,
        }
    }

    fn ended(&self) -> u64 {
        self.answered + self.abandoned + self.abandoned_short + self.refused + self.lost
    }
}

impl Auditor {
    /// Holds the books against what the engine says of itself, and nobody rings for longer than promised.
    pub(crate) fn compare(&mut self, engine: &Engine) {
        self.check_kept();
        for (n, view) in engine.queues().into_iter().enumerate() {
            let theirs = self.calls.values().filter(|it| it.queue == Some(n) && it.end.is_none());
            let (mut waiting, mut talking, mut late) = (0, 0, 0);
            for book in theirs {
                match book.contact {
                    Contact::Connected { .. } => talking += 1,
                    Contact::None | Contact::Offered { .. } | Contact::Taken { .. } => waiting += 1,
                }
                let latest = book.arrived + self.rules.queue(n).latest;
                late += u64::from(book.answered.is_none() && self.now > latest);
            }
            let agree = (view.waiting, view.talking) == (waiting, talking);
            self.demand(agree, || format!("{view:?}, and by the books {waiting}, {talking}"));
            self.demand(late == 0, || format!("{late} callers of queue {n} still hear ringing"));
            let account = self.accounts.get(&Some(n)).copied().unwrap_or_default();
            let balance = account.arrived == account.ended() + waiting as u64 + talking as u64;
            self.demand(balance, || format!("queue {n} does not balance: {account:?}"));
        }
    }

    /// The day is over and everything has healed: nobody waits, nobody is stuck, and the books are closed (P9).
    pub(crate) fn close(&mut self, ledger: &Ledger) {
        for (n, book) in self.agents.iter().enumerate() {
            if book.state != AgentStateKind::SignedOut {
                let state = book.state;
                return self.object(format!("agent-{n} is stuck: {state} with {:?}", book.call));
            }
        }
        self.check_legs_over();
        let open = |it: &&super::CallBook| it.end.is_none() || it.records.end.is_none();
        let left = self.calls.values().filter(open).count();
        self.demand(left == 0, || format!("{left} calls have no end"));
        let unfinished = |it: &&super::CallBook| {
            matches!(it.contact, Contact::Connected { .. }) && !it.records.wrapped_up
        };
        let left = self.calls.values().filter(unfinished).count();
        self.demand(left == 0, || format!("{left} calls were never wrapped up"));
        let left = self.recorded_offers.values().filter(|it| it.is_none()).count();
        self.demand(left == 0, || format!("{left} offers have no end"));
        let (books, records) = (self.calls.len(), ledger.calls.len());
        self.demand(books == records, || format!("{books} calls and {records} records"));
        let stuck = ledger.agents.values().filter(|it| it.state != AgentStateKind::SignedOut);
        let stuck = stuck.count();
        self.demand(stuck == 0, || format!("{stuck} agents are at work in the records"));
        for (queue, account) in self.accounts.clone() {
            let balance = account.arrived == account.ended();
            self.demand(balance, || format!("queue {queue:?} does not balance: {account:?}"));
        }
    }

    /// Writes the counts and the objections into the report.
    pub(crate) fn fill(self, report: &mut DayReport) {
        report.calls = self.calls.len() as u64;
        (report.asked, report.answered) = self.survey_counts();
        report.outcomes = self.outcomes;
        report.offers = self.offers;
        report.violations = self.violations;
    }
}
