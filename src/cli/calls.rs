//! `timbre calls`: what happened to calls.

use anyhow::bail;
use clap::{Args, Subcommand};
use timbre_model::{
    AgentId, CallId, CallOutcome, CallRecord, PhoneNumber, PlacedFor, QueueId, TenantId,
    TimelineEntry,
};
use timbre_store::CallFilter;

use super::access::Access;
use super::out;
use super::table::table;
use super::words::{caller, clock, moment, read_moment, time_of_day};
use crate::api::client::Client;
use crate::api::wire::{name, timeline};
use crate::driver::clock::civil;

/// List calls, or show one.
#[derive(Debug, Args)]
pub struct Calls {
    #[command(subcommand)]
    show: Option<CallsCommand>,
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Subcommand)]
enum CallsCommand {
    /// Show one call and its timeline
    Show {
        /// The call's id: 32 hexadecimal digits, or tenants/TENANT/calls/ID
        id: String,
    },
}

#[derive(Debug, Args)]
struct Which {
    /// Only calls that this queue took
    #[arg(long, value_parser = queue, value_name = "ID")]
    queue: Option<QueueId>,

    /// Only calls that this agent took
    #[arg(long, value_parser = agent, value_name = "ID")]
    agent: Option<AgentId>,

    /// Only calls that count as this: answered, abandoned, abandoned_short, refused or lost
    #[arg(long, value_parser = outcome, value_name = "WORD")]
    outcome: Option<CallOutcome>,

    /// Only calls in progress
    #[arg(long)]
    in_progress: bool,

    /// Only calls since: 2026-11-21T09:00:00Z, a day (UTC), or how long ago, as 2h
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,

    /// Only calls before, written likewise
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,

    /// Only calls from this number
    #[arg(long, value_parser = number, value_name = "+NUMBER")]
    caller: Option<PhoneNumber>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

fn queue(text: &str) -> Result<QueueId, String> {
    QueueId::parse(text).map_err(|it| it.to_string())
}

fn agent(text: &str) -> Result<AgentId, String> {
    AgentId::parse(text).map_err(|it| it.to_string())
}

fn number(text: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse(text).map_err(|it| it.to_string())
}

fn outcome(text: &str) -> Result<CallOutcome, String> {
    let all = || CallOutcome::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    CallOutcome::parse(text).ok_or_else(|| format!("give one of {}", all()))
}

impl Calls {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.show {
            Some(CallsCommand::Show { id }) => show(&client, &id).await,
            None => list(&client, self.which).await,
        }
    }
}

async fn list(client: &Client, which: Which) -> anyhow::Result<()> {
    let Which { queue, agent, outcome, in_progress, from, until, caller, limit } = which;
    let now = civil();
    let when = |text: Option<String>| {
        text.map(|it| read_moment(&it, now)).transpose().map_err(anyhow::Error::msg)
    };
    let filter = CallFilter {
        queue,
        agent,
        outcome,
        open: in_progress.then_some(true),
        arrived_from: when(from)?,
        arrived_to: when(until)?,
        caller,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut calls, mut page) = (Vec::new(), String::new());
    while calls.len() < limit {
        let size = u32::try_from((limit - calls.len()).min(1_000)).unwrap_or(1_000);
        let (more, next) = client.list_calls(&filter, size, page).await?;
        calls.extend(more);
        match next {
            Some(next) => page = next,
            None => break,
        }
    }
    out::print(listing(&calls, now));
    Ok(())
}

fn listing(calls: &[CallRecord], now: timbre_model::Civil) -> String {
    fn text(it: Option<impl ToString>) -> String {
        it.map_or_else(|| "-".to_owned(), |it| it.to_string())
    }
    let row = |it: &CallRecord| {
        let waited = it.connected_at.or(it.ended_at).unwrap_or(now).since(it.arrived_at);
        let talked = it.connected_at.map(|at| it.ended_at.unwrap_or(now).since(at));
        [
            moment(it.arrived_at),
            caller(&it.caller),
            text(it.queue.as_ref()),
            text(it.agent.as_ref()),
            clock(waited),
            text(it.answered_ring),
            text(talked.map(clock)),
            it.outcome.map_or("in progress", CallOutcome::as_str).to_owned(),
            it.id.to_string(),
        ]
    };
    let rows: Vec<_> = calls.iter().map(row).collect();
    let heading =
        ["ARRIVED (UTC)", "CALLER", "QUEUE", "AGENT", "WAIT", "RING", "TALK", "OUTCOME", "CALL"];
    table(heading, &rows)
}

async fn show(client: &Client, id: &str) -> anyhow::Result<()> {
    let (tenant, call) = named(client, id).await?;
    let record = client.get_call(&tenant, call).await?;
    let entries = client.timeline(&tenant, call).await?;
    out::print(format_args!("{}\n{}", card(&record), story(&entries)));
    Ok(())
}

/// The call that `id` names; a bare id is one of the token's own tenant.
async fn named(client: &Client, id: &str) -> anyhow::Result<(TenantId, CallId)> {
    if id.starts_with("tenants/") {
        return Ok(name::read_call("ID", id)?);
    }
    let Some(call) = CallId::parse(id) else {
        bail!("{id:?} is no call's id: give 32 hexadecimal digits, as `timbre calls` lists them");
    };
    match client.get_floor().await?.tenant {
        Some(tenant) => Ok((tenant, call)),
        None => bail!("the server does not say whose floor it is: give tenants/TENANT/calls/{id}"),
    }
}

/// One call, a line for each fact that is known.
fn card(record: &CallRecord) -> String {
    let CallRecord {
        id,
        tenant,
        trunk,
        dialed,
        caller: from,
        queue,
        client,
        arrived_at,
        answered_at,
        answered_ring,
        connected_at,
        agent,
        outbound,
        hold,
        ended_at,
        outcome,
        cause,
        released_by,
        disposition,
        wrapped_up_at,
    } = record;
    let mut lines = vec![("call", format!("{id} of tenant {tenant}"))];
    lines.push(("from", format!("{} over trunk {trunk} to {dialed}", caller(from))));
    if let Some(PlacedFor { campaign, lead }) = outbound {
        let lead = lead.map(|it| format!(", lead {it}")).unwrap_or_default();
        lines.push(("placed", format!("for campaign {campaign}{lead}")));
    }
    if let Some(queue) = queue {
        let client = client.as_ref().map(|it| format!(" of client {it}")).unwrap_or_default();
        lines.push(("queue", format!("{queue}{client}")));
    }
    lines.push(("arrived", moment(*arrived_at)));
    let after = |at: timbre_model::Civil| format!("{:.1} s", at.since(*arrived_at).as_secs_f64());
    if let Some(at) = answered_at {
        let ring = answered_ring.map(|it| format!(" in ring {it}")).unwrap_or_default();
        lines.push(("answered", format!("after {}{ring}", after(*at))));
    }
    if let (Some(at), Some(agent)) = (connected_at, agent) {
        lines.push(("connected", format!("after {} with agent {agent}", after(*at))));
    }
    if hold.count > 0 {
        let (total, longest) = (clock(hold.total), clock(hold.longest));
        lines.push(("held", format!("{total} in {} holds, the longest {longest}", hold.count)));
    }
    match (ended_at, cause, released_by) {
        (Some(at), Some(cause), Some(by)) => {
            let counted = outcome.map(|it| format!("; counts as {it}")).unwrap_or_default();
            lines.push(("ended", format!("after {}: {cause} by {by}{counted}", after(*at))));
        }
        (Some(at), ..) => lines.push(("ended", format!("after {}", after(*at)))),
        (None, ..) => lines.push(("ended", "not yet".to_owned())),
    }
    if let Some(it) = disposition {
        let by = if it.automatic { "by the clock" } else { "by the agent" };
        lines.push(("classified", format!("{} {by}", it.code)));
    }
    if let Some(at) = wrapped_up_at {
        lines.push(("wrapped up", format!("after {}", after(*at))));
    }
    lines.into_iter().map(|(key, value)| format!("{key:<11}{value}\n")).collect()
}

fn story(entries: &[TimelineEntry]) -> String {
    let row = |entry: &TimelineEntry| {
        let (kind, details) = timeline::words(&entry.what);
        let details: Vec<_> =
            details.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        [entry.number.to_string(), time_of_day(entry.at), kind.to_owned(), details.join(" ")]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table(["#", "TIME (UTC)", "WHAT", "DETAILS"], &rows)
}
