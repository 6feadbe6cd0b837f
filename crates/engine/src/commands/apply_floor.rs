//! A tenant's floor takes effect. What stays keeps its live state.

use timbre_model::{AgentRef, Change, FloorSpec, QueueRef, TenantId};

use crate::agent::Agent;
use crate::bounds::TENANTS_MAX;
use crate::call::Rules;
use crate::engine::Engine;
use crate::port::SwitchAction;
use crate::queue::Queue;
use crate::skills::Levels;
use crate::tenant::Tenant;
use crate::turn::Turn;
use crate::{EventKind, Rejection, Reply};

pub(crate) fn apply(
    turn: &mut Turn,
    tenant: TenantId,
    spec: Box<FloorSpec>,
    expected: Option<u64>,
) -> Result<Reply, Rejection> {
    check(turn.floor, &tenant, &spec)?;
    let present = turn.floor.tenants.get(&tenant).map_or(0, |it| it.version);
    if let Some(expected) = expected.filter(|&expected| expected != present) {
        return Err(Rejection::FloorChanged { expected, present });
    }
    let version = present + 1;
    install(turn, &tenant, (*spec).clone(), version);
    let at = turn.now.civil;
    turn.out.changes.push(Change::Floor { tenant: tenant.clone(), version, at, spec });
    turn.event(EventKind::FloorApplied { tenant, version });
    Ok(Reply::Floor { version })
}

/// Brings back what the store holds. Writes nothing.
pub(crate) fn restore(
    turn: &mut Turn,
    tenant: TenantId,
    spec: Box<FloorSpec>,
    version: u64,
) -> Result<Reply, Rejection> {
    check(turn.floor, &tenant, &spec)?;
    install(turn, &tenant, *spec, version);
    Ok(Reply::Floor { version })
}

/// What is in use may not be taken away.
fn check(floor: &Engine, tenant: &TenantId, spec: &FloorSpec) -> Result<(), Rejection> {
    let Some(present) = floor.tenants.get(tenant) else {
        let full = floor.tenants.len() >= TENANTS_MAX;
        return if full { Err(Rejection::TooManyTenants { limit: TENANTS_MAX }) } else { Ok(()) };
    };
    let kept: std::collections::BTreeSet<_> = spec.agents.iter().map(|it| &it.id).collect();
    for (agent, &at) in present.agents.iter().filter(|(id, _)| !kept.contains(id)) {
        if floor.agents[at].in_use() {
            return Err(Rejection::AgentInUse { agent: agent.clone() });
        }
    }
    let kept: std::collections::BTreeSet<_> = spec.queues.iter().map(|it| &it.id).collect();
    for (queue, &at) in present.queues.iter().filter(|(id, _)| !kept.contains(id)) {
        if floor.queues[at].calls() > 0 {
            return Err(Rejection::QueueInUse { queue: queue.clone() });
        }
    }
    for (campaign, &at) in &present.campaigns {
        let it = &floor.campaigns[at];
        let kept = spec.campaigns.iter().any(|it| it.id == *campaign);
        // The store's answer may be on its way, and somebody may look at one of its leads.
        let in_use = it.running() || it.open() > 0 || it.asks.open > 0 || floor.anybody_looks(at);
        if !kept && in_use {
            return Err(Rejection::CampaignInUse { campaign: campaign.clone() });
        }
    }
    Ok(())
}

fn install(turn: &mut Turn, name: &TenantId, spec: FloorSpec, version: u64) {
    let mut tenant = std::mem::take(turn.floor.tenants.entry(name.clone()).or_default());
    install_queues(turn.floor, name, &spec, &mut tenant);
    install_agents(turn, name, &spec, &mut tenant);
    turn.install_outbound(name, &spec, &mut tenant);
    let entries = spec.entry_points.iter().filter_map(|entry| {
        tenant.queues.get(&entry.queue).map(|&queue| (entry.number.clone(), queue))
    });
    tenant.entry_points = entries.collect();
    tenant.version = version;
    serve(turn.floor, name, &spec, &tenant);
    let agents: Vec<usize> = tenant.agents.values().copied().collect();
    tenant.spec = spec;
    turn.floor.tenants.insert(name.clone(), tenant);
    turn.assign_campaigns(name);
    agents.into_iter().for_each(|agent| turn.look_at_hindrances(agent));
}

fn install_queues(floor: &mut Engine, name: &TenantId, spec: &FloorSpec, tenant: &mut Tenant) {
    let mut former = std::mem::take(&mut tenant.queues);
    for queue in &spec.queues {
        let full = QueueRef { tenant: name.clone(), queue: queue.id.clone() };
        let rules = Rules { name: full, spec: queue.clone() };
        let at = match former.swap_remove(&queue.id) {
            None => floor.queues.insert(Queue::new(rules)),
            Some(at) => {
                if floor.queues[at].rules.spec != rules.spec {
                    floor.queues[at].rules = rules.into();
                }
                at
            }
        };
        tenant.queues.insert(queue.id.clone(), at);
    }
    former.values().for_each(|&at| drop(floor.queues.remove(at)));
    tenant.queues.sort_unstable_keys();
}

fn install_agents(turn: &mut Turn, name: &TenantId, spec: &FloorSpec, tenant: &mut Tenant) {
    let mut former = std::mem::take(&mut tenant.agents);
    for agent in &spec.agents {
        let at = match former.swap_remove(&agent.id) {
            None => {
                let who = AgentRef { tenant: name.clone(), agent: agent.id.clone() };
                turn.floor.agents.insert(Agent::new(who, agent.clone(), turn.now))
            }
            Some(at) => {
                turn.floor.agents[at].spec = agent.clone();
                at
            }
        };
        tenant.agents.insert(agent.id.clone(), at);
    }
    former.values().for_each(|&at| remove_agent(turn, at));
    tenant.agents.sort_unstable_keys();
}

fn remove_agent(turn: &mut Turn, at: usize) {
    let agent = turn.floor.agents.remove(at);
    if let Some(leg) = agent.station.leg {
        turn.floor.legs.swap_remove(&leg);
        turn.act(SwitchAction::HangUp { leg });
    }
    // The place may be given to somebody else, who has declined nothing.
    let calls =
        turn.floor.calls.iter().filter(|(_, it)| it.passed_over.iter().any(|it| it.0 == at));
    let calls: Vec<usize> = calls.map(|(call, _)| call).collect();
    for call in calls {
        turn.floor.calls[call].passed_over.retain(|&(who, _)| who != at);
        turn.rearm_call(call);
    }
}

/// Works out anew who may take which calls, and sets the idle in their order again.
fn serve(floor: &mut Engine, name: &TenantId, spec: &FloorSpec, tenant: &Tenant) {
    let levels = Levels::new(spec);
    let needs: Vec<_> = tenant
        .queues
        .values()
        .map(|&queue| {
            floor.queues[queue].idle.clear();
            (queue, levels.needs(&floor.queues[queue].rules.spec))
        })
        .collect();
    for &agent in tenant.agents.values() {
        let held = levels.held(&floor.agents[agent].spec);
        let able = needs.iter().filter(|(_, needs)| Levels::suffice(&held, needs));
        floor.agents[agent].serves = able.map(|&(queue, _)| queue).collect();
    }
    let idle = tenant.agents.values().filter(|&&agent| floor.agents[agent].idle.joined);
    let mut idle: Vec<usize> = idle.copied().collect();
    idle.sort_unstable_by_key(|&agent| floor.agents[agent].idle.turn);
    floor.look_again.retain(|&at| floor.agents.get(at).is_some_and(|it| it.who.tenant != *name));
    for agent in idle {
        let it = &floor.agents[agent];
        it.serves.iter().for_each(|&queue| floor.queues[queue].idle.join(it.idle.turn, agent));
        floor.look_again.push_back(agent);
    }
}
