//! Lists, leads and the persons they are.

mod chunk;
mod explanation;
mod import;
mod state;

use timbre_model::{
    ClientId, Consent, ConsentBasis, DuplicatePolicy, FieldError, Lead, LeadId, LeadNumber,
    LeadOrder, ListId, ListSpec, NewLead, Party, PhoneNumber, Place, Slug, TenantId,
};

use super::agent::{optional, word};
use super::faults::Faults;
use super::name::{self, id};
use super::time::{moment, need_moment, read_moment};
use crate::api::pb;
use crate::leads::{RawConsent, RawLead, RawNumber};
use pb::lead_order::Order as WireOrder;

pub use chunk::{ClientLead, ImportChunk};
pub use explanation::{CampaignVerdict, LeadExplanation, NumberVerdict, explanation_from_wire};
pub use import::{
    ImportAnswer, ImportCounts, ImportReject, answer_from_wire, answer_to_wire, counts_from_wire,
};
pub use state::{state_from_wire, state_to_wire};

pub(super) fn list_to_wire(spec: &ListSpec) -> pb::LeadList {
    let ListSpec { id, name, client, country, order, duplicates } = spec;
    pb::LeadList {
        id: id.to_string(),
        display_name: name.clone(),
        client: client.to_string(),
        country: country.clone(),
        order: Some(pb::LeadOrder { order: Some(order_to_wire(order)) }),
        duplicates: duplicates.to_string(),
    }
}

pub(super) fn list_from_wire(
    faults: &mut Faults,
    at: &str,
    wire: pb::LeadList,
) -> Option<ListSpec> {
    let pb::LeadList { id: list, display_name, client, country, order, duplicates } = wire;
    let field = |name: &str| format!("{at}.{name}");
    let list = faults.keep(id(&field("id"), &list, ListId::parse));
    let client = faults.keep(id(&field("client"), &client, ClientId::parse));
    let duplicates = faults.word(&field("duplicates"), &duplicates, DuplicatePolicy::parse);
    Some(ListSpec {
        id: list?,
        name: display_name,
        client: client?,
        country,
        order: order_from_wire(order),
        duplicates: duplicates?,
    })
}

fn order_to_wire(order: &LeadOrder) -> WireOrder {
    match order {
        LeadOrder::Imported => WireOrder::Imported(pb::lead_order::Imported {}),
        LeadOrder::NewestFirst => WireOrder::NewestFirst(pb::lead_order::NewestFirst {}),
        LeadOrder::FewestAttempts => WireOrder::FewestAttempts(pb::lead_order::FewestAttempts {}),
        LeadOrder::Random { seed } => WireOrder::Random(pb::lead_order::Random { seed: *seed }),
        LeadOrder::Attribute { name, descending } => {
            let (name, descending) = (name.clone(), *descending);
            WireOrder::Attribute(pb::lead_order::Attribute { name, descending })
        }
    }
}

fn order_from_wire(wire: Option<pb::LeadOrder>) -> LeadOrder {
    match wire.and_then(|pb::LeadOrder { order }| order) {
        None | Some(WireOrder::Imported(pb::lead_order::Imported {})) => LeadOrder::Imported,
        Some(WireOrder::NewestFirst(pb::lead_order::NewestFirst {})) => LeadOrder::NewestFirst,
        Some(WireOrder::FewestAttempts(pb::lead_order::FewestAttempts {})) => {
            LeadOrder::FewestAttempts
        }
        Some(WireOrder::Random(pb::lead_order::Random { seed })) => LeadOrder::Random { seed },
        Some(WireOrder::Attribute(pb::lead_order::Attribute { name, descending })) => {
            LeadOrder::Attribute { name, descending }
        }
    }
}

/// A lead as it is kept.
pub fn to_wire(lead: &Lead) -> pb::Lead {
    let Lead { id, tenant, list, person, state, attempts, last_attempt_at } = lead;
    pb::Lead {
        name: name::lead(tenant, *id),
        list: list.to_string(),
        person: Some(person_to_wire(person)),
        state: Some(state_to_wire(state)),
        attempts: *attempts,
        last_attempt_time: last_attempt_at.map(moment),
    }
}

/// Reads a lead as it is kept.
pub fn from_wire(wire: pb::Lead) -> Result<Lead, FieldError> {
    let pb::Lead { name: lead, list, person, state, attempts, last_attempt_time } = wire;
    let (tenant, lead): (TenantId, LeadId) = name::read_lead("lead.name", &lead)?;
    Ok(Lead {
        id: lead,
        tenant,
        list: id("lead.list", &list, ListId::parse)?,
        person: person_from_wire(person.unwrap_or_default())?,
        state: state_from_wire(state.unwrap_or_default())?,
        attempts,
        last_attempt_at: read_moment("lead.last_attempt_time", last_attempt_time)?,
    })
}

/// A person as they are kept, or as they are imported.
pub fn person_to_wire(person: &NewLead) -> pb::Person {
    let NewLead { numbers, name, person: key, role, party, consent, tags, attributes } = person;
    pb::Person {
        numbers: numbers.iter().map(number_to_wire).collect(),
        display_name: name.clone(),
        key: key.clone().unwrap_or_default(),
        role: role.to_string(),
        party: party.to_string(),
        consent: consent.as_ref().map(consent_to_wire),
        tags: tags.iter().map(ToString::to_string).collect(),
        attributes: attributes.clone(),
    }
}

/// Reads a person as they are kept.
fn person_from_wire(wire: pb::Person) -> Result<NewLead, FieldError> {
    let pb::Person { numbers, display_name, key, role, party, consent, tags, attributes } = wire;
    let tags = tags.iter().map(|tag| id("person.tags", tag, Slug::parse));
    Ok(NewLead {
        numbers: numbers.into_iter().map(number_from_wire).collect::<Result<_, _>>()?,
        name: display_name,
        person: Some(key).filter(|it| !it.is_empty()),
        role: optional("person.role", &role, timbre_model::LeadRole::parse)?.unwrap_or_default(),
        party: optional("person.party", &party, Party::parse)?.unwrap_or_default(),
        consent: consent.map(consent_from_wire).transpose()?,
        tags: tags.collect::<Result<_, _>>()?,
        attributes,
    })
}

/// A person of an import: nothing is believed yet; [`crate::leads`] reads it.
pub fn raw_from_wire(wire: pb::Person) -> Result<RawLead, FieldError> {
    let pb::Person { numbers, display_name, key, role, party, consent, tags, attributes } = wire;
    let consent = match consent {
        Some(pb::Consent { basis, give_time }) => {
            Some(RawConsent { basis, given_at: read_moment("consent.give_time", give_time)? })
        }
        None => None,
    };
    Ok(RawLead {
        numbers: numbers.into_iter().map(raw_number).collect(),
        name: display_name,
        key,
        role,
        party,
        consent,
        tags,
        attributes,
    })
}

fn raw_number(wire: pb::LeadNumber) -> RawNumber {
    let pb::LeadNumber { number, label, country: _, region, zones, postcode } = wire;
    RawNumber { number, label, region, zones, postcode }
}

/// A person of an import, as the wire has them.
fn raw_to_wire(raw: RawLead) -> pb::Person {
    let RawLead { numbers, name, key, role, party, consent, tags, attributes } = raw;
    let consent = consent.map(|RawConsent { basis, given_at }| pb::Consent {
        basis,
        give_time: given_at.map(moment),
    });
    let number = |RawNumber { number, label, region, zones, postcode }| pb::LeadNumber {
        number,
        label,
        country: String::new(),
        region,
        zones,
        postcode,
    };
    pb::Person {
        numbers: numbers.into_iter().map(number).collect(),
        display_name: name,
        key,
        role,
        party,
        consent,
        tags,
        attributes,
    }
}

fn number_to_wire(number: &LeadNumber) -> pb::LeadNumber {
    let LeadNumber { number, label, place: Place { country, region }, zones } = number;
    pb::LeadNumber {
        number: number.expose().to_owned(),
        label: label.clone(),
        country: country.clone(),
        region: region.clone().unwrap_or_default(),
        zones: zones.clone(),
        postcode: String::new(),
    }
}

fn number_from_wire(wire: pb::LeadNumber) -> Result<LeadNumber, FieldError> {
    let pb::LeadNumber { number, label, country, region, zones, postcode: _ } = wire;
    Ok(LeadNumber {
        number: read_number("number", &number)?,
        label,
        place: Place { country, region: Some(region).filter(|it| !it.is_empty()) },
        zones,
    })
}

/// Reads a number in E.164 form. The fault does not repeat it: it could be a real one.
pub fn read_number(field: &str, text: &str) -> Result<PhoneNumber, FieldError> {
    let remedy = "write + and 4 to 15 digits, with the country code";
    PhoneNumber::parse(text).map_err(|_| FieldError::new(field, "", remedy))
}

/// On what ground somebody may be called.
pub fn consent_to_wire(Consent { basis, given_at }: &Consent) -> pb::Consent {
    pb::Consent { basis: basis.to_string(), give_time: Some(moment(*given_at)) }
}

/// Reads it back.
pub fn consent_from_wire(wire: pb::Consent) -> Result<Consent, FieldError> {
    let pb::Consent { basis, give_time } = wire;
    Ok(Consent {
        basis: word("consent.basis", &basis, ConsentBasis::parse)?,
        given_at: need_moment("consent.give_time", give_time)?,
    })
}

#[cfg(test)]
mod tests;
