//! Which server, and as whom: options that every command has.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::api::client::{Client, Target};

/// Which server, and as whom.
#[derive(Debug, Clone, Args)]
pub struct Access {
    /// The server's gRPC address
    #[arg(
        long,
        global = true,
        env = "TIMBRE_SERVER",
        default_value = "http://127.0.0.1:7600",
        value_name = "URL"
    )]
    pub server: String,

    /// Bearer token, as `timbre token create` prints it
    #[arg(long, global = true, env = "TIMBRE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,

    /// File that holds the bearer token, instead of --token
    #[arg(long, global = true, env = "TIMBRE_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Certificates that vouch for an https:// server (PEM); without it, those that the public web trusts
    #[arg(long, global = true, env = "TIMBRE_TLS_CA", value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
}

impl Access {
    /// What the client needs.
    pub fn target(&self) -> anyhow::Result<Target> {
        let token = match (&self.token, &self.token_file) {
            (Some(token), _) => token.trim().to_owned(),
            (None, Some(file)) => std::fs::read_to_string(file)
                .with_context(|| format!("--token-file {}", file.display()))?
                .trim()
                .to_owned(),
            (None, None) => bail!(
                "no token: give --token, --token-file or TIMBRE_TOKEN; `timbre token create` makes one"
            ),
        };
        let (server, tls_ca) = (self.server.clone(), self.tls_ca.clone());
        Ok(Target { server, token, tls_ca })
    }

    /// Connects.
    pub async fn connect(&self) -> anyhow::Result<Client> {
        Ok(Client::connect(&self.target()?).await?)
    }
}
