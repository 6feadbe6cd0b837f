//! A campaign places no more calls. Those in set-up are taken back; conversations go on.

use timbre_model::{CampaignRef, CampaignState};

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, campaign: &CampaignRef) -> Result<Reply, Rejection> {
    let at = turn.floor.campaign_at(campaign)?;
    match turn.floor.campaigns[at].state {
        CampaignState::Paused => {}
        CampaignState::Running => turn.set_campaign(at, CampaignState::Paused, None),
        CampaignState::Draft
        | CampaignState::Completed
        | CampaignState::Stopped
        | CampaignState::Failed => return Err(turn.campaign_state(at)),
    }
    Ok(Reply::Done)
}
