//! The floor: agents, queues, offers and calls as one pure state machine.
//!
//! One input goes in with one moment in time; a complete, finite set of effects comes out, or a rejection that changed
//! nothing. The engine knows no clock, no dice, no I/O, no async, no SQL, no protobuf and no SIP.

pub mod port;

mod agent;
mod bounds;
mod call;
mod commands;
mod connection;
mod deadlines;
mod effects;
mod ending;
mod engine;
mod input;
mod invariants;
mod matching;
mod offering;
mod queue;
mod rejection;
mod skills;
mod switch;
mod tenant;
mod timers;
mod turn;
mod views;

pub use effects::{
    AgentChanged, AgentView, Because, CallEnded, Effects, Event, EventKind, OfferMade, WakeReason,
};
pub use engine::Engine;
pub use input::{Command, ForcedState, Input, Limits, NotOfferable, Reply};
pub use rejection::{Class, Rejection};
pub use views::{CallView, QueueView};
