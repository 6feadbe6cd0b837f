//! `timbre leads list|show|explain|reset|count`.

use std::collections::BTreeMap;

use clap::Args;
use timbre_model::{CampaignId, Civil, Lead, LeadId, LeadNumber, LeadState, ListId, PhoneNumber};

use crate::api::wire::lead::{CampaignVerdict, LeadExplanation, NumberVerdict};
use crate::cli::access::Access;
use crate::cli::pages::gather;
use crate::cli::table::table;
use crate::cli::verdict::paragraph;
use crate::cli::words::moment;
use crate::cli::{ids, out};

/// List leads.
#[derive(Debug, Args)]
pub struct List {
    /// Of which list
    #[arg(value_parser = ids::list, value_name = "LIST")]
    list: ListId,

    /// Only those in this state: ready, claimed, retry, callback, finished or blocked
    #[arg(long, value_parser = state, value_name = "WORD")]
    state: Option<String>,

    /// Only those with this number
    #[arg(long, value_parser = ids::number, value_name = "+NUMBER")]
    number: Option<PhoneNumber>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

/// Show a lead.
#[derive(Debug, Args)]
pub struct Show {
    /// The lead's number
    #[arg(value_parser = ids::lead, value_name = "LEAD")]
    lead: LeadId,
}

/// Explain a lead.
#[derive(Debug, Args)]
pub struct Explain {
    /// The lead's number
    #[arg(value_parser = ids::lead, value_name = "LEAD")]
    lead: LeadId,

    /// For this campaign only; without it, for each that calls the list
    #[arg(long, value_parser = ids::campaign, value_name = "ID")]
    campaign: Option<CampaignId>,

    /// At this moment, such as 2026-11-21T09:00:00Z; without it, now
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    at: Option<Civil>,

    /// Every rule that was looked at, not only those that refuse
    #[arg(long)]
    all: bool,
}

/// Reset a list.
#[derive(Debug, Args)]
pub struct Reset {
    /// Which list
    #[arg(value_parser = ids::list, value_name = "LIST")]
    list: ListId,

    /// Which leads; without it, finished,retry,blocked
    #[arg(long, value_parser = state, value_delimiter = ',', value_name = "WORD,...")]
    states: Vec<String>,

    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT")]
    note: String,
}

/// Count a list's leads.
#[derive(Debug, Args)]
pub struct Count {
    /// Which list
    #[arg(value_parser = ids::list, value_name = "LIST")]
    list: ListId,
}

fn state(text: &str) -> Result<String, String> {
    let known = LeadState::WORDS.contains(&text);
    let wrong = || format!("give one of {}", LeadState::WORDS.join(", "));
    known.then(|| text.to_owned()).ok_or_else(wrong)
}

impl List {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { list, state, number, limit } = self;
        let client = access.connect().await?;
        let tenant = client.tenant().await?;
        let page = async |size, token| {
            let filter = (state.as_deref(), number.as_ref());
            client.list_leads((&tenant, &list), filter, (size, token)).await
        };
        let leads = gather(limit, page).await?;
        out::print(listing(&leads));
        Ok(())
    }
}

impl Show {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        let tenant = client.tenant().await?;
        out::print(card(&client.get_lead(&tenant, self.lead).await?));
        Ok(())
    }
}

impl Explain {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        explain(access, self.lead, self.campaign, self.at, self.all).await
    }
}

/// Prints whether a lead may be called.
pub async fn explain(
    access: &Access,
    lead: LeadId,
    campaign: Option<CampaignId>,
    at: Option<Civil>,
    all: bool,
) -> anyhow::Result<()> {
    let client = access.connect().await?;
    let tenant = client.tenant().await?;
    let told = client.explain_lead((&tenant, lead), campaign.as_ref(), at).await?;
    out::print(explanation(told, all));
    Ok(())
}

impl Reset {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { list, states, note } = self;
        let client = access.connect().await?;
        let tenant = client.tenant().await?;
        let count = client.reset_list((&tenant, &list), states, note).await?;
        out::print(format_args!("{count} leads of {list} are ready again\n"));
        Ok(())
    }
}

impl Count {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        let tenant = client.tenant().await?;
        out::print(counts(client.count_leads(&tenant, &self.list).await?));
        Ok(())
    }
}

fn counts(by_state: BTreeMap<String, u64>) -> String {
    let total: u64 = by_state.values().sum();
    let mut rows: Vec<_> = by_state.into_iter().collect();
    rows.sort_by_key(|(word, _)| LeadState::WORDS.iter().position(|it| it == word));
    rows.push(("all".to_owned(), total));
    let row = |(word, count): (String, u64)| [word, count.to_string()];
    table(["STATE", "LEADS"], &rows.into_iter().map(row).collect::<Vec<_>>())
}

fn listing(leads: &[Lead]) -> String {
    let row = |it: &Lead| {
        let first = it.person.numbers.first();
        [
            it.id.to_string(),
            it.person.name.clone(),
            first.map_or_else(|| "-".to_owned(), |it| it.number.expose().to_owned()),
            it.attempts.to_string(),
            it.last_attempt_at.map_or_else(|| "-".to_owned(), moment),
            state_words(&it.state),
        ]
    };
    let rows: Vec<_> = leads.iter().map(row).collect();
    table(["LEAD", "NAME", "NUMBER", "TRIED", "LAST (UTC)", "STATE"], &rows)
}

/// `retry from 2026-11-21 10:00:00`, `blocked by ES-robinson for good`.
fn state_words(state: &LeadState) -> String {
    match state {
        LeadState::Ready | LeadState::Claimed => state.as_str().to_owned(),
        LeadState::Retry { at } => format!("retry from {}", moment(*at)),
        LeadState::Callback { at, agent: None } => format!("callback at {}", moment(*at)),
        LeadState::Callback { at, agent: Some(agent) } => {
            format!("callback at {} by {agent}", moment(*at))
        }
        LeadState::Finished { disposition } => format!("finished: {disposition}"),
        LeadState::Blocked { rule, until: None } => format!("blocked by {rule} for good"),
        LeadState::Blocked { rule, until: Some(until) } => {
            format!("blocked by {rule} until {}", moment(*until))
        }
    }
}

fn card(lead: &Lead) -> String {
    let Lead { id, tenant, list, person, state, attempts, last_attempt_at } = lead;
    let mut lines = vec![
        ("lead", format!("{id} of list {list}, tenant {tenant}")),
        ("name", person.name.clone()),
    ];
    if let Some(key) = &person.person {
        lines.push(("key", key.clone()));
    }
    lines.extend(person.numbers.iter().map(|it| ("number", number_words(it))));
    lines.push(("person", format!("{}, {}", person.party, person.role)));
    let consent = person.consent.as_ref();
    let consent = consent.map(|it| format!("{} of {}", it.basis, moment(it.given_at)));
    lines.push(("consent", consent.unwrap_or_else(|| "none".to_owned())));
    if !person.tags.is_empty() {
        let tags: Vec<_> = person.tags.iter().map(timbre_model::Slug::as_str).collect();
        lines.push(("tags", tags.join(", ")));
    }
    lines.extend(person.attributes.iter().map(|(key, value)| ("knows", format!("{key}: {value}"))));
    lines.push(("state", state_words(state)));
    let last = last_attempt_at.map(|at| format!(", last at {}", moment(at)));
    lines.push(("tried", format!("{attempts} times{}", last.unwrap_or_default())));
    lines.into_iter().map(|(key, value)| format!("{key:<9}{value}\n")).collect()
}

fn number_words(number: &LeadNumber) -> String {
    let LeadNumber { number, label, place, zones } = number;
    let label = if label.is_empty() { String::new() } else { format!(" ({label})") };
    let region = place.region.as_ref().map(|it| format!("-{it}")).unwrap_or_default();
    format!("{}{label}, {}{region}, {}", number.expose(), place.country, zones.join(" or "))
}

fn explanation(told: LeadExplanation, all: bool) -> String {
    let LeadExplanation { lead, campaigns } = told;
    let mut text = lead.as_ref().map(card).unwrap_or_default();
    if campaigns.is_empty() {
        text.push_str(
            "\nno campaign calls this list: add it to one and `timbre apply` the floor\n",
        );
    }
    for campaign in campaigns {
        text.push_str(&campaign_words(campaign, all));
    }
    text
}

fn campaign_words(told: CampaignVerdict, all: bool) -> String {
    let CampaignVerdict { campaign, callable, rule, because, earliest, numbers } = told;
    let mut text = format!("\ncampaign {}: callable {callable}", campaign.campaign);
    if !rule.is_empty() {
        text.push_str(&format!(": {rule}: {because}"));
    }
    if let Some(at) = earliest {
        text.push_str(&format!("; earliest {} UTC", moment(at)));
    }
    text.push('\n');
    for NumberVerdict { number, verdict, given_up } in numbers {
        let given_up = if given_up { "tried as often as the campaign allows; " } else { "" };
        let told = paragraph(&verdict, all);
        text.push_str(&format!("  {}: {given_up}{told}", number.expose()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::{CampaignRef, TenantId};

    #[test]
    fn states_say_until_when_and_why() {
        let at = Civil::from_micros(0);
        let blocked = LeadState::Blocked { rule: "ES-window-96.2".to_owned(), until: Some(at) };
        assert_eq!(state_words(&blocked), "blocked by ES-window-96.2 until 1970-01-01 00:00:00");
        assert_eq!(state_words(&LeadState::Retry { at }), "retry from 1970-01-01 00:00:00");
        assert!(state("readdy").expect_err("no state").contains("claimed"));
    }

    #[test]
    fn counts_follow_a_leads_life() {
        let by_state = [("blocked", 3), ("ready", 7)].map(|(word, count)| (word.to_owned(), count));
        let shown = counts(by_state.into());
        assert_eq!(shown, "STATE    LEADS\nready    7\nblocked  3\nall      10\n");
    }

    #[test]
    fn a_lead_that_nobody_calls_says_what_to_do() {
        let told = LeadExplanation { lead: None, campaigns: Vec::new() };
        assert!(explanation(told, false).contains("timbre apply"));
        let campaign = CampaignRef {
            tenant: TenantId::parse("acme").expect("an id"),
            campaign: CampaignId::parse("spring").expect("an id"),
        };
        let told = CampaignVerdict {
            campaign,
            callable: "later".to_owned(),
            rule: "ES-window-96.2".to_owned(),
            because: "it is night".to_owned(),
            earliest: Some(Civil::from_micros(0)),
            numbers: Vec::new(),
        };
        let words = campaign_words(told, false);
        let expected = "\ncampaign spring: callable later: ES-window-96.2: it is night; \
                        earliest 1970-01-01 00:00:00 UTC\n";
        assert_eq!(words, expected);
    }
}
