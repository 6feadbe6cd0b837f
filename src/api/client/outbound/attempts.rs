//! Attempts, and the audit trail.

use timbre_model::{AttemptRecord, CallId, TenantId};
use timbre_store::AttemptFilter;
use tonic::Streaming;

use super::{Paged, next};
use crate::api::client::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::attempt_service_client::AttemptServiceClient;
use crate::api::wire::{attempt, name};

/// The audit trail as it comes.
pub struct AuditExport {
    client: Client,
    lines: Streaming<pb::ExportAuditResponse>,
}

impl AuditExport {
    /// The next links, one line each; `None` at the end.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn next(&mut self) -> Result<Option<Vec<String>>, ClientError> {
        let more = self.lines.message().await.map_err(|it| self.client.refused(it))?;
        Ok(more.map(|pb::ExportAuditResponse { lines }| lines))
    }
}

impl Client {
    /// One attempt.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn get_attempt(
        &self,
        tenant: &TenantId,
        id: CallId,
    ) -> Result<AttemptRecord, ClientError> {
        let request = pb::GetAttemptRequest { name: name::attempt(tenant, id) };
        let mut service = AttemptServiceClient::new(self.channel.clone());
        let answer = service.get_attempt(request).await.map_err(|it| self.refused(it))?;
        Ok(attempt::from_wire(answer.into_inner())?)
    }

    /// A page of attempts, newest first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn list_attempts(
        &self,
        filter: &AttemptFilter,
        page: (i32, String),
    ) -> Result<Paged<AttemptRecord>, ClientError> {
        let mut service = AttemptServiceClient::new(self.channel.clone());
        let request = attempt::list_to_wire(filter, page);
        let answer = service.list_attempts(request).await.map_err(|it| self.refused(it))?;
        let pb::ListAttemptsResponse { attempts, next_page_token } = answer.into_inner();
        let attempts = attempts.into_iter().map(attempt::from_wire).collect::<Result<_, _>>()?;
        Ok((attempts, next(next_page_token)))
    }

    /// The audit trail after the link `after`, oldest first.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn export_audit(&self, after: u64) -> Result<AuditExport, ClientError> {
        let request = pb::ExportAuditRequest { parent: String::new(), after };
        let mut service = AttemptServiceClient::new(self.channel.clone());
        let answer = service.export_audit(request).await.map_err(|it| self.refused(it))?;
        Ok(AuditExport { client: self.clone(), lines: answer.into_inner() })
    }

    /// The number and the hash of the last link of the audit trail.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn audit_head(&self) -> Result<(u64, String), ClientError> {
        let request = pb::GetAuditHeadRequest { parent: String::new() };
        let mut service = AttemptServiceClient::new(self.channel.clone());
        let answer = service.get_audit_head(request).await.map_err(|it| self.refused(it))?;
        let pb::AuditHead { sequence, hash } = answer.into_inner();
        Ok((sequence, hash))
    }
}
