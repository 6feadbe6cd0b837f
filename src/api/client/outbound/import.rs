//! An import of leads: a header, chunks that are answered one by one, an end.

use timbre_model::{ListId, TenantId};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::api::client::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::import_request::Part;
use crate::api::pb::lead_service_client::LeadServiceClient;
use crate::api::wire::lead::{ImportAnswer, ImportChunk, answer_from_wire};
use crate::api::wire::name;

/// What is imported, and into what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Whose.
    pub tenant: TenantId,
    /// Into which list.
    pub list: ListId,
    /// The same for the same content.
    pub batch: String,
    /// ISO 3166 code that completes national numbers; `None`: the list's.
    pub country: Option<String>,
}

/// The server has ended the stream; [`LeadImport::next`] says why.
#[derive(Debug)]
pub struct Unsent;

/// An import under way.
pub struct LeadImport {
    client: Client,
    parts: mpsc::Sender<pb::ImportRequest>,
    answers: Streaming<pb::ImportResponse>,
}

impl LeadImport {
    /// Most chunks that may be unanswered.
    pub const UNANSWERED_MAX: usize = 8;

    /// Sends the chunk `number`, which counts from 1. Waits where [`LeadImport::UNANSWERED_MAX`] are unanswered.
    ///
    /// # Errors
    ///
    /// Where the stream has ended.
    pub async fn send(&self, number: u64, chunk: ImportChunk) -> Result<(), Unsent> {
        self.part(Part::Chunk(chunk.into_wire(number))).await
    }

    /// Says that every chunk was sent.
    ///
    /// # Errors
    ///
    /// Where the stream has ended.
    pub async fn finish(&self) -> Result<(), Unsent> {
        self.part(Part::Finish(pb::ImportFinish {})).await
    }

    async fn part(&self, part: Part) -> Result<(), Unsent> {
        self.parts.send(pb::ImportRequest { part: Some(part) }).await.map_err(|_| Unsent)
    }

    /// The next answer. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn next(&mut self) -> Result<ImportAnswer, ClientError> {
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
    /// Begins an import, or takes it up. The answer says which chunk is kept last, and whether nothing is left to do.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn import_leads(
        &self,
        source: &Source,
    ) -> Result<(LeadImport, ImportAnswer), ClientError> {
        let Source { tenant, list, batch, country } = source;
        let header = pb::ImportHeader {
            list: name::list(tenant, list),
            batch_id: batch.clone(),
            total_hint: 0,
            country: country.clone().unwrap_or_default(),
        };
        // One more for the end.
        let (parts, to_send) = mpsc::channel(LeadImport::UNANSWERED_MAX + 1);
        let first = pb::ImportRequest { part: Some(Part::Header(header)) };
        parts.try_send(first).expect("an empty channel takes a message");
        let mut service = LeadServiceClient::new(self.channel.clone());
        let answer = service.import(ReceiverStream::new(to_send)).await;
        let answers = answer.map_err(|it| self.refused(it))?.into_inner();
        let mut import = LeadImport { client: self.clone(), parts, answers };
        let first = import.next().await?;
        Ok((import, first))
    }
}
