//! A supervisor puts an agent into a state.

use timbre_model::{AgentRef, EndCause, NotReadyReason, ReleasedBy};

use crate::agent::{After, AgentState, Stream};
use crate::ending::{Ending, Goodbye};
use crate::offering::Failure;
use crate::turn::Turn;
use crate::{ForcedState, Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    who: &AgentRef,
    state: ForcedState,
) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    turn.signed_in(agent)?;
    match state {
        ForcedState::Ready => super::set_ready::apply(turn, who),
        ForcedState::NotReady => Ok(not_ready(turn, agent)),
        ForcedState::SignedOut => Ok(signed_out(turn, agent)),
    }
}

fn not_ready(turn: &mut Turn, agent: usize) -> Reply {
    let it = &mut turn.floor.agents[agent];
    match it.state {
        AgentState::Talking { .. } | AgentState::WrapUp(_) => {
            it.after = Some(After::NotReady(NotReadyReason::Forced));
            return Reply::Later;
        }
        AgentState::Offered(_) | AgentState::Preview(_) => {
            turn.fail_offer(agent, Failure::Forced);
        }
        AgentState::SignedOut | AgentState::NotReady(_) | AgentState::Ready => {
            turn.enter(agent, AgentState::NotReady(NotReadyReason::Forced));
        }
    }
    Reply::Done
}

fn signed_out(turn: &mut Turn, agent: usize) -> Reply {
    let it = &mut turn.floor.agents[agent];
    match it.state {
        AgentState::SignedOut | AgentState::NotReady(_) | AgentState::Ready => turn.sign_out(agent),
        AgentState::Offered(_) | AgentState::Preview(_) => {
            turn.fail_offer(agent, Failure::SignedOut);
        }
        AgentState::Talking { call, .. } => {
            // Without a stream there is no wrap-up: the call ends with the automatic disposition.
            it.stream = Stream::None;
            it.after = Some(After::SignedOut);
            turn.end_call(call, FORCED);
        }
        AgentState::WrapUp(wrap_up) => {
            it.after = Some(After::SignedOut);
            turn.end_wrap_up(wrap_up.call, None);
        }
    }
    Reply::Done
}

/// A supervisor's hand.
pub(super) const FORCED: Ending = Ending {
    cause: EndCause::Forced,
    released_by: ReleasedBy::System,
    customer: Goodbye::HangUp,
    agent_up: true,
};
