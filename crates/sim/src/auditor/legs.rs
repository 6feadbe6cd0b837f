//! The book of each leg: nothing is asked of a leg that is known to be gone, nobody hears two conversations, and callers
//! are answered within their ring window.

use timbre_model::{AgentRef, CallId, LegId};

use super::Auditor;

/// What is known of a leg that is not known to be gone.
#[derive(Debug)]
pub(super) struct LegBook {
    whose: Whose,
    up: bool,
    /// The leg it hears, or is held from.
    with: Option<LegId>,
    parted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Customer(CallId),
    Phone(usize),
}

impl LegBook {
    fn new(whose: Whose, up: bool) -> Self {
        Self { whose, up, with: None, parted: false }
    }
}

impl Auditor {
    pub(super) fn customer_leg(&mut self, leg: LegId, call: CallId) {
        self.legs.insert(leg, LegBook::new(Whose::Customer(call), false));
    }

    pub(super) fn phone_leg(&mut self, leg: LegId, agent: usize, up: bool) {
        self.legs.insert(leg, LegBook::new(Whose::Phone(agent), up));
    }

    pub(super) fn leg_answered(&mut self, leg: LegId) {
        if let Some(it) = self.legs.get_mut(&leg) {
            it.up = true;
        }
    }

    pub(super) fn leg_ended(&mut self, leg: LegId) {
        self.leg_gone(leg);
    }

    /// Whether it was there.
    fn leg_gone(&mut self, leg: LegId) -> bool {
        let Some(it) = self.legs.remove(&leg) else { return false };
        if let Some(other) = it.with.and_then(|with| self.legs.get_mut(&with)) {
            (other.with, other.parted) = (None, false);
        }
        if let Whose::Phone(agent) = it.whose
            && self.agents[agent].line == Some(leg)
        {
            self.agents[agent].line = None;
        }
        true
    }

    /// The call whose customer's leg it is.
    pub(super) fn call_of(&self, leg: LegId) -> Option<CallId> {
        match self.legs.get(&leg)?.whose {
            Whose::Customer(call) => Some(call),
            Whose::Phone(_) => None,
        }
    }

    /// The customer's leg of a call, while it is there.
    pub(super) fn leg_of(&self, call: CallId) -> Option<LegId> {
        let theirs = |it: &LegBook| it.whose == Whose::Customer(call);
        self.legs.iter().find(|(_, it)| theirs(it)).map(|(leg, _)| *leg)
    }

    /// No caller's leg outlives the day.
    pub(super) fn check_legs_over(&mut self) {
        let theirs = |it: &&LegBook| matches!(it.whose, Whose::Customer(_));
        let left = self.legs.values().filter(theirs).count();
        self.demand(left == 0, || format!("{left} callers' legs are still up"));
    }

    pub(super) fn usable(&mut self, leg: LegId, what: &str) {
        let there = self.legs.contains_key(&leg);
        self.demand(there, || format!("{what} of {leg:?}, which is gone"));
    }

    pub(super) fn hung_up(&mut self, leg: LegId, what: &str) {
        let former = match self.legs.get(&leg).map(|it| it.whose) {
            Some(Whose::Phone(agent)) => Some((agent, self.agents[agent].line)),
            _ => None,
        };
        let there = self.leg_gone(leg);
        // A second persistent leg that the engine puts down leaves the first in use.
        if let Some((agent, Some(line))) = former.filter(|(_, line)| *line == Some(leg)) {
            self.agents[agent].line = self.other_line(agent, line);
        }
        self.demand(there, || format!("{what} of {leg:?}, which is gone"));
    }

    fn other_line(&self, agent: usize, but: LegId) -> Option<LegId> {
        let theirs = |it: &LegBook| it.whose == Whose::Phone(agent);
        self.legs.iter().find(|(leg, it)| theirs(it) && **leg != but).map(|(leg, _)| *leg)
    }

    pub(super) fn rings(&mut self, leg: LegId, agent: &AgentRef) {
        let agent = self.rules.agent(&agent.agent);
        let new = !self.legs.contains_key(&leg);
        self.demand(new, || format!("{leg:?} is there already"));
        self.phone_leg(leg, agent, false);
    }

    pub(super) fn greeted(&mut self, leg: LegId) {
        self.answered_now(leg, true);
    }

    pub(super) fn bridged(&mut self, customer: LegId, phone: LegId) {
        self.usable(customer, "bridge");
        self.usable(phone, "bridge");
        self.answered_now(customer, false);
        let partners = |leg| self.legs.get(&leg).and_then(|it: &LegBook| it.with);
        let (hears, heard) = (partners(customer), partners(phone));
        let free = hears.is_none_or(|it| it == phone) && heard.is_none_or(|it| it == customer);
        self.demand(free, || {
            format!("{customer:?} and {phone:?} bridged, being with {hears:?} and {heard:?}")
        });
        let ready = self.legs.get(&phone).is_none_or(|it| it.up);
        self.demand(ready, || format!("{phone:?} bridged before it was picked up"));
        self.check_parties(customer, phone);
        for (leg, with) in [(customer, phone), (phone, customer)] {
            if let Some(it) = self.legs.get_mut(&leg) {
                (it.with, it.parted) = (Some(with), false);
            }
        }
    }

    /// The customer's call is this phone's agent's.
    fn check_parties(&mut self, customer: LegId, phone: LegId) {
        let whose = |leg| self.legs.get(&leg).map(|it: &LegBook| it.whose);
        if let (Some(Whose::Customer(call)), Some(Whose::Phone(agent))) =
            (whose(customer), whose(phone))
        {
            let theirs = self.agents[agent].call == Some(call);
            self.demand(theirs, || format!("{call} was bridged to agent-{agent}, who lacks it"));
        }
    }

    /// A caller is answered: by an agent no earlier than promised, by the greeting when it is promised.
    fn answered_now(&mut self, leg: LegId, by_greeting: bool) {
        let Some(Whose::Customer(call)) = self.legs.get(&leg).map(|it| it.whose) else {
            return self.object(format!("{leg:?} was answered and is no caller's"));
        };
        let now = self.now;
        let Some(book) = self.calls.get_mut(&call) else { return };
        let first = book.answered.is_none();
        book.answered.get_or_insert(now);
        let age = now - book.arrived;
        let Some(queue) = book.queue.map(|it| self.rules.queue(it)) else { return };
        let in_time = if by_greeting {
            first && age == queue.latest
        } else {
            !first || (queue.earliest..=queue.latest).contains(&age)
        };
        self.demand(in_time, || format!("call {call} was answered after {age} µs"));
    }

    pub(super) fn held(&mut self, customer: LegId, phone: LegId) {
        let pair = self.legs.get_mut(&customer).filter(|it| it.with == Some(phone) && !it.parted);
        let fits = pair.map(|it| it.parted = true).is_some();
        self.demand(fits, || format!("{customer:?} held from {phone:?}, not being together"));
    }

    pub(super) fn unbridged(&mut self, phone: LegId) {
        self.usable(phone, "unbridge");
        let with = self.legs.get_mut(&phone).and_then(|it| it.with.take());
        if let Some(other) = with.and_then(|with| self.legs.get_mut(&with)) {
            (other.with, other.parted) = (None, false);
        }
    }
}
