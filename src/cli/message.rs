//! `timbre message`: messages (recados), taken down, decided on, answered.

use clap::{Args, Subcommand};
use timbre_casework::message::NewMessage;
use timbre_casework::{By, CallBack, Message, MessageState, Recipient};
use timbre_model::{AgentId, CallId, Civil, ClientId, PhoneNumber, Slug, TenantId};

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use super::{ids, out};
use crate::api::client::{Client, Listed};

/// Take messages down, and see them answered.
#[derive(Debug, Args)]
pub struct Messages {
    #[command(subcommand)]
    command: MessagesCommand,
}

#[derive(Debug, Subcommand)]
enum MessagesCommand {
    /// Take a message down
    Take(Box<Take>),
    /// List messages, newest first
    List(Which),
    /// Show one message
    Show {
        /// Its id
        id: String,
    },
    /// Say that what it asks was done
    Answer {
        /// Its id
        id: String,
        /// What was said or done
        said: String,
    },
    /// Decide whether a message without a name is passed on
    Decide(Decide),
}

#[derive(Debug, Args)]
#[group(id = "recipient", required = true, multiple = false)]
struct To {
    /// For this agent
    #[arg(long, value_parser = ids::agent, value_name = "AGENT", group = "recipient")]
    to: Option<AgentId>,

    /// For this department
    #[arg(long, value_parser = ids::slug, value_name = "DEPARTMENT", group = "recipient")]
    to_department: Option<Slug>,

    /// For whoever reads this address
    #[arg(long, value_name = "NAME@HOST", group = "recipient")]
    to_mail: Option<String>,
}

#[derive(Debug, Args)]
struct Take {
    #[command(flatten)]
    to: To,

    /// The client company it concerns
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: ClientId,

    /// Who leaves it; without it they would not say, and a supervisor decides
    #[arg(long, value_name = "NAME")]
    from: Option<String>,

    /// Their telephone
    #[arg(long, value_parser = ids::number, value_name = "+NUMBER")]
    number: Option<PhoneNumber>,

    /// What it says
    #[arg(long)]
    text: String,

    /// What it is about, in a few words
    #[arg(long, default_value = "", value_name = "WORDS")]
    purpose: String,

    /// The department concerned
    #[arg(long, value_parser = ids::slug, value_name = "DEPARTMENT")]
    department: Option<Slug>,

    /// The call in which it was left
    #[arg(long, value_parser = ids::call, value_name = "ID")]
    call: Option<CallId>,

    /// They expect a call; with a time, then: 2026-11-21T09:00:00Z, or in how long: 2h
    #[arg(long, value_parser = ids::ahead, value_name = "WHEN", num_args = 0..=1, conflicts_with = "they_call")]
    we_call: Option<Option<Civil>>,

    /// They call again; with a time, then
    #[arg(long, value_parser = ids::ahead, value_name = "WHEN", num_args = 0..=1)]
    they_call: Option<Option<Civil>>,
}

#[derive(Debug, Args)]
struct Which {
    /// Only for this agent
    #[arg(long, value_parser = ids::agent, value_name = "AGENT")]
    agent: Option<AgentId>,

    /// Only of this client company
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,

    /// Only in this state: held, taken, delivered, answered or dropped
    #[arg(long, value_parser = state, value_name = "WORD")]
    state: Option<MessageState>,

    /// Only those that wait for somebody
    #[arg(long)]
    open: bool,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

#[derive(Debug, Args)]
struct Decide {
    /// Its id
    id: String,

    /// Pass it on
    #[arg(long, conflicts_with = "drop", required_unless_present = "drop")]
    pass_on: bool,

    /// Do not pass it on
    #[arg(long)]
    drop: bool,

    /// Why
    #[arg(long)]
    note: String,
}

fn state(text: &str) -> Result<MessageState, String> {
    let words: Vec<_> = MessageState::ALL.iter().map(|it| it.as_str()).collect();
    MessageState::parse(text).ok_or_else(|| format!("give one of {}", words.join(", ")))
}

impl Messages {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.command {
            MessagesCommand::Take(take) => {
                out::print(card(&client.take_message(&take.message()).await?));
            }
            MessagesCommand::List(which) => return list(&client, which).await,
            MessagesCommand::Show { id } => out::print(card(&client.get_message(&id).await?)),
            MessagesCommand::Answer { id, said } => {
                out::print(card(&client.answer_message(&id, &said).await?));
            }
            MessagesCommand::Decide(Decide { id, pass_on, drop: _, note }) => {
                out::print(card(&client.decide_message(&id, pass_on, &note).await?));
            }
        }
        Ok(())
    }
}

impl To {
    fn recipient(self) -> Recipient {
        let Self { to, to_department, to_mail } = self;
        let agent = to.map(Recipient::Agent);
        let department = to_department.map(Recipient::Department);
        let recipient = agent.or(department).or(to_mail.map(Recipient::Mail));
        recipient.expect("the command line demands one of them")
    }
}

impl Take {
    /// The tenant is the credential's, whatever stands here.
    fn message(self) -> NewMessage {
        let call_back = match (self.we_call, self.they_call) {
            (Some(at), _) => CallBack::WeCall(at),
            (None, Some(at)) => CallBack::TheyCall(at),
            (None, None) => CallBack::None,
        };
        NewMessage {
            tenant: TenantId::parse("own").expect("a slug"),
            client: self.client,
            call: self.call,
            recipient: self.to.recipient(),
            department: self.department,
            from: self.from,
            customer: None,
            number: self.number,
            text: self.text,
            purpose: self.purpose,
            call_back,
        }
    }
}

async fn list(client: &Client, which: Which) -> anyhow::Result<()> {
    let Which { agent, client: of, state, open, limit } = which;
    let listed = Listed { client: of, agent, state: state.map(MessageState::as_str), open };
    let page = async |size, token| client.list_messages(&listed, (size, token)).await;
    let all = gather(limit, page).await?;
    let row = |it: &Message| {
        [
            moment(it.taken_at),
            it.state.to_string(),
            recipient(&it.recipient),
            it.from.clone().unwrap_or_else(|| "-".to_owned()),
            if it.purpose.is_empty() { "-".to_owned() } else { it.purpose.clone() },
            it.id.to_string(),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    out::print(table(["TAKEN (UTC)", "STATE", "FOR", "FROM", "ABOUT", "MESSAGE"], &rows));
    Ok(())
}

fn recipient(it: &Recipient) -> String {
    match it {
        Recipient::Agent(agent) => agent.to_string(),
        Recipient::Department(department) => format!("department {department}"),
        Recipient::Mail(address) => address.clone(),
    }
}

fn by(it: &By) -> String {
    match it {
        By::Agent(agent) => agent.to_string(),
        By::Desk(token) => format!("token {token}"),
        By::System => "Timbre".to_owned(),
    }
}

/// One message, a line for each fact that is known.
fn card(it: &Message) -> String {
    let call_back = match &it.call_back {
        CallBack::None => None,
        CallBack::WeCall(at) => Some(("expects a call", at)),
        CallBack::TheyCall(at) => Some(("calls again", at)),
    };
    let call_back = call_back.map(|(what, at)| match at {
        Some(at) => format!("{what} at {}", moment(*at)),
        None => what.to_owned(),
    });
    let lines = [
        ("message", Some(it.id.to_string())),
        ("state", Some(it.state.to_string())),
        ("for", Some(recipient(&it.recipient))),
        ("from", Some(it.from.clone().unwrap_or_else(|| "would not say".to_owned()))),
        ("number", it.number.as_ref().map(|it| it.expose().to_owned())),
        ("client", Some(it.client.to_string())),
        ("department", it.department.as_ref().map(ToString::to_string)),
        ("about", Some(it.purpose.clone()).filter(|it| !it.is_empty())),
        ("text", Some(it.text.clone())),
        ("call back", call_back),
        ("callback", it.callback.map(|it| it.to_string())),
        ("taken", Some(format!("{} by {}", moment(it.taken_at), by(&it.taken_by)))),
        (
            "decided",
            it.decision.as_ref().map(|it| {
                let what = if it.pass_on { "passed on" } else { "dropped" };
                format!("{} by {}: {what}: {}", moment(it.at), by(&it.by), it.note)
            }),
        ),
        ("delivered", it.delivered.map(|(at, by)| format!("{} by {by}", moment(at)))),
        (
            "answered",
            it.answered
                .as_ref()
                .map(|(at, who, said)| format!("{} by {}: {said}", moment(*at), by(who))),
        ),
    ];
    let line = |(word, what): (&str, Option<String>)| Some(format!("{word:<10} {}\n", what?));
    lines.into_iter().filter_map(line).collect()
}
