//! A file of leads as chunks of an import, read on a thread of its own in constant memory.
//!
//! The same file under the same mapping gives the same chunks, so that an import that was cut off goes on.

use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::api::wire::lead::{ClientLead, ImportChunk};
use crate::leads::Import;
use crate::leads::file::{FileError, Row, Table};
use crate::leads::rejects::Reject;

/// Some rows of a file.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Counts from 1; 0 where only rejects are left.
    pub number: u64,
    /// The leads.
    pub leads: ImportChunk,
    /// Rows among them that cannot be read.
    pub rejects: Vec<Reject>,
    /// How many bytes of the file were read with it.
    pub read: u64,
}

/// A name for what is in a file, to be imported in this way: the same content has the same name.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn batch_of(path: &Path, ways: &[&str]) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let (mut sum, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => sum.update(&buffer[..read]),
        }
    }
    for way in ways {
        sum.update([0]);
        sum.update(way);
    }
    let hex: String = sum.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256-{hex}"))
}

/// Reads the whole file into `out`. Ends early where nobody listens.
pub fn read(mut table: Table, import: &Import, out: &mpsc::Sender<Result<Chunk, FileError>>) {
    let (mut chunk, mut number) = (Chunk::default(), 0);
    loop {
        let row = match table.next() {
            Ok(row) => row,
            Err(error) => {
                let _ = out.blocking_send(Err(error));
                return;
            }
        };
        let last = row.is_none();
        match row.map(|row| lead(&table, row, import)) {
            Some(Ok(lead)) => {
                chunk.leads.push(lead);
            }
            Some(Err(reject)) => chunk.rejects.push(reject),
            None => {}
        }
        if chunk.leads.is_full() || last {
            let mut whole = std::mem::take(&mut chunk);
            // An import has at least one chunk, which may be empty.
            if !whole.leads.is_empty() || number == 0 {
                number += 1;
                whole.number = number;
            }
            whole.read = table.progress().0;
            if out.blocking_send(Ok(whole)).is_err() || last {
                return;
            }
        }
    }
}

fn lead(table: &Table, row: Row, import: &Import) -> Result<ClientLead, Reject> {
    let Row { line, cells } = row;
    let whole = |reason| {
        let remedy = "correct the row and import it again".to_owned();
        Reject { line, column: String::new(), value: String::new(), reason, remedy }
    };
    let cells = cells.map_err(whole)?;
    let raw = table.columns.lead(cells.iter(), import).map_err(|fault| Reject {
        line,
        column: table.columns.heading_of(&fault.field).to_owned(),
        value: fault.value,
        reason: fault.reason,
        remedy: fault.remedy,
    })?;
    Ok(ClientLead { line, raw })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::leads::columns::Mapping;
    use timbre_model::Civil;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file
    }

    fn import() -> Import {
        Import { country: "ES".to_owned(), now: Civil::from_micros(0) }
    }

    fn chunks(text: &str) -> Vec<Chunk> {
        let file = file(text);
        let table = Table::open(file.path(), &Mapping::new()).expect("a table");
        let (out, mut read_out) = mpsc::channel(1_000);
        read(table, &import(), &out);
        drop(out);
        let mut all = Vec::new();
        while let Ok(chunk) = read_out.try_recv() {
            all.push(chunk.expect("a chunk"));
        }
        all
    }

    #[test]
    fn a_file_is_cut_by_leads_and_by_bytes_and_its_bad_rows_stay_in_their_place() {
        let rows = "600000001,Ana\n".repeat(1_500);
        let text = format!("tel,nombre,fecha consentimiento\n{rows}600000002,Eva,ayer\n");
        let cut = chunks(&text);
        let sizes: Vec<_> = cut.iter().map(|it| (it.number, it.leads.len())).collect();
        assert_eq!(sizes, [(1, 1_000), (2, 500)]);
        let [reject] = cut[1].rejects.as_slice() else { panic!("{:?}", cut[1].rejects) };
        assert_eq!((reject.line, reject.column.as_str()), (1_502, "fecha consentimiento"));
        assert_eq!(cut[1].read, text.len() as u64);

        let long =
            format!("tel,nota\n{}", format!("600000001,{}\n", "x".repeat(300_000 / 2)).repeat(20));
        let cut = chunks(&long);
        assert!(cut.len() >= 3 && cut.iter().all(|it| it.leads.len() < 10), "{}", cut.len());
    }

    #[test]
    fn an_empty_number_keeps_its_place_for_rejects() {
        let file = file("tel,tel2\n,600000001\n");
        let mut table = Table::open(file.path(), &Mapping::new()).expect("a table");
        let row = table.next().expect("it can be read").expect("a row");
        let ClientLead { line, raw } = lead(&table, row, &import()).expect("a lead");
        assert_eq!(line, 2);
        let numbers: Vec<_> = raw.numbers.iter().map(|it| it.number.as_str()).collect();
        assert_eq!(numbers, ["", "600000001"]);
    }

    #[test]
    fn a_file_without_leads_is_one_empty_chunk() {
        for text in ["tel\n", "tel,fecha consentimiento\n600000001,ayer\n"] {
            let cut = chunks(text);
            assert_eq!(cut.len(), 1, "{text}");
            assert_eq!((cut[0].number, cut[0].leads.len()), (1, 0), "{text}");
        }
    }

    #[test]
    fn a_batch_is_named_by_content_and_way() {
        let (one, same, other) = (file("tel\n1\n"), file("tel\n1\n"), file("tel\n2\n"));
        let name = |file: &tempfile::NamedTempFile, ways: &[&str]| {
            batch_of(file.path(), ways).expect("a name")
        };
        assert_eq!(name(&one, &["l"]), name(&same, &["l"]));
        assert_ne!(name(&one, &["l"]), name(&other, &["l"]));
        assert_ne!(name(&one, &["l"]), name(&one, &["m"]));
        assert!(name(&one, &["l"]).len() <= 64);
    }
}
