//! An agent wants a number called that they entered. It is gated like any other: the answer comes as a call, or as a
//! refusal.

use timbre_model::{AgentRef, CampaignId, CampaignRef, PhoneNumber};

use crate::asking::{Ask, Kind};
use crate::turn::Turn;
use crate::{Rejection, Reply, Want};

pub(crate) fn apply(
    turn: &mut Turn,
    who: &AgentRef,
    campaign: CampaignId,
    number: PhoneNumber,
) -> Result<Reply, Rejection> {
    let agent = turn.floor.agent_at(who)?;
    let campaign = CampaignRef { tenant: who.tenant.clone(), campaign };
    let at = turn.floor.campaign_at(&campaign)?;
    if !turn.floor.agents[agent].is_idle() {
        return Err(turn.wrong_state(agent));
    }
    if !turn.floor.campaigns[at].running() || turn.floor.drained {
        return Err(turn.campaign_state(at));
    }
    if !turn.floor.agents[agent].campaigns.contains(&at) {
        let agent = who.agent.clone();
        return Err(Rejection::NotServing { agent, campaign: campaign.campaign });
    }
    let (trunk, _) = turn.trunk_of(at)?;
    let ask = Ask { campaign: at, trunk, most: 1, agent: Some(agent), kind: Kind::ByHand };
    let batch = turn.ask(ask, Want::Number { number, agent: who.agent.clone() });
    turn.floor.set_reserved(agent, Some(batch));
    turn.tell_phases(agent);
    Ok(Reply::Later)
}
