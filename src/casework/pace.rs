//! How long the desk's tasks wait.

use std::time::Duration;

use timbre_model::Civil;
use timbre_store::Store;
use tokio::sync::watch;

use crate::driver::clock;

/// Between two looks at the store, however much happens: one look then serves more of it.
const REST: Duration = Duration::from_millis(20);

/// The longest wait between two tries.
pub(crate) const BACK_OFF_MAX: Duration = Duration::from_secs(300);

/// Paces a task that looks at the store whenever an event was kept.
pub(crate) struct Pace(watch::Receiver<u64>);

impl Pace {
    pub(crate) fn new(store: &Store) -> Self {
        Self(store.events_told())
    }

    /// Waits until an event was kept, at most `patience`: another node may have kept it, or a time has come.
    pub(crate) async fn wait(&mut self, patience: Duration) {
        // Without a sender there is no news, and the patience alone paces.
        let news = async {
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(patience, news).await;
        clock::sleep(REST).await;
    }
}

/// How long to wait after so many failed tries: a second, doubled each time up to five minutes, less up to a quarter by
/// chance, so that those who failed together do not come back together.
pub(crate) fn back_off(tries: u32, chance: u64) -> Duration {
    let doubled = Duration::from_secs(1) * 2_u32.saturating_pow(tries.saturating_sub(1).min(16));
    let whole = doubled.min(BACK_OFF_MAX);
    whole - whole.mul_f64((chance % 1_000) as f64 / 4_000.)
}

/// How long until `at`; nothing where it has come.
pub(crate) fn until(at: Civil) -> Duration {
    at.since(clock::civil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_chance_takes_a_quarter_at_most() {
        let whole = |tries| back_off(tries, 0).as_secs();
        assert_eq!([1, 2, 3, 9, 10, u32::MAX].map(whole), [1, 2, 4, 256, 300, 300]);
        let least = back_off(10, 999);
        assert!(least >= Duration::from_secs(225) && least < Duration::from_secs(300), "{least:?}");
    }
}
