//! Line trouble, as agents report it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use timbre_model::{AgentId, CallId, Civil, ClientId, TenantId, TrunkId, words};

use crate::{NewEvent, Record, TroubleId, Work};

/// Line trouble that an agent reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    /// Its id.
    pub id: TroubleId,
    /// Whose.
    pub tenant: TenantId,
    /// The client company.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// The call.
    pub call: CallId,
    /// The trunk of the call.
    pub trunk: TrunkId,
    /// Who reported it.
    pub agent: AgentId,
    /// When.
    pub at: Civil,
    /// What.
    pub kind: TroubleKind,
    /// What the switch measured of the customer's leg until then; `None`: nothing.
    pub media: Option<MediaStats>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TroubleKind {
    /// Noise.
    Noise,
    /// Echo.
    Echo,
    /// Words drop out.
    Dropouts,
    /// One of them hears nothing.
    OneWay,
    /// Delay.
    Delay,
}

words! {
    TroubleKind {
        Noise = "noise", Echo = "echo", Dropouts = "dropouts", OneWay = "one_way", Delay = "delay",
    }
}

/// What was measured of a customer's leg (RFC 3550 §6.4.1). Noise and echo are not: they are in what the packets say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MediaStats {
    /// Packets received.
    pub received: u64,
    /// Packets that did not come.
    pub lost: u64,
    /// Interarrival jitter in milliseconds, as it was last.
    pub jitter_ms: f64,
    /// Packets sent. Where they go and none come, the line is one-way.
    #[serde(default)]
    pub sent: u64,
}

impl MediaStats {
    /// Packets lost, of those that should have come; `None` where none should.
    pub fn loss(&self) -> Option<f64> {
        let expected = self.received + self.lost;
        #[expect(clippy::cast_precision_loss, reason = "a call has far fewer packets than 2^52")]
        (expected > 0).then(|| self.lost as f64 / expected as f64)
    }
}

/// Writes a report down.
pub fn report(it: Trouble) -> Work {
    let event = NewEvent {
        id: format!("trouble-{}", it.id),
        kind: "timbre.trouble.reported.v1".to_owned(),
        subject: format!("calls/{}", it.call),
        client: Some(it.client.clone()),
        at: it.at,
        data: json!({
            "trouble": it.id, "call": it.call, "trunk": it.trunk, "agent": it.agent, "kind": it.kind,
            "media": it.media,
        }),
    };
    Work { records: vec![Record::Trouble(Box::new(it))], events: vec![event], ..Work::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_a_part_of_what_should_have_come() {
        let stats = |received, lost| MediaStats { received, lost, ..MediaStats::default() };
        assert_eq!(stats(75, 25).loss(), Some(0.25));
        assert_eq!(stats(0, 0).loss(), None, "of nothing, nothing can be lost");
    }
}
