//! An agent's control stream opened for a new shift, or in place of another one.

use timbre_model::{AgentRef, NotReadyReason};

use crate::agent::{After, AgentState, Stream};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    who: &AgentRef,
    auto_accept: bool,
    take_over: bool,
) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    match turn.floor.agents[agent].stream {
        Stream::None => {
            turn.floor.agents[agent].stream = Stream::Up { auto_accept };
            turn.enter(agent, AgentState::NotReady(NotReadyReason::SignedIn));
        }
        Stream::Up { .. } if !take_over => {
            return Err(Rejection::SignedInElsewhere { agent: who.agent.clone() });
        }
        Stream::Up { .. } => turn.floor.agents[agent].stream = Stream::Up { auto_accept },
        Stream::Lost { .. } => super::resume::take_up(turn, agent, auto_accept),
    }
    // Whoever signs in has come to work, whatever the former stream said last.
    let after = &mut turn.floor.agents[agent].after;
    _ = after.take_if(|it| *it == After::SignedOut);
    Ok(Reply::Agent(turn.floor.view(agent)))
}
