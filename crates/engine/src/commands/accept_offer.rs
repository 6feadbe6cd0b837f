//! An agent takes an offered call.

use timbre_model::{AgentRef, OfferId};

use crate::agent::{AgentState, Answer, Line, Offered};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef, offer: OfferId) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    match turn.open_offer(agent, offer)? {
        Open::Lead => turn.call_previewed(agent)?,
        Open::Call(Line::Persistent(_)) => turn.accept(agent),
        Open::Call(Line::Placed(_)) => await_phone(turn, agent),
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

/// What is on offer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Open {
    /// A call, over this line.
    Call(Line),
    /// A lead to be called.
    Lead,
}

impl Turn<'_> {
    /// What the agent's open offer is, if it is the one named.
    pub(super) fn open_offer(&self, agent: usize, offer: OfferId) -> Result<Open, Rejection> {
        match &self.floor.agents[agent].state {
            AgentState::Preview(it) if it.offer == offer && it.asked.is_none() => Ok(Open::Lead),
            AgentState::Offered(Offered { call, line, answer: Answer::Pending { .. } })
                if self.floor.calls[*call].offer_id() == offer =>
            {
                Ok(Open::Call(*line))
            }
            _ => Err(Rejection::OfferNotOpen { offer }),
        }
    }
}
