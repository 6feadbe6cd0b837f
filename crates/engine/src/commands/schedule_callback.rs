//! An agent promises the customer another call.

use timbre_model::{AgentRef, CallId};

use crate::attempt::Promise;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    who: &AgentRef,
    call: CallId,
    promise: Promise,
) -> Result<Reply, Rejection> {
    let (_, at) = turn.their_call(who, call)?;
    let placed = turn.floor.calls[at].placed.as_ref();
    let attempt = placed.map(|it| it.attempt).filter(|&attempt| {
        let it = &turn.floor.attempts[attempt];
        it.lead().is_some() && it.answered.is_some()
    });
    let attempt = attempt.ok_or(Rejection::NoLead { call })?;
    turn.floor.attempts[attempt].callback = Some(promise);
    Ok(Reply::Later)
}
