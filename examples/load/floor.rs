//! The floor that is measured.

use serde_json::json;
use timbre_model::FloorSpec;

pub const TENANT: &str = "demo";
pub const NUMBER: &str = "+34910000001";
pub const CARRIER: &str = "127.0.0.2";
pub const PHONES: &str = "127.0.0.3";

pub fn agent(at: usize) -> String {
    format!("a{at}")
}

pub fn password(agent: &str) -> String {
    format!("secret-{agent}")
}

/// One queue that answers at once where an agent is free, and lets callers wait where none is.
pub fn spec(agents: usize) -> FloorSpec {
    let agents: Vec<_> = (0..agents)
        .map(agent)
        .map(|id| {
            let password = password(&id);
            json!({"id": id, "name": id, "station": "persistent", "password": password, "skills": {"talk": 5}})
        })
        .collect();
    let floor = json!({
        "clients": [{"id": "acme", "name": "Acme"}],
        "skills": ["talk"],
        "queues": [{
            "id": "sales", "name": "Sales", "client": "acme", "skills": {"talk": 1},
            "ring": {"cadence": "10000/10000", "answer_after_rings": 0, "answer_by_rings": 8},
            "wrap_up": "0s", "capacity": 10_000,
        }],
        "agents": agents,
        "trunks": [{"id": "carrier", "addresses": [CARRIER], "country": "ES", "channels": 20_000}],
        "entry_points": [{"number": NUMBER, "queue": "sales"}],
    });
    serde_json::from_value(floor).expect("a floor")
}
