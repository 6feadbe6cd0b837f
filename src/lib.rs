//! Timbre: a contact-center engine and dialer. This package is the edge: everything that awaits.
//!
//! `driver` runs the loop, `authorize` has the law decide what it may dial, `telephony` translates between the SIP switch and the engine, `feed` keeps what happened for
//! those who listen, `leads` reads what an import brings, `casework` does what follows a conversation, `api` serves gRPC, `metrics` counts, `cli` is the command line, `server` puts
//! them together, `demo` shows them at work.

pub mod api;
pub mod authorize;
pub mod casework;
pub mod cli;
pub mod config;
pub mod demo;
pub mod driver;
pub mod feed;
pub mod leads;
pub mod metrics;
pub mod server;
pub mod telephony;
