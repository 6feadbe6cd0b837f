//! The node takes no new calls from now on, or takes them again.

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, on: bool) -> Result<Reply, Rejection> {
    turn.floor.drained = on;
    Ok(Reply::Done)
}
