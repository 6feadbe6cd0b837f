//! Ids and other words of the command line, read with what to write instead.

use timbre_model::{
    AgentId, CallId, CampaignId, Civil, ClientId, InvalidSlug, LeadId, ListId, PhoneNumber, Slug,
    TrunkId,
};

use super::words::{read_moment, read_span};
use crate::driver::clock::civil;

/// An agent's id.
pub fn agent(text: &str) -> Result<AgentId, String> {
    AgentId::parse(text).map_err(slug_words)
}

/// A call's id.
pub fn call(text: &str) -> Result<CallId, String> {
    let remedy = "give the call's id: 32 hexadecimal digits, as `timbre calls` shows it";
    CallId::parse(text).ok_or_else(|| remedy.to_owned())
}

/// A campaign's id.
pub fn campaign(text: &str) -> Result<CampaignId, String> {
    CampaignId::parse(text).map_err(slug_words)
}

/// A client company's id.
pub fn client(text: &str) -> Result<ClientId, String> {
    ClientId::parse(text).map_err(slug_words)
}

/// A list's id.
pub fn list(text: &str) -> Result<ListId, String> {
    ListId::parse(text).map_err(slug_words)
}

/// A trunk's id.
pub fn trunk(text: &str) -> Result<TrunkId, String> {
    TrunkId::parse(text).map_err(slug_words)
}

/// A registry's name, or another word.
pub fn slug(text: &str) -> Result<Slug, String> {
    Slug::parse(text).map_err(slug_words)
}

fn slug_words(fault: InvalidSlug) -> String {
    fault.to_string()
}

/// A lead's number.
pub fn lead(text: &str) -> Result<LeadId, String> {
    let id = text.rsplit('/').next().unwrap_or(text);
    let read = id.parse().map(LeadId::from_u64);
    read.map_err(|_| "give the lead's number, as `timbre leads list` shows it".to_owned())
}

/// A phone number.
pub fn number(text: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse(text).map_err(|it| it.to_string())
}

/// A country.
pub fn country(text: &str) -> Result<String, String> {
    let code = text.to_ascii_uppercase();
    let sound = code.len() == 2 && code.bytes().all(|it| it.is_ascii_uppercase());
    if sound { Ok(code) } else { Err("write two letters of ISO 3166, such as ES".to_owned()) }
}

/// A moment, or how long ago.
pub fn when(text: &str) -> Result<Civil, String> {
    read_moment(text, civil())
}

/// A moment, or in how long.
pub fn ahead(text: &str) -> Result<Civil, String> {
    match read_span(text) {
        Ok(span) => Ok(civil() + span),
        Err(_) => read_moment(text, civil()).map_err(|_| {
            format!("{text:?}: write a moment such as 2026-11-21T09:00:00Z, or in how long: 2h")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lead_is_named_by_its_number_or_in_full() {
        for text in ["7", "tenants/acme/leads/7"] {
            assert_eq!(lead(text), Ok(LeadId::from_u64(7)));
        }
        assert!(lead("seven").is_err() && country("España").is_err());
        assert_eq!(country("es").as_deref(), Ok("ES"));
    }
}
