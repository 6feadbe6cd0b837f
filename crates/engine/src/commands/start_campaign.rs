//! A campaign places calls from now on.

use timbre_model::{CampaignRef, CampaignState};

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, campaign: &CampaignRef) -> Result<Reply, Rejection> {
    let at = turn.floor.campaign_at(campaign)?;
    if !turn.floor.campaigns[at].running() {
        turn.set_campaign(at, CampaignState::Running, None);
    }
    Ok(Reply::Done)
}
