//! A supervisor ends a call.

use timbre_model::{CallId, TenantId};

use super::force_agent::FORCED;
use crate::call::Stage;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, tenant: &TenantId, call: CallId) -> Result<Reply, Rejection> {
    let at = turn.floor.call_index.get(&call).copied().filter(|&at| {
        let it = &turn.floor.calls[at];
        it.facts.trunk.tenant == *tenant && !matches!(it.stage, Stage::WrapUp { .. })
    });
    let at = at.ok_or(Rejection::UnknownCall { call })?;
    let it = &turn.floor.calls[at];
    // Whoever was called and answered is owed the message, and counts.
    if it.placed.is_some() && matches!(it.stage, Stage::Waiting) {
        turn.abandon(at);
    } else {
        turn.end_call(at, FORCED);
    }
    Ok(Reply::Done)
}
