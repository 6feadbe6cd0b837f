//! Floors for tests.

use std::time::Duration;

use serde_json::{Value, json};
use timbre_model::FloorSpec;

/// The number that leads to the queue.
pub const NUMBER: &str = "+34910000001";
/// Where the carrier of the tests calls from.
pub const CARRIER: &str = "127.0.0.2";
/// Where the phones of the tests are.
pub const PHONES: &str = "127.0.0.3";

/// A floor with one queue, described by what is unusual about it.
pub struct Floor {
    pub persistent: Vec<String>,
    pub on_demand: Vec<String>,
    /// After how many rings an agent may answer, and by which ring the greeting does.
    pub rings: (u32, u32),
    /// Tone and silence of a ring, in milliseconds, or a country.
    pub cadence: &'static str,
    pub wrap_up: Duration,
    pub channels: u32,
    pub capacity: u32,
}

impl Default for Floor {
    /// Calls are answered at once, and there is no wrap-up.
    fn default() -> Self {
        Self {
            persistent: Vec::new(),
            on_demand: Vec::new(),
            rings: (0, 1),
            cadence: "500/500",
            wrap_up: Duration::ZERO,
            channels: 10_000,
            capacity: 1_000,
        }
    }
}

/// The password of an agent's phone.
pub fn password(agent: &str) -> String {
    format!("secret-{agent}")
}

/// `a0`, `a1`, …
pub fn named(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|at| format!("{prefix}{at}")).collect()
}

impl Floor {
    /// As the operator would define it.
    pub fn spec(&self) -> FloorSpec {
        let agent = |station: &'static str| move |id: &String| json!({"id": id, "name": id, "station": station, "password": password(id), "skills": {"talk": 5}});
        let persistent = self.persistent.iter().map(agent("persistent"));
        let agents: Vec<Value> =
            persistent.chain(self.on_demand.iter().map(agent("on_demand"))).collect();
        let (after, by) = self.rings;
        let wrap_up = format!("{}ms", self.wrap_up.as_millis());
        let floor = json!({
            "clients": [{"id": "acme", "name": "Acme"}],
            "skills": ["talk"],
            "pauses": ["lunch"],
            "dispositions": ["solved", "sold"],
            "queues": [{
                "id": "sales", "name": "Sales", "client": "acme", "skills": {"talk": 1},
                "ring": {"cadence": self.cadence, "answer_after_rings": after, "answer_by_rings": by},
                "wrap_up": wrap_up, "capacity": self.capacity,
            }],
            "agents": agents,
            "trunks": [{
                "id": "carrier", "addresses": [CARRIER], "country": "ES", "channels": self.channels,
            }],
            "entry_points": [{"number": NUMBER, "queue": "sales"}],
        });
        serde_json::from_value(floor).expect("a floor")
    }
}
