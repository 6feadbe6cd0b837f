//! Those who may not be called.

use timbre_model::{Civil, DoNotCallEntry, PhoneNumber, Slug, TenantId};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::import::Unsent;
use super::{Paged, next};
use crate::api::client::reads::request_id;
use crate::api::client::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::do_not_call_service_client::DoNotCallServiceClient;
use crate::api::pb::import_registry_request::Part;
use crate::api::wire::do_not_call::{
    Barring, Registry, barring_to_wire, from_wire, registry_from_wire,
};
use crate::api::wire::name;
use crate::api::wire::time::moment;

/// Parts of a registry that may be under way at once.
const PARTS_MAX: usize = 8;

/// A version of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryVersion {
    /// Which registry.
    pub registry: Slug,
    /// The version, as its publisher calls it.
    pub version: String,
    /// When it was issued.
    pub as_of: Civil,
    /// ISO 3166 code that completes national numbers; empty: none are.
    pub country: String,
    /// What stands before the number in each hash; `None`: it comes as numbers, and is kept as such.
    pub salt: Option<String>,
}

/// An import of a registry under way.
pub struct RegistryImport {
    client: Client,
    parts: mpsc::Sender<pb::ImportRegistryRequest>,
    answers: Streaming<pb::ImportRegistryResponse>,
}

impl RegistryImport {
    /// Most numbers of a chunk.
    pub const CHUNK_MAX: usize = 10_000;

    /// Sends some numbers.
    ///
    /// # Errors
    ///
    /// Where the stream has ended; [`RegistryImport::next`] says why.
    pub async fn send(&self, numbers: Vec<String>) -> Result<(), Unsent> {
        self.part(Part::Chunk(pb::RegistryChunk { numbers })).await
    }

    /// Puts the version into force.
    ///
    /// # Errors
    ///
    /// Where the stream has ended.
    pub async fn finish(&self) -> Result<(), Unsent> {
        self.part(Part::Finish(pb::RegistryFinish {})).await
    }

    async fn part(&self, part: Part) -> Result<(), Unsent> {
        self.parts.send(pb::ImportRegistryRequest { part: Some(part) }).await.map_err(|_| Unsent)
    }

    /// The next answer: how many numbers were taken so far, how many lines are none, and whether the version is in force.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn next(&mut self) -> Result<(u64, u64, bool), ClientError> {
        match self.answers.message().await {
            Ok(Some(pb::ImportRegistryResponse { numbers, rejected, finished })) => {
                Ok((numbers, rejected, finished))
            }
            Ok(None) => Err(ClientError::Unreachable {
                server: self.client.server.clone(),
                why: "it ended the import before its end".to_owned(),
            }),
            Err(status) => Err(self.client.refused(status)),
        }
    }
}

impl Client {
    /// Bars somebody. Binding once answered.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn add_do_not_call(
        &self,
        tenant: &TenantId,
        barring: Barring,
    ) -> Result<DoNotCallEntry, ClientError> {
        let request = pb::AddDoNotCallRequest {
            parent: name::tenant(tenant),
            request_id: request_id(),
            entry: Some(barring_to_wire(barring)),
        };
        let mut service = DoNotCallServiceClient::new(self.channel.clone());
        let answer = service.add_do_not_call(request).await.map_err(|it| self.refused(it))?;
        Ok(from_wire(tenant, answer.into_inner())?)
    }

    /// Lets somebody be called again; whether they were barred. `note` says why.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn remove_do_not_call(
        &self,
        barring: Barring,
        note: String,
    ) -> Result<bool, ClientError> {
        let request = pb::RemoveDoNotCallRequest {
            parent: String::new(),
            request_id: request_id(),
            entry: Some(barring_to_wire(barring)),
            note,
        };
        let mut service = DoNotCallServiceClient::new(self.channel.clone());
        let answer = service.remove_do_not_call(request).await.map_err(|it| self.refused(it))?;
        let pb::RemoveDoNotCallResponse { removed } = answer.into_inner();
        Ok(removed)
    }

    /// The entries and the registries that bar a number.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn check_do_not_call(
        &self,
        tenant: &TenantId,
        number: &PhoneNumber,
    ) -> Result<(Vec<DoNotCallEntry>, Vec<String>), ClientError> {
        let (parent, number) = (name::tenant(tenant), number.expose().to_owned());
        let mut service = DoNotCallServiceClient::new(self.channel.clone());
        let answer = service.check_do_not_call(pb::CheckDoNotCallRequest { parent, number }).await;
        let answer = answer.map_err(|it| self.refused(it))?;
        let pb::CheckDoNotCallResponse { entries, registries } = answer.into_inner();
        let entries = entries.into_iter().map(|it| from_wire(tenant, it));
        Ok((entries.collect::<Result<_, _>>()?, registries))
    }

    /// A page of entries.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_do_not_call(
        &self,
        tenant: &TenantId,
        page_size: i32,
        page_token: String,
    ) -> Result<Paged<DoNotCallEntry>, ClientError> {
        let parent = name::tenant(tenant);
        let request = pb::ListDoNotCallRequest { parent, page_size, page_token };
        let mut service = DoNotCallServiceClient::new(self.channel.clone());
        let answer = service.list_do_not_call(request).await.map_err(|it| self.refused(it))?;
        let pb::ListDoNotCallResponse { entries, next_page_token } = answer.into_inner();
        let entries = entries.into_iter().map(|it| from_wire(tenant, it));
        Ok((entries.collect::<Result<_, _>>()?, next(next_page_token)))
    }

    /// The registries that were imported.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_registries(&self) -> Result<Vec<Registry>, ClientError> {
        let mut service = DoNotCallServiceClient::new(self.channel.clone());
        let request = pb::ListRegistriesRequest { parent: String::new() };
        let answer = service.list_registries(request).await.map_err(|it| self.refused(it))?;
        let pb::ListRegistriesResponse { registries } = answer.into_inner();
        Ok(registries.into_iter().map(registry_from_wire).collect::<Result<_, _>>()?)
    }

    /// Begins a version of a registry.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn import_registry(
        &self,
        tenant: &TenantId,
        version: RegistryVersion,
    ) -> Result<RegistryImport, ClientError> {
        let RegistryVersion { registry, version, as_of, country, salt } = version;
        let registry = name::registry(tenant, registry.as_str());
        let as_of = Some(moment(as_of));
        let header = pb::RegistryHeader { registry, version, as_of, country, salt };
        let (parts, to_send) = mpsc::channel(PARTS_MAX);
        let first = pb::ImportRegistryRequest { part: Some(Part::Header(header)) };
        parts.try_send(first).expect("an empty channel takes a message");
        let mut service = DoNotCallServiceClient::new(self.channel.clone());
        let answer = service.import_registry(ReceiverStream::new(to_send)).await;
        let answers = answer.map_err(|it| self.refused(it))?.into_inner();
        Ok(RegistryImport { client: self.clone(), parts, answers })
    }
}
