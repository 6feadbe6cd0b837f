//! What must not be lost: one repository, on SQLite (embedded, the default) and on Postgres.
//!
//! A [`Store`] takes the engine's changes, a batch in one transaction, and reads back what they left. A [`Ledger`] puts a
//! [`Spool`] before it, so that changes outlive an outage of the database. This crate is the only one that knows SQL.
//! It decides nothing: it keeps facts and gives them back.
//!
//! Every key begins with the tenant, and every question names one. Times are microseconds since the epoch; a call's id
//! is 16 bytes, half of what its text would take in every key and index.

mod agents;
mod calls;
mod casework;
mod commit;
mod database;
mod error;
mod floors;
mod health;
mod ledger;
mod list;
mod offers;
mod outbound;
mod read;
mod recover;
mod requests;
mod row;
mod spool;
mod sql;
mod store;
mod timeline;
mod tokens;

pub use casework::{
    AgendaCursor, AgendaFilter, AgendaLine, AgendaPage, CustomerCursor, CustomerPage,
    CustomerQuery, DeadLetter, DeadLetterCursor, DeadLetterPage, HeldEvent, InteractionPage,
    KnownCustomer, LetterChannel, Mail, OpenCount, QueuedMail, RecordFilter, RecordPage, ScreenPop,
    StoredEvent, TrailEntry, WaitingLetters, WebhookChange, WebhookState, With, WorkError,
};
pub use error::StoreError;
pub use ledger::{Committed, Ledger};
pub use outbound::*;
pub use read::{
    CallFilter, Cursor, Description, DoneRequest, FloorVersion, Page, PageRequest, Recovered,
    StateTime,
};
pub use spool::Spool;
pub use store::Store;
