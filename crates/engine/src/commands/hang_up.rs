//! An agent ends the conversation, or takes back the call that is being placed for them.

use timbre_model::{AgentRef, CallId, EndCause, ReleasedBy};

use crate::call::Stage;
use crate::ending::{Ending, Goodbye};
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef, call: CallId) -> Result<Reply, Rejection> {
    let (_, at) = turn.their_call(who, call)?;
    if let Stage::Dialing { .. } = turn.floor.calls[at].stage {
        turn.end_dialing(at, ReleasedBy::Agent);
        return Ok(Reply::Done);
    }
    turn.their_talk(who, call)?;
    let (cause, released_by) = (EndCause::Completed, ReleasedBy::Agent);
    turn.end_call(at, Ending { cause, released_by, customer: Goodbye::HangUp, agent_up: true });
    Ok(Reply::Done)
}
