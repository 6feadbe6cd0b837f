//! The only clock of this crate.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// This moment. A telephone lives in real time.
#[expect(clippy::disallowed_methods, reason = "a telephone lives in real time: this is its clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Microseconds since the epoch, by the clock on the wall.
#[expect(
    clippy::disallowed_methods,
    reason = "a carrier's log is compared with the logs of others"
)]
pub(crate) fn wall_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Sixteen hexadecimal digits that were not used before.
pub(crate) fn fresh() -> String {
    let mut drawn = [0; 8];
    getrandom::fill(&mut drawn).expect("the operating system gives randomness");
    format!("{:016x}", u64::from_be_bytes(drawn))
}
