//! sipp as the carrier.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use timbre::driver::clock;

use crate::floor;
use crate::node::Node;

/// A sipp that offers calls. Killed when dropped.
pub struct Carrier {
    process: Child,
    directory: TempDir,
}

/// What sipp counted.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    pub successful: u64,
    pub failed: u64,
    pub retransmissions: u64,
    /// From INVITE to 200, sorted.
    pub answer_times: Vec<Duration>,
}

impl Carrier {
    /// Offers `calls` at `rate` a second; each lasts `talk` milliseconds from its answer.
    pub fn offer(node: &Node, rate: u32, calls: u32, talk: u32) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let scenario = std::env::current_dir()?.join("tests/sipp/customer.xml");
        let process = Command::new("sipp")
            .arg("-sf")
            .arg(scenario)
            .arg(node.sip.to_string())
            .args(["-i", floor::CARRIER, "-mi", floor::CARRIER, "-s", floor::NUMBER])
            .args(["-r", &rate.to_string(), "-m", &calls.to_string(), "-d", &talk.to_string()])
            .args(["-l", "20000", "-nostdin", "-buff_size", "4194304"])
            .args(["-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "50"])
            .args(["-trace_err", "-error_file", "errors.log"])
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("sipp cannot be started (Debian: sip-tester)")?;
        Ok(Self { process, directory })
    }

    /// Waits until all its calls are over.
    pub async fn finish(mut self) -> anyhow::Result<Counted> {
        while self.process.try_wait()?.is_none() {
            clock::sleep(Duration::from_millis(200)).await;
        }
        self.counted()
    }

    fn counted(&self) -> anyhow::Result<Counted> {
        let table = std::fs::read_to_string(self.directory.path().join("stat.csv"))?;
        let mut lines = table.lines();
        let names: Vec<&str> = lines.next().context("no statistics")?.split(';').collect();
        let last: Vec<&str> = lines.next_back().context("no statistics")?.split(';').collect();
        let value = |name: &str| {
            let at = names.iter().position(|it| *it == name);
            let value = at.and_then(|at| last.get(at)?.trim().parse().ok());
            value.with_context(|| format!("sipp counted no {name}"))
        };
        Ok(Counted {
            successful: value("SuccessfulCall(C)")?,
            failed: value("FailedCall(C)")?,
            retransmissions: value("Retransmissions(C)")?,
            answer_times: self.answer_times()?,
        })
    }

    fn answer_times(&self) -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::new();
        for file in std::fs::read_dir(self.directory.path())? {
            let path = file?.path();
            if !path.to_string_lossy().ends_with("_rtt.csv") {
                continue;
            }
            let table = std::fs::read_to_string(path)?;
            let time = |line: &str| line.split(';').nth(1)?.parse().ok();
            let read = table.lines().filter_map(time);
            times.extend(read.map(|ms: f64| Duration::from_secs_f64(ms / 1e3)));
        }
        times.sort_unstable();
        Ok(times)
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        // One that has ended already needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
