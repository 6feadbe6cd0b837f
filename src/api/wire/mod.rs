//! Conversions between the wire and our own types, each beside the type it is about.
//!
//! Messages are taken apart without `..`: a new field breaks the build until somebody decides what it means to us.

pub mod agenda;
pub mod agent;
pub mod attempt;
pub mod call;
pub mod campaign;
pub mod case;
mod casework;
pub mod customer;
pub mod disposition;
pub mod do_not_call;
pub mod dry_run;
pub mod error;
pub mod event;
mod faults;
pub mod floor;
pub mod follow_up;
pub mod lead;
pub mod message;
pub mod name;
mod outbound;
pub mod pacing;
pub mod page;
pub mod queue;
pub mod record;
pub mod report;
pub mod time;
pub mod timeline;
pub mod trouble;
pub mod verdict;
pub mod watch;
