//! What happened, for those who listen: agents' streams and wallboards. Everything is bounded; who falls behind is told.

mod floor_log;
mod shift;
mod tally;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use timbre_engine::{Event, EventKind};
use tokio::sync::broadcast;

use crate::casework::surveys::Wanted;
use timbre_model::{
    AgentId, AgentRef, AgentStateKind, AttemptOutcome, CampaignRef, FloorSpec, TenantId,
};

pub use floor_log::{FloorLog, FloorUpdate, LOG_MAX, Missed};
pub use shift::{
    CommandOutcome, DeskNews, Farewell, KEPT_EVENTS_MAX, ResumeError, Sequenced, Shift, StreamId,
    ToAgent,
};
pub use tally::{QueueCounts, RINGS_COUNTED};

use tally::Tally;

/// What happened, kept for those who listen. Cheap to clone.
#[derive(Clone, Default)]
pub struct Feed {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    shifts: Mutex<HashMap<AgentRef, Shift>>,
    logs: Mutex<HashMap<TenantId, Arc<FloorLog>>>,
    tally: Mutex<Tally>,
    floors: Mutex<HashMap<TenantId, Arc<FloorSpec>>>,
    surveys: Surveys,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Customers to be asked whom nobody has looked up; a slow looker misses the older ones.
const SURVEYS_WANTED_MAX: usize = 256;

impl Default for Surveys {
    fn default() -> Self {
        Self(broadcast::Sender::new(SURVEYS_WANTED_MAX))
    }
}

/// Tells whoever looks customers up.
struct Surveys(broadcast::Sender<Wanted>);

impl Feed {
    /// Takes in what happened, in order.
    pub fn publish(&self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let mut shifts = locked(&self.shared.shifts);
        let mut tally = locked(&self.shared.tally);
        for event in events {
            tally.count(&event.what);
            if let EventKind::SurveyWanted { call, queue, caller, .. } = &event.what {
                let (call, queue, caller) = (*call, queue.clone(), caller.clone());
                // With nobody to look customers up, nobody is asked.
                let _ = self.shared.surveys.0.send(Wanted { call, queue, caller });
            }
            self.log(&event);
            let Some(agent) = agent_of(&event.what) else { continue };
            let signed_out = matches!(&event.what, EventKind::AgentState(changed)
                if changed.now.state == AgentStateKind::SignedOut);
            if let Some(shift) = shifts.get_mut(agent) {
                let agent = agent.clone();
                shift.push(event);
                if signed_out {
                    shift.end(Farewell::SignedOut);
                    shifts.remove(&agent);
                }
            }
        }
    }

    /// Customers whom the floor wants to ask how satisfied they are, from now on.
    pub fn surveys_wanted(&self) -> broadcast::Receiver<Wanted> {
        self.shared.surveys.0.subscribe()
    }

    /// A floor definition took effect.
    pub fn floor_applied(&self, tenant: TenantId, spec: FloorSpec) {
        locked(&self.shared.floors).insert(tenant, Arc::new(spec));
    }

    /// A tenant's floor definition.
    pub fn floor(&self, tenant: &TenantId) -> Option<Arc<FloorSpec>> {
        locked(&self.shared.floors).get(tenant).cloned()
    }

    /// The tenants that have a floor.
    pub fn tenants(&self) -> Vec<TenantId> {
        locked(&self.shared.floors).keys().cloned().collect()
    }

    /// What happened to a tenant's floor, for watchers.
    pub fn floor_log(&self, tenant: &TenantId) -> Arc<FloorLog> {
        locked(&self.shared.logs).entry(tenant.clone()).or_default().clone()
    }

    /// The tenants whose floor is watched, or was.
    pub fn watched(&self) -> Vec<(TenantId, Arc<FloorLog>)> {
        locked(&self.shared.logs).iter().map(|(t, log)| (t.clone(), log.clone())).collect()
    }

    /// Counts of the tenant's queues since the start, by their ids.
    pub fn counts(&self, tenant: &TenantId) -> Vec<(timbre_model::QueueId, QueueCounts)> {
        locked(&self.shared.tally).of(tenant)
    }

    /// How the attempts of a campaign ended since the start.
    pub fn attempts_ended(&self, campaign: &CampaignRef) -> BTreeMap<AttemptOutcome, u64> {
        locked(&self.shared.tally).attempts(campaign)
    }

    /// Does something with an agent's shift, if there is one.
    pub fn with_shift<T>(&self, agent: &AgentRef, act: impl FnOnce(&mut Shift) -> T) -> Option<T> {
        locked(&self.shared.shifts).get_mut(agent).map(act)
    }

    /// Tells an agent's stream, if there is one.
    pub fn tell_agent(&self, agent: &AgentRef, news: DeskNews) {
        if let Some(shift) = locked(&self.shared.shifts).get_mut(agent) {
            shift.tell(news);
        }
    }

    /// Tells the streams of a tenant's agents whom it concerns.
    pub fn tell_agents(
        &self,
        tenant: &TenantId,
        concerns: impl Fn(&AgentId) -> bool,
        news: DeskNews,
    ) {
        let mut shifts = locked(&self.shared.shifts);
        let theirs = shifts.iter_mut().filter(|(who, _)| who.tenant == *tenant);
        theirs.filter(|(who, _)| concerns(&who.agent)).for_each(|(_, shift)| shift.tell(news));
    }

    /// Begins a shift; a former one's stream is told that it was taken over.
    pub fn begin_shift(&self, agent: AgentRef, shift: Shift) {
        if let Some(mut former) = locked(&self.shared.shifts).insert(agent, shift) {
            former.end(Farewell::TakenOver);
        }
    }

    fn log(&self, event: &Event) {
        if let EventKind::AgentState(changed) = &event.what {
            let logs = locked(&self.shared.logs);
            if let Some(log) = logs.get(&changed.agent.tenant) {
                let (agent, view) = (changed.agent.clone(), changed.now.clone());
                log.push(event.at, FloorUpdate::Agent(agent, Box::new(view)));
            }
        }
    }
}

/// The agent whose stream an event belongs to.
fn agent_of(what: &EventKind) -> Option<&AgentRef> {
    match what {
        EventKind::FloorApplied { .. }
        | EventKind::CallArrived { .. }
        | EventKind::CallQueued { .. }
        | EventKind::CallAnswered { .. }
        | EventKind::CampaignChanged { .. }
        | EventKind::Paced(_)
        | EventKind::Withheld { .. }
        | EventKind::LeadsRefused { .. }
        | EventKind::AttemptDialed { .. }
        | EventKind::AttemptAnswered { .. }
        | EventKind::AttemptEnded(_)
        | EventKind::LiveAnswerServed { .. }
        | EventKind::SurveyWanted { .. }
        | EventKind::SurveyEnded { .. }
        | EventKind::DoNotCallAdded { .. } => None,
        EventKind::AgentState(changed) => Some(&changed.agent),
        EventKind::Offered(made) => Some(&made.agent),
        EventKind::CallEnded(ended) => ended.agent.as_ref(),
        EventKind::DialRefused { agent, .. }
        | EventKind::OfferEnded { agent, .. }
        | EventKind::CallConnected { agent, .. }
        | EventKind::CallHeld { agent, .. }
        | EventKind::CallResumed { agent, .. }
        | EventKind::WrappedUp { agent, .. } => Some(agent),
    }
}
