//! `timbre apply`: the floor as a file.

mod diff;
pub(super) mod yaml;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use timbre_model::FloorSpec;

use super::access::Access;
use super::out;
use crate::api::client::{Client, ClientError, PresentFloor};

/// Replace the floor.
#[derive(Debug, Args)]
pub struct Apply {
    /// The definition; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,

    /// Look for faults and say what would change, but change nothing
    #[arg(long)]
    validate_only: bool,
}

impl Apply {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { file, validate_only } = self;
        let text = read(&file).with_context(|| file.display().to_string())?;
        let spec = match yaml::read(&text) {
            Ok(spec) => spec,
            Err(faults) => bail!("{}: nothing was applied\n{faults}", file.display()),
        };
        let client = access.connect().await?;
        let before = present(&client).await?;
        let etag = before.as_ref().map(|it| it.etag.as_str());
        let after = client.apply_floor(&spec, etag, validate_only).await?;
        let empty = FloorSpec::default();
        let changes = diff::changes(before.as_ref().map_or(&empty, |it| &it.spec), &spec);
        for line in &changes {
            out::print(format_args!("{line}\n"));
        }
        if changes.is_empty() {
            out::print(format_args!(
                "no difference but, perhaps, in passwords, which are not shown\n"
            ));
        }
        match validate_only {
            true => out::print(format_args!("valid; nothing was applied\n")),
            false => out::print(format_args!("applied: the floor is at version {}\n", after.etag)),
        }
        Ok(())
    }
}

/// The present floor; `None` where the tenant has none yet.
async fn present(client: &Client) -> Result<Option<PresentFloor>, ClientError> {
    match client.get_floor().await {
        Ok(floor) => Ok(Some(floor)),
        Err(error) if error.reason() == Some("NO_FLOOR") => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(file: &PathBuf) -> std::io::Result<String> {
    if file.as_os_str() == "-" {
        return std::io::read_to_string(std::io::stdin());
    }
    std::fs::read_to_string(file)
}
