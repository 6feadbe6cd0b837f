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
    turn.end_call(at.ok_or(Rejection::UnknownCall { call })?, FORCED);
    Ok(Reply::Done)
}
