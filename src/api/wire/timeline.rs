//! A call's timeline.

use std::collections::BTreeMap;
use std::fmt;

use timbre_model::{
    AgentId, CallId, Disposition, EndCause, FieldError, OfferOutcome, QueueId, ReleasedBy, Slug,
    TenantId, TimelineEntry, TimelineKind,
};

use super::agent::word;
use super::name::{cut, id};
use super::time::{moment, need_moment};
use crate::api::pb;

/// An entry as the wire has it. Its call is the request's.
pub fn to_wire(entry: &TimelineEntry) -> pb::TimelineEntry {
    let TimelineEntry { call: _, tenant: _, number, at, what } = entry;
    let (kind, details) = words(what);
    let details = details.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    pb::TimelineEntry { number: *number, time: Some(moment(*at)), kind: kind.to_owned(), details }
}

/// An entry's kind and its particulars, as words.
pub fn words(what: &TimelineKind) -> (&'static str, Vec<(&'static str, String)>) {
    fn say(key: &'static str, value: impl fmt::Display) -> (&'static str, String) {
        (key, value.to_string())
    }
    match what {
        TimelineKind::Arrived => ("arrived", vec![]),
        TimelineKind::Queued { queue } => ("queued", vec![say("queue", queue)]),
        TimelineKind::Offered { agent, offer, because } => {
            ("offered", vec![say("agent", agent), say("offer", offer), say("because", because)])
        }
        TimelineKind::OfferEnded { agent, offer, outcome } => {
            let details = vec![say("agent", agent), say("offer", offer), say("outcome", outcome)];
            ("offer_ended", details)
        }
        TimelineKind::Answered { ring, by_greeting } => {
            ("answered", vec![say("ring", ring), say("by_greeting", by_greeting)])
        }
        TimelineKind::Connected { agent } => ("connected", vec![say("agent", agent)]),
        TimelineKind::Held => ("held", vec![]),
        TimelineKind::Resumed => ("resumed", vec![]),
        TimelineKind::AgentStreamLost => ("agent_stream_lost", vec![]),
        TimelineKind::AgentStreamResumed => ("agent_stream_resumed", vec![]),
        TimelineKind::Ended { cause, released_by } => {
            ("ended", vec![say("cause", cause), say("released_by", released_by)])
        }
        TimelineKind::WrapUpExtended => ("wrap_up_extended", vec![]),
        TimelineKind::WrappedUp { disposition: Disposition { code, automatic, fields: _ } } => {
            ("wrapped_up", vec![say("disposition", code), say("automatic", automatic)])
        }
    }
}

/// Reads an entry of `call`.
pub fn from_wire(
    tenant: &TenantId,
    call: CallId,
    wire: pb::TimelineEntry,
) -> Result<TimelineEntry, FieldError> {
    let pb::TimelineEntry { number, time, kind, details } = wire;
    let at = need_moment("time", time)?;
    let what = read_kind(&kind, &Details(details))?;
    Ok(TimelineEntry { call, tenant: tenant.clone(), number, at, what })
}

fn read_kind(kind: &str, details: &Details) -> Result<TimelineKind, FieldError> {
    Ok(match kind {
        "arrived" => TimelineKind::Arrived,
        "queued" => {
            TimelineKind::Queued { queue: id("queue", details.get("queue"), QueueId::parse)? }
        }
        "offered" => TimelineKind::Offered {
            agent: details.agent()?,
            offer: details.parsed("offer")?,
            because: details.get("because").to_owned(),
        },
        "offer_ended" => TimelineKind::OfferEnded {
            agent: details.agent()?,
            offer: details.parsed("offer")?,
            outcome: word("outcome", details.get("outcome"), OfferOutcome::parse)?,
        },
        "answered" => TimelineKind::Answered {
            ring: details.parsed("ring")?,
            by_greeting: details.parsed("by_greeting")?,
        },
        "connected" => TimelineKind::Connected { agent: details.agent()? },
        "held" => TimelineKind::Held,
        "resumed" => TimelineKind::Resumed,
        "agent_stream_lost" => TimelineKind::AgentStreamLost,
        "agent_stream_resumed" => TimelineKind::AgentStreamResumed,
        "ended" => TimelineKind::Ended {
            cause: word("cause", details.get("cause"), EndCause::parse)?,
            released_by: word("released_by", details.get("released_by"), ReleasedBy::parse)?,
        },
        "wrap_up_extended" => TimelineKind::WrapUpExtended,
        "wrapped_up" => TimelineKind::WrappedUp {
            disposition: Disposition::new(
                id("disposition", details.get("disposition"), Slug::parse)?,
                details.parsed("automatic")?,
            ),
        },
        other => {
            return Err(FieldError::new("kind", cut(other), "use a client as new as the server"));
        }
    })
}

struct Details(BTreeMap<String, String>);

impl Details {
    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    fn agent(&self) -> Result<AgentId, FieldError> {
        id("agent", self.get("agent"), AgentId::parse)
    }

    fn parsed<T: std::str::FromStr>(&self, key: &str) -> Result<T, FieldError> {
        let text = self.get(key);
        text.parse().map_err(|_| FieldError::new(key, cut(text), "give a value of its kind"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::Civil;

    #[test]
    fn every_kind_of_entry_survives_the_wire() {
        let (tenant, call) = (TenantId::parse("acme").expect("an id"), CallId::from_u128(9));
        let agent = AgentId::parse("ana").expect("an id");
        let code = Slug::parse("venta").expect("a slug");
        for (number, what) in (1_u32..).zip([
            TimelineKind::Arrived,
            TimelineKind::Queued { queue: QueueId::parse("ventas").expect("an id") },
            TimelineKind::Offered {
                agent: agent.clone(),
                offer: 2,
                because: "longest_idle".to_owned(),
            },
            TimelineKind::OfferEnded {
                agent: agent.clone(),
                offer: 2,
                outcome: OfferOutcome::Timeout,
            },
            TimelineKind::Answered { ring: 3, by_greeting: true },
            TimelineKind::Connected { agent },
            TimelineKind::Held,
            TimelineKind::Resumed,
            TimelineKind::AgentStreamLost,
            TimelineKind::AgentStreamResumed,
            TimelineKind::Ended { cause: EndCause::Completed, released_by: ReleasedBy::Customer },
            TimelineKind::WrapUpExtended,
            TimelineKind::WrappedUp { disposition: Disposition::new(code, true) },
        ]) {
            let at = Civil::from_micros(1_700_000_000_000_000 + i64::from(number));
            let entry = TimelineEntry { call, tenant: tenant.clone(), number, at, what };
            assert_eq!(from_wire(&tenant, call, to_wire(&entry)), Ok(entry));
        }
    }

    #[test]
    fn an_unknown_kind_or_a_missing_particular_is_a_fault() {
        let (tenant, call) = (TenantId::parse("acme").expect("an id"), CallId::from_u128(9));
        let time = Some(moment(Civil::from_micros(0)));
        for kind in ["queued", "offered", "ended", "teleported"] {
            let wire = pb::TimelineEntry {
                number: 1,
                time,
                kind: kind.to_owned(),
                details: BTreeMap::new(),
            };
            assert!(from_wire(&tenant, call, wire).is_err(), "{kind}");
        }
    }
}
