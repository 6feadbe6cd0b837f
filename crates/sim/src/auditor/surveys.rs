//! The book of each question after a conversation: asked where it was permitted and of nobody else, once, by what was
//! pressed first; and nobody is kept on the line longer than it takes.

use timbre_model::{AgentRef, CallId, LegId, SurveyKind, SurveyRecord};

use super::Auditor;
use super::calls::Contact;

/// The longest that a customer is kept after the conversation: the permission, the question, the time to think and the
/// thanks, in microseconds.
const KEPT_MAX: u64 = (2 + 20 + 10 + 8) * 1_000_000;

/// What is known of a customer who was let go by the agent and not hung up.
#[derive(Debug)]
pub(super) struct SurveyBook {
    leg: Option<LegId>,
    since: u64,
    permitted: bool,
    asked: bool,
    /// The first key that answers the question.
    pressed: Option<u8>,
    thanked: bool,
    /// What the records say: nothing, that it was asked, or the answer.
    recorded: Option<Option<u8>>,
    kind: SurveyKind,
}

impl Auditor {
    pub(super) fn survey_wanted(&mut self, call: CallId, agent: &AgentRef) {
        let agent = self.rules.agent(&agent.agent);
        let leg = self.leg_of(call);
        let Some(book) = self.calls.get(&call) else {
            return self.object(format!("{call} is to be asked about and never came"));
        };
        let theirs = book.contact == Contact::Connected { agent };
        let kind = book.queue.and_then(|it| self.rules.queue(it).survey);
        let Some(kind) = kind else {
            return self
                .object(format!("{call} is to be asked about in a queue that does not ask"));
        };
        self.demand(theirs, || format!("{call} was not agent-{agent}'s"));
        let book = SurveyBook {
            leg,
            since: self.now,
            permitted: false,
            asked: false,
            pressed: None,
            thanked: false,
            recorded: None,
            kind,
        };
        let twice = self.surveys.insert(call, book).is_some();
        self.demand(!twice, || format!("{call} is to be asked about twice"));
    }

    pub(super) fn survey_permitted(&mut self, call: CallId) {
        if let Some(book) = self.surveys.get_mut(&call) {
            book.permitted = true;
        }
    }

    pub(super) fn asked(&mut self, leg: LegId, question: SurveyKind) {
        self.usable(leg, "question");
        let Some((call, book)) = self.surveyed(leg) else {
            return self.object(format!("{leg:?} is asked, who is not to be"));
        };
        let fits = book.permitted && !std::mem::replace(&mut book.asked, true);
        let fits = fits && book.kind == question;
        self.demand(fits, || format!("{call} is asked {question} out of turn"));
    }

    pub(super) fn thanked(&mut self, leg: LegId) {
        self.usable(leg, "thanks");
        let Some((call, book)) = self.surveyed(leg) else {
            return self.object(format!("{leg:?} is thanked and said nothing"));
        };
        let fits = book.pressed.is_some() && !std::mem::replace(&mut book.thanked, true);
        self.demand(fits, || format!("{call} is thanked out of turn"));
    }

    pub(super) fn key_pressed(&mut self, leg: LegId, key: char) {
        if let Some((call, book)) = self.surveyed(leg)
            && book.asked
        {
            let digit = key.to_digit(10).filter(|it| match book.kind {
                SurveyKind::Csat => (1..=5).contains(it),
                SurveyKind::Nps => true,
                SurveyKind::Effort => (1..=7).contains(it),
            });
            book.pressed = book.pressed.or(digit.map(|it| it as u8));
            self.pressed = Some(call);
        }
    }

    pub(super) fn survey_recorded(&mut self, record: &SurveyRecord) {
        let call = record.call;
        let Some(book) = self.surveys.get_mut(&call) else {
            return self.object(format!("a record of what {call} was never asked"));
        };
        let former = book.recorded.replace(record.answer);
        let fits = match (former, record.answer) {
            (None, None) => true,
            (Some(None), Some(answer)) => book.pressed == Some(answer),
            _ => false,
        };
        self.demand(fits, || format!("of {call} {former:?} is recorded, and then {record:?}"));
    }

    /// What was pressed is recorded and answered in the same step.
    pub(super) fn check_answer(&mut self) {
        let Some(call) = self.pressed.take() else { return };
        let taken = self.surveys.get(&call).is_some_and(|it| {
            it.pressed.is_none() || (it.thanked && it.recorded == Some(it.pressed))
        });
        self.demand(taken, || format!("what was answered after {call} was not taken down"));
    }

    /// Whoever is kept too long was forgotten.
    pub(super) fn check_kept(&mut self) {
        let now = self.now;
        let (legs, surveys) = (&self.legs, &self.surveys);
        let there = |leg: Option<LegId>| leg.is_some_and(|it| legs.contains_key(&it));
        let late = |it: &&SurveyBook| there(it.leg) && now > it.since + KEPT_MAX;
        let left = surveys.values().filter(late).count();
        self.demand(left == 0, || format!("{left} customers are kept after their conversation"));
    }

    fn surveyed(&mut self, leg: LegId) -> Option<(CallId, &mut SurveyBook)> {
        let call = self.call_of(leg)?;
        self.surveys.get_mut(&call).map(|book| (call, book))
    }

    /// What was asked and what was answered.
    pub(super) fn survey_counts(&self) -> (u64, u64) {
        let asked = self.surveys.values().filter(|it| it.recorded.is_some()).count();
        let answered = self.surveys.values().filter(|it| it.recorded.flatten().is_some()).count();
        (asked as u64, answered as u64)
    }
}
