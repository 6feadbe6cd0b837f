//! `CallService`: reads calls, past and present.

use timbre_casework::{Record, RecordKind};
use timbre_model::{AgentId, CallOutcome, CallRecord, FieldError, PhoneNumber};
use timbre_store::{CallFilter, RecordFilter};
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::{queue_id, tenant_of};
use crate::api::pb::{self, call_service_server::CallService};
use crate::api::wire::{call, name, page, time, timeline, trouble};
use crate::api::{Context, status};

/// The service.
pub struct Calls(pub Context);

#[tonic::async_trait]
impl CallService for Calls {
    async fn get_call(
        &self,
        request: Request<pb::GetCallRequest>,
    ) -> Result<Response<pb::Call>, Status> {
        let record = self.find(Caller::of(&request)?, &request.get_ref().name).await?;
        Ok(Response::new(call::to_wire(&record)))
    }

    async fn list_calls(
        &self,
        request: Request<pb::ListCallsRequest>,
    ) -> Result<Response<pb::ListCallsResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let tenant = tenant_of(&caller, &asked.parent)?;
        let at = page::read_call_page(asked.page_size, &asked.page_token);
        let at = at.map_err(status::invalid_field)?;
        let filter = filter(asked)?;
        let listed = self.0.store.list_calls(&tenant, &filter, &at).await;
        let page = listed.map_err(|it| status::store(&it))?;
        Ok(Response::new(pb::ListCallsResponse {
            calls: page.calls.iter().map(call::to_wire).collect(),
            next_page_token: page::call_token(page.next),
        }))
    }

    async fn get_timeline(
        &self,
        request: Request<pb::GetTimelineRequest>,
    ) -> Result<Response<pb::Timeline>, Status> {
        let record = self.find(Caller::of(&request)?, &request.get_ref().name).await?;
        let entries = self.0.store.timeline(&record.tenant, record.id).await;
        let entries = entries.map_err(|it| status::store(&it))?;
        let entries = entries.iter().map(timeline::to_wire).collect();
        Ok(Response::new(pb::Timeline { entries }))
    }

    async fn list_troubles(
        &self,
        request: Request<pb::ListTroublesRequest>,
    ) -> Result<Response<pb::ListTroublesResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ListTroublesRequest { parent, page_size, page_token, from, until } =
            request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let at = page::read_call_page(page_size, &page_token).map_err(status::invalid_field)?;
        let from = time::read_moment("from", from).map_err(status::invalid_field)?;
        let to = time::read_moment("until", until).map_err(status::invalid_field)?;
        let filter = RecordFilter { from, to, ..RecordFilter::of(RecordKind::Trouble) };
        let found = self.0.store.records(&tenant, &filter, &at).await;
        let found = found.map_err(|it| status::store(&it))?;
        let troubles = found.records.iter().filter_map(|it| match it {
            Record::Trouble(it) => Some(trouble::to_wire(it)),
            _ => None,
        });
        Ok(Response::new(pb::ListTroublesResponse {
            troubles: troubles.collect(),
            next_page_token: page::call_token(found.next),
        }))
    }
}

impl Calls {
    async fn find(&self, caller: &Caller, named: &str) -> Result<CallRecord, Status> {
        let (tenant, id) = name::read_call("name", named).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let found = self.0.store.call(&tenant, id).await.map_err(|it| status::store(&it))?;
        found.ok_or_else(|| status::unknown_call(named))
    }
}

fn filter(asked: pb::ListCallsRequest) -> Result<CallFilter, Status> {
    let pb::ListCallsRequest {
        parent: _,
        page_size: _,
        page_token: _,
        queue,
        agent,
        outcome,
        in_progress,
        arrive_from,
        arrive_until,
        caller,
    } = asked;
    let given = |text: &String| !text.is_empty();
    let fault = |field: &str, value: &str, remedy: &str| {
        status::invalid_field(FieldError::new(field, value, remedy))
    };
    Ok(CallFilter {
        queue: Some(queue).filter(given).map(|it| queue_id("queue", &it)).transpose()?,
        agent: Some(agent)
            .filter(given)
            .map(|it| AgentId::parse(&it).map_err(|_| fault("agent", &it, "give an agent's id")))
            .transpose()?,
        outcome: Some(outcome)
            .filter(given)
            .map(|it| {
                let words = CallOutcome::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>();
                let remedy = format!("give one of {}", words.join(", "));
                CallOutcome::parse(&it).ok_or_else(|| fault("outcome", &it, &remedy))
            })
            .transpose()?,
        open: in_progress.then_some(true),
        arrived_from: time::read_moment("arrive_from", arrive_from)
            .map_err(status::invalid_field)?,
        arrived_to: time::read_moment("arrive_until", arrive_until)
            .map_err(status::invalid_field)?,
        caller: Some(caller)
            .filter(given)
            .map(|it| PhoneNumber::parse(&it).map_err(|why| fault("caller", "", &why.to_string())))
            .transpose()?,
    })
}
