//! The card of whoever calls or is called, looked up when their call is offered.

use timbre_model::{AgentRef, ClientId, FloorSpec};
use tokio::sync::mpsc;
use tonic::Status;

use crate::api::wire::agent::{AgentEvent, AgentMessage, Offer, message_to_wire};
use crate::api::wire::customer::CustomerCard;
use crate::api::{limits, pb};
use crate::casework::{Desk, customers};
use crate::driver::clock;

/// Looks up who an offered call is with, and tells the agent. A store that does not answer costs the card and nothing else.
pub(super) async fn send(
    desk: Desk,
    agent: AgentRef,
    offer: Offer,
    to_client: mpsc::Sender<Result<pb::ConnectResponse, Status>>,
) {
    let told = tokio::time::timeout(limits::UNREAD_MAX, async {
        let Some(card) = card(&desk, &agent, &offer).await else { return };
        let event = AgentEvent::CustomerCard(Box::new(card));
        let message = AgentMessage { sequence: 0, at: clock::civil(), event };
        // A client that is gone needs no card.
        let _ = to_client.send(Ok(message_to_wire(&message))).await;
    });
    if told.await.is_err() {
        tracing::warn!(call = %offer.offer.call, "an offer's customer could not be looked up in time");
    }
}

async fn card(desk: &Desk, agent: &AgentRef, offer: &Offer) -> Option<CustomerCard> {
    let floor = desk.floor(&agent.tenant).ok()?;
    let client = client_of(&floor, offer)?;
    let placed = offer.placed.as_deref();
    let number = placed.map(|it| &it.number).or_else(|| offer.caller.number());
    let lead = placed.and_then(|it| it.lead.as_deref());
    let found = customers::pop(desk, (&agent.tenant, &client), number, lead).await;
    match found {
        Ok(customers::Pop { customers, sale }) => {
            Some(CustomerCard { offer: offer.offer, customers, sale })
        }
        Err(error) => {
            tracing::warn!(call = %offer.offer.call, %error, "an offer's customer could not be looked up");
            None
        }
    }
}

/// On whose behalf the call is: the campaign's client company, or else the queue's.
fn client_of(floor: &FloorSpec, offer: &Offer) -> Option<ClientId> {
    let campaign = offer.placed.as_ref().map(|it| &it.campaign.campaign);
    let of_campaign = floor.campaigns.iter().find(|it| Some(&it.id) == campaign);
    let of_queue = || floor.queues.iter().find(|it| it.id == offer.queue.queue);
    of_campaign.map(|it| it.client.clone()).or_else(|| of_queue().map(|it| it.client.clone()))
}
