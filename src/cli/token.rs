//! `timbre token`: the API's credentials, straight in the database.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use timbre_model::{AgentId, Civil, Role, TenantId, TokenRecord};
use timbre_store::Store;

use super::out;
use super::table::table;
use super::words::{moment, read_span};
use crate::api::token;
use crate::driver::clock;

/// Make, list and revoke tokens.
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    command: TokenCommand,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it, once: only its hash is kept
    Create(Create),
    /// List a tenant's tokens
    List(Whose),
    /// Revoke a token: it counts no more within seconds
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct Whose {
    /// The database of the node: sqlite://FILE or postgres://USER:PASSWORD@HOST/NAME
    #[arg(
        long,
        env = "TIMBRE_DATABASE",
        hide_env_values = true,
        default_value = "sqlite://timbre.db",
        value_name = "URL"
    )]
    database: String,

    /// Whose token: the tenant's id
    #[arg(long, value_parser = tenant, value_name = "ID")]
    tenant: TenantId,
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    whose: Whose,

    /// What its bearer may do: agent, supervisor, operator, admin or switch
    #[arg(long, value_parser = role, value_name = "ROLE")]
    role: Role,

    /// The agent it is for; exactly with the role agent
    #[arg(long, value_parser = agent, value_name = "ID")]
    agent: Option<AgentId>,

    /// How long it counts, such as 12h or 90d; without it, until it is revoked
    #[arg(long, value_parser = read_span, value_name = "SPAN")]
    expires: Option<std::time::Duration>,
}

#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    whose: Whose,

    /// The token's id, as `timbre token list` shows it
    id: String,
}

fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|it| it.to_string())
}

fn agent(text: &str) -> Result<AgentId, String> {
    AgentId::parse(text).map_err(|it| it.to_string())
}

fn role(text: &str) -> Result<Role, String> {
    let all = || Role::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    Role::parse(text).ok_or_else(|| format!("give one of {}", all()))
}

impl Token {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<()> {
        match self.command {
            TokenCommand::Create(it) => it.run().await,
            TokenCommand::List(it) => it.list().await,
            TokenCommand::Revoke(it) => it.run().await,
        }
    }
}

impl Whose {
    async fn open(&self) -> anyhow::Result<Store> {
        Store::open(&self.database).await.context("cannot open the database (--database)")
    }

    async fn list(self) -> anyhow::Result<()> {
        let store = self.open().await?;
        let tokens = store.list_tokens(&self.tenant).await;
        store.close().await;
        out::print(listing(&tokens?, clock::civil()));
        Ok(())
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let Self { whose, role, agent, expires } = self;
        if agent.is_some() != (role == Role::Agent) {
            bail!("--agent goes exactly with --role agent: name the agent whose token it is");
        }
        let (text, record) = token::mint(whose.tenant.clone(), role, agent, expires);
        let store = whose.open().await?;
        let kept = store.put_token(&record).await;
        store.close().await;
        kept?;
        eprintln!(
            "token {} of tenant {}, role {role}; it is not shown again:",
            record.id, whose.tenant
        );
        out::print(format_args!("{text}\n"));
        Ok(())
    }
}

impl Revoke {
    async fn run(self) -> anyhow::Result<()> {
        let Self { whose, id } = self;
        let store = whose.open().await?;
        let revoked = store.revoke_token(&whose.tenant, &id, clock::civil()).await;
        store.close().await;
        if !revoked? {
            bail!("tenant {} has no token {id} that counts: see `timbre token list`", whose.tenant);
        }
        out::print(format_args!("revoked {id}\n"));
        Ok(())
    }
}

fn listing(tokens: &[TokenRecord], now: Civil) -> String {
    let row = |it: &TokenRecord| {
        let state = match (it.revoked_at, it.expires_at) {
            (Some(at), _) => format!("revoked {}", moment(at)),
            (None, Some(at)) if at <= now => format!("expired {}", moment(at)),
            (None, Some(at)) => format!("until {}", moment(at)),
            (None, None) => "until revoked".to_owned(),
        };
        let agent = it.agent.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        [it.id.clone(), it.role.to_string(), agent, moment(it.created_at), state]
    };
    let rows: Vec<_> = tokens.iter().map(row).collect();
    table(["ID", "ROLE", "AGENT", "CREATED (UTC)", "COUNTS (UTC)"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_says_whether_each_counts() {
        let at = Civil::from_micros;
        let token = |expires_at, revoked_at| TokenRecord {
            id: "ab".to_owned(),
            hash: [0; 32],
            tenant: TenantId::parse("acme").expect("an id"),
            role: Role::Admin,
            agent: None,
            created_at: at(0),
            expires_at,
            revoked_at,
        };
        let tokens = [token(None, None), token(Some(at(5)), None), token(Some(at(5)), Some(at(2)))];
        let shown = listing(&tokens, at(9));
        let states: Vec<_> = shown.lines().skip(1).map(|it| it[38..].to_owned()).collect();
        assert!(states[0].ends_with("until revoked"), "{shown}");
        assert!(states[1].contains("expired") && states[2].contains("revoked"), "{shown}");
    }
}
