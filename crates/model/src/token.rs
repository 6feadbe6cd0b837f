//! Credentials of the API.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::call::words;
use crate::{AgentId, Civil, TenantId};

/// What the bearer of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Works a station: one agent's own stream.
    Agent,
    /// Watches the floor and forces states.
    Supervisor,
    /// Defines the floor, and all that a supervisor may.
    Operator,
    /// All of it, and tokens.
    Admin,
    /// Drives calls for the engine.
    Switch,
}

words! {
    Role {
        Agent = "agent", Supervisor = "supervisor", Operator = "operator", Admin = "admin",
        Switch = "switch",
    }
}

/// A token as it is stored. The secret itself is shown once and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// Names the token in lists; not secret.
    pub id: String,
    /// SHA-256 of the secret. A random secret of 256 bits needs no slow hash.
    pub hash: [u8; 32],
    /// Whose.
    pub tenant: TenantId,
    /// What its bearer may do.
    pub role: Role,
    /// The agent it is for. Present exactly where `role` is [`Role::Agent`].
    pub agent: Option<AgentId>,
    /// When it was made.
    pub created_at: Civil,
    /// When it ends; `None` for one that ends only when revoked.
    pub expires_at: Option<Civil>,
    /// When it was revoked.
    pub revoked_at: Option<Civil>,
}
