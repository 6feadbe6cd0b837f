//! What the handles and the media thread share: the pool of ports, the counters, the wake-up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::Waker;

use super::ports::{Grant, NoPorts, Ports};
use super::stats::MediaStats;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) ports: Ports,
    stats: Mutex<Told>,
    waker: Waker,
    awake: AtomicBool,
}

#[derive(Debug, Default)]
struct Told {
    stats: MediaStats,
    refused: u64,
}

impl Shared {
    pub(crate) fn new(ports: Ports, waker: Waker) -> Self {
        Self { ports, stats: Mutex::default(), waker, awake: AtomicBool::new(false) }
    }

    pub(crate) fn take_port(&self) -> Result<(Grant, u16), NoPorts> {
        let taken = self.ports.take();
        if taken.is_err() {
            self.told().refused += 1;
        }
        taken
    }

    pub(crate) fn stats(&self) -> MediaStats {
        let told = self.told();
        let pairs_idle = self.ports.idle() as u64;
        MediaStats { legs_refused: told.refused, pairs_idle, ..told.stats }
    }

    /// The thread tells what it has counted.
    pub(crate) fn tell(&self, stats: MediaStats) {
        self.told().stats = stats;
    }

    /// One wake-up for however many commands are sent before the thread looks.
    pub(crate) fn wake(&self) {
        if !self.awake.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "the media thread cannot be woken");
        }
    }

    /// The thread is about to look: a command that is sent from now on needs a wake-up.
    pub(crate) fn looks(&self) {
        self.awake.store(false, Ordering::Release);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // A copy of numbers is never left half done.
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
