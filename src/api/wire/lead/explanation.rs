//! Whether a lead may be called, and by which rule not.

use timbre_model::{CampaignRef, Civil, FieldError, Lead, PhoneNumber};

use super::{from_wire, read_number};
use crate::api::pb;
use crate::api::wire::time::read_moment;
use crate::api::wire::{name, verdict};

/// What stands between a lead and a call.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadExplanation {
    /// The lead; `None` where the server does not tell it.
    pub lead: Option<Lead>,
    /// One for each campaign that calls its list.
    pub campaigns: Vec<CampaignVerdict>,
}

/// What stands between a lead and the calls of one campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignVerdict {
    /// Which campaign.
    pub campaign: CampaignRef,
    /// `now`, `later` or `never`.
    pub callable: String,
    /// What keeps it back; empty where nothing does.
    pub rule: String,
    /// Why.
    pub because: String,
    /// From when it may be called; `None`: now, or no waiting helps.
    pub earliest: Option<Civil>,
    /// One for each of its numbers.
    pub numbers: Vec<NumberVerdict>,
}

/// What the law says about one of a lead's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberVerdict {
    /// Which.
    pub number: PhoneNumber,
    /// What it says.
    pub verdict: verdict::Verdict,
    /// It was tried as often as the campaign allows.
    pub given_up: bool,
}

/// Reads it.
pub fn explanation_from_wire(wire: pb::LeadExplanation) -> Result<LeadExplanation, FieldError> {
    let pb::LeadExplanation { lead, campaigns } = wire;
    Ok(LeadExplanation {
        lead: lead.map(from_wire).transpose()?,
        campaigns: campaigns.into_iter().map(campaign_from_wire).collect::<Result<_, _>>()?,
    })
}

fn campaign_from_wire(wire: pb::CampaignVerdict) -> Result<CampaignVerdict, FieldError> {
    let pb::CampaignVerdict { campaign, callable, rule, because, earliest_time, numbers } = wire;
    Ok(CampaignVerdict {
        campaign: name::read_campaign("campaigns.campaign", &campaign)?,
        callable,
        rule,
        because,
        earliest: read_moment("campaigns.earliest_time", earliest_time)?,
        numbers: numbers.into_iter().map(number_from_wire).collect::<Result<_, _>>()?,
    })
}

fn number_from_wire(wire: pb::NumberVerdict) -> Result<NumberVerdict, FieldError> {
    let pb::NumberVerdict { number, verdict, given_up } = wire;
    let absent = || FieldError::new("numbers.verdict", "", "give what the law says");
    Ok(NumberVerdict {
        number: read_number("numbers.number", &number)?,
        verdict: verdict::from_wire(verdict.ok_or_else(absent)?)?,
        given_up,
    })
}
