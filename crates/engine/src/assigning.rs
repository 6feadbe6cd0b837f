//! Which campaigns an agent may be used by, and how campaigns share their agents.

use std::sync::Arc;

use timbre_model::{CampaignRef, FloorSpec, Recycle, TenantId, TrunkRef};
use timbre_pacing::Phase;

use crate::campaign::{Campaign, millis};
use crate::engine::Engine;
use crate::tenant::Tenant;
use crate::trunk_guard::TrunkGuard;
use crate::turn::Turn;

impl Turn<'_> {
    /// Works out anew which running campaigns each agent of a tenant serves, and tells their controllers.
    pub(crate) fn assign_campaigns(&mut self, tenant: &TenantId) {
        let Some(floor) = self.floor.tenants.get(tenant) else { return };
        let campaigns: Vec<usize> = floor.campaigns.values().copied().collect();
        let agents: Vec<usize> = floor.agents.values().copied().collect();
        let runs = |&&at: &&usize| self.floor.campaigns[at].running();
        let running: Vec<usize> = campaigns.iter().filter(runs).copied().collect();
        let queues: Vec<usize> = running.iter().map(|&at| self.floor.campaigns[at].queue).collect();
        for &agent in &agents {
            let it = &mut self.floor.agents[agent];
            let former = std::mem::take(&mut it.campaigns);
            let serves = running.iter().zip(&queues).filter(|(_, queue)| it.serves.contains(queue));
            it.campaigns = serves.map(|(&campaign, _)| campaign).collect();
            former.into_iter().for_each(|campaign| self.leave_campaign(agent, campaign));
        }
        let counts = self.floor.count_agents(&agents);
        for &campaign in &campaigns {
            let count = counts.get(campaign).copied().unwrap_or_default();
            self.floor.campaigns[campaign].set_pacer(count.agents, self.now.civil);
            if let Some(pacer) = &mut self.floor.campaigns[campaign].pacer {
                pacer.0.share(count.share());
            }
            self.catch_up(campaign, &running);
        }
        agents.into_iter().for_each(|agent| self.tell_phases(agent));
    }

    fn leave_campaign(&mut self, agent: usize, campaign: usize) {
        if self.floor.agents[agent].campaigns.contains(&campaign) {
            return;
        }
        let number = u32::try_from(agent).unwrap_or(u32::MAX);
        let it = self.floor.campaigns.get_mut(campaign);
        if let Some(pacer) = it.and_then(|it| it.pacer.as_mut()) {
            pacer.0.agent(number, millis(self.now.mono), Phase::Away);
        }
    }

    /// A campaign that was not there has no claim on what others were given meanwhile.
    fn catch_up(&mut self, campaign: usize, running: &[usize]) {
        let others = running.iter().filter(|&&at| at != campaign);
        let served = others.map(|&at| self.floor.campaigns[at].served);
        let least = served.fold(f64::INFINITY, f64::min);
        let it = &mut self.floor.campaigns[campaign];
        if !it.running() && least.is_finite() {
            it.served = it.served.max(least);
        }
    }

    /// Takes the campaigns and the trunks of a definition over. What stays keeps its live state.
    pub(crate) fn install_outbound(
        &mut self,
        name: &TenantId,
        spec: &FloorSpec,
        tenant: &mut Tenant,
    ) {
        self.install_trunks(name, spec, tenant);
        let refusals = Arc::new(crate::refusals(spec));
        let mut former = std::mem::take(&mut tenant.campaigns);
        for campaign in &spec.campaigns {
            let at = former.swap_remove(&campaign.id).unwrap_or_else(|| {
                let full = CampaignRef { tenant: name.clone(), campaign: campaign.id.clone() };
                let new = Campaign::new(full, campaign.clone(), self.now);
                self.floor.campaigns.insert(new)
            });
            let list = |id| spec.lists.iter().find(|it| it.id == id).cloned();
            let lists = campaign.lists.iter().filter_map(|it| list(it.list.clone())).collect();
            let it = &mut self.floor.campaigns[at];
            it.define(campaign.clone(), lists, refusals.clone());
            it.queue = tenant.queues.get(&campaign.queue).copied().unwrap_or(usize::MAX);
            it.trunks =
                campaign.trunks.iter().filter_map(|id| tenant.trunks.get(id)).copied().collect();
            tenant.campaigns.insert(campaign.id.clone(), at);
        }
        for at in former.into_values() {
            let mut it = self.floor.campaigns.remove(at);
            self.floor.timers.set(&mut it.timer, at, None);
            for agent in tenant.agents.values() {
                self.floor.agents[*agent].campaigns.retain(|&campaign| campaign != at);
            }
        }
        tenant.campaigns.sort_unstable_keys();
    }

    fn install_trunks(&mut self, name: &TenantId, spec: &FloorSpec, tenant: &mut Tenant) {
        let mut former = std::mem::take(&mut tenant.trunks);
        for trunk in &spec.trunks {
            let at = former.swap_remove(&trunk.id);
            if let Some(at) = at {
                self.floor.trunks[at].configure(trunk);
            }
            let at = at.unwrap_or_else(|| {
                let full = TrunkRef { tenant: name.clone(), trunk: trunk.id.clone() };
                self.floor.trunks.insert(TrunkGuard::new(full, trunk, self.now))
            });
            tenant.trunks.insert(trunk.id.clone(), at);
        }
        for (id, at) in former {
            let it = &mut self.floor.trunks[at];
            let asked = self.floor.batches.values().any(|it| it.trunk == at);
            if it.open > 0 || asked {
                it.retire();
                tenant.trunks.insert(id, at);
            } else {
                self.floor.trunks.remove(at);
            }
        }
        tenant.trunks.sort_unstable_keys();
    }
}

/// The agents of one campaign, and how many of them it may count on where others dial for them too.
#[derive(Debug, Clone, Copy, Default)]
struct Pool {
    agents: u32,
    parts: f64,
}

impl Pool {
    fn share(self) -> f64 {
        if self.agents == 0 { 1.0 } else { self.parts / f64::from(self.agents) }
    }
}

impl Engine {
    /// By the campaign's place. An agent's time is parted by weight among the campaigns that the agent serves.
    fn count_agents(&self, agents: &[usize]) -> Vec<Pool> {
        let most = self.campaigns.iter().map(|(at, _)| at + 1).max().unwrap_or(0);
        let mut pools = vec![Pool::default(); most];
        for &agent in agents {
            let campaigns = &self.agents[agent].campaigns;
            let weight = |&at: &usize| f64::from(self.campaigns[at].spec().weight.max(1));
            let all: f64 = campaigns.iter().map(weight).sum();
            for at in campaigns {
                pools[*at].agents += 1;
                pools[*at].parts += weight(at) / all;
            }
        }
        pools
    }

    /// What becomes of leads of a campaign, whether or not the floor still has it.
    pub(crate) fn recycle_of(&self, campaign: &CampaignRef) -> Recycle {
        let at = self.campaign_at(campaign).ok();
        at.map(|at| self.campaigns[at].spec().recycle.clone()).unwrap_or_default()
    }
}
