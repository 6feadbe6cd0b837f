//! `timbre customer`: who the customers are, and what became of every contact.

mod find;
mod import;
mod show;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use timbre_casework::customer::Agreement;
use timbre_model::{CallId, ClientId, ConsentBasis};
use timbre_store::CustomerQuery;

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::{ids, out};
use find::Whom;

/// Keep customers.
#[derive(Debug, Args)]
pub struct Customers {
    #[command(subcommand)]
    command: CustomersCommand,
}

#[derive(Debug, Subcommand)]
enum CustomersCommand {
    /// Show a customer with everything: interactions, sales with promises, follow-ups, cases, messages, consents
    Show(Show),
    /// Search customers by the beginning of a name, by number or by key
    Search(Search),
    /// Import customers from a table (CSV in UTF-8, with headings)
    Import(import::Import),
    /// Write down that a customer consents, or withdraws
    Consent(Consent),
    /// Make one customer of two
    Merge(Merge),
    /// Take away all that tells who a customer was; evidence and do-not-call entries stay
    Erase(Erase),
    /// Give all there is of a customer, as JSON
    Export(Export),
}

/// Show a customer.
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    whom: Whom,
}

/// Search customers.
#[derive(Debug, Args)]
struct Search {
    /// +NUMBER, or how the name or one of its words begins, in any case and without accents
    #[arg(value_name = "TEXT")]
    text: String,

    /// The text is the client company's key
    #[arg(long)]
    key: bool,

    /// Only those of this client company
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

/// Write a consent down.
#[derive(Debug, Args)]
struct Consent {
    #[command(flatten)]
    whom: Whom,

    /// On what ground: express, written, requested, contract, existing_customer, legitimate_interest or presumed
    #[arg(long, value_parser = basis, value_name = "WORD", required_unless_present = "withdraw")]
    basis: Option<ConsentBasis>,

    /// They withdraw
    #[arg(long, conflicts_with = "basis")]
    withdraw: bool,

    /// To what
    #[arg(long, default_value = "calls", value_name = "TEXT")]
    purpose: String,

    /// In which call
    #[arg(long, value_parser = call, value_name = "ID")]
    call: Option<CallId>,
}

/// Make one customer of two.
#[derive(Debug, Args)]
struct Merge {
    /// Who stays: +NUMBER, key or id
    #[arg(value_name = "KEPT")]
    kept: String,

    /// Who becomes part of them
    #[arg(value_name = "OTHER")]
    other: String,

    /// The client company, where several know the number or the key
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: Option<ClientId>,
}

/// Erase a customer, and the leads of their client company's lists with one of their numbers. Not while one of these is in a
/// call.
#[derive(Debug, Args)]
struct Erase {
    #[command(flatten)]
    whom: Whom,

    /// Who asked for it and how, for the audit trail; without a name or a number
    #[arg(long, value_name = "TEXT")]
    note: String,
}

/// Export a customer.
#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    whom: Whom,

    /// Where to write it; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn basis(text: &str) -> Result<ConsentBasis, String> {
    let words: Vec<_> = ConsentBasis::ALL.iter().map(|it| it.as_str()).collect();
    ConsentBasis::parse(text).ok_or_else(|| format!("give one of {}", words.join(", ")))
}

fn call(text: &str) -> Result<CallId, String> {
    CallId::parse(text).ok_or_else(|| "give the call's id: 32 hexadecimal digits".to_owned())
}

impl Customers {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        match self.command {
            CustomersCommand::Show(it) => it.run(access).await,
            CustomersCommand::Search(it) => it.run(access).await,
            CustomersCommand::Import(it) => it.run(access).await,
            CustomersCommand::Consent(it) => it.run(access).await,
            CustomersCommand::Merge(it) => it.run(access).await,
            CustomersCommand::Erase(it) => it.run(access).await,
            CustomersCommand::Export(it) => it.run(access).await,
        }
    }
}

impl Show {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        for (tenant, id) in self.whom.all(&client).await? {
            out::print(show::page(&client.customer_file(&tenant, id).await?));
        }
        Ok(())
    }
}

impl Search {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { text, key, client: of, limit } = self;
        let client = access.connect().await?;
        let query = match timbre_model::PhoneNumber::parse(&text) {
            _ if key => CustomerQuery::Key(text),
            Ok(number) => CustomerQuery::Number(number),
            Err(_) => CustomerQuery::Name(text),
        };
        let page =
            async |size, token| client.search_customers(of.as_ref(), &query, (size, token)).await;
        let found = gather(limit, page).await?;
        let row = |it: &timbre_casework::Customer| {
            let number = it.numbers.first();
            [
                it.id.to_string(),
                it.client.to_string(),
                number.map_or_else(|| "-".to_owned(), |it| it.number.expose().to_owned()),
                it.key.clone().unwrap_or_else(|| "-".to_owned()),
                it.name.clone(),
            ]
        };
        let rows: Vec<_> = found.iter().map(row).collect();
        out::print(table(["CUSTOMER", "CLIENT", "NUMBER", "KEY", "NAME"], &rows));
        Ok(())
    }
}

impl Consent {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { whom, basis, withdraw: _, purpose, call } = self;
        let client = access.connect().await?;
        let (tenant, id) = whom.one(&client).await?;
        let said = Agreement { basis, purpose, call };
        let now = client.record_consent((&tenant, id), &said).await?;
        out::print(show::consents(&now));
        Ok(())
    }
}

impl Merge {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { kept, other, client: of } = self;
        let client = access.connect().await?;
        let (tenant, kept) = Whom { whom: kept, client: of.clone() }.one(&client).await?;
        let (_, other) = Whom { whom: other, client: of }.one(&client).await?;
        let whole = client.merge_customers(&tenant, kept, other).await?;
        out::print(format_args!("{other} is {} ({}) now\n", whole.id, whole.name));
        Ok(())
    }
}

impl Erase {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { whom, note } = self;
        let client = access.connect().await?;
        let (tenant, id) = whom.one(&client).await?;
        let left = client.erase_customer((&tenant, id), note).await?;
        let consents = left.consents.len();
        out::print(format_args!(
            "customer {id} is erased; kept as evidence: {consents} dates of consents, the register of cases, attempts, \
             do-not-call entries\n"
        ));
        Ok(())
    }
}

impl Export {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        let (tenant, id) = self.whom.one(&client).await?;
        let json = client.export_customer(&tenant, id).await?;
        match self.out {
            Some(file) => {
                std::fs::write(&file, &json).with_context(|| file.display().to_string())?;
            }
            None => out::print(format_args!("{}\n", String::from_utf8_lossy(&json))),
        }
        Ok(())
    }
}
