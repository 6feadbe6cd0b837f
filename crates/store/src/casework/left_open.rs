//! What is told of the calls that a dead node left open.

use timbre_model::{CallOutcome, CallRecord, Civil, Disposition, EndCause, ReleasedBy};

use super::{NewRow, happened};
use crate::StoreError;
use crate::calls::{self, CALLS};
use crate::database::Transaction;

/// What recovery at `at` will write of the calls that are open, as events; to be asked before it does.
pub(crate) async fn of_open_calls(
    transaction: &mut Transaction,
    at: Civil,
    unclassified: &Disposition,
) -> Result<Vec<NewRow>, StoreError> {
    let mut told = Vec::new();
    for (index, open) in [
        ("calls_open", "ended_at IS NULL"),
        (
            "calls_in_wrap_up",
            "connected_at IS NOT NULL AND wrapped_up_at IS NULL AND ended_at IS NOT NULL",
        ),
    ] {
        let indexed = transaction.dialect().indexed(index);
        let text = format!(
            "SELECT {} FROM calls{indexed} WHERE {open} ORDER BY tenant, id",
            CALLS.names()
        );
        let statement = transaction.statement(text, |_| ());
        for row in transaction.rows(statement).await? {
            let call = calls::read(&row)?;
            let was_up = call.ended_at.is_none();
            let call = end(call, at, unclassified);
            told.extend(happened::lost(&call).filter(|_| was_up));
            told.extend(happened::unclassified(&call));
        }
    }
    Ok(told)
}

/// A call as recovery leaves it.
fn end(mut call: CallRecord, at: Civil, unclassified: &Disposition) -> CallRecord {
    let connected = call.connected_at.is_some();
    if call.ended_at.is_none() {
        call.ended_at = Some(at);
        call.cause = Some(EndCause::NodeLost);
        call.released_by = Some(ReleasedBy::Network);
        call.outcome = Some(if connected { CallOutcome::Answered } else { CallOutcome::Lost });
    }
    if connected && call.wrapped_up_at.is_none() {
        call.wrapped_up_at = Some(at);
        call.disposition.get_or_insert_with(|| unclassified.clone());
    }
    call
}
