//! Conversions between the wire and our own types, each beside the type it is about.
//!
//! Messages are taken apart without `..`: a new field breaks the build until somebody decides what it means to us.

pub mod agent;
pub mod call;
pub mod error;
pub mod floor;
pub mod name;
pub mod page;
pub mod queue;
pub mod time;
pub mod timeline;
pub mod watch;
