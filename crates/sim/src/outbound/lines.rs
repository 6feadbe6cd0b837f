//! The carrier and the phones: lines that ring, are answered, are bridged and go, and the people at their far ends.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_engine::port::{Arrival, LegEnd, SwitchAction, SwitchEvent};
use timbre_model::{Cadence, CallId, CallerId, LegId, PhoneNumber, TrunkRef};

use super::chance::Lasting;
use super::setup::{Course, Habits, Ringing};
use super::world::{HOUR, Happening, SECOND, World, tenant};

/// Answers come within this, as the published figures have it.
const ANSWERS_WITHIN: u64 = 22_250_000;

/// Every leg that is not gone.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    legs: BTreeMap<LegId, Line>,
    arrived: u64,
}

/// A leg that is not gone.
#[derive(Debug)]
struct Line {
    whose: Whose,
    up: bool,
    /// Its reports reach the engine in their order.
    reported: u64,
}

/// Who is at the far end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Somebody who is called.
    Callee { call: CallId, habits: usize, machine: bool, met: bool },
    /// Somebody who calls.
    Caller { call: CallId, of: usize, met: bool },
    /// An agent's phone.
    Phone { agent: usize },
}

/// What the far end does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Far {
    Rings,
    PicksUp,
    Fails {
        status: u16,
        cause: Option<u8>,
    },
    Ends(LegEnd),
    /// Gives up waiting for an agent.
    GivesUp,
    /// Asks not to be called again.
    PressesNine,
    Hears,
}

/// What becomes of a call that is dialed.
struct Fate {
    after: u64,
    what: Far,
    machine: bool,
}

impl Lines {
    /// A new leg from outside. The caller reports it.
    pub(crate) fn arrives(&mut self, whose: Whose) -> LegId {
        self.arrived += 1;
        let leg = LegId::arrived(self.arrived);
        let up = matches!(whose, Whose::Phone { .. });
        self.legs.insert(leg, Line { whose, up, reported: 0 });
        leg
    }

    /// The node is dead, and all its legs with it. Legs to come are counted on.
    pub(crate) fn drop_all(&mut self) {
        self.legs.clear();
    }

    pub(crate) fn whose(&self, leg: LegId) -> Option<Whose> {
        self.legs.get(&leg).map(|it| it.whose)
    }
}

impl World<'_> {
    /// The next of some callers dials.
    pub(crate) fn caller_dials(&mut self, of: usize) {
        let setup = self.setup;
        let callers = &setup.callers[of];
        self.called_in += 1;
        let call = CallId::from_u128(u128::from(self.called_in) | 1 << 127);
        let leg = self.lines.arrives(Whose::Caller { call, of, met: false });
        let country = setup.floor.trunks.iter().find(|it| it.id == callers.trunk);
        let cadence = country
            .and_then(|it| it.cadence.or_else(|| Cadence::of_country(&it.country)))
            .or_else(|| Cadence::of_country("ES"))
            .expect("Spain has a cadence");
        let arrival = Arrival {
            leg,
            call,
            trunk: TrunkRef { tenant: tenant(), trunk: callers.trunk.clone() },
            cadence,
            dialed: callers.number.expose().to_owned(),
            dialed_number: Some(callers.number.clone()),
            caller: CallerId::Withheld,
        };
        let event = SwitchEvent::CallArrived(Box::new(arrival));
        self.agenda.note(self.now, Happening::Report(event));
        let patience = self.chance.callers.lasting(callers.patience);
        self.far_later(patience, leg, Far::GivesUp);
        self.next_caller(of);
    }

    pub(crate) fn next_caller(&mut self, of: usize) {
        let mean_s = 3_600.0 / self.setup.callers[of].per_hour.max(1e-9);
        let after = self.chance.callers.lasting(Lasting::Exponential { mean_s });
        let at = self.now.saturating_add(after);
        if at < self.setup.end {
            self.agenda.note(at, Happening::Caller(of));
        }
    }

    /// Tells the engine something of a leg, a little later.
    fn report(&mut self, leg: LegId, event: SwitchEvent) {
        let delay = self.network();
        let Some(it) = self.lines.legs.get_mut(&leg) else { return };
        it.reported = it.reported.max(self.now + delay);
        self.agenda.note(it.reported, Happening::Report(event));
    }

    fn leg_ends(&mut self, leg: LegId, how: LegEnd) {
        if let Some(line) = self.lines.legs.get(&leg) {
            let waits = matches!(line.whose, Whose::Callee { .. }) && !line.up;
            self.measure.lines -= u64::from(waits);
        }
        self.report(leg, SwitchEvent::LegEnded { leg, how });
        self.lines.legs.remove(&leg);
    }

    pub(crate) fn far_later(&mut self, after: u64, leg: LegId, what: Far) {
        self.agenda.note(self.now + after, Happening::Far(leg, what));
    }

    /// Somebody at the far end acts; on a leg that is gone, nobody hears it.
    pub(crate) fn far(&mut self, leg: LegId, what: Far) {
        let Some(it) = self.lines.legs.get_mut(&leg) else { return };
        match what {
            Far::Rings => self.report(leg, SwitchEvent::LegRinging { leg }),
            Far::PicksUp if it.up => {}
            Far::PicksUp => {
                it.up = true;
                self.measure.lines -= u64::from(matches!(it.whose, Whose::Callee { .. }));
                self.report(leg, SwitchEvent::LegAnswered { leg });
                // In random days some do not wait to hear who it is.
                if self.trial.is_some() && self.chance.answers.happens(0.05) {
                    let after = self.chance.answers.millis(100, 4_000);
                    self.far_later(after, leg, Far::GivesUp);
                }
            }
            Far::Fails { status, cause } => self.leg_ends(leg, LegEnd::Failed { status, cause }),
            Far::Ends(how) => self.leg_ends(leg, how),
            Far::GivesUp => {
                let waits = matches!(
                    it.whose,
                    Whose::Callee { met: false, .. } | Whose::Caller { met: false, .. }
                );
                if waits {
                    self.leg_ends(leg, LegEnd::FarEnd);
                }
            }
            Far::PressesNine => self.report(leg, SwitchEvent::Key { leg, key: '9' }),
            Far::Hears => self.report(leg, SwitchEvent::GreetingPlayed { leg }),
        }
    }

    /// Performs an action. One on a leg that is gone is ignored.
    pub(crate) fn perform(&mut self, action: SwitchAction) {
        match action {
            SwitchAction::Progress { .. }
            | SwitchAction::Hold { .. }
            | SwitchAction::Unbridge { .. }
            // The queues of these days ask nothing; see the inbound world.
            | SwitchAction::Ask { .. }
            | SwitchAction::Thank { .. } => {}
            SwitchAction::Refuse { leg, .. } | SwitchAction::HangUp { leg } => {
                self.leg_ends(leg, LegEnd::Ours);
            }
            SwitchAction::Greet { leg, .. } => {
                if let Some(it) = self.lines.legs.get_mut(&leg) {
                    it.up = true;
                }
                self.report(leg, SwitchEvent::GreetingPlayed { leg });
            }
            SwitchAction::PlayAbandoned { leg, .. } => {
                self.far_later(5 * SECOND, leg, Far::Hears);
                if self.trial.is_some() && self.chance.answers.happens(0.2) {
                    self.far_later(3 * SECOND, leg, Far::PressesNine);
                }
            }
            SwitchAction::RingStation { leg, agent, .. } => {
                if let Some(&n) = self.names.get(&agent.agent) {
                    self.ring_phone(leg, n);
                }
            }
            SwitchAction::Dial { leg, number, ring_timeout, call, .. } => {
                self.dial(leg, &number, ring_timeout, call);
            }
            SwitchAction::Bridge { customer, agent } => self.bridge(customer, agent),
        }
    }

    fn ring_phone(&mut self, leg: LegId, agent: usize) {
        let line = Line { whose: Whose::Phone { agent }, up: false, reported: 0 };
        self.lines.legs.insert(leg, line);
        self.report(leg, SwitchEvent::LegRinging { leg });
        let after = self.chance.phones.millis(400, 4_000);
        self.far_later(after, leg, Far::PicksUp);
    }

    fn dial(&mut self, leg: LegId, number: &PhoneNumber, ring_timeout: Duration, call: CallId) {
        let at = self.authorizer.habits_of(number);
        let ring_timeout = ring_timeout.as_micros() as u64;
        let mut fate = self.fate(at, ring_timeout);
        if let Some(trial) = &mut self.trial {
            trial.dialed += 1;
            if trial.trouble && self.chance.answers.happens(0.8) {
                let what = Far::Fails { status: 503, cause: Some(34) };
                fate = Fate { after: self.chance.answers.millis(50, 900), what, machine: false };
            }
        }
        let machine = fate.machine;
        let whose = Whose::Callee { call, habits: at, machine, met: false };
        self.lines.legs.insert(leg, Line { whose, up: false, reported: 0 });
        self.measure.lines += 1;
        self.measure.slice().dials += 1;
        if fate.after > 2 * SECOND {
            self.far_later(SECOND, leg, Far::Rings);
        }
        self.far_later(fate.after, leg, fate.what);
    }

    fn fate(&mut self, at: usize, ring_timeout: u64) -> Fate {
        let habits = &self.setup.habits[at];
        let rate = habits.rate(self.moment().civil, self.now);
        let chance = &mut self.chance.answers;
        let person = chance.happens(rate);
        let machine = !person && chance.happens(habits.machine);
        let within = ANSWERS_WITHIN.min(ring_timeout);
        let after = match (habits.ringing, person, machine) {
            (Ringing::Memoryless, ..) => chance.lasting(Lasting::Exponential { mean_s: 14.0 }),
            (Ringing::Lifelike, true, _) => {
                chance.at_most(Lasting::LogNormal { mean_s: 10.0, variation: 0.5 }, within)
            }
            (Ringing::Lifelike, false, true) => chance.millis(14_000, 20_000),
            (Ringing::Lifelike, false, false) if chance.happens(0.2) => {
                let after = chance.millis(1_000, 4_000);
                let (status, cause) = failure(chance.below(100));
                return Fate { after, what: Far::Fails { status, cause }, machine };
            }
            (Ringing::Lifelike, false, false) => ring_timeout,
        };
        let rung_out = Far::Fails { status: 487, cause: None };
        let answered = (person || machine) && after < ring_timeout;
        let what = if answered { Far::PicksUp } else { rung_out };
        Fate { after: after.min(ring_timeout), what, machine }
    }

    fn bridge(&mut self, customer: LegId, phone: LegId) {
        let Some(Whose::Phone { agent }) = self.lines.whose(phone) else { return };
        let Some(line) = self.lines.legs.get_mut(&customer) else { return };
        line.up = true;
        let first = match &mut line.whose {
            Whose::Callee { met, .. } | Whose::Caller { met, .. } => !std::mem::replace(met, true),
            Whose::Phone { .. } => false,
        };
        let whose = line.whose;
        if first {
            self.begin_talk(customer, agent, whose);
        }
    }
}

/// What the network says of one of a hundred calls that fail at once.
fn failure(one: u64) -> (u16, Option<u8>) {
    match one {
        0..50 => (486, Some(17)),
        50..75 => (404, Some(1)),
        75..90 => (503, Some(34)),
        _ => (480, Some(20)),
    }
}

impl Habits {
    /// Chance that a person answers now.
    fn rate(&self, at: timbre_model::Civil, now: u64) -> f64 {
        let hour = self.zone.as_ref().and_then(|zone| {
            let stamp = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?;
            Some(usize::from(zone.to_datetime(stamp).hour().unsigned_abs()))
        });
        let factor = match self.course {
            Course::Even => 1.0,
            Course::Steps => [1.0, 0.5, 1.6, 0.8][(now / HOUR) as usize % 4],
            Course::Sine => {
                let hours = now as f64 / HOUR as f64;
                1.0 + 0.4 * (std::f64::consts::TAU * hours / 1.5).sin()
            }
        };
        self.answer[hour.unwrap_or(0) % 24] * factor
    }
}
