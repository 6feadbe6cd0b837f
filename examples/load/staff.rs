//! The agents: a phone whose leg stays up, and a stream that takes every call.

use anyhow::{Context as _, bail};
use timbre::api::wire::agent::{AgentCommand, AgentEvent};
use timbre_model::AgentStateKind;
use timbre_phone::{Call, Credentials, Endpoint};
use tokio::task::JoinSet;

use crate::node::Node;
use crate::{PATIENCE, floor};

/// Agents at work, until dropped.
pub struct Staff {
    _phones: Endpoint,
    _shifts: Vec<Call>,
    streams: JoinSet<()>,
}

impl Staff {
    /// Brings `count` agents to work, one after the other.
    pub async fn begin(node: &Node, count: usize) -> anyhow::Result<Self> {
        let phones = Endpoint::open(floor::PHONES.parse()?, node.sip).await?;
        let (mut shifts, mut streams) = (Vec::new(), JoinSet::new());
        for at in 0..count {
            let name = floor::agent(at);
            let who = Credentials::new(format!("{}~{name}", floor::TENANT), floor::password(&name));
            let shift = phones.call_in(&who, None);
            let up = shift.until(PATIENCE, |it| it.answered.is_some() || it.ended.is_some()).await;
            if !up.is_ok_and(|it| it.answered.is_some()) {
                bail!("the phone of {name} cannot call in: {up:?}");
            }
            shifts.push(shift);
            work(node, at, &mut streams).await?;
        }
        Ok(Self { _phones: phones, _shifts: shifts, streams })
    }

    /// Fails where an agent's stream has ended.
    pub fn all_at_work(&mut self) -> anyhow::Result<()> {
        match self.streams.try_join_next() {
            None => Ok(()),
            Some(ended) => bail!("an agent's stream ended: {ended:?}"),
        }
    }
}

async fn work(node: &Node, at: usize, streams: &mut JoinSet<()>) -> anyhow::Result<()> {
    let client = node.agent(at).await?;
    let sign_in = AgentCommand::SignIn { auto_accept: true, take_over: false };
    let mut stream = client.agent(sign_in).await?;
    stream.send(AgentCommand::SetReady).await.context("the stream is gone")?;
    loop {
        let message = stream.next().await?.context("the stream ended")?;
        match message.event {
            AgentEvent::Status(_, view) if view.state == AgentStateKind::Ready => break,
            AgentEvent::CommandResult { error: Some(error), .. } => bail!("{error:?}"),
            _ => {}
        }
    }
    // Every event is read and understood, as a softphone does.
    streams.spawn(async move { while let Ok(Some(_)) = stream.next().await {} });
    Ok(())
}
