//! `timbre dnc import` and `timbre dnc registries`: lists that somebody else keeps.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use timbre_model::{Civil, Slug};
use tokio::sync::mpsc;

use crate::api::client::{Client, RegistryImport, RegistryVersion};
use crate::api::wire::do_not_call::Registry;
use crate::cli::access::Access;
use crate::cli::table::table;
use crate::cli::words::moment;
use crate::cli::{ids, out};

/// Longest line: a hash in hexadecimal digits, with room.
const LINE_MAX: u64 = 256;
/// Chunks that are read ahead, and unanswered.
const AHEAD: usize = 4;

/// Import a version of a registry.
#[derive(Debug, Args)]
// Its own `--version` takes the place of the program's.
#[command(disable_version_flag = true)]
pub struct Import {
    /// Numbers, one a line: in E.164 form, as dialed in --country, or SHA-256 of them in hexadecimal digits
    file: PathBuf,

    /// Which registry, as the rules name it: es-robinson, us-dnc
    #[arg(long, value_parser = ids::slug, value_name = "NAME")]
    registry: Slug,

    /// The version, as its publisher calls it
    #[arg(long, value_name = "TEXT")]
    version: String,

    /// When it was issued, such as 2026-11-21
    #[arg(long, value_parser = ids::when, value_name = "DATE")]
    as_of: Civil,

    /// Country that completes national numbers, such as ES; without it, that which the registry's name begins with
    #[arg(long, value_parser = ids::country, value_name = "CODE")]
    country: Option<String>,

    /// What stands before the number in each hash, where the registry comes as hashes; may be empty
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
}

impl Import {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { file, registry, version, as_of, country, salt } = self;
        let country = country.unwrap_or_else(|| home(registry.as_str()));
        let name = file.display().to_string();
        let lines = BufReader::new(File::open(&file).with_context(|| name.clone())?);
        let client = access.connect().await?;
        let tenant = client.tenant().await?;
        let header = RegistryVersion { registry, version, as_of, country, salt };
        let words = format!("{} {}", header.registry, header.version);
        let mut import = client.import_registry(&tenant, header).await?;
        let (numbers, rejected) = send(&mut import, lines)
            .await
            .with_context(|| format!("{name}: the former version of {words} stays in force"))?;
        out::print(format_args!(
            "{words} is in force: {numbers} numbers, {rejected} lines that are none\n"
        ));
        Ok(())
    }
}

/// `es-robinson` is Spain's.
fn home(registry: &str) -> String {
    let code = registry.split('-').next().unwrap_or_default();
    ids::country(code).unwrap_or_default()
}

async fn send(import: &mut RegistryImport, lines: BufReader<File>) -> anyhow::Result<(u64, u64)> {
    let (out, mut chunks) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || read(lines, &out));
    // The header is answered, too.
    let (mut unanswered, mut sent_all) = (1, false);
    loop {
        tokio::select! {
            chunk = chunks.recv(), if !sent_all && unanswered < AHEAD => {
                // Where the stream has ended the next answer says why.
                let _ = match chunk {
                    Some(numbers) => import.send(numbers?).await,
                    None => {
                        sent_all = true;
                        import.finish().await
                    }
                };
                unanswered += 1;
            }
            answer = import.next() => {
                let (numbers, rejected, finished) = answer?;
                unanswered = unanswered.saturating_sub(1);
                if finished {
                    return Ok((numbers, rejected));
                }
            }
        }
    }
}

/// Lines as chunks. Ends early where nobody listens.
fn read(mut lines: BufReader<File>, out: &mpsc::Sender<anyhow::Result<Vec<String>>>) {
    let (mut chunk, mut number) = (Vec::new(), 0_u64);
    loop {
        number += 1;
        let line = match line(&mut lines) {
            Ok(line) => line,
            Err(why) => {
                let _ = out.blocking_send(Err(why.context(format!("line {number}"))));
                return;
            }
        };
        let last = line.is_none();
        // What stands behind a separator is not the number.
        let first =
            |it: String| it.split([',', ';', '\t']).next().unwrap_or_default().trim().to_owned();
        chunk.extend(line.map(first).filter(|it| !it.is_empty()));
        let full = chunk.len() >= RegistryImport::CHUNK_MAX;
        let due = (full || last) && !chunk.is_empty();
        if due && out.blocking_send(Ok(std::mem::take(&mut chunk))).is_err() {
            return;
        }
        if last {
            return;
        }
    }
}

fn line(lines: &mut BufReader<File>) -> anyhow::Result<Option<String>> {
    let mut bytes = Vec::new();
    if lines.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 == LINE_MAX {
        bail!("it is longer than a number or a hash can be: write one a line");
    }
    let text = String::from_utf8(bytes).ok().context("it is not in UTF-8: export it as such")?;
    Ok(Some(text.trim_start_matches('\u{feff}').trim().trim_matches('"').to_owned()))
}

/// Prints the registries.
pub async fn list(client: &Client) -> anyhow::Result<()> {
    out::print(listing(client.list_registries().await?));
    Ok(())
}

fn listing(registries: Vec<Registry>) -> String {
    let row = |Registry { registry, version, as_of, imported_at, numbers }| {
        [registry.to_string(), version, moment(as_of), moment(imported_at), numbers.to_string()]
    };
    let rows: Vec<_> = registries.into_iter().map(row).collect();
    table(["REGISTRY", "VERSION", "AS OF (UTC)", "IMPORTED (UTC)", "NUMBERS"], &rows)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn chunks(bytes: &[u8]) -> Vec<anyhow::Result<Vec<String>>> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        let (out, mut told) = mpsc::channel(1_000);
        read(BufReader::new(File::open(file.path()).expect("opened")), &out);
        drop(out);
        std::iter::from_fn(|| told.try_recv().ok()).collect()
    }

    #[test]
    fn numbers_come_one_a_line_whatever_stands_behind_them() {
        let text = "\u{feff}600000001;x\r\n\r\n\"600000002\"\n+34600000003";
        let mut all = chunks(text.as_bytes());
        let only = all.pop().expect("a chunk").expect("numbers");
        assert_eq!(only, ["600000001", "600000002", "+34600000003"]);
        assert!(all.is_empty());
        let sizes: Vec<_> = chunks("600000001\n".repeat(10_001).as_bytes())
            .into_iter()
            .map(|it| it.expect("numbers").len())
            .collect();
        assert_eq!(sizes, [10_000, 1]);
    }

    #[test]
    fn a_file_that_is_no_registry_is_refused_at_its_line() {
        for (bytes, word) in [
            (b"600000001\n\xf1\n".to_vec(), "UTF-8"),
            ([b"600000001\n".to_vec(), vec![b'1'; 300]].concat(), "longer"),
        ] {
            let why = chunks(&bytes).pop().expect("an answer").expect_err("a fault");
            let why = format!("{why:#}");
            assert!(why.starts_with("line 2: ") && why.contains(word), "{why}");
        }
    }

    #[test]
    fn a_registry_is_of_the_country_that_its_name_begins_with() {
        assert_eq!((home("es-robinson").as_str(), home("robinson").as_str()), ("ES", ""));
    }
}
