//! The built-in switch: SIP signalling and RTP media. It moves calls and voices and decides nothing about queues.
//!
//! A [`Switch`] is started with a [`SwitchConfig`] and told by [`Provision`] who may talk to it. It tells what happens as
//! [`Event`]s and is asked by [`Command`]s; both name legs by [`LegId`]. Nobody outside sees the SIP stack beneath.

mod config;
mod counters;
mod digest;
pub mod media;
mod port;
mod provision;
mod switch;

pub use config::{Limits, SwitchConfig, Timing, TlsListen};
pub use counters::{Counters, RefusedFor};
pub use port::{Arrival, Command, End, Event, LegId, Refusal};
pub use provision::{Credentials, Ha1, Network, Provision, Station, Trunk};
pub use switch::{LocalAddrs, StartError, Switch};
