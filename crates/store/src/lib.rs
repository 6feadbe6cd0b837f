//! What must not be lost: one repository, on SQLite (embedded, the default) and on Postgres.
//!
//! A [`Store`] takes the engine's changes, a batch in one transaction, and reads back what they left. A [`Ledger`] puts a
//! [`Spool`] before it, so that changes outlive an outage of the database. This crate is the only one that knows SQL.
//! It decides nothing: it keeps facts and gives them back.

mod error;
mod ledger;
mod read;
mod spool;
mod store;

pub use error::StoreError;
pub use ledger::{Committed, Ledger};
pub use read::{
    CallFilter, Cursor, Description, DoneRequest, FloorVersion, Page, PageRequest, Recovered,
    StateTime,
};
pub use spool::Spool;
pub use store::Store;
