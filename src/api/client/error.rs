//! Why the client got no answer.

use std::error::Error as _;

use timbre_model::FieldError;
use tonic::{Code, Status};

use crate::api::wire::error::ApiError;

/// Why the client got no answer. Says what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClientError {
    /// What was given cannot be used.
    #[error("{0}")]
    Setup(String),
    /// Nobody answers there.
    #[error("no server at {server} ({why}): start `timbre serve`, or name another with --server")]
    Unreachable {
        /// Where.
        server: String,
        /// What the network said.
        why: String,
    },
    /// The server refused.
    #[error("{0}")]
    Refused(Box<ApiError>),
    /// The server said something that this client does not understand.
    #[error("the server's answer cannot be read: {0}; use a client of the server's version")]
    Garbled(#[from] FieldError),
}

impl ClientError {
    pub(super) fn unreachable(server: &str, error: &dyn std::error::Error) -> Self {
        Self::Unreachable { server: server.to_owned(), why: root(error) }
    }

    pub(super) fn refused(server: &str, status: &Status) -> Self {
        match status.source() {
            // The transport failed: what gRPC says about it is worth less than what the network said.
            Some(source) if ApiError::from_status(status).reason.is_empty() => {
                Self::unreachable(server, source)
            }
            _ => Self::Refused(Box::new(ApiError::from_status(status))),
        }
    }

    /// The server's reason, where it gave one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused(error) => {
                Some(&error.reason).filter(|it| !it.is_empty()).map(String::as_str)
            }
            Self::Setup(_) | Self::Unreachable { .. } | Self::Garbled(_) => None,
        }
    }

    /// Trying again later may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(error) => {
                matches!(error.code, Code::Unavailable | Code::Cancelled | Code::Unknown)
                    || matches!(error.code, Code::ResourceExhausted | Code::DeadlineExceeded)
            }
            Self::Setup(_) | Self::Garbled(_) => false,
        }
    }
}

/// The innermost cause, which is what the network said.
fn root(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
