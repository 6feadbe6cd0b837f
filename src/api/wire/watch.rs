//! What a supervisor's stream carries.

use timbre_engine::AgentView;
use timbre_model::{AgentRef, Civil, FieldError};

use super::queue::QueueStatus;
use super::time::{moment, need_moment};
use super::{agent, queue};
use crate::api::pb;
use pb::watch_floor_response::Update;

/// One message of a supervisor's stream.
#[derive(Debug, Clone, PartialEq)]
pub struct FloorUpdate {
    /// Grows by one with each change of the tenant's floor.
    pub sequence: u64,
    /// When.
    pub at: Civil,
    /// What.
    pub what: FloorNews,
}

/// A snapshot or a change.
#[derive(Debug, Clone, PartialEq)]
pub enum FloorNews {
    /// The whole floor; replaces what was known.
    Snapshot {
        /// Every queue.
        queues: Vec<QueueStatus>,
        /// Every agent.
        agents: Vec<(AgentRef, AgentView)>,
    },
    /// An agent as it now stands.
    Agent(AgentRef, AgentView),
    /// A queue as it now stands.
    Queue(QueueStatus),
}

/// As the wire has it.
pub fn to_wire(update: &FloorUpdate) -> pb::WatchFloorResponse {
    let FloorUpdate { sequence, at, what } = update;
    let update = match what {
        FloorNews::Snapshot { queues, agents } => Update::Snapshot(pb::FloorSnapshot {
            queues: queues.iter().map(queue::to_wire).collect(),
            agents: agents.iter().map(|(who, view)| agent::status_to_wire(who, view)).collect(),
        }),
        FloorNews::Agent(who, view) => Update::Agent(agent::status_to_wire(who, view)),
        FloorNews::Queue(status) => Update::Queue(queue::to_wire(status)),
    };
    pb::WatchFloorResponse { sequence: *sequence, time: Some(moment(*at)), update: Some(update) }
}

/// Reads it back.
pub fn from_wire(wire: pb::WatchFloorResponse) -> Result<FloorUpdate, FieldError> {
    let pb::WatchFloorResponse { sequence, time, update } = wire;
    let what = match update {
        Some(Update::Snapshot(pb::FloorSnapshot { queues, agents })) => FloorNews::Snapshot {
            queues: queues.into_iter().map(queue::from_wire).collect::<Result<_, _>>()?,
            agents: agents.into_iter().map(agent::status_from_wire).collect::<Result<_, _>>()?,
        },
        Some(Update::Agent(status)) => {
            let (who, view) = agent::status_from_wire(status)?;
            FloorNews::Agent(who, view)
        }
        Some(Update::Queue(status)) => FloorNews::Queue(queue::from_wire(status)?),
        None => return Err(FieldError::new("update", "", "use a client as new as the server")),
    };
    Ok(FloorUpdate { sequence, at: need_moment("time", time)?, what })
}
