//! `CampaignService`: runs campaigns and says why they do what they do.

mod dry_run;
mod explain;

use std::time::Duration;

use timbre_engine::{CampaignView, Command};
use timbre_model::{CampaignRef, CampaignSpec, FloorSpec, TrunkRef};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::{cut, tenant_of};
use crate::api::pb::{self, campaign_service_server::CampaignService};
use crate::api::status::reasons;
use crate::api::wire::pacing::{CampaignStatus, to_wire};
use crate::api::wire::{name, time};
use crate::api::{Context, requests, status};
use crate::driver::clock;

/// How often a watched campaign is looked at: as often as it decides.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks that wait for a slow watcher; it gets the newest then.
const WATCH_BUFFER: usize = 1;

/// The service.
pub struct Campaigns(pub Context, pub CancellationToken);

#[tonic::async_trait]
impl CampaignService for Campaigns {
    type WatchCampaignStream = ReceiverStream<Result<pb::CampaignStatus, Status>>;

    async fn list_campaigns(
        &self,
        request: Request<pb::ListCampaignsRequest>,
    ) -> Result<Response<pb::ListCampaignsResponse>, Status> {
        let caller = Caller::of(&request)?;
        let asked = request.get_ref();
        let tenant = tenant_of(caller, &asked.parent)?;
        let floor = self.0.feed.floor(&tenant).ok_or_else(status::no_floor)?;
        let look = move |engine: &timbre_engine::Engine, _| engine.campaigns(&tenant);
        let views = self.0.driver.look(look).await.map_err(status::stopped)?;
        let all = views.into_iter().map(|view| status_of(&self.0, &floor, view)).collect();
        let key = |it: &CampaignStatus| it.campaign.campaign.to_string();
        let (some, next_page_token) = cut(all, key, asked.page_size, &asked.page_token)?;
        let campaigns = some.iter().map(to_wire).collect();
        Ok(Response::new(pb::ListCampaignsResponse { campaigns, next_page_token }))
    }

    async fn get_campaign(
        &self,
        request: Request<pb::GetCampaignRequest>,
    ) -> Result<Response<pb::CampaignStatus>, Status> {
        let which = named(Caller::of(&request)?, &request.get_ref().name)?;
        Ok(Response::new(to_wire(&present(&self.0, &which).await?)))
    }

    async fn start_campaign(
        &self,
        request: Request<pb::StartCampaignRequest>,
    ) -> Result<Response<pb::CampaignStatus>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::StartCampaignRequest { name, request_id } = request.into_inner();
        let campaign = named(&caller, &name)?;
        let command = Command::StartCampaign { campaign: campaign.clone() };
        self.once("StartCampaign", campaign, &request_id, command).await
    }

    async fn pause_campaign(
        &self,
        request: Request<pb::PauseCampaignRequest>,
    ) -> Result<Response<pb::CampaignStatus>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::PauseCampaignRequest { name, request_id } = request.into_inner();
        let campaign = named(&caller, &name)?;
        let command = Command::PauseCampaign { campaign: campaign.clone() };
        self.once("PauseCampaign", campaign, &request_id, command).await
    }

    async fn stop_campaign(
        &self,
        request: Request<pb::StopCampaignRequest>,
    ) -> Result<Response<pb::CampaignStatus>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::StopCampaignRequest { name, request_id } = request.into_inner();
        let campaign = named(&caller, &name)?;
        let command = Command::StopCampaign { campaign: campaign.clone() };
        self.once("StopCampaign", campaign, &request_id, command).await
    }

    async fn dry_run(
        &self,
        request: Request<pb::DryRunRequest>,
    ) -> Result<Response<pb::DryRunResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::DryRunRequest { name, time: when, limit } = request.into_inner();
        let which = named(&caller, &name)?;
        let at = time::read_moment("time", when).map_err(status::invalid_field)?;
        let at = at.unwrap_or_else(clock::civil);
        dry_run::run(&self.0, &which, at, limit).await.map(Response::new)
    }

    async fn watch_campaign(
        &self,
        request: Request<pb::WatchCampaignRequest>,
    ) -> Result<Response<Self::WatchCampaignStream>, Status> {
        let which = named(Caller::of(&request)?, &request.get_ref().name)?;
        // A campaign that is not there is told at once.
        present(&self.0, &which).await?;
        let (to_watcher, stream) = mpsc::channel(WATCH_BUFFER);
        let watching = watch(self.0.clone(), which, to_watcher);
        tokio::spawn(self.1.clone().run_until_cancelled_owned(watching));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn explain_campaign(
        &self,
        request: Request<pb::ExplainCampaignRequest>,
    ) -> Result<Response<pb::CampaignExplanation>, Status> {
        let which = named(Caller::of(&request)?, &request.get_ref().name)?;
        explain::run(&self.0, &which).await.map(Response::new)
    }

    async fn stop_trunk(
        &self,
        request: Request<pb::StopTrunkRequest>,
    ) -> Result<Response<pb::StopTrunkResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::StopTrunkRequest { trunk: named, request_id, stopped } = request.into_inner();
        let trunk = name::read_trunk("trunk", &named).map_err(status::invalid_field)?;
        caller.owns(&trunk.tenant)?;
        let TrunkRef { tenant, trunk: id } = &trunk;
        let floor = self.0.feed.floor(tenant).ok_or_else(status::no_floor)?;
        let places = floor.trunks.iter().any(|it| it.id == *id && it.outbound.is_some());
        if !places {
            return Err(status::unknown(reasons::UNKNOWN_TRUNK, named));
        }
        let begun = requests::Once::begin(&self.0.store, tenant, "StopTrunk", &request_id);
        let once = match begun.await? {
            requests::Begun::Done(_) => return Ok(Response::new(pb::StopTrunkResponse {})),
            requests::Begun::New(once) => once,
        };
        self.0.command(Command::StopTrunk { trunk: trunk.clone(), stopped }).await?;
        once.done(&pb::StopTrunkResponse {}).await?;
        Ok(Response::new(pb::StopTrunkResponse {}))
    }
}

impl Campaigns {
    /// Performs a command once and answers how the campaign then stands.
    async fn once(
        &self,
        method: &'static str,
        campaign: CampaignRef,
        request_id: &str,
        command: Command,
    ) -> Result<Response<pb::CampaignStatus>, Status> {
        let begun = requests::Once::begin(&self.0.store, &campaign.tenant, method, request_id);
        let once = match begun.await? {
            requests::Begun::Done(done) => {
                return requests::again(&done.response).map(Response::new);
            }
            requests::Begun::New(once) => once,
        };
        self.0.command(command).await?;
        let answer = to_wire(&present(&self.0, &campaign).await?);
        once.done(&answer).await?;
        Ok(Response::new(answer))
    }
}

/// The campaign that `text` names, which must be the caller's.
fn named(caller: &Caller, text: &str) -> Result<CampaignRef, Status> {
    let which = name::read_campaign("name", text).map_err(status::invalid_field)?;
    caller.owns(&which.tenant)?;
    Ok(which)
}

fn status_of(context: &Context, floor: &FloorSpec, view: CampaignView) -> CampaignStatus {
    let spec = floor.campaigns.iter().find(|it| it.id == view.campaign.campaign);
    let ended = context.feed.attempts_ended(&view.campaign);
    CampaignStatus::of(view, spec.map(|it| it.name.clone()).unwrap_or_default(), ended)
}

/// A campaign as it now stands.
async fn present(context: &Context, which: &CampaignRef) -> Result<CampaignStatus, Status> {
    let tenant = which.tenant.clone();
    let floor = context.feed.floor(&tenant).ok_or_else(status::no_floor)?;
    let look = move |engine: &timbre_engine::Engine, _| engine.campaigns(&tenant);
    let views = context.driver.look(look).await.map_err(status::stopped)?;
    let view = views.into_iter().find(|it| it.campaign == *which);
    let absent = || status::unknown(reasons::UNKNOWN_CAMPAIGN, name::campaign(which));
    view.map(|view| status_of(context, &floor, view)).ok_or_else(absent)
}

/// Its definition.
fn spec_of<'a>(floor: &'a FloorSpec, which: &CampaignRef) -> Result<&'a CampaignSpec, Status> {
    let spec = floor.campaigns.iter().find(|it| it.id == which.campaign);
    spec.ok_or_else(|| status::unknown(reasons::UNKNOWN_CAMPAIGN, name::campaign(which)))
}

type ToWatcher = mpsc::Sender<Result<pb::CampaignStatus, Status>>;

/// Tells how the campaign stands whenever that has changed, until the watcher leaves.
async fn watch(context: Context, which: CampaignRef, to_watcher: ToWatcher) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = to_watcher.closed() => return,
        }
        let now = present(&context, &which).await.map(|it| to_wire(&it));
        if let Ok(now) = &now
            && told.as_ref() == Some(now)
        {
            continue;
        }
        told = now.as_ref().ok().cloned();
        let over = now.is_err();
        if to_watcher.send(now).await.is_err() || over {
            return;
        }
    }
}
