//! What stands between somebody and a call, looked at now by the same rules that authorize calls. Charges nothing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use timbre_compliance::{Attempt, Catalog, Decision, History, Lists, decide};
use timbre_engine::gate::{self, Callee, Ruled};
use timbre_engine::{AuthorizeRequest, CampaignPlan, Want};
use timbre_model::{
    CampaignRef, CampaignSpec, Civil, FloorSpec, Lead, LeadNumber, LeadState, ListSpec, NewLead,
    PhoneNumber, TenantId,
};
use timbre_store::{Candidate, Filter, JudgedLead, WhichLeads};
use tonic::Status;

use super::wire::verdict::Verdict;
use super::{Context, status, verdict};
use crate::authorize;

/// Decides for one tenant at one moment.
pub(super) struct Judge<'a> {
    context: &'a Context,
    tenant: TenantId,
    floor: FloorSpec,
    at: Civil,
}

/// When somebody may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Callable {
    Now,
    Later(Option<Civil>),
    Never,
}

impl Callable {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Later(_) => "later",
            Self::Never => "never",
        }
    }

    pub(super) fn earliest(self) -> Option<Civil> {
        match self {
            Self::Later(at) => at,
            Self::Now | Self::Never => None,
        }
    }
}

/// What stands in the way of a lead, if anything.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) callable: Callable,
    pub(super) rule: String,
    pub(super) because: String,
}

impl Standing {
    fn new(callable: Callable, rule: &str, because: impl Into<String>) -> Self {
        Self { callable, rule: rule.to_owned(), because: because.into() }
    }
}

/// What is said about one number.
#[derive(Debug, Clone)]
pub(super) struct Ruling {
    pub(super) ruled: Ruled,
    pub(super) verdict: Verdict,
}

impl<'a> Judge<'a> {
    pub(super) async fn new(
        context: &'a Context,
        tenant: &TenantId,
        at: Civil,
    ) -> Result<Self, Status> {
        let floor = context.feed.floor(tenant).ok_or_else(status::no_floor)?;
        Ok(Self { context, tenant: tenant.clone(), floor: (*floor).clone(), at })
    }

    pub(super) fn floor(&self) -> &FloorSpec {
        &self.floor
    }

    /// A request as the engine makes it for a campaign that runs, over its first trunk.
    pub(super) async fn request(&self, spec: &CampaignSpec) -> Result<AuthorizeRequest, Status> {
        let of =
            |id: &timbre_model::ListId| self.floor.lists.iter().find(|it| it.id == *id).cloned();
        let lists: Vec<ListSpec> = spec.lists.iter().filter_map(|it| of(&it.list)).collect();
        let campaign = CampaignRef { tenant: self.tenant.clone(), campaign: spec.id.clone() };
        let started_at = self.started_at(&campaign).await?.unwrap_or(self.at);
        let trunk = spec.trunks.first().ok_or_else(|| status::unknown_trunk(&spec.id))?.clone();
        let plan = CampaignPlan { campaign, spec: spec.clone(), lists, started_at };
        Ok(AuthorizeRequest {
            batch: 0,
            plan: Arc::new(plan),
            countries: Arc::new(self.countries(&trunk)),
            trunk,
            want: Want::Leads { most: 1, bindable: 1, ready: Vec::new() },
            asked: timbre_model::Mono::from_micros(0),
        })
    }

    /// What its trunk names, or else the trunk's own.
    fn countries(&self, trunk: &timbre_model::TrunkId) -> BTreeSet<String> {
        let spec = self.floor.trunks.iter().find(|it| it.id == *trunk);
        let named = spec.and_then(|it| it.outbound.as_ref()).map(|it| it.countries.clone());
        match (named, spec) {
            (Some(named), _) if !named.is_empty() => named,
            (_, Some(spec)) => [spec.country.clone()].into(),
            (_, None) => BTreeSet::new(),
        }
    }

    async fn started_at(&self, campaign: &CampaignRef) -> Result<Option<Civil>, Status> {
        let all = self.context.store.campaigns().await.map_err(|it| status::store(&it))?;
        let this = |it: &&timbre_model::CampaignRecord| {
            it.tenant == campaign.tenant && it.campaign == campaign.campaign
        };
        Ok(all.iter().find(this).and_then(|it| it.started_at))
    }

    /// Some leads, and what is said about each of their numbers.
    pub(super) async fn leads(
        &self,
        request: &AuthorizeRequest,
        which: WhichLeads,
    ) -> Result<Vec<JudgedLead<Ruling>>, Status> {
        let ask = self.ask(request)?;
        let (request, at) = (request.clone(), self.at);
        let judge = move |candidate: &Candidate, history: &History, lists: &Lists| {
            let Some(lead) = &candidate.lead else { unreachable!("only leads are judged here") };
            let number = &lead.person.numbers[candidate.index];
            let id = (lead.id, &lead.list);
            let callee = Callee { number, person: Some(&lead.person), lead: Some(id) };
            ruling(&request, callee, (history, lists), at)
        };
        let judged = self.context.store.judge(ask, which, judge).await;
        judged.map_err(|it| status::store(&it))
    }

    /// What is said about a number that is no lead's; `person` is what is claimed of who has it.
    pub(super) async fn number(
        &self,
        request: &AuthorizeRequest,
        number: LeadNumber,
        person: NewLead,
    ) -> Result<Ruling, Status> {
        let ask = self.ask(request)?;
        let (request, at) = (request.clone(), self.at);
        let called: PhoneNumber = number.number.clone();
        let judge = move |_: &Candidate, history: &History, lists: &Lists| {
            let callee = Callee { number: &number, person: Some(&person), lead: None };
            ruling(&request, callee, (history, lists), at)
        };
        let judged = self.context.store.judge_number(ask, called, judge).await;
        judged.map_err(|it| status::store(&it))
    }

    fn ask(&self, request: &AuthorizeRequest) -> Result<timbre_store::Ask, Status> {
        authorize::ask(request, self.at)
            .map_err(|why| status::campaign_unready(&super::wire::pacing::withheld_words(&why)))
    }

    /// What holds for a lead in a campaign, over all of its numbers.
    pub(super) fn standing(&self, spec: &CampaignSpec, judged: &JudgedLead<Ruling>) -> Standing {
        let JudgedLead { lead, because, numbers } = judged;
        if let Some(standing) = self.of_state(lead, because.as_deref()) {
            return standing;
        }
        if let Some(filter) = filter_of(spec, lead)
            && !filter.passes(lead)
        {
            let because = format!("the campaign's filter leaves it out: {}", filter.source());
            return Standing::new(Callable::Never, "filter", because);
        }
        let promised = matches!(lead.state, LeadState::Callback { .. });
        let left: Vec<_> = numbers.iter().filter(|it| promised || !it.given_up).collect();
        if left.is_empty() {
            let because = format!(
                "tried {} times, as often as the campaign allows ({} a lead, {} a number)",
                lead.attempts, spec.recycle.per_lead, spec.recycle.per_number
            );
            return Standing::new(Callable::Never, "exhausted", because);
        }
        let rulings = left.iter().map(|it| of_ruling(&it.verdict.ruled));
        let soonest = rulings.min_by_key(|it| match it.callable {
            Callable::Now => (0, None),
            Callable::Later(Some(at)) => (1, Some(at)),
            Callable::Later(None) => (2, None),
            Callable::Never => (3, None),
        });
        soonest.unwrap_or_else(|| Standing::new(Callable::Never, "number", "it has no number"))
    }

    /// Where the lead's own state keeps it back, whatever the law says.
    fn of_state(&self, lead: &Lead, because: Option<&str>) -> Option<Standing> {
        let later = |at: Civil, why: String| {
            (at > self.at).then(|| Standing::new(Callable::Later(Some(at)), "lead-state", why))
        };
        match &lead.state {
            LeadState::Ready => None,
            LeadState::Claimed => {
                let why = "it is being called, or an agent looks at it";
                Some(Standing::new(Callable::Later(None), "claimed", why))
            }
            LeadState::Retry { at } => later(*at, "it waits for its next try".to_owned()),
            LeadState::Callback { at, agent } => {
                let by = agent.as_ref().map(|it| format!(" by {it}")).unwrap_or_default();
                later(*at, format!("a call was promised{by} for then"))
            }
            LeadState::Finished { disposition } => {
                let why =
                    format!("it is finished: {disposition}; `timbre leads reset` begins anew");
                Some(Standing::new(Callable::Never, "finished", why))
            }
            LeadState::Blocked { rule, until: Some(at) } if *at > self.at => {
                let why = because.unwrap_or("it was refused when it was looked at last");
                Some(Standing::new(Callable::Later(Some(*at)), rule, why))
            }
            LeadState::Blocked { until: Some(_), .. } => None,
            LeadState::Blocked { rule, until: None } => {
                let why = because.unwrap_or("it was refused for good when it was looked at last");
                Some(Standing::new(Callable::Never, rule, why))
            }
        }
    }
}

fn filter_of(spec: &CampaignSpec, lead: &Lead) -> Option<Filter> {
    let list = spec.lists.iter().find(|it| it.list == lead.list)?;
    Filter::parse(list.filter.as_deref()?).ok()
}

fn of_ruling(ruled: &Ruled) -> Standing {
    match ruled {
        Ruled::Permit(_) => Standing::new(Callable::Now, "", ""),
        Ruled::Refuse { rule, because, until: Some(at) } => {
            Standing::new(Callable::Later(Some(*at)), rule, because.as_str())
        }
        Ruled::Refuse { rule, because, until: None } => {
            Standing::new(Callable::Never, rule, because.as_str())
        }
        Ruled::Withhold { rule, because } => {
            Standing::new(Callable::Later(None), rule, because.as_str())
        }
    }
}

fn ruling(
    request: &AuthorizeRequest,
    callee: Callee<'_>,
    (history, lists): (&History, &Lists),
    at: Civil,
) -> Ruling {
    // The gate asks once for each caller id it may show; the last answer is the one it rules by.
    let last: Mutex<Option<Decision>> = Mutex::new(None);
    let ask = |attempt: &Attempt| {
        let decision = decide(Catalog::shipped(), attempt, history, lists, at);
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(decision.clone());
        decision
    };
    let ruled = gate::rule(request, callee, (0, true), at, ask);
    let decision = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ruling { verdict: verdict::of(&ruled, decision.as_ref()), ruled }
}
