//! What is durable: a model of the store, and of what it does after a crash.

use std::collections::BTreeMap;

use timbre_model::{
    AgentId, AgentStateKind, AgentStateRecord, CallId, CallOutcome, CallRecord, Change, Civil,
    Disposition, EndCause, FloorSpec, OfferId, OfferOutcome, OfferRecord, ReleasedBy,
};

use crate::floor;

/// The records, each as it was written last.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) floor: Option<(u64, Box<FloorSpec>)>,
    pub(crate) calls: BTreeMap<CallId, CallRecord>,
    pub(crate) offers: BTreeMap<OfferId, OfferRecord>,
    pub(crate) agents: BTreeMap<AgentId, AgentStateRecord>,
}

impl Ledger {
    pub(crate) fn commit(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Floor { version, spec, .. } => self.floor = Some((*version, spec.clone())),
                Change::Call(it) => _ = self.calls.insert(it.id, (**it).clone()),
                Change::Offer(it) => _ = self.offers.insert(it.id, it.clone()),
                Change::AgentState(it) => _ = self.agents.insert(it.agent.clone(), it.clone()),
                Change::Timeline(_)
                | Change::Campaign(_)
                | Change::Attempt(_)
                | Change::Lead(_)
                | Change::DoNotCall(_)
                | Change::Survey(_) => {}
            }
        }
    }

    /// What the store does before the next engine starts: ends what the dead one left open.
    pub(crate) fn recover(&mut self, at: Civil) -> Vec<Change> {
        let calls = self.calls.values().filter(|it| it.ended_at.is_none());
        let ended = calls.map(|it| Change::Call(Box::new(node_lost(it, at))));
        let wrapping = self.calls.values().filter(|it| {
            it.ended_at.is_some() && it.connected_at.is_some() && it.wrapped_up_at.is_none()
        });
        let wrapped = wrapping.map(|it| Change::Call(Box::new(wrapped_up(it, at))));
        let offers = self.offers.values().filter(|it| it.outcome.is_none());
        let rescinded = offers.map(|it| Change::Offer(rescinded(it, at)));
        let agents = self.agents.values().filter(|it| it.state != AgentStateKind::SignedOut);
        let signed_out = agents.map(|it| Change::AgentState(signed_out(it, at)));
        let changes: Vec<_> = ended.chain(wrapped).chain(rescinded).chain(signed_out).collect();
        self.commit(&changes);
        changes
    }
}

fn node_lost(it: &CallRecord, at: Civil) -> CallRecord {
    let connected = it.connected_at.is_some();
    let outcome = if connected { CallOutcome::Answered } else { CallOutcome::Lost };
    let ended = CallRecord {
        ended_at: Some(at),
        outcome: Some(outcome),
        cause: Some(EndCause::NodeLost),
        released_by: Some(ReleasedBy::Network),
        ..it.clone()
    };
    if connected { wrapped_up(&ended, at) } else { ended }
}

fn wrapped_up(it: &CallRecord, at: Civil) -> CallRecord {
    let automatic = Disposition::new(floor::slug("unclassified"), true);
    let disposition = it.disposition.clone().or(Some(automatic));
    CallRecord { disposition, wrapped_up_at: Some(at), ..it.clone() }
}

fn rescinded(it: &OfferRecord, at: Civil) -> OfferRecord {
    let outcome = Some(OfferOutcome::Rescinded);
    OfferRecord { ended_at: Some(at), outcome, ..it.clone() }
}

fn signed_out(it: &AgentStateRecord, at: Civil) -> AgentStateRecord {
    let state = AgentStateKind::SignedOut;
    let number = it.number + 1;
    AgentStateRecord { at, number, state, reason: None, call: None, ..it.clone() }
}
