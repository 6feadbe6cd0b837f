//! Why the store could not do as asked.

/// Closed: every caller decides what each means to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, refuses writes, or did not answer in time. What was asked may or may not have
    /// happened; every write of this crate may be repeated.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A kept value cannot be read back. Nothing was changed.
    #[error("{table}.{column} of {id} holds a value that cannot be read")]
    Corrupt {
        /// The table, or `spool` for the spool's file.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key as text, or the offset within the spool's file.
        id: String,
    },
    /// The database's schema is not the one that this program knows.
    #[error("{0}")]
    Schema(String),
    /// The database cannot be used as it is: its address, its file or its server must be set right first. The text says
    /// how.
    #[error("{0}")]
    Setup(String),
    /// The database refused a statement that it should have taken. A fault of this program.
    #[error("the database refused a statement: {0}")]
    Refused(String),
    /// The key is taken by something else.
    #[error("{0} exists already and is another one")]
    Conflict(String),
    /// The spool holds as much as it may, or its disk does. Nothing was kept.
    #[error("the spool cannot keep more: {0}")]
    SpoolFull(String),
}
