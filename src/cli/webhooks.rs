//! `timbre webhooks`: how far they are, and what could not be delivered.

use clap::{Args, Subcommand};

use super::access::Access;
use super::out;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use crate::api::wire::event::{LetterLine, WebhookProgress};

/// Watch the delivery of events and mail, and deliver again what failed.
#[derive(Debug, Args)]
pub struct Webhooks {
    #[command(subcommand)]
    command: WebhooksCommand,
}

#[derive(Debug, Subcommand)]
enum WebhooksCommand {
    /// List the floor's webhooks, and how far they are
    List,
    /// List what could not be delivered, newest first: events and mails
    Dead {
        /// How many at most
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
    },
    /// Have a dead letter delivered after all
    Replay {
        /// Its name, as `dead` lists it
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

impl Webhooks {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.command {
            WebhooksCommand::List => {
                let page = async |size, token| client.list_webhooks((size, token)).await;
                out::print(progress(&gather(u32::MAX, page).await?));
            }
            WebhooksCommand::Dead { limit } => {
                let page = async |size, token| client.list_dead_letters((size, token)).await;
                out::print(dead(&gather(limit, page).await?));
            }
            WebhooksCommand::Replay { names } => {
                for name in names {
                    client.replay_dead_letter(&name).await?;
                    out::print(format_args!("{name} is delivered within seconds\n"));
                }
            }
        }
        Ok(())
    }
}

fn progress(webhooks: &[WebhookProgress]) -> String {
    let row = |it: &WebhookProgress| {
        let WebhookProgress { id, url, state, latest, held } = it;
        let failing = state.failing_since.map_or_else(|| "-".to_owned(), moment);
        let behind = latest.saturating_sub(state.settled).to_string();
        [id.to_string(), behind, held.to_string(), failing, state.error.clone(), url.clone()]
    };
    let rows: Vec<_> = webhooks.iter().map(row).collect();
    table(["WEBHOOK", "BEHIND", "HELD", "FAILING SINCE (UTC)", "LAST ERROR", "URL"], &rows)
}

fn dead(letters: &[LetterLine]) -> String {
    if letters.is_empty() {
        return "everything was delivered, or still may be\n".to_owned();
    }
    let row = |it: &LetterLine| {
        let LetterLine { name, title, at, attempts, error } = it;
        [moment(*at), attempts.to_string(), title.clone(), name.clone(), error.clone()]
    };
    let rows: Vec<_> = letters.iter().map(row).collect();
    table(["SINCE (UTC)", "TRIES", "WHAT", "NAME", "LAST ERROR"], &rows)
}
