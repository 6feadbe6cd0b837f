//! Faults of what people write.

use std::fmt;

/// One fault of one field: where it is, what stands there, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {value:?}: {remedy}")]
pub struct FieldError {
    /// Path of the field, as `queues[2].ring.answer_by_rings`.
    pub field: String,
    /// What stands there. Empty for secrets.
    pub value: String,
    /// What to write instead.
    pub remedy: String,
}

impl FieldError {
    /// A fault at `field`, where `value` stands.
    pub fn new(
        field: impl Into<String>,
        value: impl fmt::Display,
        remedy: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), value: value.to_string(), remedy: remedy.into() }
    }
}
