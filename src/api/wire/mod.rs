//! Conversions between the wire and our own types, each beside the type it is about.
//!
//! Messages are taken apart without `..`: a new field breaks the build until somebody decides what it means to us.

pub mod agent;
pub mod attempt;
pub mod call;
pub mod campaign;
mod casework;
pub mod disposition;
pub mod do_not_call;
pub mod dry_run;
pub mod error;
mod faults;
pub mod floor;
pub mod lead;
pub mod name;
mod outbound;
pub mod pacing;
pub mod follow_up;
pub mod page;
pub mod queue;
pub mod time;
pub mod timeline;
pub mod verdict;
pub mod watch;
