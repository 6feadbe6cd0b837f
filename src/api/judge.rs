//! What stands between somebody and a call, looked at now by the same rules that authorize calls. Charges nothing.

use std::sync::{Arc, Mutex, PoisonError};

use timbre_compliance::{Attempt, Catalog, Decision, History, Lists, decide};
use timbre_engine::gate::{self, Callee, Held, Ruled, Standing};
use timbre_engine::{AuthorizeRequest, CampaignPlan, Want};
use timbre_model::{
    CampaignRef, CampaignSpec, Civil, FloorSpec, Lead, LeadNumber, ListSpec, NewLead, PhoneNumber,
    TenantId, TrunkSpec,
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
        let kept = self.context.store.campaign(&self.tenant, &spec.id).await;
        let kept = kept.map_err(|it| status::store(&it))?;
        let started_at = kept.and_then(|it| it.started_at).unwrap_or(self.at);
        let trunk = spec.trunks.first().ok_or_else(|| status::unknown_trunk(&spec.id))?.clone();
        let of_trunk = self.floor.trunks.iter().find(|it| it.id == trunk);
        let countries = of_trunk.map(TrunkSpec::countries).unwrap_or_default();
        let plan = CampaignPlan {
            campaign,
            spec: spec.clone(),
            lists,
            started_at,
            refusals: Arc::new(timbre_engine::refusals(self.floor())),
        };
        Ok(AuthorizeRequest {
            batch: 0,
            plan: Arc::new(plan),
            countries: Arc::new(countries),
            trunk,
            want: Want::Leads { most: 1, bindable: 1, ready: Vec::new() },
            asked: timbre_model::Mono::from_micros(0),
        })
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
        let filter = filter_of(spec, lead).filter(|it| !it.passes(lead));
        let left_out_by = filter.as_ref().map(Filter::source);
        let held = Held { lead, because: because.as_deref(), left_out_by };
        let numbers = numbers.iter().map(|it| (it.given_up, &it.verdict.ruled));
        gate::standing(held, &spec.recycle, numbers, self.at)
    }
}

fn filter_of(spec: &CampaignSpec, lead: &Lead) -> Option<Filter> {
    let list = spec.lists.iter().find(|it| it.list == lead.list)?;
    Filter::parse(list.filter.as_deref()?).ok()
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
