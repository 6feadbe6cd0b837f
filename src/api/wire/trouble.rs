//! Line trouble that agents report.

use timbre_casework::{MediaStats, RecordKind, Trouble, TroubleId, TroubleKind};
use timbre_model::{AgentId, CallId, ClientId, FieldError, TrunkId};

use super::agent::{read_call, word};
use super::name::id;
use super::record;
use super::time::{moment, need_moment};
use crate::api::pb;

/// As the wire has it.
pub fn to_wire(it: &Trouble) -> pb::Trouble {
    let Trouble { id, tenant, client, version: _, call, trunk, agent, at, kind, media } = it;
    pb::Trouble {
        name: record::name(tenant, RecordKind::Trouble, id.as_u128()),
        time: Some(moment(*at)),
        trunk: trunk.to_string(),
        call: call.to_string(),
        client: client.to_string(),
        agent: agent.to_string(),
        kind: kind.to_string(),
        media: media.as_ref().map(|MediaStats { received, lost, jitter_ms, sent }| pb::LineMedia {
            received: *received,
            lost: *lost,
            jitter_ms: *jitter_ms,
            sent: *sent,
        }),
    }
}

/// Reads a report. It never changes, so that its version is always 1.
pub fn from_wire(wire: pb::Trouble) -> Result<Trouble, FieldError> {
    let pb::Trouble { name, time, trunk, call, client, agent, kind, media } = wire;
    let (tenant, number) = record::read_name("trouble.name", &name, RecordKind::Trouble)?;
    let call: CallId = read_call("trouble.call", &call)?;
    Ok(Trouble {
        id: TroubleId::from_u128(number),
        tenant,
        client: id("trouble.client", &client, ClientId::parse)?,
        version: 1,
        call,
        trunk: id("trouble.trunk", &trunk, TrunkId::parse)?,
        agent: id("trouble.agent", &agent, AgentId::parse)?,
        at: need_moment("trouble.time", time)?,
        kind: word("trouble.kind", &kind, TroubleKind::parse)?,
        media: media.map(|pb::LineMedia { received, lost, jitter_ms, sent }| MediaStats {
            received,
            lost,
            jitter_ms,
            sent,
        }),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use timbre_model::TenantId;

    use super::*;

    proptest! {
        #[test]
        fn reports_read_back(
            ids in any::<(u128, u128)>(),
            at in 0..4_000_000_000_000_000_i64,
            kind in prop::sample::select(TroubleKind::ALL),
            media in prop::option::of((any::<(u64, u64, u64)>(), 0.0..1e6_f64)),
        ) {
            let report = Trouble {
                id: TroubleId::from_u128(ids.0),
                tenant: TenantId::parse("acme").expect("an id"),
                client: ClientId::parse("luz").expect("an id"),
                version: 1,
                call: CallId::from_u128(ids.1),
                trunk: TrunkId::parse("carrier").expect("an id"),
                agent: AgentId::parse("ana").expect("an id"),
                at: timbre_model::Civil::from_micros(at),
                kind,
                media: media.map(|((received, lost, sent), jitter_ms)| {
                    MediaStats { received, lost, jitter_ms, sent }
                }),
            };
            prop_assert_eq!(from_wire(to_wire(&report)), Ok(report));
        }
    }
}
