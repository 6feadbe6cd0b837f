//! What was decided on a request for attempts.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_model::{
    AttemptOutcome, CampaignState, Change, LeadChange, LeadState, Mono, ReleasedBy,
};

use crate::agent::AgentState;
use crate::asking::{Batch, Kind, TRUNK_SHORT};
use crate::bounds::STRANGE_BATCHES_MAX;
use crate::dialing::Origin;
use crate::turn::Turn;
use crate::{AttemptEnded, Authorized, EventKind, More, Permit, Refused, Verdicts, Withheld};

/// So long after it was asked for, an attempt is dialed. What was looked at when it was permitted may be true no more
/// later, and a phone that is still to be picked up takes its time too.
const DIALED_WITHIN: Duration = Duration::from_secs(2);

const _: () = assert!(DIALED_WITHIN.as_micros() <= timbre_compliance::PERMIT_HOLDS.as_micros());

pub(crate) fn apply(turn: &mut Turn, it: Authorized) {
    let Authorized { batch: number, campaign: _, verdicts } = it;
    let Some(batch) = turn.floor.batches.remove(&number) else {
        return unasked(turn, number, verdicts);
    };
    let permits = verdicts.as_ref().map_or(0, |it| it.permits.len());
    let permits = u32::try_from(permits).unwrap_or(u32::MAX);
    let trunk = &mut turn.floor.trunks[batch.trunk];
    trunk.decided(batch.most, permits);
    trunk.shares.give_back(batch.campaign, batch.most.saturating_sub(permits));
    let asks = &mut turn.floor.campaigns[batch.campaign].asks;
    asks.open -= 1;
    if batch.kind == Kind::Pool {
        asks.pool = false;
    }
    match verdicts {
        Ok(verdicts) => decided(turn, number, &batch, verdicts),
        Err(why) => withheld(turn, number, &batch, &why),
    }
    release(turn, number, &batch);
    turn.floor.forget_barred();
}

/// Nobody asked for it, or it was answered before. What was answered before is in hand; of what nobody asked for nothing
/// is dialed.
fn unasked(turn: &mut Turn, number: u64, verdicts: Result<Verdicts, Withheld>) {
    let strange = number == 0 || number > turn.floor.counters.batches;
    let Ok(Verdicts { permits, .. }) = verdicts else { return };
    if !strange || !turn.floor.strange_batches.insert(number) {
        return;
    }
    if turn.floor.strange_batches.len() > STRANGE_BATCHES_MAX {
        turn.floor.strange_batches.pop_first();
    }
    permits.into_iter().for_each(|permit| turn.cancel_permit(permit));
}

fn withheld(turn: &mut Turn, number: u64, batch: &Batch, why: &Withheld) {
    let now = turn.now;
    let it = &mut turn.floor.campaigns[batch.campaign];
    let campaign = it.name.clone();
    if it.asks.withheld(now.mono, why) {
        turn.event(EventKind::Withheld { campaign, why: why.clone() });
    }
    let asks = &turn.floor.campaigns[batch.campaign].asks;
    let again = now.civil + asks.not_before.since(now.mono);
    if let Some(lead) = &batch.lead {
        turn.change_lead(lead, LeadState::Ready);
    }
    let because = why.to_string();
    tell_refused(turn, number, batch, because, Some(again));
}

fn decided(turn: &mut Turn, number: u64, batch: &Batch, verdicts: Verdicts) {
    let Verdicts { permits, reserved, refused, more } = verdicts;
    turn.floor.campaigns[batch.campaign].asks.decided();
    tell_rules(turn, batch, &refused);
    let none = permits.is_empty() && reserved.is_none();
    permits.into_iter().for_each(|permit| turn.permitted(number, batch, permit));
    if let Some(lead) = reserved {
        turn.preview(number, batch, lead);
    }
    if none {
        let first = refused.into_iter().next();
        let because = first.as_ref().map_or("the lead is not to be had", |it| &it.because);
        let because = because.to_owned();
        tell_refused(turn, number, batch, because, first.and_then(|it| it.until));
    }
    note_more(turn, batch, more);
    if batch.late(turn.now.mono) {
        let asks = &mut turn.floor.campaigns[batch.campaign].asks;
        asks.rest(turn.now.mono, Duration::ZERO);
        asks.holding_back = Some("the database answers too late to dial what it permits");
    }
}

fn tell_rules(turn: &mut Turn, batch: &Batch, refused: &[Refused]) {
    let mut rules = BTreeMap::<&str, u64>::new();
    for it in refused {
        *rules.entry(&it.rule).or_default() += 1;
    }
    for (rule, count) in rules {
        let campaign = turn.floor.campaigns[batch.campaign].name.clone();
        turn.event(EventKind::LeadsRefused { campaign, rule: rule.to_owned(), count });
    }
}

/// Whoever asked for a call by hand learns why there is none.
fn tell_refused(
    turn: &mut Turn,
    number: u64,
    batch: &Batch,
    because: String,
    until: Option<timbre_model::Civil>,
) {
    let agent = batch.agent.filter(|&at| batch.kind == Kind::ByHand && turn.waits(at, number));
    let Some(agent) = agent else { return };
    let campaign = turn.floor.campaigns[batch.campaign].name.clone();
    let agent = turn.floor.agents[agent].who.clone();
    turn.event(EventKind::DialRefused { agent, campaign, because, until });
}

/// A campaign whose lists are fed looks for new leads this often.
const FED_RESTS: Duration = Duration::from_secs(2);

/// Promised calls and follow-ups are laid into its lists when they fall due: it is never complete.
fn fed(turn: &Turn<'_>, campaign: usize) -> bool {
    let it = &turn.floor.campaigns[campaign];
    let tenant = turn.floor.tenants.get(&it.name.tenant);
    tenant
        .is_some_and(|tenant| it.spec().lists.iter().any(|of| tenant.spec.casework.feeds(&of.list)))
}

/// Whether the lists hold more: when to ask again, or that the campaign is complete.
fn note_more(turn: &mut Turn, batch: &Batch, more: More) {
    // A call by hand says nothing of the lists, nor does what was found before they changed.
    if batch.kind == Kind::ByHand || batch.void {
        return;
    }
    let now = turn.now;
    let fed = fed(turn, batch.campaign);
    let it = &mut turn.floor.campaigns[batch.campaign];
    match more {
        More::Now => it.asks.holding_back = it.asks.holding_back.filter(|it| *it == TRUNK_SHORT),
        More::Later(at) => {
            let rests = at.since(now.civil);
            it.asks.rest(now.mono, if fed { rests.min(FED_RESTS) } else { rests });
            it.asks.holding_back = Some("no lead may be called yet");
        }
        More::Exhausted => {
            // An attempt that is open, or was then, may give its lead back.
            let settled = it.open() == 0 && it.asks.open == 0 && it.asks.closed == batch.closed;
            it.asks.rest(now.mono, if fed { FED_RESTS } else { crate::campaign::TICK });
            it.asks.holding_back = Some("every lead is finished, blocked or in hand");
            if settled && !fed && it.running() && !turn.floor.anybody_looks(batch.campaign) {
                let why = "every lead is finished or blocked".to_owned();
                turn.set_campaign(batch.campaign, CampaignState::Completed, Some(why));
            }
        }
    }
}

/// An agent who was kept for a request that brought nothing is free again.
fn release(turn: &mut Turn, number: u64, batch: &Batch) {
    let Some(agent) = batch.agent.filter(|&at| turn.waits(at, number)) else { return };
    match turn.floor.agents[agent].state {
        AgentState::Ready => turn.let_go(agent),
        AgentState::Preview(_) => turn.end_preview(agent, crate::preview::Looked::Refused),
        _ => {}
    }
}

impl Batch {
    /// Its permits are too old to be dialed.
    fn late(&self, now: Mono) -> bool {
        now.since(self.asked) > DIALED_WITHIN
    }
}

impl Turn<'_> {
    /// The agent is kept for this request, or has asked for it after looking.
    pub(crate) fn waits(&self, agent: usize, batch: u64) -> bool {
        self.floor.agents.get(agent).is_some_and(|it| match &it.state {
            AgentState::Preview(preview) => preview.asked == Some(batch),
            _ => it.reserved == Some(batch),
        })
    }

    /// An agent is kept for nothing any more: the next call, or idle again at the place kept.
    pub(crate) fn let_go(&mut self, agent: usize) {
        self.floor.agents[agent].reserved = None;
        match crate::matching::call_for(self.floor, agent, self.now.mono) {
            Some(call) => self.offer(call, agent, crate::Because::OldestCall),
            None => {
                self.floor.keep_idle(agent);
                self.tell_phases(agent);
                self.seek_for_placed(agent);
            }
        }
    }

    /// Dials what a permit permits, or writes that it was not.
    fn permitted(&mut self, number: u64, batch: &Batch, permit: Permit) {
        let id = permit.attempt.id;
        let known =
            self.floor.attempt_index.contains_key(&id) || self.floor.call_index.contains_key(&id);
        if known {
            return;
        }
        if !self.still_stands(batch, &permit) {
            return self.cancel_permit(permit);
        }
        let Batch { campaign, trunk, asked, .. } = *batch;
        let origin = Origin { campaign, trunk, asked };
        let bound = batch.agent.is_some() || permit.agent.is_some() || permit.bound;
        match (bound, self.agent_of(number, batch, &permit)) {
            (false, _) => self.place(origin, permit),
            (true, Some(agent)) => self.place_for(origin, permit, agent),
            (true, None) => self.cancel_permit(permit),
        }
    }

    /// Nothing has happened since that forbids it.
    fn still_stands(&self, batch: &Batch, permit: &Permit) -> bool {
        let it = &self.floor.campaigns[batch.campaign];
        let trunk = &self.floor.trunks[batch.trunk];
        let same_trunk = trunk.name.trunk == permit.attempt.trunk && trunk.open_for_calls().is_ok();
        it.running()
            && it.name.campaign == permit.attempt.campaign
            && it.name.tenant == permit.attempt.tenant
            && same_trunk
            && !batch.void
            && !batch.late(self.now.mono)
            && !self.floor.drained
            && !self.floor.barred_meanwhile(&permit.attempt)
    }

    /// The agent for whom it is to be dialed.
    fn agent_of(&self, number: u64, batch: &Batch, permit: &Permit) -> Option<usize> {
        if let Some(agent) = batch.agent {
            return Some(agent).filter(|&at| self.waits(at, number));
        }
        let it = &self.floor.campaigns[batch.campaign];
        let idle = &self.floor.queues[it.queue].idle;
        let named = |at: &usize| {
            permit.agent.as_ref().is_none_or(|id| self.floor.agents[*at].who.agent == *id)
        };
        idle.iter(&self.floor.agents).find(named)
    }

    /// A permit that is not dialed any more is closed; it counts.
    pub(crate) fn cancel_permit(&mut self, permit: Permit) {
        let Permit { attempt: mut record, lead, .. } = permit;
        let outcome = AttemptOutcome::Cancelled;
        record.ended_at = Some(self.now.civil);
        record.outcome = Some(outcome);
        record.released_by = Some(ReleasedBy::System);
        let campaign = timbre_model::CampaignRef {
            tenant: record.tenant.clone(),
            campaign: record.campaign.clone(),
        };
        let trunk =
            timbre_model::TrunkRef { tenant: record.tenant.clone(), trunk: record.trunk.clone() };
        let attempt = record.id;
        let number = record.number.clone();
        self.out.changes.push(Change::Attempt(record));
        if let Some(lead) = lead {
            let recycle = self.floor.recycle_of(&campaign);
            let state = crate::recycling::after(&recycle, &lead, &number, outcome, self.now.civil);
            self.change_lead(&lead, state);
        }
        self.event(EventKind::AttemptEnded(AttemptEnded {
            attempt,
            campaign,
            trunk,
            outcome,
            sip_status: None,
            in_setup: std::time::Duration::ZERO,
        }));
    }

    pub(crate) fn change_lead(&mut self, lead: &timbre_model::Lead, state: LeadState) {
        let (tenant, lead) = (lead.tenant.clone(), lead.id);
        self.out.changes.push(Change::Lead(LeadChange { tenant, lead, state }));
    }
}

impl std::fmt::Display for Withheld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StoreAway => f.write_str("the database is away or behind"),
            Self::ClockUntrusted => f.write_str("the clock has stepped and is not trusted yet"),
            Self::StaleList { list } => {
                write!(f, "{list} was imported too long ago, or never")
            }
            Self::Other(why) => f.write_str(why),
        }
    }
}
