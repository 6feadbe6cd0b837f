//! `timbre attempts`: dialed calls, as evidence.

use anyhow::bail;
use clap::{Args, Subcommand};
use timbre_model::{
    AttemptOutcome, AttemptRecord, CallId, CampaignId, Civil, LeadId, PhoneNumber, TenantId,
};
use timbre_store::AttemptFilter;

use super::access::Access;
use super::pages::gather;
use super::table::table;
use super::words::moment;
use super::{ids, out};
use crate::api::client::Client;
use crate::api::wire::name;

/// List attempts, newest first, or show one.
#[derive(Debug, Args)]
pub struct Attempts {
    #[command(subcommand)]
    command: AttemptsCommand,
}

#[derive(Debug, Subcommand)]
enum AttemptsCommand {
    /// List attempts, newest first
    List(Which),
    /// Show one attempt, with the rules that were looked at
    Show {
        /// The attempt's id: 32 hexadecimal digits, or tenants/TENANT/attempts/ID
        id: String,
    },
}

#[derive(Debug, Args)]
struct Which {
    /// Only for this campaign
    #[arg(long, value_parser = ids::campaign, value_name = "ID")]
    campaign: Option<CampaignId>,

    /// Only to this lead
    #[arg(long, value_parser = ids::lead, value_name = "LEAD")]
    lead: Option<LeadId>,

    /// Only to this number
    #[arg(long, value_parser = ids::number, value_name = "+NUMBER")]
    number: Option<PhoneNumber>,

    /// Only those that ended so: connected, abandoned, machine, busy, no_answer, …
    #[arg(long, value_parser = outcome, value_name = "WORD")]
    outcome: Option<AttemptOutcome>,

    /// Only since: 2026-11-21T09:00:00Z, a day (UTC), or how long ago, as 2h
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    from: Option<Civil>,

    /// Only before, written likewise
    #[arg(long, value_parser = ids::when, value_name = "WHEN")]
    until: Option<Civil>,

    /// How many at most
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

fn outcome(text: &str) -> Result<AttemptOutcome, String> {
    let all = || AttemptOutcome::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    AttemptOutcome::parse(text).ok_or_else(|| format!("give one of {}", all()))
}

impl Attempts {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let client = access.connect().await?;
        match self.command {
            AttemptsCommand::List(which) => list(&client, which).await,
            AttemptsCommand::Show { id } => {
                let (tenant, attempt) = named(&client, &id).await?;
                out::print(card(&client.get_attempt(&tenant, attempt).await?));
                Ok(())
            }
        }
    }
}

async fn list(client: &Client, which: Which) -> anyhow::Result<()> {
    let Which { campaign, lead, number, outcome, from, until, limit } = which;
    let filter = AttemptFilter { campaign, number, lead, outcome, from, to: until };
    let page = async |size, token| client.list_attempts(&filter, (size, token)).await;
    out::print(listing(&gather(limit, page).await?));
    Ok(())
}

/// The attempt that `id` names; a bare id is one of the token's own tenant.
async fn named(client: &Client, id: &str) -> anyhow::Result<(TenantId, CallId)> {
    if id.starts_with("tenants/") {
        return Ok(name::read_attempt("ID", id)?);
    }
    match CallId::parse(id) {
        Some(attempt) => Ok((client.tenant().await?, attempt)),
        None => bail!(
            "{id:?} is no attempt's id: give 32 hexadecimal digits, as `timbre attempts list` shows them"
        ),
    }
}

fn listing(attempts: &[AttemptRecord]) -> String {
    fn text(it: Option<impl ToString>) -> String {
        it.map_or_else(|| "-".to_owned(), |it| it.to_string())
    }
    let row = |it: &AttemptRecord| {
        [
            moment(it.intent_at),
            it.campaign.to_string(),
            text(it.lead),
            it.number.expose().to_owned(),
            text(it.agent.as_ref()),
            it.outcome.map_or("in progress", AttemptOutcome::as_str).to_owned(),
            text(it.disposition.as_ref().map(|it| &it.code)),
            it.id.to_string(),
        ]
    };
    let rows: Vec<_> = attempts.iter().map(row).collect();
    let heading = [
        "PERMITTED (UTC)",
        "CAMPAIGN",
        "LEAD",
        "NUMBER",
        "AGENT",
        "OUTCOME",
        "DISPOSITION",
        "ATTEMPT",
    ];
    table(heading, &rows)
}

/// One attempt, a line for each fact that is known.
fn card(record: &AttemptRecord) -> String {
    let AttemptRecord {
        id,
        tenant,
        campaign,
        client,
        list,
        lead,
        person,
        number,
        caller_id,
        trunk,
        mode,
        consent,
        decision,
        local_time,
        intent_at,
        intent_mono,
        dialed_at,
        ringing_at,
        answered_at,
        connected_at,
        agent,
        machine,
        machine_corrected,
        message_played,
        ended_at,
        outcome,
        sip_status,
        q850_cause,
        released_by,
        disposition,
    } = record;
    let mut lines = vec![("attempt", format!("{id} of tenant {tenant}"))];
    lines.push(("campaign", format!("{campaign} ({mode}) on behalf of {client}")));
    let who = match (lead, list) {
        (Some(lead), Some(list)) => format!("lead {lead} of list {list}"),
        (Some(lead), None) => format!("lead {lead}"),
        (None, _) => "entered by an agent".to_owned(),
    };
    let person = person.as_ref().map(|it| format!(", person {it}")).unwrap_or_default();
    lines.push(("to", format!("{}, {who}{person}", number.expose())));
    lines.push(("shown", format!("{} over trunk {trunk}", caller_id.expose())));
    let consent = consent.as_ref().map(|it| format!("{} of {}", it.basis, moment(it.given_at)));
    lines.push(("consent", consent.unwrap_or_else(|| "none".to_owned())));
    lines.push((
        "permitted",
        format!("{} UTC, {local_time}, clock {intent_mono} µs", moment(*intent_at)),
    ));
    let after = |at: &Civil| format!("after {:.1} s", at.since(*intent_at).as_secs_f64());
    let moments = [
        ("dialed", dialed_at),
        ("rang", ringing_at),
        ("answered", answered_at),
        ("connected", connected_at),
    ];
    lines.extend(moments.into_iter().filter_map(|(key, at)| Some((key, after(at.as_ref()?)))));
    lines.extend(agent.as_ref().map(|it| ("agent", it.to_string())));
    if let Some(said) = machine {
        let corrected = machine_corrected.map(|it| format!("; the agent says {it}"));
        lines.push(("detector", format!("{said}{}", corrected.unwrap_or_default())));
    }
    if *message_played {
        lines.push(("message", "the one for abandoned calls was heard".to_owned()));
    }
    lines.push((
        "ended",
        match ended_at {
            None => "not yet".to_owned(),
            Some(at) => {
                let outcome = outcome.map(|it| format!(": {it}")).unwrap_or_default();
                let by = released_by.map(|it| format!(" by {it}")).unwrap_or_default();
                let sip = sip_status.map(|it| format!(", SIP {it}")).unwrap_or_default();
                let cause = q850_cause.map(|it| format!(", Q.850 {it}")).unwrap_or_default();
                format!("{}{outcome}{by}{sip}{cause}", after(at))
            }
        },
    ));
    if let Some(it) = disposition {
        let by = if it.automatic { "by the clock" } else { "by the agent" };
        lines.push(("classified", format!("{} {by}", it.code)));
    }
    let lines = lines.into_iter().map(|(key, value)| format!("{key:<11}{value}\n"));
    lines.collect::<String>() + &decided(decision)
}

/// The decision as it was kept, indented where it is JSON.
fn decided(decision: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(decision).ok();
    let pretty = value.and_then(|it| serde_json::to_string_pretty(&it).ok());
    format!("\ndecision\n{}\n", pretty.unwrap_or_else(|| decision.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> AttemptRecord {
        let number = |text: &str| PhoneNumber::parse(text).expect("a number");
        let second = |at: i64| Some(Civil::from_micros(at * 1_000_000));
        AttemptRecord {
            id: CallId::from_u128(7),
            tenant: TenantId::parse("acme").expect("an id"),
            campaign: CampaignId::parse("spring").expect("an id"),
            client: timbre_model::ClientId::parse("luz").expect("an id"),
            list: None,
            lead: Some(LeadId::from_u64(9)),
            person: None,
            number: number("+34600000001"),
            caller_id: number("+34910000001"),
            trunk: timbre_model::TrunkId::parse("carrier").expect("an id"),
            mode: "predictive".to_owned(),
            consent: None,
            decision: r#"{"verdict":"permit"}"#.to_owned(),
            local_time: "1970-01-01T01:00:00+01:00[Europe/Madrid]".to_owned(),
            intent_at: Civil::from_micros(0),
            intent_mono: 5,
            dialed_at: second(1),
            ringing_at: None,
            answered_at: None,
            connected_at: None,
            agent: None,
            machine: None,
            machine_corrected: None,
            message_played: false,
            ended_at: second(3),
            outcome: Some(AttemptOutcome::Busy),
            sip_status: Some(486),
            q850_cause: Some(17),
            released_by: None,
            disposition: None,
        }
    }

    #[test]
    fn an_attempt_tells_when_to_whom_and_how_it_ended() {
        let shown = card(&record());
        for part in [
            "to         +34600000001, lead 9",
            "dialed     after 1.0 s",
            "ended      after 3.0 s: busy, SIP 486, Q.850 17",
            "\"verdict\": \"permit\"",
        ] {
            assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
        }
        assert!(!shown.contains("rang"), "{shown}");
        assert!(
            listing(&[record()]).contains("+34600000001  -      busy"),
            "{}",
            listing(&[record()])
        );
    }

    #[test]
    fn outcomes_say_which_there_are() {
        assert_eq!(outcome("busy"), Ok(AttemptOutcome::Busy));
        assert!(outcome("engaged").expect_err("no word").contains("no_answer"));
    }
}
