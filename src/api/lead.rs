//! `LeadService`: imports leads and tells where they stand.

mod import;

use timbre_engine::gate::Standing;
use timbre_model::{
    CampaignId, CampaignRef, CampaignSpec, FieldError, Lead, LeadId, ListId, ListSpec, PhoneNumber,
    TenantId,
};
use timbre_store::{JudgedLead, LeadCounts, LeadStateKind, WhichLeads};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::api::auth::Caller;
use crate::api::intake::{self, Answers};
use crate::api::judge::{Judge, Ruling};
use crate::api::pb::{self, lead_service_server::LeadService};
use crate::api::status::reasons;
use crate::api::wire::{lead, name, page, time, verdict};
use crate::api::{Context, limits, requests, status};
use crate::driver::clock;

pub(super) use import::batch_name;

/// The service.
pub struct Leads(pub Context, pub CancellationToken);

#[tonic::async_trait]
impl LeadService for Leads {
    type ImportStream = Answers<pb::ImportResponse>;

    async fn import(
        &self,
        request: Request<Streaming<pb::ImportRequest>>,
    ) -> Result<Response<Self::ImportStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let intake = import::LeadIntake { context: self.0.clone(), caller };
        Ok(intake::start(intake, request.into_inner(), self.1.clone()))
    }

    async fn list_leads(
        &self,
        request: Request<pb::ListLeadsRequest>,
    ) -> Result<Response<pb::ListLeadsResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ListLeadsRequest { parent, page_size, page_token, state, number } =
            request.into_inner();
        let (tenant, list) = self.list(&caller, "parent", &parent)?;
        let state = state_kind("state", &state).map_err(status::invalid_field)?;
        if !number.is_empty() {
            let leads = self.by_number(&tenant, &list.id, &number).await?;
            return Ok(Response::new(pb::ListLeadsResponse {
                leads: leads.iter().map(lead::to_wire).collect(),
                next_page_token: String::new(),
            }));
        }
        let (size, after) = read_page(page_size, &page_token).map_err(status::invalid_field)?;
        let found = self.0.store.list_leads(&tenant, &list.id, state, after, size).await;
        let found = found.map_err(|it| status::store(&it))?;
        let next = found.next.map(|it| page::token(&it.to_string()));
        Ok(Response::new(pb::ListLeadsResponse {
            leads: found.leads.iter().map(lead::to_wire).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn get_lead(
        &self,
        request: Request<pb::GetLeadRequest>,
    ) -> Result<Response<pb::Lead>, Status> {
        let caller = Caller::of(&request)?;
        let named = &request.get_ref().name;
        let (tenant, id) = name::read_lead("name", named).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let found = self.0.store.lead(&tenant, id).await.map_err(|it| status::store(&it))?;
        let found = found.ok_or_else(|| status::unknown(reasons::UNKNOWN_LEAD, named))?;
        Ok(Response::new(lead::to_wire(&found)))
    }

    async fn reset_list(
        &self,
        request: Request<pb::ResetListRequest>,
    ) -> Result<Response<pb::ResetListResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ResetListRequest { list, request_id, states, note } = request.into_inner();
        let (tenant, list) = self.list(&caller, "list", &list)?;
        let states = reset_states(&states).map_err(status::invalid_field)?;
        if note.chars().count() > limits::NOTE_MAX {
            let remedy = format!("use at most {} characters", limits::NOTE_MAX);
            let fault = FieldError::new("note", name::cut(&note), remedy);
            return Err(status::invalid_field(fault));
        }
        let begun = requests::Once::begin(&self.0.store, &tenant, "ResetList", &request_id);
        let once = match begun.await? {
            requests::Begun::Done(done) => {
                return requests::again(&done.response).map(Response::new);
            }
            requests::Begun::New(once) => once,
        };
        let reset = self.0.store.reset_list(&tenant, &list.id, &states, &note, clock::civil());
        let leads = reset.await.map_err(|it| status::store(&it))?;
        tracing::info!(%tenant, list = %list.id, leads, "a list was reset");
        let answer = pb::ResetListResponse { leads };
        once.done(&answer).await?;
        Ok(Response::new(answer))
    }

    async fn count_leads(
        &self,
        request: Request<pb::CountLeadsRequest>,
    ) -> Result<Response<pb::CountLeadsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let (tenant, list) = self.list(caller, "list", &request.get_ref().list)?;
        let counts = self.0.store.lead_counts(&tenant, &list.id).await;
        let LeadCounts { ready, claimed, retry, callback, finished, blocked } =
            counts.map_err(|it| status::store(&it))?;
        let by_state = [
            (LeadStateKind::Ready, ready),
            (LeadStateKind::Claimed, claimed),
            (LeadStateKind::Retry, retry),
            (LeadStateKind::Callback, callback),
            (LeadStateKind::Finished, finished),
            (LeadStateKind::Blocked, blocked),
        ];
        let by_state = by_state.map(|(state, count)| (state.as_str().to_owned(), count)).into();
        Ok(Response::new(pb::CountLeadsResponse { by_state }))
    }

    async fn explain_lead(
        &self,
        request: Request<pb::ExplainLeadRequest>,
    ) -> Result<Response<pb::LeadExplanation>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ExplainLeadRequest { lead: named, campaign, time: when } = request.into_inner();
        let (tenant, id) = name::read_lead("lead", &named).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let at = time::read_moment("time", when).map_err(status::invalid_field)?;
        let judge = Judge::new(&self.0, &tenant, at.unwrap_or_else(clock::civil)).await?;
        let found = self.0.store.lead(&tenant, id).await.map_err(|it| status::store(&it))?;
        let found = found.ok_or_else(|| status::unknown(reasons::UNKNOWN_LEAD, &named))?;
        let mut campaigns = Vec::new();
        for spec in campaigns_of(&judge, &found, &campaign)? {
            let which = WhichLeads::Lead(id);
            let request = judge.request(spec).await?;
            for judged in judge.leads(&request, which).await? {
                let standing = judge.standing(spec, &judged);
                campaigns.push(campaign_verdict(&tenant, spec, standing, judged));
            }
        }
        let lead = Some(lead::to_wire(&found));
        Ok(Response::new(pb::LeadExplanation { lead, campaigns }))
    }
}

impl Leads {
    /// The list that `named` names, which must be on the caller's floor.
    fn list(
        &self,
        caller: &Caller,
        field: &str,
        named: &str,
    ) -> Result<(TenantId, ListSpec), Status> {
        list_of(&self.0, caller, field, named)
    }

    async fn by_number(
        &self,
        tenant: &TenantId,
        list: &ListId,
        number: &str,
    ) -> Result<Vec<Lead>, Status> {
        let number: PhoneNumber =
            lead::read_number("number", number).map_err(status::invalid_field)?;
        let found = self.0.store.leads_by_number(tenant, &number).await;
        let mut found = found.map_err(|it| status::store(&it))?;
        found.retain(|it| it.list == *list);
        Ok(found)
    }
}

/// The list that `named` names, which must be on the caller's floor.
fn list_of(
    context: &Context,
    caller: &Caller,
    field: &str,
    named: &str,
) -> Result<(TenantId, ListSpec), Status> {
    let (tenant, id) = name::read_list(field, named).map_err(status::invalid_field)?;
    caller.owns(&tenant)?;
    let floor = context.feed.floor(&tenant).ok_or_else(status::no_floor)?;
    let list = floor.lists.iter().find(|it| it.id == id).cloned();
    let list = list.ok_or_else(|| status::unknown(reasons::UNKNOWN_LIST, named))?;
    Ok((tenant, list))
}

/// The campaigns that call the lead's list, or the one that is named.
fn campaigns_of<'a>(
    judge: &'a Judge<'_>,
    lead: &Lead,
    named: &str,
) -> Result<Vec<&'a CampaignSpec>, Status> {
    let wanted = match named {
        "" => None,
        text => Some(CampaignId::parse(text).map_err(|_| {
            status::invalid_field(FieldError::new("campaign", text, "give a campaign's id"))
        })?),
    };
    let calls = |it: &&CampaignSpec| it.lists.iter().any(|one| one.list == lead.list);
    let this = |it: &&CampaignSpec| wanted.as_ref().is_none_or(|id| it.id == *id);
    let found: Vec<_> = judge.floor().campaigns.iter().filter(calls).filter(this).collect();
    if found.is_empty() && wanted.is_some() {
        return Err(status::unknown(
            reasons::UNKNOWN_CAMPAIGN,
            format!("campaign {named} of its list"),
        ));
    }
    Ok(found)
}

fn campaign_verdict(
    tenant: &TenantId,
    spec: &CampaignSpec,
    standing: Standing,
    judged: JudgedLead<Ruling>,
) -> pb::CampaignVerdict {
    let Standing { callable, rule, because } = standing;
    let number = |it: timbre_store::JudgedNumber<Ruling>| pb::NumberVerdict {
        number: it.number.expose().to_owned(),
        verdict: Some(verdict::to_wire(it.verdict.verdict)),
        given_up: it.given_up,
    };
    let campaign = CampaignRef { tenant: tenant.clone(), campaign: spec.id.clone() };
    pb::CampaignVerdict {
        campaign: name::campaign(&campaign),
        callable: callable.as_str().to_owned(),
        rule,
        because,
        earliest_time: callable.earliest().map(time::moment),
        numbers: judged.numbers.into_iter().map(number).collect(),
    }
}

fn read_page(size: i32, token: &str) -> Result<(u32, Option<LeadId>), FieldError> {
    let after = page::read_token(token)?.map(|text| {
        text.parse().map(LeadId::from_u64).map_err(|_| {
            let remedy = "give a next_page_token of this server, or nothing for the first page";
            FieldError::new("page_token", token, remedy)
        })
    });
    Ok((page::read_size(size)?, after.transpose()?))
}

fn state_kind(field: &str, word: &str) -> Result<Option<LeadStateKind>, FieldError> {
    if word.is_empty() {
        return Ok(None);
    }
    let remedy = format!("give one of {}", timbre_model::LeadState::WORDS.join(", "));
    let kind = LeadStateKind::parse(word);
    kind.map(Some).ok_or_else(|| FieldError::new(field, name::cut(word), remedy))
}

fn reset_states(words: &[String]) -> Result<Vec<LeadStateKind>, FieldError> {
    if words.is_empty() {
        return Ok(vec![LeadStateKind::Finished, LeadStateKind::Retry, LeadStateKind::Blocked]);
    }
    let read = |word: &String| match state_kind("states", word)? {
        Some(LeadStateKind::Ready | LeadStateKind::Claimed) | None => {
            let remedy = "give some of retry, callback, finished, blocked";
            Err(FieldError::new("states", name::cut(word), remedy))
        }
        Some(kind) => Ok(kind),
    };
    words.iter().map(read).collect()
}
