//! The spool's file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::Spool;
use super::frame::{self, Found, HEAD};
use crate::StoreError;

#[derive(Debug)]
pub(super) struct SpoolFile {
    file: File,
    /// Where the next entry goes.
    end: u64,
    /// A failed append could not be undone: what stands at `end` is unknown.
    broken: bool,
}

/// One entry, and where the next one stands.
pub(super) struct Entry {
    pub(super) bytes: Vec<u8>,
    pub(super) next: u64,
}

impl SpoolFile {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let setup = |fault: io::Error| {
            StoreError::Setup(format!(
                "cannot open the spool {} ({fault}): create its directory on a local disk and give the service's user \
                 the right to write there",
                path.display()
            ))
        };
        let mut open = OpenOptions::new();
        // It holds callers' numbers: for the service's user alone.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let file =
            open.read(true).write(true).create(true).truncate(false).open(path).map_err(setup)?;
        file.try_lock().map_err(|_| {
            StoreError::Setup(format!(
                "another process uses the spool {}: stop it, or give this one a spool of its own",
                path.display()
            ))
        })?;
        sync_directory(path).map_err(setup)?;
        let mut spool = Self { file, end: 0, broken: false };
        spool.find_end().map_err(setup)??;
        Ok(spool)
    }

    pub(super) fn corrupt(at: u64) -> StoreError {
        StoreError::Corrupt { table: "spool", column: "entry", id: at.to_string() }
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Walks over the entries; cuts off a last one that was never finished.
    fn find_end(&mut self) -> io::Result<Result<(), StoreError>> {
        let len = self.file.metadata()?.len();
        self.end = len;
        let mut at = 0;
        while at < len {
            match self.try_read(at)? {
                Some(entry) => at = entry.next,
                None => break,
            }
        }
        if at < len {
            let mut tail = Vec::new();
            self.file.seek(SeekFrom::Start(at))?;
            self.file.read_to_end(&mut tail)?;
            if frame::any_entry(&tail) {
                return Ok(Err(Self::corrupt(at)));
            }
            tracing::warn!(
                bytes = tail.len(),
                "an unfinished batch at the end of the spool is cut off"
            );
            self.file.set_len(at)?;
            self.file.sync_all()?;
        }
        self.end = at;
        Ok(Ok(()))
    }

    /// Keeps an entry: written and synced, or not there at all.
    pub(super) fn append(&mut self, entry: &[u8]) -> Result<(), StoreError> {
        let full = |why: String| StoreError::SpoolFull(why);
        if self.broken {
            return Err(full(
                "an earlier write failed; restart when its disk works again".to_owned(),
            ));
        }
        let frame = frame::encode(entry).ok_or_else(|| full("a batch is too large".to_owned()))?;
        let end = self.end + frame.len() as u64;
        if end > Spool::BYTES_MAX {
            return Err(full(format!("it holds {} bytes", self.end)));
        }
        if let Err(fault) = self.write(&frame) {
            // Half an entry must not stand before a whole one.
            let undone = self.file.set_len(self.end).and_then(|()| self.file.sync_data());
            self.broken = undone.is_err();
            return Err(full(fault.to_string()));
        }
        self.end = end;
        Ok(())
    }

    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(frame)?;
        self.file.sync_data()
    }

    /// The entry at `at`; `None` at the end.
    pub(super) fn read(&mut self, at: u64) -> Result<Option<Entry>, StoreError> {
        if at >= self.end {
            return Ok(None);
        }
        let entry = self.try_read(at).map_err(|why| StoreError::Unavailable(why.to_string()))?;
        entry.map(Some).ok_or_else(|| Self::corrupt(at))
    }

    /// The entry at `at`; `None` where there is no whole one.
    fn try_read(&mut self, at: u64) -> io::Result<Option<Entry>> {
        let left = self.end.saturating_sub(at);
        let mut head = [0; HEAD];
        if left < HEAD as u64 {
            return Ok(None);
        }
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(&mut head)?;
        let Some(len) = frame::claimed_len(head).filter(|len| (HEAD + len) as u64 <= left) else {
            return Ok(None);
        };
        let mut bytes = vec![0; HEAD + len];
        bytes[..HEAD].copy_from_slice(&head);
        self.file.read_exact(&mut bytes[HEAD..])?;
        let next = at + bytes.len() as u64;
        let whole = matches!(frame::decode(&bytes), Found::Entry(_));
        bytes.drain(..HEAD);
        Ok(whole.then_some(Entry { bytes, next }))
    }

    pub(super) fn clear(&mut self) -> Result<(), StoreError> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.sync_all());
        cleared.map_err(|why| StoreError::SpoolFull(why.to_string()))?;
        self.end = 0;
        self.broken = false;
        Ok(())
    }
}

/// A new file is there after a power loss only when its directory was synced.
fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
