//! An agent's stream: commands up, events down; and agents as they now stand.

mod choices;
mod command;
mod placed;
mod status;

use std::sync::Arc;
use std::time::Duration;

use timbre_casework::{Callback, Message};
use timbre_engine::{AgentView, Because, PlacedCall};
use timbre_model::{
    AgentRef, CallId, CallerId, CampaignRef, Civil, Disposition, EndCause, FieldError, OfferId,
    OfferOutcome, PhoneNumber, QueueRef, ReleasedBy, Slug,
};

use super::customer::{CustomerCard, card_from_wire, card_to_wire};
use super::error::ApiError;
use super::name::{self, cut};
use super::time::{moment, need_moment, need_span, read_moment, span};
use super::{agenda, message};
use crate::api::pb;
use crate::casework::agenda::Item;
use pb::connect_response::Event as WireEvent;

pub use choices::{CallsOf, Choices};
pub use command::{
    AgentCommand, BarScope, REQUEST_ID_MAX, ResumeToken, request_from_wire, request_to_wire,
};
pub use placed::{placed_from_wire, placed_to_wire};
pub use status::{state_from_wire, state_to_wire, status_from_wire, status_to_wire};

/// The reason of an agent who recovers from a complaint.
pub const RECOVERY: &str = "recovery";

/// One event of an agent's stream.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentMessage {
    /// Grows by one with each event of the shift. 0: an answer to this stream only.
    pub sequence: u64,
    /// When.
    pub at: Civil,
    /// What.
    pub event: AgentEvent,
}

/// What happened, as far as the agent should see it.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentEvent {
    /// The stream is open.
    Welcome(Box<Welcome>),
    /// How a command ended.
    CommandResult {
        /// The command's.
        request_id: String,
        /// It will take effect after the present call.
        later: bool,
        /// Why it took no effect.
        error: Option<Box<ApiError>>,
    },
    /// Answers a heartbeat.
    HeartbeatAck,
    /// The stream ends now.
    GoAway(GoAwayReason),
    /// The agent as they now stand.
    Status(AgentRef, Box<AgentView>),
    /// A call is offered.
    OfferMade(Offer),
    /// Who calls or is called: right behind the offer.
    CustomerCard(Box<CustomerCard>),
    /// An offer ended.
    OfferEnded {
        /// Which.
        offer: OfferId,
        /// How.
        outcome: OfferOutcome,
    },
    /// The agent and the customer hear each other.
    CallConnected {
        /// Which call.
        call: CallId,
        /// Of which queue.
        queue: QueueRef,
        /// Since the INVITE.
        waited: Duration,
        /// Whom, where it was placed for a campaign.
        placed: Option<Arc<PlacedCall>>,
    },
    /// The customer is on hold.
    CallHeld(CallId),
    /// The customer is off hold.
    CallResumed {
        /// Which call.
        call: CallId,
        /// For how long.
        held_for: Duration,
    },
    /// The conversation is over.
    CallEnded {
        /// Which.
        call: CallId,
        /// Why.
        cause: EndCause,
        /// By whose hand.
        released_by: ReleasedBy,
        /// From the agent to the end.
        talked: Duration,
        /// Of which on hold.
        held: Duration,
    },
    /// The call was classified and its wrap-up ended.
    WrappedUp {
        /// Which.
        call: CallId,
        /// How it was classified.
        disposition: Disposition,
    },
    /// What the agent wanted to call may not be called.
    DialRefused {
        /// For which campaign.
        campaign: CampaignRef,
        /// The rule, in words.
        because: String,
        /// When it may be tried; `None`: never.
        until: Option<Civil>,
    },
    /// Somebody left a message.
    MessageReceived(Box<Message>),
    /// What the agent is to do first.
    AgendaChanged(Vec<Item>),
    /// A conversation was lost: the customer is owed a call.
    CallbackOwed(Box<Callback>),
    /// A complaint was taken in this call: the agent may recover, by [`AgentCommand::SetNotReady`] with [`RECOVERY`].
    RecoveryOffered(CallId),
}

/// What a stream begins with.
#[derive(Debug, Clone, PartialEq)]
pub struct Welcome {
    /// Who this is.
    pub agent: AgentRef,
    /// Takes the shift up again after a drop.
    pub resume_token: ResumeToken,
    /// How often to send a heartbeat.
    pub heartbeat_interval: Duration,
    /// As they now stand.
    pub status: AgentView,
    /// What they may say to [`AgentCommand::SetNotReady`].
    pub pauses: Vec<Slug>,
    /// What they may say to [`AgentCommand::Dispose`].
    pub dispositions: Choices,
    /// The shift was taken up rather than begun.
    pub resumed: bool,
}

/// A call on offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The offer, which names its call.
    pub offer: OfferId,
    /// The call's queue.
    pub queue: QueueRef,
    /// Who calls.
    pub caller: CallerId,
    /// How long the caller has waited.
    pub waited: Duration,
    /// How long it may stay open.
    pub expires_in: Duration,
    /// Why this agent.
    pub because: Because,
    /// Whom, where the call was or will be placed for a campaign.
    pub placed: Option<Arc<PlacedCall>>,
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoAwayReason {
    /// The agent signed in on another stream.
    TakenOver,
    /// The agent signed out.
    SignedOut,
    /// A supervisor signed the agent out.
    ForcedOut,
    /// The client reads too slowly: come back with the resume token.
    Lagging,
    /// The server stops: come back with the resume token.
    ShuttingDown,
}

impl GoAwayReason {
    /// Every value.
    pub const ALL: &[Self] =
        &[Self::TakenOver, Self::SignedOut, Self::ForcedOut, Self::Lagging, Self::ShuttingDown];

    /// Its word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TakenOver => "taken_over",
            Self::SignedOut => "signed_out",
            Self::ForcedOut => "forced_out",
            Self::Lagging => "lagging",
            Self::ShuttingDown => "shutting_down",
        }
    }
}

/// An event as the wire has it.
pub fn message_to_wire(message: &AgentMessage) -> pb::ConnectResponse {
    let AgentMessage { sequence, at, event } = message;
    pb::ConnectResponse {
        sequence: *sequence,
        time: Some(moment(*at)),
        event: Some(event_to_wire(event)),
    }
}

fn event_to_wire(event: &AgentEvent) -> WireEvent {
    match event {
        AgentEvent::Welcome(welcome) => WireEvent::Welcome(welcome_to_wire(welcome)),
        AgentEvent::CommandResult { request_id, later, error } => {
            WireEvent::CommandResult(pb::CommandResult {
                request_id: request_id.clone(),
                error: error.as_ref().map(|it| it.to_wire()),
                later: *later,
            })
        }
        AgentEvent::HeartbeatAck => WireEvent::HeartbeatAck(pb::HeartbeatAck {}),
        AgentEvent::GoAway(why) => {
            WireEvent::GoAway(pb::GoAway { reason: why.as_str().to_owned() })
        }
        AgentEvent::Status(who, view) => WireEvent::AgentStatus(status_to_wire(who, view)),
        AgentEvent::OfferMade(offer) => WireEvent::OfferMade(offer_to_wire(offer)),
        AgentEvent::CustomerCard(card) => WireEvent::CustomerCard(card_to_wire(card)),
        AgentEvent::OfferEnded { offer, outcome } => WireEvent::OfferEnded(pb::OfferEnded {
            offer: offer.to_string(),
            outcome: outcome.to_string(),
        }),
        AgentEvent::CallConnected { call, queue, waited, placed } => {
            WireEvent::CallConnected(pb::CallConnected {
                call: call.to_string(),
                queue: name::queue(queue),
                waited: Some(span(*waited)),
                placed: placed.as_deref().map(placed_to_wire),
            })
        }
        AgentEvent::CallHeld(call) => WireEvent::CallHeld(pb::CallHeld { call: call.to_string() }),
        AgentEvent::CallResumed { call, held_for } => WireEvent::CallResumed(pb::CallResumed {
            call: call.to_string(),
            held_for: Some(span(*held_for)),
        }),
        AgentEvent::CallEnded { call, cause, released_by, talked, held } => {
            WireEvent::CallEnded(pb::CallEnded {
                call: call.to_string(),
                cause: cause.to_string(),
                released_by: released_by.to_string(),
                talked: Some(span(*talked)),
                held: Some(span(*held)),
            })
        }
        AgentEvent::WrappedUp { call, disposition: Disposition { code, automatic, fields: _ } } => {
            WireEvent::WrappedUp(pb::WrappedUp {
                call: call.to_string(),
                disposition: code.to_string(),
                automatic: *automatic,
            })
        }
        AgentEvent::DialRefused { campaign, because, until } => {
            WireEvent::DialRefused(pb::DialRefused {
                campaign: name::campaign(campaign),
                because: because.clone(),
                until: until.map(moment),
            })
        }
        AgentEvent::MessageReceived(it) => {
            let message = Some(message::to_wire(it));
            WireEvent::MessageReceived(pb::MessageReceived { message })
        }
        AgentEvent::AgendaChanged(items) => {
            let items = items.iter().map(agenda::item_to_wire).collect();
            WireEvent::AgendaChanged(pb::AgendaChanged { items })
        }
        AgentEvent::CallbackOwed(it) => {
            let callback = Some(agenda::callback_to_wire(it));
            WireEvent::CallbackOwed(pb::CallbackOwed { callback })
        }
        AgentEvent::RecoveryOffered(call) => {
            WireEvent::RecoveryOffered(pb::RecoveryOffered { call: call.to_string() })
        }
    }
}

/// Reads an event.
pub fn message_from_wire(wire: pb::ConnectResponse) -> Result<AgentMessage, FieldError> {
    let pb::ConnectResponse { sequence, time, event } = wire;
    let event =
        event.ok_or_else(|| FieldError::new("event", "", "use a client as new as the server"))?;
    Ok(AgentMessage { sequence, at: need_moment("time", time)?, event: event_from_wire(event)? })
}

fn event_from_wire(event: WireEvent) -> Result<AgentEvent, FieldError> {
    Ok(match event {
        WireEvent::Welcome(it) => AgentEvent::Welcome(Box::new(welcome_from_wire(it)?)),
        WireEvent::CommandResult(pb::CommandResult { request_id, error, later }) => {
            let error = error.as_ref().map(ApiError::from_wire).map(Box::new);
            AgentEvent::CommandResult { request_id, later, error }
        }
        WireEvent::HeartbeatAck(pb::HeartbeatAck {}) => AgentEvent::HeartbeatAck,
        WireEvent::GoAway(pb::GoAway { reason }) => {
            AgentEvent::GoAway(word("go_away.reason", &reason, |text| {
                GoAwayReason::ALL.iter().copied().find(|why| why.as_str() == text)
            })?)
        }
        WireEvent::AgentStatus(it) => {
            let (who, view) = status_from_wire(it)?;
            AgentEvent::Status(who, Box::new(view))
        }
        WireEvent::OfferMade(it) => AgentEvent::OfferMade(offer_from_wire(it)?),
        WireEvent::CustomerCard(it) => AgentEvent::CustomerCard(Box::new(card_from_wire(it)?)),
        WireEvent::OfferEnded(pb::OfferEnded { offer, outcome }) => AgentEvent::OfferEnded {
            offer: read_offer("offer_ended.offer", &offer)?,
            outcome: word("offer_ended.outcome", &outcome, OfferOutcome::parse)?,
        },
        WireEvent::CallConnected(pb::CallConnected { call, queue, waited, placed }) => {
            AgentEvent::CallConnected {
                call: read_call("call_connected.call", &call)?,
                queue: name::read_queue("call_connected.queue", &queue)?,
                waited: need_span("call_connected.waited", waited)?,
                placed: placed.map(placed_from_wire).transpose()?.map(Arc::new),
            }
        }
        WireEvent::CallHeld(pb::CallHeld { call }) => {
            AgentEvent::CallHeld(read_call("call_held.call", &call)?)
        }
        WireEvent::CallResumed(pb::CallResumed { call, held_for }) => AgentEvent::CallResumed {
            call: read_call("call_resumed.call", &call)?,
            held_for: need_span("call_resumed.held_for", held_for)?,
        },
        WireEvent::CallEnded(pb::CallEnded { call, cause, released_by, talked, held }) => {
            AgentEvent::CallEnded {
                call: read_call("call_ended.call", &call)?,
                cause: word("call_ended.cause", &cause, EndCause::parse)?,
                released_by: word("call_ended.released_by", &released_by, ReleasedBy::parse)?,
                talked: need_span("call_ended.talked", talked)?,
                held: need_span("call_ended.held", held)?,
            }
        }
        WireEvent::WrappedUp(pb::WrappedUp { call, disposition, automatic }) => {
            let code = name::id("wrapped_up.disposition", &disposition, Slug::parse)?;
            AgentEvent::WrappedUp {
                call: read_call("wrapped_up.call", &call)?,
                disposition: Disposition::new(code, automatic),
            }
        }
        WireEvent::DialRefused(pb::DialRefused { campaign, because, until }) => {
            AgentEvent::DialRefused {
                campaign: name::read_campaign("dial_refused.campaign", &campaign)?,
                because,
                until: read_moment("dial_refused.until", until)?,
            }
        }
        WireEvent::MessageReceived(pb::MessageReceived { message }) => {
            let it = message.ok_or_else(|| absent("message_received.message"))?;
            AgentEvent::MessageReceived(Box::new(message::from_wire(it)?))
        }
        WireEvent::AgendaChanged(pb::AgendaChanged { items }) => {
            let items = items.into_iter().map(agenda::item_from_wire).collect::<Result<_, _>>()?;
            AgentEvent::AgendaChanged(items)
        }
        WireEvent::CallbackOwed(pb::CallbackOwed { callback }) => {
            let it = callback.ok_or_else(|| absent("callback_owed.callback"))?;
            AgentEvent::CallbackOwed(Box::new(agenda::callback_from_wire(it)?))
        }
        WireEvent::RecoveryOffered(pb::RecoveryOffered { call }) => {
            AgentEvent::RecoveryOffered(read_call("recovery_offered.call", &call)?)
        }
    })
}

fn absent(field: &str) -> FieldError {
    FieldError::new(field, "", "use a client as new as the server")
}

fn welcome_to_wire(welcome: &Welcome) -> pb::Welcome {
    let Welcome { agent, resume_token, heartbeat_interval, status, pauses, dispositions, resumed } =
        welcome;
    pb::Welcome {
        agent: name::agent(agent),
        resume_token: resume_token.expose().to_owned(),
        heartbeat_interval: Some(span(*heartbeat_interval)),
        status: Some(status_to_wire(agent, status)),
        pauses: pauses.iter().map(ToString::to_string).collect(),
        dispositions: dispositions.flat.iter().map(ToString::to_string).collect(),
        resumed: *resumed,
        trees: dispositions.trees.iter().map(super::disposition::tree_to_wire).collect(),
        tree_uses: dispositions.uses.iter().map(choices::use_to_wire).collect(),
    }
}

fn welcome_from_wire(wire: pb::Welcome) -> Result<Welcome, FieldError> {
    let pb::Welcome {
        agent,
        resume_token,
        heartbeat_interval,
        status,
        pauses,
        dispositions,
        resumed,
        trees,
        tree_uses,
    } = wire;
    let slugs = |field: &str, words: Vec<String>| {
        words.iter().map(|text| name::id(field, text, Slug::parse)).collect::<Result<Vec<_>, _>>()
    };
    let absent = || FieldError::new("welcome.status", "", "give the agent's status");
    Ok(Welcome {
        agent: name::read_agent("welcome.agent", &agent)?,
        resume_token: ResumeToken::new(resume_token),
        heartbeat_interval: need_span("welcome.heartbeat_interval", heartbeat_interval)?,
        status: status_from_wire(status.ok_or_else(absent)?)?.1,
        pauses: slugs("welcome.pauses", pauses)?,
        dispositions: Choices {
            flat: slugs("welcome.dispositions", dispositions)?,
            trees: trees
                .into_iter()
                .map(|it| super::disposition::read_tree("welcome.trees", it))
                .collect::<Result<_, _>>()?,
            uses: tree_uses.iter().map(choices::use_from_wire).collect::<Result<_, _>>()?,
        },
        resumed,
    })
}

fn offer_to_wire(offer: &Offer) -> pb::OfferMade {
    let Offer { offer, queue, caller, waited, expires_in, because, placed } = offer;
    pb::OfferMade {
        offer: offer.to_string(),
        call: offer.call.to_string(),
        queue: name::queue(queue),
        caller: caller_to_wire(caller),
        waited: Some(span(*waited)),
        expires_in: Some(span(*expires_in)),
        because: because.as_str().to_owned(),
        placed: placed.as_deref().map(placed_to_wire),
    }
}

fn offer_from_wire(wire: pb::OfferMade) -> Result<Offer, FieldError> {
    let pb::OfferMade { offer, call: _, queue, caller, waited, expires_in, because, placed } = wire;
    Ok(Offer {
        offer: read_offer("offer_made.offer", &offer)?,
        queue: name::read_queue("offer_made.queue", &queue)?,
        caller: caller_from_wire("offer_made.caller", &caller)?,
        waited: need_span("offer_made.waited", waited)?,
        expires_in: need_span("offer_made.expires_in", expires_in)?,
        because: word("offer_made.because", &because, |text| {
            Because::ALL.into_iter().find(|it| it.as_str() == text)
        })?,
        placed: placed.map(placed_from_wire).transpose()?.map(Arc::new),
    })
}

/// Who calls; empty where withheld.
pub(super) fn caller_to_wire(caller: &CallerId) -> String {
    caller.number().map(|number| number.expose().to_owned()).unwrap_or_default()
}

/// Reads who calls. The fault does not repeat the text: it could be a real number.
pub(super) fn caller_from_wire(field: &str, text: &str) -> Result<CallerId, FieldError> {
    if text.is_empty() {
        return Ok(CallerId::Withheld);
    }
    let remedy = "write + and 4 to 15 digits, with the country code; nothing where withheld";
    let number = PhoneNumber::parse(text).map_err(|_| FieldError::new(field, "", remedy))?;
    Ok(CallerId::Number(number))
}

/// Reads an offer's id.
pub fn read_offer(field: &str, text: &str) -> Result<OfferId, FieldError> {
    let remedy = "give the offer's id as the server sent it";
    OfferId::parse(text).ok_or_else(|| FieldError::new(field, cut(text), remedy))
}

/// Reads a call's bare id.
pub fn read_call(field: &str, text: &str) -> Result<CallId, FieldError> {
    let remedy = "give the call's id: 32 hexadecimal digits";
    CallId::parse(text).ok_or_else(|| FieldError::new(field, cut(text), remedy))
}

/// Reads one word of a closed list.
pub(super) fn word<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, FieldError> {
    parse(text).ok_or_else(|| FieldError::new(field, cut(text), "give one of the documented words"))
}

/// The same, where an empty text is none.
pub(in crate::api) fn optional<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, FieldError> {
    if text.is_empty() { Ok(None) } else { word(field, text, parse).map(Some) }
}

#[cfg(test)]
mod tests;
