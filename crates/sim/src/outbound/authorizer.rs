//! Who is called next, and whether the law lets them: what the node's authorizer does over its store, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use timbre_compliance::{
    Attempt, Catalog, Clockwatch, History, Lists, Reading, decide_reading,
};
use timbre_engine::gate::{self, Callee, Granted, Ruled};
use timbre_engine::{AuthorizeRequest, Authorized, More, Permit, Verdicts, Want, Withheld};
use timbre_model::{
    CallId, Lead, LeadId, LeadNumber, LeadRole, LeadState, ListId, NewLead, Now, Party,
    PhoneNumber, TenantId,
};

use super::setup::Leads;

/// Decides requests for attempts.
#[derive(Debug)]
pub(crate) struct Authorizer {
    pub(crate) watch: Clockwatch,
    leads: Endless,
    /// Questions asked so far, for the rotation of caller ids.
    turns: u64,
    minted: u128,
}

/// People without end.
#[derive(Debug)]
struct Endless {
    like: LeadNumber,
    next: u64,
}

impl Authorizer {
    pub(crate) fn new(leads: &Leads, now: Now) -> Self {
        let Leads::Endless(like) = leads else { unreachable!("written next") };
        let leads = Endless { like: (**like).clone(), next: 0 };
        Self { watch: Clockwatch::new(now), leads, turns: 0, minted: 0 }
    }

    /// The habits of whoever has this number.
    pub(crate) fn habits_of(&self, _number: &PhoneNumber) -> usize {
        0
    }

    /// Decides one request.
    pub(crate) fn decide(&mut self, request: &AuthorizeRequest, now: Now) -> Authorized {
        let (batch, campaign) = (request.batch, request.plan.campaign.clone());
        let reading = self.watch.observe(now);
        let verdicts = self.verdicts(request, &reading);
        Authorized { batch, campaign, verdicts }
    }

    fn verdicts(&mut self, request: &AuthorizeRequest, reading: &Reading) -> Result<Verdicts, Withheld> {
        let claimed = reading.instants.first().copied().filter(|_| reading.settled);
        let at = claimed.ok_or(Withheld::ClockUntrusted)?;
        let most = match &request.want {
            Want::Leads { most, .. } => *most,
            _ => 1,
        };
        let mut verdicts = Verdicts::default();
        let decide = |attempt: &Attempt| {
            decide_reading(
                Catalog::shipped(),
                attempt,
                &History::default(),
                &Lists::default(),
                reading,
            )
        };
        for _ in 0..most {
            let lead = Arc::new(self.leads.next(request));
            let number = &lead.person.numbers[0];
            let person = Some(&lead.person);
            let callee = Callee { number, person, lead: Some((lead.id, &lead.list)) };
            self.turns += 1;
            match gate::rule(request, callee, (self.turns, false), at, decide) {
                Ruled::Permit(granted) => {
                    self.minted += 1;
                    let id = CallId::from_u128(self.minted);
                    let attempt = Box::new(gate::intent(request, callee, &granted, (id, at)));
                    let agent = agent_of(&request.want);
                    verdicts.permits.push(Permit {
                        agent,
                        lead: Some(Arc::clone(&lead)),
                        ..permit(attempt, number, *granted)
                    });
                }
                Ruled::Refuse { because, .. } | Ruled::Withhold { because, .. } => {
                    return Err(Withheld::Other(because));
                }
            }
        }
        verdicts.more = More::Now;
        Ok(verdicts)
    }
}

fn agent_of(want: &Want) -> Option<timbre_model::AgentId> {
    match want {
        Want::Leads { .. } => None,
        Want::ForAgent { agent }
        | Want::Reserve { agent }
        | Want::Lead { agent, .. }
        | Want::Number { agent, .. } => Some(agent.clone()),
    }
}

/// A permit for an attempt, for whichever agent.
fn permit(
    attempt: Box<timbre_model::AttemptRecord>,
    number: &LeadNumber,
    granted: Granted,
) -> Permit {
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let duties = granted.obligations;
    Permit {
        attempt,
        lead: None,
        country: number.place.country.clone(),
        agent: None,
        bound: granted.bound,
        ring_min: duties.min_ring_ms.map(millis).unwrap_or_default(),
        answer_to_agent_max: duties.answer_to_agent.map(|it| millis(it.max_ms)),
        disclosures: duties.disclosures,
    }
}

impl Endless {
    fn next(&mut self, request: &AuthorizeRequest) -> Lead {
        self.next += 1;
        let stem = self.like.number.expose();
        let stem = &stem[..stem.len() - 8];
        let number = PhoneNumber::parse(&format!("{stem}{:08}", self.next % 100_000_000));
        let number = number.expect("a number with other last digits is a number");
        let numbers = vec![LeadNumber { number, ..self.like.clone() }];
        lead(self.next, &request.plan.campaign.tenant, &request.plan.spec.lists[0].list, numbers)
    }
}

/// A lead of whom nothing is known but numbers.
pub(crate) fn lead(n: u64, tenant: &TenantId, list: &ListId, numbers: Vec<LeadNumber>) -> Lead {
    let person = NewLead {
        numbers,
        name: String::new(),
        person: None,
        role: LeadRole::Unknown,
        party: Party::Consumer,
        consent: None,
        tags: BTreeSet::new(),
        attributes: BTreeMap::new(),
    };
    Lead {
        id: LeadId::from_u64(n),
        tenant: tenant.clone(),
        list: list.clone(),
        person,
        state: LeadState::Ready,
        attempts: 0,
        last_attempt_at: None,
    }
}
