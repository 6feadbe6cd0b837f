//! Who calls or is called, for the agent to whom the call is offered.

use timbre_casework::customer::{Brief, File};
use timbre_model::{FieldError, OfferId};

use super::{brief_from_wire, brief_to_wire, file_from_wire, file_to_wire};
use crate::api::pb;
use crate::api::wire::agent::read_offer;

/// Who calls or is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerCard {
    /// The offer, which names the call.
    pub offer: OfferId,
    /// Everybody known by that number.
    pub customers: Vec<File>,
    /// The sale that the call follows up.
    pub sale: Option<Brief>,
}

/// As the wire has it.
pub fn card_to_wire(card: &CustomerCard) -> pb::CustomerCard {
    let CustomerCard { offer, customers, sale } = card;
    pb::CustomerCard {
        offer: offer.to_string(),
        call: offer.call.to_string(),
        customers: customers.iter().map(file_to_wire).collect(),
        sale: sale.as_ref().map(brief_to_wire),
    }
}

/// Reads it back.
pub fn card_from_wire(wire: pb::CustomerCard) -> Result<CustomerCard, FieldError> {
    let pb::CustomerCard { offer, call: _, customers, sale } = wire;
    Ok(CustomerCard {
        offer: read_offer("customer_card.offer", &offer)?,
        customers: customers.into_iter().map(file_from_wire).collect::<Result<_, _>>()?,
        sale: sale.map(brief_from_wire).transpose()?,
    })
}
