//! Has the law decide what may be dialed: the engine's requests in, permits out, each charged and durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use timbre_compliance::{Attempt, Catalog, Decision, History, Lists, decide_reading};
use timbre_engine::gate::{self, Callee, Granted, Ruled};
use timbre_engine::{
    AuthorizeRequest, Authorized, More, Permit, Refused, Verdicts, Want, Withheld,
};
use timbre_model::{Civil, LeadNumber};
use timbre_store::{
    Ask, AskedList, Candidate, Filter, Ledger, MoreLeads, Outcome, Permitted, Ruling, StoreError,
    Wanted,
};
use tokio::sync::mpsc;

use crate::telephony::new_call_id;

mod trust;

pub use trust::Trust;

/// The longest period that a rule of the shipped jurisdictions looks back, and some.
const LOOK_BACK: Duration = Duration::from_secs(62 * 86_400);

/// Decides requests for attempts. Cheap to clone.
#[derive(Clone)]
pub struct Authorizer(Arc<Shared>);

struct Shared {
    ledger: Ledger,
    trust: Trust,
    /// Questions asked so far, for the rotation of caller ids.
    turns: AtomicU64,
}

/// What a permit carries beside its attempt.
struct Extra {
    country: String,
    bound: bool,
    ring_min: Duration,
    answer_to_agent_max: Option<Duration>,
    disclosures: Vec<String>,
}

impl Authorizer {
    /// Decides over `ledger`, by a clock watched by `trust`.
    pub fn new(ledger: Ledger, trust: Trust) -> Self {
        Self(Arc::new(Shared { ledger, trust, turns: AtomicU64::new(0) }))
    }

    /// Has a request decided apart from the loop; the answer goes to `tell`.
    pub fn submit(&self, request: AuthorizeRequest, tell: mpsc::UnboundedSender<Authorized>) {
        let shared = self.0.clone();
        tokio::spawn(async move {
            let (batch, campaign) = (request.batch, request.plan.campaign.clone());
            let verdicts = shared.run(request).await;
            // A loop that has ended wants no answer; what was permitted stays indeterminate.
            let _ = tell.send(Authorized { batch, campaign, verdicts });
        });
    }
}

impl Shared {
    async fn run(self: &Arc<Self>, request: AuthorizeRequest) -> Result<Verdicts, Withheld> {
        let reading = self.trust.observe();
        // What is charged is charged at the latest that it may be: a clock that was behind would leave charges that seem old
        // when it is put right, and a number would be called again before its rest is over.
        let latest = reading.instants.iter().max().copied().filter(|_| reading.settled);
        let at = latest.ok_or(Withheld::ClockUntrusted)?;
        let ask = ask(&request, at)?;
        let (shared, request) = (self.clone(), Arc::new(request));
        let asked = request.clone();
        let mut bound_left = bindable(&request.want);
        let ruling = move |candidate: &Candidate, history: &History, lists: &Lists| {
            let turn = shared.turns.fetch_add(1, Ordering::Relaxed);
            let decide = |attempt: &Attempt| {
                decide_reading(Catalog::shipped(), attempt, history, lists, &reading)
            };
            let ruling = ruling(&asked, candidate, (turn, bound_left > 0, at), decide);
            if let Ruling::Permit(_, Extra { bound: true, .. }) = &ruling {
                bound_left -= 1;
            }
            ruling
        };
        let outcome = self.ledger.authorize(ask, ruling).await.map_err(withheld)?;
        verdicts(&request, outcome)
    }
}

/// Rules on one candidate at `at`. See [`gate::rule`] for the rest.
fn ruling(
    request: &AuthorizeRequest,
    candidate: &Candidate,
    (turn, may_bind, at): (u64, bool, Civil),
    decide: impl Fn(&Attempt) -> Decision,
) -> Ruling<Extra> {
    let entered;
    let number = match &candidate.lead {
        Some(lead) => &lead.person.numbers[candidate.index],
        None => {
            entered = crate::leads::located(&candidate.number);
            &entered
        }
    };
    let callee = Callee {
        number,
        person: candidate.lead.as_ref().map(|lead| &lead.person),
        lead: candidate.lead.as_ref().map(|lead| (lead.id, &lead.list)),
    };
    match gate::rule(request, callee, (turn, may_bind), at, decide) {
        Ruled::Refuse { rule, because, until } => Ruling::Refuse { rule, because, until },
        Ruled::Withhold { rule, because } => Ruling::Withhold { rule, because },
        Ruled::Permit(granted) => {
            let attempt = gate::intent(request, callee, &granted, (new_call_id(), at));
            Ruling::Permit(Box::new(attempt), extra(number, *granted))
        }
    }
}

fn extra(number: &LeadNumber, granted: Granted) -> Extra {
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let duties = granted.obligations;
    Extra {
        country: number.place.country.clone(),
        bound: granted.bound,
        ring_min: duties.min_ring_ms.map(millis).unwrap_or_default(),
        answer_to_agent_max: duties.answer_to_agent.map(|it| millis(it.max_ms)),
        disclosures: duties.disclosures,
    }
}

/// Attempts of the request that may demand an agent of their own.
fn bindable(want: &Want) -> u32 {
    match want {
        Want::Leads { bindable, .. } => *bindable,
        Want::ForAgent { .. } | Want::Reserve { .. } | Want::Lead { .. } | Want::Number { .. } => 1,
    }
}

/// What the store is asked, for a request.
pub(crate) fn ask(request: &AuthorizeRequest, at: Civil) -> Result<Ask, Withheld> {
    let plan = &request.plan;
    let lists: Result<Vec<_>, Withheld> = plan
        .spec
        .lists
        .iter()
        .zip(&plan.lists)
        .map(|(used, list)| {
            let filter = used.filter.as_deref().map(Filter::parse).transpose();
            let filter = filter.map_err(|why| {
                Withheld::Other(format!("the filter of list {}: {why}", used.list))
            })?;
            let fewest_first = list.order == timbre_model::LeadOrder::FewestAttempts;
            Ok(AskedList { list: used.list.clone(), weight: used.weight, filter, fewest_first })
        })
        .collect();
    Ok(Ask {
        tenant: plan.campaign.tenant.clone(),
        campaign: plan.campaign.campaign.clone(),
        client: plan.spec.client.clone(),
        lists: lists?,
        recycle: plan.spec.recycle.clone(),
        want: wanted(&request.want),
        callback_fallback: plan.spec.callback_fallback,
        refusals: plan.refusals.as_ref().clone(),
        look_back: LOOK_BACK,
        at,
    })
}

fn wanted(want: &Want) -> Wanted {
    match want {
        Want::Leads { most, bindable, ready } => {
            Wanted::Next { most: *most, personal_most: *bindable, ready: ready.clone() }
        }
        Want::ForAgent { agent } => {
            Wanted::Next { most: 1, personal_most: 1, ready: vec![agent.clone()] }
        }
        Want::Reserve { agent } => Wanted::Reserve { agent: agent.clone() },
        Want::Lead { lead, agent } => Wanted::Lead { lead: *lead, agent: agent.clone() },
        Want::Number { number, .. } => Wanted::Number(number.clone()),
    }
}

fn withheld(why: StoreError) -> Withheld {
    match why {
        StoreError::Unavailable(_) => Withheld::StoreAway,
        other => Withheld::Other(other.to_string()),
    }
}

fn verdicts(request: &AuthorizeRequest, outcome: Outcome<Extra>) -> Result<Verdicts, Withheld> {
    let Outcome { permits, reserved, refused, withheld, more } = outcome;
    if let (Some((rule, because)), true) = (withheld, permits.is_empty()) {
        return Err(match rule.as_str() {
            "clock" => Withheld::ClockUntrusted,
            _ => Withheld::StaleList { list: because },
        });
    }
    let refused = refused.into_iter().map(|it| Refused {
        lead: it.lead,
        rule: it.rule,
        because: it.because,
        until: it.until,
    });
    Ok(Verdicts {
        permits: permits.into_iter().map(|it| permit(request, it)).collect(),
        reserved: reserved.map(Arc::new),
        refused: refused.collect(),
        more: match more {
            MoreLeads::Now => More::Now,
            MoreLeads::Later(at) => More::Later(at),
            MoreLeads::Exhausted => More::Exhausted,
        },
    })
}

fn permit(request: &AuthorizeRequest, it: Permitted<Extra>) -> Permit {
    let asked_for = match &request.want {
        Want::Leads { .. } => None,
        Want::ForAgent { agent }
        | Want::Reserve { agent }
        | Want::Lead { agent, .. }
        | Want::Number { agent, .. } => Some(agent.clone()),
    };
    Permit {
        attempt: it.attempt,
        lead: it.lead.map(Arc::new),
        country: it.extra.country,
        agent: asked_for.or(it.agent),
        bound: it.extra.bound,
        ring_min: it.extra.ring_min,
        answer_to_agent_max: it.extra.answer_to_agent_max,
        disclosures: it.extra.disclosures,
    }
}
