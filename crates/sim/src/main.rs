//! Runs simulated days and prints what came of them. Exits with 1 where the auditor objected.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use timbre_sim::outbound::day;
use timbre_sim::{DayReport, Scenario, casework, run_day};

const USAGE: &str = "\
timbre-sim [--seeds N] [--seed S] [--crash] [--threads N] [--quiet] [--inbound | --outbound]
timbre-sim casework [--seeds N] [--seed S] [--agents N] [--days N] [--threads N] [--quiet]
  --seeds N    run N days, of the seeds S, S+1, … (default 1): callers who come in, and campaigns
  --inbound    only the callers; --outbound: only the campaigns
  --seed S     the first seed (default 1)
  --crash      days in which the node dies three times
  --threads N  days at a time (default 2)
  --quiet      print only the last line and the days that went wrong
casework lives months of what follows conversations:
  --agents N   so many agents (default 200)
  --days N     so many days, weekends and holidays included (default 31)";

struct Options {
    seeds: u64,
    seed: u64,
    threads: u64,
    quiet: bool,
    inbound: bool,
    outbound: bool,
    scenario: Scenario,
    /// Months of casework instead of days.
    casework: Option<casework::Plan>,
}

fn options() -> Result<Options, String> {
    let scenario = Scenario::default();
    let (inbound, outbound) = (true, true);
    let (seeds, seed, threads, quiet, casework) = (1, 1, 2, false, None);
    let mut options =
        Options { seeds, seed, threads, quiet, inbound, outbound, scenario, casework };
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|it| it == "casework").is_some() {
        options.casework = Some(casework::Plan::default());
    }
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().ok_or_else(|| format!("{word} needs a number"))?;
            value.parse::<u64>().map_err(|_| format!("{word} {value}: not a number"))
        };
        let small = |it: u64| u32::try_from(it).unwrap_or(u32::MAX).clamp(1, 10_000);
        match (word.as_str(), &mut options.casework) {
            ("--agents", Some(plan)) => plan.agents = small(number()?),
            ("--days", Some(plan)) => plan.days = small(number()?),
            (word, _) => match word {
                "--seeds" => options.seeds = number()?,
                "--seed" => options.seed = number()?,
                "--threads" => options.threads = number()?.clamp(1, 64),
                "--crash" => options.scenario = Scenario::crashing(),
                "--quiet" => options.quiet = true,
                "--inbound" => options.outbound = false,
                "--outbound" => options.inbound = false,
                _ => return Err(format!("{word}: no such option\n{USAGE}")),
            },
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

fn print_month(month: &casework::Report) {
    let counts: Vec<String> = month.counts.iter().map(|(word, n)| format!("{word} {n}")).collect();
    println!("seed {} hash {:016x} {}: {}", month.seed, month.hash, month.place, counts.join(", "));
    month.violations.iter().for_each(|it| println!("  VIOLATION {it}"));
}

fn one_month(options: &Options, plan: &casework::Plan, seed: u64, sum: &Mutex<Sum>) {
    let month = casework::run_month(seed, plan);
    let bad = !month.violations.is_empty();
    let mut sum = sum.lock().unwrap_or_else(|it| it.into_inner());
    if !options.quiet || bad {
        print_month(&month);
    }
    let count = |word| month.counts.get(word).copied().unwrap_or(0);
    sum.months += 1;
    sum.calls += count("calls");
    sum.cases += count("complaint") + count("compliment") + count("suggestion");
    sum.bad += u64::from(bad);
}

/// What all days came to.
#[derive(Default)]
struct Sum {
    days: u64,
    calls: u64,
    attempts: u64,
    steps: u64,
    months: u64,
    cases: u64,
    bad: u64,
}

fn one(options: &Options, seed: u64, sum: &Mutex<Sum>) {
    if let Some(plan) = &options.casework {
        return one_month(options, plan, seed, sum);
    }
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
    let Sum { days, calls, attempts, steps, months, cases, bad } = run(&options);
    if options.casework.is_some() {
        println!("{months} months, {calls} calls, {cases} cases, {bad} months with violations");
    } else {
        println!(
            "{days} days, {calls} calls, {attempts} attempts, {steps} steps, {bad} days with violations"
        );
    }
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
