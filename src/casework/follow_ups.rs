//! Follow-ups at work: laid into their list when they fall due, tried, and ended by what the customer says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::FutureExt as _;
use timbre_casework::case::{Amendment, Taking};
use timbre_casework::follow_up::{self, Findings};
use timbre_casework::sale::{self, Check, NewSale};
use timbre_casework::{
    Act, CaseKey, CaseKind, Channel, FollowUp, FollowUpId, FollowUpState, Record, Sale, SaleId,
    Work,
};
use timbre_model::{
    CallId, Civil, Consent, ConsentBasis, DuplicatePolicy, FieldError, FloorSpec, FollowUpOutcome,
    FollowUpPolicy, Lead, LeadId, LeadRole, LeadState, ListSpec, NewLead, Party, Slug, TenantId,
};
use timbre_store::StoredEvent;

use super::dispositions::{Conversation, new_case};
use super::reactor::Reader;
use super::{Desk, Done, Fault, Scope, cases, chance, new_id};
use crate::leads::place;

/// Learns what came of follow-ups' attempts. It reads what was classified after those who act on dispositions.
pub const READER: Reader = Reader {
    place: "follow-ups",
    types: &["timbre.attempt.", "timbre.call.wrapped_up."],
    react: |desk, tenant, event| react(desk, tenant, event).boxed(),
};

/// The attributes of a lead that name its follow-up and its sale.
const FOLLOW_UP: &str = "follow_up";
const SALE: &str = "sale";

/// The policy of that id.
pub fn policy<'a>(floor: &'a FloorSpec, id: &Slug) -> Result<&'a FollowUpPolicy, FieldError> {
    let found = floor.casework.follow_ups.iter().find(|it| it.id == *id);
    let remedy = "name one of the floor's casework.follow_ups";
    found.ok_or_else(|| FieldError::new("policy", id, remedy))
}

/// What becomes of a follow-up whose time has come: it is laid into its list.
pub async fn wake(desk: &Desk, tenant: &TenantId, id: u128, now: Civil) -> Result<Done, Fault> {
    let Some(it) = desk.store.follow_up(tenant, FollowUpId::from_u128(id)).await? else {
        return Ok(Done::default());
    };
    if it.state != FollowUpState::Planned || it.due_at > now {
        return Ok(Done::default());
    }
    let sale = sale_of(desk, &it).await?;
    let lead = lay(desk, &it, &sale, now).await?;
    Ok(follow_up::due(&it, lead, now)?.into())
}

async fn lay(desk: &Desk, it: &FollowUp, sale: &Sale, now: Civil) -> Result<LeadId, Fault> {
    let floor = desk.floor(&it.tenant)?;
    let list = floor.lists.iter().find(|list| list.id == it.list);
    let gone = || FieldError::new("list", &it.list, "apply a floor that has this list");
    let list = list.ok_or_else(gone)?;
    // Who bought twice is asked twice.
    let list = ListSpec { duplicates: DuplicatePolicy::Allow, ..list.clone() };
    let name = format!("follow-ups/{}", it.id);
    let key = match sale.customer {
        Some(customer) => desk.store.customer(&it.tenant, customer).await?.and_then(|it| it.key),
        None => None,
    };
    let lead = lead(it, sale, key);
    let laid = desk.store.lay_lead(&it.tenant, &list, &name, lead, (LeadState::Ready, now)).await?;
    laid.map_err(|fault| FieldError::new("lead", format!("{fault:?}"), "mend the sale").into())
}

/// The customer as a lead, with what the next agent must know of the former conversation.
fn lead(it: &FollowUp, sale: &Sale, key: Option<String>) -> NewLead {
    let mut attributes = BTreeMap::from([
        (FOLLOW_UP.to_owned(), it.id.to_string()),
        (SALE.to_owned(), sale.id.to_string()),
    ]);
    if !sale.product.is_empty() {
        attributes.insert("product".to_owned(), sale.product.clone());
    }
    for (number, promise) in (1..).zip(&sale.promises) {
        let shown: u32 = number;
        attributes.insert(format!("promise {shown}"), promise.text.clone());
    }
    NewLead {
        numbers: vec![place::located(&sale.number)],
        name: sale.customer_name.clone(),
        person: key,
        role: LeadRole::Unknown,
        party: Party::Consumer,
        // Who bought has a contract, and this is part of carrying it out.
        consent: Some(Consent { basis: ConsentBasis::Contract, given_at: sale.at }),
        tags: BTreeSet::new(),
        attributes,
    }
}

async fn sale_of(desk: &Desk, it: &FollowUp) -> Result<Sale, Fault> {
    let found = desk.store.sale(&it.tenant, it.sale).await?;
    found.ok_or_else(|| Fault::Unknown(format!("sales/{}", it.sale)))
}

/// The follow-up that a lead is.
async fn of_lead(desk: &Desk, lead: &Lead) -> Result<Option<FollowUp>, Fault> {
    let named = lead.person.attributes.get(FOLLOW_UP).and_then(|it| FollowUpId::parse(it));
    let Some(id) = named else { return Ok(None) };
    let found = desk.store.follow_up(&lead.tenant, id).await?;
    Ok(found.filter(|it| it.lead == Some(lead.id)))
}

async fn react(desk: &Desk, tenant: &TenantId, event: &StoredEvent) -> Result<Done, Fault> {
    let id = event.event.subject.split_once('/').and_then(|(_, id)| CallId::parse(id));
    let Some(id) = id else { return Ok(Done::default()) };
    let Some(attempt) = desk.store.attempt(tenant, id).await? else { return Ok(Done::default()) };
    let Some(lead) = attempt.lead else { return Ok(Done::default()) };
    let Some(lead) = desk.store.lead(tenant, lead).await? else { return Ok(Done::default()) };
    let Some(it) = of_lead(desk, &lead).await? else { return Ok(Done::default()) };
    let (at, finished) = (event.event.at, matches!(lead.state, LeadState::Finished { .. }));
    let work = match event.event.kind.as_str() {
        kind if kind.starts_with("timbre.attempt.dialed.") => follow_up::attempted(&it, at)?,
        kind if kind.starts_with("timbre.call.") => match finished {
            true => follow_up::talked(&it, id, attempt.agent),
            // They will be called again.
            false => Work::default(),
        },
        _ if attempt.connected_at.is_none() && attempt.dialed_at.is_some() => {
            follow_up::missed(&it, finished, at)?
        }
        _ => Work::default(),
    };
    if left_by(&work).is_some_and(|it| it.state.is_over()) {
        end_calling(desk, &it, "unreachable").await?;
    }
    Ok(work.into())
}

/// The lead of a follow-up that is over is not called any more.
async fn end_calling(desk: &Desk, it: &FollowUp, why: &str) -> Result<(), Fault> {
    if let Some(lead) = it.lead {
        let why = Slug::parse(why).expect("a slug by its letters");
        desk.store.finish_lead(&it.tenant, lead, &why).await?;
    }
    Ok(())
}

/// The follow-up that a piece of work leaves.
pub fn left_by(work: &Work) -> Option<&FollowUp> {
    work.records.iter().find_map(|it| match it {
        Record::FollowUp(it) => Some(it.as_ref()),
        _ => None,
    })
}

/// The sale that a piece of work leaves.
pub fn sale_left_by(work: &Work) -> Option<&Sale> {
    work.records.iter().find_map(|it| match it {
        Record::Sale(it) => Some(it.as_ref()),
        _ => None,
    })
}

/// An agent's disposition says what a follow-up call found. Nothing where the call is none.
pub(super) async fn told(
    desk: &Desk,
    it: &Conversation,
    outcome: FollowUpOutcome,
) -> Result<Work, Fault> {
    let Some(lead) = &it.lead else { return Ok(Work::default()) };
    let Some(follow_up) = of_lead(desk, lead).await? else { return Ok(Work::default()) };
    if matches!(follow_up.state, FollowUpState::Confirmed | FollowUpState::Incident) {
        return Ok(Work::default());
    }
    let sale = sale_of(desk, &follow_up).await?;
    let findings = Findings {
        outcome,
        checks: broken(&sale, it.field("broken")),
        note: it.field("note").to_owned(),
        call: Some(it.call.id),
        agent: it.call.agent.clone(),
    };
    if outcome == FollowUpOutcome::Confirmed {
        return Ok(follow_up::finish(&follow_up, &sale, findings, None, &it.act)?);
    }
    let taking = it.complaint(desk, new_case(), statement(&sale, &findings), about(&sale)).await?;
    incident(&it.floor, &follow_up, &sale, (findings, taking), &it.act)
}

/// The promises whose numbers an agent wrote down as not kept: `2` or `1, 3`.
fn broken(sale: &Sale, text: &str) -> Vec<Check> {
    let numbers = text.split(|it: char| !it.is_ascii_digit()).filter_map(|it| it.parse().ok());
    let numbers: BTreeSet<u32> = numbers.collect();
    let known =
        |it: &u32| usize::try_from(*it).is_ok_and(|it| (1..=sale.promises.len()).contains(&it));
    let check = |promise| Check { promise, kept: false, note: String::new() };
    numbers.into_iter().filter(known).map(check).collect()
}

/// What the case of an incident says, where the customer's words were not written down.
fn statement(sale: &Sale, findings: &Findings) -> String {
    let broken = findings.checks.iter().filter(|it| !it.kept);
    let promises = broken.filter_map(|it| {
        let at = usize::try_from(it.promise).ok()?.checked_sub(1)?;
        let text = &sale.promises.get(at)?.text;
        Some(if it.note.is_empty() { text.clone() } else { format!("{text}: {}", it.note) })
    });
    let note = Some(findings.note.clone()).filter(|it| !it.trim().is_empty());
    let said: Vec<String> = note.into_iter().chain(promises).collect();
    if said.is_empty() { format!("incident ({})", sale.summary()) } else { said.join("; ") }
}

/// What is known of the case of an incident.
fn about(sale: &Sale) -> Amendment {
    Amendment {
        customer: sale.customer,
        number: Some(sale.number.clone()),
        product: Some(sale.product.chars().take(200).collect()),
        sale: Some(sale.id),
        ..Amendment::default()
    }
}

/// Ends a follow-up by an incident: with the case that follows it, in one piece.
fn incident(
    floor: &Arc<FloorSpec>,
    it: &FollowUp,
    sale: &Sale,
    (findings, taking): (Findings, Taking),
    act: &Act,
) -> Result<Work, Fault> {
    let taking = Taking { follow_up: Some(it.id), ..taking };
    let case = taking.id;
    let mut work = cases::take(floor, taking, act)?;
    work.join(follow_up::finish(it, sale, findings, Some(case), act)?);
    Ok(work)
}

impl Desk {
    /// A sale that somebody may see.
    pub async fn sale(&self, tenant: &TenantId, id: SaleId, scope: &Scope) -> Result<Sale, Fault> {
        let unknown = || Fault::Unknown(format!("sales/{id}"));
        let found = self.store.sale(tenant, id).await?.ok_or_else(unknown)?;
        scope.check(&found.client)?;
        Ok(found)
    }

    /// A follow-up that somebody may see.
    pub async fn follow_up(
        &self,
        tenant: &TenantId,
        id: FollowUpId,
        scope: &Scope,
    ) -> Result<FollowUp, Fault> {
        let unknown = || Fault::Unknown(format!("follow-ups/{id}"));
        let found = self.store.follow_up(tenant, id).await?.ok_or_else(unknown)?;
        scope.check(&found.client)?;
        Ok(found)
    }

    /// Keeps a sale that was made outside of a disposition.
    pub fn record_sale(&self, new: NewSale, named: &Slug, act: &Act) -> Result<Work, Fault> {
        let floor = self.floor(&new.tenant)?;
        cases::client_exists(&floor, &new.client)?;
        let ids = || FollowUpId::from_u128(new_id());
        Ok(sale::record(new, policy(&floor, named)?, ids, act)?)
    }

    /// Ends a follow-up with what was found outside of its call, and with the case of an incident.
    pub async fn record_outcome(
        &self,
        it: &FollowUp,
        findings: Findings,
        act: &Act,
    ) -> Result<Work, Fault> {
        let sale = sale_of(self, it).await?;
        let floor = self.floor(&it.tenant)?;
        let work = match findings.outcome {
            FollowUpOutcome::Confirmed => follow_up::finish(it, &sale, findings, None, act)?,
            FollowUpOutcome::Incident => {
                let taking = reported(it, &sale, &findings);
                incident(&floor, it, &sale, (findings, taking), act)?
            }
        };
        end_calling(self, it, "follow-up").await?;
        Ok(work)
    }
}

/// The case of an incident that was told outside of a call that is known.
fn reported(it: &FollowUp, sale: &Sale, findings: &Findings) -> Taking {
    let name = Some(sale.customer_name.clone()).filter(|it| !it.trim().is_empty());
    Taking {
        id: new_case(),
        key: CaseKey::from_chance(chance()),
        tenant: it.tenant.clone(),
        client: it.client.clone(),
        kind: CaseKind::Complaint,
        channel: Channel::Phone,
        received_at: None,
        call: findings.call.or(it.call),
        queue: None,
        customer_name: name.unwrap_or_else(|| sale.number.expose().to_owned()),
        language: "es".to_owned(),
        statement: statement(sale, findings),
        follow_up: Some(it.id),
        more: about(sale),
        checklist: Vec::new(),
    }
}
