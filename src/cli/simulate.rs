//! `timbre simulate`: tomorrow's campaign, lived before anybody is called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use timbre_model::FloorSpec;
use timbre_sim::outbound::grid::{self, Extent};
use timbre_sim::outbound::scenario::{FloorSource, ScenarioSpec, plot, try_out};

use super::apply;

/// Try a campaign before anybody is called: the real engine, pacing and law on virtual time against a modelled
/// population.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The scenario, in TOML; see deploy/scenarios
    #[arg(required_unless_present = "grid", conflicts_with = "grid", value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// How many days to live; by default as the scenario says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000))]
    seeds: Option<u64>,
    /// Where the picture of the day goes; by default beside the scenario, as .svg
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Run the grid of the published figures instead; ends with 1 where a criterion is missed
    #[arg(long)]
    grid: bool,
    /// Of the grid, two days of a few cells
    #[arg(long, requires = "grid")]
    quick: bool,
}

impl Simulate {
    /// Runs the command.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let threads = std::thread::available_parallelism().map_or(1, |it| it.get());
        tokio::task::spawn_blocking(move || match &self.scenario {
            Some(file) => self.try_out(file, threads),
            None => Ok(self.grid(threads)),
        })
        .await?
    }

    fn grid(&self, threads: usize) -> ExitCode {
        let extent = if self.quick { Extent::Quick } else { Extent::Whole };
        let report = grid::run(extent, threads, |part| eprintln!("{part}"));
        print!("{}", report.markdown);
        report.missed.iter().for_each(|it| println!("MISSED: {it}"));
        println!("\n{} criteria missed", report.missed.len());
        if report.missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn try_out(&self, file: &Path, threads: usize) -> anyhow::Result<ExitCode> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let in_file = || file.display().to_string();
        let scenario = ScenarioSpec::parse(&text).with_context(in_file)?;
        let floor = floor(&scenario, file)?;
        let setup = scenario.setup(floor).with_context(in_file)?;
        let outlook = try_out(&setup, self.seeds.unwrap_or(scenario.seeds), threads);
        println!("{}\n\n{outlook}", scenario.title);
        let cap = setup.floor.campaigns.iter().map(|it| it.abandonment_cap).fold(0.1, f64::min);
        let opens = f64::from(scenario.from.hour()) + f64::from(scenario.from.minute()) / 60.0;
        let svg = plot(&scenario.title, &outlook.slices, opens, 100.0 * cap);
        let to = self.plot.clone().unwrap_or_else(|| file.with_extension("svg"));
        fs::write(&to, svg).with_context(|| to.display().to_string())?;
        println!("{}", to.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// The scenario's floor: in the file itself, or in one beside it.
fn floor(scenario: &ScenarioSpec, file: &Path) -> anyhow::Result<FloorSpec> {
    let path = match &scenario.floor {
        FloorSource::Given(floor) => return Ok((**floor).clone()),
        FloorSource::File(path) => file.parent().unwrap_or(Path::new(".")).join(path),
    };
    let named = || format!("{}: floor: {}", file.display(), path.display());
    let text = fs::read_to_string(&path).with_context(named)?;
    if path.extension().is_some_and(|it| it == "toml") {
        return ScenarioSpec::parse_floor(&text).with_context(named);
    }
    match apply::yaml::read(&text) {
        Ok(floor) => Ok(floor),
        Err(faults) => bail!("{}\n{faults}", named()),
    }
}
