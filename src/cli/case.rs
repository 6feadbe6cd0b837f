//! `timbre case`: complaints, compliments and suggestions.

mod facts;
mod show;
mod steps;

use clap::{Args, Subcommand};
use timbre_casework::{CaseKind, CaseState, Cause, Channel, CustomerId};
use timbre_model::{AgentId, CallId, Civil, ClientId, Slug};

use super::access::Access;
use super::pages::gather;
use super::{ids, out};
use crate::api::client::CaseStep;
use crate::api::wire::case::{CaseQuery, TakenDown};
use crate::driver::{clock, entropy};

/// Take and work complaints, compliments and suggestions.
#[derive(Debug, Args)]
pub struct Cases {
    #[command(subcommand)]
    command: CaseCommand,
}

#[derive(Debug, Subcommand)]
enum CaseCommand {
    /// List cases, newest first
    List(Box<List>),
    /// Show one case with its whole story
    Show {
        /// Its id, or the key that its customer was given
        #[arg(value_name = "KEY|ID")]
        case: String,
    },
    /// Take a case down; more can be said later with `amend`
    Take(Box<Take>),
    #[command(flatten)]
    Step(steps::Step),
}

#[derive(Debug, Args)]
struct List {
    /// Only those whose answer is late
    #[arg(long)]
    overdue: bool,

    /// Only those that are not confirmed or rejected
    #[arg(long)]
    open: bool,

    /// Only those in this state: received, investigating, proposed, agreed, executing, confirmed, rejected
    #[arg(long, value_parser = facts::word(CaseState::parse, CaseState::ALL), value_name = "STATE")]
    state: Option<CaseState>,

    /// Only those of this kind: complaint, compliment, suggestion
    #[arg(long, value_parser = facts::word(CaseKind::parse, CaseKind::ALL), value_name = "KIND")]
    kind: Option<CaseKind>,

    /// Only those of this agent
    #[arg(long, value_parser = facts::agent, value_name = "AGENT")]
    owner: Option<AgentId>,

    /// Only those of this client company
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,

    /// Only those of this cause
    #[arg(long, value_parser = facts::word(Cause::parse, Cause::ALL), value_name = "CAUSE")]
    cause: Option<Cause>,

    /// Only those of this department
    #[arg(long, value_parser = ids::slug, value_name = "ID")]
    department: Option<Slug>,

    /// Only those of this customer
    #[arg(long, value_parser = facts::customer, value_name = "ID")]
    customer: Option<CustomerId>,

    /// Only those received at or after this
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    from: Option<Civil>,

    /// Only those received before this
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    to: Option<Civil>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

#[derive(Debug, Args)]
struct Take {
    /// What the customer says, in their words
    #[arg(value_name = "STATEMENT")]
    statement: String,

    /// Their name
    #[arg(long, value_name = "NAME")]
    name: String,

    /// What it is: complaint, compliment, suggestion
    #[arg(long, default_value = "complaint", value_name = "KIND",
        value_parser = facts::word(CaseKind::parse, CaseKind::ALL))]
    kind: CaseKind,

    /// Through what it came: phone, mail, post, chat, web, in_person
    #[arg(long, default_value = "phone", value_name = "CHANNEL",
        value_parser = facts::word(Channel::parse, Channel::ALL))]
    channel: Channel,

    /// When it came, where that is not now
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    received: Option<Civil>,

    /// The call in which it came
    #[arg(long, value_parser = facts::call, value_name = "CALL")]
    call: Option<CallId>,

    /// The client company; without it, that of the call, or the only one
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,

    #[command(flatten)]
    facts: facts::Facts,
}

impl Cases {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.command {
            CaseCommand::List(it) => {
                let limit = it.limit;
                let query = it.query();
                let page = async |size, token| client.list_cases(&query, size, token).await;
                let cases = gather(limit, page).await?;
                out::print(show::listing(&cases, clock::civil()));
            }
            CaseCommand::Show { case } => {
                let case = client.get_case(&case).await?;
                out::print(show::card(&case, clock::civil()));
            }
            CaseCommand::Take(it) => {
                let case = client.take_case(request_id(), &it.taken_down()).await?;
                let due = case.deadline.as_ref().map(|it| super::words::moment(it.due_at));
                let due = due.map(|at| format!("; answer it by {at} UTC")).unwrap_or_default();
                out::print(format_args!("{} taken; the key is {}{due}\n", case.kind, case.key));
            }
            CaseCommand::Step(step) => {
                let (case, step): (String, CaseStep) = step.read()?;
                let case = client.case_step(&case, request_id(), step).await?;
                out::print(format_args!("{} is {}\n", case.key, case.state));
            }
        }
        Ok(())
    }
}

fn request_id() -> String {
    format!("{:032x}", u128::from_be_bytes(entropy::bytes()))
}

impl List {
    fn query(self) -> CaseQuery {
        let Self {
            overdue,
            open,
            state,
            kind,
            owner,
            client,
            cause,
            department,
            customer,
            from,
            to,
            limit: _,
        } = self;
        CaseQuery {
            overdue,
            open,
            state,
            kind,
            owner,
            client,
            cause,
            department,
            customer,
            from,
            to,
        }
    }
}

impl Take {
    fn taken_down(self) -> TakenDown {
        let Self { statement, name, kind, channel, received, call, client, facts } = self;
        TakenDown {
            client,
            kind,
            channel,
            received_at: received,
            call,
            customer_name: name,
            statement,
            more: facts.amendment(),
            checklist: Vec::new(),
        }
    }
}
