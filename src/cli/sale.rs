//! `timbre sale`: sales and what was promised in them.

use clap::{Args, Subcommand};
use timbre_casework::sale::{Check, NewSale};
use timbre_casework::{CustomerId, Sale, SaleId};
use timbre_model::{AgentId, CallId, Civil, ClientId, PhoneNumber, Slug};

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use super::{ids, out};
use crate::api::client::SaleQuery;
use crate::driver::entropy;

/// Sales and what was promised in them.
#[derive(Debug, Args)]
pub struct Sales {
    #[command(subcommand)]
    command: SaleCommand,
}

#[derive(Debug, Subcommand)]
enum SaleCommand {
    /// List sales, newest first
    List(Which),
    /// Show one sale with its promises and its follow-ups
    Show {
        /// Its id; of a sale that a disposition brought, that of its call
        #[arg(value_parser = sale, value_name = "ID")]
        sale: SaleId,
    },
    /// Keep a sale that no disposition tells of, and plan its follow-ups
    Record(Box<Record>),
    /// Write down what the customer says of a promise
    Check(Checked),
}

#[derive(Debug, Args)]
struct Which {
    /// Only of this client company
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,

    /// Only by this agent
    #[arg(long, value_parser = ids::agent, value_name = "ID")]
    agent: Option<AgentId>,

    /// Only to this number
    #[arg(long, value_parser = ids::number, value_name = "+NUMBER")]
    number: Option<PhoneNumber>,

    /// Only since: 2026-11-21T09:00:00Z, a day (UTC), or how long ago, as 2h
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    from: Option<Civil>,

    /// Only before, written likewise
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    until: Option<Civil>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

#[derive(Debug, Args)]
struct Record {
    /// The client company that sold
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: ClientId,

    /// Where the customer can be reached
    #[arg(long, value_parser = ids::number, value_name = "+NUMBER")]
    number: PhoneNumber,

    /// By which policy it is looked after
    #[arg(long, value_parser = ids::slug, value_name = "ID")]
    policy: Slug,

    /// The customer's name
    #[arg(long, default_value = "", value_name = "TEXT")]
    name: String,

    /// The customer
    #[arg(long, value_parser = customer, value_name = "ID")]
    customer: Option<CustomerId>,

    /// What was bought
    #[arg(long, default_value = "", value_name = "TEXT")]
    product: String,

    /// Something that was promised; may be given more than once
    #[arg(long = "promise", value_name = "TEXT")]
    promises: Vec<String>,

    /// When, where that is not now
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    at: Option<Civil>,

    /// Who sold
    #[arg(long, value_parser = ids::agent, value_name = "ID")]
    agent: Option<AgentId>,

    /// The call in which it was made
    #[arg(long, value_parser = ids::call, value_name = "ID")]
    call: Option<CallId>,
}

#[derive(Debug, Args)]
struct Checked {
    /// The sale
    #[arg(value_parser = sale, value_name = "ID")]
    sale: SaleId,

    /// Which promise, as `show` counts them
    #[arg(value_name = "N")]
    promise: u32,

    /// It was not kept
    #[arg(long)]
    broken: bool,

    /// What the customer says
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
}

fn sale(text: &str) -> Result<SaleId, String> {
    SaleId::parse(text).ok_or_else(|| "give the sale's id: 32 hexadecimal digits".to_owned())
}

pub(super) fn customer(text: &str) -> Result<CustomerId, String> {
    CustomerId::parse(text).ok_or_else(|| "give the customer's id: 32 hexadecimal digits".into())
}

/// An id that makes a retry of the request safe.
pub(super) fn request_id() -> String {
    format!("{:032x}", u128::from_be_bytes(entropy::bytes()))
}

impl Sales {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.command {
            SaleCommand::List(which) => {
                let Which { client: company, agent, number, from, until, limit } = which;
                let query = SaleQuery {
                    client: company,
                    agent,
                    number,
                    from,
                    to: until,
                    ..SaleQuery::default()
                };
                let page = async |size, token| client.list_sales(&query, (size, token)).await;
                out::print(listing(&gather(limit, page).await?));
            }
            SaleCommand::Show { sale } => {
                let tenant = client.tenant().await?;
                out::print(card(&client.get_sale(&tenant, sale).await?));
            }
            SaleCommand::Record(it) => {
                let Record {
                    client: company,
                    number,
                    policy,
                    name,
                    customer,
                    product,
                    promises,
                    at,
                    agent,
                    call,
                } = *it;
                let new = NewSale {
                    id: SaleId::from_u128(0),
                    tenant: client.tenant().await?,
                    client: company,
                    at,
                    call,
                    campaign: None,
                    agent,
                    customer,
                    customer_name: name,
                    number,
                    product,
                    promises,
                };
                out::print(card(&client.record_sale(request_id(), &new, &policy).await?));
            }
            SaleCommand::Check(Checked { sale, promise, broken, note }) => {
                let tenant = client.tenant().await?;
                let check = Check { promise, kept: !broken, note };
                let checked = client.check_promise(request_id(), (&tenant, sale), &check).await?;
                out::print(card(&checked));
            }
        }
        Ok(())
    }
}

fn listing(sales: &[Sale]) -> String {
    let row = |it: &Sale| {
        let broken = it.promises.iter().filter(|it| it.kept == Some(false)).count();
        [
            moment(it.at),
            it.client.to_string(),
            it.agent.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            it.number.expose().to_owned(),
            it.product.clone(),
            format!("{} ({broken} broken)", it.promises.len()),
            it.id.to_string(),
        ]
    };
    let rows: Vec<_> = sales.iter().map(row).collect();
    table(["SOLD (UTC)", "CLIENT", "AGENT", "NUMBER", "PRODUCT", "PROMISES", "SALE"], &rows)
}

/// One sale, a line for each fact that is known.
fn card(sale: &Sale) -> String {
    let mut lines = vec![
        format!("sale        {}", sale.id),
        format!("sold        {}", moment(sale.at)),
        format!("client      {}", sale.client),
        format!("number      {}", sale.number.expose()),
        format!("policy      {}", sale.policy),
    ];
    let mut fact = |name: &str, text: Option<String>| {
        lines.extend(text.filter(|it| !it.is_empty()).map(|it| format!("{name:<12}{it}")));
    };
    fact("name", Some(sale.customer_name.clone()));
    fact("customer", sale.customer.map(|it| it.to_string()));
    fact("product", Some(sale.product.clone()));
    fact("agent", sale.agent.as_ref().map(ToString::to_string));
    fact("campaign", sale.campaign.as_ref().map(ToString::to_string));
    fact("call", sale.call.map(|it| it.to_string()));
    for (number, promise) in sale.promises.iter().enumerate() {
        let kept = match promise.kept {
            None => "not asked yet",
            Some(true) => "kept",
            Some(false) => "BROKEN",
        };
        let note =
            if promise.note.is_empty() { String::new() } else { format!(": {}", promise.note) };
        fact(&format!("promise {}", number + 1), Some(format!("{} — {kept}{note}", promise.text)));
    }
    for it in &sale.follow_ups {
        fact("follow-up", Some(it.to_string()));
    }
    lines.join("\n") + "\n"
}
