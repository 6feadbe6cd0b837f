//! Calls and queues as seen from outside.

use timbre_model::{AgentRef, CallId, Mono, QueueRef};

/// A queue as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// The queue.
    pub queue: QueueRef,
    /// Its name, for people.
    pub name: String,
    /// Calls that wait, offered ones included.
    pub waiting: usize,
    /// Since when the oldest of them has waited, in microseconds of the engine's clock.
    pub oldest: Option<Mono>,
    /// Agents who may take its calls and are idle.
    pub idle_agents: usize,
    /// Calls with an agent.
    pub talking: usize,
}

/// A call as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: QueueRef,
    /// The agent it is offered to, or who has it.
    pub agent: Option<AgentRef>,
    /// Since the INVITE.
    pub arrived: Mono,
    /// An agent has it.
    pub connected: bool,
    /// The customer is on hold.
    pub on_hold: bool,
}
