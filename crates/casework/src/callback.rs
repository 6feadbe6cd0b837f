//! Calls that were promised to customers, or are owed to them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use timbre_model::{
    AgentId, CallId, Civil, ClientId, FieldError, LeadId, ListId, PhoneNumber, TenantId, words,
};

use crate::{Act, CallbackId, CustomerId, NewEvent, Record, RecordKind, Refusal, Work};

/// A call that was promised to a customer outside of a campaign, or is owed to one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Its id.
    pub id: CallbackId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company it concerns.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// Why it is owed.
    pub why: CallbackWhy,
    /// When it was promised.
    pub made_at: Civil,
    /// The conversation it follows.
    pub call: Option<CallId>,
    /// Who is called.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub customer_name: String,
    /// Where.
    pub number: PhoneNumber,
    /// When it falls due.
    pub due_at: Civil,
    /// By whom, as long as that can be; `None`: anybody.
    pub agent: Option<AgentId>,
    /// Where it stands.
    pub state: CallbackState,
    /// The list into which it was laid.
    pub list: Option<ListId>,
    /// The lead that it became.
    pub lead: Option<LeadId>,
    /// After this it is no use any more.
    pub expires_at: Civil,
    /// What it is about.
    pub note: String,
    /// When it ended.
    pub ended_at: Option<Civil>,
}

/// Why a call is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallbackWhy {
    /// It was promised.
    Promised,
    /// The conversation was lost by a technical failure.
    CallLost,
}

/// Where a callback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallbackState {
    /// Its time has not come.
    Planned,
    /// Its time has come.
    Due,
    /// It was dialed.
    Attempting,
    /// The customer was reached.
    Done,
    /// It was not done in time.
    Expired,
    /// Somebody said that it need not be.
    Canceled,
}

words! {
    CallbackWhy { Promised = "promised", CallLost = "call_lost", }
    CallbackState {
        Planned = "planned", Due = "due", Attempting = "attempting", Done = "done", Expired = "expired",
        Canceled = "canceled",
    }
}

impl CallbackState {
    /// Nothing more is to be done.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Expired | Self::Canceled)
    }
}

/// A call to promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCallback {
    /// Whose.
    pub tenant: TenantId,
    /// The client company it concerns.
    pub client: ClientId,
    /// Why it is owed.
    pub why: CallbackWhy,
    /// The conversation it follows.
    pub call: Option<CallId>,
    /// Who is called.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub customer_name: String,
    /// Where.
    pub number: PhoneNumber,
    /// For when. A time that has passed is due at once.
    pub due_at: Civil,
    /// By whom; `None`: anybody.
    pub agent: Option<AgentId>,
    /// What it is about.
    pub note: String,
}

/// How long after its time a callback is still of use.
pub const USEFUL_FOR: Duration = Duration::from_secs(24 * 3_600);

/// How long a callback that expires in the middle of a call waits for that call's end.
pub const GRACE: Duration = Duration::from_secs(600);

/// How far ahead a call may be promised.
pub const AHEAD_MAX: Duration = Duration::from_secs(366 * 86_400);

/// Longest note and name, in characters.
pub const NOTE_MAX: usize = 2_000;

/// Promises a call.
pub fn promise(id: CallbackId, new: NewCallback, act: &Act) -> Result<Work, Refusal> {
    let NewCallback {
        tenant,
        client,
        why,
        call,
        customer,
        customer_name,
        number,
        due_at,
        agent,
        note,
    } = new;
    if due_at > act.at + AHEAD_MAX {
        let remedy = "promise a call within a year";
        return Err(FieldError::new("due_time", due_at.as_micros(), remedy).into());
    }
    if note.chars().count() > NOTE_MAX || customer_name.chars().count() > NOTE_MAX {
        let remedy = format!("write at most {NOTE_MAX} characters");
        return Err(FieldError::new("note", "", remedy).into());
    }
    let callback = Callback {
        id,
        tenant,
        client,
        version: 1,
        why,
        made_at: act.at,
        call,
        customer,
        customer_name,
        number,
        due_at,
        agent,
        state: CallbackState::Planned,
        list: None,
        lead: None,
        expires_at: due_at.max(act.at) + USEFUL_FOR,
        note,
        ended_at: None,
    };
    Ok(work(callback, "promised", act.at))
}

/// Its time has come; it was laid into a list as a lead, where the floor has one for such calls.
pub fn due(it: &Callback, laid: Option<(ListId, LeadId)>, at: Civil) -> Result<Work, Refusal> {
    if it.state != CallbackState::Planned {
        return Err(refused(it, "due", "it has been due before"));
    }
    let (list, lead) = laid.unzip();
    let it = Callback { state: CallbackState::Due, list, lead, ..it.clone() };
    Ok(work(next(it), "due", at))
}

/// Somebody dials it: an attempt at its lead, or an agent by hand. Again: nothing more.
pub fn attempted(it: &Callback, at: Civil) -> Result<Work, Refusal> {
    match it.state {
        CallbackState::Attempting => Ok(Work::default()),
        CallbackState::Planned | CallbackState::Due => {
            let it = Callback { state: CallbackState::Attempting, ..it.clone() };
            Ok(work(next(it), "attempting", at))
        }
        CallbackState::Done | CallbackState::Expired | CallbackState::Canceled => {
            Err(refused(it, "dialed", "promise another"))
        }
    }
}

/// The customer was reached. Again: nothing more.
pub fn done(it: &Callback, at: Civil) -> Result<Work, Refusal> {
    match it.state {
        CallbackState::Done => Ok(Work::default()),
        CallbackState::Planned | CallbackState::Due | CallbackState::Attempting => {
            Ok(end(it, CallbackState::Done, "done", at))
        }
        // Who was reached nevertheless was reached.
        CallbackState::Expired => Ok(end(it, CallbackState::Done, "done", at)),
        CallbackState::Canceled => Err(refused(it, "done", "it was canceled: promise another")),
    }
}

/// Its time is over. While it is being dialed it is given some more.
pub fn expire(it: &Callback, dialing: bool, at: Civil) -> Result<Work, Refusal> {
    if it.state.is_over() {
        return Err(refused(it, "expired", "it has ended before"));
    }
    if dialing {
        let it = Callback { expires_at: at + GRACE, ..it.clone() };
        return Ok(Work { records: vec![Record::Callback(Box::new(next(it)))], ..Work::default() });
    }
    Ok(end(it, CallbackState::Expired, "expired", at))
}

/// It need not be.
pub fn cancel(it: &Callback, act: &Act) -> Result<Work, Refusal> {
    match it.state {
        CallbackState::Planned | CallbackState::Due | CallbackState::Attempting => {
            Ok(end(it, CallbackState::Canceled, "canceled", act.at))
        }
        CallbackState::Done | CallbackState::Expired | CallbackState::Canceled => {
            Err(refused(it, "canceled", "it has ended before"))
        }
    }
}

fn end(it: &Callback, state: CallbackState, verb: &str, at: Civil) -> Work {
    work(next(Callback { state, ended_at: Some(at), ..it.clone() }), verb, at)
}

fn next(it: Callback) -> Callback {
    Callback { version: it.version + 1, ..it }
}

fn refused(it: &Callback, verb: &'static str, remedy: &'static str) -> Refusal {
    Refusal::State { kind: RecordKind::Callback, state: it.state.as_str(), verb, remedy }
}

/// The record, and the event that tells it.
fn work(it: Callback, verb: &str, at: Civil) -> Work {
    let event = NewEvent {
        id: format!("callback-{}-{}", it.id, it.version),
        kind: format!("timbre.callback.{verb}.v1"),
        subject: format!("callbacks/{}", it.id),
        client: Some(it.client.clone()),
        at,
        data: json!({
            "callback": it.id, "state": it.state, "why": it.why, "due_at": it.due_at, "agent": it.agent,
            "call": it.call, "lead": it.lead, "customer": it.customer,
        }),
    };
    Work { records: vec![Record::Callback(Box::new(it))], events: vec![event], ..Work::default() }
}

#[cfg(test)]
mod tests;
