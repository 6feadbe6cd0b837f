//! Conversations that a technical failure cut off: their customers are owed a call.

use timbre_casework::callback::{self, NewCallback};
use timbre_casework::{Act, By, CallbackId, CallbackWhy};
use timbre_model::{CallId, CallRecord, CallerId, Civil, EndCause, PhoneNumber, TenantId};

use super::super::{Desk, Done, Fault};

/// What tells the callback of a lost call from the call itself, so that it is made once.
const LOST: u128 = 0x6c6f_7374 << 96;

/// The callback that a call's customer is owed, where the call was lost after an agent and the customer had talked.
pub(super) async fn owed(
    desk: &Desk,
    tenant: &TenantId,
    call: CallId,
    at: Civil,
) -> Result<Done, Fault> {
    let Some(record) = desk.store.call(tenant, call).await?.filter(was_lost) else {
        return Ok(Done::default());
    };
    let id = CallbackId::from_u128(call.as_u128() ^ LOST);
    if desk.store.callback(tenant, id).await?.is_some() {
        return Ok(Done::default());
    }
    let (Some((number, name)), Some(client)) = (customer(desk, &record).await?, &record.client)
    else {
        return Ok(Done::default());
    };
    let new = NewCallback {
        tenant: tenant.clone(),
        client: client.clone(),
        why: CallbackWhy::CallLost,
        call: Some(call),
        customer: None,
        customer_name: name,
        number,
        due_at: at,
        agent: record.agent,
        note: String::new(),
    };
    Ok(callback::promise(id, new, &Act { at, by: By::System })?.into())
}

/// The switch, the network or the node failed, not one of those who talked.
fn was_lost(it: &CallRecord) -> bool {
    let failed = matches!(it.cause, Some(EndCause::Failed | EndCause::NodeLost));
    failed && it.connected_at.is_some() && it.agent.is_some()
}

/// Whom the call was with, as far as that is known.
async fn customer(desk: &Desk, it: &CallRecord) -> Result<Option<(PhoneNumber, String)>, Fault> {
    if let Some(placed) = &it.outbound {
        let Some(attempt) = desk.store.attempt(&it.tenant, it.id).await? else { return Ok(None) };
        let lead = match placed.lead {
            Some(lead) => desk.store.lead(&it.tenant, lead).await?,
            None => None,
        };
        return Ok(Some((attempt.number, lead.map(|it| it.person.name).unwrap_or_default())));
    }
    Ok(match &it.caller {
        CallerId::Number(number) => Some((number.clone(), String::new())),
        CallerId::Withheld => None,
    })
}
