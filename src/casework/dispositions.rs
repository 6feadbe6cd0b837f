//! What dispositions bring about once their wrap-up ended: sales, complaints, promised calls, outcomes of follow-ups.
//!
//! What they mean for the lead and for who is not called again, the engine has done by then.

mod sold;

use std::sync::Arc;

use futures::FutureExt as _;
use timbre_casework::callback::{self, NewCallback};
use timbre_casework::case::{Amendment, Taking};
use timbre_casework::{
    Act, By, CallbackId, CallbackWhy, CaseId, CaseKey, CaseKind, Channel, CustomerId, Record,
    RecordKind, Work,
};
use timbre_model::{
    CallId, CallRecord, ClientId, DispositionSpec, Effect, FloorSpec, Lead, PhoneNumber, TenantId,
};
use timbre_store::{PageRequest, RecordFilter, StoredEvent};

use super::reactor::Reader;
use super::{Desk, Done, Fault, cases, chance, follow_ups, new_id};

/// Does what dispositions bring about.
pub const READER: Reader = Reader {
    place: "dispositions",
    types: &["timbre.call.wrapped_up."],
    react: |desk, tenant, event| react(desk, tenant, event).boxed(),
};

/// What tells a record that a disposition brought from its call, so that it is made once.
const BROUGHT: u128 = 0x6469_7370 << 96;

/// A conversation that was classified.
pub(super) struct Conversation {
    pub(super) floor: Arc<FloorSpec>,
    pub(super) call: CallRecord,
    pub(super) client: ClientId,
    pub(super) lead: Option<Lead>,
    pub(super) number: Option<PhoneNumber>,
    pub(super) customer: Option<CustomerId>,
    pub(super) name: String,
    pub(super) act: Act,
}

async fn react(desk: &Desk, tenant: &TenantId, event: &StoredEvent) -> Result<Done, Fault> {
    let id = event.event.subject.strip_prefix("calls/").and_then(CallId::parse);
    let Some(id) = id else { return Ok(Done::default()) };
    let Some(call) = desk.store.call(tenant, id).await? else { return Ok(Done::default()) };
    let Some(floor) = desk.feed.floor(tenant) else { return Ok(Done::default()) };
    let Some(spec) = chosen(&floor, &call) else { return Ok(Done::default()) };
    if !spec.effects.iter().any(concerns) {
        return Ok(Done::default());
    }
    let at = call.wrapped_up_at.unwrap_or(event.event.at);
    let Some(it) = conversation(desk, floor, call, at).await? else { return Ok(Done::default()) };
    let mut work = Work::default();
    for effect in &spec.effects {
        work.join(bring(desk, &it, &spec, effect).await?);
    }
    Ok(work.into())
}

/// The disposition that an agent gave, as the floor now has it.
fn chosen(floor: &FloorSpec, call: &CallRecord) -> Option<DispositionSpec> {
    let given = call.disposition.as_ref().filter(|it| !it.automatic)?;
    let campaign = call.outbound.as_ref().map(|it| &it.campaign);
    let spec = floor.disposition(&given.code, call.queue.as_ref(), campaign)?;
    Some(spec.into_owned())
}

/// Whether there is anything to do about it here.
fn concerns(effect: &Effect) -> bool {
    match effect {
        Effect::Sale { .. } | Effect::Complaint | Effect::Callback | Effect::FollowUp(_) => true,
        Effect::Final
        | Effect::Retry { .. }
        | Effect::DoNotCall { .. }
        | Effect::Refused
        | Effect::WrongNumber
        | Effect::Deceased => false,
    }
}

async fn bring(
    desk: &Desk,
    it: &Conversation,
    spec: &DispositionSpec,
    effect: &Effect,
) -> Result<Work, Fault> {
    match effect {
        Effect::Sale { policy } => sold::sold(desk, it, policy).await,
        Effect::Complaint => complaint(desk, it, spec).await,
        // The lead of an outbound call waits for its callback by itself.
        Effect::Callback if it.call.outbound.is_none() => promised(desk, it).await,
        Effect::FollowUp(outcome) => follow_ups::told(desk, it, *outcome).await,
        _ => Ok(Work::default()),
    }
}

/// What is known of a conversation; `None` where it has no client company.
async fn conversation(
    desk: &Desk,
    floor: Arc<FloorSpec>,
    call: CallRecord,
    at: timbre_model::Civil,
) -> Result<Option<Conversation>, Fault> {
    let Some(client) = call.client.clone() else { return Ok(None) };
    let lead = match call.outbound.as_ref().and_then(|it| it.lead) {
        Some(lead) => desk.store.lead(&call.tenant, lead).await?,
        None => None,
    };
    let number = match &call.outbound {
        Some(_) => desk.store.attempt(&call.tenant, call.id).await?.map(|it| it.number),
        None => call.caller.number().cloned(),
    };
    let known = match &number {
        Some(number) => {
            let clients = std::slice::from_ref(&client);
            desk.store.screen_pop(&call.tenant, clients, number, 0).await?.customers
        }
        None => Vec::new(),
    };
    // Of several who share the number it is the one whose name the lead has.
    let lead_name = lead.as_ref().map(|it| it.person.name.clone()).unwrap_or_default();
    let customer = match known.as_slice() {
        [one] => Some(&one.customer),
        several => several.iter().map(|it| &it.customer).find(|it| it.name == lead_name),
    };
    let name = customer.map(|it| it.name.clone()).filter(|it| !it.is_empty());
    let by = call.agent.clone().map_or(By::System, By::Agent);
    Ok(Some(Conversation {
        customer: customer.map(|it| it.id),
        name: if lead_name.is_empty() { name.unwrap_or_default() } else { lead_name },
        act: Act { at, by },
        floor,
        call,
        client,
        lead,
        number,
    }))
}

impl Conversation {
    /// What the agent wrote into a field.
    pub(super) fn field(&self, id: &str) -> &str {
        let given = self.call.disposition.as_ref();
        given.and_then(|it| it.fields.get(id)).map_or("", |it| it.trim())
    }

    fn brought(&self) -> u128 {
        self.call.id.as_u128() ^ BROUGHT
    }

    /// A complaint of this conversation.
    pub(super) async fn complaint(
        &self,
        desk: &Desk,
        id: CaseId,
        statement: String,
        more: Amendment,
    ) -> Result<Taking, Fault> {
        let nameless = || self.number.as_ref().map_or("?", PhoneNumber::expose).to_owned();
        let name = Some(self.name.clone()).filter(|it| !it.trim().is_empty());
        let customer = more.customer.or(self.customer);
        let mut taking = Taking {
            id,
            key: CaseKey::from_chance(chance()),
            tenant: self.call.tenant.clone(),
            client: self.client.clone(),
            kind: CaseKind::Complaint,
            channel: Channel::Phone,
            received_at: None,
            call: Some(self.call.id),
            queue: self.call.queue.clone(),
            customer_name: name.unwrap_or_else(nameless),
            language: "es".to_owned(),
            statement,
            follow_up: None,
            more: Amendment { customer, number: self.number.clone(), ..more },
            checklist: Vec::new(),
        };
        cases::of_call(desk, &self.floor, &mut taking, &self.call).await?;
        Ok(taking)
    }
}

/// The case of a complaint, where the agent has taken none in the call.
async fn complaint(desk: &Desk, it: &Conversation, spec: &DispositionSpec) -> Result<Work, Fault> {
    if taken(desk, it).await? {
        return Ok(Work::default());
    }
    let statement = match it.field("statement") {
        "" => spec.name.clone(),
        text => text.to_owned(),
    };
    let id = CaseId::from_u128(it.brought());
    let taking = it.complaint(desk, id, statement, Amendment::default()).await?;
    cases::take(&it.floor, taking, &it.act)
}

async fn taken(desk: &Desk, it: &Conversation) -> Result<bool, Fault> {
    let filter = RecordFilter {
        clients: Some(vec![it.client.clone()]),
        from: Some(it.call.arrived_at),
        ..RecordFilter::of(RecordKind::Case)
    };
    let mut page = PageRequest { size: PageRequest::SIZE_MAX, after: None };
    loop {
        let found = desk.store.records(&it.call.tenant, &filter, &page).await?;
        let ours = |record: &Record| match record {
            Record::Case(case) => case.call == Some(it.call.id),
            _ => false,
        };
        if found.records.iter().any(ours) {
            return Ok(true);
        }
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(false),
        }
    }
}

/// The call that was promised to somebody who called.
async fn promised(desk: &Desk, it: &Conversation) -> Result<Work, Fault> {
    let id = CallbackId::from_u128(it.brought());
    let given = it.call.disposition.as_ref().map(|it| &it.fields);
    let Some((due_at, personal)) = given.and_then(DispositionSpec::callback) else {
        return Ok(Work::default());
    };
    let Some(number) = it.number.clone() else {
        tracing::warn!(tenant = %it.call.tenant, call = %it.call.id, "a call was promised to a number that is withheld");
        return Ok(Work::default());
    };
    if desk.store.callback(&it.call.tenant, id).await?.is_some() {
        return Ok(Work::default());
    }
    let new = NewCallback {
        tenant: it.call.tenant.clone(),
        client: it.client.clone(),
        why: CallbackWhy::Promised,
        call: Some(it.call.id),
        customer: it.customer,
        customer_name: it.name.clone(),
        number,
        due_at,
        agent: it.call.agent.clone().filter(|_| personal),
        note: it.field("note").to_owned(),
    };
    Ok(callback::promise(id, new, &it.act)?)
}

/// An id for the case of an incident.
pub(super) fn new_case() -> CaseId {
    CaseId::from_u128(new_id())
}
