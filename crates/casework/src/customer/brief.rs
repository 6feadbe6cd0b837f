//! What somebody who talks with a customer should know of them, in short.

use timbre_model::{AgentId, CallId, Civil};

use super::{Customer, Interaction};
use crate::{
    CaseId, CaseKey, FollowUpId, Index, Promise, Recipient, Record, RecordKind, SaleId, index,
};

/// A customer with what there is to know of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Who they are.
    pub customer: Customer,
    /// The newest contacts, newest first.
    pub interactions: Vec<Interaction>,
    /// What came of them, newest first.
    pub records: Vec<Brief>,
}

/// A record, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// What it is.
    pub kind: RecordKind,
    /// Its id.
    pub id: u128,
    /// Its version.
    pub version: u64,
    /// The word of its state; empty where it has none.
    pub state: String,
    /// It waits for somebody or something.
    pub open: bool,
    /// When it came about.
    pub at: Civil,
    /// By when something is to be done.
    pub due_at: Option<Civil>,
    /// Whose it is.
    pub agent: Option<AgentId>,
    /// What it is about.
    pub summary: String,
    /// Of a case: what the customer was given to refer to it.
    pub key: Option<CaseKey>,
    /// Of a sale: what was promised.
    pub promises: Vec<Promise>,
    /// The call in which it came about.
    pub call: Option<CallId>,
    /// The sale it belongs to.
    pub sale: Option<SaleId>,
    /// The case that a follow-up opened.
    pub case: Option<CaseId>,
    /// The follow-up that a case comes from.
    pub follow_up: Option<FollowUpId>,
}

impl From<&Record> for Brief {
    fn from(record: &Record) -> Self {
        let Index { state, open, agent, at, due_at, .. } = record.index();
        let mut brief = Self {
            kind: record.kind(),
            id: record.id(),
            version: record.version(),
            state,
            open,
            at,
            due_at,
            agent,
            summary: summary(record),
            key: None,
            promises: Vec::new(),
            call: None,
            sale: None,
            case: None,
            follow_up: None,
        };
        match record {
            Record::Case(it) => {
                (brief.key, brief.call) = (Some(it.key), it.call);
                (brief.sale, brief.follow_up) = (it.sale, it.follow_up);
            }
            Record::Sale(it) => {
                (brief.call, brief.promises) = (it.call, it.promises.clone());
            }
            Record::FollowUp(it) => {
                (brief.call, brief.sale, brief.case) = (it.call, Some(it.sale), it.case);
            }
            Record::Message(it) => brief.call = it.call,
            Record::Callback(it) => brief.call = it.call,
            Record::Survey(it) => brief.call = Some(it.call),
            Record::Trouble(it) => brief.call = Some(it.call),
            Record::Customer(_) => {}
        }
        brief
    }
}

fn summary(record: &Record) -> String {
    match record {
        Record::Case(it) => format!("{}: {}", it.kind, index::short(&it.statement)),
        Record::Sale(it) => it.product.clone(),
        Record::FollowUp(it) if it.note.is_empty() => format!("no. {}", it.number),
        Record::FollowUp(it) => format!("no. {}: {}", it.number, it.note),
        Record::Message(it) => {
            let whom = match &it.recipient {
                Recipient::Agent(agent) => agent.to_string(),
                Recipient::Department(department) => department.to_string(),
                Recipient::Mail(mail) => mail.clone(),
            };
            format!("for {whom}: {}", index::short(&it.purpose))
        }
        Record::Callback(it) => index::short(&it.note),
        Record::Survey(it) => match it.answer {
            Some(answer) => format!("{} {answer}", it.kind),
            None => format!("{} -", it.kind),
        },
        Record::Trouble(it) => it.kind.to_string(),
        Record::Customer(it) => it.name.clone(),
    }
}
