//! Where a lead stands.

use timbre_model::{AgentId, FieldError, LeadState, Slug};

use crate::api::pb;
use crate::api::wire::agent::optional;
use crate::api::wire::name::{cut, id};
use crate::api::wire::time::{moment, need_moment, read_moment};

/// As the wire has it.
pub fn state_to_wire(state: &LeadState) -> pb::LeadState {
    let mut wire = pb::LeadState { state: state.as_str().to_owned(), ..pb::LeadState::default() };
    match state {
        LeadState::Ready | LeadState::Claimed => {}
        LeadState::Retry { at } => wire.time = Some(moment(*at)),
        LeadState::Callback { at, agent } => {
            wire.time = Some(moment(*at));
            wire.agent = agent.as_ref().map(ToString::to_string).unwrap_or_default();
        }
        LeadState::Finished { disposition } => wire.disposition = disposition.to_string(),
        LeadState::Blocked { rule, until } => {
            wire.rule = rule.clone();
            wire.time = until.map(moment);
        }
    }
    wire
}

/// Reads it back.
pub fn state_from_wire(wire: pb::LeadState) -> Result<LeadState, FieldError> {
    let pb::LeadState { state, time, agent, disposition, rule } = wire;
    Ok(match state.as_str() {
        "ready" => LeadState::Ready,
        "claimed" => LeadState::Claimed,
        "retry" => LeadState::Retry { at: need_moment("state.time", time)? },
        "callback" => LeadState::Callback {
            at: need_moment("state.time", time)?,
            agent: optional("state.agent", &agent, |it| AgentId::parse(it).ok())?,
        },
        "finished" => {
            LeadState::Finished { disposition: id("state.disposition", &disposition, Slug::parse)? }
        }
        "blocked" => LeadState::Blocked { rule, until: read_moment("state.time", time)? },
        other => {
            let remedy = "give one of ready, claimed, retry, callback, finished, blocked";
            return Err(FieldError::new("state.state", cut(other), remedy));
        }
    })
}
