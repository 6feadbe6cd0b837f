//! `timbre leads`: who is to be called.

mod import;
mod progress;
mod show;
pub mod source;

use clap::{Args, Subcommand};

use super::access::Access;

pub use show::explain;

/// Import leads, and see where they stand.
#[derive(Debug, Args)]
pub struct Leads {
    #[command(subcommand)]
    command: LeadsCommand,
}

#[derive(Debug, Subcommand)]
enum LeadsCommand {
    /// Import leads from a table (CSV in UTF-8, with headings); none is called before the import is whole
    Import(import::Import),
    /// List a list's leads in the order of their import
    List(show::List),
    /// Show one lead
    Show(show::Show),
    /// Say whether a lead may be called, and by which rule not
    Explain(show::Explain),
    /// Make leads ready again that are finished or wait; attempts stay counted, and no law is forgotten
    Reset(show::Reset),
    /// Count a list's leads by state
    Count(show::Count),
}

impl Leads {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        match self.command {
            LeadsCommand::Import(it) => it.run(access).await,
            LeadsCommand::List(it) => it.run(access).await,
            LeadsCommand::Show(it) => it.run(access).await,
            LeadsCommand::Explain(it) => it.run(access).await,
            LeadsCommand::Reset(it) => it.run(access).await,
            LeadsCommand::Count(it) => it.run(access).await,
        }
    }
}
