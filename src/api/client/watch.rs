//! Watching the floor.

use tonic::Streaming;

use super::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::supervisor_service_client::SupervisorServiceClient;
use crate::api::wire::watch::{FloorUpdate, from_wire};

/// A supervisor's stream.
pub struct FloorWatch {
    client: Client,
    updates: Streaming<pb::WatchFloorResponse>,
}

impl Client {
    /// Watches the floor: after the update of the number `after`, where that is still kept, and else from a snapshot.
    pub async fn watch_floor(&self, after: u64) -> Result<FloorWatch, ClientError> {
        let request = pb::WatchFloorRequest { parent: String::new(), after_sequence: after };
        let mut service = SupervisorServiceClient::new(self.channel.clone());
        let answer = service.watch_floor(request).await.map_err(|it| self.refused(it))?;
        Ok(FloorWatch { client: self.clone(), updates: answer.into_inner() })
    }
}

impl FloorWatch {
    /// The next update; `None` where the server ended the stream. May be dropped and called again.
    pub async fn next(&mut self) -> Result<Option<FloorUpdate>, ClientError> {
        let update = self.updates.message().await.map_err(|it| self.client.refused(it))?;
        Ok(update.map(from_wire).transpose()?)
    }
}
