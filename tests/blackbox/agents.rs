//! Agents at work over gRPC.

use timbre::api::client::AgentStream;
use timbre::api::wire::agent::{AgentCommand, AgentEvent, AgentMessage};
use timbre_engine::AgentView;
use timbre_model::{AgentStateKind, CallId, Role};

use crate::PATIENCE;
use crate::node::Node;

/// An agent's stream, and what it brought.
pub struct Agent {
    pub name: String,
    stream: AgentStream,
}

impl Agent {
    /// Signs in, and says Ready.
    pub async fn ready(node: &Node, name: &str, auto_accept: bool) -> Self {
        let mut agent = Self::sign_in(node, name, auto_accept).await;
        agent.send(AgentCommand::SetReady).await;
        agent.until_state(AgentStateKind::Ready).await;
        agent
    }

    /// Signs in.
    pub async fn sign_in(node: &Node, name: &str, auto_accept: bool) -> Self {
        let client = node.client(Role::Agent, Some(name)).await;
        let first = AgentCommand::SignIn { auto_accept, take_over: true };
        let stream = client.agent(first).await.expect("the agent may sign in");
        let mut agent = Self { name: name.to_owned(), stream };
        agent.until("a welcome", |event| matches!(event, AgentEvent::Welcome(_))).await;
        agent
    }

    /// Sends a command.
    pub async fn send(&mut self, command: AgentCommand) {
        let sent = self.stream.send(command).await;
        assert!(sent.is_some(), "{}: the stream is gone", self.name);
    }

    /// The next event that is looked for; those before it are passed over, and refused commands are a failure.
    pub async fn until(
        &mut self,
        what: &str,
        looked_for: impl Fn(&AgentEvent) -> bool,
    ) -> AgentMessage {
        let found = async {
            loop {
                let message = self.next().await;
                if let AgentEvent::CommandResult { error: Some(error), .. } = &message.event {
                    panic!("{}: a command was refused: {error:?}", self.name);
                }
                if looked_for(&message.event) {
                    return message;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    /// The next event, whatever it is.
    pub async fn next(&mut self) -> AgentMessage {
        let next =
            self.stream.next().await.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        next.unwrap_or_else(|| panic!("{}: the stream ended", self.name))
    }

    /// Waits until the agent is in a state.
    pub async fn until_state(&mut self, state: AgentStateKind) -> AgentView {
        let in_state = |event: &AgentEvent| matches!(event, AgentEvent::Status(_, view) if view.state == state);
        let message = self.until(state.as_str(), in_state).await;
        match message.event {
            AgentEvent::Status(_, view) => *view,
            other => unreachable!("{other:?} was not looked for"),
        }
    }

    /// Waits until a customer is on the line.
    pub async fn until_connected(&mut self) -> CallId {
        let connected = |event: &AgentEvent| matches!(event, AgentEvent::CallConnected { .. });
        match self.until("a call", connected).await.event {
            AgentEvent::CallConnected { call, .. } => call,
            other => unreachable!("{other:?} was not looked for"),
        }
    }

    /// Takes calls one after another, each for `talk`, until the stream ends or this is dropped; how many it took.
    pub async fn take_calls(
        mut self,
        talk: std::time::Duration,
        taken: tokio::sync::watch::Sender<u32>,
    ) {
        loop {
            let message = match self.stream.next().await {
                Ok(Some(message)) => message,
                Ok(None) => return,
                Err(error) => return eprintln!("{}: the stream ended: {error}", self.name),
            };
            if let AgentEvent::CallConnected { call, .. } = message.event {
                timbre::driver::clock::sleep(talk).await;
                taken.send_modify(|it| *it += 1);
                // The customer may have hung up first.
                self.stream.send(AgentCommand::HangUp(call)).await;
            }
        }
    }
}
