//! Leads of a list say something else now: where they are, by which number, on what ground they may be called.

use std::collections::BTreeSet;

use timbre_model::{ListId, TenantId};

use crate::asking::{Batch, Kind};
use crate::attempt::Progress;
use crate::turn::Turn;
use crate::{Rejection, Reply};

/// Which of the leads that requests may bring have changed is not known here: none of them is dialed.
pub(crate) fn apply(turn: &mut Turn, tenant: &TenantId, list: &ListId) -> Result<Reply, Rejection> {
    let mut campaigns = BTreeSet::new();
    for (at, it) in turn.floor.campaigns.iter_mut() {
        let calls = it.spec().lists.iter().any(|share| share.list == *list);
        if it.name.tenant != *tenant || !calls {
            continue;
        }
        campaigns.insert(at);
        if it.asks.withheld.is_none() {
            it.asks.not_before = turn.now.mono;
        }
    }
    // An agent who entered a number called no lead.
    let of_list = |it: &&mut Batch| {
        campaigns.contains(&it.campaign) && (it.kind != Kind::ByHand || it.lead.is_some())
    };
    turn.floor.batches.values_mut().filter(of_list).for_each(|it| it.void = true);
    turn.take_back_all(|it| {
        it.progress == Progress::Held
            && it.record.tenant == *tenant
            && it.lead().is_some_and(|lead| lead.list == *list)
    });
    Ok(Reply::Done)
}
