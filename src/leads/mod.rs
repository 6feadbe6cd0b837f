//! What an import brings, read into leads: the same reading for the API, which believes nobody, and for the command line,
//! which tells its user at once.
//!
//! Every number is brought to E.164 form, placed and given every time zone its callee may be in. What cannot be read is
//! refused with its field, its value, the reason and what to write instead; nothing is guessed and nothing falls away
//! silently.

pub mod columns;
mod consent;
pub mod file;
pub mod number;
mod person;
pub mod place;
pub mod rejects;
mod words;

use std::collections::BTreeMap;

use timbre_model::{CampaignId, Civil, FloorSpec, NewLead};

pub use person::read;
pub use place::located;

/// A lead as a source gives it: text, of which nothing is believed yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawLead {
    /// Where they may be called, in order of preference.
    pub numbers: Vec<RawNumber>,
    /// Their name.
    pub name: String,
    /// The operator's own key of the person; empty: none.
    pub key: String,
    /// Whether they decide; empty: not known.
    pub role: String,
    /// Consumer or business; empty: consumer.
    pub party: String,
    /// On what ground they may be called.
    pub consent: Option<RawConsent>,
    /// Hints for the agent.
    pub tags: Vec<String>,
    /// Anything else.
    pub attributes: BTreeMap<String, String>,
}

/// A number as a source gives it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawNumber {
    /// As it was written.
    pub number: String,
    /// What it is; empty: not known.
    pub label: String,
    /// ISO 3166-2 without the country; empty: not known.
    pub region: String,
    /// Zones that the source vouches for; empty: the number says them.
    pub zones: Vec<String>,
    /// Empty: not known.
    pub postcode: String,
}

/// The ground of a call as a source gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawConsent {
    /// Which.
    pub basis: String,
    /// When it was given.
    pub given_at: Option<Civil>,
}

/// What holds for a whole import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// ISO 3166 code of the country that completes national numbers.
    pub country: String,
    /// This moment: no consent is younger.
    pub now: Civil,
}

/// A lead that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The lead.
    pub lead: NewLead,
    /// Those of its several numbers that cannot be called.
    pub left_out: Vec<Fault>,
}

/// Why a lead, or one of its numbers, was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field: `numbers[0].number`, `consent.basis`, `attributes.edad`.
    pub field: String,
    /// What stands there.
    pub value: String,
    /// Why it was not taken.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

impl Fault {
    /// A fault of a field; the value is cut where it is long.
    pub fn new(
        field: impl Into<String>,
        value: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            value: value.chars().take(64).collect(),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}

/// The country that completes national numbers of a campaign: that of its first list.
pub fn home_of(floor: &FloorSpec, campaign: &CampaignId) -> Option<String> {
    let campaign = floor.campaigns.iter().find(|it| it.id == *campaign)?;
    let first = campaign.lists.first()?;
    floor.lists.iter().find(|it| it.id == first.list).map(|it| it.country.clone())
}
