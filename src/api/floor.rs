//! `FloorService`: defines and reads the floor.

use std::collections::BTreeMap;

use timbre_engine::{AgentView, Command, QueueView, Reply};
use timbre_model::{AgentRef, FloorSpec, Now, QueueId, TenantId};
use timbre_store::DoneRequest;
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::pb::{self, floor_service_server::FloorService};
use crate::api::wire::queue::{QueueStatus, to_wire as queue_to_wire};
use crate::api::wire::{agent, floor, name, page};
use crate::api::{Context, requests, status};
use crate::driver::clock;
use crate::feed::QueueCounts;
use crate::telephony;

/// The service.
pub struct Floors(pub Context);

#[tonic::async_trait]
impl FloorService for Floors {
    async fn apply_floor(
        &self,
        request: Request<pb::ApplyFloorRequest>,
    ) -> Result<Response<pb::Floor>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ApplyFloorRequest { name: named, request_id, etag, floor: wire, validate_only } =
            request.into_inner();
        let tenant =
            name::read_floor("name", &named, &caller.tenant).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let expected = floor::read_etag("etag", &etag).map_err(status::invalid_field)?;
        let mut spec = floor::from_wire(wire.unwrap_or_default()).map_err(status::invalid)?;
        let faults = spec.faults();
        if !faults.is_empty() {
            return Err(status::invalid(faults));
        }
        if validate_only {
            return Ok(Response::new(floor::present(&tenant, 0, clock::civil(), &spec)));
        }
        let done = requests::Once::begin(&self.0.store, &tenant, "ApplyFloor", &request_id).await?;
        let once = match done {
            requests::Begun::Done(DoneRequest { response, .. }) => {
                return requests::again(&response).map(Response::new);
            }
            requests::Begun::New(once) => once,
        };
        let present = self.0.store.floor(&tenant).await.map_err(|it| status::store(&it))?;
        telephony::seal(&tenant, &mut spec, present.as_ref().map(|it| &it.spec));
        let version = self.apply(&tenant, &spec, expected).await?;
        let applied = floor::present(&tenant, version, clock::civil(), &spec);
        once.done(&applied).await?;
        Ok(Response::new(applied))
    }

    async fn get_floor(
        &self,
        request: Request<pb::GetFloorRequest>,
    ) -> Result<Response<pb::Floor>, Status> {
        let caller = Caller::of(&request)?;
        let named = &request.get_ref().name;
        let tenant =
            name::read_floor("name", named, &caller.tenant).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let present = self.0.store.floor(&tenant).await.map_err(|it| status::store(&it))?;
        let present = present.ok_or_else(status::no_floor)?;
        let wire = floor::present(&tenant, present.version, present.at, &present.spec);
        Ok(Response::new(wire))
    }

    async fn list_queues(
        &self,
        request: Request<pb::ListQueuesRequest>,
    ) -> Result<Response<pb::ListQueuesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let asked = request.get_ref();
        let tenant = tenant_of(caller, &asked.parent)?;
        let all = queues(&self.0, &tenant).await?;
        let key = |it: &QueueStatus| it.queue.queue.to_string();
        let (some, next_page_token) = cut(all, key, asked.page_size, &asked.page_token)?;
        let queues = some.iter().map(queue_to_wire).collect();
        Ok(Response::new(pb::ListQueuesResponse { queues, next_page_token }))
    }

    async fn list_agents(
        &self,
        request: Request<pb::ListAgentsRequest>,
    ) -> Result<Response<pb::ListAgentsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let asked = request.get_ref();
        let tenant = tenant_of(caller, &asked.parent)?;
        let all = agents(&self.0, &tenant).await?;
        let key = |it: &(AgentRef, AgentView)| it.0.agent.to_string();
        let (some, next_page_token) = cut(all, key, asked.page_size, &asked.page_token)?;
        let agents = some.iter().map(|(who, view)| agent::status_to_wire(who, view)).collect();
        Ok(Response::new(pb::ListAgentsResponse { agents, next_page_token }))
    }
}

impl Floors {
    async fn apply(
        &self,
        tenant: &TenantId,
        spec: &FloorSpec,
        expected_version: Option<u64>,
    ) -> Result<u64, Status> {
        let spec = Box::new(spec.clone());
        let command = Command::ApplyFloor { tenant: tenant.clone(), spec, expected_version };
        match self.0.command(command).await? {
            Reply::Floor { version } => Ok(version),
            Reply::Done | Reply::Later | Reply::Agent(_) => {
                unreachable!("ApplyFloor answers with the version")
            }
        }
    }
}

/// The tenant that `parent` names, which must be the caller's.
pub(super) fn tenant_of(caller: &Caller, parent: &str) -> Result<TenantId, Status> {
    let tenant =
        name::read_tenant("parent", parent, &caller.tenant).map_err(status::invalid_field)?;
    caller.owns(&tenant)?;
    Ok(tenant)
}

/// The queues of a tenant as they now stand, in order of their ids.
pub(super) async fn queues(
    context: &Context,
    tenant: &TenantId,
) -> Result<Vec<QueueStatus>, Status> {
    let look = |engine: &timbre_engine::Engine, now: Now| (engine.queues(), now);
    let (views, now) = context.driver.look(look).await.map_err(status::stopped)?;
    let mut counts: BTreeMap<_, _> = context.feed.counts(tenant).into_iter().collect();
    let of_tenant = views.into_iter().filter(|view| view.queue.tenant == *tenant);
    Ok(of_tenant
        .map(|view| {
            let counts = counts.remove(&view.queue.queue).unwrap_or_default();
            queue_status(&view, counts, now)
        })
        .collect())
}

/// The agents of a tenant as they now stand, in order of their ids.
pub(super) async fn agents(
    context: &Context,
    tenant: &TenantId,
) -> Result<Vec<(AgentRef, AgentView)>, Status> {
    let tenant = tenant.clone();
    let look = move |engine: &timbre_engine::Engine, _| engine.agents(&tenant);
    context.driver.look(look).await.map_err(status::stopped)
}

/// A queue's view and counts as one.
pub(super) fn queue_status(view: &QueueView, counts: QueueCounts, now: Now) -> QueueStatus {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    QueueStatus {
        queue: view.queue.clone(),
        name: view.name.clone(),
        waiting: small(view.waiting),
        oldest_wait: view.oldest.map(|since| now.mono.since(since)),
        idle_agents: small(view.idle_agents),
        talking: small(view.talking),
        counts,
    }
}

/// One page of what is already in order of `key`.
pub(super) fn cut<T>(
    all: Vec<T>,
    key: impl Fn(&T) -> String,
    size: i32,
    token: &str,
) -> Result<(Vec<T>, String), Status> {
    let size = page::read_size(size).map_err(status::invalid_field)?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let after = page::read_token(token).map_err(status::invalid_field)?;
    let rest = all.into_iter().skip_while(|it| after.as_ref().is_some_and(|a| key(it) <= *a));
    let mut some: Vec<T> = rest.take(size + 1).collect();
    let more = some.len() > size;
    some.truncate(size);
    let next = some.last().filter(|_| more).map(|last| page::token(&key(last)));
    Ok((some, next.unwrap_or_default()))
}

/// The queue of an id, for filters.
pub(super) fn queue_id(field: &str, text: &str) -> Result<QueueId, Status> {
    let fault = |it: timbre_model::InvalidSlug| {
        status::invalid_field(timbre_model::FieldError::new(field, it.value, "give a queue's id"))
    };
    QueueId::parse(text).map_err(fault)
}
