//! Room on the disk, and how long a write takes to be durable.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::finding::Finding;
use crate::config::Settings;
use crate::driver::clock::Stopwatch;

const MIB: u64 = 1 << 20;
/// Writes that are timed.
const WRITES: usize = 20;

/// The file of a SQLite address.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// Checks the directory of the database and that of the spool.
pub fn directories(settings: &Settings) -> Vec<Finding> {
    let data = sqlite_file(&settings.database);
    let data = data.map(|file| file.parent().unwrap_or(Path::new("")).to_owned());
    let mut directories = vec![existing(&settings.spool)];
    if let Some(data) = data.map(|it| existing(&it)).filter(|it| *it != directories[0]) {
        directories.insert(0, data);
    }
    directories.iter().flat_map(|it| [room(it), speed(it)]).collect()
}

/// The directory, or the nearest one above it that is there already.
fn existing(directory: &Path) -> PathBuf {
    let above = directory.ancestors().find(|it| it.is_dir());
    above.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

fn room(directory: &Path) -> Finding {
    let shown = directory.display();
    match rustix::fs::statvfs(directory) {
        Ok(it) => {
            let free = it.f_bavail.saturating_mul(it.f_frsize) / MIB;
            let told = format!("{free} MiB free in {shown}");
            match free {
                0..200 => Finding::fail("disk", told, "make room: 200 MiB at the least"),
                200..2_048 => {
                    Finding::warn("disk", told, "make room: a day of calls takes some GiB")
                }
                2_048.. => Finding::ok("disk", told),
            }
        }
        Err(error) => Finding::warn("disk", format!("{shown}: {error}"), "look at the file system"),
    }
}

fn speed(directory: &Path) -> Finding {
    let file = directory.join(format!(".timbre-doctor-{}", std::process::id()));
    let timed = timed_writes(&file);
    // What was not made need not be removed.
    let _ = std::fs::remove_file(&file);
    match timed {
        Ok(spans) => judged(directory, spans),
        Err(error) => {
            let told = format!("{}: {error}", directory.display());
            Finding::fail("fsync", told, "let the node's user write there")
        }
    }
}

fn timed_writes(file: &Path) -> std::io::Result<Vec<Duration>> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(file)?;
    let mut spans = Vec::with_capacity(WRITES);
    for _ in 0..WRITES {
        let watch = Stopwatch::start();
        file.write_all(&[0x54; 4_096])?;
        file.sync_data()?;
        spans.push(watch.elapsed());
    }
    Ok(spans)
}

fn judged(directory: &Path, mut spans: Vec<Duration>) -> Finding {
    spans.sort_unstable();
    let millis = |span: Option<&Duration>| span.map_or(0.0, |it| it.as_secs_f64() * 1_000.0);
    let (middle, longest) = (millis(spans.get(spans.len() / 2)), millis(spans.last()));
    let told =
        format!("{middle:.2} ms typical, {longest:.2} ms at most in {}", directory.display());
    if middle > 20.0 {
        Finding::warn("fsync", told, "every change waits for this: use a faster disk")
    } else {
        Finding::ok("fsync", told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::Mark;

    #[test]
    fn files_are_found_in_addresses() {
        let file = |url| sqlite_file(url).map(|it| it.display().to_string());
        assert_eq!(file("sqlite://timbre.db").as_deref(), Some("timbre.db"));
        assert_eq!(file("sqlite:///var/lib/t.db?mode=rwc").as_deref(), Some("/var/lib/t.db"));
        assert_eq!((file("sqlite::memory:"), file("postgres://h/d")), (None, None));
    }

    #[test]
    fn a_directory_is_timed_and_left_as_it_was() {
        let directory = tempfile::tempdir().expect("a directory");
        assert_ne!(speed(directory.path()).mark, Mark::Fail);
        assert_eq!(std::fs::read_dir(directory.path()).expect("the directory").count(), 0);
        assert_eq!(speed(&directory.path().join("not-there")).mark, Mark::Fail);
        assert_eq!(existing(&directory.path().join("a/b")), directory.path());
        let slow = judged(directory.path(), vec![Duration::from_millis(50); 3]);
        assert_eq!(slow.mark, Mark::Warn);
    }
}
