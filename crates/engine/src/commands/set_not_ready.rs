//! An agent may not be offered calls. During an offer, a call or its wrap-up: afterwards.

use timbre_model::{AgentRef, NotReadyReason, Slug};

use crate::agent::{After, AgentState};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef, reason: Slug) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    turn.signed_in(agent)?;
    let known = turn.floor.tenants.get(&who.tenant);
    if !known.is_some_and(|it| it.spec.pauses.contains(&reason)) {
        return Err(Rejection::UnknownPause { reason });
    }
    Ok(rest(turn, agent, NotReadyReason::Pause(reason)))
}

/// Recovers from a complaint. That it was offered is for the shell to know: it knows the case.
pub(crate) fn recover(turn: &mut Turn, who: &AgentRef) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    turn.signed_in(agent)?;
    Ok(rest(turn, agent, NotReadyReason::Recovery))
}

fn rest(turn: &mut Turn, agent: usize, reason: NotReadyReason) -> Reply {
    match turn.floor.agents[agent].state {
        AgentState::Offered(_)
        | AgentState::Preview(_)
        | AgentState::Talking { .. }
        | AgentState::WrapUp(_) => {
            turn.floor.agents[agent].after = Some(After::NotReady(reason));
            turn.restate(agent);
            Reply::Later
        }
        AgentState::SignedOut | AgentState::NotReady(_) | AgentState::Ready => {
            turn.enter(agent, AgentState::NotReady(reason));
            Reply::Done
        }
    }
}
