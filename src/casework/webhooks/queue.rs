//! What one webhook has still to be told, and in which order. Pure: it neither waits nor sends.
//!
//! Events of one subject go out in their order, one at a time; a failure holds its subject back and nobody else. Failures of
//! several subjects in a row hold everything back: the receiver is away, and one delivery at a time tries whether it is
//! back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use timbre_model::Civil;
use timbre_store::{HeldEvent, StoredEvent, WebhookChange, WebhookState};

use super::post::Failure;
use crate::casework::pace::{BACK_OFF_MAX, back_off};

/// Events that may wait at once; no more are read before some are gone.
pub const PENDING_MAX: usize = 1_000;

/// Deliveries under way at once.
pub const FLYING_MAX: usize = 8;

/// After so many failures in a row the receiver counts as away.
const AWAY_AFTER: u32 = 5;

/// After so long a delivery is given up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// What one webhook has still to be told.
#[derive(Debug, Default)]
pub struct Queue {
    /// The last event that was read.
    read: u64,
    /// Events that were read and are not delivered.
    pending: BTreeMap<u64, HeldEvent>,
    /// Subjects of which an event is under way, and which.
    flying: BTreeMap<String, u64>,
    /// Those that the store holds as such.
    kept: BTreeSet<u64>,
    /// Those of the pending ones that the store holds otherwise than they are.
    failed: BTreeSet<u64>,
    /// Given up, and not kept as such.
    dead: Vec<(HeldEvent, Civil)>,
    /// Failures since the last success.
    streak: u32,
    failing_since: Option<Civil>,
    /// While the receiver is away: when it is tried again.
    rests_until: Option<Civil>,
    error: String,
    /// Something has changed that the store does not know.
    changed: bool,
}

impl Queue {
    /// As the store knows it.
    pub fn restore(state: WebhookState, held: Vec<HeldEvent>) -> Self {
        let WebhookState { settled, attempts, failing_since, next_at, error } = state;
        let mut queue = Self {
            read: settled,
            streak: attempts,
            failing_since,
            rests_until: next_at,
            error,
            ..Self::default()
        };
        queue.hold_again(held);
        queue
    }

    /// The last event that was read.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// How many more events may wait.
    pub fn room(&self) -> usize {
        PENDING_MAX.saturating_sub(self.pending.len())
    }

    /// Takes in what the store holds and this does not know: dead letters that are to be delivered after all.
    pub fn hold_again(&mut self, held: Vec<HeldEvent>) {
        for it in held {
            let seq = it.event.seq;
            let known = self.pending.contains_key(&seq) || self.kept.contains(&seq);
            if !known && self.room() > 0 {
                self.kept.insert(seq);
                self.pending.insert(seq, it);
            }
        }
    }

    /// The next event was read; it is `told` to this webhook or it is not.
    pub fn take(&mut self, event: StoredEvent, told: bool, now: Civil) {
        self.read = event.seq;
        self.changed = true;
        // After a crash some are read that are held already.
        if told && !self.pending.contains_key(&event.seq) {
            let held =
                HeldEvent { event, attempts: 0, since: now, next_at: now, error: String::new() };
            self.pending.insert(self.read, held);
        }
    }

    /// The next event to deliver, if one may be.
    pub fn start(&mut self, now: Civil) -> Option<StoredEvent> {
        let at_most = if self.streak >= AWAY_AFTER { 1 } else { FLYING_MAX };
        let rests = self.rests_until.is_some_and(|until| !has_come(until, now));
        if rests || self.flying.len() >= at_most {
            return None;
        }
        let due = |it: &&HeldEvent| has_come(it.next_at, now);
        let event = self.heads().filter(due).map(|it| it.event.clone()).next()?;
        self.flying.insert(event.event.subject.clone(), event.seq);
        Some(event)
    }

    /// The first waiting event of each subject of which none is under way.
    fn heads(&self) -> impl Iterator<Item = &HeldEvent> {
        let mut seen: BTreeSet<&str> = self.flying.keys().map(String::as_str).collect();
        self.pending.values().filter(move |it| seen.insert(&it.event.event.subject))
    }

    /// When the next delivery may begin; `None`: not before one of those under way has ended.
    pub fn next_at(&self) -> Option<Civil> {
        let next = self.heads().map(|it| it.next_at).min()?;
        Some(self.rests_until.map_or(next, |until| until.max(next)))
    }

    /// The event was delivered.
    pub fn delivered(&mut self, seq: u64) {
        self.land(seq);
        (self.streak, self.failing_since, self.rests_until) = (0, None, None);
        self.error.clear();
    }

    /// The event was not delivered; whether it was given up. `chance` spreads the next try.
    pub fn failed(&mut self, seq: u64, failure: Failure, now: Civil, chance: u64) -> bool {
        let Some(mut held) = self.land(seq) else { return false };
        held.attempts += 1;
        held.error.clone_from(&failure.why);
        self.error = failure.why;
        if failure.for_good {
            // Whoever refuses is there.
            (self.streak, self.failing_since, self.rests_until) = (0, None, None);
        } else {
            self.streak += 1;
            self.failing_since.get_or_insert(now);
            let away = self.streak.checked_sub(AWAY_AFTER);
            self.rests_until = away.map(|tries| now + back_off(tries + 1, chance));
        }
        let late = held.since + GIVE_UP_AFTER <= now;
        if failure.for_good || late {
            self.dead.push((held, now));
            return true;
        }
        held.next_at = now + back_off(held.attempts, chance);
        self.failed.insert(seq);
        self.pending.insert(seq, held);
        false
    }

    fn land(&mut self, seq: u64) -> Option<HeldEvent> {
        self.changed = true;
        let held = self.pending.remove(&seq)?;
        self.flying.remove(&held.event.event.subject);
        Some(held)
    }

    /// What the store has to be told, if anything. Tell [`Queue::kept`] when it was.
    pub fn change(&self) -> Option<WebhookChange> {
        if !self.changed {
            return None;
        }
        let failed: BTreeSet<&str> = self
            .pending
            .values()
            .filter(|it| it.attempts > 0)
            .map(|it| it.event.event.subject.as_str())
            .collect();
        // What has not been tried, and waits for nothing that failed, is soon gone: it is read again after a crash.
        let fresh = |it: &HeldEvent| {
            it.attempts == 0
                && !failed.contains(it.event.event.subject.as_str())
                && !self.kept.contains(&it.event.seq)
        };
        let settled = self.pending.values().find(|it| fresh(it)).map(|it| it.event.seq - 1);
        let state = WebhookState {
            settled: settled.unwrap_or(self.read),
            attempts: self.streak,
            failing_since: self.failing_since,
            next_at: self.rests_until,
            error: self.error.clone(),
        };
        let unkept = |it: &&HeldEvent| {
            let seq = it.event.seq;
            !fresh(it) && (self.failed.contains(&seq) || !self.kept.contains(&seq))
        };
        let held = self.pending.values().filter(unkept).cloned().collect();
        let gone = self.kept.iter().filter(|seq| !self.pending.contains_key(seq));
        Some(WebhookChange { state, held, freed: gone.copied().collect(), dead: self.dead.clone() })
    }

    /// The store has kept `change`, and nothing was done meanwhile.
    pub fn kept(&mut self, change: &WebhookChange) {
        for seq in &change.freed {
            self.kept.remove(seq);
        }
        self.kept.extend(change.held.iter().map(|it| it.event.seq));
        self.dead.clear();
        self.failed.clear();
        self.changed = false;
    }
}

/// Whether a time has come. One that lies further ahead than any wait is of a clock that was set back since.
fn has_come(at: Civil, now: Civil) -> bool {
    at <= now || at > now + BACK_OFF_MAX
}
