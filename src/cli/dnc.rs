//! `timbre dnc`: who may not be called.

mod registry;

use clap::{Args, Subcommand};
use timbre_model::{
    Barred, CampaignId, Civil, ClientId, DoNotCallEntry, DoNotCallScope, PhoneNumber,
};

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use super::{ids, out};
use crate::api::client::Client;
use crate::api::wire::do_not_call::Barring;

/// Keep the lists of those who may not be called.
#[derive(Debug, Args)]
pub struct Dnc {
    #[command(subcommand)]
    command: DncCommand,
}

#[derive(Debug, Subcommand)]
enum DncCommand {
    /// Bar somebody; binding once it is answered: calls in set-up to them are cancelled
    Add(Add),
    /// Let somebody be called again
    Remove(Remove),
    /// Say which entries and registries bar a number
    Check {
        /// The number
        #[arg(value_parser = ids::number, value_name = "+NUMBER")]
        number: PhoneNumber,
    },
    /// List the entries
    List {
        /// How many at most
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
    },
    /// Import a version of a registry (Lista Robinson, DNC, Bloctel); it replaces the former one once it is whole
    Import(registry::Import),
    /// List the registries that were imported
    Registries,
}

#[derive(Debug, Args)]
struct Whom {
    /// The number, or with --prefix how the numbers begin: +34803
    #[arg(value_name = "+NUMBER")]
    whom: String,

    /// Every number that begins so
    #[arg(long)]
    prefix: bool,

    /// Only calls on behalf of this client
    #[arg(long, value_parser = ids::client, conflicts_with = "campaign", value_name = "ID")]
    client: Option<ClientId>,

    /// Only calls of this campaign
    #[arg(long, value_parser = ids::campaign, value_name = "ID")]
    campaign: Option<CampaignId>,
}

#[derive(Debug, Args)]
struct Add {
    #[command(flatten)]
    whom: Whom,

    /// Until then, such as 2027-11-21; without it, for good
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    until: Option<Civil>,

    /// Who asked for it, and why
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    note: String,
}

#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    whom: Whom,

    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: String,
}

impl Dnc {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        match self.command {
            DncCommand::Add(it) => it.run(access).await,
            DncCommand::Remove(it) => it.run(access).await,
            DncCommand::Check { number } => check(&access.connect().await?, &number).await,
            DncCommand::List { limit } => list(&access.connect().await?, limit).await,
            DncCommand::Import(it) => it.run(access).await,
            DncCommand::Registries => registry::list(&access.connect().await?).await,
        }
    }
}

impl Whom {
    fn barring(self, until: Option<Civil>, note: String) -> anyhow::Result<Barring> {
        let Self { whom, prefix, client, campaign } = self;
        let whom = match prefix {
            true => Barred::Prefix(whom),
            false => Barred::Number(ids::number(&whom).map_err(|why| {
                anyhow::anyhow!("+NUMBER: {why}; for all numbers that begin so, add --prefix")
            })?),
        };
        let scope = match (client, campaign) {
            (Some(client), _) => DoNotCallScope::Client(client),
            (None, Some(campaign)) => DoNotCallScope::Campaign(campaign),
            (None, None) => DoNotCallScope::Tenant,
        };
        Ok(Barring { whom, scope, until, note })
    }
}

impl Add {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let barring = self.whom.barring(self.until, self.note)?;
        let client = access.connect().await?;
        let entry = client.add_do_not_call(&client.tenant().await?, barring).await?;
        out::print(listing(&[entry]));
        Ok(())
    }
}

impl Remove {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let barring = self.whom.barring(None, String::new())?;
        let client = access.connect().await?;
        let word = match client.remove_do_not_call(barring, self.note).await? {
            true => {
                "removed: they may be called again, unless another entry or a registry bars them"
            }
            false => {
                "there was no such entry: `timbre dnc check` shows what bars a number, and for which calls"
            }
        };
        out::print(format_args!("{word}\n"));
        Ok(())
    }
}

async fn check(client: &Client, number: &PhoneNumber) -> anyhow::Result<()> {
    let (entries, registries) = client.check_do_not_call(&client.tenant().await?, number).await?;
    out::print(barred_by(&entries, &registries));
    Ok(())
}

fn barred_by(entries: &[DoNotCallEntry], registries: &[String]) -> String {
    if entries.is_empty() && registries.is_empty() {
        return "no entry and no imported registry bars it\n".to_owned();
    }
    let mut text = if entries.is_empty() { String::new() } else { listing(entries) };
    text.extend(registries.iter().map(|it| format!("on the registry {it}\n")));
    text
}

async fn list(client: &Client, limit: u32) -> anyhow::Result<()> {
    let tenant = client.tenant().await?;
    let page = async |size, token| client.list_do_not_call(&tenant, size, token).await;
    out::print(listing(&gather(limit, page).await?));
    Ok(())
}

fn listing(entries: &[DoNotCallEntry]) -> String {
    let row = |it: &DoNotCallEntry| {
        let DoNotCallEntry { tenant: _, whom, scope, since, until, source, note } = it;
        let whom = match whom {
            Barred::Number(number) => number.expose().to_owned(),
            Barred::Prefix(prefix) => format!("{prefix}…"),
        };
        let scope = match scope {
            DoNotCallScope::Tenant => "all calls".to_owned(),
            DoNotCallScope::Client(client) => format!("client {client}"),
            DoNotCallScope::Campaign(campaign) => format!("campaign {campaign}"),
        };
        let until = until.map_or_else(|| "for good".to_owned(), moment);
        [whom, scope, moment(*since), until, source.to_string(), note.clone()]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    table(["WHO", "FOR", "SINCE (UTC)", "UNTIL (UTC)", "SOURCE", "NOTE"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::{Slug, TenantId};

    fn whom(text: &str, prefix: bool) -> Whom {
        Whom { whom: text.to_owned(), prefix, client: None, campaign: None }
    }

    #[test]
    fn a_prefix_is_no_number_and_says_how_to_write_one() {
        let barring = whom("+34600000001", false).barring(None, String::new()).expect("a number");
        assert_eq!(barring.scope, DoNotCallScope::Tenant);
        let short = whom("+34", false).barring(None, String::new()).expect_err("no number");
        assert!(short.to_string().contains("--prefix"), "{short}");
        let barring = whom("+34803", true).barring(None, String::new()).expect("a prefix");
        assert_eq!(barring.whom, Barred::Prefix("+34803".to_owned()));
    }

    #[test]
    fn what_bars_a_number_is_told_in_full() {
        let entry = DoNotCallEntry {
            tenant: TenantId::parse("acme").expect("an id"),
            whom: Barred::Prefix("+34803".to_owned()),
            scope: DoNotCallScope::Tenant,
            since: Civil::from_micros(0),
            until: None,
            source: Slug::parse("api").expect("a word"),
            note: "premium".to_owned(),
        };
        let shown = barred_by(&[entry], &["es-robinson".to_owned()]);
        assert!(shown.contains("+34803…  all calls  1970-01-01 00:00:00  for good"), "{shown}");
        assert!(shown.ends_with("on the registry es-robinson\n"), "{shown}");
        assert!(barred_by(&[], &[]).starts_with("no entry"));
    }
}
