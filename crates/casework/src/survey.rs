//! Questions of satisfaction become records: asked, and perhaps answered.

use serde_json::json;
use timbre_model::{Civil, SurveyRecord};

use crate::{
    CaseKind, Cause, CustomerId, Interaction, InteractionKind, NewEvent, Record, Survey, SurveyId,
    Work,
};

/// Whether a record of a customer's forbids to ask them: a complaint waits for its resolution (Ley 10/2025 art. 18.2), or they
/// were asked since the period began.
pub fn forbids(it: &Record, period_began: Civil) -> bool {
    match it {
        Record::Case(it) => it.kind == CaseKind::Complaint && !it.state.is_closed(),
        Record::Survey(it) => it.asked_at >= period_began,
        _ => false,
    }
}

/// A customer was asked, or has answered already. `cause`: of the case that the conversation was about.
pub fn asked(it: &SurveyRecord, customer: Option<CustomerId>, cause: Option<Cause>) -> Work {
    let survey = Survey {
        id: SurveyId::from_u128(it.call.as_u128()),
        tenant: it.tenant.clone(),
        client: it.client.clone(),
        version: 1,
        call: it.call,
        queue: it.queue.clone(),
        agent: it.agent.clone(),
        customer,
        cause,
        kind: it.kind,
        asked_at: it.asked_at,
        answer: it.answer,
    };
    work(survey, it)
}

/// The customer answered. Again, or where it is the same: nothing more.
pub fn answered(survey: &Survey, it: &SurveyRecord) -> Work {
    if it.answer.is_none() || survey.answer.is_some() {
        return Work::default();
    }
    let version = survey.version + 1;
    work(Survey { version, answer: it.answer, ..survey.clone() }, it)
}

/// The record, and once there is an answer, the contact and the event that tells it with what is known of it.
fn work(survey: Survey, it: &SurveyRecord) -> Work {
    let told = survey.answer.zip(it.answered_at).map(|(answer, at)| NewEvent {
        id: format!("survey-{}-kept", survey.id),
        kind: "timbre.survey.kept.v1".to_owned(),
        subject: format!("surveys/{}", survey.id),
        client: Some(survey.client.clone()),
        at,
        data: json!({
            "survey": survey.id, "call": survey.call, "queue": survey.queue, "agent": survey.agent,
            "customer": survey.customer, "cause": survey.cause, "kind": survey.kind, "answer": answer,
        }),
    });
    let contact = survey.customer.zip(survey.answer).map(|(customer, answer)| Interaction {
        tenant: survey.tenant.clone(),
        customer,
        at: survey.asked_at,
        kind: InteractionKind::Survey,
        subject: survey.id.as_u128(),
        agent: Some(survey.agent.clone()),
        summary: format!("{} {answer}", survey.kind),
    });
    Work {
        records: vec![Record::Survey(Box::new(survey))],
        interactions: contact.into_iter().collect(),
        events: told.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use timbre_model::{AgentId, CallId, ClientId, QueueId, SurveyKind, TenantId};

    use super::*;

    fn record(answer: Option<u8>) -> SurveyRecord {
        SurveyRecord {
            call: CallId::from_u128(7),
            tenant: TenantId::parse("t").expect("a slug"),
            client: ClientId::parse("c").expect("a slug"),
            queue: QueueId::parse("q").expect("a slug"),
            agent: AgentId::parse("a").expect("a slug"),
            kind: SurveyKind::Csat,
            asked_at: Civil::from_micros(1),
            answer,
            answered_at: answer.map(|_| Civil::from_micros(2)),
        }
    }

    #[test]
    fn an_answer_is_kept_once_and_told_once() {
        let customer = Some(CustomerId::from_u128(1));
        let work = asked(&record(None), customer, Some(Cause::Delays));
        assert!(work.events.is_empty() && work.interactions.is_empty());
        let [Record::Survey(first)] = &*work.records else { panic!("{work:?}") };
        let work = answered(first, &record(Some(4)));
        let [Record::Survey(second)] = &*work.records else { panic!("{work:?}") };
        assert_eq!((second.version, second.answer, second.cause), (2, Some(4), first.cause));
        assert_eq!((work.events.len(), work.interactions.len()), (1, 1));
        assert_eq!(answered(second, &record(Some(5))), Work::default());
    }
}
