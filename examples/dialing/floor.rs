//! The floor and the leads of the measurement.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde_json::{Value, json};
use timbre_model::{
    AgentId, CampaignId, CampaignRef, Civil, Consent, ConsentBasis, FloorSpec, InvalidSlug,
    LeadNumber, LeadRole, NewLead, Party, PhoneNumber, Place, TenantId,
};

pub const TENANT: &str = "demo";
pub const PASSWORD: &str = "secret";
/// The number that leads to the inbound queue.
pub const NUMBER: &str = "+34910000001";

pub fn agent(at: usize) -> Result<AgentId, InvalidSlug> {
    AgentId::parse(&format!("a{at}"))
}

pub fn campaign() -> Result<CampaignRef, InvalidSlug> {
    Ok(CampaignRef { tenant: TenantId::parse(TENANT)?, campaign: CampaignId::parse("calls")? })
}

/// Half of the agents call, half are called.
pub fn spec(agents: usize, rate: u32, carrier: SocketAddr) -> serde_json::Result<FloorSpec> {
    let agents: Vec<Value> = (0..agents * 2)
        .map(|at| {
            let skill = if at < agents { "out" } else { "in" };
            json!({"id": format!("a{at}"), "name": "A", "station": "persistent", "password": PASSWORD,
                "skills": {skill: 5}})
        })
        .collect();
    let queue = |id: &str, skill: &str| {
        json!({"id": id, "name": id, "client": "acme", "skills": {skill: 1}, "wrap_up": "0s",
            "ring": {"cadence": "500/500", "answer_after_rings": 0, "answer_by_rings": 1}})
    };
    serde_json::from_value(json!({
        "clients": [{"id": "acme", "name": "Acme"}],
        "skills": ["in", "out"],
        "queues": [queue("inbound", "in"), queue("outbound", "out")],
        "agents": agents,
        "trunks": [{"id": "carrier", "addresses": ["127.0.0.2"], "country": "ES", "channels": 20000,
            "outbound": {"to": [carrier.to_string()], "calls_per_second": rate, "setup_max": 5000,
                "countries": ["ES"]}}],
        "entry_points": [{"number": NUMBER, "queue": "inbound"}],
        "lists": [{"id": "all", "name": "All", "client": "acme", "country": "ES"}],
        "campaigns": [{"id": "calls", "name": "Calls", "client": "acme", "queue": "outbound",
            "mode": {"power": {"ratio": 10}}, "lists": [{"list": "all"}], "trunks": ["carrier"],
            "caller_ids": {"numbers": ["+34910000002"]}, "purpose": "follow_up",
            "lines_per_agent_max": 100}],
    }))
}

/// A customer who may be called at any time: it is about a purchase.
pub fn lead(at: u64) -> NewLead {
    let number =
        PhoneNumber::parse(&format!("+346{at:08}")).unwrap_or_else(|fault| panic!("{fault}"));
    NewLead {
        numbers: vec![LeadNumber {
            number,
            label: "mobile".to_owned(),
            place: Place { country: "ES".to_owned(), region: None },
            zones: vec!["Europe/Madrid".to_owned()],
        }],
        name: format!("Customer {at}"),
        person: None,
        role: LeadRole::default(),
        party: Party::default(),
        consent: Some(Consent { basis: ConsentBasis::Contract, given_at: Civil::from_micros(0) }),
        tags: BTreeSet::new(),
        attributes: BTreeMap::new(),
    }
}
