//! The ledger of consents: written in, never out.

use serde_json::json;
use timbre_model::{CallId, ConsentBasis, FieldError};

use super::{ConsentEntry, Customer};
use crate::{Act, NewEvent, Record, Refusal, Work};

const PURPOSE_MAX: usize = 200;

/// What a customer said about being called, or written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// On what ground; `None`: they withdraw.
    pub basis: Option<ConsentBasis>,
    /// To what: `calls`, `recording`, `marketing by mail`. 1 to 200 characters.
    pub purpose: String,
    /// In which call.
    pub call: Option<CallId>,
}

/// Writes a consent or its withdrawal into the ledger.
///
/// # Errors
///
/// A fault of the purpose; a customer that was merged or erased, or whose ledger is full.
pub fn consent(customer: &Customer, said: Agreement, act: &Act) -> Result<Work, Refusal> {
    customer.known("consenting")?;
    let Agreement { basis, purpose, call } = said;
    if !(1..=PURPOSE_MAX).contains(&purpose.trim().chars().count()) {
        let remedy = format!("say to what, in 1 to {PURPOSE_MAX} characters: calls");
        return Err(FieldError::new("purpose", "", remedy).into());
    }
    if customer.consents.len() >= Customer::CONSENTS_MAX {
        let remedy = "the ledger is full: nobody consents so often; make a new customer";
        return Err(FieldError::new("purpose", customer.consents.len(), remedy).into());
    }
    let mut next = customer.next();
    let purpose = purpose.trim().to_owned();
    let event = told(customer, basis, &purpose, act, next.version);
    next.consents.push(ConsentEntry { at: act.at, basis, purpose, by: act.by.clone(), call });
    let records = vec![Record::Customer(Box::new(next))];
    Ok(Work { records, events: vec![event], ..Work::default() })
}

fn told(
    customer: &Customer,
    basis: Option<ConsentBasis>,
    purpose: &str,
    act: &Act,
    version: u64,
) -> NewEvent {
    let verb = if basis.is_some() { "consented" } else { "withdrew" };
    NewEvent {
        id: format!("{}-{version}", customer.id),
        kind: format!("timbre.customer.{verb}.v1"),
        subject: format!("customers/{}", customer.id),
        client: Some(customer.client.clone()),
        at: act.at,
        data: json!({
            "client": customer.client,
            "basis": basis.map(ConsentBasis::as_str),
            "purpose": purpose,
        }),
    }
}
