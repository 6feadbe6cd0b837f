//! A local log of changes that the database could not take yet.

mod file;
mod frame;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use timbre_model::Change;

use crate::StoreError;
use file::SpoolFile;

/// A file of batches, each synced before it counts as kept. They come out in the order in which they went in. A batch is
/// JSON, so that a newer program reads what an older one left.
#[derive(Debug, Clone)]
pub struct Spool {
    file: Arc<Mutex<SpoolFile>>,
}

/// Some batches in one piece, and where the next ones stand.
pub(crate) struct Chunk {
    pub(crate) changes: Vec<Change>,
    pub(crate) next: u64,
}

impl Spool {
    /// Most bytes that wait for the database: what a floor of 500 calls a second makes in half an hour.
    pub const BYTES_MAX: u64 = 4 << 30;

    /// Opens the spool at `path`, creating it where there is none. A last batch that was never finished is cut off: it was
    /// never said to be kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::Setup`] where the file cannot be opened or another process has it open; [`StoreError::Corrupt`] where
    /// a batch in the middle is damaged: the file is then left as it is.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = PathBuf::from(path);
        let file = off_the_loop(move || SpoolFile::open(&path)).await?;
        Ok(Self { file: Arc::new(Mutex::new(file)) })
    }

    /// How many bytes wait for the database.
    pub fn waiting_bytes(&self) -> u64 {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).end()
    }

    /// Keeps a batch behind all others.
    pub(crate) async fn append(&self, changes: &[Change]) -> Result<(), StoreError> {
        let entry = serde_json::to_vec(changes)
            .map_err(|fault| StoreError::Refused(format!("a batch has no JSON: {fault}")))?;
        self.with(move |file| file.append(&entry)).await
    }

    /// Batches from `from` on, together at least one and about `changes_max` changes. `None` at the end.
    pub(crate) async fn read(
        &self,
        from: u64,
        changes_max: usize,
    ) -> Result<Option<Chunk>, StoreError> {
        self.with(move |file| read(file, from, changes_max)).await
    }

    /// Forgets everything, if nothing stands behind `end`; whether it did.
    pub(crate) async fn clear(&self, end: u64) -> Result<bool, StoreError> {
        self.with(
            move |file| if file.end() == end { file.clear().map(|()| true) } else { Ok(false) },
        )
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SpoolFile) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let file = Arc::clone(&self.file);
        off_the_loop(move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

fn read(file: &mut SpoolFile, from: u64, changes_max: usize) -> Result<Option<Chunk>, StoreError> {
    let mut chunk = Chunk { changes: Vec::new(), next: from };
    while chunk.changes.len() < changes_max {
        let Some(entry) = file.read(chunk.next)? else { break };
        let batch: Vec<Change> =
            serde_json::from_slice(&entry.bytes).map_err(|_| SpoolFile::corrupt(chunk.next))?;
        chunk.changes.extend(batch);
        chunk.next = entry.next;
    }
    Ok((chunk.next > from).then_some(chunk))
}

/// Files block; the loop must not.
async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(fault) if fault.is_panic() => std::panic::resume_unwind(fault.into_panic()),
        Err(_) => Err(StoreError::Unavailable("the process is shutting down".to_owned())),
    }
}
