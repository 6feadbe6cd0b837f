//! How attempts end, and what becomes of their leads.

use std::time::Duration;

use timbre_model::{
    AttemptOutcome, Barred, CampaignState, DoNotCallEntry, DoNotCallScope, EndCause, LeadState,
    MachineVerdict, ReleasedBy, Slug,
};

use crate::agent::AgentState;
use crate::attempt::Progress;
use crate::call::Stage;
use crate::campaign::millis;
use crate::disposed::{Disposed, Whose};
use crate::ending::{Ending, Goodbye};
use crate::engine::Party;
use crate::offering::Idleness;
use crate::port::SwitchAction;
use crate::turn::Turn;
use crate::{AttemptEnded, EventKind};

/// How long the message for abandoned calls may take.
const MESSAGE_MAX: Duration = Duration::from_secs(10);

impl Turn<'_> {
    /// An attempt ended without an answer; the agent it was placed for is idle again at the place kept.
    pub(crate) fn end_unanswered(
        &mut self,
        attempt: usize,
        outcome: AttemptOutcome,
        by: ReleasedBy,
    ) {
        let it = &self.floor.attempts[attempt];
        if it.progress == Progress::SetUp {
            self.floor.trunks[it.trunk].failed(self.now, it.price, outcome);
        }
        let call = it.call;
        self.note_end(attempt, outcome, by);
        self.close_attempt(attempt, None);
        let Some(call) = call else { return };
        let Stage::Dialing { agent } = self.floor.calls[call].stage else { return };
        if let AgentState::Offered(offered) = self.floor.agents[agent].state {
            self.release_placed(offered.line);
        }
        self.forget(call);
        self.settle(agent, Idleness::Kept);
    }

    /// An attempt whose callee waited for an agent, or whose conversation is over, has come to its end.
    pub(crate) fn end_answered(&mut self, attempt: usize, outcome: AttemptOutcome, by: ReleasedBy) {
        let it = &self.floor.attempts[attempt];
        let lasted = it.answered.map_or(Duration::ZERO, |at| self.now.mono.since(at));
        let by_us = matches!(by, ReleasedBy::Agent | ReleasedBy::System);
        self.floor.trunks[it.trunk].ended(self.now, it.price, lasted, by_us);
        self.note_end(attempt, outcome, by);
    }

    /// Puts the end into the record.
    fn note_end(&mut self, attempt: usize, outcome: AttemptOutcome, by: ReleasedBy) {
        let it = &mut self.floor.attempts[attempt];
        it.record.ended_at = Some(self.now.civil);
        it.record.outcome = Some(outcome);
        it.record.released_by = Some(by);
    }

    /// Tells an end as it is written.
    fn tell_attempt_end(&mut self, attempt: usize) {
        let it = &self.floor.attempts[attempt];
        let ended = AttemptEnded {
            attempt: it.record.id,
            campaign: it.placed.campaign.clone(),
            trunk: self.floor.trunks[it.trunk].name.clone(),
            outcome: it.record.outcome.unwrap_or(AttemptOutcome::Indeterminate),
            sip_status: it.record.sip_status,
            in_setup: it.in_setup(self.now.mono),
        };
        self.event(EventKind::AttemptEnded(ended));
    }

    /// An agent who was connected with a machine has reached nobody: it is no live answer.
    fn judge_answer(&mut self, attempt: usize) {
        let it = &mut self.floor.attempts[attempt];
        let campaign = &mut self.floor.campaigns[it.campaign];
        if it.record.connected_at.is_none() {
            return;
        }
        let verdict = it.record.machine_corrected.or(it.record.machine);
        let machine = verdict == Some(MachineVerdict::Machine);
        campaign.heard.hear(machine);
        if machine && it.record.outcome == Some(AttemptOutcome::Connected) {
            it.record.outcome = Some(AttemptOutcome::Machine);
            it.record.answered_at.into_iter().for_each(|at| campaign.answers.unanswered(at));
        }
    }

    /// Writes an attempt for the last time, and where its lead stands now.
    pub(crate) fn close_attempt(&mut self, attempt: usize, disposed: Option<Disposed>) {
        self.judge_answer(attempt);
        if let Some(disposed) = &disposed {
            self.note_wrong_number(attempt, disposed);
        }
        let it = &mut self.floor.attempts[attempt];
        it.record.disposition = disposed.as_ref().map(|it| it.disposition.bare());
        self.write_attempt(attempt);
        self.place_lead(attempt, disposed.as_ref());
        self.tell_attempt_end(attempt);
        let it = &mut self.floor.attempts[attempt];
        self.floor.timers.set(&mut it.timer, attempt, None);
        let it = self.floor.attempts.remove(attempt);
        self.floor.attempt_index.swap_remove(&it.record.id);
        self.floor.trunks[it.trunk].open -= 1;
        let campaign = &mut self.floor.campaigns[it.campaign];
        campaign.counts[it.progress.kind()] -= 1;
        campaign.asks.closed += 1;
        let Some(disposed) = disposed else { return };
        let record = &it.record;
        let whose =
            Whose { client: record.client.clone(), campaign: Some(record.campaign.clone()) };
        let of_lead = it.lead().into_iter().flat_map(|lead| &lead.person.numbers);
        let others = of_lead.map(|it| &it.number).filter(|it| **it != record.number);
        let numbers = std::iter::once(&record.number).chain(others).cloned().collect();
        self.bar_disposed(&disposed, whose, numbers, (record.tenant.clone(), record.id));
    }

    fn place_lead(&mut self, attempt: usize, disposed: Option<&Disposed>) {
        let it = &self.floor.attempts[attempt];
        let Some(lead) = it.lead().cloned() else { return };
        let outcome = it.record.outcome.unwrap_or(AttemptOutcome::Indeterminate);
        let state = match (it.callback, outcome, disposed) {
            (_, AttemptOutcome::Connected, Some(disposed)) => self.disposed_lead(attempt, disposed),
            (Some(promise), ..) if outcome != AttemptOutcome::WrongNumber => LeadState::Callback {
                at: promise.at,
                agent: it.record.agent.clone().filter(|_| promise.personal),
            },
            _ => {
                let recycle = &self.floor.campaigns[it.campaign].spec().recycle;
                let number = &it.record.number;
                crate::recycling::after(recycle, &lead, number, outcome, self.now.civil)
            }
        };
        self.change_lead(&lead, state);
    }

    /// The callee asked not to be called again on behalf of this client.
    pub(crate) fn bar_callee(&mut self, record: &timbre_model::AttemptRecord, source: Slug) {
        self.bar(DoNotCallEntry {
            tenant: record.tenant.clone(),
            whom: Barred::Number(record.number.clone()),
            scope: DoNotCallScope::Client(record.client.clone()),
            since: self.now.civil,
            until: None,
            source,
            note: format!("asked for in call {}", record.id),
        });
    }

    /// An agent has a live answer.
    pub(crate) fn live_answer_served(&mut self, attempt: usize, agent: usize) {
        let now = self.now;
        let it = &mut self.floor.attempts[attempt];
        it.record.connected_at = Some(now.civil);
        it.record.agent = Some(self.floor.agents[agent].who.agent.clone());
        let campaign = it.placed.campaign.clone();
        let waited = it.answered.map_or(Duration::ZERO, |at| now.mono.since(at));
        let to_agent = Some(waited);
        let promise = self.floor.campaigns[it.campaign].spec().connect_within;
        self.count_served(attempt, promise.is_some_and(|within| waited > within));
        self.progress(attempt, Progress::Talking);
        self.write_attempt(attempt);
        self.event(EventKind::LiveAnswerServed { campaign, to_agent });
    }

    /// Tells the controller the fate of a live answer of the pool.
    fn count_served(&mut self, attempt: usize, missed: bool) {
        let it = &self.floor.attempts[attempt];
        if let Some(pacer) = &mut self.floor.campaigns[it.campaign].pacer
            && !it.bound
        {
            pacer.0.served(millis(self.now.mono), missed);
        }
    }

    /// A callee left, or was lost, before the time in which an agent had to be there was over.
    pub(crate) fn end_unserved(&mut self, attempt: usize, ending: Ending) {
        let outcome = match (ending.customer, ending.released_by) {
            (Goodbye::Gone, ReleasedBy::Network) => AttemptOutcome::CarrierFault,
            (Goodbye::Gone, _) => AttemptOutcome::Rejected,
            _ => AttemptOutcome::Cancelled,
        };
        self.count_served(attempt, false);
        self.end_answered(attempt, outcome, ending.released_by);
        self.close_attempt(attempt, None);
    }

    /// No agent was there in time: the callee hears so, and that is counted.
    pub(crate) fn abandon(&mut self, call: usize) {
        let Some(placed) = self.floor.calls[call].placed.clone() else { return };
        let attempt = placed.attempt;
        let now = self.now;
        let campaign = &mut self.floor.campaigns[placed.campaign];
        campaign.turn_day(now.civil);
        campaign.answers.abandoned();
        let name = campaign.name.clone();
        self.count_served(attempt, true);
        let language = self.floor.calls[call].rules.spec.announcements.language;
        let leg = self.floor.calls[call].leg;
        self.progress(attempt, Progress::Parting { until: now.mono + MESSAGE_MAX });
        self.floor.attempts[attempt].call = None;
        self.event(EventKind::LiveAnswerServed { campaign: name, to_agent: None });
        self.end_call(call, ABANDONED);
        self.floor.legs.insert(leg, Party::Attempt(attempt));
        self.act(SwitchAction::PlayAbandoned { leg, language });
        self.write_attempt(attempt);
    }

    /// The message for an abandoned call was heard to its end, or takes too long.
    pub(crate) fn message_over(&mut self, attempt: usize, heard: bool) {
        let it = &mut self.floor.attempts[attempt];
        let Progress::Parting { .. } = it.progress else { return };
        it.record.message_played = heard;
        let leg = it.leg;
        self.floor.legs.swap_remove(&leg);
        self.act(SwitchAction::HangUp { leg });
        self.part(attempt, ReleasedBy::System);
    }

    /// An abandoned call is over.
    pub(crate) fn part(&mut self, attempt: usize, by: ReleasedBy) {
        self.end_answered(attempt, AttemptOutcome::Abandoned, by);
        self.close_attempt(attempt, None);
    }

    /// Puts a campaign into a state, and lets go what it does not go on with.
    pub(crate) fn set_campaign(
        &mut self,
        campaign: usize,
        to: CampaignState,
        reason: Option<String>,
    ) {
        let now = self.now;
        let it = &mut self.floor.campaigns[campaign];
        let from = std::mem::replace(&mut it.state, to);
        it.since = now.civil;
        it.reason.clone_from(&reason);
        it.asks.decided();
        it.asks.not_before = now.mono;
        it.asks.holding_back = None;
        it.next = now.mono;
        if to == CampaignState::Running {
            it.note_start(now.civil);
            it.turn_day(now.civil);
        }
        let name = it.name.clone();
        self.assign_campaigns(&name.tenant);
        self.keep_campaign(campaign);
        self.event(EventKind::CampaignChanged { campaign: name, from, to, reason });
        if to != CampaignState::Running {
            self.take_back_all(|it| it.campaign == campaign);
            self.end_previews_of(campaign);
        }
        self.rearm_campaign(campaign);
    }
}

/// No agent was there in time. The callee's leg stays, for the message.
const ABANDONED: Ending = Ending {
    cause: EndCause::MaxWait,
    released_by: ReleasedBy::System,
    customer: Goodbye::Gone,
    agent_up: true,
};
