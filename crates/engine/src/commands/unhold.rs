//! An agent takes the customer off hold.

use timbre_model::{AgentRef, CallId};

use crate::call::Stage;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, who: &AgentRef, call: CallId) -> Result<Reply, Rejection> {
    let (_, at) = turn.their_talk(who, call)?;
    if let Stage::Talking { held: None, .. } = turn.floor.calls[at].stage {
        return Err(Rejection::HoldState { call, on_hold: false });
    }
    turn.resume(at);
    Ok(Reply::Done)
}
