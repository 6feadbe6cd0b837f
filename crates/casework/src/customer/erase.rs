//! Erasure on request (GDPR art. 17).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use timbre_model::PhoneNumber;

use super::{Customer, CustomerKind};
use crate::{
    Act, CallBack, CallbackState, FollowUpState, MessageState, NewEvent, Record, Refusal, Work,
};

/// Takes away all that tells who a customer was, in `records`, all that they have, too. What stays is evidence that a law asks
/// for (GDPR art. 17.3): the dates of consents, the register of cases as it is, what was sold and promised, and attempts and
/// do-not-call entries, which are no part of this. What was still owed to them ends.
///
/// # Errors
///
/// A customer that was merged or erased.
pub fn erase(customer: &Customer, records: Vec<Record>, act: &Act) -> Result<Work, Refusal> {
    customer.known("erased")?;
    let mut next = Customer {
        kind: CustomerKind::Person,
        name: String::new(),
        key: None,
        numbers: Vec::new(),
        mail: None,
        language: None,
        style: None,
        tags: BTreeSet::new(),
        note: String::new(),
        attributes: BTreeMap::new(),
        erased_at: Some(act.at),
        ..customer.next()
    };
    // A purpose is free text, in which somebody may have written a name.
    next.consents.iter_mut().for_each(|it| it.purpose.clear());
    let event = told(&next, act);
    let mut all = vec![Record::Customer(Box::new(next))];
    all.extend(records.into_iter().filter_map(|it| nameless(it, act)));
    Ok(Work { records: all, events: vec![event], ..Work::default() })
}

/// A record without the person; `None` where it stays as it is.
fn nameless(mut record: Record, act: &Act) -> Option<Record> {
    match &mut record {
        Record::Sale(it) => {
            it.customer_name.clear();
            it.number = country_of(&it.number);
            it.promises.iter_mut().for_each(|promise| promise.note.clear());
            it.version += 1;
        }
        Record::FollowUp(it) => {
            it.note.clear();
            if !it.state.is_over() {
                (it.state, it.ended_at) = (FollowUpState::Unreachable, Some(act.at));
            }
            it.version += 1;
        }
        Record::Message(it) => {
            (it.from, it.number) = (None, None);
            it.text.clear();
            it.purpose.clear();
            if let Some((_, _, said)) = &mut it.answered {
                said.clear();
            }
            if it.state != MessageState::Answered {
                (it.state, it.call_back) = (MessageState::Dropped, CallBack::None);
            }
            it.version += 1;
        }
        Record::Callback(it) => {
            it.customer_name.clear();
            it.number = country_of(&it.number);
            it.note.clear();
            if !it.state.is_over() {
                (it.state, it.ended_at) = (CallbackState::Canceled, Some(act.at));
            }
            it.version += 1;
        }
        // A register of cases is kept by law; a survey and line trouble name nobody.
        Record::Case(_) | Record::Survey(_) | Record::Trouble(_) | Record::Customer(_) => {
            return None;
        }
    }
    Some(record)
}

/// Where a number must stand and the one that stood there must not: its beginning, and no subscriber. `+34000` for a Spanish one.
fn country_of(number: &PhoneNumber) -> PhoneNumber {
    let beginning: String = number.expose().chars().take(3).collect();
    PhoneNumber::parse(&format!("{beginning}000")).unwrap_or_else(|_| number.clone())
}

fn told(customer: &Customer, act: &Act) -> NewEvent {
    NewEvent {
        id: format!("{}-{}", customer.id, customer.version),
        kind: "timbre.customer.erased.v1".to_owned(),
        subject: format!("customers/{}", customer.id),
        client: Some(customer.client.clone()),
        at: act.at,
        data: json!({ "client": customer.client }),
    }
}
