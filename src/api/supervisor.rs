//! `SupervisorService`: watches the floor and intervenes.

use timbre_engine::{Command, ForcedState};
use timbre_model::{Civil, FieldError, TenantId};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::{agents, queue_status, queues, tenant_of};
use crate::api::pb::{self, supervisor_service_server::SupervisorService};
use crate::api::wire::watch::{FloorNews, FloorUpdate, to_wire};
use crate::api::wire::{agent, name};
use crate::api::{Context, requests, status};
use crate::driver::clock;
use crate::feed;

/// Messages that wait for a slow watcher before it is left behind and given a snapshot.
const WATCH_BUFFER: usize = 64;

/// The service.
pub struct Supervisors(pub Context, pub CancellationToken);

#[tonic::async_trait]
impl SupervisorService for Supervisors {
    type WatchFloorStream = ReceiverStream<Result<pb::WatchFloorResponse, Status>>;

    async fn watch_floor(
        &self,
        request: Request<pb::WatchFloorRequest>,
    ) -> Result<Response<Self::WatchFloorStream>, Status> {
        let caller = Caller::of(&request)?;
        let tenant = tenant_of(caller, &request.get_ref().parent)?;
        let (to_watcher, stream) = mpsc::channel(WATCH_BUFFER);
        let after = request.get_ref().after_sequence;
        let watching = watch(self.0.clone(), tenant, after, to_watcher);
        tokio::spawn(self.1.clone().run_until_cancelled_owned(watching));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn force_agent_state(
        &self,
        request: Request<pb::ForceAgentStateRequest>,
    ) -> Result<Response<pb::AgentStatus>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::ForceAgentStateRequest { agent: named, request_id, state } = request.into_inner();
        let who = name::read_agent("agent", &named).map_err(status::invalid_field)?;
        caller.owns(&who.tenant)?;
        let state = forced(state)?;
        let tenant = &caller.tenant;
        let method = "ForceAgentState";
        let once = match requests::Once::begin(&self.0.store, tenant, method, &request_id).await? {
            requests::Begun::Done(done) => {
                return requests::again(&done.response).map(Response::new);
            }
            requests::Begun::New(once) => once,
        };
        self.0.command(Command::ForceAgent { agent: who.clone(), state }).await?;
        let asked = who.clone();
        let look = move |engine: &timbre_engine::Engine, _| engine.agent(&asked);
        let view = self.0.driver.look(look).await.map_err(status::stopped)?;
        let view = view.map(|view| agent::status_to_wire(&who, &view)).unwrap_or_default();
        once.done(&view).await?;
        Ok(Response::new(view))
    }

    async fn end_call(
        &self,
        request: Request<pb::EndCallRequest>,
    ) -> Result<Response<pb::EndCallResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::EndCallRequest { call: named, request_id } = request.into_inner();
        let (tenant, call) = name::read_call("call", &named).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let method = "EndCall";
        let once = match requests::Once::begin(&self.0.store, &tenant, method, &request_id).await? {
            requests::Begun::Done(_) => return Ok(Response::new(pb::EndCallResponse {})),
            requests::Begun::New(once) => once,
        };
        self.0.command(Command::ForceEndCall { tenant: tenant.clone(), call }).await?;
        once.done(&pb::EndCallResponse {}).await?;
        Ok(Response::new(pb::EndCallResponse {}))
    }
}

fn forced(state: i32) -> Result<ForcedState, Status> {
    match pb::AgentState::try_from(state) {
        Ok(pb::AgentState::Ready) => Ok(ForcedState::Ready),
        Ok(pb::AgentState::NotReady) => Ok(ForcedState::NotReady),
        Ok(pb::AgentState::SignedOut) => Ok(ForcedState::SignedOut),
        Ok(
            pb::AgentState::Unspecified
            | pb::AgentState::Offered
            | pb::AgentState::Talking
            | pb::AgentState::WrapUp,
        )
        | Err(_) => {
            let remedy = "give AGENT_STATE_READY, AGENT_STATE_NOT_READY or AGENT_STATE_SIGNED_OUT";
            Err(status::invalid_field(FieldError::new("state", state, remedy)))
        }
    }
}

type ToWatcher = mpsc::Sender<Result<pb::WatchFloorResponse, Status>>;

/// Sends a snapshot where one is needed, then what changes, until the watcher leaves.
async fn watch(context: Context, tenant: TenantId, after: u64, to_watcher: ToWatcher) {
    let log = context.feed.floor_log(&tenant);
    let mut grew = log.subscribe();
    let mut seen = after;
    loop {
        let updates = match log.after(seen) {
            Ok(updates) if !updates.is_empty() => updates,
            Ok(_) => {
                tokio::select! {
                    grown = grew.changed() => if grown.is_err() { return },
                    () = to_watcher.closed() => return,
                }
                continue;
            }
            Err(feed::Missed) => {
                // The number is read first: what changes meanwhile is sent again, which does no harm.
                seen = log.last();
                let snapshot = snapshot(&context, &tenant, seen).await;
                if to_watcher.send(snapshot).await.is_err() {
                    return;
                }
                continue;
            }
        };
        for (sequence, at, update) in updates {
            seen = sequence;
            let message = change(&context, sequence, at, update).await;
            if to_watcher.send(message).await.is_err() {
                return;
            }
        }
    }
}

async fn snapshot(
    context: &Context,
    tenant: &TenantId,
    sequence: u64,
) -> Result<pb::WatchFloorResponse, Status> {
    let (queues, agents) = (queues(context, tenant).await?, agents(context, tenant).await?);
    let what = FloorNews::Snapshot { queues, agents };
    Ok(to_wire(&FloorUpdate { sequence, at: clock::civil(), what }))
}

async fn change(
    context: &Context,
    sequence: u64,
    at: Civil,
    update: feed::FloorUpdate,
) -> Result<pb::WatchFloorResponse, Status> {
    let what = match update {
        feed::FloorUpdate::Agent(who, view) => FloorNews::Agent(who, *view),
        feed::FloorUpdate::Queue(queue) => {
            let (view, counts) = *queue;
            let now = context.driver.look(|_, now| now).await.map_err(status::stopped)?;
            FloorNews::Queue(queue_status(&view, counts, now))
        }
    };
    Ok(to_wire(&FloorUpdate { sequence, at, what }))
}
