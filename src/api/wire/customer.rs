//! Customers, what is known of them, and what was agreed with them.

mod card;
mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use timbre_casework::customer::{Agreement, Profile};
use timbre_casework::{ConsentEntry, Customer, CustomerKind, CustomerNumber, Style};
use timbre_model::{CallId, ClientId, ConsentBasis, FieldError, LeadRole, Slug};
use timbre_store::{CustomerCursor, CustomerQuery};

use super::agent::optional;
use super::lead::read_number;
use super::name::{self, cut, id};
use super::page;
pub use super::record::read_etag;
use super::record::{by_from_wire, by_to_wire};
use super::time::{moment, need_moment, read_moment};
use crate::api::pb;

pub use card::{CustomerCard, card_from_wire, card_to_wire};
pub use file::{
    brief_from_wire, brief_to_wire, file_from_wire, file_to_wire, interaction_from_wire,
    interaction_to_wire,
};

/// To what somebody consents where nobody says it.
const PURPOSE: &str = "calls";

/// As the wire has it.
pub fn to_wire(customer: &Customer) -> pb::Customer {
    let Customer {
        id,
        tenant,
        client,
        version,
        kind: _,
        name: _,
        key: _,
        numbers: _,
        mail: _,
        language: _,
        style: _,
        tags: _,
        consents,
        note: _,
        attributes: _,
        known_since,
        merged_into,
        erased_at,
    } = customer;
    pb::Customer {
        name: name::customer(tenant, *id),
        etag: version.to_string(),
        client: client.to_string(),
        consents: consents.iter().map(consent_to_wire).collect(),
        create_time: Some(moment(*known_since)),
        merged_into: merged_into.map(|it| name::customer(tenant, it)).unwrap_or_default(),
        erase_time: erased_at.map(moment),
        ..profile_to_wire(&Profile::of(customer))
    }
}

/// Who a customer is, as the wire has it.
pub fn profile_to_wire(profile: &Profile) -> pb::Customer {
    let Profile { kind, name, key, numbers, mail, language, style, tags, note, attributes } =
        profile;
    pb::Customer {
        kind: kind.to_string(),
        display_name: name.clone(),
        key: key.clone().unwrap_or_default(),
        numbers: numbers.iter().map(number_to_wire).collect(),
        mail: mail.clone().unwrap_or_default(),
        language: language.clone().unwrap_or_default(),
        style: style.map(|it| it.to_string()).unwrap_or_default(),
        tags: tags.iter().map(ToString::to_string).collect(),
        note: note.clone(),
        attributes: attributes.clone(),
        ..pb::Customer::default()
    }
}

/// Reads a customer as they are kept.
pub fn from_wire(mut wire: pb::Customer) -> Result<Customer, FieldError> {
    let (tenant, id) = name::read_customer("customer.name", &wire.name)?;
    let consents = std::mem::take(&mut wire.consents);
    let consents = consents.into_iter().map(consent_from_wire).collect::<Result<_, _>>()?;
    let merged_into = match wire.merged_into.as_str() {
        "" => None,
        text => Some(name::read_customer("customer.merged_into", text)?.1),
    };
    let (known_since, erased_at) = (
        need_moment("customer.create_time", wire.create_time)?,
        read_moment("customer.erase_time", wire.erase_time)?,
    );
    let client = read_client("customer.client", &wire.client)?;
    let version = read_etag("customer.etag", &wire.etag)?.unwrap_or(0);
    let Profile { kind, name, key, numbers, mail, language, style, tags, note, attributes } =
        profile_from_wire(wire)?;
    Ok(Customer {
        id,
        tenant,
        client,
        version,
        kind,
        name,
        key,
        numbers,
        mail,
        language,
        style,
        tags,
        consents,
        note,
        attributes,
        known_since,
        merged_into,
        erased_at,
    })
}

/// Reads who a customer is. What only the server says is not looked at.
pub fn profile_from_wire(wire: pb::Customer) -> Result<Profile, FieldError> {
    let pb::Customer {
        name: _,
        etag: _,
        client: _,
        kind,
        display_name,
        key,
        numbers,
        mail,
        language,
        style,
        tags,
        note,
        attributes,
        consents: _,
        create_time: _,
        merged_into: _,
        erase_time: _,
    } = wire;
    let numbers = numbers.into_iter().enumerate().map(|(at, it)| number_from_wire(at, it));
    let tags = tags.iter().map(|it| id("customer.tags", it, Slug::parse));
    let filled = |text: String| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
    Ok(Profile {
        kind: optional("customer.kind", &kind, CustomerKind::parse)?
            .unwrap_or(CustomerKind::Person),
        name: filled(display_name).unwrap_or_default(),
        key: filled(key),
        numbers: numbers.collect::<Result<_, _>>()?,
        mail: filled(mail),
        language: filled(language),
        style: optional("customer.style", &style, Style::parse)?,
        tags: tags.collect::<Result<BTreeSet<_>, _>>()?,
        note,
        attributes,
    })
}

/// Changes what a mask names; an empty one names all.
pub fn masked(
    now: Profile,
    said: Profile,
    mask: Option<prost_types::FieldMask>,
) -> Result<Profile, FieldError> {
    let paths = mask.map(|it| it.paths).unwrap_or_default();
    if paths.is_empty() || paths == ["*"] {
        return Ok(said);
    }
    let mut now = now;
    for path in paths {
        match path.as_str() {
            "kind" => now.kind = said.kind,
            "display_name" => now.name.clone_from(&said.name),
            "key" => now.key.clone_from(&said.key),
            "numbers" => now.numbers.clone_from(&said.numbers),
            "mail" => now.mail.clone_from(&said.mail),
            "language" => now.language.clone_from(&said.language),
            "style" => now.style = said.style,
            "tags" => now.tags.clone_from(&said.tags),
            "note" => now.note.clone_from(&said.note),
            "attributes" => now.attributes.clone_from(&said.attributes),
            other => {
                let remedy = "name display_name, kind, key, numbers, mail, language, style, tags, \
                              note or attributes";
                return Err(FieldError::new("update_mask", cut(other), remedy));
            }
        }
    }
    Ok(now)
}

fn number_to_wire(number: &CustomerNumber) -> pb::CustomerNumber {
    let CustomerNumber { number, label, name, role } = number;
    pb::CustomerNumber {
        number: number.expose().to_owned(),
        label: label.clone(),
        display_name: name.clone(),
        role: role.to_string(),
    }
}

fn number_from_wire(at: usize, wire: pb::CustomerNumber) -> Result<CustomerNumber, FieldError> {
    let pb::CustomerNumber { number, label, display_name, role } = wire;
    let field = |name: &str| format!("customer.numbers[{at}].{name}");
    Ok(CustomerNumber {
        number: read_number(&field("number"), &number)?,
        label,
        name: display_name,
        role: optional(&field("role"), &role, LeadRole::parse)?.unwrap_or_default(),
    })
}

fn consent_to_wire(entry: &ConsentEntry) -> pb::ConsentEntry {
    let ConsentEntry { at, basis, purpose, by, call } = entry;
    pb::ConsentEntry {
        time: Some(moment(*at)),
        basis: basis.map(|it| it.to_string()).unwrap_or_default(),
        purpose: purpose.clone(),
        by: by_to_wire(by),
        call: call.map(|it| it.to_string()).unwrap_or_default(),
    }
}

fn consent_from_wire(wire: pb::ConsentEntry) -> Result<ConsentEntry, FieldError> {
    let pb::ConsentEntry { time, basis, purpose, by, call } = wire;
    Ok(ConsentEntry {
        at: need_moment("customer.consents.time", time)?,
        basis: optional("customer.consents.basis", &basis, ConsentBasis::parse)?,
        purpose,
        by: by_from_wire("customer.consents.by", &by)?,
        call: optional("customer.consents.call", &call, CallId::parse)?,
    })
}

/// Reads what somebody said about being called.
pub fn agreement_from_wire(
    basis: &str,
    purpose: String,
    call: &str,
) -> Result<Agreement, FieldError> {
    let purpose = if purpose.is_empty() { PURPOSE.to_owned() } else { purpose };
    let basis = optional("basis", basis, ConsentBasis::parse)?;
    Ok(Agreement { basis, purpose, call: optional("call", call, CallId::parse)? })
}

/// Reads the id of a client company.
pub fn read_client(field: &str, text: &str) -> Result<ClientId, FieldError> {
    id(field, text, ClientId::parse)
}

/// Whom to search for, as the wire has it.
pub fn query_to_wire(query: &CustomerQuery) -> pb::SearchCustomersRequest {
    let mut wire = pb::SearchCustomersRequest::default();
    match query {
        CustomerQuery::Number(number) => number.expose().clone_into(&mut wire.number),
        CustomerQuery::Name(name) => wire.display_name_prefix.clone_from(name),
        CustomerQuery::Key(key) => wire.key.clone_from(key),
    }
    wire
}

/// Reads whom to search for: exactly one way.
pub fn query_from_wire(wire: &pb::SearchCustomersRequest) -> Result<CustomerQuery, FieldError> {
    let pb::SearchCustomersRequest {
        parent: _,
        client: _,
        number,
        display_name_prefix,
        key,
        page_size: _,
        page_token: _,
    } = wire;
    match (number.as_str(), display_name_prefix.as_str(), key.as_str()) {
        (text, "", "") if !text.is_empty() => {
            read_number("number", text).map(CustomerQuery::Number)
        }
        ("", text, "") => Ok(CustomerQuery::Name(text.to_owned())),
        ("", "", text) => Ok(CustomerQuery::Key(text.to_owned())),
        _ => {
            let remedy = "give one of number, display_name_prefix and key";
            Err(FieldError::new("number", "", remedy))
        }
    }
}

/// Reads where the next page of a search begins.
pub fn read_search_token(text: &str) -> Result<Option<CustomerCursor>, FieldError> {
    let remedy = "give a next_page_token of this server, or nothing for the first page";
    let fault = || FieldError::new("page_token", cut(text), remedy);
    let after = page::read_token(text)?;
    after.map(|it| CustomerCursor::parse(&it).ok_or_else(fault)).transpose()
}
