//! An agent takes an offered call.

use timbre_model::{AgentRef, OfferId};

use crate::agent::{AgentState, Answer, Line, Offered};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef, offer: OfferId) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    let line = turn.open_offer(agent, offer)?;
    match line {
        Line::Persistent(_) => turn.accept(agent),
        Line::Placed(_) => await_phone(turn, agent),
    }
    Ok(Reply::Done)
}

/// The phone has still to be picked up, and has its own time for that.
fn await_phone(turn: &mut Turn, agent: usize) {
    let due = turn.now.after(turn.floor.limits.station_answer);
    if let AgentState::Offered(Offered { answer: Answer::Pending { ends, taken, .. }, .. }) =
        &mut turn.floor.agents[agent].state
        && !*taken
    {
        (*ends, *taken) = (due, true);
        turn.rearm_agent(agent);
    }
}

impl Turn<'_> {
    /// The line of the agent's open offer, if it is the one named.
    pub(super) fn open_offer(&self, agent: usize, offer: OfferId) -> Result<Line, Rejection> {
        match self.floor.agents[agent].state {
            AgentState::Offered(Offered { call, line, answer: Answer::Pending { .. } })
                if self.floor.calls[call].offer_id() == offer =>
            {
                Ok(line)
            }
            _ => Err(Rejection::OfferNotOpen { offer }),
        }
    }
}
