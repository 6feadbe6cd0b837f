//! Leads and where they stand.

use std::collections::BTreeMap;

use timbre_model::{CampaignId, Civil, Lead, LeadId, ListId, PhoneNumber, TenantId};

use super::{Paged, next};
use crate::api::client::reads::request_id;
use crate::api::client::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::lead_service_client::LeadServiceClient;
use crate::api::wire::lead::{LeadExplanation, explanation_from_wire};
use crate::api::wire::time::moment;
use crate::api::wire::{lead, name};

impl Client {
    /// A page of a list's leads, in the order of their import.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_leads(
        &self,
        (tenant, list): (&TenantId, &ListId),
        (state, number): (Option<&str>, Option<&PhoneNumber>),
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Lead>, ClientError> {
        let request = pb::ListLeadsRequest {
            parent: name::list(tenant, list),
            page_size,
            page_token,
            state: state.unwrap_or_default().to_owned(),
            number: number.map(|it| it.expose().to_owned()).unwrap_or_default(),
        };
        let mut service = LeadServiceClient::new(self.channel.clone());
        let answer = service.list_leads(request).await.map_err(|it| self.refused(it))?;
        let pb::ListLeadsResponse { leads, next_page_token } = answer.into_inner();
        let leads = leads.into_iter().map(lead::from_wire).collect::<Result<_, _>>()?;
        Ok((leads, next(next_page_token)))
    }

    /// One lead.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn get_lead(&self, tenant: &TenantId, id: LeadId) -> Result<Lead, ClientError> {
        let mut service = LeadServiceClient::new(self.channel.clone());
        let answer = service.get_lead(pb::GetLeadRequest { name: name::lead(tenant, id) }).await;
        Ok(lead::from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// Makes a list's leads in these states ready again; how many.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn reset_list(
        &self,
        (tenant, list): (&TenantId, &ListId),
        states: Vec<String>,
        note: String,
    ) -> Result<u64, ClientError> {
        let list = name::list(tenant, list);
        let request = pb::ResetListRequest { list, request_id: request_id(), states, note };
        let mut service = LeadServiceClient::new(self.channel.clone());
        let answer = service.reset_list(request).await.map_err(|it| self.refused(it))?;
        let pb::ResetListResponse { leads } = answer.into_inner();
        Ok(leads)
    }

    /// A list's leads by the word of their state.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn count_leads(
        &self,
        tenant: &TenantId,
        list: &ListId,
    ) -> Result<BTreeMap<String, u64>, ClientError> {
        let request = pb::CountLeadsRequest { list: name::list(tenant, list) };
        let mut service = LeadServiceClient::new(self.channel.clone());
        let answer = service.count_leads(request).await.map_err(|it| self.refused(it))?;
        let pb::CountLeadsResponse { by_state } = answer.into_inner();
        Ok(by_state)
    }

    /// Whether a lead may be called, and by which rule not.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn explain_lead(
        &self,
        (tenant, id): (&TenantId, LeadId),
        campaign: Option<&CampaignId>,
        at: Option<Civil>,
    ) -> Result<LeadExplanation, ClientError> {
        let request = pb::ExplainLeadRequest {
            lead: name::lead(tenant, id),
            campaign: campaign.map(ToString::to_string).unwrap_or_default(),
            time: at.map(moment),
        };
        let mut service = LeadServiceClient::new(self.channel.clone());
        let answer = service.explain_lead(request).await.map_err(|it| self.refused(it))?;
        Ok(explanation_from_wire(answer.into_inner())?)
    }
}
