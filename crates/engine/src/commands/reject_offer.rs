//! An agent declines an offered call. The call keeps its place; the agent stays ready and is passed over for it.

use timbre_model::{AgentRef, OfferId};

use crate::offering::Failure;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef, offer: OfferId) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    turn.open_offer(agent, offer)?;
    turn.fail_offer(agent, Failure::Declined);
    Ok(Reply::Done)
}
