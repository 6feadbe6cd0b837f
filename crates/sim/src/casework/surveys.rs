//! Questions of satisfaction: who may be asked, and what they say.

use std::time::Duration;

use timbre_casework::{CustomerId, SurveyId, Work, survey};
use timbre_model::{CallId, SurveyKind, SurveyRecord, SurveySpec};

use super::book::SurveyEntry;
use super::calls::Talk;
use super::month::{Happening, Month};
use super::scene::civil;
use super::{Sabotage, shelf::Shelf};

/// The question of each queue.
pub(super) const KINDS: [SurveyKind; 3] = [SurveyKind::Csat, SurveyKind::Nps, SurveyKind::Effort];

impl Month {
    /// Asks a customer after a conversation, where that is permitted.
    pub(super) fn ask(&mut self, it: &Talk) {
        let may = may_be_asked(&self.shelf, it.customer, self.now);
        if !(may || self.sabotages() == Some(Sabotage::AskAgain)) {
            return;
        }
        let record = self.question(it.call, it);
        let customer = Some(CustomerId::from_u128(it.customer));
        self.perform(|_, shelf, _| {
            Ok(match shelf.survey(it.call.as_u128()) {
                None => survey::asked(&record, customer, None),
                Some(_) => Work::default(),
            })
        });
        self.count("surveys");
        let entry = SurveyEntry {
            at: self.now,
            customer: it.customer,
            queue: it.queue,
            agent: it.agent.clone(),
            answer: None,
        };
        self.book.surveys.insert(it.call.as_u128(), entry);
        if self.chance.customers.permille(400) {
            self.later(self.now + 6_000_000, Happening::Key(it.call.as_u128()));
        }
    }

    fn question(&self, call: CallId, it: &Talk) -> SurveyRecord {
        SurveyRecord {
            call,
            tenant: self.scene.tenant.clone(),
            client: self.scene.client.clone(),
            queue: self.scene.queues[it.queue].clone(),
            agent: it.agent.clone(),
            kind: KINDS[it.queue],
            asked_at: self.civil(),
            answer: None,
            answered_at: None,
        }
    }

    pub(super) fn press(&mut self, id: u128) {
        let Some(it) = self.shelf.survey(id).cloned() else { return };
        let (least, most) = (*it.kind.keys().start(), *it.kind.keys().end());
        let keys = u64::from(most - least) + 1;
        let answer = least + u8::try_from(self.chance.customers.below(keys)).unwrap_or(0);
        let record = SurveyRecord {
            call: it.call,
            tenant: it.tenant.clone(),
            client: it.client.clone(),
            queue: it.queue.clone(),
            agent: it.agent.clone(),
            kind: it.kind,
            asked_at: it.asked_at,
            answer: Some(answer),
            answered_at: Some(self.civil()),
        };
        self.perform(|_, shelf, _| {
            Ok(shelf.survey(id).map(|it| survey::answered(it, &record)).unwrap_or_default())
        });
        if let Some(entry) = self.book.surveys.get_mut(&SurveyId::from_u128(id).as_u128()) {
            entry.answer = Some(answer);
        }
    }
}

fn may_be_asked(shelf: &Shelf, customer: u128, now: i64) -> bool {
    let period_began = civil(now).before(PERIOD);
    !shelf.of_customer(customer).any(|it| survey::forbids(it, period_began))
}

/// How often a customer is asked at most.
const PERIOD: Duration = SurveySpec::PERIOD;
