//! `timbre report`: counts over a period, for the terminal, as CSV or as a page to print.

mod page;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use timbre_casework::report::{Report, Table};
use timbre_model::ClientId;

use super::access::Access;
use super::out;
use super::words::{moment, read_moment};
use crate::casework::reports::{Asked, ReportKind};
use crate::driver::clock;

/// Report on cases, follow-ups, first-contact resolution and satisfaction, or make the yearly evaluation (Ley 10/2025).
#[derive(Debug, Args)]
pub struct ReportCommand {
    /// Which report
    which: Which,

    /// From when on: 2026-01-01, a moment, or how long ago
    #[arg(long, value_name = "WHEN", default_value = "30d")]
    from: String,

    /// Until when, written likewise; by default until now
    #[arg(long, value_name = "WHEN")]
    to: Option<String>,

    /// Only what concerns this client company
    #[arg(long, value_parser = client, value_name = "ID")]
    client: Option<ClientId>,

    /// Write the tables there as CSV (RFC 4180), one after the other
    #[arg(long, value_name = "FILE", conflicts_with = "html")]
    csv: Option<PathBuf>,

    /// Write a page there that can be printed
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Which {
    /// Cases by state, cause, department, age and deadline kept
    Cases,
    /// Follow-ups by outcome, and promises kept
    FollowUps,
    /// First-contact resolution
    Fcr,
    /// What customers answered, by queue, agent and cause
    Surveys,
    /// The yearly evaluation of Ley 10/2025 art. 21
    Evaluation,
}

fn client(text: &str) -> Result<ClientId, String> {
    ClientId::parse(text).map_err(|it| it.to_string())
}

impl ReportCommand {
    /// Makes the report.
    pub async fn run(&self, access: &Access) -> anyhow::Result<()> {
        let now = clock::civil();
        let read = |text: &str| read_moment(text, now).map_err(anyhow::Error::msg);
        let to = self.to.as_deref().map(read).transpose()?.unwrap_or(now);
        let kind = match self.which {
            Which::Cases => ReportKind::Cases,
            Which::FollowUps => ReportKind::FollowUps,
            Which::Fcr => ReportKind::Fcr,
            Which::Surveys => ReportKind::Surveys,
            Which::Evaluation => ReportKind::Evaluation,
        };
        let (from, client) = (read(&self.from)?, self.client.clone());
        let asked = Asked { kind, from, to, client };
        let tables = access.connect().await?.report(&asked).await?;
        let report = Report { title: kind.title().to_owned(), from, to, tables };
        match (&self.csv, &self.html) {
            (Some(file), _) => write(file, &csv(&report.tables)?),
            (None, Some(file)) => write(file, &page::page(&report)),
            (None, None) => {
                out::print(text(&report));
                Ok(())
            }
        }
    }
}

fn write(file: &PathBuf, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

fn csv(tables: &[Table]) -> anyhow::Result<String> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for table in tables {
        writer.write_record([&table.title])?;
        writer.write_record(&table.columns)?;
        for row in &table.rows {
            writer.write_record(row.iter().map(|it| harmless(it)))?;
        }
        writer.write_record([&table.note])?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// A spreadsheet takes a cell that begins so for a formula; what customers and operators name must not be one.
fn harmless(cell: &str) -> String {
    let formula = cell.starts_with(['=', '@', '\t', '\r'])
        || (cell.starts_with(['+', '-']) && cell.parse::<f64>().is_err() && cell != "-");
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

fn text(report: &Report) -> String {
    let Report { title, from, to, tables } = report;
    let mut text = format!("{title}\n{} to {}\n", moment(*from), moment(*to));
    for table in tables {
        text.push_str(&format!("\n{}\n\n{}\n{}\n", table.title, columns(table), table.note));
    }
    text
}

fn columns(table: &Table) -> String {
    let all = || std::iter::once(&table.columns).chain(&table.rows);
    let width = |n: usize| all().filter_map(|row| row.get(n)).map(|it| it.chars().count()).max();
    let widths: Vec<usize> = (0..table.columns.len()).map(|n| width(n).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    all().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_one_is_quoted_as_it_must_be() {
        let row = ["=1+1", "-4", "+x", "a,\"b\"", "-"].map(str::to_owned).to_vec();
        let table = Table { title: "t".to_owned(), rows: vec![row], ..Table::default() };
        let written = csv(&[table]).expect("CSV");
        assert!(written.contains("'=1+1,-4,'+x,\"a,\"\"b\"\"\",-"), "{written}");
    }
}
