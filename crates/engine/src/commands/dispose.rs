//! An agent classifies a call. During wrap-up this ends it; during the call, wrap-up will be skipped.

use timbre_model::{AgentRef, CallId, Disposition, Slug};

use crate::agent::AgentState;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    who: &AgentRef,
    call: CallId,
    code: Slug,
) -> Result<Reply, Rejection> {
    let (agent, at) = turn.their_call(who, call)?;
    let known = turn.floor.tenants.get(&who.tenant);
    if !known.is_some_and(|it| it.spec.dispositions.contains(&code)) {
        return Err(Rejection::UnknownDisposition { code });
    }
    let disposition = Disposition::new(code, false);
    match turn.floor.agents[agent].state {
        AgentState::Talking { .. } => {
            turn.floor.calls[at].disposition = Some(disposition);
            Ok(Reply::Later)
        }
        AgentState::WrapUp(_) => {
            turn.end_wrap_up(at, Some(disposition));
            Ok(Reply::Done)
        }
        AgentState::SignedOut
        | AgentState::NotReady(_)
        | AgentState::Ready
        | AgentState::Preview(_)
        | AgentState::Offered(_) => Err(turn.wrong_state(agent)),
    }
}
