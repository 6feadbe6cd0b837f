//! How many calls a campaign is to place now, and how many agents a floor needs.
//!
//! [`Controller`] is told what happens (lines dialed and resolved, agents' phases, the fate of live
//! answers) and says how many lines to place, with every term of the decision. [`erlang`] has the
//! formulas of Erlang and Palm and the search for a staffing.
//!
//! This crate knows no clock, no dice, no I/O, no calls, no numbers and no law: moments enter as
//! arguments, and the share that may be abandoned is a setting.

mod agents;
mod controller;
mod decision;
mod durations;
pub mod erlang;
mod feedback;
mod forecast;
mod level;
mod lines;
mod memory;
mod normal;
mod ringing;
mod settings;
mod window;

pub use agents::{AGENTS_MAX, Phase};
pub use controller::{Controller, Resolution};
pub use decision::{Decision, HoldBack, Terms};
pub use memory::Memory;
pub use settings::{GRACE_MS_MAX, Method, RING_TIMEOUT_MS_MAX, Settings, target_for};
