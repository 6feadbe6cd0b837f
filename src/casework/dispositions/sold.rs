//! A sale that a disposition tells of.

use timbre_casework::sale::{self, NewSale};
use timbre_casework::{FollowUpId, SaleId, Work};
use timbre_model::Slug;

use super::Conversation;
use crate::casework::{Desk, Fault, follow_ups, new_id};

/// The sale of a conversation, with its follow-ups. Its id is the call's: a second time there is nothing to do.
pub(super) async fn sold(desk: &Desk, it: &Conversation, policy: &Slug) -> Result<Work, Fault> {
    let id = SaleId::from_u128(it.call.id.as_u128());
    if desk.store.sale(&it.call.tenant, id).await?.is_some() {
        return Ok(Work::default());
    }
    let Some(number) = it.number.clone() else {
        tracing::warn!(tenant = %it.call.tenant, call = %it.call.id, "a sale to a number that is withheld cannot be followed up");
        return Ok(Work::default());
    };
    let policy = follow_ups::policy(&it.floor, policy)?;
    let new = NewSale {
        id,
        tenant: it.call.tenant.clone(),
        client: it.client.clone(),
        at: None,
        call: Some(it.call.id),
        campaign: it.call.outbound.as_ref().map(|it| it.campaign.clone()),
        agent: it.call.agent.clone(),
        customer: it.customer,
        customer_name: it.name.clone(),
        number,
        product: it.field("product").to_owned(),
        promises: it.field("promises").lines().map(str::to_owned).collect(),
    };
    let ids = || FollowUpId::from_u128(new_id());
    Ok(sale::record(new, policy, ids, &it.act)?)
}
