//! A campaign is ended by hand. Calls in set-up are taken back; conversations go on.

use timbre_model::{CampaignRef, CampaignState};

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, campaign: &CampaignRef) -> Result<Reply, Rejection> {
    let at = turn.floor.campaign_at(campaign)?;
    if turn.floor.campaigns[at].state != CampaignState::Stopped {
        turn.set_campaign(at, CampaignState::Stopped, None);
    }
    Ok(Reply::Done)
}
