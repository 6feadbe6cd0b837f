//! How calls end, and the work after them.

use std::time::Duration;

use timbre_model::{
    AttemptOutcome, CallOutcome, CallRecord, Change, EndCause, OfferOutcome, ReleasedBy,
    TimelineKind,
};

use crate::agent::{AgentState, Line, Stream, WrapUp};
use crate::attempt::Progress;
use crate::call::{Ended, Facts, Stage};
use crate::disposed::{Disposed, Whose};
use crate::offering::Idleness;
use crate::port::{Refusal, SwitchAction};
use crate::turn::Turn;
use crate::{CallEnded, EventKind};

/// Why a call ends, and which of its legs are still there to be ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) cause: EndCause,
    pub(crate) released_by: ReleasedBy,
    /// What the customer's leg is told.
    pub(crate) customer: Goodbye,
    /// The agent's leg is still up.
    pub(crate) agent_up: bool,
}

/// How far a call had come when it ended.
#[derive(Debug, Clone, Copy)]
struct Reached {
    /// An agent and the customer talked.
    connected: bool,
    /// It ended within the queue's short-abandonment threshold.
    short: bool,
    placed: bool,
}

/// What becomes of the customer's leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goodbye {
    /// It is gone already.
    Gone,
    HangUp,
    /// It was never answered, and is not going to be.
    Refuse(Refusal),
}

impl Ending {
    fn outcome(&self, Reached { connected, short, placed }: Reached) -> CallOutcome {
        if connected {
            return CallOutcome::Answered;
        }
        match self.cause {
            // Whoever was called and found nobody was abandoned, however soon.
            EndCause::MaxWait if placed => CallOutcome::Abandoned,
            EndCause::Completed | EndCause::Abandoned if short => CallOutcome::AbandonedShort,
            EndCause::Completed | EndCause::Abandoned => CallOutcome::Abandoned,
            EndCause::NoEntryPoint
            | EndCause::QueueFull
            | EndCause::MaxWait
            | EndCause::Overload
            | EndCause::Forced => CallOutcome::Refused,
            EndCause::Failed | EndCause::NodeLost => CallOutcome::Lost,
        }
    }
}

impl Turn<'_> {
    /// Ends a call in whatever stage it is. One that has ended before is left alone.
    pub(crate) fn end_call(&mut self, call: usize, ending: Ending) {
        let it = &self.floor.calls[call];
        let short = it.age(self.now.mono) <= it.rules.spec.short_abandonment;
        match it.stage {
            Stage::Waiting => self.end_waiting(call, ending, short),
            Stage::Offered { agent } | Stage::Accepted { agent } => {
                let by_customer = ending.released_by == ReleasedBy::Customer;
                let outcome =
                    if by_customer { OfferOutcome::Canceled } else { OfferOutcome::Rescinded };
                self.withdraw(agent, outcome);
                self.end_waiting(call, ending, short);
                self.settle(agent, Idleness::Kept);
            }
            Stage::Dialing { .. } => self.end_dialing(call, ending.released_by),
            Stage::Talking { .. } => self.end_talk(call, ending),
            Stage::WrapUp { .. } => {}
        }
    }

    fn end_waiting(&mut self, call: usize, ending: Ending, short: bool) {
        self.say_goodbye(call, ending.customer);
        let it = &self.floor.calls[call];
        let reached = Reached { connected: false, short, placed: it.placed.is_some() };
        let ended = self.ended(ending, reached);
        let mut record = it.record();
        ended.write(&mut record);
        let event = CallEnded {
            call: it.facts.id,
            tenant: it.facts.trunk.tenant.clone(),
            trunk: it.facts.trunk.clone(),
            queue: Some(it.rules.name.clone()),
            agent: None,
            outcome: ended.outcome,
            cause: ended.cause,
            released_by: ended.released_by,
            waited: it.age(self.now.mono),
            talked: Duration::ZERO,
            held: Duration::ZERO,
        };
        self.tell_end(call, event);
        self.out.changes.push(Change::Call(Box::new(record)));
        let placed = self.floor.calls[call].placed.as_ref().map(|it| it.attempt);
        self.forget(call);
        // One that was abandoned has let go of its call before.
        if let Some(attempt) = placed.filter(|&at| self.floor.attempts[at].call == Some(call)) {
            self.end_unserved(attempt, ending);
        }
    }

    /// A call that is being placed for an agent is taken back.
    pub(crate) fn end_dialing(&mut self, call: usize, by: ReleasedBy) {
        if let Some(placed) = &self.floor.calls[call].placed {
            self.take_back(placed.attempt, by);
        }
    }

    fn end_talk(&mut self, call: usize, ending: Ending) {
        self.close_hold(call);
        if !self.keep_for_survey(call, &ending) {
            self.say_goodbye(call, ending.customer);
        }
        let Stage::Talking { talk, .. } = self.floor.calls[call].stage else { return };
        self.hang_up_agent(talk.agent, ending.agent_up);
        let ended = self.ended(ending, Reached { connected: true, short: false, placed: false });
        let it = &self.floor.calls[call];
        let event = CallEnded {
            call: it.facts.id,
            tenant: it.facts.trunk.tenant.clone(),
            trunk: it.facts.trunk.clone(),
            queue: Some(it.rules.name.clone()),
            agent: Some(self.floor.agents[talk.agent].who.clone()),
            outcome: ended.outcome,
            cause: ended.cause,
            released_by: ended.released_by,
            waited: talk.since.mono.since(it.facts.arrived.mono),
            talked: self.now.mono.since(talk.since.mono),
            held: it.hold.total,
        };
        self.tell_end(call, event);
        self.stage(call, Stage::WrapUp { talk, ended });
        if let Some(placed) = &self.floor.calls[call].placed {
            let attempt = placed.attempt;
            self.progress(attempt, Progress::WrapUp);
            self.end_answered(attempt, AttemptOutcome::Connected, ending.released_by);
        }
        self.begin_wrap_up(call, talk.agent);
    }

    fn begin_wrap_up(&mut self, call: usize, agent: usize) {
        let it = &self.floor.calls[call];
        let span = it.rules.spec.wrap_up;
        let gone = matches!(self.floor.agents[agent].stream, Stream::None);
        if it.disposition.is_some() || span.is_zero() || gone {
            return self.end_wrap_up(call, None);
        }
        self.write_call(call, |_| {});
        let until = self.now.after(span);
        self.enter(agent, AgentState::WrapUp(WrapUp { call, until, extended: false }));
    }

    /// Ends the work after a call. `None`: with the disposition given during the call, or the automatic one.
    pub(crate) fn end_wrap_up(&mut self, call: usize, disposed: Option<Disposed>) {
        let automatic = || Disposed::automatic(self.floor.unclassified.clone());
        let it = &self.floor.calls[call];
        let Stage::WrapUp { talk, ended } = it.stage else { return };
        let disposed = disposed.or_else(|| it.disposition.clone()).unwrap_or_else(automatic);
        let bare = disposed.disposition.bare();
        let wrapped_up = EventKind::WrappedUp {
            call: it.facts.id,
            queue: it.rules.name.clone(),
            agent: self.floor.agents[talk.agent].who.clone(),
            disposition: bare.clone(),
            took: self.now.mono.since(ended.at.mono),
        };
        self.event(wrapped_up);
        self.timeline(call, TimelineKind::WrappedUp { disposition: bare });
        let now = self.now.civil;
        self.write_call(call, |record| {
            record.disposition = Some(disposed.disposition.clone());
            record.wrapped_up_at = Some(now);
        });
        let it = &self.floor.calls[call];
        let placed = it.placed.as_ref().map(|it| it.attempt);
        let caller = it.facts.caller.number().cloned();
        let whose = Whose { client: it.rules.spec.client.clone(), campaign: None };
        let which = (it.rules.name.tenant.clone(), it.facts.id);
        self.forget(call);
        match placed {
            Some(attempt) => self.close_attempt(attempt, Some(disposed)),
            None => self.bar_disposed(&disposed, whose, caller.into_iter().collect(), which),
        }
        self.settle(talk.agent, Idleness::New);
    }

    /// Refuses a call that never entered the floor's books beyond its record.
    pub(crate) fn refuse(&mut self, facts: &Facts, record: CallRecord, refusal: Refused) {
        let Refused { leg, why, queue } = refusal;
        self.act(SwitchAction::Refuse { leg, why });
        let cause = match why {
            Refusal::NoEntryPoint => EndCause::NoEntryPoint,
            Refusal::QueueFull => EndCause::QueueFull,
            Refusal::Overload => EndCause::Overload,
        };
        let ending = Ending {
            cause,
            released_by: ReleasedBy::System,
            customer: Goodbye::Refuse(why),
            agent_up: false,
        };
        let ended = self.ended(ending, Reached { connected: false, short: false, placed: false });
        let mut record = record;
        ended.write(&mut record);
        self.out.changes.push(Change::Call(Box::new(record)));
        let what =
            [TimelineKind::Arrived, TimelineKind::Ended { cause, released_by: ended.released_by }];
        for (number, what) in (1..).zip(what) {
            self.out.changes.push(Change::Timeline(timbre_model::TimelineEntry {
                call: facts.id,
                tenant: facts.trunk.tenant.clone(),
                number,
                at: self.now.civil,
                what,
            }));
        }
        self.event(EventKind::CallEnded(CallEnded {
            call: facts.id,
            tenant: facts.trunk.tenant.clone(),
            trunk: facts.trunk.clone(),
            queue,
            agent: None,
            outcome: ended.outcome,
            cause,
            released_by: ended.released_by,
            waited: Duration::ZERO,
            talked: Duration::ZERO,
            held: Duration::ZERO,
        }));
    }

    fn ended(&self, ending: Ending, reached: Reached) -> Ended {
        Ended {
            at: self.now,
            outcome: ending.outcome(reached),
            cause: ending.cause,
            released_by: ending.released_by,
        }
    }

    fn tell_end(&mut self, call: usize, event: CallEnded) {
        let (cause, released_by) = (event.cause, event.released_by);
        self.timeline(call, TimelineKind::Ended { cause, released_by });
        self.event(EventKind::CallEnded(event));
    }

    /// Writes a call's record, its agent included.
    pub(crate) fn write_call(&mut self, call: usize, last: impl FnOnce(&mut CallRecord)) {
        let it = &self.floor.calls[call];
        let mut record = it.record();
        if let Stage::Talking { talk, .. } | Stage::WrapUp { talk, .. } = &it.stage {
            record.agent = Some(self.floor.agents[talk.agent].who.agent.clone());
        }
        last(&mut record);
        self.out.changes.push(Change::Call(Box::new(record)));
    }

    fn say_goodbye(&mut self, call: usize, goodbye: Goodbye) {
        let leg = self.floor.calls[call].leg;
        self.floor.legs.swap_remove(&leg);
        match goodbye {
            Goodbye::Gone => {}
            Goodbye::HangUp => self.act(SwitchAction::HangUp { leg }),
            Goodbye::Refuse(why) => self.act(SwitchAction::Refuse { leg, why }),
        }
    }

    fn hang_up_agent(&mut self, agent: usize, up: bool) {
        match self.floor.agents[agent].state.line() {
            Some(line @ Line::Placed(_)) => self.release_placed(line),
            Some(Line::Persistent(leg)) if up => self.act(SwitchAction::Unbridge { agent: leg }),
            Some(Line::Persistent(_)) | None => {}
        }
    }

    pub(crate) fn forget(&mut self, call: usize) {
        self.floor.unfile(call);
        let it = &mut self.floor.calls[call];
        self.floor.timers.set(&mut it.timer, call, None);
        let it = self.floor.calls.remove(call);
        self.floor.call_index.swap_remove(&it.facts.id);
    }

    /// The shift is over. Any call of the agent's is over before.
    pub(crate) fn sign_out(&mut self, agent: usize) {
        let it = &mut self.floor.agents[agent];
        it.stream = Stream::None;
        it.after = None;
        self.enter(agent, AgentState::SignedOut);
    }
}

/// Which call is refused, and why.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) leg: timbre_model::LegId,
    pub(crate) why: Refusal,
    /// The queue that would have taken it.
    pub(crate) queue: Option<timbre_model::QueueRef>,
}
