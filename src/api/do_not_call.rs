//! `DoNotCallService`: those who may not be called.

mod import;

use timbre_engine::Command;
use timbre_model::{DoNotCallEntry, FieldError, Slug};
use timbre_store::NumberCheck;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::intake::{self, Answers};
use crate::api::pb::{self, do_not_call_service_server::DoNotCallService};
use crate::api::wire::do_not_call::{Barring, barring_from_wire, to_wire};
use crate::api::wire::{lead, name, page, time};
use crate::api::{Context, requests, status};
use crate::driver::clock;

/// The service.
pub struct DoNotCalls(pub Context, pub CancellationToken);

#[tonic::async_trait]
impl DoNotCallService for DoNotCalls {
    type ImportRegistryStream = Answers<pb::ImportRegistryResponse>;

    async fn add_do_not_call(
        &self,
        request: Request<pb::AddDoNotCallRequest>,
    ) -> Result<Response<pb::DoNotCallEntry>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::AddDoNotCallRequest { parent, request_id, entry } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let barring = barring_from_wire(entry.unwrap_or_default());
        let Barring { whom, scope, until, note } = barring.map_err(status::invalid_field)?;
        let begun = requests::Once::begin(&self.0.store, &tenant, "AddDoNotCall", &request_id);
        let once = match begun.await? {
            requests::Begun::Done(done) => {
                return requests::again(&done.response).map(Response::new);
            }
            requests::Begun::New(once) => once,
        };
        let source = Slug::parse("api").expect("a slug");
        let (tenant, since) = (tenant.clone(), clock::civil());
        let entry = DoNotCallEntry { tenant, whom, scope, since, until, source, note };
        // Durable in the store itself, not in the spool alone: whoever authorizes calls reads there.
        self.0.command(Command::DoNotCall { entry: Box::new(entry.clone()) }).await?;
        let answer = to_wire(&entry);
        once.done(&answer).await?;
        Ok(Response::new(answer))
    }

    async fn remove_do_not_call(
        &self,
        request: Request<pb::RemoveDoNotCallRequest>,
    ) -> Result<Response<pb::RemoveDoNotCallResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let pb::RemoveDoNotCallRequest { parent, request_id, entry, note } = request.into_inner();
        let tenant = tenant_of(&caller, &parent)?;
        let barring = barring_from_wire(entry.unwrap_or_default());
        let Barring { whom, scope, .. } = barring.map_err(status::invalid_field)?;
        if note.trim().is_empty() {
            let remedy = "say why they may be called again";
            return Err(status::invalid_field(FieldError::new("note", "", remedy)));
        }
        let begun = requests::Once::begin(&self.0.store, &tenant, "RemoveDoNotCall", &request_id);
        let once = match begun.await? {
            requests::Begun::Done(done) => {
                return requests::again(&done.response).map(Response::new);
            }
            requests::Begun::New(once) => once,
        };
        let at = clock::civil();
        let removed = self.0.store.do_not_call_remove(&tenant, &whom, &scope, &note, at).await;
        let removed = removed.map_err(|it| status::store(&it))?;
        let answer = pb::RemoveDoNotCallResponse { removed };
        once.done(&answer).await?;
        Ok(Response::new(answer))
    }

    async fn check_do_not_call(
        &self,
        request: Request<pb::CheckDoNotCallRequest>,
    ) -> Result<Response<pb::CheckDoNotCallResponse>, Status> {
        let caller = Caller::of(&request)?;
        let pb::CheckDoNotCallRequest { parent, number } = request.get_ref();
        let tenant = tenant_of(caller, parent)?;
        let number = lead::read_number("number", number).map_err(status::invalid_field)?;
        let found = self.0.store.check_number(&tenant, &number, clock::civil()).await;
        let NumberCheck { entries, registries } = found.map_err(|it| status::store(&it))?;
        let entries = entries.iter().map(to_wire).collect();
        Ok(Response::new(pb::CheckDoNotCallResponse { entries, registries }))
    }

    async fn list_do_not_call(
        &self,
        request: Request<pb::ListDoNotCallRequest>,
    ) -> Result<Response<pb::ListDoNotCallResponse>, Status> {
        let caller = Caller::of(&request)?;
        let pb::ListDoNotCallRequest { parent, page_size, page_token } = request.get_ref();
        let tenant = tenant_of(caller, parent)?;
        let size = page::read_size(*page_size).map_err(status::invalid_field)?;
        let after = page::read_token(page_token).map_err(status::invalid_field)?;
        let found = self.0.store.do_not_call(&tenant, after.as_deref(), size).await;
        let found = found.map_err(|it| status::store(&it))?;
        Ok(Response::new(pb::ListDoNotCallResponse {
            entries: found.entries.iter().map(to_wire).collect(),
            next_page_token: found.next.map(|it| page::token(&it)).unwrap_or_default(),
        }))
    }

    async fn import_registry(
        &self,
        request: Request<Streaming<pb::ImportRegistryRequest>>,
    ) -> Result<Response<Self::ImportRegistryStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let intake = import::RegistryIntake { context: self.0.clone(), caller };
        Ok(intake::start(intake, request.into_inner(), self.1.clone()))
    }

    async fn list_registries(
        &self,
        request: Request<pb::ListRegistriesRequest>,
    ) -> Result<Response<pb::ListRegistriesResponse>, Status> {
        let caller = Caller::of(&request)?;
        let tenant = tenant_of(caller, &request.get_ref().parent)?;
        let found = self.0.store.registries(&tenant).await.map_err(|it| status::store(&it))?;
        let registry = |it: timbre_store::Registry| pb::Registry {
            name: name::registry(&tenant, &it.name),
            version: it.version,
            as_of: Some(time::moment(it.as_of)),
            import_time: Some(time::moment(it.imported_at)),
            numbers: it.entries,
        };
        let registries = found.into_iter().map(registry).collect();
        Ok(Response::new(pb::ListRegistriesResponse { registries }))
    }
}
