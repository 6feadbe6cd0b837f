//! What takes a shift up again, in a file that only its owner can read.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::api::wire::agent::ResumeToken;

/// The file, and the server whose shift it may hold.
pub struct StateFile {
    path: PathBuf,
    server: String,
}

/// A shift as far as its client must know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Takes the shift up again.
    pub resume_token: ResumeToken,
    /// The last event that was seen.
    pub last_sequence: u64,
}

#[derive(Serialize, Deserialize)]
struct Text {
    server: String,
    resume_token: String,
    last_sequence: u64,
}

impl StateFile {
    /// In the place that was asked for.
    pub fn at(path: PathBuf, server: &str) -> Self {
        Self { path, server: server.to_owned() }
    }

    /// In the user's state directory, one for each token.
    pub fn of_token(token: &str, server: &str) -> anyhow::Result<Self> {
        let directory = std::env::var_os("XDG_STATE_HOME")
            .map(PathBuf::from)
            .filter(|it| it.is_absolute())
            .or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))
            .context("there is no home directory: name a file with --state")?;
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self::at(directory.join("timbre").join(format!("agent-{name}.json")), server))
    }

    /// The shift that it holds. A file that is not there, is of another server or cannot be read holds none.
    pub fn load(&self) -> Option<Kept> {
        let text = std::fs::read(&self.path).ok()?;
        let Text { server, resume_token, last_sequence } = serde_json::from_slice(&text).ok()?;
        let resume_token = ResumeToken::new(resume_token);
        (server == self.server).then_some(Kept { resume_token, last_sequence })
    }

    /// Replaces what it holds, wholly or not at all.
    pub fn save(&self, kept: &Kept) -> std::io::Result<()> {
        let text = serde_json::to_vec(&Text {
            server: self.server.clone(),
            resume_token: kept.resume_token.expose().to_owned(),
            last_sequence: kept.last_sequence,
        })?;
        if let Some(directory) = self.path.parent().filter(|it| !it.as_os_str().is_empty()) {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let new = beside(&self.path);
        // The mode counts only where the file is made: one left over must not lend its own.
        remove(&new)?;
        let options =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new);
        options?.write_all(&text)?;
        std::fs::rename(&new, &self.path)
    }

    /// Holds nothing from now on.
    pub fn forget(&self) -> std::io::Result<()> {
        remove(&self.path)
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_shift_is_kept_for_its_server_and_hidden_from_others() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("below/state.json");
        let file = StateFile::at(path.clone(), "http://a");
        assert_eq!(file.load(), None);
        for last_sequence in [7, 8] {
            let kept = Kept { resume_token: ResumeToken::new("secret"), last_sequence };
            file.save(&kept).expect("kept");
            assert_eq!(file.load(), Some(kept));
        }
        let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(StateFile::at(path, "http://b").load(), None);
        file.forget().expect("forgotten");
        file.forget().expect("forgotten twice");
        assert_eq!(file.load(), None);
    }
}
