//! Identifiers. Each noun has its own type, so that a queue's id cannot be passed where an agent's is meant.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Longest identifier, in bytes.
pub const SLUG_LEN_MAX: usize = 64;

/// A name that people choose and machines can put in a path: `a-z`, `0-9`, `-`, `_` and `.`, 1 to 64 bytes,
/// beginning with a letter or a digit. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(Arc<str>);

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{value:?} is not an identifier: use 1 to 64 of a-z, 0-9, '-', '_' and '.', beginning with a letter or a digit"
)]
pub struct InvalidSlug {
    /// What was given, cut to 64 characters.
    pub value: String,
}

impl Slug {
    /// Checks and keeps `text`.
    pub fn parse(text: &str) -> Result<Self, InvalidSlug> {
        let well_begun = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if well_begun && text.len() <= SLUG_LEN_MAX && text.chars().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidSlug { value: text.chars().take(SLUG_LEN_MAX).collect() })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = InvalidSlug;
    fn try_from(text: String) -> Result<Self, InvalidSlug> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0.as_ref().to_owned()
    }
}

impl Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Slug);

        impl $name {
            /// Checks and keeps `text`.
            pub fn parse(text: &str) -> Result<Self, InvalidSlug> {
                Slug::parse(text).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.as_str())
            }
        }
    )*};
}

named! {
    /// The BPO operator. Everything belongs to one.
    TenantId;
    /// The company on whose behalf calls are made or taken.
    ClientId;
    /// A queue, within its tenant.
    QueueId;
    /// An agent, within its tenant.
    AgentId;
    /// A connection to a carrier or a PBX, within its tenant.
    TrunkId;
    /// Something an agent can do, within its tenant.
    SkillId;
    /// A place where agents sit, within its tenant.
    SiteId;
    /// An outbound campaign, within its tenant.
    CampaignId;
    /// A list of leads, within its tenant.
    ListId;
}

/// An agent, and whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentRef {
    /// The operator.
    pub tenant: TenantId,
    /// The agent.
    pub agent: AgentId,
}

/// A queue, and whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueRef {
    /// The operator.
    pub tenant: TenantId,
    /// The queue.
    pub queue: QueueId,
}

/// A campaign, and whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CampaignRef {
    /// The operator.
    pub tenant: TenantId,
    /// The campaign.
    pub campaign: CampaignId,
}

/// A trunk, and whose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrunkRef {
    /// The operator.
    pub tenant: TenantId,
    /// The trunk.
    pub trunk: TrunkId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_checked_where_they_enter() {
        for good in ["a", "ventas-es", "0800", "q_1.b", &"a".repeat(64)] {
            assert!(Slug::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "A", "a b", "ñ", "a/b", "tenants/t", &"a".repeat(65)] {
            assert!(Slug::parse(bad).is_err(), "{bad}");
        }
    }
}
