//! A table of leads in a file, read row by row in constant memory.
//!
//! CSV in UTF-8, with or without a byte order mark, separated by `,`, `;`, tab or `|`. Another encoding is refused at the
//! row that shows it: a name that was read wrongly would be spoken wrongly.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::columns::{Columns, Mapping};

/// Longest row that is read, in bytes; a quote that is never closed would else take in the whole file.
const ROW_MAX: usize = 256 * 1024;
/// How much of a file is looked at for its separator.
const SAMPLE: usize = 16 * 1024;
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system cannot read it.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// What is in it cannot be used.
    #[error("line {line}: {why}")]
    Content {
        /// Where.
        line: u64,
        /// Why, and what to do.
        why: String,
    },
    /// Its columns cannot be used.
    #[error("{0}")]
    Columns(String),
}

/// A row: its line in the file and its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Counts from 1.
    pub line: u64,
    /// As they stand there, or why they cannot be read.
    pub cells: Result<csv::StringRecord, String>,
}

/// A table that is being read.
pub struct Table {
    reader: csv::Reader<Limited<BufReader<std::fs::File>>>,
    record: csv::ByteRecord,
    /// What its columns say.
    pub columns: Columns,
    size: u64,
    /// Bytes of the byte order mark.
    mark: u64,
    ends_with_newline: bool,
    /// Lines end in two characters.
    carriage_returns: bool,
}

impl Table {
    /// Opens a file and reads its headings.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened, is not in UTF-8 in its first lines, or has no column of numbers.
    pub fn open(path: &Path, mapping: &Mapping) -> Result<Self, FileError> {
        let mut file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        let sample = sample(&mut file)?;
        let bom = sample.starts_with(&BOM);
        let text = if bom { &sample[BOM.len()..] } else { &sample[..] };
        encoding(text)?;
        let ends_with_newline = ends_with_newline(&mut file, size)?;
        let mark = if bom { BOM.len() as u64 } else { 0 };
        file.seek(SeekFrom::Start(mark))?;
        let limited = Limited { inner: BufReader::with_capacity(1 << 16, file), since_row: 0 };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator(text))
            .flexible(true)
            .from_reader(limited);
        let headings = reader.byte_headers().map_err(of_csv)?.clone();
        let headings = csv::StringRecord::from_byte_record(headings)
            .map_err(|_| FileError::Content { line: 1, why: NOT_UTF8.to_owned() })?;
        let headings = headings.iter().map(|it| it.trim().to_owned()).collect();
        let columns = Columns::find(headings, mapping).map_err(FileError::Columns)?;
        let carriage_returns = text.split_inclusive(|it| *it == b'\n').next();
        let carriage_returns = carriage_returns.is_some_and(|it| it.ends_with(b"\r\n"));
        let record = csv::ByteRecord::new();
        Ok(Self { reader, record, columns, size, mark, ends_with_newline, carriage_returns })
    }

    /// How much of the file was read, and how long it is, in bytes.
    pub fn progress(&self) -> (u64, u64) {
        (self.reader.position().byte(), self.size)
    }

    /// The next row that is not empty; `None` at the end.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read on. A row that cannot be used is no error.
    #[expect(clippy::should_implement_trait, reason = "reading may fail: it is no iterator")]
    pub fn next(&mut self) -> Result<Option<Row>, FileError> {
        loop {
            self.reader.get_mut().since_row = 0;
            if !self.reader.read_byte_record(&mut self.record).map_err(of_csv)? {
                return Ok(None);
            }
            let line = self.line();
            if self.record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            return Ok(Some(Row { line, cells: self.cells() }));
        }
    }

    /// Where the record begins. The reader itself counts from the end of the one before, as if empty lines were its own; and
    /// of a line end of two characters it leaves the second to the next record.
    fn line(&self) -> u64 {
        let within = self.record.iter().flatten().filter(|it| **it == b'\n').count() as u64;
        let at_end = self.progress().0 >= self.size - self.mark;
        let counted = !self.carriage_returns && (self.ends_with_newline || !at_end);
        let begin = self.record.position().map_or(0, csv::Position::line);
        (self.reader.position().line() - u64::from(counted)).saturating_sub(within).max(begin)
    }

    fn cells(&self) -> Result<csv::StringRecord, String> {
        let (found, wanted) = (self.record.len(), self.columns.iter().count());
        let beyond = self.record.iter().skip(wanted).any(|cell| !cell.trim_ascii().is_empty());
        if beyond {
            return Err(format!(
                "it has {found} cells under {wanted} headings: put quotes around cells that hold the separator"
            ));
        }
        csv::StringRecord::from_byte_record(self.record.clone()).map_err(|_| NOT_UTF8.to_owned())
    }
}

const NOT_UTF8: &str = "it is not in UTF-8 (perhaps Latin-1 or Windows-1252): export as \"CSV UTF-8\", or convert with \
                        `iconv -f WINDOWS-1252 -t UTF-8`";

fn of_csv(error: csv::Error) -> FileError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(why) => FileError::Io(why),
        other => FileError::Content { line, why: format!("{other:?}") },
    }
}

fn sample(file: &mut std::fs::File) -> Result<Vec<u8>, FileError> {
    let mut sample = Vec::with_capacity(SAMPLE);
    file.take(SAMPLE as u64).read_to_end(&mut sample)?;
    Ok(sample)
}

fn ends_with_newline(file: &mut std::fs::File, size: u64) -> Result<bool, FileError> {
    let mut last = [0];
    file.seek(SeekFrom::Start(size.saturating_sub(1)))?;
    let read = file.read(&mut last)?;
    Ok(read == 1 && matches!(last[0], b'\n' | b'\r'))
}

/// Refuses what is certainly no UTF-8 before anything is sent.
fn encoding(sample: &[u8]) -> Result<(), FileError> {
    let fault = |at: usize, why: &str| {
        let line = 1 + sample[..at].iter().filter(|it| **it == b'\n').count() as u64;
        Err(FileError::Content { line, why: why.to_owned() })
    };
    if sample.starts_with(&[0xff, 0xfe]) || sample.starts_with(&[0xfe, 0xff]) {
        return fault(0, "the file is in UTF-16: export as \"CSV UTF-8\"");
    }
    if let Some(at) = sample.iter().position(|it| *it == 0) {
        return fault(at, "the file holds zero bytes: it is no CSV (a spreadsheet? export as CSV)");
    }
    match std::str::from_utf8(sample) {
        // The sample may end within a letter.
        Err(error) if error.error_len().is_some() => fault(error.valid_up_to(), NOT_UTF8),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The separator that the heading holds most of, outside of quotes.
fn separator(sample: &[u8]) -> u8 {
    let heading = sample.split(|it| matches!(it, b'\n' | b'\r')).find(|it| !it.is_empty());
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in heading.unwrap_or_default() {
        quoted ^= *byte == b'"';
        for (separator, count) in counts.iter_mut().filter(|_| !quoted) {
            *count += usize::from(byte == separator);
        }
    }
    // Of equals the first: `max_by_key` would give the last.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

/// Reads on for at most [`ROW_MAX`] bytes within one row.
struct Limited<R> {
    inner: R,
    since_row: usize,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.since_row > ROW_MAX {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "a row is longer than 256 KiB: a quote (\") is never closed",
            ));
        }
        let read = self.inner.read(buffer)?;
        self.since_row += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn open(bytes: &[u8]) -> Result<(Table, tempfile::NamedTempFile), FileError> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        Table::open(file.path(), &Mapping::new()).map(|table| (table, file))
    }

    fn rows(bytes: &[u8]) -> Vec<(u64, Result<Vec<String>, String>)> {
        let (mut table, _file) = open(bytes).unwrap_or_else(|why| panic!("{why}"));
        let mut rows = Vec::new();
        while let Some(Row { line, cells }) = table.next().unwrap_or_else(|why| panic!("{why}")) {
            rows.push((line, cells.map(|it| it.iter().map(str::to_owned).collect())));
        }
        rows
    }

    fn row(line: u64, cells: [&str; 2]) -> (u64, Result<Vec<String>, String>) {
        (line, Ok(cells.map(str::to_owned).to_vec()))
    }

    #[test]
    fn separators_marks_and_line_ends_are_seen_through() {
        let expected = vec![row(2, ["600000001", "Ana; la \"jefa\""]), row(3, ["600000002", ""])];
        for text in [
            "\u{feff}tel;nombre\r\n600000001;\"Ana; la \"\"jefa\"\"\"\r\n600000002;\r\n",
            "tel,nombre\n600000001,\"Ana; la \"\"jefa\"\"\"\n600000002,\n",
            "tel\tnombre\n600000001\tAna; la \"jefa\"\n600000002\t",
            "tel|nombre\n600000001|Ana; la \"jefa\"\n600000002|\n|\n",
        ] {
            assert_eq!(rows(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_quoted_cell_may_hold_lines_and_rows_keep_their_own_line() {
        let text = "tel,nota\n600000001,\"una\ndos\"\n\n600000002,tres\n";
        assert_eq!(
            rows(text.as_bytes()),
            [row(2, ["600000001", "una\ndos"]), row(5, ["600000002", "tres"])]
        );
        // Without a line end at its end, and behind a mark.
        let text = "\u{feff}tel,nota\r\n\r\n600000001,uno\r\n\r\n\r\n600000002,dos";
        assert_eq!(
            rows(text.as_bytes()),
            [row(3, ["600000001", "uno"]), row(6, ["600000002", "dos"])]
        );
    }

    #[test]
    fn a_row_that_cannot_be_used_is_told_and_the_rest_is_read() {
        let mut text = b"tel,nombre\n600000001,Ana,y,mas\n600000002,Pe".to_vec();
        // Past the sample, so that only the row can show it.
        text.splice(11..11, "600000009,x\n".repeat(2_000).bytes());
        text.extend([0xf1, b'a', b'\n']);
        text.extend(b"600000003,Luis\n");
        let rows = rows(&text);
        let tail: Vec<_> = rows[2_000..].iter().map(|(_, cells)| cells.clone()).collect();
        assert!(tail[0].as_ref().is_err_and(|why| why.contains("quotes")), "{tail:?}");
        assert!(tail[1].as_ref().is_err_and(|why| why.contains("UTF-8")), "{tail:?}");
        assert!(tail[2].is_ok());
    }

    #[test]
    fn files_that_are_no_table_say_what_to_do() {
        for (bytes, word) in [
            (&b"tel;nombre\n600000001;Pe\xf1a\n"[..], "line 2: it is not in UTF-8"),
            (b"\xff\xfet\0e\0l\0", "UTF-16"),
            (b"PK\x03\x04\0\0", "zero bytes"),
            (b"", "no column holds a number"),
            (b"edad,ciudad\n1,2\n", "--map number="),
        ] {
            let why = open(bytes).err().map(|it| it.to_string()).unwrap_or_default();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_take_in_the_file() {
        let text = format!("tel,nota\n600000001,\"{}", "x,\n".repeat(400_000));
        let (mut table, _file) = open(text.as_bytes()).expect("a table");
        assert!(table.next().is_err_and(|why| why.to_string().contains("never closed")));
    }
}
