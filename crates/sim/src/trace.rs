//! A hash over everything that the engine brought about.

use std::fmt::{self, Write};

use timbre_engine::Effects;
use timbre_model::{
    AgentStateRecord, CallId, CallRecord, Change, Civil, OfferRecord, TimelineEntry,
};

/// FNV-1a, eight bytes at a time: no library's default can change it under us. Records go in field by field, the rest in
/// its printed form.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
}

const PRIME: u64 = 0x0000_0100_0000_01b3;

impl Default for Trace {
    fn default() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Trace {
    /// Takes in one step. Events say again what changes and actions say, and are left out.
    pub(crate) fn add(&mut self, at: u64, effects: &Effects) {
        self.mix(at);
        for change in &effects.changes {
            match change {
                Change::Floor { .. }
                | Change::Campaign(_)
                | Change::Attempt(_)
                | Change::Lead(_)
                | Change::DoNotCall(_)
                | Change::Survey(_) => self.print(change),
                Change::Call(it) => self.call(it),
                Change::Timeline(it) => self.entry(it),
                Change::Offer(it) => self.offer(it),
                Change::AgentState(it) => self.agent_state(it),
            }
        }
        effects.actions.iter().for_each(|it| self.print(it));
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    fn call(&mut self, it: &CallRecord) {
        self.call_id(it.id);
        self.text(&it.dialed);
        self.maybe(it.queue.as_ref().map(|it| it.as_str()));
        self.maybe(it.agent.as_ref().map(|it| it.as_str()));
        for at in [it.answered_at, it.connected_at, it.ended_at, it.wrapped_up_at] {
            self.moment(at);
        }
        self.mix(it.answered_ring.map_or(0, u64::from));
        self.mix(u64::from(it.hold.count));
        self.mix(it.hold.total.as_micros() as u64);
        self.mix(it.hold.longest.as_micros() as u64);
        self.maybe(it.outcome.map(|it| it.as_str()));
        self.maybe(it.cause.map(|it| it.as_str()));
        self.maybe(it.released_by.map(|it| it.as_str()));
        self.maybe(it.disposition.as_ref().map(|it| it.code.as_str()));
    }

    fn entry(&mut self, it: &TimelineEntry) {
        self.call_id(it.call);
        self.mix(u64::from(it.number));
        self.print(&it.what);
    }

    fn offer(&mut self, it: &OfferRecord) {
        self.call_id(it.id.call);
        self.mix(u64::from(it.id.number));
        self.text(it.agent.as_str());
        self.moment(Some(it.offered_at));
        self.moment(it.ended_at);
        self.maybe(it.outcome.map(|it| it.as_str()));
    }

    fn agent_state(&mut self, it: &AgentStateRecord) {
        self.text(it.agent.as_str());
        self.mix(it.number);
        self.text(it.state.as_str());
        self.maybe(it.reason.as_ref().map(|it| it.as_str()));
        self.call_id(it.call.unwrap_or(CallId::from_u128(0)));
    }

    fn call_id(&mut self, id: CallId) {
        self.mix(id.as_u128() as u64);
    }

    fn moment(&mut self, at: Option<Civil>) {
        self.mix(at.map_or(0, |it| it.as_micros() as u64));
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or("-"));
    }

    fn print(&mut self, it: &impl fmt::Debug) {
        let printed = write!(self, "{it:?}");
        debug_assert!(printed.is_ok(), "a hash takes everything");
    }

    fn text(&mut self, text: &str) {
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn mix(&mut self, word: u64) {
        self.hash = (self.hash ^ word).wrapping_mul(PRIME);
        self.hash ^= self.hash >> 32;
    }
}

impl Write for Trace {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}
