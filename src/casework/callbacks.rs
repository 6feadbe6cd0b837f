//! Callbacks at work: laid into their list when they fall due, and what came of their attempts.

mod lost;

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt as _;
use timbre_casework::{
    Act, By, Callback, CallbackId, CallbackState, CallbackWhy, Record, RecordKind, Work, callback,
};
use timbre_model::{
    AgentId, AgentRef, AttemptRecord, CallId, CampaignId, CampaignSpec, Civil, Consent,
    ConsentBasis, DuplicatePolicy, FieldError, FloorSpec, LeadId, LeadRole, LeadState, ListId,
    ListSpec, NewLead, Party, PhoneNumber, Slug, TenantId,
};
use timbre_store::{PageRequest, RecordFilter, StoredEvent};

use super::reactor::Reader;
use super::{Desk, Done, Fault, Scope};
use crate::leads::place;

/// Learns what came of callbacks, and makes those that lost calls are owed.
pub const READER: Reader = Reader {
    place: "callbacks",
    types: &["timbre.attempt.", "timbre.call.ended."],
    react: |desk, tenant, event| react(desk, tenant, event).boxed(),
};

/// The attribute of a lead that names its callback.
const ATTRIBUTE: &str = "callback";

/// Open callbacks with one number that are looked through.
const SAME_NUMBER_MAX: u32 = 20;

/// What becomes of a callback whose time has come: it is laid into the floor's list, or it expires.
pub async fn wake(desk: &Desk, tenant: &TenantId, id: u128, now: Civil) -> Result<Done, Fault> {
    let Some(it) = desk.store.callback(tenant, CallbackId::from_u128(id)).await? else {
        return Ok(Done::default());
    };
    match it.state {
        CallbackState::Planned if it.due_at <= now => {
            let laid = lay(desk, &it, now).await?;
            Ok(callback::due(&it, laid, now)?.into())
        }
        CallbackState::Due | CallbackState::Attempting if it.expires_at <= now => {
            let taken_out = take_out(desk, &it, "expired").await?;
            Ok(callback::expire(&it, !taken_out, now)?.into())
        }
        CallbackState::Planned
        | CallbackState::Due
        | CallbackState::Attempting
        | CallbackState::Done
        | CallbackState::Expired
        | CallbackState::Canceled => Ok(Done::default()),
    }
}

/// Lays a callback into the floor's list, where a campaign of its client company calls that one. Nobody is called on behalf
/// of another company.
async fn lay(desk: &Desk, it: &Callback, now: Civil) -> Result<Option<(ListId, LeadId)>, Fault> {
    let Some(floor) = desk.feed.floor(&it.tenant) else { return Ok(None) };
    let Some(list) = list_for(&floor, it) else { return Ok(None) };
    // A number is called back however many lists have it.
    let list = ListSpec { duplicates: DuplicatePolicy::Allow, ..list.clone() };
    let name = format!("callbacks/{}", it.id);
    let known = |agent: &&AgentId| floor.agents.iter().any(|it| it.id == **agent);
    let agent = it.agent.as_ref().filter(known).cloned();
    let state = LeadState::Callback { at: it.due_at, agent };
    let lead = lead(desk, it).await?;
    match desk.store.lay_lead(&it.tenant, &list, &name, lead, (state, now)).await? {
        Ok(lead) => Ok(Some((list.id, lead))),
        Err(fault) => {
            tracing::warn!(tenant = %it.tenant, callback = %it.id, ?fault, "a callback cannot be a lead");
            Ok(None)
        }
    }
}

fn list_for<'a>(floor: &'a FloorSpec, it: &Callback) -> Option<&'a ListSpec> {
    let list = floor.casework.callbacks.as_ref()?;
    let calls = floor.campaigns.iter().any(|campaign| {
        campaign.client == it.client && campaign.lists.iter().any(|of| of.list == *list)
    });
    floor.lists.iter().find(|it| it.id == *list).filter(|_| calls)
}

/// The customer as a lead. On what ground they may be called: what the lost attempt rested on, or that they asked for it.
async fn lead(desk: &Desk, it: &Callback) -> Result<NewLead, Fault> {
    let asked = Consent { basis: ConsentBasis::Requested, given_at: it.made_at };
    let former = match (it.why, it.call) {
        (CallbackWhy::CallLost, Some(call)) => desk.store.attempt(&it.tenant, call).await?,
        (CallbackWhy::CallLost | CallbackWhy::Promised, _) => None,
    };
    let consent = former.as_ref().map_or(Some(asked), |it| it.consent.clone());
    let mut attributes = BTreeMap::from([(ATTRIBUTE.to_owned(), it.id.to_string())]);
    if !it.note.is_empty() {
        attributes.insert("note".to_owned(), it.note.clone());
    }
    Ok(NewLead {
        numbers: vec![place::located(&it.number)],
        name: it.customer_name.clone(),
        person: former.and_then(|it| it.person),
        role: LeadRole::Unknown,
        party: Party::Consumer,
        consent,
        tags: BTreeSet::new(),
        attributes,
    })
}

/// Takes the lead of a callback out of the calling. `false`: it is being called.
async fn take_out(desk: &Desk, it: &Callback, why: &str) -> Result<bool, Fault> {
    let Some(lead) = it.lead else { return Ok(true) };
    let why = Slug::parse(why).expect("a slug by its letters");
    Ok(desk.store.finish_lead(&it.tenant, lead, &why).await?)
}

/// What an event says of callbacks.
async fn react(desk: &Desk, tenant: &TenantId, event: &StoredEvent) -> Result<Done, Fault> {
    let Some((_, id)) = event.event.subject.split_once('/') else { return Ok(Done::default()) };
    let Some(call) = CallId::parse(id) else { return Ok(Done::default()) };
    if event.event.kind.starts_with("timbre.call.") {
        return lost::owed(desk, tenant, call, event.event.at).await;
    }
    let Some(attempt) = desk.store.attempt(tenant, call).await? else {
        return Ok(Done::default());
    };
    let Some(callback) = of_attempt(desk, &attempt).await? else { return Ok(Done::default()) };
    let at = event.event.at;
    let ended = event.event.kind.starts_with("timbre.attempt.ended.");
    let reached = ended && attempt.connected_at.is_some();
    let work = match reached {
        true => callback::done(&callback, at),
        false => callback::attempted(&callback, at),
    };
    // One that was canceled or expired meanwhile is over.
    Ok(work.unwrap_or_default().into())
}

/// The callback that an attempt is of: by its lead, or by the number that its agent had called.
async fn of_attempt(desk: &Desk, attempt: &AttemptRecord) -> Result<Option<Callback>, Fault> {
    let tenant = &attempt.tenant;
    if let Some(lead) = attempt.lead {
        let Some(lead) = desk.store.lead(tenant, lead).await? else { return Ok(None) };
        let id = lead.person.attributes.get(ATTRIBUTE).and_then(|it| CallbackId::parse(it));
        let Some(id) = id else { return Ok(None) };
        return Ok(desk.store.callback(tenant, id).await?.filter(|it| it.lead == Some(lead.id)));
    }
    let filter = RecordFilter {
        number: Some(attempt.number.clone()),
        open: Some(true),
        clients: Some(vec![attempt.client.clone()]),
        ..RecordFilter::of(RecordKind::Callback)
    };
    let page = PageRequest { size: SAME_NUMBER_MAX, after: None };
    let found = desk.store.records(tenant, &filter, &page).await?.records;
    let callbacks = found.into_iter().filter_map(|it| match it {
        Record::Callback(it) => Some(*it),
        _ => None,
    });
    let theirs = |it: &Callback| it.agent.is_none() || it.agent == attempt.agent;
    let due = |it: &Callback| it.state != CallbackState::Planned;
    Ok(callbacks.filter(|it| theirs(it) && due(it)).min_by_key(|it| it.due_at))
}

/// How a callback is dialed by hand, now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// For which campaign.
    pub campaign: CampaignId,
    /// Whom.
    pub number: PhoneNumber,
}

impl Desk {
    /// A callback that somebody may see.
    pub async fn callback(
        &self,
        tenant: &TenantId,
        id: CallbackId,
        scope: &Scope,
    ) -> Result<Callback, Fault> {
        let unknown = || Fault::Unknown(format!("the callback {id}"));
        let found = self.store.callback(tenant, id).await?.ok_or_else(unknown)?;
        scope.check(&found.client)?;
        Ok(found)
    }

    /// Takes a callback out of its list, so that its agent may dial it now. What then is dialed goes through the gate as any
    /// other number does.
    pub async fn dial_by_hand(&self, who: &AgentRef, id: CallbackId) -> Result<ByHand, Fault> {
        let scope = self.scope(&who.tenant, Some(&who.agent))?;
        let it = self.callback(&who.tenant, id, &scope).await?;
        let fault =
            |remedy: &str| Fault::from(FieldError::new("dial_callback.callback", id, remedy));
        if it.agent.as_ref().is_some_and(|it| *it != who.agent) {
            return Err(fault("it is another agent's: dial one of your own, or of nobody's"));
        }
        if it.state.is_over() {
            return Err(fault("it has ended: look at the agenda"));
        }
        let former = match it.call {
            Some(call) => self.store.call(&who.tenant, call).await?.and_then(|it| it.outbound),
            None => None,
        };
        let floor = self.floor(&who.tenant)?;
        let campaign = campaign_for(&floor, &it, former.map(|it| it.campaign));
        let none = "no campaign of the client company calls the floor's casework.callbacks";
        let campaign = campaign.ok_or_else(|| fault(none))?;
        if !take_out(self, &it, "by-hand").await? {
            return Err(fault("it is being called at this moment: wait for the call"));
        }
        Ok(ByHand { campaign, number: it.number })
    }

    /// Cancels a callback; its lead is not called any more.
    pub async fn cancel(&self, it: &Callback, by: By) -> Result<(Done, Callback), Fault> {
        let act = Act { at: super::now(), by };
        let work = callback::cancel(it, &act)?;
        if !take_out(self, it, "canceled").await? {
            let remedy = "it is being called at this moment: wait for the call";
            return Err(FieldError::new("name", it.id, remedy).into());
        }
        let kept = of(&work).unwrap_or_else(|| it.clone());
        Ok((work.into(), kept))
    }
}

/// The callback of a piece of work.
pub fn of(work: &Work) -> Option<Callback> {
    work.records.iter().find_map(|it| match it {
        Record::Callback(it) => Some((**it).clone()),
        _ => None,
    })
}

/// The campaign that a callback is dialed for by hand: that of the lost call, or one of its client company that calls the
/// list of callbacks.
fn campaign_for(
    floor: &FloorSpec,
    it: &Callback,
    former: Option<CampaignId>,
) -> Option<CampaignId> {
    let former = former.filter(|id| floor.campaigns.iter().any(|it| it.id == *id));
    former.or_else(|| {
        let list = list_for(floor, it)?;
        let calls = |campaign: &&CampaignSpec| {
            campaign.client == it.client && campaign.lists.iter().any(|of| of.list == list.id)
        };
        floor.campaigns.iter().find(calls).map(|it| it.id.clone())
    })
}
