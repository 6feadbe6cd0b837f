//! sipp (Debian's sip-tester) as the carrier and as phones.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use timbre::driver::clock::{Stopwatch, sleep};

/// A running sipp. Killed when dropped.
pub struct Sipp {
    process: Child,
    directory: TempDir,
}

/// What sipp counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    pub successful: u64,
    pub failed: u64,
    pub retransmissions: u64,
}

impl Sipp {
    /// Runs a scenario of `tests/sipp` against `server`.
    pub fn run(scenario: &str, server: SocketAddr, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let scenarios = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sipp");
        let at = |name: &str| directory.path().join(name);
        let process = Command::new("sipp")
            .arg("-sf")
            .arg(scenarios.join(scenario))
            .arg(server.to_string())
            .args(["-nostdin", "-trace_stat", "-fd", "1", "-trace_rtt", "-rtt_freq", "1"])
            .args(["-trace_err", "-timeout_error"])
            .arg("-stf")
            .arg(at("stat.csv"))
            .arg("-error_file")
            .arg(at("errors.log"))
            .args(arguments)
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp is installed (Debian: sip-tester)");
        Self { process, directory }
    }

    /// Waits for its end; fails where that takes longer than `within`.
    pub async fn finish(mut self, within: Duration) -> (Counted, Vec<Duration>) {
        let since = Stopwatch::start();
        while let Ok(None) = self.process.try_wait() {
            assert!(since.elapsed() < within, "sipp does not end: {}", self.errors());
            sleep(Duration::from_millis(100)).await;
        }
        let counted = self.counted();
        assert!(counted.failed == 0, "{counted:?}: {}", self.errors());
        (counted, self.response_times())
    }

    fn errors(&self) -> String {
        let log = std::fs::read_to_string(self.directory.path().join("errors.log"));
        log.unwrap_or_default().chars().take(4_000).collect()
    }

    fn counted(&self) -> Counted {
        let table = std::fs::read_to_string(self.directory.path().join("stat.csv"));
        let table = table.expect("sipp wrote its statistics");
        let mut lines = table.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
        let last: Vec<&str> = lines.next_back().unwrap_or_default().split(';').collect();
        let value = |name: &str| {
            let at = names.iter().position(|it| *it == name);
            at.and_then(|at| last.get(at)?.trim().parse().ok()).unwrap_or(u64::MAX)
        };
        Counted {
            successful: value("SuccessfulCall(C)"),
            failed: value("FailedCall(C)"),
            retransmissions: value("Retransmissions(C)"),
        }
    }

    /// From each INVITE to its 200, by sipp's own clock.
    fn response_times(&self) -> Vec<Duration> {
        let files = std::fs::read_dir(self.directory.path()).expect("the directory is there");
        let tables = files.flatten().map(|it| it.path());
        let tables = tables.filter(|it| it.to_string_lossy().ends_with("_rtt.csv"));
        let text: String = tables.filter_map(|it| std::fs::read_to_string(it).ok()).collect();
        let time = |line: &str| line.split(';').nth(1)?.parse().ok();
        text.lines().filter_map(time).map(|ms: f64| Duration::from_secs_f64(ms / 1e3)).collect()
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
