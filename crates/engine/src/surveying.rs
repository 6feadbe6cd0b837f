//! The question that a customer is asked by key once their agent has let them go. The agent is wrapping up meanwhile, or
//! at work again: a survey holds nobody but the customer's leg.
//!
//! Whether a customer may be asked is not known here (who was asked lately, who waits for the resolution of a complaint):
//! the engine tells that it would ask, and asks where it is permitted to in time.

use std::time::Duration;

use timbre_model::{
    CallId, Change, EndCause, Language, LegId, Mono, QueueRef, ReleasedBy, SurveyKind,
    SurveyRecord, TenantId,
};

use crate::call::Stage;
use crate::ending::{Ending, Goodbye};
use crate::engine::Party;
use crate::port::SwitchAction;
use crate::timers::Deadline;
use crate::turn::Turn;
use crate::{EventKind, Rejection, WakeReason};

/// How long a customer hears silence while it is looked up whether they may be asked.
const PERMIT_WITHIN: Duration = Duration::from_secs(2);
/// How long a question may take to be said.
const QUESTION_MAX: Duration = Duration::from_secs(20);
/// How long a customer may think once they heard it.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long the thanks may take.
const THANKS_MAX: Duration = Duration::from_secs(8);

/// A customer who is being asked, or may be.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) leg: LegId,
    pub(crate) queue: QueueRef,
    language: Language,
    stage: Stand,
    until: Mono,
    record: SurveyRecord,
    pub(crate) timer: Option<Deadline>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// It is being looked up whether they may be asked.
    Wanted,
    /// They hear the question, or think.
    Asked,
    /// They hear the thanks.
    Thanked,
}

impl Survey {
    pub(crate) fn call(&self) -> CallId {
        self.record.call
    }

    pub(crate) fn deadline(&self) -> Deadline {
        (self.until, WakeReason::SurveyEnds)
    }
}

impl Turn<'_> {
    /// The agent has let a customer go: keeps their leg where their queue asks questions. Whether it does.
    pub(crate) fn keep_for_survey(&mut self, call: usize, ending: &Ending) -> bool {
        let it = &self.floor.calls[call];
        let Stage::Talking { talk, .. } = it.stage else { return false };
        let Some(survey) = it.rules.spec.survey else { return false };
        let let_go = ending.customer == Goodbye::HangUp
            && ending.released_by == ReleasedBy::Agent
            && ending.cause == EndCause::Completed;
        let room = self.floor.surveys.len() < self.floor.limits.calls_max;
        // Whoever was called is not kept on the line for our sake.
        if !let_go || it.placed.is_some() || self.floor.drained || !room {
            return false;
        }
        let agent = self.floor.agents[talk.agent].who.clone();
        let record = SurveyRecord {
            call: it.facts.id,
            tenant: it.facts.trunk.tenant.clone(),
            client: it.rules.spec.client.clone(),
            queue: it.rules.name.queue.clone(),
            agent: agent.agent.clone(),
            kind: survey.kind,
            asked_at: self.now.civil,
            answer: None,
            answered_at: None,
        };
        let wanted = EventKind::SurveyWanted {
            call: it.facts.id,
            queue: it.rules.name.clone(),
            agent,
            caller: it.facts.caller.clone(),
        };
        let kept = Survey {
            leg: it.leg,
            queue: it.rules.name.clone(),
            language: it.rules.spec.announcements.language,
            stage: Stand::Wanted,
            until: self.now.mono + PERMIT_WITHIN,
            record,
            timer: None,
        };
        self.begin_survey(kept, wanted);
        true
    }

    fn begin_survey(&mut self, survey: Survey, wanted: EventKind) {
        let (leg, call) = (survey.leg, survey.call());
        let at = self.floor.surveys.insert(survey);
        self.floor.survey_index.insert(call, at);
        self.floor.legs.insert(leg, Party::Survey(at));
        self.rearm_survey(at);
        self.event(wanted);
    }

    fn rearm_survey(&mut self, at: usize) {
        let it = &mut self.floor.surveys[at];
        let next = it.deadline();
        self.floor.timers.set(&mut it.timer, at, Some(next));
    }

    fn survey_goes_on(&mut self, at: usize, stage: Stand, within: Duration) {
        let it = &mut self.floor.surveys[at];
        (it.stage, it.until) = (stage, self.now.mono + within);
        self.rearm_survey(at);
    }

    /// The customer of this call may be asked.
    pub(crate) fn permit_survey(
        &mut self,
        tenant: &TenantId,
        call: CallId,
    ) -> Result<(), Rejection> {
        let at = self.floor.survey_index.get(&call).copied();
        let waits = |at: &usize| {
            let it = &self.floor.surveys[*at];
            it.record.tenant == *tenant && it.stage == Stand::Wanted
        };
        let at = at.filter(waits).ok_or(Rejection::UnknownCall { call })?;
        let it = &mut self.floor.surveys[at];
        it.record.asked_at = self.now.civil;
        let (leg, question, language) = (it.leg, it.record.kind, it.language);
        let record = it.record.clone();
        self.out.changes.push(Change::Survey(Box::new(record)));
        self.act(SwitchAction::Ask { leg, question, language });
        self.survey_goes_on(at, Stand::Asked, QUESTION_MAX);
        Ok(())
    }

    /// A key was pressed. One that is no answer means nothing, and so does one after the answer.
    pub(crate) fn survey_key(&mut self, at: usize, key: char) {
        let it = &mut self.floor.surveys[at];
        let Some(answer) = it.record.kind.answer(key).filter(|_| it.stage == Stand::Asked) else {
            return;
        };
        it.record.answer = Some(answer);
        it.record.answered_at = Some(self.now.civil);
        let (leg, language, record) = (it.leg, it.language, it.record.clone());
        self.out.changes.push(Change::Survey(Box::new(record)));
        self.act(SwitchAction::Thank { leg, language });
        self.survey_goes_on(at, Stand::Thanked, THANKS_MAX);
    }

    /// What was played has been heard to its end.
    pub(crate) fn survey_heard(&mut self, at: usize) {
        match self.floor.surveys[at].stage {
            // A greeting's end that is told late.
            Stand::Wanted => {}
            Stand::Asked => self.survey_goes_on(at, Stand::Asked, ANSWER_WITHIN),
            Stand::Thanked => self.end_survey(at, true),
        }
    }

    /// It is over: answered, waited out, not permitted, or the customer hung up.
    pub(crate) fn end_survey(&mut self, at: usize, up: bool) {
        let it = &mut self.floor.surveys[at];
        self.floor.timers.set(&mut it.timer, at, None);
        let it = self.floor.surveys.remove(at);
        self.floor.survey_index.swap_remove(&it.call());
        self.floor.legs.swap_remove(&it.leg);
        if up {
            self.act(SwitchAction::HangUp { leg: it.leg });
        }
        let asked: Option<SurveyKind> = (it.stage != Stand::Wanted).then_some(it.record.kind);
        let answer = it.record.answer;
        self.event(EventKind::SurveyEnded { call: it.record.call, queue: it.queue, asked, answer });
    }
}
