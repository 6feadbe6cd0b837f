//! Runs simulated days and prints what came of them. Exits with 1 where the auditor objected.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use timbre_sim::{DayReport, Scenario, run_day};

const USAGE: &str = "\
timbre-sim [--seeds N] [--seed S] [--crash] [--threads N] [--quiet]
  --seeds N    run N days, of the seeds S, S+1, … (default 1)
  --seed S     the first seed (default 1)
  --crash      days in which the node dies three times
  --threads N  days at a time (default 2)
  --quiet      print only the last line and the days that went wrong";

struct Options {
    seeds: u64,
    seed: u64,
    threads: u64,
    quiet: bool,
    scenario: Scenario,
}

fn options() -> Result<Options, String> {
    let scenario = Scenario::default();
    let mut options = Options { seeds: 1, seed: 1, threads: 2, quiet: false, scenario };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().ok_or_else(|| format!("{word} needs a number"))?;
            value.parse::<u64>().map_err(|_| format!("{word} {value}: not a number"))
        };
        match word.as_str() {
            "--seeds" => options.seeds = number()?,
            "--seed" => options.seed = number()?,
            "--threads" => options.threads = number()?.clamp(1, 64),
            "--crash" => options.scenario = Scenario::crashing(),
            "--quiet" => options.quiet = true,
            _ => return Err(format!("{word}: no such option\n{USAGE}")),
        }
    }
    Ok(options)
}

fn print(day: &DayReport) {
    let list = |counts: Vec<String>| counts.join(" ");
    println!(
        "seed {} hash {:016x} calls {} {} offers {} steps {} rejections {} crashes {}",
        day.seed,
        day.hash,
        day.calls,
        list(day.outcomes.iter().map(|(word, n)| format!("{word}={n}")).collect()),
        list(day.offers.iter().map(|(word, n)| format!("{word}={n}")).collect()),
        day.steps,
        day.rejections,
        day.crashes,
    );
    day.violations.iter().for_each(|it| println!("  VIOLATION {it}"));
}

fn run(options: &Options) -> Vec<DayReport> {
    let next = AtomicU64::new(0);
    let days = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.min(options.seeds) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= options.seeds {
                        return;
                    }
                    let day = run_day(options.seed.wrapping_add(n), &options.scenario);
                    if !options.quiet || !day.violations.is_empty() {
                        print(&day);
                    }
                    days.lock().unwrap_or_else(|it| it.into_inner()).push(day);
                }
            });
        }
    });
    days.into_inner().unwrap_or_else(|it| it.into_inner())
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let days = run(&options);
    let bad = days.iter().filter(|it| !it.violations.is_empty()).count();
    let (calls, steps): (u64, u64) =
        days.iter().fold((0, 0), |(calls, steps), it| (calls + it.calls, steps + it.steps));
    println!("{} days, {calls} calls, {steps} steps, {bad} days with violations", days.len());
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
