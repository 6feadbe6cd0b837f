//! Moments and spans as people read them.

use std::time::Duration;

use timbre_model::{CallerId, Civil};

/// A moment in UTC, to the second: `2026-11-21 22:48:41`.
pub fn moment(at: Civil) -> String {
    match jiff::Timestamp::from_microsecond(at.as_micros()) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "-".to_owned(),
    }
}

/// The time of day in UTC, to the millisecond: `22:48:41.120`.
pub fn time_of_day(at: Civil) -> String {
    match jiff::Timestamp::from_microsecond(at.as_micros()) {
        Ok(at) => at.strftime("%H:%M:%S%.3f").to_string(),
        Err(_) => "-".to_owned(),
    }
}

/// A span as a clock shows it: `0:07`, `12:34`, `1:02:03`.
pub fn clock(span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// The whole number, for those who may see it.
pub fn caller(caller: &CallerId) -> String {
    caller.number().map_or_else(|| "withheld".to_owned(), |number| number.expose().to_owned())
}

/// Reads `2026-11-21T09:00:00Z`, `2026-11-21` (UTC), or a span ago such as `2h` or `30m`.
pub fn read_moment(text: &str, now: Civil) -> Result<Civil, String> {
    let micros = |at: jiff::Timestamp| Civil::from_micros(at.as_microsecond());
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(micros(at));
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|it| it.to_string())?;
        return Ok(micros(midnight.timestamp()));
    }
    let ago = read_span(text).map_err(|_| {
        format!("{text:?}: write a moment such as 2026-11-21T09:00:00Z, a day, or how long ago: 2h")
    })?;
    let ago = i64::try_from(ago.as_micros()).unwrap_or(i64::MAX);
    Ok(Civil::from_micros(now.as_micros().saturating_sub(ago)))
}

/// Reads `90d`, `12h` or `1h 30m`.
pub fn read_span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no span of time: write 90d, 12h or 1h 30m");
    // Days are 24 hours here; jiff's own spans of fixed length end at hours.
    if let Some(days) = text.trim().strip_suffix('d') {
        let days: u64 = days.trim().parse().map_err(|_| wrong())?;
        return days.checked_mul(86_400).map(Duration::from_secs).ok_or_else(wrong);
    }
    let span = text.parse::<jiff::SignedDuration>().map_err(|_| wrong())?;
    Duration::try_from(span).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_show_as_clocks() {
        let shown = [0, 7, 754, 3_723].map(|s| clock(Duration::from_secs(s)));
        assert_eq!(shown, ["0:00", "0:07", "12:34", "1:02:03"]);
    }

    #[test]
    fn moments_are_read_in_three_ways() {
        let now = Civil::from_micros(1_700_000_000_000_000);
        let hour_ago = Civil::from_micros(1_700_000_000_000_000 - 3_600_000_000);
        assert_eq!(read_moment("1h", now), Ok(hour_ago));
        assert_eq!(read_moment("1970-01-01T00:00:01Z", now), Ok(Civil::from_micros(1_000_000)));
        assert_eq!(read_moment("1970-01-02", now), Ok(Civil::from_micros(86_400_000_000)));
        assert!(read_moment("yesterday", now).is_err());
        assert_eq!(read_span("90d"), Ok(Duration::from_secs(90 * 86_400)));
        assert!(read_span("99999999999999999999d").is_err() && read_span("-1h").is_err());
    }
}
