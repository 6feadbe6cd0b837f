//! No call is placed over a trunk, or again.

use timbre_model::TrunkRef;

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, trunk: &TrunkRef, stopped: bool) -> Result<Reply, Rejection> {
    let floor = turn.floor.tenants.get(&trunk.tenant);
    let at = floor.and_then(|it| it.trunks.get(&trunk.trunk)).copied();
    let at = at.ok_or_else(|| Rejection::UnknownTrunk { trunk: trunk.trunk.clone() })?;
    turn.floor.trunks[at].stopped = stopped;
    Ok(Reply::Done)
}
