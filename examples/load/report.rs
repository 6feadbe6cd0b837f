//! What was found: a table for people, JSON for programs.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

/// All of it.
#[derive(Debug, Default)]
pub struct Report {
    pub memory: Option<Memory>,
    pub steps: Vec<Step>,
    pub backlog: Option<Backlog>,
}

/// What calls in progress take.
#[derive(Debug)]
pub struct Memory {
    pub calls: f64,
    pub bytes_per_call: f64,
    pub before: u64,
}

/// One rate.
#[derive(Debug)]
pub struct Step {
    pub rate: u32,
    pub reached: f64,
    pub failed: u64,
    pub retransmissions: u64,
    pub cpu_ms_per_call: f64,
    pub core: f64,
    pub p50: Duration,
    pub p99: Duration,
    pub longest: Duration,
    pub resident: u64,
}

/// More calls than the agents can take.
#[derive(Debug)]
pub struct Backlog {
    pub agents: usize,
    pub rate: u32,
    pub busy: f64,
    pub failed: u64,
    pub longest_wait: Duration,
}

impl Step {
    /// Sustained: nothing failed, and nothing was sent twice.
    pub fn holds(&self) -> bool {
        self.failed == 0 && self.retransmissions == 0
    }
}

fn ms(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

impl Report {
    fn sustained(&self) -> Option<&Step> {
        self.steps.iter().filter(|step| step.holds()).max_by_key(|step| step.rate)
    }

    /// All of it, for programs.
    pub fn json(&self) -> String {
        let step = |it: &Step| {
            json!({
                "rate": it.rate, "reached": it.reached, "failed": it.failed,
                "retransmissions": it.retransmissions, "cpu_ms_per_call": it.cpu_ms_per_call,
                "core": it.core, "p50_ms": ms(it.p50), "p99_ms": ms(it.p99),
                "max_ms": ms(it.longest), "resident_bytes": it.resident,
            })
        };
        let memory = self.memory.as_ref().map(|it| {
            json!({
                "calls": it.calls, "bytes_per_call": it.bytes_per_call,
                "resident_bytes_before": it.before,
            })
        });
        let backlog = self.backlog.as_ref().map(|it| {
            json!({
                "agents": it.agents, "rate": it.rate, "busy": it.busy, "failed": it.failed,
                "longest_wait_ms": ms(it.longest_wait),
            })
        });
        let all: Value = json!({
            "sustained_rate": self.sustained().map(|it| it.rate),
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "memory": memory,
            "backlog": backlog,
        });
        format!("{all:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "calls/s  reached  failed  again  CPU ms/call  core  p50 ms  p99 ms  max ms  RSS MiB"
        )?;
        for it in &self.steps {
            writeln!(
                f,
                "{:7}  {:7.1}  {:6}  {:5}  {:11.2}  {:3.0}%  {:6.1}  {:6.1}  {:6.1}  {:7.0}",
                it.rate,
                it.reached,
                it.failed,
                it.retransmissions,
                it.cpu_ms_per_call,
                it.core * 100.0,
                ms(it.p50),
                ms(it.p99),
                ms(it.longest),
                mib(it.resident)
            )?;
        }
        let sustained = self.sustained().map_or(0, |it| it.rate);
        writeln!(f, "sustained without failure or retransmission: {sustained} calls/s")?;
        if let Some(memory) = &self.memory {
            writeln!(f, "{memory}")?;
        }
        if let Some(backlog) = &self.backlog {
            writeln!(f, "{backlog}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls/s: {} failed, {} sent again, {:.2} ms of CPU per call, {:.0} % of the core, answered in {:.1} ms (p50), {:.1} ms (p99)",
            self.rate,
            self.failed,
            self.retransmissions,
            self.cpu_ms_per_call,
            self.core * 100.0,
            ms(self.p50),
            ms(self.p99)
        )
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "memory: {:.1} KiB per call in progress ({} calls up for longer than the SIP stack keeps transactions; {:.0} MiB before them)",
            self.bytes_per_call / 1024.0,
            self.calls,
            mib(self.before)
        )
    }
}

impl fmt::Display for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "backlog: {} agents were talking {:.2} % of the time at {} calls/s offered; {} failed, the longest waited {:.1} s",
            self.agents,
            self.busy * 100.0,
            self.rate,
            self.failed,
            self.longest_wait.as_secs_f64()
        )
    }
}
