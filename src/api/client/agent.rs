//! An agent's stream, with its heartbeat.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::Streaming;

use super::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::agent_service_client::AgentServiceClient;
use crate::api::wire::agent::{
    AgentCommand, AgentEvent, AgentMessage, message_from_wire, request_to_wire,
};
use crate::driver::entropy;

/// Commands that may be under way at once.
const COMMANDS_MAX: usize = 64;

/// An agent's stream. Sends heartbeats by itself from the welcome on; ends when dropped.
pub struct AgentStream {
    client: Client,
    commands: mpsc::Sender<pb::ConnectRequest>,
    events: Streaming<pb::ConnectResponse>,
    heartbeat: Option<AbortOnDropHandle<()>>,
    ids: RequestIds,
}

/// Ids that no other stream of the shift uses.
struct RequestIds {
    prefix: u64,
    sent: u64,
}

impl RequestIds {
    fn next(&mut self) -> String {
        self.sent += 1;
        format!("{:016x}-{}", self.prefix, self.sent)
    }
}

impl Client {
    /// Opens an agent's stream by its first command: sign in or resume.
    pub async fn agent(&self, first: AgentCommand) -> Result<AgentStream, ClientError> {
        let (commands, to_send) = mpsc::channel(COMMANDS_MAX);
        let mut ids = RequestIds { prefix: u64::from_be_bytes(entropy::bytes()), sent: 0 };
        let opening = request_to_wire(ids.next(), first);
        commands.try_send(opening).expect("an empty channel takes a message");
        let mut service = AgentServiceClient::new(self.channel.clone());
        let answer = service.connect(ReceiverStream::new(to_send)).await;
        let events = answer.map_err(|it| self.refused(it))?.into_inner();
        Ok(AgentStream { client: self.clone(), commands, events, heartbeat: None, ids })
    }
}

impl AgentStream {
    /// Sends a command; answers the id under which its result will come. `None`: the stream is gone.
    pub async fn send(&mut self, command: AgentCommand) -> Option<String> {
        let id = self.ids.next();
        self.commands.send(request_to_wire(id.clone(), command)).await.ok()?;
        Some(id)
    }

    /// The next event; `None` where the server ended the stream. May be dropped and called again.
    pub async fn next(&mut self) -> Result<Option<AgentMessage>, ClientError> {
        let message = self.events.message().await.map_err(|it| self.client.refused(it))?;
        let Some(message) = message.map(message_from_wire).transpose()? else { return Ok(None) };
        if let AgentEvent::Welcome(welcome) = &message.event {
            self.beat(welcome.heartbeat_interval);
        }
        Ok(Some(message))
    }

    fn beat(&mut self, every: Duration) {
        let commands = self.commands.clone();
        // An interval of zero would be a busy loop.
        let mut ticks = tokio::time::interval(every.max(Duration::from_millis(100)));
        let beating = tokio::spawn(async move {
            loop {
                ticks.tick().await;
                let beat = request_to_wire(String::new(), AgentCommand::Heartbeat);
                if commands.send(beat).await.is_err() {
                    return;
                }
            }
        });
        self.heartbeat = Some(AbortOnDropHandle::new(beating));
    }
}
