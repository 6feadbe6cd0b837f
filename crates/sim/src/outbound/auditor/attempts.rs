//! Attempts: dialed once and by permit, answered to an agent or abandoned, ended once.

use timbre_model::{AttemptOutcome, AttemptRecord, CallId, LegId, PhoneNumber};

use super::Auditor;

/// How exactly deadlines are kept, in microseconds.
const SLACK: u64 = 50_000;
/// How long a permit may be held back, for an agent's phone that must be picked up first, in microseconds.
const HELD_MAX: u64 = timbre_compliance::PERMIT_HOLDS.as_micros() as u64;

impl Auditor {
    pub(super) fn dialed(
        &mut self,
        leg: LegId,
        call: CallId,
        number: &PhoneNumber,
        caller_id: &PhoneNumber,
    ) {
        let now = self.now.mono.as_micros();
        let Some(it) = self.attempts.get_mut(&call) else {
            return self.demand(false, || format!("{call} was dialed and never permitted"));
        };
        let first = it.dialed.replace(now).is_none() && it.ended.is_none();
        it.leg = Some(leg);
        let record = it.record.clone();
        let as_permitted = record.number == *number && record.caller_id == *caller_id;
        let soon = now.saturating_sub(record.intent_mono) <= HELD_MAX;
        self.legs.insert(leg, call);
        self.demand(first, || format!("{call} was dialed twice"));
        self.demand(as_permitted, || format!("{call} was dialed otherwise than permitted"));
        self.demand(soon, || format!("{call} was dialed long after its permit"));
        self.check_barred(&record, "dialed");
    }

    pub(super) fn leg_answered(&mut self, leg: LegId) {
        let now = self.now.mono.as_micros();
        let Some(call) = self.legs.get(&leg) else { return };
        if let Some(it) = self.attempts.get_mut(call) {
            it.answered.get_or_insert(now);
        }
    }

    pub(super) fn leg_gone(&mut self, leg: LegId) {
        self.legs.remove(&leg);
        self.ears.remove(&leg);
        self.ears.retain(|_, customer| *customer != leg);
    }

    /// The longest that an answered call may be without an agent.
    fn limit(&self, call: CallId) -> u64 {
        let Some(it) = self.attempts.get(&call) else { return 0 };
        let own = self.campaigns.get(&it.record.campaign).map(|it| it.answer_to_agent);
        let law = it.permit.as_ref().and_then(|it| it.answer_to_agent_max);
        own.into_iter().chain(law).min().map_or(0, |it| it.as_micros() as u64)
    }

    pub(super) fn bridged(&mut self, customer: LegId, agent: LegId) {
        let other = self.ears.insert(agent, customer).filter(|it| *it != customer);
        self.demand(other.is_none(), || format!("leg {agent:?} has two customers"));
        let now = self.now.mono.as_micros();
        let Some(&call) = self.legs.get(&customer) else { return };
        let limit = self.limit(call);
        let Some(it) = self.attempts.get_mut(&call) else { return };
        let waited = it.answered.map(|at| now - at);
        let again = std::mem::replace(&mut it.bridged, true);
        let lost = it.abandoned;
        let in_time = again || waited.is_some_and(|it| it <= limit + SLACK);
        self.demand(in_time, || format!("{call} met its agent {waited:?} µs after the answer"));
        self.demand(!lost, || format!("{call} met an agent after it was abandoned"));
    }

    pub(super) fn abandoned(&mut self, leg: LegId) {
        let now = self.now.mono.as_micros();
        let Some(&call) = self.legs.get(&leg) else {
            return self.demand(false, || format!("a message for {leg:?}, which nobody dialed"));
        };
        let limit = self.limit(call);
        let binds = self.attempts.get(&call).is_some_and(|it| {
            let mode = self.campaigns.get(&it.record.campaign).map(|it| it.mode);
            let bound = it.permit.as_ref().is_some_and(|it| it.bound || it.agent.is_some());
            bound || mode.is_some_and(|it| it.binds_agent() && it.as_str() == self.mode_of(call))
        });
        let Some(it) = self.attempts.get_mut(&call) else { return };
        let waited = it.answered.map(|at| now - at);
        let first = !std::mem::replace(&mut it.abandoned, true) && !it.bridged;
        let due = waited.is_some_and(|it| (limit..=limit + SLACK).contains(&it));
        self.demand(first, || format!("{call} was abandoned after it was served"));
        self.demand(due, || format!("{call} was abandoned {waited:?} µs after the answer"));
        self.demand(!binds, || format!("{call} was placed for one agent, and abandoned"));
    }

    fn mode_of(&self, call: CallId) -> &str {
        self.attempts.get(&call).map_or("", |it| it.record.mode.as_str())
    }

    /// A live answer is given to nobody whose phone must ring first.
    pub(super) fn rings_for(&mut self, call: CallId) {
        let live = self.attempts.get(&call).is_some_and(|it| it.answered.is_some());
        self.demand(!live, || format!("a phone rings for {call}, which is answered already"));
    }

    /// Gives the attempt where it ended and has a lead that must be placed.
    pub(super) fn recorded(&mut self, record: &AttemptRecord) -> Option<CallId> {
        let id = record.id;
        let Some(it) = self.attempts.get_mut(&id) else {
            self.demand(false, || format!("a record of {id}, which was never permitted"));
            return None;
        };
        let former = it.ended;
        it.record = record.clone();
        it.ended = record.outcome.filter(|_| record.ended_at.is_some());
        let placed = it.ended.is_some() && record.lead.is_some();
        if it.ended == Some(AttemptOutcome::Cancelled) && it.dialed.is_none() {
            // It rang nowhere and is not counted.
            let charged = it.charged;
            let of_number = self.charged.entry(record.number.clone()).or_default();
            of_number.retain(|at| *at != charged);
        }
        let whole = record.ended_at.is_some() == record.outcome.is_some();
        self.demand(former.is_none(), || format!("{id} was written after its end"));
        self.demand(whole, || format!("{id} has an end without an outcome"));
        placed.then_some(id)
    }
}
