//! What the store holds of a campaign comes back at start. A campaign that ran runs on.

use timbre_model::{CampaignRecord, CampaignRef};

use crate::turn::Turn;
use crate::{AnswerDay, Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    record: CampaignRecord,
    days: &[AnswerDay],
) -> Result<Reply, Rejection> {
    let name = CampaignRef { tenant: record.tenant.clone(), campaign: record.campaign.clone() };
    let at = turn.floor.campaign_at(&name)?;
    let now = turn.now;
    let it = &mut turn.floor.campaigns[at];
    it.restore(record, days, now);
    (it.next, it.kept) = (now.mono, now.mono);
    turn.assign_campaigns(&name.tenant);
    turn.rearm_campaign(at);
    Ok(Reply::Done)
}
