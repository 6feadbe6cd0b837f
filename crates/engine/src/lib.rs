//! The floor: agents, queues, offers and calls as one pure state machine.
//!
//! One input goes in with one moment in time; a complete, finite set of effects comes out, or a rejection that changed
//! nothing. The engine knows no clock, no dice, no I/O, no async, no SQL, no protobuf and no SIP.

pub mod port;

mod effects;
mod input;
mod rejection;

pub use effects::{
    AgentChanged, AgentView, Because, CallEnded, Effects, Event, EventKind, OfferMade, WakeReason,
};
pub use input::{Command, ForcedState, Input, Limits, NotOfferable, Reply};
pub use rejection::{Class, Rejection};

use timbre_model::{AgentRef, CallId, Mono, Now, QueueRef, TenantId};

/// The floor of every tenant of this node.
pub struct Engine {
    limits: Limits,
}

/// A queue as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueView {
    /// The queue.
    pub queue: QueueRef,
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

impl Engine {
    /// An empty floor.
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// Feeds one input. On a rejection nothing has changed and `out` is as it was; effects are appended to `out`, so that
    /// a batch of inputs can share one.
    pub fn step(
        &mut self,
        _now: Now,
        _input: Input,
        _out: &mut Effects,
    ) -> Result<Reply, Rejection> {
        let _ = self.limits;
        Ok(Reply::Done)
    }

    /// When the engine must be given [`Input::Wake`], and why. `None`: when something else happens.
    pub fn next_wake(&self) -> Option<(Mono, WakeReason)> {
        None
    }

    /// Every agent of a tenant, in order of their ids.
    pub fn agents(&self, _tenant: &TenantId) -> Vec<(AgentRef, AgentView)> {
        Vec::new()
    }

    /// One agent.
    pub fn agent(&self, _agent: &AgentRef) -> Option<AgentView> {
        None
    }

    /// Every queue of every tenant, in order.
    pub fn queues(&self) -> Vec<QueueView> {
        Vec::new()
    }

    /// The tenant's calls in progress.
    pub fn calls(&self, _tenant: &TenantId) -> Vec<CallView> {
        Vec::new()
    }

    /// Panics where the state contradicts itself. For tests and the simulator.
    pub fn check_invariants(&self) {}
}
