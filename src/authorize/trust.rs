//! Whether the host's civil clock may be believed, for the whole node.

use std::io;
use std::path::{Path, PathBuf};
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

    /// Keeps the latest civil time ever shown, for the next start: a clock that is set back while the node is down opens no
    /// hours again either. To be called every ten seconds or so, and at the end. It is not synced: what a crash or a power
    /// cut takes of it is the last of these spans, and the latest intent in the store stands for those.
    pub async fn keep(&self, file: &Path) -> io::Result<()> {
        let latest = self.watch.lock().unwrap_or_else(PoisonError::into_inner).latest();
        let new = file.with_extension("clock.new");
        tokio::fs::write(&new, latest.as_micros().to_string()).await?;
        tokio::fs::rename(&new, file).await
    }

    /// What [`Trust::keep`] kept. A file that is not there, or not to be read, keeps nothing: whoever removes it confirms
    /// the clock as it is.
    pub async fn kept(file: &Path) -> Option<Civil> {
        let text = tokio::fs::read_to_string(file).await.ok()?;
        text.trim().parse().ok().map(Civil::from_micros)
    }

    /// Where a node with this spool keeps it.
    pub fn file(spool: &Path) -> PathBuf {
        spool.with_extension("clock")
    }

    /// What may be the time. To be asked every second or so, also where nothing is dialed: a step is only seen between
    /// two looks.
    pub fn observe(&self) -> Reading {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner).observe(self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_clock_set_back_while_the_node_is_down_is_in_doubt() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = Trust::file(&directory.path().join("timbre.spool"));
        assert_eq!(Trust::kept(&file).await, None);
        let clock = Clock::start();
        let ahead = clock.now().civil + Duration::from_secs(3_600);
        let trust = Trust::start(clock, Some(ahead));
        trust.keep(&file).await.expect("a file");
        assert_eq!(Trust::kept(&file).await, Some(ahead));
        let reading = Trust::start(clock, Trust::kept(&file).await).observe();
        assert!(reading.instants.len() > 1 && reading.instants.iter().max() >= Some(&ahead));
        tokio::fs::write(&file, "yesterday").await.expect("a file");
        assert_eq!(Trust::kept(&file).await, None);
    }
}
