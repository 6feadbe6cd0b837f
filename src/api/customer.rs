//! `CustomerService`: who the customers are, what was agreed with them, and what became of it.

mod export;
mod import;

use timbre_casework::customer::{self, Profile};
use timbre_casework::{Act, Customer, CustomerId, Record, Work};
use timbre_model::{FieldError, TenantId};
use timbre_store::CustomerQuery;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::pb::{self, customer_service_server::CustomerService};
use crate::api::wire::customer as wire;
use crate::api::wire::{name, page};
use crate::api::{Context, intake, limits, requests, status};
use crate::casework::{self, Done, Fault, Scope, customers};

/// The service.
pub struct Customers(pub Context, pub CancellationToken);

/// A customer whom a request names, and what its caller may see.
struct Named {
    tenant: TenantId,
    id: CustomerId,
    scope: Scope,
    act: Act,
}

#[tonic::async_trait]
impl CustomerService for Customers {
    type ImportCustomersStream = intake::Answers<pb::ImportResponse>;
    type ExportCustomerStream = ReceiverStream<Result<pb::ExportCustomerResponse, Status>>;

    async fn create_customer(
        &self,
        request: Request<pb::CreateCustomerRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::CreateCustomerRequest { parent, request_id, customer } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let said = customer.unwrap_or_default();
        let client = wire::read_client("customer.client", &said.client);
        let client = client.map_err(status::invalid_field)?;
        caller.scope(&self.0.desk)?.check(&client)?;
        self.client_is_known(&tenant, &client)?;
        let profile = wire::profile_from_wire(said).map_err(status::invalid_field)?;
        let (act, id) = (act_of(&caller), CustomerId::from_u128(casework::new_id()));
        let asked = requests::asked(&tenant, "CreateCustomer", &request_id)?;
        let change = async || {
            self.key_is_free(&tenant, &client, None, &profile).await?;
            answered(customer::create(id, (&tenant, &client), profile.clone(), &act)?)
        };
        Ok(Response::new(self.0.desk.change(asked, change).await?))
    }

    async fn get_customer(
        &self,
        request: Request<pb::GetCustomerRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let Named { tenant, id, scope, .. } =
            self.named(Caller::of(&request)?, "name", &request.get_ref().name)?;
        let found = customers::find(&self.0.desk, &tenant, id, &scope).await?;
        Ok(Response::new(wire::to_wire(&found)))
    }

    async fn search_customers(
        &self,
        request: Request<pb::SearchCustomersRequest>,
    ) -> Result<Response<pb::SearchCustomersResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let wanted = request.into_inner();
        let tenant = tenant_of(&caller, &wanted.parent)?;
        let client = match wanted.client.as_str() {
            "" => None,
            text => Some(wire::read_client("client", text).map_err(status::invalid_field)?),
        };
        let clients = caller.scope(&self.0.desk)?.narrow(client)?;
        let clients: Option<Vec<_>> = clients.map(|it| it.into_iter().collect());
        let size = page::read_size(wanted.page_size).map_err(status::invalid_field)?;
        let after = wire::read_search_token(&wanted.page_token).map_err(status::invalid_field)?;
        let query = wire::query_from_wire(&wanted).map_err(status::invalid_field)?;
        let search = self.0.store.search_customers(
            &tenant,
            clients.as_deref(),
            &query,
            size,
            after.as_ref(),
        );
        let found = search.await.map_err(|it| status::store(&it))?;
        let next = found.next.map(|it| page::token(&it.to_string()));
        Ok(Response::new(pb::SearchCustomersResponse {
            customers: found.customers.iter().map(wire::to_wire).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn get_customer_file(
        &self,
        request: Request<pb::GetCustomerFileRequest>,
    ) -> Result<Response<pb::CustomerFile>, Status> {
        let Named { tenant, id, scope, .. } =
            self.named(Caller::of(&request)?, "name", &request.get_ref().name)?;
        let found = customers::find(&self.0.desk, &tenant, id, &scope).await?;
        let file = customers::file(&self.0.desk, found).await?;
        Ok(Response::new(wire::file_to_wire(&file)))
    }

    async fn list_interactions(
        &self,
        request: Request<pb::ListInteractionsRequest>,
    ) -> Result<Response<pb::ListInteractionsResponse>, Status> {
        let pb::ListInteractionsRequest { parent, page_size, page_token } = request.get_ref();
        let Named { tenant, id, scope, .. } =
            self.named(Caller::of(&request)?, "parent", parent)?;
        let page = page::read_call_page(*page_size, page_token).map_err(status::invalid_field)?;
        let found = customers::find(&self.0.desk, &tenant, id, &scope).await?;
        let found = self.0.store.interactions(&tenant, found.id, &page).await;
        let found = found.map_err(|it| status::store(&it))?;
        Ok(Response::new(pb::ListInteractionsResponse {
            interactions: found.interactions.iter().map(wire::interaction_to_wire).collect(),
            next_page_token: page::call_token(found.next),
        }))
    }

    async fn update_customer(
        &self,
        request: Request<pb::UpdateCustomerRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::UpdateCustomerRequest { customer, update_mask, request_id } = request.into_inner();
        let said = customer.unwrap_or_default();
        let Named { tenant, id, scope, .. } = self.named(&caller, "customer.name", &said.name)?;
        let etag = wire::read_etag("customer.etag", &said.etag).map_err(status::invalid_field)?;
        let said = wire::profile_from_wire(said).map_err(status::invalid_field)?;
        let asked = requests::asked(&tenant, "UpdateCustomer", &request_id)?;
        let change = async || {
            let now = customers::find(&self.0.desk, &tenant, id, &scope).await?;
            if etag.is_some_and(|etag| etag != now.version) {
                return Err(Fault::Changed(format!("customers/{id}")));
            }
            let profile = wire::masked(Profile::of(&now), said.clone(), update_mask.clone())?;
            self.key_is_free(&tenant, &now.client, Some(now.id), &profile).await?;
            answered(customer::amend(&now, profile)?)
        };
        Ok(Response::new(self.0.desk.change(asked, change).await?))
    }

    async fn record_consent(
        &self,
        request: Request<pb::RecordConsentRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::RecordConsentRequest { name, request_id, basis, purpose, call } =
            request.into_inner();
        let Named { tenant, id, scope, act } = self.named(&caller, "name", &name)?;
        let said = wire::agreement_from_wire(&basis, purpose, &call);
        let said = said.map_err(status::invalid_field)?;
        let asked = requests::asked(&tenant, "RecordConsent", &request_id)?;
        let change = async || {
            let now = customers::find(&self.0.desk, &tenant, id, &scope).await?;
            answered(customer::consent(&now, said.clone(), &act)?)
        };
        Ok(Response::new(self.0.desk.change(asked, change).await?))
    }

    async fn merge_customers(
        &self,
        request: Request<pb::MergeCustomersRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::MergeCustomersRequest { name, other, request_id } = request.into_inner();
        let Named { tenant, id, scope, act } = self.named(&caller, "name", &name)?;
        let Named { id: other, .. } = self.named(&caller, "other", &other)?;
        let asked = requests::asked(&tenant, "MergeCustomers", &request_id)?;
        let change = async || {
            let desk = &self.0.desk;
            let kept = customers::exactly(desk, &tenant, id, &scope).await?;
            let other = customers::exactly(desk, &tenant, other, &scope).await?;
            let work = customers::merge(desk, &kept, &other, &act).await?;
            let answer = customer_in(&work, kept.id);
            Ok((work, answer))
        };
        Ok(Response::new(self.0.desk.change(asked, change).await?))
    }

    async fn erase_customer(
        &self,
        request: Request<pb::EraseCustomerRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::EraseCustomerRequest { name, request_id, note } = request.into_inner();
        let Named { tenant, id, scope, act } = self.named(&caller, "name", &name)?;
        check_note(&note).map_err(status::invalid_field)?;
        let asked = requests::asked(&tenant, "EraseCustomer", &request_id)?;
        let change = async || {
            let now = customers::find(&self.0.desk, &tenant, id, &scope).await?;
            let done: Done = customers::erase(&self.0.desk, &now, &note, &act).await?;
            let answer = customer_in(&done.work, now.id);
            Ok((done, answer))
        };
        let answer = self.0.desk.change(asked, change).await?;
        tracing::info!(%tenant, customer = %id, "a customer was erased");
        Ok(Response::new(answer))
    }

    async fn export_customer(
        &self,
        request: Request<pb::ExportCustomerRequest>,
    ) -> Result<Response<Self::ExportCustomerStream>, Status> {
        let Named { tenant, id, scope, .. } =
            self.named(Caller::of(&request)?, "name", &request.get_ref().name)?;
        let found = customers::find(&self.0.desk, &tenant, id, &scope).await?;
        let dossier = customers::dossier(&self.0.desk, found).await?;
        export::start(dossier, self.1.clone()).map(Response::new)
    }

    async fn import_customers(
        &self,
        request: Request<Streaming<pb::ImportCustomersRequest>>,
    ) -> Result<Response<Self::ImportCustomersStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let intake = import::CustomerIntake { context: self.0.clone(), caller };
        Ok(intake::start(intake, request.into_inner(), self.1.clone()))
    }
}

impl Customers {
    fn named(&self, caller: &Caller, field: &str, text: &str) -> Result<Named, Status> {
        let (tenant, id) = name::read_customer(field, text).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let (scope, act) = (caller.scope(&self.0.desk)?, act_of(caller));
        Ok(Named { tenant, id, scope, act })
    }

    fn client_is_known(
        &self,
        tenant: &TenantId,
        client: &timbre_model::ClientId,
    ) -> Result<(), Status> {
        let floor = self.0.desk.floor(tenant)?;
        if floor.clients.iter().any(|it| it.id == *client) {
            return Ok(());
        }
        let remedy = "name a client company of the floor";
        Err(status::invalid_field(FieldError::new("customer.client", client, remedy)))
    }

    /// The store refuses a key that is taken, without saying so to people.
    async fn key_is_free(
        &self,
        tenant: &TenantId,
        client: &timbre_model::ClientId,
        own: Option<CustomerId>,
        profile: &Profile,
    ) -> Result<(), Fault> {
        let Some(key) = &profile.key else { return Ok(()) };
        let (clients, query) = (std::slice::from_ref(client), CustomerQuery::Key(key.clone()));
        let found = self.0.store.search_customers(tenant, Some(clients), &query, 1, None).await?;
        match found.customers.iter().find(|it| Some(it.id) != own) {
            None => Ok(()),
            Some(other) => {
                let remedy = format!("customers/{} has this key: merge the two", other.id);
                Err(FieldError::new("customer.key", "", remedy).into())
            }
        }
    }
}

fn act_of(caller: &Caller) -> Act {
    Act { at: casework::now(), by: caller.by() }
}

/// Work on one customer, and the customer as they then stand.
fn answered(work: Work) -> Result<(Work, pb::Customer), Fault> {
    let customer = work.records.iter().find_map(as_customer).map(wire::to_wire);
    Ok((work, customer.unwrap_or_default()))
}

fn customer_in(work: &Work, id: CustomerId) -> pb::Customer {
    let customers = work.records.iter().filter_map(as_customer);
    customers.filter(|it| it.id == id).map(wire::to_wire).next_back().unwrap_or_default()
}

fn as_customer(record: &Record) -> Option<&Customer> {
    if let Record::Customer(it) = record { Some(it) } else { None }
}

fn check_note(note: &str) -> Result<(), FieldError> {
    if note.trim().is_empty() {
        let remedy = "say who asked for it and how, without a name or a number";
        return Err(FieldError::new("note", "", remedy));
    }
    if note.chars().count() > limits::NOTE_MAX {
        let remedy = format!("use at most {} characters", limits::NOTE_MAX);
        return Err(FieldError::new("note", "", remedy));
    }
    Ok(())
}
