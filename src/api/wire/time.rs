//! Moments and spans.

use std::time::Duration;

use timbre_model::{Civil, FieldError};

const MICROS: i64 = 1_000_000;
/// The first and the last second that a `Timestamp` can hold: the years 1 to 9999.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// The longest `Duration` that the wire can hold, in seconds: about 10,000 years.
const SPAN_MAX: i64 = 315_576_000_000;

/// A span as the wire has it; one beyond the wire's longest becomes that.
pub fn span(span: Duration) -> prost_types::Duration {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(SPAN_MAX).min(SPAN_MAX);
    prost_types::Duration { seconds, nanos: span.subsec_nanos().cast_signed() }
}

/// Reads the span at `field`, where there is one. Refuses negative ones.
pub fn read_span(
    field: &str,
    wire: Option<prost_types::Duration>,
) -> Result<Option<Duration>, FieldError> {
    let Some(prost_types::Duration { seconds, nanos }) = wire else { return Ok(None) };
    let fits = (0..=SPAN_MAX).contains(&seconds) && (0..1_000_000_000).contains(&nanos);
    if fits {
        return Ok(Some(Duration::new(seconds.cast_unsigned(), nanos.cast_unsigned())));
    }
    let shown = format!("{seconds}s {nanos}ns");
    Err(FieldError::new(
        field,
        shown,
        "give a span of 0 s or more, nanoseconds below 1,000,000,000",
    ))
}

/// A moment as the wire has it; one outside the wire's years becomes the nearest.
pub fn moment(at: Civil) -> prost_types::Timestamp {
    let seconds = at.as_micros().div_euclid(MICROS).clamp(*SECONDS.start(), *SECONDS.end());
    let micros = i32::try_from(at.as_micros().rem_euclid(MICROS)).unwrap_or(0);
    prost_types::Timestamp { seconds, nanos: micros * 1_000 }
}

/// Reads the moment at `field`, where there is one, to the microsecond.
pub fn read_moment(
    field: &str,
    wire: Option<prost_types::Timestamp>,
) -> Result<Option<Civil>, FieldError> {
    let Some(prost_types::Timestamp { seconds, nanos }) = wire else { return Ok(None) };
    if SECONDS.contains(&seconds) && (0..1_000_000_000).contains(&nanos) {
        return Ok(Some(Civil::from_micros(seconds * MICROS + i64::from(nanos / 1_000))));
    }
    let shown = format!("{seconds}s {nanos}ns");
    Err(FieldError::new(field, shown, "give a moment between the years 1 and 9999"))
}

/// Reads the moment at `field`, which must be there.
pub fn need_moment(field: &str, wire: Option<prost_types::Timestamp>) -> Result<Civil, FieldError> {
    read_moment(field, wire)?.ok_or_else(|| FieldError::new(field, "", "give a moment"))
}

/// Reads the span at `field`, which must be there.
pub fn need_span(field: &str, wire: Option<prost_types::Duration>) -> Result<Duration, FieldError> {
    read_span(field, wire)?.ok_or_else(|| FieldError::new(field, "", "give a span of time"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn moments_of_our_years_round_trip(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
            let at = Civil::from_micros(micros);
            prop_assert_eq!(read_moment("t", Some(moment(at))), Ok(Some(at)));
        }

        #[test]
        fn spans_round_trip(seconds in 0..315_576_000_000_u64, nanos in 0..1_000_000_000_u32) {
            let it = Duration::new(seconds, nanos);
            prop_assert_eq!(read_span("t", Some(span(it))), Ok(Some(it)));
        }

        #[test]
        fn whatever_the_wire_says_is_read_or_refused(seconds: i64, nanos: i32) {
            let legal = (0..1_000_000_000).contains(&nanos);
            let moment = read_moment("t", Some(prost_types::Timestamp { seconds, nanos }));
            prop_assert_eq!(moment.is_ok(), legal && SECONDS.contains(&seconds));
            let span = read_span("t", Some(prost_types::Duration { seconds, nanos }));
            prop_assert_eq!(span.is_ok(), legal && (0..=SPAN_MAX).contains(&seconds));
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        for micros in [i64::MIN, i64::MAX] {
            let there = read_moment("t", Some(moment(Civil::from_micros(micros))));
            assert!(there.is_ok(), "{there:?}");
        }
        assert!(read_span("t", Some(span(Duration::MAX))).is_ok());
    }
}
