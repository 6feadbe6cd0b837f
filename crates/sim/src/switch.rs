//! The simulated switch: legs that come, ring, are bridged and go, and the people at their far ends.

use std::collections::BTreeMap;

use timbre_engine::port::{LegEnd, SwitchAction, SwitchEvent};
use timbre_model::{CallId, LegId};

use crate::agenda::{Agenda, FarAct, Happening};
use crate::dice::{Dice, Die};

/// The switch.
#[derive(Debug, Default)]
pub(crate) struct Switch {
    legs: BTreeMap<LegId, Leg>,
    pub(crate) arrived: u64,
}

/// A leg that is not gone.
#[derive(Debug)]
struct Leg {
    whose: Whose,
    up: bool,
    /// It was bridged at least once: the caller does not lose patience any more.
    met: bool,
    /// Its reports reach the engine in their order.
    reported: u64,
    /// Questions and thanks that were begun.
    played: u32,
}

/// At whose side a leg is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose {
    Customer { call: CallId },
    Phone { agent: usize, persistent: bool },
}

/// What surrounds the switch in one moment.
pub(crate) struct Around<'a> {
    pub(crate) now: u64,
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) dice: &'a mut Dice,
}

impl Around<'_> {
    fn far(&mut self, after: u64, leg: LegId, act: FarAct) {
        self.agenda.note(self.now + after, Happening::Far(leg, act));
    }
}

impl Switch {
    /// One that counts on from the `arrived`-th leg.
    pub(crate) fn after(arrived: u64) -> Self {
        Self { arrived, ..Self::default() }
    }

    /// A new leg from outside. The caller reports it.
    pub(crate) fn arrives(&mut self, whose: Whose) -> LegId {
        self.arrived += 1;
        let leg = LegId::arrived(self.arrived);
        let up = matches!(whose, Whose::Phone { .. });
        self.legs.insert(leg, Leg { whose, up, met: false, reported: 0, played: 0 });
        leg
    }

    /// Tells the engine something of a leg, a little later, and at times much later.
    fn report(&mut self, around: &mut Around, leg: LegId, event: SwitchEvent) {
        let Some(it) = self.legs.get_mut(&leg) else { return };
        let late = around.dice.network.permille(5);
        let delay = around.dice.network.millis(0, if late { 2_000 } else { 20 });
        it.reported = it.reported.max(around.now + delay);
        around.agenda.note(it.reported, Happening::Report(event));
    }

    fn ends(&mut self, around: &mut Around, leg: LegId, how: LegEnd) {
        self.report(around, leg, SwitchEvent::LegEnded { leg, how });
        self.legs.remove(&leg);
    }

    /// Somebody at the far end acts; on a leg that is gone, nobody is there to hear it.
    pub(crate) fn far(&mut self, around: &mut Around, leg: LegId, act: FarAct) {
        let Some(it) = self.legs.get_mut(&leg) else { return };
        match act {
            FarAct::PickUp if !it.up => {
                it.up = true;
                self.report(around, leg, SwitchEvent::LegAnswered { leg });
            }
            FarAct::PickUp => {}
            FarAct::Decline if !it.up => self.ends(around, leg, LegEnd::Declined),
            FarAct::Ignore if !it.up => self.ends(around, leg, LegEnd::NoAnswer),
            FarAct::GiveUp if !it.met => self.ends(around, leg, LegEnd::FarEnd),
            FarAct::Decline | FarAct::Ignore | FarAct::GiveUp => {}
            FarAct::HangUp => self.ends(around, leg, LegEnd::FarEnd),
            FarAct::MediaStops => self.ends(around, leg, LegEnd::Lost),
            FarAct::Press(key) => self.report(around, leg, SwitchEvent::Key { leg, key }),
            FarAct::HearsOut(played) if it.played == played => {
                self.report(around, leg, SwitchEvent::GreetingPlayed { leg });
            }
            FarAct::HearsOut(_) => {}
            FarAct::Hold(held) => self.report(around, leg, SwitchEvent::LegHold { leg, held }),
        }
    }

    /// Performs an action. One on a leg that is gone is ignored. `phones` tells whether an agent's phone can be reached.
    /// Gives the talk that begins, if one does.
    pub(crate) fn perform(
        &mut self,
        around: &mut Around,
        action: SwitchAction,
        phones: &dyn Fn(&SwitchAction) -> Option<(usize, bool)>,
    ) -> Option<Talk> {
        match action {
            SwitchAction::Progress { .. }
            | SwitchAction::Hold { .. }
            | SwitchAction::Unbridge { .. }
            // Days that nobody is called in; see the outbound world.
            | SwitchAction::Dial { .. }
            | SwitchAction::PlayAbandoned { .. } => {}
            SwitchAction::Refuse { leg, .. } | SwitchAction::HangUp { leg } => {
                self.ends(around, leg, LegEnd::Ours);
            }
            SwitchAction::Greet { leg, .. } => {
                let it = self.legs.get_mut(&leg)?;
                it.up = true;
                self.report(around, leg, SwitchEvent::GreetingPlayed { leg });
            }
            SwitchAction::RingStation { leg, .. } => {
                let (agent, reachable) = phones(&action)?;
                let whose = Whose::Phone { agent, persistent: false };
                self.legs.insert(leg, Leg { whose, up: false, met: false, reported: 0, played: 0 });
                self.ring(around, leg, reachable);
            }
            SwitchAction::Ask { leg, .. } => self.ask(around, leg),
            SwitchAction::Thank { leg, .. } => self.says(around, leg, 3_500_000),
            SwitchAction::Bridge { customer, agent } => return self.bridge(customer, agent),
        }
        None
    }

    /// A phone rings, and its agent picks it up, declines, or does not hear it.
    fn ring(&mut self, around: &mut Around, leg: LegId, reachable: bool) {
        if !reachable || around.dice.phones.permille(4) {
            return self.ends(around, leg, LegEnd::Unreachable);
        }
        self.report(around, leg, SwitchEvent::LegRinging { leg });
        let (act, after) = ring_out(&mut around.dice.phones);
        around.far(after, leg, act);
        if around.dice.phones.permille(2) {
            around.far(after + 500_000, leg, FarAct::HangUp);
        }
    }

    fn says(&mut self, around: &mut Around, leg: LegId, span: u64) {
        let Some(it) = self.legs.get_mut(&leg) else { return };
        it.played += 1;
        around.far(span, leg, FarAct::HearsOut(it.played));
    }

    /// Most answer, some of them before they have heard all of it; some press what is no answer, or too much; some hang up.
    fn ask(&mut self, around: &mut Around, leg: LegId) {
        self.says(around, leg, 8_700_000);
        let die = &mut around.dice.surveys;
        let keys = if die.permille(700) { 1 + die.below(3) } else { 0 };
        let acts = (0..keys).map(|_| {
            let key = char::from(b"0123456789*#"[die.below(12) as usize]);
            (die.millis(500, 22_000), FarAct::Press(key))
        });
        let mut acts: Vec<(u64, FarAct)> = acts.collect();
        if die.permille(150) {
            acts.push((die.millis(100, 20_000), FarAct::HangUp));
        }
        acts.into_iter().for_each(|(after, act)| around.far(after, leg, act));
    }

    fn bridge(&mut self, customer: LegId, agent: LegId) -> Option<Talk> {
        let &Leg { whose: Whose::Phone { agent: who, persistent }, .. } = self.legs.get(&agent)?
        else {
            return None;
        };
        let it = self.legs.get_mut(&customer)?;
        let Whose::Customer { call } = it.whose else { return None };
        it.up = true;
        let first = !std::mem::replace(&mut it.met, true);
        first.then_some(Talk { customer, phone: agent, agent: who, persistent, call })
    }
}

fn ring_out(die: &mut Die) -> (FarAct, u64) {
    match die.below(100) {
        0..3 => (FarAct::Decline, die.millis(500, 6_000)),
        3..6 => (FarAct::Ignore, die.millis(8_000, 30_000)),
        _ => (FarAct::PickUp, die.millis(400, 6_000)),
    }
}

/// A conversation that begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) customer: LegId,
    pub(crate) phone: LegId,
    pub(crate) agent: usize,
    pub(crate) persistent: bool,
    pub(crate) call: CallId,
}
