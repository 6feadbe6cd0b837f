//! Agents as they now stand.

use timbre_engine::AgentView;
use timbre_model::{AgentRef, AgentStateKind, CallId, FieldError, NotReadyReason};

use super::{optional, read_offer};
use crate::api::pb;
use crate::api::wire::name;
use crate::api::wire::time::{moment, need_moment, read_moment};

/// An agent as they now stand.
pub fn status_to_wire(who: &AgentRef, view: &AgentView) -> pb::AgentStatus {
    let AgentView {
        state,
        reason,
        since,
        offer,
        call,
        on_hold,
        wrap_up_until,
        wrap_up_extendable,
        pause_after,
        connected,
        station,
    } = view;
    let reason_word = |it: &Option<NotReadyReason>| {
        it.as_ref().map(|it| it.as_str().to_owned()).unwrap_or_default()
    };
    pb::AgentStatus {
        agent: name::agent(who),
        state: state_to_wire(*state).into(),
        reason: reason_word(reason),
        since: Some(moment(*since)),
        offer: offer.map(|(offer, _)| offer.to_string()).unwrap_or_default(),
        offer_expire_time: offer.map(|(_, until)| moment(until)),
        call: call.map(|call| call.to_string()).unwrap_or_default(),
        on_hold: *on_hold,
        wrap_up_expire_time: wrap_up_until.map(moment),
        wrap_up_extendable: *wrap_up_extendable,
        pause_after: reason_word(pause_after),
        connected: *connected,
        station: *station,
    }
}

/// Reads an agent as they now stand.
pub fn status_from_wire(wire: pb::AgentStatus) -> Result<(AgentRef, AgentView), FieldError> {
    let pb::AgentStatus {
        agent,
        state,
        reason,
        since,
        offer,
        offer_expire_time,
        call,
        on_hold,
        wrap_up_expire_time,
        wrap_up_extendable,
        pause_after,
        connected,
        station,
    } = wire;
    let offer = match offer.as_str() {
        "" => None,
        text => {
            let until = need_moment("offer_expire_time", offer_expire_time)?;
            Some((read_offer("offer", text)?, until))
        }
    };
    let view = AgentView {
        state: state_from_wire("state", state)?,
        reason: optional("reason", &reason, NotReadyReason::parse)?,
        since: need_moment("since", since)?,
        offer,
        call: optional("call", &call, CallId::parse)?,
        on_hold,
        wrap_up_until: read_moment("wrap_up_expire_time", wrap_up_expire_time)?,
        wrap_up_extendable,
        pause_after: optional("pause_after", &pause_after, NotReadyReason::parse)?,
        connected,
        station,
    };
    Ok((name::read_agent("agent", &agent)?, view))
}

/// A state as the wire has it.
pub const fn state_to_wire(state: AgentStateKind) -> pb::AgentState {
    match state {
        AgentStateKind::SignedOut => pb::AgentState::SignedOut,
        AgentStateKind::Ready => pb::AgentState::Ready,
        AgentStateKind::Offered => pb::AgentState::Offered,
        AgentStateKind::Talking => pb::AgentState::Talking,
        AgentStateKind::WrapUp => pb::AgentState::WrapUp,
        AgentStateKind::NotReady => pb::AgentState::NotReady,
    }
}

/// Reads a state, which must be one.
pub fn state_from_wire(field: &str, wire: i32) -> Result<AgentStateKind, FieldError> {
    match pb::AgentState::try_from(wire) {
        Ok(pb::AgentState::SignedOut) => Ok(AgentStateKind::SignedOut),
        Ok(pb::AgentState::Ready) => Ok(AgentStateKind::Ready),
        Ok(pb::AgentState::Offered) => Ok(AgentStateKind::Offered),
        Ok(pb::AgentState::Talking) => Ok(AgentStateKind::Talking),
        Ok(pb::AgentState::WrapUp) => Ok(AgentStateKind::WrapUp),
        Ok(pb::AgentState::NotReady) => Ok(AgentStateKind::NotReady),
        Ok(pb::AgentState::Unspecified) | Err(_) => {
            Err(FieldError::new(field, wire, "give a state, such as AGENT_STATE_READY"))
        }
    }
}
