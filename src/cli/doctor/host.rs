//! Clock and kernel limits.

use std::time::Duration;

use rlimit::Resource;

use super::finding::Finding;
use crate::config::Settings;
use crate::driver::clock::{Stopwatch, civil, sleep};

/// 2026-01-01T00:00:00Z: this program is younger.
const BORN: i64 = 1_767_225_600_000_000;
/// How long both clocks are compared.
const COMPARED: Duration = Duration::from_millis(300);
/// Socket buffers under which bursts of voice are dropped.
const BUFFER_LEAST: u64 = 2 << 20;

/// Whether the civil clock is plausible and runs as fast as the monotonic one.
pub async fn clock() -> Finding {
    let (watch, before) = (Stopwatch::start(), civil());
    sleep(COMPARED).await;
    judged(before.as_micros(), civil().as_micros(), watch.elapsed())
}

fn judged(before: i64, after: i64, elapsed: Duration) -> Finding {
    if after < BORN {
        return Finding::fail("clock", "the year is wrong", "set the clock: enable NTP");
    }
    let elapsed = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
    let drift = after.saturating_sub(before).saturating_sub(elapsed);
    let told =
        format!("wall clock against monotonic clock: {:+.1} ms in 300 ms", drift as f64 / 1e3);
    match drift.abs() {
        0..15_000 => Finding::ok("clock", told),
        _ => Finding::warn("clock", told, "the wall clock is being stepped: let NTP settle"),
    }
}

/// Whether as many files may be open as there may be voice sockets.
pub fn open_files(settings: &Settings) -> Finding {
    let voice = settings.rtp_ports.clone().count() as u64;
    let wanted = voice.max(4_096) + 2_048;
    let remedy = format!("ulimit -n {wanted}, or LimitNOFILE={wanted} in the systemd unit");
    // A node raises its own soft limit as far as the hard one lets it.
    let allowed = match Resource::NOFILE.get() {
        Ok((_, hard)) => hard,
        Err(error) => return Finding::warn("open files", error, remedy),
    };
    let told = format!("{allowed} may be open; {wanted} wanted for every voice port");
    match allowed {
        0..1_024 => Finding::fail("open files", told, remedy),
        limit if limit < wanted => Finding::warn("open files", told, remedy),
        _ => Finding::ok("open files", told),
    }
}

/// Whether the kernel lets sockets hold a burst of voice.
pub fn udp_buffers() -> Vec<Finding> {
    ["rmem_max", "wmem_max"].iter().filter_map(|name| buffer(name)).collect()
}

fn buffer(name: &str) -> Option<Finding> {
    // Another kernel than Linux has other knobs.
    let text = std::fs::read_to_string(format!("/proc/sys/net/core/{name}")).ok()?;
    let bytes: u64 = text.trim().parse().ok()?;
    let told = format!("net.core.{name} = {} KiB", bytes >> 10);
    let remedy = format!("sysctl -w net.core.{name}={BUFFER_LEAST}");
    Some(if bytes < BUFFER_LEAST {
        Finding::warn("UDP buffer", told, remedy)
    } else {
        Finding::ok("UDP buffer", told)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Mark;

    #[test]
    fn a_stepped_or_wrong_clock_is_found() {
        let marks = [BORN + 300_000, BORN + 900_000, BORN - 900_000]
            .map(|after| judged(after - 300_000, after, COMPARED).mark);
        assert_eq!(marks, [Mark::Ok, Mark::Ok, Mark::Fail]);
        let stepped = judged(BORN, BORN + 400_000, COMPARED);
        assert_eq!(stepped.mark, Mark::Warn);
    }
}
