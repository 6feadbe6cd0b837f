//! An agent classifies a call. During wrap-up this ends it; during the call, wrap-up will be skipped.

use std::collections::BTreeMap;

use timbre_model::{AgentRef, CallId, Disposition, Slug};

use crate::agent::AgentState;
use crate::disposed::Disposed;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    who: &AgentRef,
    call: CallId,
    (code, fields): (Slug, BTreeMap<String, String>),
) -> Result<Reply, Rejection> {
    let (agent, at) = turn.their_call(who, call)?;
    let disposed = disposed(turn, at, (code, fields))?;
    match turn.floor.agents[agent].state {
        AgentState::Talking { .. } => {
            turn.floor.calls[at].disposition = Some(disposed);
            Ok(Reply::Later)
        }
        AgentState::WrapUp(_) => {
            turn.end_wrap_up(at, Some(disposed));
            Ok(Reply::Done)
        }
        AgentState::SignedOut
        | AgentState::NotReady(_)
        | AgentState::Ready
        | AgentState::Preview(_)
        | AgentState::Offered(_) => Err(turn.wrong_state(agent)),
    }
}

/// The disposition with its effects, as the floor now has them.
fn disposed(
    turn: &Turn,
    call: usize,
    (code, fields): (Slug, BTreeMap<String, String>),
) -> Result<Disposed, Rejection> {
    let it = &turn.floor.calls[call];
    let campaign = it.placed.as_ref().map(|it| &it.shown.campaign.campaign);
    let queue = Some(&it.rules.name.queue);
    let tenant = turn.floor.tenants.get(&it.rules.name.tenant);
    let spec = tenant.and_then(|tenant| tenant.spec.disposition(&code, queue, campaign));
    let Some(spec) = spec else { return Err(Rejection::UnknownDisposition { code }) };
    spec.check(&fields).map_err(|fault| Rejection::DispositionField {
        code: code.clone(),
        field: fault.field,
        remedy: fault.remedy,
    })?;
    let effects = spec.effects.clone();
    let disposition = Disposition { code, automatic: false, fields };
    Ok(Disposed { disposition, effects })
}
