//! Whether the host's civil clock may be believed, for the whole node.

use std::sync::{Arc, Mutex, PoisonError};

use timbre_compliance::{Clockwatch, Reading};
use timbre_model::Civil;

use crate::driver::clock::Clock;

/// Watches the clocks. Cheap to clone; all clones share one watch.
#[derive(Clone)]
pub struct Trust {
    clock: Clock,
    watch: Arc<Mutex<Clockwatch>>,
}

impl Trust {
    /// Watches from now on. `seen` is the latest civil time on record: a clock that is behind it is not believed.
    pub fn start(clock: Clock, seen: Option<Civil>) -> Self {
        let now = clock.now();
        let watch = seen.map_or_else(|| Clockwatch::new(now), |seen| Clockwatch::resume(now, seen));
        Self { clock, watch: Arc::new(Mutex::new(watch)) }
    }

    /// What may be the time. To be asked every second or so, also where nothing is dialed: a step is only seen between
    /// two looks.
    pub fn observe(&self) -> Reading {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).observe(self.clock.now())
    }
}
