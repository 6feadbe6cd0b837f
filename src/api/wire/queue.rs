//! Queues as they now stand.

use std::time::Duration;

use timbre_model::{FieldError, QueueRef};

use super::name;
use super::time::{read_span, span};
use crate::api::pb;
use crate::feed::QueueCounts;

/// A queue as supervisors see it.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueStatus {
    /// The queue.
    pub queue: QueueRef,
    /// Its name, for people.
    pub name: String,
    /// Calls that wait, offered ones included.
    pub waiting: u32,
    /// How long the oldest of them has waited.
    pub oldest_wait: Option<Duration>,
    /// Agents who may take its calls and are idle.
    pub idle_agents: u32,
    /// Calls with an agent.
    pub talking: u32,
    /// What has happened to it.
    pub counts: QueueCounts,
}

/// As the wire has it.
pub fn to_wire(status: &QueueStatus) -> pb::QueueStatus {
    let QueueStatus { queue, name, waiting, oldest_wait, idle_agents, talking, counts } = status;
    let QueueCounts {
        arrived,
        answered,
        within_service_level,
        abandoned,
        abandoned_short,
        refused,
        lost,
        answered_in_ring,
        answer_seconds,
        hold_seconds,
        holds,
    } = counts;
    pb::QueueStatus {
        queue: name::queue(queue),
        display_name: name.clone(),
        waiting: *waiting,
        oldest_wait: oldest_wait.map(span),
        idle_agents: *idle_agents,
        talking: *talking,
        arrived: *arrived,
        answered: *answered,
        within_service_level: *within_service_level,
        abandoned: *abandoned,
        abandoned_short: *abandoned_short,
        refused: *refused,
        lost: *lost,
        answered_in_ring: answered_in_ring.clone(),
        answer_seconds: *answer_seconds,
        hold_seconds: *hold_seconds,
        holds: *holds,
    }
}

/// Reads it back.
pub fn from_wire(wire: pb::QueueStatus) -> Result<QueueStatus, FieldError> {
    let pb::QueueStatus {
        queue,
        display_name,
        waiting,
        oldest_wait,
        idle_agents,
        talking,
        arrived,
        answered,
        within_service_level,
        abandoned,
        abandoned_short,
        refused,
        lost,
        answered_in_ring,
        answer_seconds,
        hold_seconds,
        holds,
    } = wire;
    Ok(QueueStatus {
        queue: name::read_queue("queue", &queue)?,
        name: display_name,
        waiting,
        oldest_wait: read_span("oldest_wait", oldest_wait)?,
        idle_agents,
        talking,
        counts: QueueCounts {
            arrived,
            answered,
            within_service_level,
            abandoned,
            abandoned_short,
            refused,
            lost,
            answered_in_ring,
            answer_seconds,
            hold_seconds,
            holds,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::{QueueId, TenantId};

    #[test]
    fn a_queue_survives_the_wire() {
        let status = QueueStatus {
            queue: QueueRef {
                tenant: TenantId::parse("acme").expect("an id"),
                queue: QueueId::parse("ventas").expect("an id"),
            },
            name: "Ventas".to_owned(),
            waiting: 1,
            oldest_wait: Some(Duration::from_millis(2_500)),
            idle_agents: 3,
            talking: 4,
            counts: QueueCounts {
                arrived: 5,
                answered: 6,
                within_service_level: 7,
                abandoned: 8,
                abandoned_short: 9,
                refused: 10,
                lost: 11,
                answered_in_ring: vec![12, 13, 14],
                answer_seconds: 15.5,
                hold_seconds: 16.5,
                holds: 17,
            },
        };
        assert_eq!(from_wire(to_wire(&status)), Ok(status));
    }
}
