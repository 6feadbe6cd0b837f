//! Single requests.

use timbre_engine::{AgentView, ForcedState};
use timbre_model::{
    AgentRef, AgentStateKind, CallId, CallRecord, Civil, FloorSpec, TenantId, TimelineEntry,
};
use timbre_store::{CallFilter, PageRequest};

use super::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::call_service_client::CallServiceClient;
use crate::api::pb::floor_service_client::FloorServiceClient;
use crate::api::pb::supervisor_service_client::SupervisorServiceClient;
use crate::api::wire::floor::{self, Passwords};
use crate::api::wire::queue::QueueStatus;
use crate::api::wire::{agent, call, name, queue, time, timeline};
use crate::driver::entropy;

/// Entries asked for at once where all are wanted.
const PAGE: i32 = 1_000;

/// A floor at its version.
#[derive(Debug, Clone, PartialEq)]
pub struct PresentFloor {
    /// Whose; `None` where the server only looked for faults.
    pub tenant: Option<TenantId>,
    /// Its version.
    pub etag: String,
    /// When it took effect.
    pub updated: Option<Civil>,
    /// The definition, without passwords.
    pub spec: FloorSpec,
}

fn present(wire: pb::Floor) -> Result<PresentFloor, ClientError> {
    let tenant = wire.name.strip_prefix("tenants/").and_then(|it| it.strip_suffix("/floor"));
    let tenant = tenant.and_then(|it| TenantId::parse(it).ok());
    let updated = time::read_moment("update_time", wire.update_time)?;
    let etag = wire.etag.clone();
    let first = |faults: Vec<_>| faults.into_iter().next().expect("a refusal names a fault");
    let spec = floor::from_wire(wire).map_err(first)?;
    Ok(PresentFloor { tenant, etag, updated, spec })
}

pub(super) fn request_id() -> String {
    format!("{:032x}", u128::from_be_bytes(entropy::bytes()))
}

impl Client {
    /// Replaces the floor, passwords included. `etag`: only where the floor is still at that version.
    pub async fn apply_floor(
        &self,
        spec: &FloorSpec,
        etag: Option<&str>,
        validate_only: bool,
    ) -> Result<PresentFloor, ClientError> {
        let request = pb::ApplyFloorRequest {
            name: String::new(),
            request_id: request_id(),
            etag: etag.unwrap_or_default().to_owned(),
            floor: Some(floor::to_wire(spec, Passwords::Send)),
            validate_only,
        };
        let mut service = FloorServiceClient::new(self.channel.clone());
        let answer = service.apply_floor(request).await.map_err(|it| self.refused(it))?;
        present(answer.into_inner())
    }

    /// The present floor.
    pub async fn get_floor(&self) -> Result<PresentFloor, ClientError> {
        let mut service = FloorServiceClient::new(self.channel.clone());
        let answer = service.get_floor(pb::GetFloorRequest { name: String::new() }).await;
        present(answer.map_err(|it| self.refused(it))?.into_inner())
    }

    /// Every queue as it now stands.
    pub async fn queues(&self) -> Result<Vec<QueueStatus>, ClientError> {
        let mut service = FloorServiceClient::new(self.channel.clone());
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request =
                pb::ListQueuesRequest { parent: String::new(), page_size: PAGE, page_token };
            let answer = service.list_queues(request).await.map_err(|it| self.refused(it))?;
            let pb::ListQueuesResponse { queues, next_page_token } = answer.into_inner();
            for wire in queues {
                all.push(queue::from_wire(wire)?);
            }
            if next_page_token.is_empty() {
                return Ok(all);
            }
            page_token = next_page_token;
        }
    }

    /// Every agent as they now stand.
    pub async fn agents(&self) -> Result<Vec<(AgentRef, AgentView)>, ClientError> {
        let mut service = FloorServiceClient::new(self.channel.clone());
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request =
                pb::ListAgentsRequest { parent: String::new(), page_size: PAGE, page_token };
            let answer = service.list_agents(request).await.map_err(|it| self.refused(it))?;
            let pb::ListAgentsResponse { agents, next_page_token } = answer.into_inner();
            for wire in agents {
                all.push(agent::status_from_wire(wire)?);
            }
            if next_page_token.is_empty() {
                return Ok(all);
            }
            page_token = next_page_token;
        }
    }

    /// A page of calls, newest first, and the token of the next one.
    pub async fn list_calls(
        &self,
        filter: &CallFilter,
        size: u32,
        page_token: String,
    ) -> Result<(Vec<CallRecord>, Option<String>), ClientError> {
        let mut request = call::list_to_wire(filter, &PageRequest { size, after: None });
        request.page_token = page_token;
        let mut service = CallServiceClient::new(self.channel.clone());
        let answer = service.list_calls(request).await.map_err(|it| self.refused(it))?;
        let pb::ListCallsResponse { calls, next_page_token } = answer.into_inner();
        let calls = calls.into_iter().map(call::from_wire).collect::<Result<_, _>>()?;
        Ok((calls, Some(next_page_token).filter(|it| !it.is_empty())))
    }

    /// One call.
    pub async fn get_call(
        &self,
        tenant: &TenantId,
        call: CallId,
    ) -> Result<CallRecord, ClientError> {
        let mut service = CallServiceClient::new(self.channel.clone());
        let answer = service.get_call(pb::GetCallRequest { name: name::call(tenant, call) }).await;
        Ok(call::from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// What happened to a call, in order.
    pub async fn timeline(
        &self,
        tenant: &TenantId,
        call: CallId,
    ) -> Result<Vec<TimelineEntry>, ClientError> {
        let request = pb::GetTimelineRequest { name: name::call(tenant, call) };
        let mut service = CallServiceClient::new(self.channel.clone());
        let answer = service.get_timeline(request).await.map_err(|it| self.refused(it))?;
        let entries = answer.into_inner().entries.into_iter();
        let entries = entries.map(|it| timeline::from_wire(tenant, call, it));
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// Puts an agent into a state; answers how they then stand.
    pub async fn force_agent(
        &self,
        who: &AgentRef,
        state: ForcedState,
    ) -> Result<AgentView, ClientError> {
        let state = match state {
            ForcedState::Ready => AgentStateKind::Ready,
            ForcedState::NotReady => AgentStateKind::NotReady,
            ForcedState::SignedOut => AgentStateKind::SignedOut,
        };
        let request = pb::ForceAgentStateRequest {
            agent: name::agent(who),
            request_id: request_id(),
            state: agent::state_to_wire(state).into(),
        };
        let mut service = SupervisorServiceClient::new(self.channel.clone());
        let answer = service.force_agent_state(request).await.map_err(|it| self.refused(it))?;
        Ok(agent::status_from_wire(answer.into_inner())?.1)
    }

    /// Ends a call.
    pub async fn end_call(&self, tenant: &TenantId, call: CallId) -> Result<(), ClientError> {
        let request =
            pb::EndCallRequest { call: name::call(tenant, call), request_id: request_id() };
        let mut service = SupervisorServiceClient::new(self.channel.clone());
        service.end_call(request).await.map(drop).map_err(|it| self.refused(it))
    }
}
