//! All there is of one customer, for themselves (GDPR arts. 15 and 20).

use serde_json::{Value, json};
use timbre_model::{AttemptRecord, DoNotCallEntry};

use super::{Customer, Interaction};
use crate::{Record, RecordKind};

/// All there is of one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Dossier {
    /// Who they are.
    pub customer: Customer,
    /// Every contact, newest first.
    pub interactions: Vec<Interaction>,
    /// Every record of theirs.
    pub records: Vec<Record>,
    /// Attempts at their numbers for their client company: evidence of why each was permitted.
    pub attempts: Vec<AttemptRecord>,
    /// Entries that bar their numbers.
    pub do_not_call: Vec<DoNotCallEntry>,
}

/// As JSON: `customer`, `interactions`, `cases`, `sales`, `follow_ups`, `messages`, `callbacks`, `surveys`, `attempts` and
/// `do_not_call`.
///
/// # Errors
///
/// Never where the records are sound: each has a JSON form.
pub fn export(dossier: &Dossier) -> serde_json::Result<Value> {
    let Dossier { customer, interactions, records, attempts, do_not_call } = dossier;
    let of = |kind: RecordKind| -> serde_json::Result<Value> {
        let these = records.iter().filter(|it| it.kind() == kind);
        let values = these.map(|it| serde_json::from_str::<Value>(&it.to_json()?));
        values.collect::<Result<Vec<_>, _>>().map(Value::Array)
    };
    Ok(json!({
        "customer": customer,
        "interactions": interactions.iter().map(told).collect::<Vec<_>>(),
        "cases": of(RecordKind::Case)?,
        "sales": of(RecordKind::Sale)?,
        "follow_ups": of(RecordKind::FollowUp)?,
        "messages": of(RecordKind::Message)?,
        "callbacks": of(RecordKind::Callback)?,
        "surveys": of(RecordKind::Survey)?,
        "attempts": attempts,
        "do_not_call": do_not_call,
    }))
}

/// Ids are hexadecimal everywhere; JSON has no number of 128 bits.
fn told(it: &Interaction) -> Value {
    json!({
        "at": it.at,
        "kind": it.kind,
        "subject": format!("{:032x}", it.subject),
        "agent": it.agent,
        "summary": it.summary,
    })
}
