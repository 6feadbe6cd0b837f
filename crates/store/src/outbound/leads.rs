//! Leads, as they now stand.

use timbre_model::{
    AgentId, CallId, Lead, LeadChange, LeadId, LeadState, ListId, NewLead, Slug, TenantId,
};

use super::attempts::digits;
use crate::calls::without_nul;
use crate::row::{Columns, Row};
use crate::sql::Dialect;
use crate::sql::{Args, Kind, Statement, Table};

/// What [`read`] wants, in its order.
pub(super) const COLUMNS: &str = "tenant, id, list, rank, details, state, due, agent, why, because, claim, \
     attempts, last_attempt_at, reset_at";

/// Sets where leads stand; a claim ends by it.
pub(super) static STATES: Table = Table::new(
    "leads",
    &[
        ("tenant", Kind::Text),
        ("id", Kind::Int),
        ("state", Kind::Text),
        ("due", Kind::Int),
        ("waits", Kind::Int),
        ("agent", Kind::Text),
        ("why", Kind::Text),
        ("because", Kind::Text),
        ("claim", Kind::Text),
    ],
    2,
    9,
);

/// Claims leads for attempts and counts these.
pub(super) static CLAIMS: Table = Table::new(
    "leads",
    &[
        ("tenant", Kind::Text),
        ("id", Kind::Int),
        ("claim", Kind::Text),
        ("attempts", Kind::Int),
        ("last_attempt_at", Kind::Int),
    ],
    2,
    5,
);

/// A lead with what only the store asks about it.
#[derive(Debug, Clone)]
pub(super) struct KeptLead {
    /// Its state is the one under a claim.
    pub(super) lead: Lead,
    pub(super) rank: i64,
    pub(super) because: Option<String>,
    pub(super) claim: Option<Claim>,
    /// Attempts before this do not count towards the campaign's own limits.
    pub(super) reset_at: Option<i64>,
}

impl KeptLead {
    /// As others see it: a claim covers the state.
    pub(super) fn shown(self) -> Lead {
        let claimed = self.claim.is_some();
        let state = if claimed { LeadState::Claimed } else { self.lead.state };
        Lead { state, ..self.lead }
    }
}

/// Who has a lead now. Kept as `agent:ID` or `attempt:ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is reserved for an agent; `None` where the claim did not say for whom.
    Agent(Option<AgentId>),
    /// It is being called.
    Attempt(CallId),
}

impl Claim {
    fn parse(text: &str) -> Option<Self> {
        match text.split_once(':')? {
            ("agent", "") => Some(Self::Agent(None)),
            ("agent", agent) => AgentId::parse(agent).ok().map(|it| Self::Agent(Some(it))),
            ("attempt", id) => CallId::parse(id).map(Self::Attempt),
            _ => None,
        }
    }
}

impl From<&Claim> for String {
    fn from(claim: &Claim) -> Self {
        match claim {
            Claim::Agent(None) => "agent:".to_owned(),
            Claim::Agent(Some(agent)) => format!("agent:{agent}"),
            Claim::Attempt(id) => format!("attempt:{id}"),
        }
    }
}

/// A lead's number in a key.
pub(crate) fn key(id: LeadId) -> i64 {
    i64::try_from(id.as_u64()).unwrap_or(i64::MAX)
}

/// A lead's numbers as they stand in keys.
pub(super) fn numbers_of(lead: &NewLead) -> impl Iterator<Item = i64> {
    lead.numbers.iter().map(|it| digits(&it.number))
}

/// Callbacks wait apart from retries: they were promised.
pub(super) const WAITS_CALLBACK: i64 = 1;
pub(super) const WAITS_RETRY: i64 = 2;

/// The columns from `state` to `why`. A claim is no state of its own: [`commit_statements`] treats it.
pub(super) fn write_state(state: &LeadState, to: &mut Args) {
    match state {
        LeadState::Ready | LeadState::Claimed => {
            to.text("ready").int(None).int(None).text(None).text(None)
        }
        LeadState::Retry { at } => {
            to.text("retry").int(at.as_micros()).int(WAITS_RETRY).text(None).text(None)
        }
        LeadState::Callback { at, agent } => to
            .text("callback")
            .int(at.as_micros())
            .int(WAITS_CALLBACK)
            .text(agent.as_ref().map(AgentId::as_str))
            .text(None),
        LeadState::Finished { disposition } => {
            to.text("finished").int(None).int(None).text(None).text(disposition.as_str())
        }
        LeadState::Blocked { rule, until } => to
            .text("blocked")
            .int(until.map(|at| at.as_micros()))
            .int(until.map(|_| WAITS_RETRY))
            .text(None)
            .text(&*without_nul(rule)),
    };
}

/// A lead's new state, and why in words.
pub(super) fn write(change: &LeadChange, because: Option<&str>, to: &mut Args) {
    to.text(change.tenant.as_str()).int(key(change.lead));
    write_state(&change.state, to);
    to.text(because.map(without_nul).as_deref()).text(None);
}

/// Statements for changes that the engine made, one for each lead.
pub(crate) fn commit_statements(dialect: Dialect, changes: &[&LeadChange]) -> Vec<Statement> {
    let (claimed, moved): (Vec<_>, Vec<_>) =
        changes.iter().copied().partition(|it| it.state == LeadState::Claimed);
    let one = |text: &'static str, change: &LeadChange| {
        let mut args = Args::new(dialect);
        args.text(change.tenant.as_str()).int(key(change.lead));
        Statement::new(text, args)
    };
    let ready = moved.iter().filter(|it| it.state == LeadState::Ready);
    let wake = ready.map(|it| one(WAKE_BATCH, it)).collect::<Vec<_>>();
    let claims = claimed.into_iter().map(|it| {
        one("UPDATE leads SET claim = COALESCE(claim, 'agent:') WHERE tenant = $1 AND id = $2", it)
    });
    let moves = STATES.update(dialect, &moved, |it, to| write(it, None, to));
    moves.chain(claims).chain(wake).collect()
}

/// A lead that became ready is found again.
const WAKE_BATCH: &str = "UPDATE import_batches SET dry = 0 WHERE tenant = $1 AND dry <> 0 AND batch IN \
     (SELECT batch FROM leads WHERE tenant = $1 AND id = $2)";

pub(super) fn read(row: &Row) -> Result<KeptLead, crate::StoreError> {
    let mut from = Columns::new(row, "leads", 2);
    let tenant = from.parsed("tenant", |it| TenantId::parse(it).ok())?;
    let id = LeadId::from_u64(from.count("id")?);
    let list = from.parsed("list", |it| ListId::parse(it).ok())?;
    let rank = from.int("rank")?;
    let person = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
    let state = read_state(&mut from)?;
    let because = from.text_or_null("because")?.map(str::to_owned);
    let claim = from.parsed_or_null("claim", Claim::parse)?;
    let attempts = from.count("attempts")?;
    let last_attempt_at = from.time_or_null("last_attempt_at")?;
    let reset_at = from.int_or_null("reset_at")?;
    let lead = Lead { id, tenant, list, person, state, attempts, last_attempt_at };
    Ok(KeptLead { lead, rank, because, claim, reset_at })
}

fn read_state(from: &mut Columns<'_>) -> Result<LeadState, crate::StoreError> {
    let state = from.text("state")?;
    let due = from.time_or_null("due")?;
    let agent = from.parsed_or_null("agent", |it| AgentId::parse(it).ok())?;
    let why = from.text_or_null("why")?;
    match (state, due, why) {
        ("ready", _, _) => Ok(LeadState::Ready),
        ("retry", Some(at), _) => Ok(LeadState::Retry { at }),
        ("callback", Some(at), _) => Ok(LeadState::Callback { at, agent }),
        ("finished", _, Some(why)) => Slug::parse(why)
            .map(|disposition| LeadState::Finished { disposition })
            .map_err(|_| from.corrupt("why")),
        ("blocked", until, Some(rule)) => Ok(LeadState::Blocked { rule: rule.to_owned(), until }),
        _ => Err(from.corrupt("state")),
    }
}
