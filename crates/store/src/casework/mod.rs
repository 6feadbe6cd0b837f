//! Casework: records of what follows a conversation, what is told of them, and what waits to be told.

mod agenda;
mod customers;
mod events;
mod fold;
pub(crate) mod happened;
mod interactions;
pub(crate) mod left_open;
mod letters;
mod list;
mod mails;
mod records;
mod screen_pop;
mod search;
mod wake;
mod webhooks;
mod work;

pub use agenda::{AgendaCursor, AgendaFilter, AgendaLine, AgendaPage};
pub use events::StoredEvent;
pub(crate) use events::{NewRow, Told, append_statements};
pub use interactions::InteractionPage;
pub use letters::{DeadLetter, DeadLetterCursor, DeadLetterPage, LetterChannel, WaitingLetters};
pub use list::{OpenCount, RecordFilter, RecordPage};
pub use mails::{Mail, QueuedMail};
pub use screen_pop::{KnownCustomer, ScreenPop};
pub use search::{CustomerCursor, CustomerPage, CustomerQuery};
pub use webhooks::{HeldEvent, WebhookChange, WebhookState};
pub use work::{TrailEntry, With, WorkError};

/// A record's id as it is kept: 16 bytes, as a call's is.
fn key(id: u128) -> [u8; 16] {
    id.to_be_bytes()
}

/// A record's id, of 16 bytes.
fn id(bytes: &[u8]) -> Option<u128> {
    bytes.try_into().ok().map(u128::from_be_bytes)
}
