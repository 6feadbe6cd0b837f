//! A node from outside: the real program, real SIP peers, real voices, a real Prometheus.
//!
//! One program for all of it, so that it is linked once. `node`, `floors`, `agents`, `stations`, `sipp` and
//! `carrier` are the tools.

mod agents;
mod calls;
mod carrier;
mod casework;
mod crash;
mod floors;
mod hostile;
mod imports;
mod node;
mod outage;
mod outbound;
mod prometheus;
mod rings;
mod sipp;
mod stations;
mod tls;

use std::time::Duration;

use timbre::driver::clock::{Stopwatch, sleep};

/// Longer than anything takes that is not measured.
const PATIENCE: Duration = Duration::from_secs(15);

/// Asks again and again until the answer is there; `what` is waited for in vain after [`PATIENCE`].
async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let since = Stopwatch::start();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "{what}: waited in vain");
        sleep(Duration::from_millis(50)).await;
    }
}
