//! Campaigns: how they stand, and their verbs.

use timbre_model::{CampaignRef, Civil, TrunkRef};
use tonic::Streaming;

use super::{Paged, next};
use crate::api::client::reads::request_id;
use crate::api::client::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::campaign_service_client::CampaignServiceClient;
use crate::api::wire::dry_run::{self, DryRun};
use crate::api::wire::name;
use crate::api::wire::pacing::{CampaignStatus, from_wire};
use crate::api::wire::time::moment;

/// A campaign's stream.
pub struct CampaignWatch {
    client: Client,
    updates: Streaming<pb::CampaignStatus>,
}

impl CampaignWatch {
    /// How it now stands; `None` where the server ended the stream. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn next(&mut self) -> Result<Option<CampaignStatus>, ClientError> {
        let update = self.updates.message().await.map_err(|it| self.client.refused(it))?;
        Ok(update.map(from_wire).transpose()?)
    }
}

impl Client {
    /// A page of campaigns as they now stand.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_campaigns(
        &self,
        page_size: i32,
        page_token: String,
    ) -> Result<Paged<CampaignStatus>, ClientError> {
        let request = pb::ListCampaignsRequest { parent: String::new(), page_size, page_token };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer = service.list_campaigns(request).await.map_err(|it| self.refused(it))?;
        let pb::ListCampaignsResponse { campaigns, next_page_token } = answer.into_inner();
        let campaigns = campaigns.into_iter().map(from_wire).collect::<Result<_, _>>()?;
        Ok((campaigns, next(next_page_token)))
    }

    /// A campaign as it now stands.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn get_campaign(&self, it: &CampaignRef) -> Result<CampaignStatus, ClientError> {
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer =
            service.get_campaign(pb::GetCampaignRequest { name: name::campaign(it) }).await;
        Ok(from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// Lets it place calls.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn start_campaign(&self, it: &CampaignRef) -> Result<CampaignStatus, ClientError> {
        let request =
            pb::StartCampaignRequest { name: name::campaign(it), request_id: request_id() };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer = service.start_campaign(request).await.map_err(|it| self.refused(it))?;
        Ok(from_wire(answer.into_inner())?)
    }

    /// Lets it place no more calls.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn pause_campaign(&self, it: &CampaignRef) -> Result<CampaignStatus, ClientError> {
        let request =
            pb::PauseCampaignRequest { name: name::campaign(it), request_id: request_id() };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer = service.pause_campaign(request).await.map_err(|it| self.refused(it))?;
        Ok(from_wire(answer.into_inner())?)
    }

    /// Ends it.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn stop_campaign(&self, it: &CampaignRef) -> Result<CampaignStatus, ClientError> {
        let request =
            pb::StopCampaignRequest { name: name::campaign(it), request_id: request_id() };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer = service.stop_campaign(request).await.map_err(|it| self.refused(it))?;
        Ok(from_wire(answer.into_inner())?)
    }

    /// What it would find among its leads. Places no call.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn dry_run(
        &self,
        it: &CampaignRef,
        at: Option<Civil>,
        limit: u32,
    ) -> Result<DryRun, ClientError> {
        let request = pb::DryRunRequest { name: name::campaign(it), time: at.map(moment), limit };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer = service.dry_run(request).await.map_err(|it| self.refused(it))?;
        Ok(dry_run::from_wire(answer.into_inner())?)
    }

    /// Why it places no more calls: how it stands, and sentences, the weightiest first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn explain_campaign(
        &self,
        it: &CampaignRef,
    ) -> Result<(CampaignStatus, Vec<String>), ClientError> {
        let request = pb::ExplainCampaignRequest { name: name::campaign(it) };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer = service.explain_campaign(request).await.map_err(|it| self.refused(it))?;
        let pb::CampaignExplanation { status, because } = answer.into_inner();
        Ok((from_wire(status.unwrap_or_default())?, because))
    }

    /// Watches it.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn watch_campaign(&self, it: &CampaignRef) -> Result<CampaignWatch, ClientError> {
        let request = pb::WatchCampaignRequest { name: name::campaign(it) };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        let answer = service.watch_campaign(request).await.map_err(|it| self.refused(it))?;
        Ok(CampaignWatch { client: self.clone(), updates: answer.into_inner() })
    }

    /// Places no more calls over a trunk, or does again.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn stop_trunk(&self, it: &TrunkRef, stopped: bool) -> Result<(), ClientError> {
        let trunk = name::trunk(it);
        let request = pb::StopTrunkRequest { trunk, request_id: request_id(), stopped };
        let mut service = CampaignServiceClient::new(self.channel.clone());
        service.stop_trunk(request).await.map(drop).map_err(|it| self.refused(it))
    }
}
