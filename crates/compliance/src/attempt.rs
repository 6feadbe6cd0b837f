//! What is asked: one call that somebody wants to place.

use serde::{Deserialize, Serialize};
use timbre_model::{
    CampaignId, Civil, ClientId, Consent, Party, PhoneNumber, Place, Purpose, Voice, WeeklyHours,
};

/// One call to be placed, with all that the law may ask about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Whom to call.
    pub number: PhoneNumber,
    /// Where the callee is. A region that is not known counts as every region of the country.
    pub place: Place,
    /// Every zone the callee may be in (IANA names): all of them must permit. Empty: all of the country's.
    pub zones: Vec<String>,
    /// Why the call is made.
    pub purpose: Purpose,
    /// Whether a person or a company is called.
    pub party: Party,
    /// Trade of the client company where a law singles it out: `electricity`, `financial`, `telecom`.
    pub sector: Option<String>,
    /// What allows the call, where something does.
    pub consent: Option<Consent>,
    /// Who speaks.
    pub voice: Voice,
    /// What the callee will see. `None`: nothing is presented.
    pub caller_id: Option<Presented>,
    /// The campaign.
    pub campaign: CampaignId,
    /// The company on whose behalf.
    pub client: Option<ClientId>,
    /// Who is called, where several numbers belong to one person.
    pub person: Option<String>,
    /// When the campaign began: periods anchored at its start count from here.
    pub campaign_started: Option<Civil>,
    /// The campaign's own hours, in the callee's zone, on top of the law.
    pub schedule: Option<WeeklyHours>,
    /// Whether an agent is reserved for this call before it is dialed.
    pub guaranteed_agent: bool,
    /// Codes that bind this campaign beyond the law: `IT-codice-condotta`, `house` or a part of it, `house.counts`.
    pub adherent_codes: Vec<String>,
}

/// What the callee sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presented {
    /// A number in E.164 form.
    Number(PhoneNumber),
    /// A number that exists only inside the callee's country: `400123456`, `600123456`.
    Short(String),
}
