//! An agent gives the wrap-up more time, once.

use timbre_model::{AgentRef, CallId, TimelineKind};

use crate::agent::{AgentState, WrapUp};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef, call: CallId) -> Result<Reply, Rejection> {
    let (agent, at) = turn.their_call(who, call)?;
    let AgentState::WrapUp(WrapUp { until, extended, .. }) = turn.floor.agents[agent].state else {
        return Err(turn.wrong_state(agent));
    };
    let extension = turn.floor.calls[at].rules.spec.wrap_up_extension;
    if extended || extension.is_zero() {
        return Err(Rejection::NotExtendable { call });
    }
    let until = until.after(extension);
    turn.floor.agents[agent].state = AgentState::WrapUp(WrapUp { call: at, until, extended: true });
    turn.rearm_agent(agent);
    turn.timeline(at, TimelineKind::WrapUpExtended);
    turn.restate(agent);
    Ok(Reply::Done)
}
