//! An agent's control stream was lost. A conversation goes on untouched; an open offer goes to somebody else.

use timbre_model::{AgentRef, TimelineKind};

use crate::agent::{AgentState, Answer, Offered, Stream};
use crate::call::Stage;
use crate::offering::Failure;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    let Stream::Up { auto_accept } = turn.floor.agents[agent].stream else {
        return Ok(Reply::Done);
    };
    let grace_ends = Some(turn.now.mono + turn.floor.limits.resume_grace);
    turn.floor.agents[agent].stream = Stream::Lost { auto_accept, grace_ends };
    turn.rearm_agent(agent);
    match turn.floor.agents[agent].state {
        AgentState::Preview(_)
        | AgentState::Offered(Offered {
            answer: Answer::Pending { .. } | Answer::Ringing { .. },
            ..
        }) => {
            turn.fail_offer(agent, Failure::StreamLost);
        }
        // Whoever cannot see whom they are to talk to is not put through.
        AgentState::Offered(Offered { call, .. })
            if matches!(turn.floor.calls[call].stage, Stage::Dialing { .. }) =>
        {
            turn.fail_offer(agent, Failure::StreamLost);
        }
        AgentState::Talking { call, .. } => turn.timeline(call, TimelineKind::AgentStreamLost),
        AgentState::Ready => turn.look_at_hindrances(agent),
        AgentState::Offered(Offered { answer: Answer::Accepted, .. })
        | AgentState::SignedOut
        | AgentState::NotReady(_)
        | AgentState::WrapUp(_) => {}
    }
    Ok(Reply::Done)
}
