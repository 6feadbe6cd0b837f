//! `AgentService`: an agent's stream.

mod card;
mod desk;
mod outbound;
mod stream;

use timbre_engine::Event;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::api::auth::{Authority, Caller};
use crate::api::pb::{self, agent_service_server::AgentService};
use crate::api::wire::agent::{AgentEvent, Offer};
use crate::api::{Context, limits};
use timbre_engine::EventKind;

/// The service.
pub struct Agents {
    context: Context,
    authority: Authority,
    stop: CancellationToken,
}

impl Agents {
    /// Streams that end when `stop` is cancelled.
    pub fn new(context: Context, authority: Authority, stop: CancellationToken) -> Self {
        Self { context, authority, stop }
    }
}

#[tonic::async_trait]
impl AgentService for Agents {
    type ConnectStream = ReceiverStream<Result<pb::ConnectResponse, Status>>;

    async fn connect(
        &self,
        request: Request<Streaming<pb::ConnectRequest>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let agent = caller.agent()?.clone();
        let (to_client, from_server) = tokio::sync::mpsc::channel(limits::AGENT_BUFFER);
        let serving = stream::Stream {
            context: self.context.clone(),
            authority: self.authority.clone(),
            caller,
            agent,
            from_client: request.into_inner(),
            to_client,
        };
        tokio::spawn(serving.run(self.stop.clone()));
        Ok(Response::new(ReceiverStream::new(from_server)))
    }
}

/// An event as its agent should see it; `None` for those that are not for agents.
fn for_agent(event: &Event) -> Option<AgentEvent> {
    Some(match &event.what {
        EventKind::FloorApplied { .. }
        | EventKind::CallArrived { .. }
        | EventKind::CallQueued { .. }
        | EventKind::CallAnswered { .. }
        | EventKind::CampaignChanged { .. }
        | EventKind::Paced(_)
        | EventKind::Withheld { .. }
        | EventKind::LeadsRefused { .. }
        | EventKind::AttemptDialed { .. }
        | EventKind::AttemptAnswered { .. }
        | EventKind::AttemptEnded(_)
        | EventKind::LiveAnswerServed { .. }
        | EventKind::SurveyWanted { .. }
        | EventKind::SurveyEnded { .. }
        | EventKind::DoNotCallAdded { .. } => return None,
        EventKind::AgentState(changed) => {
            AgentEvent::Status(changed.agent.clone(), Box::new(changed.now.clone()))
        }
        EventKind::Offered(made) => AgentEvent::OfferMade(Offer {
            offer: made.offer,
            queue: made.queue.clone(),
            caller: made.caller.clone(),
            waited: made.waited,
            expires_in: made.expires_in,
            because: made.because,
            placed: made.placed.clone(),
        }),
        EventKind::OfferEnded { offer, outcome, agent: _, queue: _, open_for: _ } => {
            AgentEvent::OfferEnded { offer: *offer, outcome: *outcome }
        }
        EventKind::CallConnected {
            call,
            queue,
            waited,
            placed,
            agent: _,
            within_service_level: _,
        } => AgentEvent::CallConnected {
            call: *call,
            queue: queue.clone(),
            waited: *waited,
            placed: placed.clone(),
        },
        EventKind::CallHeld { call, queue: _, agent: _ } => AgentEvent::CallHeld(*call),
        EventKind::CallResumed { call, held_for, queue: _, agent: _ } => {
            AgentEvent::CallResumed { call: *call, held_for: *held_for }
        }
        EventKind::CallEnded(ended) => AgentEvent::CallEnded {
            call: ended.call,
            cause: ended.cause,
            released_by: ended.released_by,
            talked: ended.talked,
            held: ended.held,
        },
        EventKind::WrappedUp { call, disposition, queue: _, agent: _, took: _ } => {
            AgentEvent::WrappedUp { call: *call, disposition: disposition.clone() }
        }
        EventKind::DialRefused { campaign, because, until, agent: _ } => AgentEvent::DialRefused {
            campaign: campaign.clone(),
            because: because.clone(),
            until: *until,
        },
    })
}
