//! A customer whose agent has let them go may be asked how satisfied they are.

use timbre_model::{CallId, TenantId};

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, tenant: &TenantId, call: CallId) -> Result<Reply, Rejection> {
    turn.permit_survey(tenant, call)?;
    Ok(Reply::Done)
}
