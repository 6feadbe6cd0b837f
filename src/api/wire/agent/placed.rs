//! A call that is placed for a campaign, as its agent sees it.

use std::sync::Arc;

use timbre_engine::PlacedCall;
use timbre_model::FieldError;

use crate::api::pb;
use crate::api::wire::{lead, name};

/// As the wire has it.
pub fn placed_to_wire(placed: &PlacedCall) -> pb::PlacedCall {
    let PlacedCall { campaign, number, lead, disclosures } = placed;
    pb::PlacedCall {
        campaign: name::campaign(campaign),
        number: number.expose().to_owned(),
        lead: lead.as_deref().map(lead::to_wire),
        disclosures: disclosures.clone(),
    }
}

/// Reads it back.
pub fn placed_from_wire(wire: pb::PlacedCall) -> Result<PlacedCall, FieldError> {
    let pb::PlacedCall { campaign, number, lead, disclosures } = wire;
    Ok(PlacedCall {
        campaign: name::read_campaign("placed.campaign", &campaign)?,
        number: lead::read_number("placed.number", &number)?,
        lead: lead.map(lead::from_wire).transpose()?.map(Arc::new),
        disclosures,
    })
}
