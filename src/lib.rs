//! Timbre: a contact-center engine and dialer. This package is the edge: everything that awaits.
//!
//! `driver` runs the loop, `telephony` translates between the SIP switch and the engine, `api` serves gRPC, `metrics`
//! counts, `cli` is the command line, `server` puts them together.

pub mod api;
pub mod cli;
pub mod metrics;
