//! `timbre callback`: promised calls.

use clap::{Args, Subcommand};
use timbre_casework::callback::NewCallback;
use timbre_casework::{Callback, CallbackState, CallbackWhy};
use timbre_model::{AgentId, Civil, ClientId, LeadId, PhoneNumber, TenantId};

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use super::{ids, out};
use crate::api::client::{Client, Listed};

/// Promise calls, and see what becomes of them.
#[derive(Debug, Args)]
pub struct Callbacks {
    #[command(subcommand)]
    command: CallbacksCommand,
}

#[derive(Debug, Subcommand)]
enum CallbacksCommand {
    /// Promise a customer a call
    Promise(Promise),
    /// List callbacks, newest first
    List(Which),
    /// Show one callback
    Show {
        /// Its id
        id: String,
    },
    /// Take a promised call back
    Cancel {
        /// Its id
        id: String,
    },
}

#[derive(Debug, Args)]
struct Promise {
    /// Whom to call
    #[arg(value_parser = ids::number, value_name = "+NUMBER")]
    number: PhoneNumber,

    /// For when: 2026-11-21T09:00:00Z, or in how long: 2h
    #[arg(long, value_parser = ids::ahead, value_name = "WHEN")]
    at: Civil,

    /// The client company it concerns
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: ClientId,

    /// Only by this agent, as long as that can be
    #[arg(long, value_parser = ids::agent, value_name = "AGENT")]
    agent: Option<AgentId>,

    /// The customer's name
    #[arg(long, default_value = "")]
    name: String,

    /// What it is about
    #[arg(long, default_value = "")]
    note: String,
}

#[derive(Debug, Args)]
struct Which {
    /// Only by this agent
    #[arg(long, value_parser = ids::agent, value_name = "AGENT")]
    agent: Option<AgentId>,

    /// Only of this client company
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,

    /// Only in this state: planned, due, attempting, done, expired or canceled
    #[arg(long, value_parser = state, value_name = "WORD")]
    state: Option<CallbackState>,

    /// Only those that are still to be made
    #[arg(long)]
    open: bool,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

fn state(text: &str) -> Result<CallbackState, String> {
    let words: Vec<_> = CallbackState::ALL.iter().map(|it| it.as_str()).collect();
    CallbackState::parse(text).ok_or_else(|| format!("give one of {}", words.join(", ")))
}

impl Callbacks {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.command {
            CallbacksCommand::Promise(it) => {
                out::print(card(&client.promise_callback(&it.callback()).await?));
            }
            CallbacksCommand::List(which) => return list(&client, which).await,
            CallbacksCommand::Show { id } => out::print(card(&client.get_callback(&id).await?)),
            CallbacksCommand::Cancel { id } => {
                out::print(card(&client.cancel_callback(&id).await?));
            }
        }
        Ok(())
    }
}

impl Promise {
    /// The tenant is the credential's, whatever stands here.
    fn callback(self) -> NewCallback {
        let Self { number, at, client, agent, name, note } = self;
        NewCallback {
            tenant: TenantId::parse("own").expect("a slug"),
            client,
            why: CallbackWhy::Promised,
            call: None,
            customer: None,
            customer_name: name,
            number,
            due_at: at,
            agent,
            note,
        }
    }
}

async fn list(client: &Client, which: Which) -> anyhow::Result<()> {
    let Which { agent, client: of, state, open, limit } = which;
    let listed = Listed { client: of, agent, state: state.map(CallbackState::as_str), open };
    let page = async |size, token| client.list_callbacks(&listed, (size, token)).await;
    let all = gather(limit, page).await?;
    let row = |it: &Callback| {
        [
            moment(it.due_at),
            it.state.to_string(),
            it.why.to_string().replace('_', " "),
            it.number.expose().to_owned(),
            it.customer_name.clone(),
            it.agent.as_ref().map_or_else(|| "anybody".to_owned(), ToString::to_string),
            it.id.to_string(),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let heading = ["DUE (UTC)", "STATE", "WHY", "NUMBER", "CUSTOMER", "BY", "CALLBACK"];
    out::print(table(heading, &rows));
    Ok(())
}

/// One callback, a line for each fact that is known.
fn card(it: &Callback) -> String {
    let filled = |text: &String| Some(text.clone()).filter(|it| !it.is_empty());
    let lines = [
        ("callback", Some(it.id.to_string())),
        ("state", Some(it.state.to_string())),
        ("why", Some(it.why.to_string().replace('_', " "))),
        ("due", Some(moment(it.due_at))),
        ("number", Some(it.number.expose().to_owned())),
        ("customer", filled(&it.customer_name)),
        ("client", Some(it.client.to_string())),
        ("by", Some(it.agent.as_ref().map_or_else(|| "anybody".to_owned(), ToString::to_string))),
        ("about", filled(&it.note)),
        ("call", it.call.map(|it| it.to_string())),
        ("list", it.list.as_ref().map(ToString::to_string)),
        ("lead", it.lead.map(LeadId::as_u64).map(|it| it.to_string())),
        ("promised", Some(moment(it.made_at))),
        ("expires", Some(moment(it.expires_at)).filter(|_| it.ended_at.is_none())),
        ("ended", it.ended_at.map(moment)),
    ];
    let line = |(word, what): (&str, Option<String>)| Some(format!("{word:<9} {}\n", what?));
    lines.into_iter().filter_map(line).collect()
}
