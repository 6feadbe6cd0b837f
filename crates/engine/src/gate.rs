//! What the law is asked about one attempt of a campaign, and what follows from its answer. Pure: whoever authorizes
//! attempts brings the callee, and a way to decide.

use timbre_compliance::{
    Attempt, Decision, Looked, Obligations, Presented, Reason, Remedy, Verdict,
};
use timbre_model::{
    AttemptRecord, CallId, Civil, LeadId, LeadNumber, ListId, NewLead, PhoneNumber,
};

use crate::caller_id;
use crate::outbound::{AuthorizeRequest, CampaignPlan};

mod standing;

pub use standing::{Callable, Held, Standing, standing};

/// Who is to be called, as far as is known.
#[derive(Debug, Clone, Copy)]
pub struct Callee<'a> {
    /// The number and where it rings.
    pub number: &'a LeadNumber,
    /// The person; `None` where an agent entered the number.
    pub person: Option<&'a NewLead>,
    /// The lead and its list.
    pub lead: Option<(LeadId, &'a ListId)>,
}

/// What becomes of a callee.
#[derive(Debug, Clone, PartialEq)]
pub enum Ruled {
    /// May be called.
    Permit(Box<Granted>),
    /// May not.
    Refuse {
        /// The rule's id.
        rule: String,
        /// In words for people.
        because: String,
        /// When it may be looked at again; `None`: never.
        until: Option<Civil>,
    },
    /// Nothing of the campaign may be called until an operator has acted.
    Withhold {
        /// The rule's id.
        rule: String,
        /// In words for people.
        because: String,
    },
}

/// What comes with a permit.
#[derive(Debug, Clone, PartialEq)]
pub struct Granted {
    /// The number to show.
    pub caller_id: PhoneNumber,
    /// The law demands an agent of its own for this call.
    pub bound: bool,
    /// What the law demands of the call.
    pub obligations: Obligations,
    /// Every rule that was looked at.
    pub decision: Decision,
}

/// The rule by which a trunk calls no country that it does not name.
pub const TRUNK_COUNTRY: &str = "trunk-country";

/// How long a lead rests whose refusal only an operator can lift.
const OPERATOR_RESTS: std::time::Duration = std::time::Duration::from_secs(3_600);

/// How long a lead rests at least whose refusal is over by the time that the host claims.
const DOUBT_RESTS: std::time::Duration = std::time::Duration::from_secs(60);

/// Rules on one callee at `at`. `turn` counts the campaign's questions, for the caller ids' rotation; `may_bind`: an agent
/// of its own can be had where the law demands one.
pub fn rule(
    request: &AuthorizeRequest,
    callee: Callee<'_>,
    (turn, may_bind): (u64, bool),
    at: Civil,
    decide: impl Fn(&Attempt) -> Decision,
) -> Ruled {
    let country = &callee.number.place.country;
    if !request.countries.contains(country) {
        let because = format!("trunk {} may not call {country}", request.trunk);
        let until = Some(at + OPERATOR_RESTS);
        return Ruled::Refuse { rule: TRUNK_COUNTRY.to_owned(), because, until };
    }
    let numbers = &request.plan.spec.caller_ids.numbers;
    let first = callee_id(request, callee, turn);
    let others = numbers.iter().filter(|number| Some(*number) != first);
    let mut refused = None;
    for caller_id in first.into_iter().chain(others) {
        match with_caller_id(request, callee, caller_id, may_bind, &decide) {
            Ok(granted) => return Ruled::Permit(granted),
            Err(refusal) if refusal.reason == Reason::CallerIdForbidden => {
                refused.get_or_insert(refusal);
            }
            Err(refusal) => return refusal.ruled(at),
        }
    }
    let no_number = || Ruled::Withhold {
        rule: "caller-id".to_owned(),
        because: "the campaign has no number to show".to_owned(),
    };
    refused.map_or_else(no_number, |refusal| refusal.ruled(at))
}

/// A refusal of the law.
struct Refusal {
    rule: String,
    reason: Reason,
    earliest: Option<Civil>,
    because: String,
}

impl Refusal {
    fn ruled(self, at: Civil) -> Ruled {
        let Self { rule, reason, earliest, because } = self;
        let unready = matches!(
            reason,
            Reason::RegistryMissing | Reason::RegistryStale | Reason::ClockUntrusted
        );
        if unready {
            return Ruled::Withhold { rule, because };
        }
        let until = match reason.remedy() {
            // Where it is doubtful what the time is, the line that refuses may lie behind this one.
            Remedy::Wait => earliest.map(|it| if it > at { it } else { at + DOUBT_RESTS }),
            Remedy::Operator => Some(earliest.unwrap_or(at).max(at + OPERATOR_RESTS)),
            Remedy::Never => None,
        };
        Ruled::Refuse { rule, because, until }
    }
}

fn callee_id<'a>(
    request: &'a AuthorizeRequest,
    callee: Callee<'_>,
    turn: u64,
) -> Option<&'a PhoneNumber> {
    let lead = callee.lead.map(|(lead, _)| lead);
    caller_id::pick(&request.plan.spec.caller_ids, lead, &callee.number.number, turn)
}

fn with_caller_id(
    request: &AuthorizeRequest,
    callee: Callee<'_>,
    caller_id: &PhoneNumber,
    may_bind: bool,
    decide: impl Fn(&Attempt) -> Decision,
) -> Result<Box<Granted>, Refusal> {
    let ask = |bound| decide(&attempt(&request.plan, callee, caller_id, bound));
    let mut decision = ask(false);
    let needs_agent = matches!(
        decision.verdict,
        Verdict::Refuse { reason: Reason::GuaranteedAgentNeeded { .. }, .. }
    );
    let bound = needs_agent && may_bind;
    if bound {
        decision = ask(true);
    }
    match &decision.verdict {
        Verdict::Refuse { rule, reason, earliest } => Err(Refusal {
            rule: rule.to_string(),
            reason: reason.clone(),
            earliest: *earliest,
            because: decision.explain().join("; "),
        }),
        Verdict::Permit(obligations) => {
            let (caller_id, obligations) = (caller_id.clone(), obligations.clone());
            Ok(Box::new(Granted { caller_id, bound, obligations, decision }))
        }
    }
}

/// The question that the law is asked.
pub fn attempt(
    plan: &CampaignPlan,
    callee: Callee<'_>,
    caller_id: &PhoneNumber,
    guaranteed_agent: bool,
) -> Attempt {
    let spec = &plan.spec;
    Attempt {
        number: callee.number.number.clone(),
        place: callee.number.place.clone(),
        zones: callee.number.zones.clone(),
        purpose: spec.purpose,
        party: callee.person.map(|it| it.party).unwrap_or_default(),
        sector: spec.sector.as_ref().map(|it| it.as_str().to_owned()),
        consent: callee.person.and_then(|it| it.consent.clone()),
        voice: spec.voice,
        caller_id: Some(Presented::Number(caller_id.clone())),
        campaign: plan.campaign.campaign.clone(),
        client: Some(spec.client.clone()),
        person: callee.person.and_then(|it| it.person.clone()),
        campaign_started: Some(plan.started_at),
        schedule: spec.hours.clone(),
        guaranteed_agent: guaranteed_agent || spec.mode.binds_agent(),
        adherent_codes: spec.codes.iter().map(|it| it.as_str().to_owned()).collect(),
    }
}

/// The attempt as an intent: open, with nothing known but why it was permitted.
pub fn intent(
    request: &AuthorizeRequest,
    callee: Callee<'_>,
    granted: &Granted,
    (id, at): (CallId, Civil),
) -> AttemptRecord {
    let spec = &request.plan.spec;
    AttemptRecord {
        id,
        tenant: request.plan.campaign.tenant.clone(),
        campaign: request.plan.campaign.campaign.clone(),
        client: spec.client.clone(),
        list: callee.lead.map(|(_, list)| list.clone()),
        lead: callee.lead.map(|(lead, _)| lead),
        person: callee.person.and_then(|it| it.person.clone()),
        number: callee.number.number.clone(),
        caller_id: granted.caller_id.clone(),
        trunk: request.trunk.clone(),
        mode: spec.mode.as_str().to_owned(),
        consent: callee.person.and_then(|it| it.consent.clone()),
        decision: granted.decision.explain().join("\n"),
        local_time: local_time(&granted.decision),
        intent_at: at,
        intent_mono: request.asked.as_micros(),
        dialed_at: None,
        ringing_at: None,
        answered_at: None,
        connected_at: None,
        agent: None,
        machine: None,
        machine_corrected: None,
        message_played: false,
        ended_at: None,
        outcome: None,
        sip_status: None,
        q850_cause: None,
        released_by: None,
        disposition: None,
    }
}

/// The callee's clock as the first rule on hours read it; empty where no rule asked.
fn local_time(decision: &Decision) -> String {
    let local = decision.trace.iter().find_map(|it| match &it.looked {
        Looked::Local { zone, at, .. } => Some(format!("{at}[{zone}]")),
        _ => None,
    });
    local.unwrap_or_default()
}
