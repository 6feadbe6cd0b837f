//! The engine's whole state, and the step.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use indexmap::IndexMap;
use slab::Slab;
use timbre_model::{
    AgentRef, AgentStateKind, CallId, CampaignRef, DoNotCallEntry, LegId, Mono, Now, Slug, TenantId,
};

use crate::agent::Agent;
use crate::asking::Batch;
use crate::attempt::Attempt;
use crate::bounds::OFFERS_PER_STEP_MAX;
use crate::call::Call;
use crate::campaign::Campaign;
use crate::queue::Queue;
use crate::surveying::Survey;
use crate::tenant::Tenant;
use crate::timers::Timers;
use crate::trunk_guard::TrunkGuard;
use crate::turn::Turn;
use crate::{
    AgentView, CallView, Effects, Input, Limits, NotOfferable, QueueView, Rejection, Reply,
    WakeReason, authorized, commands, deadlines, switch,
};

/// The floor of every tenant of this node.
#[derive(Debug)]
pub struct Engine {
    pub(crate) limits: Limits,
    pub(crate) drained: bool,
    pub(crate) seen: Now,
    pub(crate) tenants: IndexMap<TenantId, Tenant>,
    pub(crate) agents: Slab<Agent>,
    pub(crate) queues: Slab<Queue>,
    pub(crate) calls: Slab<Call>,
    pub(crate) call_index: IndexMap<CallId, usize>,
    pub(crate) campaigns: Slab<Campaign>,
    pub(crate) trunks: Slab<TrunkGuard>,
    pub(crate) attempts: Slab<Attempt>,
    pub(crate) attempt_index: IndexMap<CallId, usize>,
    /// Requests for attempts that are not answered.
    pub(crate) batches: BTreeMap<u64, Batch>,
    /// Who was barred while requests were open, with the newest of these.
    pub(crate) barred: VecDeque<(u64, DoNotCallEntry)>,
    /// Answers to requests that were never made.
    pub(crate) strange_batches: BTreeSet<u64>,
    /// Customers who are being asked a question, their calls being over.
    pub(crate) surveys: Slab<Survey>,
    pub(crate) survey_index: IndexMap<CallId, usize>,
    pub(crate) legs: IndexMap<LegId, Party>,
    pub(crate) timers: Timers,
    pub(crate) counters: Counters,
    /// Idle agents whose queues may have calls for them since the floor changed.
    pub(crate) look_again: VecDeque<usize>,
    pub(crate) unclassified: Slug,
}

/// Whose a leg is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Party {
    /// The customer's of this call.
    Customer(usize),
    /// This agent's.
    Agent(usize),
    /// The callee's of this attempt, which is no call yet, or no more.
    Attempt(usize),
    /// The customer's of a call that is over, who is asked a question.
    Survey(usize),
}

/// What only ever grows.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) arrivals: u64,
    pub(crate) legs: u64,
    pub(crate) turns: u64,
    pub(crate) states: u64,
    pub(crate) batches: u64,
}

impl Engine {
    /// An empty floor.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            drained: false,
            seen: Now::default(),
            tenants: IndexMap::new(),
            agents: Slab::new(),
            queues: Slab::new(),
            calls: Slab::new(),
            call_index: IndexMap::new(),
            campaigns: Slab::new(),
            trunks: Slab::new(),
            attempts: Slab::new(),
            attempt_index: IndexMap::new(),
            batches: BTreeMap::new(),
            barred: VecDeque::new(),
            strange_batches: BTreeSet::new(),
            surveys: Slab::new(),
            survey_index: IndexMap::new(),
            legs: IndexMap::new(),
            timers: Timers::default(),
            counters: Counters::default(),
            look_again: VecDeque::new(),
            unclassified: Slug::parse("unclassified").expect("a slug by its letters"),
        }
    }

    /// Feeds one input. On a rejection nothing has changed and `out` is as it was; effects are appended to `out`, so that
    /// a batch of inputs can share one. A moment earlier than one seen before counts as that one.
    pub fn step(&mut self, now: Now, input: Input, out: &mut Effects) -> Result<Reply, Rejection> {
        let now = Now { mono: now.mono.max(self.seen.mono), civil: now.civil };
        let mut turn = Turn { floor: self, now, out };
        let reply = match input {
            Input::Switch(event) => switch::apply(&mut turn, event)?,
            Input::Command(command) => commands::apply(&mut turn, command)?,
            Input::Wake => deadlines::serve(&mut turn),
            Input::Authorized(it) => {
                authorized::apply(&mut turn, *it);
                Reply::Done
            }
        };
        turn.look_again(OFFERS_PER_STEP_MAX);
        self.seen = now;
        Ok(reply)
    }

    /// When the engine must be given [`Input::Wake`], and why. `None`: when something else happens.
    pub fn next_wake(&self) -> Option<(Mono, WakeReason)> {
        if !self.look_again.is_empty() {
            return Some((self.seen.mono, WakeReason::WorkLeft));
        }
        self.timers.next()
    }

    /// Every tenant that has a floor.
    pub fn tenants(&self) -> impl Iterator<Item = &TenantId> {
        self.tenants.keys()
    }

    /// Every agent of a tenant, in order of their ids.
    pub fn agents(&self, tenant: &TenantId) -> Vec<(AgentRef, AgentView)> {
        let Some(tenant) = self.tenants.get(tenant) else { return Vec::new() };
        let all = tenant.agents.values().map(|&at| (self.agents[at].who.clone(), self.view(at)));
        all.collect()
    }

    /// How many agents of each tenant are in each state; states that none is in are left out.
    pub fn agent_counts(&self) -> Vec<(TenantId, AgentStateKind, usize)> {
        let mut counts = BTreeMap::<_, usize>::new();
        for (tenant, floor) in &self.tenants {
            for &at in floor.agents.values() {
                *counts.entry((tenant, self.agents[at].state.kind())).or_default() += 1;
            }
        }
        counts.into_iter().map(|((tenant, state), n)| (tenant.clone(), state, n)).collect()
    }

    /// One agent.
    pub fn agent(&self, agent: &AgentRef) -> Option<AgentView> {
        self.agent_at(agent).ok().map(|at| self.view(at))
    }

    /// Whether an agent may be offered a call now, and if not, what stands in the way.
    pub fn offerable(&self, agent: &AgentRef) -> Result<(), NotOfferable> {
        self.agent_at(agent).map_or(Err(NotOfferable::SignedOut), |at| self.agents[at].offerable())
    }

    /// Every queue of every tenant: tenants in the order in which they came, queues in the order of their ids.
    pub fn queues(&self) -> Vec<QueueView> {
        let all = self.tenants.values().flat_map(|tenant| tenant.queues.values());
        all.map(|&at| self.queue_view(&self.queues[at])).collect()
    }

    /// The tenant's calls in progress.
    pub fn calls(&self, tenant: &TenantId) -> Vec<CallView> {
        let theirs = self.calls.iter().filter(|(_, call)| call.rules.name.tenant == *tenant);
        theirs
            .filter_map(|(_, call)| {
                call.view(call.agent().map(|agent| self.agents[agent].who.clone()))
            })
            .collect()
    }

    fn queue_view(&self, queue: &Queue) -> QueueView {
        QueueView {
            queue: queue.rules.name.clone(),
            name: queue.rules.spec.name.clone(),
            waiting: queue.line.len(),
            oldest: queue.line.oldest().map(|call| self.calls[call].facts.arrived.mono),
            idle_agents: queue.idle.len(),
            talking: queue.counts.talking,
        }
    }

    pub(crate) fn view(&self, agent: usize) -> AgentView {
        let agent = &self.agents[agent];
        agent.view(agent.state.call().map(|call| &self.calls[call]))
    }

    pub(crate) fn campaign_at(&self, campaign: &CampaignRef) -> Result<usize, Rejection> {
        let tenant = self.tenants.get(&campaign.tenant);
        let at = tenant.and_then(|tenant| tenant.campaigns.get(&campaign.campaign)).copied();
        at.ok_or_else(|| Rejection::UnknownCampaign { campaign: campaign.campaign.clone() })
    }

    pub(crate) fn agent_at(&self, who: &AgentRef) -> Result<usize, Rejection> {
        let tenant = self.tenants.get(&who.tenant);
        let at = tenant.and_then(|tenant| tenant.agents.get(&who.agent)).copied();
        at.ok_or_else(|| Rejection::UnknownAgent { agent: who.agent.clone() })
    }
}
