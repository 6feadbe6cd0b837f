//! The only clock of this crate.

use std::time::Instant;

/// This moment. A telephone lives in real time.
#[expect(clippy::disallowed_methods, reason = "a telephone lives in real time: this is its clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Sixteen hexadecimal digits that were not used before.
pub(crate) fn fresh() -> String {
    let mut drawn = [0; 8];
    getrandom::fill(&mut drawn).expect("the operating system gives randomness");
    format!("{:016x}", u64::from_be_bytes(drawn))
}
