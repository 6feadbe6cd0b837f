//! `timbre doctor`: whether this machine can carry a node.

mod disk;
mod finding;
mod host;
mod network;

use std::process::ExitCode;

use clap::Args;
use timbre_store::Store;

use super::access::Access;
use super::out;
use crate::config::Settings;
use finding::{Finding, Mark, page};

/// The oldest SQLite without the faults in write-ahead logging that would lose committed changes.
const SQLITE_LEAST: [u32; 3] = [3, 51, 3];

/// Check what a node needs, with the settings that `timbre serve` would have. Exit code 1 where something must be set
/// right before a node can work.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    settings: Settings,
}

impl Doctor {
    /// Runs every check.
    pub async fn run(self, access: &Access) -> anyhow::Result<ExitCode> {
        let settings = &self.settings;
        let mut findings = network::ports(settings, &access.server).await;
        findings.extend(network::addresses(settings));
        findings.push(host::clock().await);
        findings.extend(disk::directories(settings));
        findings.extend(database(settings).await);
        findings.push(host::open_files(settings));
        findings.extend(host::udp_buffers());
        out::print(page(&findings));
        let failed = findings.iter().any(|it| it.mark == Mark::Fail);
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Opens the database as it is. A SQLite file that is not there yet is not made: a scratch one stands in for it.
async fn database(settings: &Settings) -> Vec<Finding> {
    let absent = disk::sqlite_file(&settings.database).is_some_and(|file| !file.exists());
    let scratch = std::env::temp_dir().join(format!("timbre-doctor-{}.db", std::process::id()));
    let url = match absent {
        true => format!("sqlite://{}", scratch.display()),
        false => settings.database.clone(),
    };
    let findings = match Store::open(&url).await {
        Ok(store) => {
            let findings = described(&store, absent).await;
            store.close().await;
            findings
        }
        Err(error) => vec![Finding::fail("database", error, "set --database right")],
    };
    if absent {
        for ending in ["", "-wal", "-shm"] {
            // What was not made need not be removed.
            let _ = std::fs::remove_file(format!("{}{ending}", scratch.display()));
        }
    }
    findings
}

async fn described(store: &Store, absent: bool) -> Vec<Finding> {
    let it = match store.describe().await {
        Ok(it) => it,
        Err(error) => return vec![Finding::fail("database", error, "look at the database's log")],
    };
    let note = if absent { "; its file will be made on the first start" } else { "" };
    let told = format!("{} {}{note}", it.engine, it.version);
    let version = match it.engine {
        "sqlite" if version_of(&it.version) < Some(SQLITE_LEAST) => {
            Finding::fail("database", told, "build with SQLite 3.51.3 or later")
        }
        _ => Finding::ok("database", told),
    };
    let told = format!("journal {}, synchronous {}", it.journal_mode, it.synchronous);
    let durable = it.journal_mode.eq_ignore_ascii_case("wal")
        && ["full", "extra", "on", "remote_write", "remote_apply", "local"]
            .contains(&it.synchronous.to_ascii_lowercase().as_str());
    let commits = match durable {
        true => Finding::ok("commits", told),
        false => Finding::fail(
            "commits",
            told,
            "a crash would lose what was acknowledged: use synchronous FULL or on",
        ),
    };
    vec![version, commits]
}

fn version_of(text: &str) -> Option<[u32; 3]> {
    let mut numbers = text.split('.').map(|it| it.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version_of("3.53.1") >= Some(SQLITE_LEAST));
        assert!(version_of("3.6.23") < Some(SQLITE_LEAST));
        assert!(version_of("new") < Some(SQLITE_LEAST));
    }
}
