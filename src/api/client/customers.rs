//! Customers, asked and told.

use timbre_casework::customer::{Agreement, File, Profile};
use timbre_casework::{Customer, CustomerId, Interaction};
use timbre_model::{ClientId, TenantId};
use timbre_store::CustomerQuery;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

use super::reads::request_id;
use super::{Bearer, Client, ClientError, Paged};
use crate::api::pb;
use crate::api::pb::customer_service_client::CustomerServiceClient;
use crate::api::pb::import_customers_request::Part;
use crate::api::wire::lead::{ImportAnswer, ImportChunk, answer_from_wire};
use crate::api::wire::{customer, name};

/// An import of customers under way: what was sent is answered before the next is.
pub struct CustomerImport {
    client: Client,
    parts: mpsc::Sender<pb::ImportCustomersRequest>,
    answers: Streaming<pb::ImportResponse>,
}

impl CustomerImport {
    /// Sends the chunk `number`, which counts from 1; what became of it.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn send(
        &mut self,
        number: u64,
        chunk: ImportChunk,
    ) -> Result<ImportAnswer, ClientError> {
        self.part(Part::Chunk(chunk.into_wire(number))).await
    }

    /// Ends the import.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn finish(&mut self) -> Result<ImportAnswer, ClientError> {
        self.part(Part::Finish(pb::ImportFinish {})).await
    }

    async fn part(&mut self, part: Part) -> Result<ImportAnswer, ClientError> {
        // Where the stream has ended the answer says why.
        let _ = self.parts.send(pb::ImportCustomersRequest { part: Some(part) }).await;
        self.next().await
    }

    async fn next(&mut self) -> Result<ImportAnswer, ClientError> {
        match self.answers.message().await {
            Ok(Some(answer)) => Ok(answer_from_wire(answer)),
            Ok(None) => Err(ClientError::Unreachable {
                server: self.client.server.clone(),
                why: "it ended the import before its end".to_owned(),
            }),
            Err(status) => Err(self.client.refused(status)),
        }
    }
}

impl Client {
    fn customers(&self) -> CustomerServiceClient<InterceptedService<Channel, Bearer>> {
        CustomerServiceClient::new(self.channel.clone())
    }

    /// A page of customers whom `query` finds.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn search_customers(
        &self,
        client: Option<&ClientId>,
        query: &CustomerQuery,
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Customer>, ClientError> {
        let client = client.map(ToString::to_string).unwrap_or_default();
        let wanted = pb::SearchCustomersRequest {
            client,
            page_size,
            page_token,
            ..customer::query_to_wire(query)
        };
        let answer = self.customers().search_customers(wanted).await;
        let pb::SearchCustomersResponse { customers, next_page_token } =
            answer.map_err(|it| self.refused(it))?.into_inner();
        let customers = customers.into_iter().map(customer::from_wire).collect::<Result<_, _>>()?;
        Ok((customers, Some(next_page_token).filter(|it| !it.is_empty())))
    }

    /// A customer with what there is to know of them.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn customer_file(
        &self,
        tenant: &TenantId,
        id: CustomerId,
    ) -> Result<File, ClientError> {
        let request = pb::GetCustomerFileRequest { name: name::customer(tenant, id) };
        let answer = self.customers().get_customer_file(request).await;
        Ok(customer::file_from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// A page of a customer's interactions, newest first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_interactions(
        &self,
        (tenant, id): (&TenantId, CustomerId),
        (page_size, page_token): (i32, String),
    ) -> Result<Paged<Interaction>, ClientError> {
        let parent = name::customer(tenant, id);
        let request = pb::ListInteractionsRequest { parent, page_size, page_token };
        let answer = self.customers().list_interactions(request).await;
        let pb::ListInteractionsResponse { interactions, next_page_token } =
            answer.map_err(|it| self.refused(it))?.into_inner();
        let whose = (tenant.clone(), id);
        let read = interactions.into_iter().map(|it| customer::interaction_from_wire(&whose, it));
        let read = read.collect::<Result<_, _>>()?;
        Ok((read, Some(next_page_token).filter(|it| !it.is_empty())))
    }

    /// Makes a customer known.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn create_customer(
        &self,
        client: &ClientId,
        profile: &Profile,
    ) -> Result<Customer, ClientError> {
        let said =
            pb::Customer { client: client.to_string(), ..customer::profile_to_wire(profile) };
        let request = pb::CreateCustomerRequest {
            parent: String::new(),
            request_id: request_id(),
            customer: Some(said),
        };
        let answer = self.customers().create_customer(request).await;
        Ok(customer::from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// Changes who a customer is, where they are still as they were read.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn update_customer(
        &self,
        now: &Customer,
        profile: &Profile,
    ) -> Result<Customer, ClientError> {
        let said = pb::Customer {
            name: name::customer(&now.tenant, now.id),
            etag: now.version.to_string(),
            ..customer::profile_to_wire(profile)
        };
        let request = pb::UpdateCustomerRequest {
            customer: Some(said),
            update_mask: None,
            request_id: request_id(),
        };
        let answer = self.customers().update_customer(request).await;
        Ok(customer::from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// Writes a consent or its withdrawal down.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn record_consent(
        &self,
        (tenant, id): (&TenantId, CustomerId),
        said: &Agreement,
    ) -> Result<Customer, ClientError> {
        let Agreement { basis, purpose, call } = said;
        let request = pb::RecordConsentRequest {
            name: name::customer(tenant, id),
            request_id: request_id(),
            basis: basis.map(|it| it.to_string()).unwrap_or_default(),
            purpose: purpose.clone(),
            call: call.map(|it| it.to_string()).unwrap_or_default(),
        };
        let answer = self.customers().record_consent(request).await;
        Ok(customer::from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// Makes one customer of two; who they are then.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn merge_customers(
        &self,
        tenant: &TenantId,
        kept: CustomerId,
        other: CustomerId,
    ) -> Result<Customer, ClientError> {
        let request = pb::MergeCustomersRequest {
            name: name::customer(tenant, kept),
            other: name::customer(tenant, other),
            request_id: request_id(),
        };
        let answer = self.customers().merge_customers(request).await;
        Ok(customer::from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// Erases a customer; what is left.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn erase_customer(
        &self,
        (tenant, id): (&TenantId, CustomerId),
        note: String,
    ) -> Result<Customer, ClientError> {
        let (name, request_id) = (name::customer(tenant, id), request_id());
        let request = pb::EraseCustomerRequest { name, request_id, note };
        let answer = self.customers().erase_customer(request).await;
        Ok(customer::from_wire(answer.map_err(|it| self.refused(it))?.into_inner())?)
    }

    /// All there is of a customer, as JSON.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn export_customer(
        &self,
        tenant: &TenantId,
        id: CustomerId,
    ) -> Result<Vec<u8>, ClientError> {
        let request = pb::ExportCustomerRequest { name: name::customer(tenant, id) };
        let answer = self.customers().export_customer(request).await;
        let mut parts = answer.map_err(|it| self.refused(it))?.into_inner();
        let mut json = Vec::new();
        while let Some(part) = parts.message().await.map_err(|it| self.refused(it))? {
            json.extend(part.json);
        }
        Ok(json)
    }

    /// Begins an import of a client company's customers.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn import_customers(
        &self,
        client: &ClientId,
        batch: String,
        country: String,
    ) -> Result<CustomerImport, ClientError> {
        let header = pb::ImportCustomersHeader {
            parent: String::new(),
            client: client.to_string(),
            batch_id: batch,
            country,
        };
        let (parts, to_send) = mpsc::channel(2);
        let first = pb::ImportCustomersRequest { part: Some(Part::Header(header)) };
        parts.try_send(first).expect("an empty channel takes a message");
        let answer = self.customers().import_customers(ReceiverStream::new(to_send)).await;
        let answers = answer.map_err(|it| self.refused(it))?.into_inner();
        let mut import = CustomerImport { client: self.clone(), parts, answers };
        import.next().await?;
        Ok(import)
    }
}
