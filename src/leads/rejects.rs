//! What was not taken of an import, as a file that can be corrected and imported.

use std::fs::{File, OpenOptions};
use std::path::Path;

/// Why a row, or a part of it, was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// The row's line in the file.
    pub line: u64,
    /// The heading of the column.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// Why it was not taken.
    pub reason: String,
    /// What to write instead.
    pub remedy: String,
}

/// The file. Made with the first reject, so that an import without any leaves none.
pub struct Rejects {
    path: std::path::PathBuf,
    append: bool,
    writer: Option<csv::Writer<File>>,
    count: u64,
}

impl Rejects {
    /// Writes to `path`; behind what is there where an import goes on.
    pub fn new(path: &Path, append: bool) -> Self {
        Self { path: path.to_owned(), append, writer: None, count: 0 }
    }

    /// How many were written.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Writes some.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written.
    pub fn write(&mut self, rejects: &[Reject]) -> csv::Result<()> {
        if rejects.is_empty() {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(begin(&self.path, self.append)?),
        };
        for Reject { line, column, value, reason, remedy } in rejects {
            writer.write_record([&line.to_string(), column, &harmless(value), reason, remedy])?;
        }
        writer.flush()?;
        self.count += rejects.len() as u64;
        Ok(())
    }
}

fn begin(path: &Path, append: bool) -> csv::Result<csv::Writer<File>> {
    let there = append && path.exists();
    let mut options = OpenOptions::new();
    let file = options.create(true).write(true).append(there).truncate(!there).open(path)?;
    let mut writer = csv::Writer::from_writer(file);
    if !there {
        writer.write_record(["line", "column", "value", "reason", "remedy"])?;
    }
    Ok(writer)
}

/// A value that a spreadsheet would run as a formula is shown as text (CWE-1236).
fn harmless(value: &str) -> String {
    match value.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{value}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_are_appended_where_an_import_goes_on_and_run_no_formula() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("rejects.csv");
        let reject = |line| Reject {
            line,
            column: "tel".to_owned(),
            value: "=1+1".to_owned(),
            reason: "no".to_owned(),
            remedy: "yes".to_owned(),
        };
        Rejects::new(&path, false).write(&[]).expect("nothing to write");
        assert!(!path.exists());
        Rejects::new(&path, true).write(&[reject(2)]).expect("written");
        Rejects::new(&path, true).write(&[reject(3)]).expect("written");
        let text = std::fs::read_to_string(&path).expect("a file");
        let expected = "line,column,value,reason,remedy\n2,tel,'=1+1,no,yes\n3,tel,'=1+1,no,yes\n";
        assert_eq!(text, expected);
        Rejects::new(&path, false).write(&[reject(4)]).expect("written");
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(text.lines().count(), 2);
    }
}
