//! The database goes away in the middle of the day and comes back: no call is dropped and nothing is lost.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use timbre_model::{AgentStateKind, CallOutcome, EndCause, ReleasedBy};

use crate::agents::Agent;
use crate::floors::{Floor, named};
use crate::node::{Node, tenant};
use crate::stations::Line;
use crate::{PATIENCE, eventually};

/// A Postgres server of the test's own. Stopped when dropped.
struct Postgres {
    directory: TempDir,
    url: String,
}

impl Postgres {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        // The server runs as a user of its own, who must be let in.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(directory.path(), open).expect("it is ours");
        let url = scripts_postgres("start", &directory.path().join("server"));
        Self { directory, url: url.trim().to_owned() }
    }

    fn server(&self) -> PathBuf {
        self.directory.path().join("server")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        scripts_postgres("stop", &self.server());
    }
}

fn scripts_postgres(what: &str, server: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres");
    let done = Command::new(script).arg(what).arg(server).output().expect("the script runs");
    assert!(
        done.status.success(),
        "scripts/postgres {what}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_a_node_goes_on_and_tells_it_all_afterwards() {
    let postgres = Postgres::start();
    let node = Node::start_on(&postgres.url).await;
    let floor = Floor { persistent: named("a", 1), ..Floor::default() };
    let operator = node.apply(&floor.spec()).await;
    let phone = Line::phone(&node, 2_150).await;
    let _shift = phone.call_in("a0").await;
    let mut agent = Agent::ready(&node, "a0", true).await;
    let customer = Line::customer(&node, 1_350).await;
    let before = customer.dial("+34600111222");
    let first = agent.until_connected().await;

    scripts_postgres("pause", &postgres.server());
    assert!(before.progress().ended.is_none(), "a call is not dropped with the database");
    before.hang_up();
    agent.until_state(AgentStateKind::Ready).await;
    let during = customer.dial("+34600111333");
    let second = agent.until_connected().await;
    assert!(node.metric("timbre_store_spooling").await > 0., "the spool is used, and says so");
    during.hang_up();
    agent.until_state(AgentStateKind::Ready).await;

    scripts_postgres("resume", &postgres.server());
    for id in [first, second] {
        let record = eventually("the record", async || {
            let call = operator.get_call(&tenant(), id).await.ok()?;
            call.ended_at.is_some().then_some(call)
        });
        let record = record.await;
        assert_eq!(record.outcome, Some(CallOutcome::Answered));
        assert_eq!(record.cause, Some(EndCause::Completed));
        assert_eq!(record.released_by, Some(ReleasedBy::Customer));
        let timeline = operator.timeline(&tenant(), id).await.expect("a timeline");
        let numbers: Vec<u32> = timeline.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, (1..=u32::try_from(numbers.len()).expect("few")).collect::<Vec<_>>());
    }
    eventually("the spool's end", async || {
        (node.metric("timbre_store_spooling").await == 0.).then_some(())
    })
    .await;
    assert!(before.until(PATIENCE, |it| it.ended.is_some()).await.is_ok());
}
