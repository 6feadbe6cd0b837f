//! `timbre disposition`: how calls may be classified, and VICIdial's status codes in and out.

mod vicidial;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use timbre_model::{CampaignId, DispositionSpec, Effect, QueueId, Reach, Slug};

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::{ids, out};
use crate::api::client::{Client, ListedDisposition as Listed};

/// How calls may be classified (tipificaciones).
#[derive(Debug, Args)]
pub struct Dispositions {
    #[command(subcommand)]
    command: DispositionCommand,
}

#[derive(Debug, Subcommand)]
enum DispositionCommand {
    /// List the dispositions of a queue's or a campaign's calls, with what they bring about
    List(Of),
    /// Write them as VICIdial's statuses: CSV, one line each
    Export(Export),
    /// Read VICIdial's statuses (CSV), and write the tree for the floor's definition: YAML
    Import(Import),
}

#[derive(Debug, Args)]
struct Of {
    /// Of this queue's calls
    #[arg(long, value_parser = queue, value_name = "ID", required_unless_present = "campaign")]
    queue: Option<QueueId>,

    /// Of this campaign's calls
    #[arg(long, value_parser = ids::campaign, value_name = "ID")]
    campaign: Option<CampaignId>,
}

#[derive(Debug, Args)]
struct Export {
    #[command(flatten)]
    of: Of,

    /// Where to; by default standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Import {
    /// Statuses as VICIdial lists them: a heading with at least `status` and `status_name`
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The tree's id
    #[arg(long, value_parser = ids::slug, value_name = "ID")]
    id: Slug,

    /// By which of the floor's policies sales are looked after
    #[arg(long, value_parser = ids::slug, value_name = "ID")]
    policy: Option<Slug>,
}

fn queue(text: &str) -> Result<QueueId, String> {
    QueueId::parse(text).map_err(|it| it.to_string())
}

impl Dispositions {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        match self.command {
            DispositionCommand::List(of) => {
                out::print(listing(&all(&access.connect().await?, &of).await?));
            }
            DispositionCommand::Export(Export { of, to }) => {
                let text = vicidial::export(&all(&access.connect().await?, &of).await?)?;
                match to {
                    None => out::print(text),
                    Some(file) => std::fs::write(&file, text)
                        .with_context(|| format!("cannot write {}", file.display()))?,
                }
            }
            DispositionCommand::Import(Import { file, id, policy }) => {
                let text = std::fs::read_to_string(&file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                out::print(vicidial::import(&text, id, policy.as_ref())?);
            }
        }
        Ok(())
    }
}

async fn all(client: &Client, of: &Of) -> anyhow::Result<Vec<Listed>> {
    let which = || (of.queue.as_ref(), of.campaign.as_ref());
    let page = async |size, token| client.list_dispositions(which(), (size, token)).await;
    Ok(gather(u32::MAX, page).await?)
}

fn listing(all: &[Listed]) -> String {
    let row = |(it, groups): &Listed| {
        let names = groups.iter().map(String::as_str).chain([it.name.as_str()]);
        let effects: Vec<String> = it.effects.iter().map(effect_words).collect();
        let must = it.fields.iter().filter(|it| !it.optional);
        [
            it.code.to_string(),
            names.collect::<Vec<_>>().join(" › "),
            it.key.map(String::from).unwrap_or_default(),
            it.vicidial.clone().unwrap_or_default(),
            effects.join(", "),
            must.map(|it| it.id.to_string()).collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    table(["CODE", "NAME", "KEY", "VICIDIAL", "EFFECTS", "MUST SAY"], &rows)
}

fn effect_words(effect: &Effect) -> String {
    match effect {
        Effect::Final => "final".to_owned(),
        Effect::Retry { after } => format!("retry after {}s", after.as_secs()),
        Effect::Callback => "callback".to_owned(),
        Effect::DoNotCall { reach } => match reach {
            Reach::Tenant => "never called again".to_owned(),
            Reach::Client => "never called again for the client".to_owned(),
            Reach::Campaign => "never called again for the campaign".to_owned(),
        },
        Effect::Refused => "refused".to_owned(),
        Effect::Sale { policy } => format!("sale ({policy})"),
        Effect::Complaint => "complaint".to_owned(),
        Effect::WrongNumber => "wrong number".to_owned(),
        Effect::Deceased => "deceased".to_owned(),
        Effect::FollowUp(outcome) => format!("follow-up {outcome}"),
    }
}

/// A disposition has this effect.
fn has(it: &DispositionSpec, effect: impl Fn(&Effect) -> bool) -> bool {
    it.effects.iter().any(effect)
}
