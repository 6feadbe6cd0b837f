//! `timbre compliance`: the law as Timbre knows it, and what it says about a number.

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use timbre_compliance::{Catalog, Jurisdiction, Rule, Strength, Verified};
use timbre_model::{CampaignId, CampaignRef, Civil, Consent, ConsentBasis, LeadId, Party};

use super::access::Access;
use super::leads::explain;
use super::table::table;
use super::verdict::paragraph;
use super::{ids, out};
use crate::driver::clock::civil;

/// Show the law, and what it says about a number.
#[derive(Debug, Args)]
pub struct Compliance {
    #[command(subcommand)]
    command: ComplianceCommand,
}

#[derive(Debug, Subcommand)]
enum ComplianceCommand {
    /// Show the rules of a country with their sources and dates; needs no server
    Show(Show),
    /// Say whether a number may be called for a campaign, and by which rule not; charges nothing
    Check(Check),
    /// Say whether a lead may be called, and by which rule not
    Explain(Explain),
}

#[derive(Debug, Args)]
struct Show {
    /// ISO 3166 code, such as ES; without it, the countries are listed
    #[arg(value_parser = ids::country, value_name = "COUNTRY")]
    country: Option<String>,

    /// Year whose holidays are shown; without it, this one
    #[arg(long, value_parser = clap::value_parser!(i16).range(2010..=2050), value_name = "YEAR")]
    year: Option<i16>,
}

#[derive(Debug, Args)]
struct Check {
    /// The number, with its country code or as it is dialed in the country of the campaign's first list
    number: String,

    /// For which campaign
    #[arg(long, value_parser = ids::campaign, value_name = "ID")]
    campaign: CampaignId,

    /// At this moment, such as 2026-11-21T09:00:00Z; without it, now
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    at: Option<Civil>,

    /// Who is called: consumer or business
    #[arg(long, value_parser = party, value_name = "WORD")]
    party: Option<Party>,

    /// The ground of the call: express, written, requested, contract, existing_customer, legitimate_interest or presumed
    #[arg(long, value_parser = basis, value_name = "WORD")]
    consent: Option<ConsentBasis>,

    /// When the consent was given; without it, at the moment of the call
    #[arg(long, value_parser = ids::when, requires = "consent", value_name = "WHEN")]
    consent_date: Option<Civil>,

    /// Where the callee is: ISO 3166-2 without the country, such as CN
    #[arg(long, value_name = "CODE")]
    region: Option<String>,

    /// Only the rules that refuse
    #[arg(long)]
    brief: bool,
}

#[derive(Debug, Args)]
struct Explain {
    /// The lead's number
    #[arg(value_parser = ids::lead, value_name = "LEAD")]
    lead: LeadId,

    /// For this campaign only; without it, for each that calls the list
    #[arg(long, value_parser = ids::campaign, value_name = "ID")]
    campaign: Option<CampaignId>,

    /// At this moment; without it, now
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    at: Option<Civil>,
}

fn party(text: &str) -> Result<Party, String> {
    Party::parse(text).ok_or_else(|| "give consumer or business".to_owned())
}

fn basis(text: &str) -> Result<ConsentBasis, String> {
    let all = || ConsentBasis::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    ConsentBasis::parse(text).ok_or_else(|| format!("give one of {}", all()))
}

impl Compliance {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        match self.command {
            ComplianceCommand::Show(it) => it.run(),
            ComplianceCommand::Check(it) => it.run(access).await,
            ComplianceCommand::Explain(Explain { lead, campaign, at }) => {
                explain(access, lead, campaign, at, true).await
            }
        }
    }
}

impl Show {
    fn run(self) -> anyhow::Result<()> {
        let catalog = Catalog::shipped();
        let Some(code) = self.country else {
            out::print(countries(catalog));
            return Ok(());
        };
        let Some(found) = catalog.jurisdiction(&code) else {
            let known = catalog.codes().collect::<Vec<_>>().join(", ");
            bail!(
                "{code}: no rules are known for it, and no call there is permitted; known are {known}"
            );
        };
        let year = self.year.unwrap_or_else(|| year_of(civil()));
        out::print(page(found, year));
        Ok(())
    }
}

fn year_of(at: Civil) -> i16 {
    let now = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    now.to_zoned(jiff::tz::TimeZone::UTC).year()
}

impl Check {
    async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { number, campaign, at, party, consent, consent_date, region, brief } = self;
        let client = access.connect().await?;
        let campaign = CampaignRef { tenant: client.tenant().await?, campaign };
        let given_at = consent_date.or(at).unwrap_or_else(civil);
        let consent = consent.map(|basis| Consent { basis, given_at });
        let callee = (party, consent, region);
        let verdict = client.check_number(&campaign, &number, at, callee).await?;
        out::print(paragraph(&verdict, !brief));
        Ok(())
    }
}

fn countries(catalog: &Catalog) -> String {
    let row = |code: &str| {
        let it = catalog.jurisdiction(code)?;
        Some([it.code.clone(), it.name.clone(), it.rules.len().to_string(), it.zones.join(", ")])
    };
    let rows: Vec<_> = catalog.codes().filter_map(row).collect();
    table(["COUNTRY", "NAME", "RULES", "TIME ZONES"], &rows)
}

fn page(it: &Jurisdiction, year: i16) -> String {
    let mut text = format!(
        "{} ({}), {}\nThis is data, not legal advice. Verified: the norm's own text was read, a page that quotes it, or \
         background.\n",
        it.name,
        it.code,
        it.zones.join(", ")
    );
    for rule in &it.rules {
        text.push_str(&format!("\n{}", paragraph_of(it, rule)));
    }
    let holidays = it.holidays_in(year);
    if !holidays.is_empty() {
        text.push_str(&format!("\nHolidays of {year}\n"));
        for (day, holiday) in holidays {
            let regions = match holiday.regions.as_slice() {
                [] => String::new(),
                some => format!(" ({})", some.join(", ")),
            };
            text.push_str(&format!("  {day} {}{regions}\n", holiday.name));
        }
    }
    if !it.notes.is_empty() {
        text.push_str("\nNotes\n");
        text.extend(it.notes.iter().map(|it| format!("  {it}\n")));
    }
    text
}

fn paragraph_of(of: &Jurisdiction, rule: &Rule) -> String {
    let Rule { id, kind: _, selector, from, to, sources, as_of, verified, strength, text } = rule;
    let verified = match verified {
        Verified::V1 => "its own text",
        Verified::V2 => "a page that quotes it",
        Verified::U => "background, unverified",
    };
    let mut lines = vec![format!("{id}: {text}")];
    let code = selector.code.as_deref().unwrap_or_default();
    match strength {
        Strength::Law => {}
        Strength::Code => lines.push(format!("only for those who adhere to {code}")),
        Strength::House => lines.push(format!("our own advice, where {code} is chosen")),
    }
    lines.extend(held(*from, *to));
    for source in sources.iter().filter_map(|it| of.sources.get(it)) {
        lines.push(format!("source: {} {}", source.title, source.url).trim_end().to_owned());
    }
    lines.push(format!("as of {as_of}; verified: {verified}"));
    lines.join("\n  ") + "\n"
}

/// `to` is the first day on which it no longer holds.
fn held(from: Option<Date>, to: Option<Date>) -> Option<String> {
    match (from, to) {
        (None, None) => None,
        (Some(from), None) => Some(format!("since {from}")),
        (None, Some(to)) => Some(format!("until before {to}")),
        (Some(from), Some(to)) => Some(format!("since {from}, until before {to}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_every_country_stands_with_its_source_and_date() {
        let catalog = Catalog::shipped();
        for code in catalog.codes() {
            let it = catalog.jurisdiction(code).expect("a country");
            let shown = page(it, 2026);
            for rule in &it.rules {
                let id = format!("\n{}: {}\n", rule.id, rule.text);
                assert!(shown.contains(&id), "{id} is missing in\n{shown}");
                assert!(shown.contains(&format!("as of {}; verified: ", rule.as_of)), "{shown}");
            }
            assert!(shown.matches("  source: ").count() >= it.rules.len(), "{shown}");
        }
        assert!(countries(catalog).contains("ES       Spain"));
    }

    #[test]
    fn spain_shows_its_window_and_its_days() {
        let spain = Catalog::shipped().jurisdiction("ES").expect("Spain");
        let shown = page(spain, 2026);
        assert!(shown.contains("ES-window-96.2: no commercial calls before 9:00"), "{shown}");
        assert!(shown.contains("  2026-12-25 "), "{shown}");
    }

    #[test]
    fn grounds_and_parties_say_what_to_write() {
        assert_eq!(basis("express"), Ok(ConsentBasis::Express));
        assert!(basis("expreso").expect_err("no word").contains("existing_customer"));
        assert!(party("firm").is_err());
    }
}
