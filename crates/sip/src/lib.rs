//! The built-in switch: SIP signalling and RTP media. It moves calls and voices and decides nothing about queues.
//!
//! A [`Switch`] is started with a [`SwitchConfig`] and told by [`Provision`] who may talk to it. It tells what happens as
//! [`Event`]s and is asked by [`Command`]s; both name legs by [`LegId`]. Nobody outside sees the SIP stack beneath.
//!
//! | layer | where |
//! |---|---|
//! | sockets, the stack, what is answered without state | `stack`, `guard`, `salvage`, `screen`, `door` |
//! | who is who | `trunk`, `authenticator`, `credentials`, `digest`, `nonce`, `backoff`, `registrar` |
//! | dialogs and sessions | `leg`, `sdp` |
//! | the one owner of state, and what it does | `desk` |
//! | voice | [`media`] |

mod authenticator;
mod backoff;
mod census;
mod config;
mod counters;
mod credentials;
mod desk;
mod digest;
mod door;
mod guard;
mod identity;
mod leg;
pub mod media;
mod nat;
mod nonce;
mod port;
mod provision;
mod reason;
mod registrar;
mod reply;
mod salvage;
mod screen;
mod sdp;
mod stack;
mod switch;
mod trunk;
mod wheel;

pub use config::{Limits, SwitchConfig, Timing, TlsListen};
pub use counters::{Counters, RefusedFor};
pub use desk::trunks::TrunkState;
pub use port::{Arrival, Command, Dial, End, Event, LegId, Refusal};
pub use provision::{
    Carriage, Credentials, Ha1, Login, Network, Outbound, Provision, Station, Trunk,
};
pub use switch::{LocalAddrs, StartError, Switch};
