//! What goes wrong in a day, and who interferes.

use std::time::Duration;

use timbre_engine::port::SwitchEvent;
use timbre_engine::{Command, ForcedState};

use crate::agenda::{FarAct, Happening, Turn};
use crate::floor;
use crate::world::{HOUR, World};

impl World {
    pub(crate) fn stream_drops(&mut self, n: usize) {
        if std::mem::replace(&mut self.people[n].stream_up, false) {
            let agent = self.people[n].who.clone();
            self.agenda.note(self.now, Happening::Command(Some(n), Command::StreamLost { agent }));
        }
        // One in six is away for longer than the grace.
        let long = self.dice.mishaps.permille(160);
        let away = self.dice.mishaps.millis(1_000, if long { 200_000 } else { 55_000 });
        self.later(n, away, Turn::StreamReturns);
        let next = self.dice.mishaps.exponential(2 * HOUR);
        self.later(n, away + next, Turn::StreamDrops);
    }

    pub(crate) fn stream_returns(&mut self, n: usize) {
        if !self.people[n].stream_up && !self.people[n].shift_over {
            let agent = self.people[n].who.clone();
            self.agenda.note(self.now, Happening::Command(Some(n), Command::Resume { agent }));
        }
    }

    pub(crate) fn phone_fails(&mut self, n: usize) {
        let person = &mut self.people[n];
        person.phone_up = false;
        match person.line.take() {
            Some(leg) => {
                let act = if self.dice.mishaps.permille(500) {
                    FarAct::HangUp
                } else {
                    FarAct::MediaStops
                };
                self.agenda.note(self.now, Happening::Far(leg, act));
            }
            None => self.registered(n, false),
        }
        let away = self.dice.mishaps.millis(3_000, 120_000);
        self.agenda.note(self.now + away, Happening::Agent(n, Turn::PhoneReturns));
        let next = self.dice.mishaps.exponential(3 * HOUR);
        self.later(n, away + next, Turn::PhoneFails);
    }

    pub(crate) fn phone_returns(&mut self, n: usize) {
        self.people[n].phone_up = true;
        self.registered(n, true);
        if self.people[n].persistent {
            self.call_in(n);
        }
    }

    fn registered(&mut self, n: usize, reachable: bool) {
        let agent = self.people[n].who.clone();
        let event = SwitchEvent::StationRegistered { agent, reachable };
        self.agenda.note(self.now + 500, Happening::Report(event));
    }

    /// A supervisor forces an agent, or ends a call.
    pub(crate) fn supervisor(&mut self) {
        let n = self.dice.mishaps.below(self.people.len() as u64) as usize;
        let agent = self.people[n].who.clone();
        let state = match self.dice.mishaps.below(4) {
            0 => ForcedState::NotReady,
            1 => ForcedState::SignedOut,
            _ => ForcedState::Ready,
        };
        let command = match self.engine.agent(&agent).and_then(|it| it.call) {
            Some(call) if self.dice.mishaps.permille(300) => {
                Command::ForceEndCall { tenant: floor::tenant(), call }
            }
            _ => Command::ForceAgent { agent, state },
        };
        self.agenda.note(self.now, Happening::Command(None, command));
        let next = self.now + self.dice.mishaps.exponential(HOUR);
        if next < self.closing {
            self.agenda.note(next, Happening::Supervisor);
        }
    }

    /// The operator gives a queue another wrap-up, or an agent another level.
    pub(crate) fn operator(&mut self) {
        let queue = self.dice.mishaps.below(self.spec.queues.len() as u64) as usize;
        let wrap_up = self.dice.mishaps.below(40);
        self.spec.queues[queue].wrap_up = Duration::from_secs(wrap_up);
        let agent = self.dice.mishaps.below(self.spec.agents.len() as u64) as usize;
        let level = 1 + self.dice.mishaps.below(10) as u8;
        if let Some(mut skill) = self.spec.agents[agent].skills.first_entry() {
            skill.insert(level);
        }
        let command = Command::ApplyFloor {
            tenant: floor::tenant(),
            spec: Box::new(self.spec.clone()),
            expected_version: None,
        };
        self.agenda.note(self.now, Happening::Command(None, command));
    }
}
