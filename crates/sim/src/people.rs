//! The agents: what they do when their screen shows something.

use timbre_engine::{AgentView, Command, Rejection, Reply};
use timbre_model::{AgentRef, AgentStateKind, CallId, LegId, NotReadyReason, OfferId};

use crate::agenda::{FarAct, Happening, Turn};
use crate::floor;
use crate::switch::{Talk, Whose};
use crate::world::World;

/// An agent at work.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) who: AgentRef,
    pub(crate) persistent: bool,
    pub(crate) stream_up: bool,
    pub(crate) phone_up: bool,
    /// The leg that stays up for the shift.
    pub(crate) line: Option<LegId>,
    pub(crate) shift_over: bool,
}

impl Person {
    pub(crate) fn new(n: usize) -> Self {
        Self {
            who: floor::agent(n),
            persistent: floor::persistent(n),
            stream_up: false,
            phone_up: false,
            line: None,
            shift_over: false,
        }
    }

    /// Going home, an agent finishes the call and forgets plans made before. To the engine the last word counts: a
    /// Ready or a pause meant for later would take back the sign-out that waits for the wrap-up's end.
    pub(crate) fn thinks_better_of(&self, command: &Command) -> bool {
        self.shift_over && matches!(command, Command::SetReady { .. } | Command::SetNotReady { .. })
    }

    /// Half of the persistent phones answer by themselves.
    fn auto_accepts(&self, n: usize) -> bool {
        self.persistent && n.is_multiple_of(2)
    }
}

impl World {
    pub(crate) fn agent_turn(&mut self, n: usize, turn: Turn) {
        match turn {
            Turn::Begins => {
                self.phone_returns(n);
                self.sign_in(n);
            }
            Turn::Ends => {
                self.people[n].shift_over = true;
                let agent = self.people[n].who.clone();
                self.says(n, 0, Command::SignOut { agent });
            }
            Turn::StreamDrops => self.stream_drops(n),
            Turn::StreamReturns => self.stream_returns(n),
            Turn::PhoneFails => self.phone_fails(n),
            Turn::PhoneReturns => self.phone_returns(n),
            Turn::PauseDue => {
                let agent = self.people[n].who.clone();
                let reason = floor::slug("lunch");
                self.says(n, 0, Command::SetNotReady { agent, reason });
                let next = self.dice.agents.exponential(90 * 60_000_000);
                self.later(n, next, Turn::PauseDue);
            }
        }
    }

    pub(crate) fn later(&mut self, n: usize, after: u64, turn: Turn) {
        if self.now + after < self.closing || turn == Turn::Ends {
            self.agenda.note(self.now + after, Happening::Agent(n, turn));
        }
    }

    fn says(&mut self, n: usize, after: u64, command: Command) {
        self.agenda.note(self.now + after, Happening::Command(Some(n), command));
    }

    pub(crate) fn sign_in(&mut self, n: usize) {
        if self.people[n].shift_over {
            return;
        }
        let auto_accept = self.people[n].auto_accepts(n);
        let agent = self.people[n].who.clone();
        let take_over = self.dice.agents.permille(500);
        self.says(n, 0, Command::SignIn { agent, auto_accept, take_over });
    }

    /// The answer to a command of an agent's.
    pub(crate) fn answered(
        &mut self,
        n: usize,
        command: &Command,
        reply: &Result<Reply, Rejection>,
    ) {
        match (command, reply) {
            (Command::SignIn { .. } | Command::Resume { .. }, Ok(Reply::Agent(view))) => {
                self.people[n].stream_up = true;
                self.sees(n, &view.clone());
            }
            (Command::Resume { .. }, Err(_)) => self.sign_in(n),
            (Command::SignIn { .. }, Err(_)) => self.later(n, 30_000_000, Turn::StreamReturns),
            (Command::SignOut { agent }, Err(Rejection::WrongState { state, .. }))
                if *state != AgentStateKind::SignedOut =>
            {
                let agent = agent.clone();
                self.says(n, 20_000_000, Command::SignOut { agent });
            }
            _ => {}
        }
    }

    /// The screen shows a state, and the agent acts on it.
    pub(crate) fn sees(&mut self, n: usize, view: &AgentView) {
        if !self.people[n].stream_up {
            return;
        }
        match (view.state, view.call) {
            (AgentStateKind::NotReady, _) => self.comes_back(n, view.reason.as_ref()),
            (AgentStateKind::Offered, _) => {
                if let Some((offer, _)) = view.offer {
                    self.considers(n, offer);
                }
            }
            (AgentStateKind::Talking, Some(call)) => self.talks(n, call),
            (AgentStateKind::WrapUp, Some(call)) => self.wraps_up(n, call),
            (AgentStateKind::SignedOut, _) => {
                self.people[n].stream_up = false;
                let again = self.dice.agents.millis(20_000, 90_000);
                self.later(n, again, Turn::StreamReturns);
            }
            (AgentStateKind::Ready | AgentStateKind::Talking | AgentStateKind::WrapUp, _) => {}
        }
    }

    fn comes_back(&mut self, n: usize, reason: Option<&NotReadyReason>) {
        if self.people[n].shift_over {
            return;
        }
        let after = match reason {
            Some(NotReadyReason::Pause(_)) => self.dice.agents.millis(300_000, 900_000),
            _ => self.dice.agents.millis(1_000, 30_000),
        };
        let agent = self.people[n].who.clone();
        self.says(n, after, Command::SetReady { agent });
    }

    /// Most leave the phone to ring; those with a headset press a key. Some decline, some do nothing.
    fn considers(&mut self, n: usize, offer: OfferId) {
        let agent = self.people[n].who.clone();
        let after = self.dice.agents.millis(300, 5_000);
        let accepting = if self.people[n].persistent { 930 } else { 250 };
        let throw = self.dice.agents.below(1_000);
        if throw < accepting {
            self.says(n, after, Command::AcceptOffer { agent, offer });
        } else if throw < accepting + 25 {
            self.says(n, after, Command::RejectOffer { agent, offer });
        }
    }

    fn talks(&mut self, n: usize, call: CallId) {
        let agent = self.people[n].who.clone();
        let at = self.dice.agents.millis(2_000, 120_000);
        if self.dice.agents.permille(120) {
            let back = at + self.dice.agents.millis(1_000, 60_000);
            self.says(n, at, Command::Hold { agent: agent.clone(), call });
            self.says(n, back, Command::Unhold { agent: agent.clone(), call });
        }
        if self.dice.agents.permille(50) {
            let code = floor::slug("sale");
            self.says(
                n,
                at,
                Command::Dispose { agent: agent.clone(), call, code, fields: Default::default() },
            );
        }
        if self.dice.agents.permille(10) {
            self.says(n, at, Command::SetNotReady { agent, reason: floor::slug("lunch") });
        }
    }

    fn wraps_up(&mut self, n: usize, call: CallId) {
        let agent = self.people[n].who.clone();
        if self.dice.agents.permille(50) {
            self.says(n, 5_000_000, Command::ExtendWrapUp { agent: agent.clone(), call });
        }
        // The others forget it.
        if self.dice.agents.permille(920) {
            let after = self.dice.agents.millis(500, 35_000);
            let code = floor::slug("no-sale");
            self.says(n, after, Command::Dispose { agent, call, code, fields: Default::default() });
        }
    }

    /// A conversation begins: it is decided how it will end.
    pub(crate) fn begin_talk(&mut self, talk: Talk) {
        let Talk { customer, phone, agent, persistent, call } = talk;
        let ends = self.now + 2_000_000 + self.dice.callers.exponential(180_000_000);
        let far = |leg, act| Happening::Far(leg, act);
        let end = match self.dice.callers.below(1_000) {
            0..650 => far(customer, FarAct::HangUp),
            650..655 => far(customer, FarAct::MediaStops),
            655..660 => far(phone, FarAct::MediaStops),
            660..760 if !persistent => far(phone, FarAct::HangUp),
            _ => {
                let who = self.people[agent].who.clone();
                Happening::Command(Some(agent), Command::HangUp { agent: who, call })
            }
        };
        self.agenda.note(ends, end);
        // Whoever was to hang up may have been forgotten with a dropped stream: customers do not stay for ever.
        self.agenda.note(ends + 600_000_000, far(customer, FarAct::HangUp));
        if self.dice.phones.permille(40) {
            let held = self.now + self.dice.phones.millis(1_000, 60_000);
            let resumed = held + self.dice.phones.millis(1_000, 40_000);
            self.agenda.note(held, far(phone, FarAct::Hold(true)));
            self.agenda.note(resumed, far(phone, FarAct::Hold(false)));
        }
    }

    pub(crate) fn call_in(&mut self, n: usize) {
        let leg = self.switch.arrives(Whose::Phone { agent: n, persistent: true });
        self.people[n].line = Some(leg);
        let agent = self.people[n].who.clone();
        let event = timbre_engine::port::SwitchEvent::StationCalledIn { agent, leg };
        self.agenda.note(self.now + 1_000, Happening::Report(event));
    }
}
