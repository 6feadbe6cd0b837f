//! The node dies, and is started again on what was durable.

use std::cell::Cell;
use std::collections::BTreeMap;

use timbre_compliance::Clockwatch;
use timbre_engine::{AnswerDay, Command, Engine, Input, Limits};
use timbre_model::{AgentStateKind, AttemptOutcome, CampaignId};

use super::dials;
use crate::outbound::world::{Happening, World, tenant};

const DAY: i64 = 86_400_000_000;

impl World<'_> {
    /// Everything in memory is gone: the floor, the lines, what was under way.
    pub(super) fn die(&mut self) {
        let now = self.moment();
        let lost = Cell::new(0);
        self.agenda.keep(|it| match it {
            Happening::Effects(actions, ..) => {
                lost.set(lost.get() + dials(actions));
                false
            }
            Happening::Turn(..) | Happening::Caller(_) | Happening::Mishap(_) => true,
            _ => false,
        });
        self.lines.drop_all();
        self.measure.lines = 0;
        self.performed = self.now;
        self.engine = Engine::new(Limits::default());
        let Some(book) = self.authorizer.book_mut() else { return };
        let ended = book.recover(now.civil);
        let latest = book.attempts.values().map(|it| it.intent_at).max();
        let campaigns: Vec<_> = book.campaigns.values().cloned().collect();
        let days = answer_days(book);
        self.authorizer.watch =
            latest.map_or_else(|| Clockwatch::new(now), |seen| Clockwatch::resume(now, seen));
        let Some(trial) = &mut self.trial else { return };
        trial.lost += lost.get();
        trial.report.crashes += 1;
        trial.auditor.node_died(&ended, trial.offset != 0);
        let spec = Box::new(trial.floor.clone());
        let restore = Command::RestoreFloor { tenant: tenant(), spec, version: 1 };
        self.feed(Input::Command(restore));
        for record in campaigns {
            let days = days.get(&record.campaign).cloned().unwrap_or_default();
            self.feed(Input::Command(Command::RestoreCampaign { record: Box::new(record), days }));
        }
        for n in 0..self.agents.len() {
            self.measure.agent(n, AgentStateKind::SignedOut);
            if self.agents[n].working {
                self.arrive(n);
            }
        }
    }
}

/// Live answers of each campaign by UTC day, from the records.
fn answer_days(book: &crate::outbound::book::Book) -> BTreeMap<CampaignId, Vec<AnswerDay>> {
    let mut days: BTreeMap<CampaignId, Vec<AnswerDay>> = BTreeMap::new();
    for record in book.attempts.values() {
        let Some(at) = record.answered_at else { continue };
        let day = at.as_micros().div_euclid(DAY);
        let of = days.entry(record.campaign.clone()).or_default();
        let known = of.iter().position(|it| it.day == day);
        let n = known.unwrap_or_else(|| {
            of.push(AnswerDay { day, ..AnswerDay::default() });
            of.len() - 1
        });
        of[n].answered += 1;
        of[n].abandoned += u64::from(record.outcome == Some(AttemptOutcome::Abandoned));
    }
    days
}
