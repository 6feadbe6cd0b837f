//! Attempts in set-up: dialed, rung, answered, failed.

use std::sync::Arc;
use std::time::Duration;

use timbre_compliance::PERMIT_HOLDS;
use timbre_model::{Cadence, CallerId, Change, HoldStats, LegId, Mono, ReleasedBy, TimelineKind};
use timbre_pacing::Resolution;

use crate::agent::{AgentState, Answer, Line, Offered};
use crate::attempt::{Attempt, Progress};
use crate::call::{Call, Facts, Placed, Ringing, Stage, Tally};
use crate::campaign::millis;
use crate::engine::Party;
use crate::outcome::{SetUp, hand, unanswered};
use crate::port::{LegEnd, SwitchAction};
use crate::queue::Place;
use crate::turn::Turn;
use crate::{Because, EventKind, Permit, PlacedCall};

/// Whence a permit came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) campaign: usize,
    pub(crate) trunk: usize,
    /// When it was asked for.
    pub(crate) asked: Mono,
}

impl Turn<'_> {
    /// Dials for whoever is free when it is answered.
    pub(crate) fn place(&mut self, origin: Origin, permit: Permit) {
        let attempt = self.book(origin, permit, false);
        self.dial(attempt);
    }

    /// Dials for one agent, who waits for it. A phone that must ring is rung first.
    pub(crate) fn place_for(&mut self, origin: Origin, permit: Permit, agent: usize) {
        let attempt = self.book(origin, permit, true);
        let call = self.open_call(attempt, Stage::Dialing { agent });
        self.floor.attempts[attempt].call = Some(call);
        self.announce_offer(call, agent, Because::Reserved);
        self.announce_taken(call, agent);
        if let Some(line) = self.floor.agents[agent].persistent_line() {
            let answer = Answer::Accepted;
            self.enter(agent, AgentState::Offered(Offered { call, line, answer }));
            return self.dial(attempt);
        }
        let leg = self.new_leg();
        self.floor.legs.insert(leg, Party::Agent(agent));
        let it = &self.floor.calls[call];
        let (caller, id) = (it.facts.caller.clone(), it.facts.id);
        let who = self.floor.agents[agent].who.clone();
        self.act(SwitchAction::RingStation { leg, agent: who, caller, call: Some(id) });
        let ends = self.now.after(self.floor.limits.station_answer);
        let (line, answer) = (Line::Placed(leg), Answer::Ringing { ends });
        self.enter(agent, AgentState::Offered(Offered { call, line, answer }));
    }

    /// The agent's phone was picked up: now the customer is called, unless the hours may be over by now.
    pub(crate) fn station_up(&mut self, agent: usize, call: usize, line: Line) {
        let answer = Answer::Accepted;
        self.floor.agents[agent].state = AgentState::Offered(Offered { call, line, answer });
        self.rearm_agent(agent);
        let Some(attempt) = self.floor.calls[call].placed.as_ref().map(|it| it.attempt) else {
            return;
        };
        if self.now.mono.since(self.floor.attempts[attempt].asked) > PERMIT_HOLDS {
            return self.take_back(attempt, ReleasedBy::System);
        }
        self.dial(attempt);
    }

    fn book(&mut self, origin: Origin, permit: Permit, bound: bool) -> usize {
        let Origin { campaign, trunk, asked } = origin;
        let Permit { attempt, lead, country, ring_min, answer_to_agent_max, disclosures, .. } =
            permit;
        let it = &mut self.floor.campaigns[campaign];
        let spec = it.spec();
        let limit =
            answer_to_agent_max.map_or(spec.answer_to_agent, |max| max.min(spec.answer_to_agent));
        let ring_timeout = spec.ring_timeout.max(ring_min);
        let (number, id) = (attempt.number.clone(), attempt.id);
        let placed = PlacedCall { campaign: it.name.clone(), number, lead, disclosures };
        it.counts[Progress::Held.kind()] += 1;
        let guard = &mut self.floor.trunks[trunk];
        guard.open += 1;
        let price = guard.price(&country);
        let at = self.floor.attempts.insert(Attempt {
            record: attempt,
            campaign,
            trunk,
            price,
            placed: Arc::new(placed),
            leg: LegId::placed(0),
            ring_timeout,
            limit,
            progress: Progress::Held,
            call: None,
            bound,
            asked,
            dialed: None,
            rang: None,
            answered: None,
            callback: None,
            barred: false,
            timer: None,
        });
        self.floor.attempt_index.insert(id, at);
        at
    }

    /// Sends the one INVITE of an attempt.
    fn dial(&mut self, attempt: usize) {
        let leg = self.new_leg();
        let now = self.now;
        self.floor.legs.insert(leg, Party::Attempt(attempt));
        let it = &mut self.floor.attempts[attempt];
        it.leg = leg;
        it.dialed = Some(now.mono);
        it.record.dialed_at = Some(now.civil);
        if let Some(call) = it.call {
            self.floor.calls[call].leg = leg;
        }
        self.progress(attempt, Progress::SetUp);
        let it = &self.floor.attempts[attempt];
        let guard = &mut self.floor.trunks[it.trunk];
        guard.dialed(it.price);
        let (trunk, campaign) = (guard.name.clone(), it.placed.campaign.clone());
        if !it.bound
            && let Some(pacer) = &mut self.floor.campaigns[it.campaign].pacer
        {
            pacer.0.dialed(leg.as_u64(), millis(now.mono));
        }
        let dial = SwitchAction::Dial {
            leg,
            trunk: trunk.clone(),
            number: it.record.number.clone(),
            caller_id: it.record.caller_id.clone(),
            ring_timeout: it.ring_timeout,
            call: it.record.id,
        };
        let dialed = EventKind::AttemptDialed { attempt: it.record.id, campaign, trunk };
        self.write_attempt(attempt);
        self.act(dial);
        self.event(dialed);
    }

    /// Writes an attempt as it stands.
    pub(crate) fn write_attempt(&mut self, attempt: usize) {
        let record = self.floor.attempts[attempt].record.clone();
        self.out.changes.push(Change::Attempt(record));
    }

    /// Moves an attempt on, in its campaign's books too.
    pub(crate) fn progress(&mut self, attempt: usize, to: Progress) {
        let it = &mut self.floor.attempts[attempt];
        let counts = &mut self.floor.campaigns[it.campaign].counts;
        counts[it.progress.kind()] -= 1;
        counts[to.kind()] += 1;
        it.progress = to;
        let next = it.deadline();
        self.floor.timers.set(&mut it.timer, attempt, next);
    }

    /// The far end rings.
    pub(crate) fn far_end_rings(&mut self, attempt: usize) {
        let now = self.now;
        let it = &mut self.floor.attempts[attempt];
        if it.progress == Progress::SetUp && it.rang.is_none() {
            it.rang = Some(now.mono);
            it.record.ringing_at = Some(now.civil);
        }
    }

    /// The far end answered: to its agent, or into the queue.
    pub(crate) fn far_end_answers(&mut self, attempt: usize) {
        let now = self.now;
        let it = &mut self.floor.attempts[attempt];
        if it.progress != Progress::SetUp {
            return;
        }
        it.answered = Some(now.mono);
        it.record.answered_at = Some(now.civil);
        it.record.sip_status = Some(200);
        let began = it.rang.or(it.dialed).unwrap_or(now.mono);
        self.floor.trunks[it.trunk].answered(now, it.price);
        let answered = EventKind::AttemptAnswered {
            attempt: it.record.id,
            campaign: it.placed.campaign.clone(),
            rang_for: now.mono.since(began),
        };
        self.resolved(attempt, Resolution::Answered);
        let campaign = &mut self.floor.campaigns[self.floor.attempts[attempt].campaign];
        campaign.turn_day(now.civil);
        campaign.answers.answered();
        self.event(answered);
        self.progress(attempt, Progress::Waiting);
        match self.floor.attempts[attempt].call {
            Some(call) => self.answered_for_agent(call),
            None => self.answered_for_pool(attempt),
        }
    }

    /// Tells the controller what became of a line of the pool.
    fn resolved(&mut self, attempt: usize, how: Resolution) {
        let it = &self.floor.attempts[attempt];
        if let Some(pacer) = &mut self.floor.campaigns[it.campaign].pacer
            && !it.bound
        {
            pacer.0.resolved(it.leg.as_u64(), millis(self.now.mono), how);
        }
    }

    fn answered_for_agent(&mut self, call: usize) {
        let Stage::Dialing { agent } = self.floor.calls[call].stage else { return };
        let it = &mut self.floor.calls[call];
        it.facts.arrived = self.now;
        it.ringing.answered = Some((self.now.civil, 0));
        self.floor.legs.insert(self.floor.calls[call].leg, Party::Customer(call));
        self.announce_answer(call);
        self.book_taken(call, agent);
        if let Some(line) = self.floor.agents[agent].state.line() {
            self.connect(call, agent, line);
        }
    }

    fn answered_for_pool(&mut self, attempt: usize) {
        let call = self.open_call(attempt, Stage::Waiting);
        let it = &mut self.floor.calls[call];
        it.ringing.answered = Some((self.now.civil, 0));
        let leg = self.floor.attempts[attempt].leg;
        it.leg = leg;
        self.floor.attempts[attempt].call = Some(call);
        self.floor.legs.insert(leg, Party::Customer(call));
        self.rearm_call(call);
        self.announce_answer(call);
        self.seek_agent(call);
        if self.floor.attempts[attempt].progress == Progress::Waiting {
            self.write_attempt(attempt);
        }
    }

    /// Told and written once there is a customer on the line.
    fn announce_answer(&mut self, call: usize) {
        self.write_call(call, |_| {});
        let it = &self.floor.calls[call];
        let (id, trunk, caller) = (it.facts.id, it.facts.trunk.clone(), it.facts.caller.clone());
        let queue = it.rules.name.clone();
        self.event(EventKind::CallArrived { call: id, trunk, caller });
        self.timeline(call, TimelineKind::Arrived);
        self.timeline(call, TimelineKind::Queued { queue: queue.queue.clone() });
        self.event(EventKind::CallQueued { call: id, queue });
    }

    /// Opens the call that an attempt is or becomes.
    fn open_call(&mut self, attempt: usize, stage: Stage) -> usize {
        self.floor.counters.arrivals += 1;
        let arrival = self.floor.counters.arrivals;
        let it = &self.floor.attempts[attempt];
        let queue = self.floor.campaigns[it.campaign].queue;
        let rules = self.floor.queues[queue].rules.clone();
        let guard = &self.floor.trunks[it.trunk];
        let cadence = rules
            .spec
            .ring
            .cadence
            .or(guard.cadence)
            .unwrap_or_else(|| Cadence::of_country("ES").expect("Spain has a cadence"));
        let (id, number) = (it.record.id, &it.record.number);
        let facts = Facts {
            id,
            trunk: guard.name.clone(),
            dialed: number.expose().to_owned(),
            caller: CallerId::Number(number.clone()),
            arrived: self.now,
        };
        let placed =
            Placed { attempt, campaign: it.campaign, limit: it.limit, shown: it.placed.clone() };
        let place = Place { rank: 9_u8.saturating_sub(rules.spec.priority), arrival };
        let window = rules.spec.ring.window(cadence);
        let call = self.floor.calls.insert(Call {
            facts,
            placed: Some(placed),
            leg: it.leg,
            queue,
            rules,
            place,
            ringing: Ringing { cadence, window, answered: None },
            stage,
            hold: HoldStats::default(),
            disposition: None,
            tally: Tally::default(),
            passed_over: Vec::new(),
            timer: None,
        });
        self.floor.call_index.insert(id, call);
        self.floor.file(call);
        call
    }

    /// The leg of an attempt without a customer on it is gone.
    pub(crate) fn far_end_gone(&mut self, attempt: usize, how: LegEnd) {
        let it = &mut self.floor.attempts[attempt];
        if let Progress::Parting { .. } = it.progress {
            let by_us = matches!(how, LegEnd::Ours);
            let by = if by_us { ReleasedBy::System } else { ReleasedBy::Customer };
            return self.part(attempt, by);
        }
        if let LegEnd::Failed { status, cause } = how {
            it.record.sip_status = Some(status);
            it.record.q850_cause = cause;
        }
        let lasted = it.in_setup(self.now.mono);
        let outcome = unanswered(how, SetUp { lasted, rang: it.rang.is_some() });
        let how = match outcome {
            timbre_model::AttemptOutcome::Cancelled => Resolution::Cancelled,
            _ => Resolution::Failed,
        };
        self.resolved(attempt, how);
        self.end_unanswered(attempt, outcome, hand(outcome));
    }

    /// Takes an attempt back that is not answered.
    pub(crate) fn take_back(&mut self, attempt: usize, by: ReleasedBy) {
        let it = &self.floor.attempts[attempt];
        if it.progress == Progress::SetUp {
            let leg = it.leg;
            self.floor.legs.swap_remove(&leg);
            self.act(SwitchAction::HangUp { leg });
            self.resolved(attempt, Resolution::Cancelled);
        }
        self.end_unanswered(attempt, timbre_model::AttemptOutcome::Cancelled, by);
    }

    /// Takes back those attempts that are not answered and for which `which` holds. Gives how many.
    pub(crate) fn take_back_all(&mut self, which: impl Fn(&Attempt) -> bool) -> u64 {
        let early = |it: &Attempt| matches!(it.progress, Progress::Held | Progress::SetUp);
        let attempts = self.floor.attempts.iter().filter(|(_, it)| early(it) && which(it));
        let attempts: Vec<usize> = attempts.map(|(at, _)| at).collect();
        // Whoever is freed by one may be given no other of them: none is answered.
        attempts.iter().for_each(|&at| self.take_back(at, ReleasedBy::System));
        attempts.len() as u64
    }
}

impl Attempt {
    /// From the INVITE to its answer, or until now.
    pub(crate) fn in_setup(&self, now: timbre_model::Mono) -> Duration {
        let end = self.answered.unwrap_or(now);
        self.dialed.map_or(Duration::ZERO, |dialed| end.since(dialed))
    }
}
