//! `timbre leads import`: a file's rows, chunk by chunk, to the server.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use timbre_model::{ListId, ListSpec, TenantId};
use tokio::sync::mpsc;

use super::progress::{Progress, words};
use super::source::{self, Chunk};
use crate::api::client::{Client, ClientError, LeadImport, Source};
use crate::api::wire::lead::{ImportAnswer, ImportCounts, ImportReject};
use crate::cli::access::Access;
use crate::cli::{ids, out};
use crate::driver::clock;
use crate::leads::columns::{Column, Columns, Mapping, mapping};
use crate::leads::file::Table;
use crate::leads::rejects::{Reject, Rejects};

/// Chunks that are read ahead.
const AHEAD: usize = 4;
/// Seconds to wait before a lost import is taken up again, each time longer.
const RETRIES: [u64; 5] = [1, 2, 4, 8, 16];

/// Import leads.
#[derive(Debug, Args)]
pub struct Import {
    /// The table: CSV in UTF-8 with a row of headings, separated by comma, semicolon, tab or |
    file: PathBuf,

    /// Into which list
    #[arg(long, value_parser = ids::list, value_name = "ID")]
    list: ListId,

    /// Which columns hold what, where their headings do not say: number=COLUMN, number.LABEL=COLUMN, name, key, role,
    /// party, consent, consent_date, tags, postcode, region, zone, ignore
    #[arg(long, value_parser = mapping, value_name = "FIELD=COLUMN,...")]
    map: Option<Mapping>,

    /// Country that completes national numbers, such as ES; without it, the list's
    #[arg(long, value_parser = ids::country, value_name = "CODE")]
    country: Option<String>,

    /// Name of this import: one that was cut off goes on where the server has it; without it, one made of the file's content
    #[arg(long, value_name = "ID")]
    batch: Option<String>,

    /// Where to write what was not taken; without it, FILE.rejects.csv
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

/// All that an attempt needs.
struct Work {
    client: Client,
    file: PathBuf,
    mapping: Mapping,
    columns: Columns,
    source: Source,
    import: crate::leads::Import,
    rejects: PathBuf,
}

/// How an import ended.
struct Done {
    counts: ImportCounts,
    /// It was whole before.
    before: bool,
    /// Rows that could not even be sent.
    unreadable: u64,
    /// Rejects that were written.
    written: u64,
}

impl Import {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let work = self.prepare(access.connect().await?).await?;
        eprintln!("{}", columns_words(&work.columns));
        eprintln!("batch {} into list {}", work.source.batch, work.source.list);
        let mut progress = Progress::new(std::fs::metadata(&work.file)?.len());
        let done = persist(&work, &mut progress).await;
        let took = progress.end();
        let Done { counts, before, unreadable, written } = done.with_context(|| {
            format!("nothing of batch {} is called before it is whole", work.source.batch)
        })?;
        let mut text = match before {
            true => format!("batch {} was whole before: {}\n", work.source.batch, words(&counts)),
            false => format!("{} in {:.1} s\n", words(&counts), took.as_secs_f64()),
        };
        if unreadable > 0 {
            text.push_str(&format!("{unreadable} rows could not be read\n"));
        }
        if written > 0 {
            let file = work.rejects.display();
            text.push_str(&format!("{written} faults with what to do: {file}\n"));
        }
        out::print(text);
        Ok(())
    }

    async fn prepare(self, client: Client) -> anyhow::Result<Work> {
        let Self { file, list, map, country, batch, rejects } = self;
        let mapping = map.unwrap_or_default();
        let shown = file.display().to_string();
        let table = Table::open(&file, &mapping).with_context(|| shown.clone())?;
        let (tenant, spec) = find_list(&client, &list).await?;
        let home = country.clone().unwrap_or(spec.country);
        let batch = match batch {
            Some(batch) => batch,
            None => {
                let (path, list, home) = (file.clone(), list.clone(), home.clone());
                let way = format!("{mapping:?}");
                let name = move || source::batch_of(&path, &[list.as_str(), &home, &way]);
                tokio::task::spawn_blocking(name).await?.with_context(|| shown)?
            }
        };
        let rejects = rejects.unwrap_or_else(|| file.with_extension("rejects.csv"));
        Ok(Work {
            client,
            mapping,
            columns: table.columns,
            source: Source { tenant, list, batch, country },
            import: crate::leads::Import { country: home, now: clock::civil() },
            rejects: beside(&file, rejects)?,
            file,
        })
    }
}

/// The list as the floor has it.
async fn find_list(client: &Client, list: &ListId) -> anyhow::Result<(TenantId, ListSpec)> {
    let floor = client.get_floor().await?;
    let Some(tenant) = floor.tenant else { bail!("the server does not say whose floor it is") };
    let lists = floor.spec.lists;
    let ids = lists.iter().map(|it| it.id.to_string()).collect::<Vec<_>>().join(", ");
    let known = if ids.is_empty() { "none".to_owned() } else { ids };
    match lists.into_iter().find(|it| it.id == *list) {
        Some(spec) => Ok((tenant, spec)),
        None => bail!(
            "--list {list}: the floor has no such list (it has {known}): add it to the definition and `timbre apply` it"
        ),
    }
}

/// Rejects must not be written over what is imported.
fn beside(file: &Path, rejects: PathBuf) -> anyhow::Result<PathBuf> {
    let same = match (file.canonicalize(), rejects.canonicalize()) {
        (Ok(file), Ok(rejects)) => file == rejects,
        _ => file == rejects,
    };
    if same {
        bail!("--rejects {}: that is the file to be imported: name another", rejects.display());
    }
    Ok(rejects)
}

/// Imports; where the server is lost, waits for it and goes on.
async fn persist(work: &Work, progress: &mut Progress) -> anyhow::Result<Done> {
    let mut retries = RETRIES.iter();
    let mut written = 0;
    loop {
        let lost = match once(work, progress, &mut written).await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let passing = lost.downcast_ref::<ClientError>().is_some_and(ClientError::is_passing);
        match retries.next().filter(|_| passing) {
            Some(pause) => {
                progress.say(&format!("{lost}; going on in {pause} s"));
                clock::sleep(Duration::from_secs(*pause)).await;
            }
            None => return Err(lost),
        }
    }
}

/// A chunk that is on its way.
struct Sent {
    number: u64,
    rejects: Vec<Reject>,
    read: u64,
}

async fn once(work: &Work, progress: &mut Progress, written: &mut u64) -> anyhow::Result<Done> {
    let (mut stream, first) = work.client.import_leads(&work.source).await?;
    let ImportAnswer { chunk: kept, counts: before, rejects: _, finished } = first;
    if finished {
        return Ok(Done { counts: before, before: true, unreadable: 0, written: *written });
    }
    let mut rejects = Rejects::new(&work.rejects, kept > 0);
    let mut chunks = read_ahead(work)?;
    let (mut unanswered, mut unreadable, mut sent_all) = (VecDeque::<Sent>::new(), 0, false);
    let (wrote, mut counts) = (*written, before);
    loop {
        tokio::select! {
            chunk = chunks.recv(), if !sent_all && unanswered.len() < LeadImport::UNANSWERED_MAX => {
                let Some(chunk) = chunk else {
                    sent_all = true;
                    // Where the stream has ended the next answer says why.
                    let _ = stream.finish().await;
                    continue;
                };
                let Chunk { number, leads, rejects, read } = chunk?;
                unreadable += rejects.len() as u64;
                if number != 0 && number <= kept {
                    progress.at(read, &counts);
                    continue;
                }
                unanswered.push_back(Sent { number, rejects, read });
                if number != 0 {
                    let _ = stream.send(number, leads).await;
                }
            }
            answer = stream.next() => {
                let answer = answer?;
                // The server counts what this stream brought.
                counts = sum(before, answer.counts);
                let refused = answer.rejects.into_iter().map(|it| reject(&work.columns, it));
                rejects.write(&refused.collect::<Vec<_>>()).with_context(|| at(&work.rejects))?;
                let whole = |it: &Sent| it.number <= answer.chunk || answer.finished;
                while let Some(sent) = unanswered.pop_front_if(|it| whole(it)) {
                    rejects.write(&sent.rejects).with_context(|| at(&work.rejects))?;
                    progress.at(sent.read, &counts);
                }
                *written = wrote + rejects.count();
                if answer.finished {
                    return Ok(Done { counts, before: false, unreadable, written: *written });
                }
            }
        }
    }
}

fn sum(one: ImportCounts, other: ImportCounts) -> ImportCounts {
    ImportCounts {
        imported: one.imported + other.imported,
        updated: one.updated + other.updated,
        duplicates: one.duplicates + other.duplicates,
        rejected: one.rejected + other.rejected,
    }
}

fn at(file: &Path) -> String {
    format!("--rejects {}", file.display())
}

fn read_ahead(
    work: &Work,
) -> anyhow::Result<mpsc::Receiver<Result<Chunk, crate::leads::file::FileError>>> {
    let table = Table::open(&work.file, &work.mapping)?;
    let (out, chunks) = mpsc::channel(AHEAD);
    let import = work.import.clone();
    tokio::task::spawn_blocking(move || source::read(table, &import, &out));
    Ok(chunks)
}

fn reject(columns: &Columns, reject: ImportReject) -> Reject {
    let ImportReject { line, field, value, reason, remedy, taken } = reject;
    let column = columns.heading_of(&field).to_owned();
    let reason = if taken { format!("{reason}; the lead was taken without it") } else { reason };
    Reject { line, column, value, reason, remedy }
}

/// `telefono → number, nombre → name, edad → attribute edad`.
fn columns_words(columns: &Columns) -> String {
    let word = |column: &Column| match column {
        Column::Number { label } if label.is_empty() => "number".to_owned(),
        Column::Number { label } => format!("number ({label})"),
        Column::Name => "name".to_owned(),
        Column::Key => "key".to_owned(),
        Column::Role => "role".to_owned(),
        Column::Party => "party".to_owned(),
        Column::Consent => "consent".to_owned(),
        Column::ConsentDate => "consent date".to_owned(),
        Column::Tags => "tags".to_owned(),
        Column::Postcode => "postcode".to_owned(),
        Column::Region => "region".to_owned(),
        Column::Zone => "time zone".to_owned(),
        Column::Attribute(name) => format!("attribute {name}"),
        Column::Ignored => "nothing".to_owned(),
    };
    let each = columns.iter().map(|(heading, column)| format!("{heading} → {}", word(column)));
    format!("columns: {}", each.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(headings: &[&str]) -> Columns {
        let headings = headings.iter().map(|it| (*it).to_owned()).collect();
        Columns::find(headings, &Mapping::new()).expect("columns")
    }

    #[test]
    fn the_user_sees_what_each_column_was_taken_for() {
        let shown = columns_words(&columns(&["Móvil", "Nombre", "Edad"]));
        assert_eq!(shown, "columns: Móvil → number (mobile), Nombre → name, Edad → attribute edad");
    }

    #[test]
    fn a_reject_names_the_column_of_the_file() {
        let faulty = ImportReject {
            line: 7,
            field: "numbers[1].number".to_owned(),
            value: "12".to_owned(),
            reason: "it has too few digits".to_owned(),
            remedy: "write the whole number".to_owned(),
            taken: true,
        };
        let told = reject(&columns(&["Móvil", "Nombre", "Tel trabajo"]), faulty);
        assert_eq!((told.line, told.column.as_str()), (7, "Tel trabajo"));
        assert!(told.reason.ends_with("taken without it"), "{}", told.reason);
    }

    #[test]
    fn rejects_never_overwrite_the_file() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(beside(file.path(), file.path().to_owned()).is_err());
        assert!(beside(file.path(), file.path().with_extension("rejects.csv")).is_ok());
    }
}
