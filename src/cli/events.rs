//! `timbre events`: what happened, one JSON line each.

use clap::Args;
use timbre_store::StoredEvent;

use super::access::Access;
use super::out;
use super::pages::gather;
use crate::casework::cloud_event;

/// Show what happened, as CloudEvents: one line of JSON each, oldest first.
#[derive(Debug, Args)]
pub struct Events {
    /// Only those after this number
    #[arg(long, default_value_t = 0, value_name = "SEQUENCE")]
    after: u64,

    /// Only those whose type begins so: timbre.case.
    #[arg(long = "type", default_value = "", hide_default_value = true, value_name = "PREFIX")]
    type_prefix: String,

    /// How many at most; without effect with --follow
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: u32,

    /// Go on with each that happens, until interrupted
    #[arg(long)]
    follow: bool,
}

impl Events {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { after, type_prefix, limit, follow } = self;
        let client = access.connect().await?;
        let tenant = client.tenant().await?;
        let line = |it: &StoredEvent| format!("{}\n", cloud_event::json(&tenant, it));
        if follow {
            let mut events = client.watch_events(after, &type_prefix).await?;
            while let Some(event) = events.next().await? {
                out::print(line(&event));
            }
            return Ok(());
        }
        let page = async |size, token| client.list_events(after, &type_prefix, (size, token)).await;
        out::print(gather(limit, page).await?.iter().map(line).collect::<String>());
        Ok(())
    }
}
