//! Asking for attempts: the tick of a campaign, and the requests it makes.

use std::sync::Arc;

use timbre_model::{AgentId, Change, DialMode, Lead, Mono, Now};
use timbre_pacing::Phase;

use crate::agent::{Agent, AgentState, Line};
use crate::attempt::Progress;
use crate::bounds::{ASKED_AT_ONCE_MAX, BOUND_PER_TICK_MAX};
use crate::call::Stage;
use crate::campaign::{TICK, TICK_MIN, millis};
use crate::engine::Engine;
use crate::sharing::Wish;
use crate::turn::Turn;
use crate::{AuthorizeRequest, EventKind, Paced, Want};

/// The trunk has room, but for fewer: its rate, its lines, other campaigns, or a carrier in trouble.
pub(crate) const TRUNK_SHORT: &str = "its trunk may place fewer calls at a time than are wanted";

/// A request that is not answered.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) campaign: usize,
    pub(crate) trunk: usize,
    /// Most attempts that it may bring.
    pub(crate) most: u32,
    /// Who waits for it.
    pub(crate) agent: Option<usize>,
    pub(crate) kind: Kind,
    /// The lead that it claims as long as it is open.
    pub(crate) lead: Option<Arc<Lead>>,
    /// The campaign's count of closed attempts when it was asked.
    pub(crate) closed: u64,
    /// When it was asked: nothing was decided before.
    pub(crate) asked: Mono,
    /// Whom it may bring is not known any more: its permits are not dialed.
    pub(crate) void: bool,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For the pool.
    Pool,
    /// For an idle agent.
    Agent,
    /// For an idle agent to look at.
    Preview,
    /// An agent asked for it by hand, and is told when it may not be.
    ByHand,
}

impl Turn<'_> {
    /// A running campaign's turn: asks for attempts, if it may and should.
    pub(crate) fn tick(&mut self, campaign: usize) {
        let now = self.now;
        let it = &mut self.floor.campaigns[campaign];
        (it.ticked, it.next) = (now.mono, now.mono + TICK);
        it.turn_day(now.civil);
        if it.due_to_keep(now.mono) {
            it.aim_pacer();
            self.keep_campaign(campaign);
        }
        let it = &self.floor.campaigns[campaign];
        let may_ask = it.asks.not_before <= now.mono && !self.floor.drained;
        if it.pacer.is_some() {
            self.pace(campaign, may_ask);
        } else if may_ask && it.reserves() {
            self.reserve_agents(campaign);
        }
        self.rearm_campaign(campaign);
    }

    /// An agent became idle: the campaign need not wait for its next turn.
    pub(crate) fn hasten(&mut self, campaign: usize) {
        let it = &mut self.floor.campaigns[campaign];
        let soon = self.now.mono.max(it.ticked + TICK_MIN);
        if soon < it.next {
            it.next = soon;
            self.rearm_campaign(campaign);
        }
    }

    pub(crate) fn rearm_campaign(&mut self, campaign: usize) {
        let it = &mut self.floor.campaigns[campaign];
        let next = it.deadline();
        self.floor.timers.set(&mut it.timer, campaign, next);
    }

    /// Writes a campaign as it stands.
    pub(crate) fn keep_campaign(&mut self, campaign: usize) {
        let it = &mut self.floor.campaigns[campaign];
        it.kept = self.now.mono;
        self.out.changes.push(Change::Campaign(Box::new(it.record())));
    }

    /// Asks the controller, and for as many attempts as it says.
    fn pace(&mut self, campaign: usize, may_ask: bool) {
        let it = &mut self.floor.campaigns[campaign];
        let (reserve, waiting) = (it.spec().reserve, it.count(Progress::Waiting));
        let Some(pacer) = &mut it.pacer else { return };
        // Agents who are left to inbound calls are spoken for like those whom a waiting answer will take.
        pacer.0.waiting(waiting.saturating_add(reserve));
        let mut decision = pacer.0.decide(millis(self.now.mono));
        decision.terms.waiting = waiting;
        let held = decision.terms.hold_back;
        let news = it.asks.terms.as_ref().is_none_or(|it| it.hold_back != held);
        it.asks.terms = Some(decision.terms);
        let asks = may_ask && !it.asks.pool && decision.place > 0;
        let wanted = if asks { self.ask_for_pool(campaign, decision.place) } else { 0 };
        if let Some(terms) = self.floor.campaigns[campaign].asks.terms.clone()
            && (news || wanted > 0)
        {
            let name = self.floor.campaigns[campaign].name.clone();
            self.event(EventKind::Paced(Box::new(Paced { campaign: name, wanted, terms })));
        }
    }

    /// Gives how many are asked for.
    fn ask_for_pool(&mut self, campaign: usize, place: u32) -> u32 {
        let room = self.calls_room();
        let Some((trunk, free)) = self.trunk_or_wait(campaign, place) else { return 0 };
        if free < place {
            self.floor.campaigns[campaign].asks.holding_back = Some(TRUNK_SHORT);
        }
        let most = place.min(free).min(room).min(ASKED_AT_ONCE_MAX);
        if most == 0 {
            return 0;
        }
        let idle = self.floor.spare_agents(campaign, Want::READY_MAX);
        let bindable = most.min(u32::try_from(idle.len()).unwrap_or(u32::MAX));
        let name = |&at: &usize| self.floor.agents[at].who.agent.clone();
        let ready: Vec<AgentId> = idle.iter().map(name).collect();
        self.floor.campaigns[campaign].asks.pool = true;
        let ask = Ask { campaign, trunk, most, agent: None, kind: Kind::Pool };
        self.ask(ask, Want::Leads { most, bindable, ready });
        most
    }

    /// Asks for a lead for each idle agent whose turn it is to be given to this campaign.
    fn reserve_agents(&mut self, campaign: usize) {
        let preview =
            matches!(self.floor.campaigns[campaign].spec().mode, DialMode::Preview { .. });
        let spare = self.floor.spare_agents(campaign, BOUND_PER_TICK_MAX);
        for (n, &agent) in spare.iter().enumerate() {
            if self.floor.next_for(agent, self.now.mono) != Some(campaign) {
                continue;
            }
            if self.calls_room() == 0 {
                return;
            }
            let wants =
                if preview { 0 } else { u32::try_from(spare.len() - n).unwrap_or(u32::MAX) };
            let Some((trunk, _)) = self.trunk_or_wait(campaign, wants) else { return };
            let id = self.floor.agents[agent].who.agent.clone();
            let (want, kind, most) = match preview {
                true => (Want::Reserve { agent: id }, Kind::Preview, 0),
                false => (Want::ForAgent { agent: id }, Kind::Agent, 1),
            };
            let batch = self.ask(Ask { campaign, trunk, most, agent: Some(agent), kind }, want);
            self.floor.set_reserved(agent, Some(batch));
            self.tell_phases(agent);
            let it = &mut self.floor.campaigns[campaign];
            it.served += 1.0 / f64::from(it.spec().weight.max(1));
        }
    }

    /// Makes a request.
    pub(crate) fn ask(&mut self, ask: Ask, want: Want) -> u64 {
        let Ask { campaign, trunk, most, agent, kind } = ask;
        self.floor.counters.batches += 1;
        let batch = self.floor.counters.batches;
        let guard = &mut self.floor.trunks[trunk];
        guard.ask(self.now, most);
        guard.shares.take(campaign, most);
        let (name, countries) = (guard.name.trunk.clone(), guard.countries.clone());
        let it = &mut self.floor.campaigns[campaign];
        it.asks.open += 1;
        let (plan, closed) = (it.plan.clone(), it.asks.closed);
        let (asked, lead, void) = (self.now.mono, None, false);
        let open = Batch { campaign, trunk, most, agent, kind, lead, closed, asked, void };
        self.floor.batches.insert(batch, open);
        self.out.requests.push(AuthorizeRequest {
            batch,
            plan,
            trunk: name,
            countries,
            want,
            asked,
        });
        batch
    }

    /// A trunk that may place some of the calls wanted, and how many; where none may any, the campaign says why.
    fn trunk_or_wait(&mut self, campaign: usize, wants: u32) -> Option<(usize, u32)> {
        let found = match wants {
            0 => self.floor.find_trunk(campaign, self.now),
            _ => self.floor.share_trunk(campaign, wants, self.now),
        };
        self.floor.campaigns[campaign].asks.holding_back = found.err();
        found.ok()
    }

    /// Calls that the node may still take on.
    fn calls_room(&self) -> u32 {
        let taken = self.floor.calls.len() + self.floor.attempts.len();
        let room = self.floor.limits.calls_max.saturating_sub(taken);
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// Tells the controllers of an agent's campaigns what the agent is doing.
    pub(crate) fn tell_phases(&mut self, agent: usize) {
        for n in 0..self.floor.agents[agent].campaigns.len() {
            let campaign = self.floor.agents[agent].campaigns[n];
            self.tell_phase(agent, campaign);
        }
    }

    pub(crate) fn tell_phase(&mut self, agent: usize, campaign: usize) {
        let phase = self.floor.phase(agent, campaign);
        let Some(pacer) = &mut self.floor.campaigns[campaign].pacer else { return };
        let number = u32::try_from(agent).unwrap_or(u32::MAX);
        pacer.0.agent(number, millis(self.now.mono), phase);
    }
}

/// Which request to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) campaign: usize,
    pub(crate) trunk: usize,
    pub(crate) most: u32,
    pub(crate) agent: Option<usize>,
    pub(crate) kind: Kind,
}

impl Engine {
    /// The first trunk of a campaign that has room, and for how many calls; else why none has.
    pub(crate) fn find_trunk(
        &self,
        campaign: usize,
        now: Now,
    ) -> Result<(usize, u32), &'static str> {
        let mut found = Err("it has no trunk");
        for &trunk in &self.campaigns[campaign].trunks {
            match self.trunks[trunk].room(now) {
                Ok(free) => return Ok((trunk, free)),
                Err(why) => found = Err(why),
            }
        }
        found
    }

    /// As [`Engine::find_trunk`], but of a trunk's room what is due to the campaign beside others.
    fn share_trunk(
        &mut self,
        campaign: usize,
        calls: u32,
        now: Now,
    ) -> Result<(usize, u32), &'static str> {
        let it = &self.campaigns[campaign];
        let wish = Wish { weight: it.spec().weight, calls };
        let mut found = Err("it has no trunk");
        for &trunk in &it.trunks {
            let guard = &mut self.trunks[trunk];
            let room = guard.room(now);
            match (room, guard.shares.part(campaign, wish, room.unwrap_or(0), now.mono)) {
                (Ok(_), 0) => found = Err("other campaigns have had less of the trunk"),
                (Ok(_), part) => return Ok((trunk, part)),
                (Err(why), _) => found = Err(why),
            }
        }
        found
    }

    /// What an agent does, as a campaign's controller sees it. Only who needs no ringing can take a live answer.
    fn phase(&self, agent: usize, campaign: usize) -> Phase {
        let it = &self.agents[agent];
        let own = |call: usize| {
            let placed = self.calls[call].placed.as_ref();
            placed.is_some_and(|it| it.campaign == campaign)
        };
        if !it.takes_answers() {
            return Phase::Away;
        }
        match &it.state {
            AgentState::Ready if it.reserved.is_none() => Phase::Idle,
            AgentState::Talking { call, .. } if own(*call) => Phase::Talking,
            AgentState::WrapUp(wrap_up) if own(wrap_up.call) => Phase::WrapUp,
            _ => Phase::Away,
        }
    }

    /// Idle agents of a campaign's queue, longest idle first, but for those left to inbound calls.
    fn spare_agents(&self, campaign: usize, most: usize) -> Vec<usize> {
        let it = &self.campaigns[campaign];
        let idle = &self.queues[it.queue].idle;
        let spare = idle.len().saturating_sub(it.spec().reserve as usize);
        idle.iter(&self.agents).take(spare.min(most)).collect()
    }

    /// The campaign that an idle agent is reserved for next: the one that has had least for its weight.
    fn next_for(&self, agent: usize, now: Mono) -> Option<usize> {
        let campaigns = self.agents[agent].campaigns.iter().copied();
        let may = campaigns.filter(|&at| {
            let it = &self.campaigns[at];
            it.reserves() && it.asks.not_before <= now
        });
        may.min_by(|&a, &b| self.campaigns[a].served.total_cmp(&self.campaigns[b].served))
    }

    /// Keeps an idle agent for a request, or lets them go.
    pub(crate) fn set_reserved(&mut self, agent: usize, batch: Option<u64>) {
        self.agents[agent].reserved = batch;
        self.keep_idle(agent);
    }
}

impl Agent {
    /// A live answer can be given to the agent without any ringing.
    pub(crate) fn takes_answers(&self) -> bool {
        self.connected() && self.persistent_line().is_some()
    }

    /// The leg that stays up for the shift.
    pub(crate) fn persistent_line(&self) -> Option<Line> {
        let persistent = self.spec.station == timbre_model::StationMode::Persistent;
        self.station.leg.filter(|_| persistent).map(Line::Persistent)
    }
}

impl Engine {
    /// Whether a call that was placed may be given to an agent: at once, and leaving inbound calls their reserve.
    /// `idle`: idle agents of the call's queue, this one included.
    pub(crate) fn takes_placed(&self, agent: usize, call: usize, idle: usize) -> bool {
        let call = &self.calls[call];
        let Some(placed) = &call.placed else { return true };
        debug_assert!(matches!(call.stage, Stage::Waiting), "only what waits is given away");
        let reserve = self.campaigns[placed.campaign].spec().reserve as usize;
        idle > reserve && self.agents[agent].takes_answers()
    }
}
