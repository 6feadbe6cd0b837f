//! `timbre campaign`: campaigns, how they stand, and their verbs. `timbre trunk`: the kill switch.

pub mod words;

use clap::{Args, Subcommand};
use timbre_model::{CampaignId, CampaignRef, Civil, TrunkId, TrunkRef};

use super::access::Access;
use super::pages::gather;
use super::{ids, out};
use crate::api::client::Client;
use crate::driver::clock::civil;

/// Run campaigns, and see how they stand.
#[derive(Debug, Args)]
pub struct Campaign {
    #[command(subcommand)]
    command: CampaignCommand,
}

#[derive(Debug, Subcommand)]
enum CampaignCommand {
    /// List the campaigns as they now stand
    List {
        /// How many at most
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: u32,
    },
    /// Show a campaign and what its last decision was made of
    Show(Which),
    /// Let a campaign place calls
    Start(Which),
    /// Let it place no more calls: those in set-up are cancelled, conversations go on
    Pause(Which),
    /// End it: those in set-up are cancelled, conversations go on
    Stop(Which),
    /// Say how many leads are callable now, later and never, and by which rule; places no call
    DryRun(DryRun),
    /// Watch a campaign: a line whenever it changes
    Watch(Which),
    /// Say why a campaign places no more calls than it does
    Explain(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// The campaign's id
    #[arg(value_parser = ids::campaign, value_name = "CAMPAIGN")]
    campaign: CampaignId,
}

#[derive(Debug, Args)]
struct DryRun {
    #[command(flatten)]
    which: Which,

    /// At this moment, such as 2026-11-21T09:00:00Z; without it, now
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    at: Option<Civil>,

    /// Most leads to look at
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=100_000), value_name = "N")]
    limit: u32,
}

impl Campaign {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.command {
            CampaignCommand::List { limit } => list(&client, limit).await,
            CampaignCommand::Show(it) => {
                let status = client.get_campaign(&it.named(&client).await?).await?;
                out::print(words::card(&status, civil()));
                Ok(())
            }
            CampaignCommand::Start(it) => {
                let status = client.start_campaign(&it.named(&client).await?).await?;
                out::print(words::line(&status));
                Ok(())
            }
            CampaignCommand::Pause(it) => {
                let status = client.pause_campaign(&it.named(&client).await?).await?;
                out::print(words::line(&status));
                Ok(())
            }
            CampaignCommand::Stop(it) => {
                let status = client.stop_campaign(&it.named(&client).await?).await?;
                out::print(words::line(&status));
                Ok(())
            }
            CampaignCommand::DryRun(DryRun { which, at, limit }) => {
                let found = client.dry_run(&which.named(&client).await?, at, limit).await?;
                out::print(words::found(found));
                Ok(())
            }
            CampaignCommand::Watch(it) => watch(&client, it).await,
            CampaignCommand::Explain(it) => {
                let (status, because) = client.explain_campaign(&it.named(&client).await?).await?;
                out::print(format_args!("{}{}", words::line(&status), words::because(&because)));
                Ok(())
            }
        }
    }
}

impl Which {
    async fn named(self, client: &Client) -> anyhow::Result<CampaignRef> {
        Ok(CampaignRef { tenant: client.tenant().await?, campaign: self.campaign })
    }
}

async fn list(client: &Client, limit: u32) -> anyhow::Result<()> {
    let all = gather(limit, async |size, token| client.list_campaigns(size, token).await).await?;
    out::print(words::listing(&all));
    Ok(())
}

async fn watch(client: &Client, which: Which) -> anyhow::Result<()> {
    let mut watch = client.watch_campaign(&which.named(client).await?).await?;
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            status = watch.next() => match status? {
                Some(status) => out::print(words::tick(&status, civil())),
                None => return Ok(()),
            },
            _ = &mut interrupted => return Ok(()),
        }
    }
}

/// The kill switch against toll fraud.
#[derive(Debug, Args)]
pub struct Trunk {
    #[command(subcommand)]
    command: TrunkCommand,
}

#[derive(Debug, Subcommand)]
enum TrunkCommand {
    /// Place no more calls over a trunk, until it is resumed, the node restarts or the floor is applied
    Stop(WhichTrunk),
    /// Place calls over a trunk again
    Resume(WhichTrunk),
    /// List line trouble that agents reported, with what was measured
    Trouble(super::trouble::Troubles),
}

#[derive(Debug, Args)]
struct WhichTrunk {
    /// The trunk's id
    #[arg(value_parser = ids::trunk, value_name = "TRUNK")]
    trunk: TrunkId,
}

impl Trunk {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let (WhichTrunk { trunk }, stopped) = match self.command {
            TrunkCommand::Stop(it) => (it, true),
            TrunkCommand::Resume(it) => (it, false),
            TrunkCommand::Trouble(it) => return it.run(access).await,
        };
        let client = access.connect().await?;
        let it = TrunkRef { tenant: client.tenant().await?, trunk };
        client.stop_trunk(&it, stopped).await?;
        let word = if stopped { "places no more calls" } else { "places calls again" };
        out::print(format_args!("trunk {} {word}\n", it.trunk));
        Ok(())
    }
}
