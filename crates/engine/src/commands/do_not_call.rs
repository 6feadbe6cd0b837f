//! Somebody may not be called any more. It holds from the moment in which this is durable.

use timbre_model::DoNotCallEntry;

use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, entry: DoNotCallEntry) -> Result<Reply, Rejection> {
    if !turn.floor.tenants.contains_key(&entry.tenant) {
        return Err(Rejection::NoFloor { tenant: entry.tenant });
    }
    turn.bar(entry);
    Ok(Reply::Done)
}
