//! How much a node carries: `scripts/load`.
//!
//! The node has one core to itself; sipp, the agents' phones and their streams share the other. Calls last three seconds,
//! phones keep their leg up, every change is synced to disk. Each stage says what it found; a table and a file of JSON
//! come at the end.

mod carrier;
mod floor;
mod node;
mod probe;
mod report;
mod staff;
mod stages;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Measures how much a node carries.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// The program to measure
    #[arg(long, default_value = "target/release/timbre")]
    binary: PathBuf,
    /// Calls per second, step by step until one fails twice
    #[arg(long, default_value = "100,200,300,400,500,600,700,800", value_delimiter = ',')]
    rates: Vec<u32>,
    /// How long each step is measured, in seconds
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// Agents at work
    #[arg(long, default_value_t = 2_500)]
    agents: usize,
    /// How long a call lasts, in milliseconds
    #[arg(long, default_value_t = 3_000)]
    talk: u32,
    /// The node's core
    #[arg(long, default_value_t = 0)]
    core: usize,
    /// Leave out the measurement of memory, which takes two minutes
    #[arg(long)]
    no_memory: bool,
    /// Leave out the backlog
    #[arg(long)]
    no_backlog: bool,
    /// Where the figures go, as JSON
    #[arg(long, default_value = "target/load.json")]
    json: PathBuf,
}

/// What is not measured may take so long.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mut report = report::Report::default();
    stages::run(&options, &mut report).await?;
    println!("\n{report}");
    std::fs::write(&options.json, report.json())?;
    println!("as JSON: {}", options.json.display());
    Ok(())
}
