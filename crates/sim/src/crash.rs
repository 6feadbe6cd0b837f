//! The node dies, and is started again on what was durable.

use timbre_engine::{Command, Engine, Input, Limits};
use timbre_model::Civil;

use crate::agenda::{Happening, Turn};
use crate::floor;
use crate::switch::Switch;
use crate::world::World;

impl World {
    /// Everything in memory is gone: the floor, the legs, what was under way. Agents and phones come back one by one.
    pub(crate) fn die_and_restart(&mut self) {
        self.report.crashes += 1;
        let civil: Civil = self.moment().civil;
        let changes = self.ledger.recover(civil);
        self.auditor.node_died(&changes);
        self.agenda.keep(Happening::outlives_the_node);
        // A new switch must not give a new leg an old leg's number within this world.
        self.switch = Switch::after(self.switch.arrived);
        self.engine = Engine::new(Limits::default());
        self.performed = self.now;
        if let Some((version, spec)) = self.ledger.floor.clone() {
            self.spec = (*spec).clone();
            let tenant = floor::tenant();
            self.feed(Input::Command(Command::RestoreFloor { tenant, spec, version }), None);
        }
        for n in 0..self.people.len() {
            let person = &mut self.people[n];
            (person.stream_up, person.phone_up, person.line) = (false, false, None);
            let phone = self.dice.mishaps.millis(500, 20_000);
            self.later(n, phone, Turn::PhoneReturns);
            let stream = self.dice.mishaps.millis(500, 20_000);
            self.later(n, stream, Turn::StreamReturns);
        }
    }
}
