//! The agents: what they do when their screen shows something.

use timbre_engine::port::{LegEnd, SwitchEvent};
use timbre_engine::{AgentChanged, AgentView, Command};
use timbre_model::{AgentRef, AgentStateKind, CallId, Civil, LegId, MachineVerdict, StationMode};

use super::chance::Lasting;
use super::lines::{Far, Whose};
use super::world::{Happening, SECOND, World};

/// An agent at work.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) who: AgentRef,
    pub(crate) persistent: bool,
    pub(crate) working: bool,
    resting: bool,
    /// The habits of whom they talk to; `None`: somebody who called.
    with: Option<usize>,
    machine: bool,
    pub(crate) line: Option<LegId>,
}

/// A turn in an agent's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Begins,
    Rests,
    Returns,
    Ends,
}

impl Agent {
    pub(crate) fn new(who: AgentRef, station: StationMode) -> Self {
        Self {
            who,
            persistent: station == StationMode::Persistent,
            working: false,
            resting: false,
            with: None,
            machine: false,
            line: None,
        }
    }
}

impl World<'_> {
    pub(crate) fn says(&mut self, after: u64, command: Command) {
        self.agenda.note(self.now + after, Happening::Command(command));
    }

    pub(crate) fn turn(&mut self, n: usize, turn: Turn) {
        let agent = self.agents[n].who.clone();
        match turn {
            Turn::Begins => {
                self.agents[n].working = true;
                self.arrive(n);
            }
            Turn::Rests => {
                self.agents[n].resting = true;
                if let Some(reason) = self.setup.floor.pauses.first().cloned() {
                    self.says(0, Command::SetNotReady { agent, reason });
                }
            }
            Turn::Returns => {
                self.agents[n].resting = false;
                self.says(0, Command::SetReady { agent });
            }
            Turn::Ends => {
                self.agents[n].working = false;
                self.says(0, Command::SignOut { agent });
            }
        }
    }

    /// Phone and screen come up.
    pub(crate) fn arrive(&mut self, n: usize) {
        let agent = self.agents[n].who.clone();
        let registered = SwitchEvent::StationRegistered { agent: agent.clone(), reachable: true };
        self.agenda.note(self.now, Happening::Report(registered));
        if self.agents[n].persistent {
            let leg = self.lines.arrives(Whose::Phone { agent: n });
            self.agents[n].line = Some(leg);
            let agent = agent.clone();
            self.agenda
                .note(self.now, Happening::Report(SwitchEvent::StationCalledIn { agent, leg }));
        }
        let auto_accept = self.agents[n].persistent;
        let sign_in = Command::SignIn { agent: agent.clone(), auto_accept, take_over: true };
        self.says(0, sign_in);
        self.says(1_000, Command::SetReady { agent });
    }

    /// The screen shows another state.
    pub(crate) fn sees(&mut self, change: &AgentChanged) {
        let Some(&n) = self.names.get(&change.agent.agent) else { return };
        let view = &change.now;
        self.measure.agent(n, view.state);
        if change.from != view.state {
            self.acts(n, view);
        }
    }

    fn acts(&mut self, n: usize, view: &AgentView) {
        let agent = self.agents[n].who.clone();
        match (view.state, view.call) {
            (AgentStateKind::NotReady, _) if self.agents[n].working && !self.agents[n].resting => {
                let after = self.chance.agents.millis(1_000, 10_000);
                self.says(after, Command::SetReady { agent });
            }
            (AgentStateKind::Offered, _) => {
                if let Some((offer, _)) = view.offer {
                    let after = self.chance.agents.millis(1_000, 5_000);
                    self.says(after, Command::AcceptOffer { agent, offer });
                }
            }
            (AgentStateKind::WrapUp, Some(call)) => self.wraps_up(n, call),
            (
                AgentStateKind::NotReady
                | AgentStateKind::Ready
                | AgentStateKind::SignedOut
                | AgentStateKind::Talking
                | AgentStateKind::WrapUp,
                _,
            ) => {}
        }
        // Whoever's shift ended in a call goes home after it.
        if !self.agents[n].working && view.state == AgentStateKind::Ready {
            let agent = self.agents[n].who.clone();
            self.says(0, Command::SignOut { agent });
        }
    }

    fn wraps_up(&mut self, n: usize, call: CallId) {
        let agent = self.agents[n].who.clone();
        let habits = self.agents[n].with.map(|it| &self.setup.habits[it]);
        let usual = Lasting::LogNormal { mean_s: 20.0, variation: 0.5 };
        let lasting = habits.map_or(usual, |it| it.wrap);
        let after = match self.agents[n].machine {
            true => self.chance.agents.millis(500, 2_000),
            false => self.chance.agents.lasting(lasting),
        };
        let mut throw = self.chance.agents.even();
        let code = habits.and_then(|it| {
            let hit = it.dispositions.iter().find(|(_, share)| {
                throw -= share;
                throw < 0.0
            });
            hit.or(it.dispositions.last()).map(|(code, _)| code.clone())
        });
        let code = code.or_else(|| self.setup.floor.dispositions.first().cloned());
        if let Some(code) = code {
            self.says(after, Command::Dispose { agent, call, code, fields: Default::default() });
        }
    }

    /// A conversation begins: it is decided how it will end.
    pub(crate) fn begin_talk(&mut self, customer: LegId, n: usize, whose: Whose) {
        let agent = self.agents[n].who.clone();
        let (call, habits, machine, talk) = match whose {
            Whose::Callee { call, habits, machine, .. } => {
                (call, Some(habits), machine, self.setup.habits[habits].talk)
            }
            Whose::Caller { call, of, .. } => (call, None, false, self.setup.callers[of].talk),
            Whose::Phone { .. } => return,
        };
        (self.agents[n].with, self.agents[n].machine) = (habits, machine);
        if machine {
            let heard = self.chance.talks.millis(3_000, 6_000);
            let verdict = MachineVerdict::Machine;
            let correct = Command::CorrectMachine { agent: agent.clone(), call, verdict };
            self.says(heard, correct);
            return self.says(heard + SECOND, Command::HangUp { agent, call });
        }
        let lasts = self.chance.talks.lasting(talk);
        let promise = habits.map_or(0.0, |it| self.setup.habits[it].callback);
        if promise > 0.0 && self.chance.talks.happens(promise) {
            let hours = 1 + self.chance.talks.below(3);
            let at =
                Civil::from_micros(self.moment().civil.as_micros() + hours as i64 * 3_600_000_000);
            let personal = self.chance.talks.happens(0.5);
            self.says(lasts / 2, Command::ScheduleCallback { agent, call, at, personal });
        }
        self.far_later(lasts, customer, Far::Ends(LegEnd::FarEnd));
    }
}
