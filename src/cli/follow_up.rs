//! `timbre follow-up`: the checks after a sale.

use clap::{Args, Subcommand};
use timbre_casework::follow_up::Findings;
use timbre_casework::sale::Check;
use timbre_casework::{CustomerId, FollowUp, FollowUpId, FollowUpState};
use timbre_model::{AgentId, Civil, ClientId, FollowUpOutcome};

use super::access::Access;
use super::pages::gather;
use super::sale::{customer, request_id};
use super::table::table;
use super::words::moment;
use super::{ids, out};
use crate::api::client::SaleQuery;

/// The checks after a sale.
#[derive(Debug, Args)]
pub struct FollowUps {
    #[command(subcommand)]
    command: FollowUpCommand,
}

#[derive(Debug, Subcommand)]
enum FollowUpCommand {
    /// List follow-ups, the one that falls due last first
    List(Which),
    /// Show one follow-up
    Show {
        /// Its id
        #[arg(value_parser = follow_up, value_name = "ID")]
        follow_up: FollowUpId,
    },
    /// Say that all is as it was promised
    Confirm(Found),
    /// Say that something is not as it was promised: opens a case
    Incident(Found),
}

#[derive(Debug, Args)]
struct Which {
    /// Only of this client company
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,

    /// Only in this state: planned, due, attempting, confirmed, incident, unreachable
    #[arg(long, value_parser = state, value_name = "STATE")]
    state: Option<FollowUpState>,

    /// Only those that wait for somebody or something
    #[arg(long)]
    open: bool,

    /// Only those done by this agent
    #[arg(long, value_parser = ids::agent, value_name = "ID")]
    agent: Option<AgentId>,

    /// Only of this customer
    #[arg(long, value_parser = customer, value_name = "ID")]
    customer: Option<CustomerId>,

    /// Only due since: 2026-11-21T09:00:00Z, or a day (UTC)
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    from: Option<Civil>,

    /// Only due before, written likewise
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    until: Option<Civil>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

#[derive(Debug, Args)]
struct Found {
    /// The follow-up
    #[arg(value_parser = follow_up, value_name = "ID")]
    follow_up: FollowUpId,

    /// A promise that was kept, as `timbre sale show` counts them; may be given more than once
    #[arg(long, value_name = "N")]
    kept: Vec<u32>,

    /// A promise that was not kept; may be given more than once
    #[arg(long, value_name = "N")]
    broken: Vec<u32>,

    /// What the customer says
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
}

fn follow_up(text: &str) -> Result<FollowUpId, String> {
    FollowUpId::parse(text).ok_or_else(|| "give the follow-up's id: 32 hexadecimal digits".into())
}

fn state(text: &str) -> Result<FollowUpState, String> {
    let all = || FollowUpState::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    FollowUpState::parse(text).ok_or_else(|| format!("give one of {}", all()))
}

impl FollowUps {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        let (found, outcome) = match self.command {
            FollowUpCommand::List(which) => {
                let limit = which.limit;
                let query = query(which);
                let page = async |size, token| client.list_follow_ups(&query, (size, token)).await;
                out::print(listing(&gather(limit, page).await?));
                return Ok(());
            }
            FollowUpCommand::Show { follow_up } => {
                let tenant = client.tenant().await?;
                out::print(card(&client.get_follow_up(&tenant, follow_up).await?));
                return Ok(());
            }
            FollowUpCommand::Confirm(found) => (found, FollowUpOutcome::Confirmed),
            FollowUpCommand::Incident(found) => (found, FollowUpOutcome::Incident),
        };
        let Found { follow_up, kept, broken, note } = found;
        let check = |kept| move |promise| Check { promise, kept, note: String::new() };
        let checks = kept.into_iter().map(check(true));
        let checks = checks.chain(broken.into_iter().map(check(false))).collect();
        let findings = Findings { outcome, checks, note, call: None, agent: None };
        let tenant = client.tenant().await?;
        let ended = client.record_outcome(request_id(), (&tenant, follow_up), &findings).await?;
        out::print(card(&ended));
        Ok(())
    }
}

fn query(which: Which) -> SaleQuery {
    let Which { client, state, open, agent, customer, from, until, limit: _ } = which;
    SaleQuery { client, agent, customer, number: None, state, open, from, to: until }
}

fn listing(follow_ups: &[FollowUp]) -> String {
    let row = |it: &FollowUp| {
        [
            moment(it.due_at),
            it.client.to_string(),
            it.state.to_string(),
            format!("{} of {}", it.tries, it.tries_max),
            it.agent.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            it.sale.to_string(),
            it.id.to_string(),
        ]
    };
    let rows: Vec<_> = follow_ups.iter().map(row).collect();
    table(["DUE (UTC)", "CLIENT", "STATE", "TRIES", "AGENT", "SALE", "FOLLOW-UP"], &rows)
}

/// One follow-up, a line for each fact that is known.
fn card(it: &FollowUp) -> String {
    let mut lines = vec![
        format!("follow-up   {} (number {} of its sale)", it.id, it.number),
        format!("sale        {}", it.sale),
        format!("client      {}", it.client),
        format!("state       {}", it.state),
        format!("due         {}", moment(it.due_at)),
        format!("tries       {} of {}", it.tries, it.tries_max),
    ];
    let mut fact = |name: &str, text: Option<String>| {
        lines.extend(text.filter(|it| !it.is_empty()).map(|it| format!("{name:<12}{it}")));
    };
    fact("customer", it.customer.map(|it| it.to_string()));
    fact("lead", it.lead.map(|lead| format!("{lead} in list {}", it.list)));
    fact("call", it.call.map(|it| it.to_string()));
    fact("agent", it.agent.as_ref().map(ToString::to_string));
    fact("case", it.case.map(|it| it.to_string()));
    fact("note", Some(it.note.clone()));
    fact("ended", it.ended_at.map(moment));
    lines.join("\n") + "\n"
}
