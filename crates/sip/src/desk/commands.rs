//! Commands, one arm each. One about a leg that is gone finds nothing and does nothing.

use std::sync::Arc;

use rsipstack::sip::StatusCode;

use super::Desk;
use crate::media::Play;
use crate::port::{Command, End, LegId, Refusal};

impl Desk {
    /// Does what is asked.
    pub fn perform(&mut self, command: Command) {
        match command {
            Command::Progress { leg } => self.progress(leg),
            Command::Refuse { leg, why } => self.refuse(leg, status(why), End::Ours),
            Command::Greet { leg, language } => {
                self.answer(leg);
                self.play(leg, Play::GreetingThenMusic(language));
            }
            Command::RingStation { leg, user, caller, call } => {
                self.ring(leg, &user, caller.as_deref(), call.as_deref());
            }
            Command::Dial(dial) => self.dial(&dial),
            Command::PlayAbandoned { leg, language } => {
                self.play(leg, Play::AbandonedThenSilence(language));
            }
            Command::Ask { leg, question, language } => {
                self.play(leg, Play::QuestionThenSilence(question, language));
            }
            Command::Thank { leg, language } => self.play(leg, Play::ThanksThenSilence(language)),
            Command::Bridge { customer, agent } => self.bridge(customer, agent),
            Command::Hold { customer, agent } => {
                self.play(customer, Play::Music);
                self.play(agent, Play::Silence);
            }
            Command::Unbridge { agent } => self.play(agent, Play::Silence),
            Command::HangUp { leg } => self.hang_up(leg, End::Ours),
        }
    }

    /// Lets a leg hear something.
    pub(super) fn play(&mut self, id: LegId, what: Play) {
        if let Some(leg) = self.legs.get_mut(&id)
            && !leg.leaving()
        {
            leg.voice.play(id, what, &self.media);
        }
    }

    fn bridge(&mut self, customer: LegId, agent: LegId) {
        let up = |id| self.legs.get(&id).is_some_and(|it| !it.leaving());
        if customer == agent || !up(customer) || !up(agent) {
            return;
        }
        for id in [customer, agent] {
            self.answer(id);
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.voice.bridged();
            }
        }
        self.media.bridge(customer.0, agent.0);
    }

    /// Takes no more calls and hangs up those there are.
    pub fn drain(&mut self) {
        self.draining = true;
        let legs: Vec<LegId> = self.legs.keys().copied().collect();
        for leg in legs {
            self.hang_up(leg, End::Ours);
        }
    }

    /// Closes the stack. Whoever was not told good-bye is not told.
    pub fn close(&mut self) {
        self.stack.close();
    }

    /// Replaces who may talk to us. Phones that are no longer known are unregistered; calls that are up stay up.
    pub(super) fn provision(&mut self, directory: Arc<crate::trunk::Directory>) {
        self.directory = directory;
        for user in self.registrar.users() {
            if !self.directory.is_station(&user) {
                self.unbind(&user);
            }
        }
        let live = |key: &str| {
            self.legs.values().any(
                |it| matches!(&it.party, crate::trunk::Party::Trunk(trunk) if trunk.key == key),
            )
        };
        let known = |key: &str| self.directory.trunks().any(|it| it.key == key);
        let dead: Vec<String> =
            self.lines.keys().filter(|key| !live(key) && !known(key)).cloned().collect();
        self.watch_proxies();
        for key in dead {
            self.lines.remove(&key);
        }
    }
}

fn status(why: Refusal) -> StatusCode {
    match why {
        Refusal::NotFound => StatusCode::NotFound,
        Refusal::Busy => StatusCode::BusyHere,
        Refusal::Overload => StatusCode::ServiceUnavailable,
    }
}
