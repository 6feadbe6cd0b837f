//! Cases at work: by which rules, for whom, and what time brings about.

use std::sync::Arc;

use timbre_casework::case::{self, CaseRules, Letter, NewTask, Taking, Woken};
use timbre_casework::{Act, Case, CaseId, CaseKey, Party, Record, Terms, Work};
use timbre_model::{
    AgentId, CallRecord, Civil, ClientId, FieldError, FloorSpec, Language, PhoneNumber, Slug,
    TenantId,
};
use timbre_store::{Mail, StoreError};

use super::calendar::Calendar;
use super::{Desk, Done, Fault};

/// The rules of a floor for one case.
pub struct Rulebook {
    floor: Arc<FloorSpec>,
    calendar: Calendar,
}

impl Rulebook {
    /// For a case whose customer has this number.
    pub fn of(floor: Arc<FloorSpec>, number: Option<&PhoneNumber>) -> Self {
        let calendar = Calendar::of(&floor.casework, number);
        Self { floor, calendar }
    }

    /// The floor.
    pub fn floor(&self) -> &FloorSpec {
        &self.floor
    }

    /// As the workflows want them.
    pub fn rules(&self) -> CaseRules<'_> {
        CaseRules {
            spec: &self.floor.casework,
            terms: Terms::shipped(),
            country: self.calendar.country(),
            days: &self.calendar,
        }
    }
}

/// Takes a case down by the rules of its floor. For those who take one because of something else: a disposition, an incident.
pub fn take(floor: &Arc<FloorSpec>, taking: Taking, act: &Act) -> Result<Work, Fault> {
    client_exists(floor, &taking.client)?;
    department_exists(floor, taking.more.department.as_ref())?;
    let rulebook = Rulebook::of(floor.clone(), taking.more.number.as_ref());
    Ok(case::take(taking, act, &rulebook.rules())?)
}

/// The case that a piece of work leaves.
pub fn left_by(work: &Work) -> Option<&Case> {
    work.records.iter().find_map(|record| match record {
        Record::Case(case) => Some(case.as_ref()),
        _ => None,
    })
}

/// How a case is named: by its id or by the key that its customer was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseName {
    /// Its id.
    Id(CaseId),
    /// Its key.
    Key(CaseKey),
}

impl CaseName {
    /// Reads 32 hexadecimal digits or a key.
    pub fn parse(text: &str) -> Option<Self> {
        CaseId::parse(text).map(Self::Id).or_else(|| CaseKey::parse(text).map(Self::Key))
    }
}

impl std::fmt::Display for CaseName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => write!(f, "cases/{id}"),
            Self::Key(key) => write!(f, "cases/{}", key.digits()),
        }
    }
}

/// The case of that name, as it now stands.
pub async fn read(desk: &Desk, tenant: &TenantId, name: CaseName) -> Result<Case, Fault> {
    let found = match name {
        CaseName::Id(id) => desk.store.case(tenant, id).await?,
        CaseName::Key(key) => desk.store.case_by_key(tenant, key).await?,
    };
    found.ok_or_else(|| Fault::Unknown(name.to_string()))
}

/// What is due of a case by now: warnings, its lapse, escalations.
pub async fn wake(desk: &Desk, tenant: &TenantId, id: u128, now: Civil) -> Result<Done, Fault> {
    let Some(case) = desk.store.case(tenant, CaseId::from_u128(id)).await? else {
        return Ok(Done::default());
    };
    let rulebook = Rulebook::of(desk.floor(tenant)?, case.number.as_ref());
    let Some(Woken { work, letters }) = case::wake(&case, now, &rulebook.rules()) else {
        return Ok(Done::default());
    };
    let sends = rulebook.floor().casework.mail.is_some();
    let mails = letters.into_iter().filter(|_| sends).map(|it| mail(it, now)).collect();
    Ok(Done { work, mails, ..Done::default() })
}

/// The receipt of a case, where it is given by mail and the floor sends mail.
pub fn receipt_mail(case: &Case, rulebook: &Rulebook, now: Civil) -> Option<Mail> {
    let receipt = case.receipt.as_ref()?;
    let by_mail = receipt.channel == timbre_casework::Channel::Mail;
    let sends = rulebook.floor().casework.mail.is_some();
    (by_mail && sends).then(|| mail(Letter::receipt(case, &receipt.to, &rulebook.rules()), now))
}

/// The client company exists.
pub fn client_exists(floor: &FloorSpec, client: &ClientId) -> Result<(), FieldError> {
    if floor.clients.iter().any(|it| it.id == *client) {
        return Ok(());
    }
    Err(FieldError::new("client", client, "name a client company of the floor"))
}

/// The department exists, where one is named.
pub fn department_exists(floor: &FloorSpec, department: Option<&Slug>) -> Result<(), FieldError> {
    match department {
        Some(it) if floor.casework.departments.iter().all(|known| known.id != *it) => {
            Err(FieldError::new("department", it, "name a department of the floor's casework"))
        }
        _ => Ok(()),
    }
}

/// The agent exists and works for the client company: a case must not go where it cannot be seen.
pub fn may_own(floor: &FloorSpec, agent: &AgentId, client: &ClientId) -> Result<(), FieldError> {
    if floor.clients_of(agent).contains(client) {
        return Ok(());
    }
    let remedy = format!("name an agent of the floor who works for the client company {client}");
    Err(FieldError::new("owner", agent, remedy))
}

/// Those who are to do something exist.
pub fn tasks_for(
    floor: &FloorSpec,
    tasks: &[NewTask],
    client: &ClientId,
) -> Result<(), FieldError> {
    for task in tasks {
        match &task.who {
            Party::Agent(agent) => may_own(floor, agent, client)
                .map_err(|fault| FieldError { field: "tasks.who".to_owned(), ..fault })?,
            Party::Department(it) => department_exists(floor, Some(it))
                .map_err(|fault| FieldError { field: "tasks.who".to_owned(), ..fault })?,
            Party::Customer => {}
        }
    }
    Ok(())
}

/// What a call says of a case that is taken in it: client company, queue, number, language, and the customer, where one
/// person of the client company has that number.
pub async fn of_call(
    desk: &Desk,
    floor: &FloorSpec,
    taking: &mut Taking,
    call: &CallRecord,
) -> Result<(), StoreError> {
    let number = match (&call.outbound, call.caller.number()) {
        (Some(_), _) => PhoneNumber::parse(&call.dialed).ok(),
        (None, number) => number.cloned(),
    };
    taking.call = Some(call.id);
    taking.queue.clone_from(&call.queue);
    if let Some(number) = &number
        && taking.more.customer.is_none()
    {
        taking.more.customer = only_customer(desk, taking, number).await?;
    }
    taking.more.number = taking.more.number.take().or(number);
    let queue = floor.queues.iter().find(|it| Some(&it.id) == call.queue.as_ref());
    if let Some(queue) = queue {
        taking.language = tongue(queue.announcements.language).to_owned();
    }
    Ok(())
}

async fn only_customer(
    desk: &Desk,
    taking: &Taking,
    number: &PhoneNumber,
) -> Result<Option<timbre_casework::CustomerId>, StoreError> {
    let clients = std::slice::from_ref(&taking.client);
    let known = desk.store.screen_pop(&taking.tenant, clients, number, 0).await?;
    match known.customers.as_slice() {
        [one] => Ok(Some(one.customer.id)),
        _ => Ok(None),
    }
}

/// A letter as the store queues it.
fn mail(letter: Letter, at: Civil) -> Mail {
    let Letter { id, to, subject, text } = letter;
    Mail { id, to, subject, body: text, at }
}

/// The language tag of prompts (BCP 47).
const fn tongue(language: Language) -> &'static str {
    match language {
        Language::Es => "es",
        Language::En => "en",
    }
}

#[cfg(test)]
mod tests;
