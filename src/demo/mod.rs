//! The demonstration: a whole node on loopback, with agents, callers and a carrier that use its real SIP and gRPC ports.
//!
//! Each agent says a tone of their own and customers another: what they hear is what went through the switch.

mod agents;
mod callers;
mod campaign;
mod chance;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context as _;
use tempfile::TempDir;
use timbre_model::{
    AgentId, AgentSpec, CampaignSpec, Digest, EntryPointSpec, FloorSpec, Role, TenantId,
};
use timbre_phone::carrier::Carrier;
use timbre_store::Store;
use tokio::task::JoinSet;

use crate::api;
use crate::api::client::{Client, Target};
use crate::config::Settings;
use crate::driver::entropy;
use crate::server::Node;

use chance::Chance;

/// The sample floor, as it is shipped.
const FLOOR: &str = include_str!("../../deploy/floor.yaml");

/// A demonstration that runs. Dropping it stops agents and callers at once; [`Demo::stop`] ends their calls first.
pub struct Demo {
    /// The node.
    pub node: Node,
    /// Reaches the node as a supervisor.
    pub supervisor: Target,
    playing: JoinSet<()>,
    _carrier: Carrier,
    _data: TempDir,
}

/// How lively the demonstration is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Calls that come, per minute.
    pub calls_per_minute: f64,
    /// How long agents and customers talk, on average, in seconds.
    pub talk_seconds: f64,
}

impl Demo {
    /// Starts the node, applies the sample floor, signs its agents in, lets customers call and its campaigns run.
    pub async fn start(pace: Pace) -> anyhow::Result<Self> {
        let data = tempfile::tempdir().context("cannot make a directory for the demo's data")?;
        let node = Node::start(&settings(data.path())).await?;
        let tenant = TenantId::parse("demo").context("the demo's tenant")?;
        let server = format!("http://{}", node.grpc);
        let carrier = campaign::carrier(&mut Chance::draw()).await?;
        let mut floor = floor()?;
        campaign::adapt(&mut floor, carrier.at);
        let operator = token(&node.store, &tenant, Role::Operator, None).await?;
        let target = |token: String| Target { server: server.clone(), token, tls_ca: None };
        let client = Client::connect(&target(operator.clone())).await?;
        client.apply_floor(&floor, None, false).await.context("the sample floor")?;

        let sip = node.sip.udp.context("the node serves SIP over UDP")?;
        let mut playing = JoinSet::new();
        for agent in &floor.agents {
            let token = token(&node.store, &tenant, Role::Agent, Some(agent.id.clone())).await?;
            let player = agents::Player {
                target: target(token),
                switch: sip,
                station: agents::Station::of(&tenant, agent),
                chance: Chance::draw(),
                pace,
                talk: None,
            };
            playing.spawn(player.play());
        }
        let numbers = called(&floor).map(|it| it.number.clone()).collect();
        playing
            .spawn(callers::Callers { switch: sip, numbers, chance: Chance::draw(), pace }.play());
        campaign::start(&node.store, &client, &tenant, &floor).await?;
        Ok(Self { node, supervisor: target(operator), playing, _carrier: carrier, _data: data })
    }

    /// Ends the players, their calls and the node.
    pub async fn stop(mut self) {
        self.playing.shutdown().await;
        self.node.stop().await;
    }
}

fn settings(data: &Path) -> Settings {
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Settings {
        database: format!("sqlite://{}", data.join("timbre.db").display()),
        spool: data.join("spool"),
        grpc: loopback,
        metrics: loopback,
        sip: loopback,
        rtp_ports: 0..=0,
        drain: std::time::Duration::ZERO,
        ..Settings::default()
    }
}

/// The sample floor with passwords that nobody knows, and a trunk for the callers' address.
fn floor() -> anyhow::Result<FloorSpec> {
    let mut floor: FloorSpec = serde_saphyr::from_str(FLOOR).context("deploy/floor.yaml")?;
    for AgentSpec { password, .. } in &mut floor.agents {
        *password = Some(Digest::Plain(secret()));
    }
    Ok(floor)
}

/// The numbers that customers call: not those of campaigns that call all the time, whose agents are few.
fn called(floor: &FloorSpec) -> impl Iterator<Item = &EntryPointSpec> {
    let calls_out = |it: &CampaignSpec| {
        let mut lists = it.lists.iter();
        lists.any(|of| !campaign::is_laid(floor, &of.list))
    };
    let busy = move |entry: &&EntryPointSpec| {
        floor.campaigns.iter().any(|it| it.queue == entry.queue && calls_out(it))
    };
    floor.entry_points.iter().filter(move |it| !busy(it))
}

fn secret() -> String {
    entropy::bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a token as `timbre token create` does.
async fn token(
    store: &Store,
    tenant: &TenantId,
    role: Role,
    agent: Option<AgentId>,
) -> anyhow::Result<String> {
    let (text, record) = api::token::mint(tenant.clone(), role, agent, None);
    store.put_token(&record).await.context("a token for the demo")?;
    Ok(text)
}
