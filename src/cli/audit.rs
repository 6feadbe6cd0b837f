//! `timbre audit`: the trail of evidence, exported and verified.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use timbre_store::{AuditEntry, AuditSummary, verify_audit};

use super::access::Access;
use super::out;
use crate::api::client::Client;

/// Export and verify the audit trail.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Write the audit trail, a link of JSON a line, oldest first
    Export {
        /// Where to; without it, to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,

        /// Only the links after this one
        #[arg(long, default_value_t = 0, value_name = "N")]
        after: u64,
    },
    /// Verify an export: every link, and that none is missing between the first and the last; needs no server
    Verify {
        /// An export
        file: PathBuf,

        /// The hash that its last link must have, as it was written down elsewhere
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Print the number and the hash of the last link: written down elsewhere, it shows whether a later export was cut
    Head,
}

impl Audit {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        match self.command {
            AuditCommand::Export { out, after } => export(access, out.as_deref(), after).await,
            AuditCommand::Verify { file, head } => verify(&file, head.as_deref()),
            AuditCommand::Head => {
                let (sequence, hash) = access.connect().await?.audit_head().await?;
                out::print(format_args!("{sequence} {hash}\n"));
                Ok(())
            }
        }
    }
}

async fn export(access: &Access, file: Option<&Path>, after: u64) -> anyhow::Result<()> {
    let client = access.connect().await?;
    let Some(file) = file else {
        write(&client, after, std::io::stdout()).await?;
        return Ok(());
    };
    let name = || format!("--out {}", file.display());
    // A former export is evidence: it is not written over.
    let new = File::create_new(file).with_context(|| format!("{}: name a new file", name()))?;
    let count = write(&client, after, &new).await.with_context(name)?;
    new.sync_all().with_context(name)?;
    out::print(format_args!("{count} links in {}\n", file.display()));
    Ok(())
}

async fn write(client: &Client, after: u64, out: impl Write) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(out);
    let mut export = client.export_audit(after).await?;
    let mut count = 0;
    while let Some(lines) = export.next().await? {
        for line in lines {
            writeln!(out, "{line}")?;
            count += 1;
        }
    }
    out.flush()?;
    Ok(count)
}

fn verify(file: &Path, head: Option<&str>) -> anyhow::Result<()> {
    let name = file.display().to_string();
    let lines = BufReader::new(File::open(file).with_context(|| name.clone())?);
    let summary = check(lines).with_context(|| name.clone())?;
    let AuditSummary { first, last, before, head: found } = summary;
    if let Some(head) = head
        && !head.eq_ignore_ascii_case(&found.to_string())
    {
        bail!(
            "{name}: its last link ({last}) has the hash {found}, not --head {head}: links are missing, or it is another trail"
        );
    }
    let mut text = match last {
        0 => "it holds no link\n".to_owned(),
        _ => format!("links {first} to {last} hold; the last has the hash {found}\n"),
    };
    if first > 1 {
        text.push_str(&format!("it is a part: the link before it must have the hash {before}\n"));
    }
    out::print(text);
    Ok(())
}

/// Verifies links line by line, in constant memory.
fn check(lines: impl std::io::BufRead) -> anyhow::Result<AuditSummary> {
    let mut unread = None;
    let read = lines.lines().enumerate().map_while(|(at, line)| {
        let entry: anyhow::Result<AuditEntry> =
            line.map_err(Into::into).and_then(|line| Ok(serde_json::from_str(&line)?));
        let entry = entry.with_context(|| format!("line {} is no link of an audit trail", at + 1));
        entry.map_err(|why| unread = Some(why)).ok()
    });
    let verified = verify_audit(read);
    // A break is told before what follows it.
    let summary = verified?;
    unread.map_or(Ok(summary), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::{Civil, TenantId};
    use timbre_store::AuditHash;

    fn trail(payloads: &[&str]) -> Vec<String> {
        let mut prev = AuditHash::default();
        let link = |(at, payload): (usize, &&str)| {
            let mut entry = AuditEntry {
                tenant: TenantId::parse("acme").expect("an id"),
                seq: at as u64 + 1,
                at: Civil::from_micros(7),
                kind: "attempt_end".to_owned(),
                subject: format!("attempts/{at}"),
                payload: (*payload).to_owned(),
                prev,
                hash: AuditHash::default(),
            };
            entry.hash = entry.expected_hash();
            prev = entry.hash;
            serde_json::to_string(&entry).expect("JSON")
        };
        payloads.iter().enumerate().map(link).collect()
    }

    #[test]
    fn a_trail_holds_until_it_is_touched() {
        let whole = trail(&["{}", "[1]", "{}"]);
        let summary = check(whole.join("\n").as_bytes()).expect("it holds");
        assert_eq!((summary.first, summary.last), (1, 3));
        let altered = whole.join("\n").replace("[1]", "[2]");
        let why = check(altered.as_bytes()).expect_err("altered").to_string();
        assert!(why.contains("entry 2") && why.contains("altered"), "{why}");
        let cut = [whole[0].as_str(), &whole[2]].join("\n");
        assert!(check(cut.as_bytes()).is_err());
        let torn = [whole[0].as_str(), &whole[1][..40]].join("\n");
        let why = check(torn.as_bytes()).expect_err("torn").to_string();
        assert!(why.starts_with("line 2 "), "{why}");
        assert_eq!(check(&b""[..]).expect("an empty one").last, 0);
    }

    #[test]
    fn a_cut_end_shows_by_the_hash_that_was_written_down() {
        let whole = trail(&["{}", "{}"]);
        let head = check(whole.join("\n").as_bytes()).expect("it holds").head.to_string();
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        writeln!(file, "{}", whole[0]).expect("written");
        assert!(verify(file.path(), None).is_ok());
        assert!(verify(file.path(), Some(&head)).is_err());
    }
}
