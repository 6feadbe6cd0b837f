//! `timbre agenda`: what somebody is to do, by due time.

use clap::Args;
use timbre_model::{AgentId, AgentRef, Civil};

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use super::{ids, out};
use crate::casework::agenda::{Item, What};
use crate::driver::clock::civil;

/// List what an agent is to do, by due time.
#[derive(Debug, Args)]
pub struct Agenda {
    /// Whose; without it, the token's own agent
    #[arg(value_parser = ids::agent, value_name = "AGENT")]
    agent: Option<AgentId>,

    /// Only what falls due from then on; without it, what is overdue, too
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    from: Option<Civil>,

    /// Only what falls due before that: a moment, or in how long
    #[arg(long, value_parser = ids::ahead, value_name = "WHEN")]
    until: Option<Civil>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

impl Agenda {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { agent, from, until, limit } = self;
        let client = access.connect().await?;
        let who = match agent {
            Some(agent) => Some(AgentRef { tenant: client.tenant().await?, agent }),
            None => None,
        };
        let page = async |size, token| {
            client.list_agenda(who.as_ref(), (from, until), (size, token)).await
        };
        out::print(listing(&gather(limit, page).await?, civil()));
        Ok(())
    }
}

/// What stands in a table for an item.
pub fn what(it: &Item) -> (String, String) {
    match it.what {
        What::Record(kind, id) => (kind.as_str().replace('_', "-"), format!("{id:032x}")),
        What::Lead(lead) => ("call".to_owned(), format!("lead {lead}")),
    }
}

fn listing(items: &[Item], now: Civil) -> String {
    let row = |it: &Item| {
        let (kind, id) = what(it);
        let late = if it.item.due_at < now { " late" } else { "" };
        let whose = match (&it.item.agent, &it.item.department) {
            (Some(agent), _) => agent.to_string(),
            (None, Some(department)) => format!("department {department}"),
            (None, None) => "anybody".to_owned(),
        };
        [format!("{}{late}", moment(it.item.due_at)), kind, whose, it.item.title.clone(), id]
    };
    let rows: Vec<_> = items.iter().map(row).collect();
    table(["DUE (UTC)", "WHAT", "WHOSE", "ABOUT", "ID"], &rows)
}
