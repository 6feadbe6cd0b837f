//! Why a campaign places no more calls than it does.

use timbre_engine::TrunkView;
use timbre_model::{CampaignRef, CampaignSpec, CampaignState, TenantId};
use timbre_pacing::HoldBack;
use timbre_store::LeadCounts;
use tonic::Status;

use super::dry_run::faults;
use super::{present, spec_of};
use crate::api::wire::pacing::{CampaignStatus, to_wire};
use crate::api::{Context, pb, status};

pub(super) async fn run(
    context: &Context,
    which: &CampaignRef,
) -> Result<pb::CampaignExplanation, Status> {
    let now = present(context, which).await?;
    let floor = context.feed.floor(&which.tenant).ok_or_else(status::no_floor)?;
    let spec = spec_of(&floor, which)?;
    let mut because = of_state(&now);
    because.extend(faults(&floor, spec));
    because.extend(now.withheld.clone());
    because.extend(of_trunks(&trunks(context, &which.tenant).await?, spec));
    because.extend(of_leads(context, &which.tenant, spec).await?);
    because.extend(now.holding_back.clone());
    because.extend(of_pacing(&now));
    if because.is_empty() {
        because.push("nothing keeps it back: it asks for calls as agents become free".to_owned());
    }
    Ok(pb::CampaignExplanation { status: Some(to_wire(&now)), because })
}

async fn trunks(context: &Context, tenant: &TenantId) -> Result<Vec<TrunkView>, Status> {
    let tenant = tenant.clone();
    let look = move |engine: &timbre_engine::Engine, now| engine.trunks(&tenant, now);
    context.driver.look(look).await.map_err(status::stopped)
}

fn of_state(now: &CampaignStatus) -> Vec<String> {
    let why = now.reason.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
    match now.state {
        CampaignState::Running => Vec::new(),
        CampaignState::Draft => vec!["it was never started".to_owned()],
        CampaignState::Paused => vec![format!("it is paused{why}")],
        CampaignState::Completed => vec![format!("it is completed{why}")],
        CampaignState::Stopped => vec![format!("it was stopped{why}")],
        CampaignState::Failed => vec![format!("it failed{why}")],
    }
}

fn of_trunks(views: &[TrunkView], spec: &CampaignSpec) -> Vec<String> {
    let mut because = Vec::new();
    for view in views.iter().filter(|it| spec.trunks.contains(&it.trunk.trunk)) {
        let trunk = &view.trunk.trunk;
        if view.stopped {
            because.push(format!("trunk {trunk} is stopped, or has spent its day's money"));
        }
        if view.in_trouble {
            because.push(format!(
                "the carrier of trunk {trunk} is in trouble and is spared: {:.1} calls a second",
                view.rate
            ));
        }
    }
    because
}

async fn of_leads(
    context: &Context,
    tenant: &TenantId,
    spec: &CampaignSpec,
) -> Result<Option<String>, Status> {
    let mut total = LeadCounts::default();
    for used in &spec.lists {
        let counts = context.store.lead_counts(tenant, &used.list).await;
        let counts = counts.map_err(|it| status::store(&it))?;
        total.ready += counts.ready;
        total.retry += counts.retry;
        total.callback += counts.callback;
        total.blocked += counts.blocked;
        total.finished += counts.finished;
    }
    let LeadCounts { ready, claimed: _, retry, callback, finished, blocked } = total;
    let told = format!(
        "no lead is ready: {retry} wait for their next try, {callback} for a callback, {blocked} are blocked, \
         {finished} are finished"
    );
    Ok((ready == 0).then_some(told))
}

fn of_pacing(now: &CampaignStatus) -> Option<String> {
    let terms = now.terms.as_ref()?;
    let per_cent = |share: f64| 100.0 * share;
    Some(match terms.hold_back? {
        HoldBack::NoAgents => "no agent of its queue is signed in and ready".to_owned(),
        HoldBack::RiskAtThreshold => format!(
            "one more call would find no agent with a probability of {:.1} %, over the threshold of {:.1} %; abandoned so \
             far: {} of {} live answers, the target is {:.1} %",
            per_cent(terms.marginal_risk.unwrap_or(0.0)),
            per_cent(terms.threshold.unwrap_or(0.0)),
            terms.abandoned,
            terms.answered,
            per_cent(terms.target)
        ),
        HoldBack::RatioReached => format!(
            "each of {} idle agents has its {:.2} lines",
            terms.agents_idle,
            terms.ratio.unwrap_or(1.0)
        ),
        HoldBack::LineLimit => format!("it has as many lines in set-up as it may: {}", terms.lines),
        HoldBack::Alarm => format!(
            "too many were abandoned ({} of {} live answers): one line for each idle agent until that is mended",
            terms.abandoned, terms.answered
        ),
    })
}
