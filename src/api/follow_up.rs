//! `FollowUpService`: sales, their promises, and the checks after them.

use timbre_casework::{Act, FollowUp, Record, Sale, SaleId, sale};
use timbre_store::{RecordFilter, RecordPage};
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::pb::{self, follow_up_service_server::FollowUpService};
use crate::api::wire::follow_up as wire;
use crate::api::wire::{page, record};
use crate::api::{Context, requests, status};
use crate::casework::follow_ups::{left_by, sale_left_by};
use crate::casework::{Fault, new_id, now};

/// The service.
pub struct FollowUps(pub Context);

#[tonic::async_trait]
impl FollowUpService for FollowUps {
    async fn record_sale(
        &self,
        request: Request<pb::RecordSaleRequest>,
    ) -> Result<Response<pb::Sale>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::RecordSaleRequest { parent, request_id, sale } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let id = SaleId::from_u128(new_id());
        let read = wire::new_sale_from_wire(sale.unwrap_or_default(), &tenant, id);
        let (new, policy) = read.map_err(status::invalid_field)?;
        let (desk, act) = (&self.0.desk, act_of(&caller));
        let change = async || {
            let work = desk.record_sale(new.clone(), &policy, &act)?;
            let answer = sale_left_by(&work).map(wire::sale_to_wire).unwrap_or_default();
            Ok((work, answer))
        };
        let asked = requests::asked(&tenant, "RecordSale", &request_id)?;
        Ok(Response::new(desk.change(asked, change).await?))
    }

    async fn get_sale(
        &self,
        request: Request<pb::GetSaleRequest>,
    ) -> Result<Response<pb::Sale>, Status> {
        let caller = Caller::of(&request)?;
        let named = wire::read_sale("name", &request.get_ref().name);
        let (tenant, id) = named.map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let found = self.0.desk.sale(&tenant, id, &caller.scope(&self.0.desk)?).await?;
        Ok(Response::new(wire::sale_to_wire(&found)))
    }

    async fn list_sales(
        &self,
        request: Request<pb::ListSalesRequest>,
    ) -> Result<Response<pb::ListSalesResponse>, Status> {
        let asked = request.get_ref();
        let read = wire::sales_from_wire(asked).map_err(status::invalid_field)?;
        let at = (asked.parent.as_str(), asked.page_size, asked.page_token.as_str());
        let RecordPage { records, next } = self.list(Caller::of(&request)?, read, at).await?;
        let sales = records.iter().filter_map(|it| match it {
            Record::Sale(it) => Some(wire::sale_to_wire(it)),
            _ => None,
        });
        let next_page_token = page::call_token(next);
        Ok(Response::new(pb::ListSalesResponse { sales: sales.collect(), next_page_token }))
    }

    async fn get_follow_up(
        &self,
        request: Request<pb::GetFollowUpRequest>,
    ) -> Result<Response<pb::FollowUp>, Status> {
        let caller = Caller::of(&request)?;
        let named = wire::read_follow_up("name", &request.get_ref().name);
        let (tenant, id) = named.map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let found = self.0.desk.follow_up(&tenant, id, &caller.scope(&self.0.desk)?).await?;
        Ok(Response::new(wire::to_wire(&found)))
    }

    async fn list_follow_ups(
        &self,
        request: Request<pb::ListFollowUpsRequest>,
    ) -> Result<Response<pb::ListFollowUpsResponse>, Status> {
        let asked = request.get_ref();
        let read = wire::follow_ups_from_wire(asked).map_err(status::invalid_field)?;
        let at = (asked.parent.as_str(), asked.page_size, asked.page_token.as_str());
        let RecordPage { records, next } = self.list(Caller::of(&request)?, read, at).await?;
        let follow_ups = records.iter().filter_map(|it| match it {
            Record::FollowUp(it) => Some(wire::to_wire(it)),
            _ => None,
        });
        let (follow_ups, next_page_token) = (follow_ups.collect(), page::call_token(next));
        Ok(Response::new(pb::ListFollowUpsResponse { follow_ups, next_page_token }))
    }

    async fn check_promise(
        &self,
        request: Request<pb::CheckPromiseRequest>,
    ) -> Result<Response<pb::Sale>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::CheckPromiseRequest { name, request_id, etag, check } = request.into_inner();
        let (tenant, id) = wire::read_sale("name", &name).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let check = wire::check_from_wire(check.unwrap_or_default());
        let (desk, act, scope) = (&self.0.desk, act_of(&caller), caller.scope(&self.0.desk)?);
        let change = async || {
            let found: Sale = desk.sale(&tenant, id, &scope).await?;
            same(found.version, &etag, || format!("sales/{id}"))?;
            let work = sale::check(&found, check.clone(), &act)?;
            let answer = sale_left_by(&work).map(wire::sale_to_wire).unwrap_or_default();
            Ok((work, answer))
        };
        let asked = requests::asked(&tenant, "CheckPromise", &request_id)?;
        Ok(Response::new(desk.change(asked, change).await?))
    }

    async fn record_outcome(
        &self,
        request: Request<pb::RecordOutcomeRequest>,
    ) -> Result<Response<pb::FollowUp>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let named = wire::read_follow_up("name", &asked.name);
        let (tenant, id) = named.map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let findings = wire::findings_from_wire(&asked).map_err(status::invalid_field)?;
        let (desk, act, scope) = (&self.0.desk, act_of(&caller), caller.scope(&self.0.desk)?);
        let change = async || {
            let found: FollowUp = desk.follow_up(&tenant, id, &scope).await?;
            same(found.version, &asked.etag, || format!("follow-ups/{id}"))?;
            let work = desk.record_outcome(&found, findings.clone(), &act).await?;
            let answer = left_by(&work).map(wire::to_wire).unwrap_or_default();
            Ok((work, answer))
        };
        let once = requests::asked(&tenant, "RecordOutcome", &asked.request_id)?;
        Ok(Response::new(desk.change(once, change).await?))
    }
}

impl FollowUps {
    /// A page of what the caller may see.
    async fn list(
        &self,
        caller: &Caller,
        (filter, client): (RecordFilter, Option<timbre_model::ClientId>),
        (parent, size, token): (&str, i32, &str),
    ) -> Result<RecordPage, Status> {
        let tenant = tenant_of(caller, parent)?;
        let clients = caller.scope(&self.0.desk)?.narrow(client)?;
        let clients = clients.map(|it| it.into_iter().collect());
        let page = page::read_call_page(size, token).map_err(status::invalid_field)?;
        let found = self.0.store.records(&tenant, &RecordFilter { clients, ..filter }, &page).await;
        found.map_err(|it| status::store(&it))
    }
}

fn act_of(caller: &Caller) -> Act {
    Act { at: now(), by: caller.by() }
}

fn same(version: u64, etag: &str, what: impl Fn() -> String) -> Result<(), Fault> {
    match record::read_etag("etag", etag)? {
        Some(read) if read != version => Err(Fault::Changed(what())),
        _ => Ok(()),
    }
}
