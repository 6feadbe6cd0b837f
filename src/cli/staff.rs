//! `timbre staff`: how many agents a promise needs, by Erlang A or C.

use std::time::Duration;

use anyhow::bail;
use clap::{ArgGroup, Args};
use timbre_model::FieldError;
use timbre_pacing::erlang::{
    AGENTS_MAX, Load, Promise, Staffing, staffing, with_abandonment, without_abandonment,
};

use super::out;
use super::table::table;
use super::words::read_span;

/// Fewer and more agents than needed that are shown, too.
const FEWER: u32 = 2;
const MORE: u32 = 3;
/// Where no service level is promised it is told over this.
const WITHIN: Duration = Duration::from_secs(20);

/// Say how many agents a promise needs.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("promise").required(true))]
pub struct Staff {
    /// Calls that come: 48/min, 900/h or 0.5/s
    #[arg(long, value_parser = rate, value_name = "N/UNIT")]
    calls: f64,

    /// Mean handling time of a call, talk and wrap-up: 60s
    #[arg(long, value_parser = read_span, value_name = "SPAN")]
    aht: Duration,

    /// Promise that this share is answered within so long: 80/20s
    #[arg(long, value_parser = target, group = "promise", value_name = "PERCENT/SPAN")]
    target: Option<Level>,

    /// Promise that at most this share hangs up: 3%; needs --patience
    #[arg(long, value_parser = percent, group = "promise", requires = "patience", value_name = "PERCENT")]
    abandon: Option<f64>,

    /// Promise that calls wait at most so long on average: 10s
    #[arg(long, value_parser = read_span, group = "promise", value_name = "SPAN")]
    asa: Option<Duration>,

    /// How long callers wait on average before they hang up: 120s; without it, they never do
    #[arg(long, value_parser = read_span, value_name = "SPAN")]
    patience: Option<Duration>,
}

/// A share, and within how long.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Level {
    share: f64,
    within: Duration,
}

/// Calls per hour.
fn rate(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?}: write calls and a unit, such as 48/min, 900/h or 0.5/s");
    let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
    let count: f64 = count.trim().parse().map_err(|_| wrong())?;
    let per_hour = match unit.trim() {
        "s" | "sec" => 3_600.0,
        "m" | "min" => 60.0,
        "h" | "hour" => 1.0,
        _ => return Err(wrong()),
    };
    let sound = count.is_finite() && count > 0.0;
    sound.then_some(count * per_hour).ok_or_else(wrong)
}

fn percent(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?}: write percent above 0 and below 100, such as 3%");
    let number: f64 = text.trim().trim_end_matches('%').trim().parse().map_err(|_| wrong())?;
    (number > 0.0 && number < 100.0).then_some(number / 100.0).ok_or_else(wrong)
}

fn target(text: &str) -> Result<Level, String> {
    let wrong = || format!("{text:?}: write percent and a span, such as 80/20s");
    let (share, within) = text.split_once('/').ok_or_else(wrong)?;
    Ok(Level { share: percent(share)?, within: read_span(within)? })
}

impl Staff {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<()> {
        out::print(self.plan()?);
        Ok(())
    }

    fn plan(&self) -> anyhow::Result<String> {
        let Self { calls, aht, target, abandon, asa, patience } = self;
        let load = Load {
            calls_per_hour: *calls,
            aht_s: aht.as_secs_f64(),
            patience_s: patience.map(|it| it.as_secs_f64()),
        };
        let promise = match (target, abandon, asa) {
            (Some(Level { share, within }), ..) => {
                Promise::ServiceLevel { share: *share, within_s: within.as_secs_f64() }
            }
            (None, Some(at_most), _) => Promise::Abandonment { at_most: *at_most },
            (None, None, Some(asa)) => Promise::Asa { at_most_s: asa.as_secs_f64() },
            (None, None, None) => {
                bail!("promise something: --target 80/20s, --abandon 3% or --asa 10s")
            }
        };
        let needed = staffing(&load, promise).map_err(flag)?;
        let within = target.map_or(WITHIN, |it| it.within);
        let model = if load.patience_s.is_some() { "Erlang A" } else { "Erlang C" };
        let Staffing { agents, offered_load, .. } = needed;
        let heading = format!(
            "{agents} agents, of whom each is there all the time ({model}, {offered_load:.1} Erlangs offered)\n\n"
        );
        Ok(heading + &around(agents, &load, within)?)
    }
}

/// A field of the formulas as the flag that sets it.
fn flag(fault: FieldError) -> anyhow::Error {
    let FieldError { field, value, remedy } = fault;
    let flag = match field.as_str() {
        "calls_per_hour" => "--calls (per hour)",
        "aht_s" => "--aht (seconds)",
        "offered_load" => "--calls times --aht",
        "patience_s" => "--patience (seconds)",
        "within_s" | "share" => "--target",
        "at_most" => "--abandon",
        "at_most_s" => "--asa (seconds)",
        other => other,
    };
    anyhow::anyhow!("{flag} {value}: give {remedy}")
}

/// What callers meet with a few agents fewer and more.
fn around(agents: u32, load: &Load, within: Duration) -> anyhow::Result<String> {
    let mut rows = Vec::new();
    for count in agents.saturating_sub(FEWER).max(1)..=agents.saturating_add(MORE).min(AGENTS_MAX) {
        let mark = if count == agents { "*" } else { "" };
        let [occupancy, level, asa, abandoned] = measures(count, load, within)?;
        rows.push([format!("{count}{mark}"), occupancy, level, asa, abandoned]);
    }
    let level = format!("ANSWERED IN {} s", within.as_secs_f64());
    Ok(table(["AGENTS", "OCCUPANCY", &level, "MEAN WAIT", "HANG UP"], &rows))
}

fn measures(agents: u32, load: &Load, within: Duration) -> anyhow::Result<[String; 4]> {
    let offered = load.calls_per_hour / 3_600.0 * load.aht_s;
    let within = within.as_secs_f64();
    let share = |it: f64| format!("{:.1} %", it * 100.0);
    let wait = |it: f64| format!("{it:.1} s");
    let Some(patience) = load.patience_s else {
        if f64::from(agents) <= offered {
            // The queue grows without end.
            return Ok(["100.0 %", "0.0 %", "no end", "-"].map(str::to_owned));
        }
        let it = without_abandonment(agents, offered, load.aht_s, within).map_err(flag)?;
        return Ok([share(it.occupancy), share(it.service_level), wait(it.asa_s), "-".to_owned()]);
    };
    let it = with_abandonment(agents, offered, load.aht_s, patience, within).map_err(flag)?;
    Ok([share(it.occupancy), share(it.service_level), wait(it.wait_s), share(it.p_abandon)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staff(target: Option<&str>) -> Staff {
        Staff {
            calls: rate("48/min").expect("a rate"),
            aht: Duration::from_secs(60),
            target: target.map(|it| super::target(it).expect("a target")),
            abandon: None,
            asa: None,
            patience: None,
        }
    }

    #[test]
    fn rates_shares_and_targets_are_read_as_people_write_them() {
        assert_eq!(rate("48/min"), Ok(2_880.0));
        assert_eq!(rate("0.5/s"), Ok(1_800.0));
        assert_eq!(percent("3%"), Ok(0.03));
        let level = Level { share: 0.8, within: Duration::from_secs(20) };
        assert_eq!(target("80/20s"), Ok(level));
        for bad in ["48", "48/day", "-1/min", "NaN/min", "inf/h"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
        for bad in ["0", "100%", "x", "NaN"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_fewest_agents_that_keep_the_promise_are_marked_among_their_neighbours() {
        // 48 Erlangs by the recursion of Erlang B: 79.0 % with 51 agents, 87.7 % with 52.
        let plan = staff(Some("80/20s")).plan().expect("a plan");
        assert!(plan.starts_with("52 agents"), "{plan}");
        let rows: Vec<_> = plan.lines().skip(3).map(|it| it.split("  ").next()).collect();
        assert_eq!(rows, ["50", "51", "52*", "53", "54", "55"].map(Some));
    }

    #[test]
    fn fewer_agents_than_load_have_a_queue_without_end() {
        let load = Load { calls_per_hour: 60.0, aht_s: 60.0, patience_s: None };
        let shown = around(2, &load, WITHIN).expect("a table");
        assert!(shown.contains("1       100.0 %    0.0 %             no end"), "{shown}");
    }

    #[test]
    fn what_is_out_of_range_names_the_flag() {
        let mut huge = staff(Some("80/20s"));
        huge.calls = 1e12;
        let why = huge.plan().expect_err("too much").to_string();
        assert!(why.starts_with("--calls times --aht"), "{why}");
        assert!(staff(None).plan().is_err());
    }
}
