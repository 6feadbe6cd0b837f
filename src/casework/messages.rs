//! Messages: taken, passed on, delivered to streams and as mail, answered.

use timbre_casework::message::{self, NewMessage};
use timbre_casework::{
    Act, By, CallbackId, Delivery, Message, MessageId, MessageState, Recipient, Record, Work,
};
use timbre_model::{AgentId, AgentRef, DepartmentSpec, FieldError, FloorSpec, TenantId};
use timbre_store::Mail;

use super::{Answer, Asked, Desk, Done, Fault, Scope};

/// Ids of what a message may bring, so that a try that is begun again brings the same.
pub type Ids = (MessageId, CallbackId);

/// New ones.
pub fn new_ids() -> Ids {
    (MessageId::from_u128(super::new_id()), CallbackId::from_u128(super::new_id()))
}

/// Nothing but that it was kept.
pub(super) struct Kept;

impl Answer for Kept {
    fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }

    fn from_bytes(_: &[u8]) -> Option<Self> {
        Some(Self)
    }
}

/// Takes a message down, and queues its mail.
pub fn take(desk: &Desk, ids: Ids, new: &NewMessage, by: By) -> Result<(Done, Message), Fault> {
    let floor = desk.floor(&new.tenant)?;
    if matches!(new.recipient, Recipient::Mail(_)) && floor.casework.mail.is_none() {
        let remedy = "the floor sends no mail: give it casework.mail, or name an agent";
        return Err(FieldError::new("recipient", "", remedy).into());
    }
    let act = Act { at: super::now(), by };
    passed_on(message::take(ids, new.clone(), &floor, &act)?, &floor, &act)
}

/// A supervisor decides on a message without a name; where it is passed on, its mail is queued.
pub fn decide(
    desk: &Desk,
    it: &Message,
    (pass_on, note): (bool, &str),
    callback: CallbackId,
    by: By,
) -> Result<(Done, Message), Fault> {
    let floor = desk.floor(&it.tenant)?;
    let act = Act { at: super::now(), by };
    let work = message::decide(it, pass_on, note.to_owned(), callback, &act)?;
    passed_on(work, &floor, &act)
}

/// The recipient did what it asks.
pub fn answer(it: &Message, said: &str, by: By) -> Result<(Done, Message), Fault> {
    let act = Act { at: super::now(), by };
    let work = message::answer(it, said.to_owned(), &act)?;
    let message = of(&work).unwrap_or_else(|| it.clone());
    Ok((work.into(), message))
}

/// A message that may be passed on is delivered as soon as its mail is queued.
fn passed_on(mut work: Work, floor: &FloorSpec, act: &Act) -> Result<(Done, Message), Fault> {
    let unkept = || Fault::Unknown("the message".to_owned());
    let mut message = of(&work).ok_or_else(unkept)?;
    let mailed = message.state == MessageState::Taken && floor.casework.mail.is_some();
    let letter = if mailed { message::mail(&message, floor) } else { None };
    let Some(letter) = letter else { return Ok((work.into(), message)) };
    let delivered = message::deliver(&message, Delivery::Mail, act.at)?;
    message = of(&delivered).unwrap_or(message);
    work.records.extend(delivered.records);
    work.events.extend(delivered.events);
    let id = format!("message-{}", message.id);
    let mail = Mail { id, to: letter.to, subject: letter.subject, body: letter.text, at: act.at };
    Ok((Done { work, mails: vec![mail], ..Done::default() }, message))
}

/// The message of a piece of work.
fn of(work: &Work) -> Option<Message> {
    work.records.iter().find_map(|it| match it {
        Record::Message(it) => Some((**it).clone()),
        _ => None,
    })
}

/// Whether somebody may answer a message: its recipient, and whoever stands above agents.
pub fn may_answer(it: &Message, floor: &FloorSpec, agent: Option<&AgentId>) -> bool {
    let Some(agent) = agent else { return true };
    is_for(it, floor, agent)
}

/// Whether a message is for an agent: by name, or as one of its department.
pub fn is_for(it: &Message, floor: &FloorSpec, agent: &AgentId) -> bool {
    match &it.recipient {
        Recipient::Agent(recipient) => recipient == agent,
        Recipient::Department(department) => {
            let of_it = |it: &&DepartmentSpec| it.id == *department;
            floor
                .casework
                .departments
                .iter()
                .find(of_it)
                .is_some_and(|it| it.agents.contains(agent))
        }
        Recipient::Mail(_) => false,
    }
}

impl Desk {
    /// A message that somebody may see.
    pub async fn message(
        &self,
        tenant: &TenantId,
        id: MessageId,
        scope: &Scope,
    ) -> Result<Message, Fault> {
        let unknown = || Fault::Unknown(format!("the message {id}"));
        let found = self.store.message(tenant, id).await?.ok_or_else(unknown)?;
        scope.check(&found.client)?;
        Ok(found)
    }

    /// A stream took a message: it is delivered, where it was not before.
    pub async fn message_delivered(&self, tenant: &TenantId, id: MessageId) -> Result<(), Fault> {
        let deliver = async || {
            let Some(it) = self.store.message(tenant, id).await? else {
                return Ok(Done::default());
            };
            Ok(message::deliver(&it, Delivery::Stream, super::now())?.into())
        };
        self.change_unasked(tenant, None, deliver).await.map(drop)
    }

    /// The recipient of a message did what it asks.
    pub async fn answer_message(
        &self,
        who: &AgentRef,
        (id, said): (MessageId, &str),
        request_id: &str,
    ) -> Result<(), Fault> {
        let scope = self.scope(&who.tenant, Some(&who.agent))?;
        let floor = self.floor(&who.tenant)?;
        let asked = Asked { tenant: &who.tenant, method: "AnswerMessage", request_id };
        let answer = async || {
            let it = self.message(&who.tenant, id, &scope).await?;
            if !is_for(&it, &floor, &who.agent) {
                return Err(Fault::Unknown(format!("the message {id}")));
            }
            let by = By::Agent(who.agent.clone());
            let (done, _) = answer(&it, said, by)?;
            Ok((done, Kept))
        };
        self.change(asked, answer).await.map(drop)
    }
}
