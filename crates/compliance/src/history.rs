//! What the store knows about the number and the person.

use serde::{Deserialize, Serialize};
use timbre_model::{CampaignId, Civil, ClientId, PhoneNumber};

/// Every charged attempt that may matter: to the number, and to the person's other numbers. Any order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// The attempts.
    pub charges: Vec<Charge>,
}

/// One attempt that was authorized. An attempt of unknown outcome is a charge like another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// When it was authorized.
    pub at: Civil,
    /// Whom it called.
    pub number: PhoneNumber,
    /// Who that was, where known.
    pub person: Option<String>,
    /// On whose behalf.
    pub client: Option<ClientId>,
    /// For which campaign.
    pub campaign: CampaignId,
    /// Somebody answered.
    pub answered: bool,
    /// An agent and the callee spoke.
    pub conversation: bool,
    /// Somebody answered and no agent came.
    pub abandoned: bool,
    /// What the callee refused in the conversation.
    pub refused: Option<Refusal>,
}

/// What a callee refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Said no to this offer (FR D.223-9: no call for 60 days).
    Offer,
    /// Said "do not call me again". Binds through the do-not-call list, too.
    OptOut,
}

/// What the do-not-call lists say about the number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lists {
    /// The house's own lists (tenant, client company, campaign, prefix): the widest hit.
    pub internal: Option<Hit>,
    /// Each registry that was imported, whether or not the number is on it. A registry a rule wants and this lacks
    /// was never imported.
    pub registries: Vec<RegistryState>,
}

/// The number is on a list of the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Which list.
    pub list: String,
    /// How far it reaches, for people: `tenant`, `client acme`, `campaign spring`, `prefix +34803`.
    pub scope: String,
    /// Since when.
    pub since: Civil,
}

/// What one imported registry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryState {
    /// Its name in the rules: `es-robinson`, `us-dnc`.
    pub name: String,
    /// Version of the last import, as its publisher calls it.
    pub imported_version: String,
    /// When it was issued, or else fetched.
    pub imported_at: Civil,
    /// Whether the number is on it.
    pub listed: bool,
}
