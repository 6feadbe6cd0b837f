//! An agent heard who answered, whatever the detector said.

use timbre_model::{AgentRef, CallId, MachineVerdict};

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    who: &AgentRef,
    call: CallId,
    verdict: MachineVerdict,
) -> Result<Reply, Rejection> {
    let (_, at) = turn.their_call(who, call)?;
    let placed = turn.floor.calls[at].placed.as_ref();
    let attempt = placed.map(|it| it.attempt).ok_or(Rejection::NoLead { call })?;
    // Durable with the attempt's last record, which is written when the call is classified.
    turn.floor.attempts[attempt].record.machine_corrected = Some(verdict);
    Ok(Reply::Later)
}
