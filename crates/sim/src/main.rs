//! Runs simulated days and prints what came of them. Exits with 1 where the auditor objected.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use timbre_sim::outbound::day;
use timbre_sim::{DayReport, Scenario, run_day};

const USAGE: &str = "\
timbre-sim [--seeds N] [--seed S] [--crash] [--threads N] [--quiet] [--inbound | --outbound]
  --seeds N    run N days, of the seeds S, S+1, … (default 1): callers who come in, and campaigns
  --inbound    only the callers; --outbound: only the campaigns
  --seed S     the first seed (default 1)
  --crash      days in which the node dies three times
  --threads N  days at a time (default 2)
  --quiet      print only the last line and the days that went wrong";

struct Options {
    seeds: u64,
    seed: u64,
    threads: u64,
    quiet: bool,
    inbound: bool,
    outbound: bool,
    scenario: Scenario,
}

fn options() -> Result<Options, String> {
    let scenario = Scenario::default();
    let (inbound, outbound) = (true, true);
    let mut options =
        Options { seeds: 1, seed: 1, threads: 2, quiet: false, inbound, outbound, scenario };
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
            "--inbound" => options.outbound = false,
            "--outbound" => options.inbound = false,
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

fn print_campaigns(day: &day::Report) {
    let outcomes: Vec<String> =
        day.outcomes.iter().map(|(word, n)| format!("{}={n}", word.as_str())).collect();
    println!(
        "seed {} hash {:016x} attempts {} steps {} rejections {} crashes {}",
        day.seed,
        day.hash,
        outcomes.join(" "),
        day.steps,
        day.rejections,
        day.crashes,
    );
    day.violations.iter().for_each(|it| println!("  VIOLATION {it}"));
}

/// What all days came to.
#[derive(Default)]
struct Sum {
    days: u64,
    calls: u64,
    attempts: u64,
    steps: u64,
    bad: u64,
}

fn one(options: &Options, seed: u64, sum: &Mutex<Sum>) {
    let inbound = options.inbound.then(|| run_day(seed, &options.scenario));
    let outbound = options.outbound.then(|| day::run_day(seed, None));
    let mut sum = sum.lock().unwrap_or_else(|it| it.into_inner());
    if let Some(day) = inbound {
        let bad = !day.violations.is_empty();
        if !options.quiet || bad {
            print(&day);
        }
        (sum.days, sum.calls) = (sum.days + 1, sum.calls + day.calls);
        (sum.steps, sum.bad) = (sum.steps + day.steps, sum.bad + u64::from(bad));
    }
    if let Some(day) = outbound {
        let bad = !day.violations.is_empty();
        if !options.quiet || bad {
            print_campaigns(&day);
        }
        let attempts: u64 = day.outcomes.values().sum();
        (sum.days, sum.attempts) = (sum.days + 1, sum.attempts + attempts);
        (sum.steps, sum.bad) = (sum.steps + day.steps, sum.bad + u64::from(bad));
    }
}

fn run(options: &Options) -> Sum {
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.min(options.seeds) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= options.seeds {
                        return;
                    }
                    one(options, options.seed.wrapping_add(n), &sum);
                }
            });
        }
    });
    sum.into_inner().unwrap_or_else(|it| it.into_inner())
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let Sum { days, calls, attempts, steps, bad } = run(&options);
    println!(
        "{days} days, {calls} calls, {attempts} attempts, {steps} steps, {bad} days with violations"
    );
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
