//! The only clock of the program.

use std::time::{Duration, Instant, SystemTime};

use timbre_model::{Civil, Mono, Now};

/// Tells the time, on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// This moment.
    pub fn now(&self) -> Now {
        Now { mono: self.mono(), civil: civil() }
    }

    /// This moment on the monotonic clock.
    pub fn mono(&self) -> Mono {
        Mono::from_micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// When `at` comes, for the runtime's timers.
    pub fn instant(&self, at: Mono) -> tokio::time::Instant {
        let since = Duration::from_micros(at.as_micros());
        tokio::time::Instant::from_std(self.start + since)
    }
}

/// This moment on the civil clock.
#[expect(clippy::disallowed_methods, reason = "this is where time enters")]
pub fn civil() -> Civil {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Civil::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Measures a span, for metrics.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long since.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits. Only the edge may: the engine schedules wake-ups instead.
#[expect(clippy::disallowed_methods, reason = "this is where waiting is allowed")]
pub async fn sleep(span: Duration) {
    tokio::time::sleep(span).await;
}
