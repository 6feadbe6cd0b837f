//! Dispositions, sales and follow-ups.

use timbre_casework::follow_up::Findings;
use timbre_casework::sale::{Check, NewSale};
use timbre_casework::{CustomerId, FollowUp, FollowUpId, FollowUpState, Sale, SaleId};
use timbre_model::{
    AgentId, CampaignId, Civil, ClientId, DispositionSpec, PhoneNumber, QueueId, Slug, TenantId,
};

use super::{Client, ClientError, Paged};
use crate::api::pb;
use crate::api::pb::disposition_service_client::DispositionServiceClient;
use crate::api::pb::follow_up_service_client::FollowUpServiceClient;
use crate::api::wire::time::moment;
use crate::api::wire::{disposition, follow_up as wire};

/// Which sales or follow-ups; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct SaleQuery {
    /// Of this client company.
    pub client: Option<ClientId>,
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Sales to this number.
    pub number: Option<PhoneNumber>,
    /// Follow-ups in this state.
    pub state: Option<FollowUpState>,
    /// Follow-ups that wait for somebody or something.
    pub open: bool,
    /// Made, or due, from this.
    pub from: Option<Civil>,
    /// Made, or due, before this.
    pub to: Option<Civil>,
}

/// A disposition that can be chosen, and the names of the groups that it stands in.
pub type Listed = (DispositionSpec, Vec<String>);

fn text(it: Option<&impl ToString>) -> String {
    it.map(ToString::to_string).unwrap_or_default()
}

fn paged<W, T>(
    wire: Vec<W>,
    next: String,
    read: impl Fn(W) -> Result<T, timbre_model::FieldError>,
) -> Result<Paged<T>, ClientError> {
    let all = wire.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok((all, super::outbound::next(next)))
}

impl Client {
    /// A page of the dispositions that the calls of a queue or a campaign may get.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_dispositions(
        &self,
        (queue, campaign): (Option<&QueueId>, Option<&CampaignId>),
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Listed>, ClientError> {
        let mut service = DispositionServiceClient::new(self.channel.clone());
        let request = pb::ListDispositionsRequest {
            parent: String::new(),
            queue: text(queue),
            campaign: text(campaign),
            page_size,
            page_token,
        };
        let answer = service.list_dispositions(request).await.map_err(|it| self.refused(it))?;
        let pb::ListDispositionsResponse { dispositions, next_page_token } = answer.into_inner();
        paged(dispositions, next_page_token, |it| {
            let spec = disposition::read("disposition", it.disposition.unwrap_or_default())?;
            Ok((spec, it.groups))
        })
    }

    /// Keeps a sale.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn record_sale(
        &self,
        request_id: String,
        new: &NewSale,
        policy: &Slug,
    ) -> Result<Sale, ClientError> {
        let mut service = FollowUpServiceClient::new(self.channel.clone());
        let sale = Some(wire::new_sale_to_wire(new, policy));
        let request = pb::RecordSaleRequest { parent: String::new(), request_id, sale };
        let answer = service.record_sale(request).await.map_err(|it| self.refused(it))?;
        Ok(wire::sale_from_wire(answer.into_inner())?)
    }

    /// One sale.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn get_sale(&self, tenant: &TenantId, id: SaleId) -> Result<Sale, ClientError> {
        let mut service = FollowUpServiceClient::new(self.channel.clone());
        let request = pb::GetSaleRequest { name: wire::sale_name(tenant, id) };
        let answer = service.get_sale(request).await.map_err(|it| self.refused(it))?;
        Ok(wire::sale_from_wire(answer.into_inner())?)
    }

    /// A page of sales, the newest first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_sales(
        &self,
        query: &SaleQuery,
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Sale>, ClientError> {
        let mut service = FollowUpServiceClient::new(self.channel.clone());
        let request = pb::ListSalesRequest {
            parent: String::new(),
            page_size,
            page_token,
            client: text(query.client.as_ref()),
            agent: text(query.agent.as_ref()),
            customer: text(query.customer.as_ref()),
            number: query.number.as_ref().map(|it| it.expose().to_owned()).unwrap_or_default(),
            from: query.from.map(moment),
            to: query.to.map(moment),
        };
        let answer = service.list_sales(request).await.map_err(|it| self.refused(it))?;
        let pb::ListSalesResponse { sales, next_page_token } = answer.into_inner();
        paged(sales, next_page_token, wire::sale_from_wire)
    }

    /// One follow-up.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn get_follow_up(
        &self,
        tenant: &TenantId,
        id: FollowUpId,
    ) -> Result<FollowUp, ClientError> {
        let mut service = FollowUpServiceClient::new(self.channel.clone());
        let request = pb::GetFollowUpRequest { name: wire::follow_up_name(tenant, id) };
        let answer = service.get_follow_up(request).await.map_err(|it| self.refused(it))?;
        Ok(wire::from_wire(answer.into_inner())?)
    }

    /// A page of follow-ups, the one that falls due last first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_follow_ups(
        &self,
        query: &SaleQuery,
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<FollowUp>, ClientError> {
        let mut service = FollowUpServiceClient::new(self.channel.clone());
        let request = pb::ListFollowUpsRequest {
            parent: String::new(),
            page_size,
            page_token,
            client: text(query.client.as_ref()),
            state: text(query.state.as_ref()),
            open: query.open,
            agent: text(query.agent.as_ref()),
            customer: text(query.customer.as_ref()),
            from: query.from.map(moment),
            to: query.to.map(moment),
        };
        let answer = service.list_follow_ups(request).await.map_err(|it| self.refused(it))?;
        let pb::ListFollowUpsResponse { follow_ups, next_page_token } = answer.into_inner();
        paged(follow_ups, next_page_token, wire::from_wire)
    }

    /// Writes down what the customer says of a promise.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn check_promise(
        &self,
        request_id: String,
        (tenant, id): (&TenantId, SaleId),
        check: &Check,
    ) -> Result<Sale, ClientError> {
        let mut service = FollowUpServiceClient::new(self.channel.clone());
        let request = pb::CheckPromiseRequest {
            name: wire::sale_name(tenant, id),
            request_id,
            etag: String::new(),
            check: Some(wire::check_to_wire(check)),
        };
        let answer = service.check_promise(request).await.map_err(|it| self.refused(it))?;
        Ok(wire::sale_from_wire(answer.into_inner())?)
    }

    /// Ends a follow-up with what was found.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn record_outcome(
        &self,
        request_id: String,
        (tenant, id): (&TenantId, FollowUpId),
        findings: &Findings,
    ) -> Result<FollowUp, ClientError> {
        let mut service = FollowUpServiceClient::new(self.channel.clone());
        let request = pb::RecordOutcomeRequest {
            name: wire::follow_up_name(tenant, id),
            request_id,
            etag: String::new(),
            outcome: findings.outcome.to_string(),
            checks: findings.checks.iter().map(wire::check_to_wire).collect(),
            note: findings.note.clone(),
            call: text(findings.call.as_ref()),
        };
        let answer = service.record_outcome(request).await.map_err(|it| self.refused(it))?;
        Ok(wire::from_wire(answer.into_inner())?)
    }
}
