//! `timbre customer import`: a file's rows, chunk by chunk, to the server.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use timbre_model::ClientId;
use tokio::sync::mpsc;

use crate::api::wire::lead::{ImportCounts, ImportReject};
use crate::cli::access::Access;
use crate::cli::leads::source::{self, Chunk};
use crate::cli::{ids, out};
use crate::driver::clock;
use crate::leads::columns::{Columns, Mapping, mapping};
use crate::leads::file::Table;
use crate::leads::rejects::{Reject, Rejects};

/// Chunks that are read ahead.
const AHEAD: usize = 4;

/// Import customers.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The table: CSV in UTF-8 with a row of headings, separated by comma, semicolon, tab or |
    file: PathBuf,

    /// Of which client company
    #[arg(long, value_parser = ids::client, value_name = "ID")]
    client: ClientId,

    /// Which columns hold what, where their headings do not say: as of `timbre leads import`. Columns mail, language, style
    /// and note are the customer's; any other is kept beside
    #[arg(long, value_parser = mapping, value_name = "FIELD=COLUMN,...")]
    map: Option<Mapping>,

    /// Country that completes national numbers, such as ES
    #[arg(long, value_parser = ids::country, value_name = "CODE")]
    country: String,

    /// Where to write what was not taken; without it, FILE.rejects.csv
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

impl Import {
    /// Runs the command. One that was cut off is run again: the same rows are the same customers.
    pub(super) async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { file, client: of, map, country, rejects } = self;
        let map = map.unwrap_or_default();
        let shown = file.display().to_string();
        let batch =
            source::batch_of(&file, &[of.as_str(), &country]).with_context(|| shown.clone())?;
        let client = access.connect().await?;
        let mut import = client.import_customers(&of, batch, country.clone()).await?;
        let table = Table::open(&file, &map).with_context(|| shown)?;
        let columns = table.columns.clone();
        let way = crate::leads::Import { country, now: clock::civil() };
        let (to_here, mut chunks) = mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || source::read(table, &way, &to_here));
        let rejects = rejects.unwrap_or_else(|| file.with_extension("rejects.csv"));
        anyhow::ensure!(rejects != file, "--rejects is the file to be imported: name another");
        let mut rejects = Rejects::new(&rejects, false);
        let mut counts = ImportCounts::default();
        while let Some(chunk) = chunks.recv().await {
            let Chunk { number, leads, rejects: unread, read: _ } = chunk?;
            rejects.write(&unread)?;
            if number != 0 {
                let answer = import.send(number, leads).await?;
                let refused = answer.rejects.into_iter().map(|it| reject(&columns, it));
                rejects.write(&refused.collect::<Vec<_>>())?;
                counts = answer.counts;
            }
        }
        import.finish().await?;
        let ImportCounts { imported, updated, duplicates, rejected } = counts;
        out::print(format_args!(
            "{imported} new, {updated} changed, {duplicates} known already, {rejected} not taken; {} faults written down\n",
            rejects.count()
        ));
        Ok(())
    }
}

fn reject(columns: &Columns, reject: ImportReject) -> Reject {
    let ImportReject { line, field, value, reason, remedy, taken } = reject;
    let column = columns.heading_of(&field).to_owned();
    let reason = if taken { format!("{reason}; taken without it") } else { reason };
    Reject { line, column, value, reason, remedy }
}
