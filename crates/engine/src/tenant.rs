//! One tenant's floor: names to places in the engine.

use indexmap::IndexMap;
use timbre_model::{AgentId, CampaignId, FloorSpec, PhoneNumber, QueueId, TrunkId};

/// A floor and the index of its names, in the order of the names.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    /// Counts the definitions from 1; 0 where there is none yet.
    pub(crate) version: u64,
    pub(crate) spec: FloorSpec,
    pub(crate) agents: IndexMap<AgentId, usize>,
    pub(crate) queues: IndexMap<QueueId, usize>,
    /// Also those that are gone, until their calls are over.
    pub(crate) trunks: IndexMap<TrunkId, usize>,
    pub(crate) campaigns: IndexMap<CampaignId, usize>,
    pub(crate) entry_points: IndexMap<PhoneNumber, usize>,
}
