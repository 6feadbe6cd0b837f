//! Attempts: the ledger, and the evidence.

use timbre_compliance::{Charge, Refusal};
use timbre_model::{
    AttemptOutcome, AttemptRecord, CallId, CampaignId, Civil, ClientId, LeadId, ListId, PhoneNumber,
};

use super::chain::NewEntry;
use super::leads;
use crate::StoreError;
use crate::calls::{key, without_nul};
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};

/// What an attempt is charged by never changes, and one that has ended is not opened again by a batch that is repeated.
pub(crate) static ATTEMPTS: Table = Table::new(
    "attempts",
    &[
        ("tenant", Kind::Text),
        ("id", Kind::Bytes),
        ("campaign", Kind::Text),
        ("client", Kind::Text),
        ("list", Kind::Text),
        ("lead", Kind::Int),
        ("person", Kind::Text),
        ("number", Kind::Int),
        ("intent_at", Kind::Int),
        ("dialed_at", Kind::Int),
        ("answered_at", Kind::Int),
        ("connected_at", Kind::Int),
        ("ended_at", Kind::Int),
        ("outcome", Kind::Text),
        ("disposition", Kind::Text),
        ("record", Kind::Text),
    ],
    2,
    9,
)
.guarded("attempts.ended_at IS NULL OR excluded.ended_at IS NOT NULL");

/// A phone number in a key: its digits.
pub(crate) fn digits(number: &PhoneNumber) -> i64 {
    number.expose().trim_start_matches('+').parse().unwrap_or(i64::MAX)
}

/// The number with these digits.
pub(crate) fn number(digits: i64) -> Option<PhoneNumber> {
    PhoneNumber::parse(&format!("+{digits}")).ok()
}

pub(crate) fn write(it: &AttemptRecord, to: &mut Args) {
    let micros = |at: Option<Civil>| at.map(Civil::as_micros);
    to.text(it.tenant.as_str()).bytes(&key(it.id)[..]).text(it.campaign.as_str());
    to.text(it.client.as_str()).text(it.list.as_ref().map(ListId::as_str));
    to.int(it.lead.map(leads::key)).text(it.person.as_deref().map(without_nul).as_deref());
    to.int(digits(&it.number)).int(it.intent_at.as_micros()).int(micros(it.dialed_at));
    to.int(micros(it.answered_at)).int(micros(it.connected_at)).int(micros(it.ended_at));
    to.text(it.outcome.map(AttemptOutcome::as_str));
    to.text(it.disposition.as_ref().map(|it| it.code.as_str()));
    to.text(&*serde_json::to_string(it).expect("a record has a JSON form"));
}

/// A row of `tenant, id, record`.
pub(super) fn read(row: &Row) -> Result<AttemptRecord, StoreError> {
    let mut from = Columns::new(row, "attempts", 2);
    from.text("tenant")?;
    from.call("id")?;
    from.parsed("record", |it| serde_json::from_str(it).ok())
}

/// An attempt's end, for the chain; `None` while it is open. A later correction makes another entry.
pub(crate) fn end_entry(it: &AttemptRecord) -> Option<NewEntry> {
    let at = it.ended_at?;
    Some(NewEntry::new(&it.tenant, at, "attempt_end", subject(it.id), it))
}

pub(super) fn subject(id: CallId) -> String {
    format!("attempts/{id}")
}

/// What a charge is read from.
pub(super) const CHARGE: &str = "intent_at, number, person, client, campaign, answered_at, connected_at, outcome, \
     disposition, dialed_at, lead";

/// One attempt as the ledger shows it.
#[derive(Debug, Clone)]
pub(super) struct Charged {
    pub(super) charge: Charge,
    pub(super) outcome: Option<AttemptOutcome>,
    pub(super) lead: Option<LeadId>,
    /// It was taken back before its INVITE was asked for: nothing rang anywhere, and it does not count.
    pub(super) never_dialed: bool,
}

/// A row of [`CHARGE`]. `refusal` says what a disposition refuses.
pub(super) fn read_charge(
    row: &Row,
    refusal: impl Fn(&str) -> Option<Refusal>,
) -> Result<Charged, StoreError> {
    let mut from = Columns::new(row, "attempts", 0);
    let at = from.time("intent_at")?;
    let digits = from.int("number")?;
    let number = number(digits).ok_or_else(|| from.corrupt("number"))?;
    let person = from.text_or_null("person")?.map(str::to_owned);
    let client = Some(from.parsed("client", |it| ClientId::parse(it).ok())?);
    let campaign = from.parsed("campaign", |it| CampaignId::parse(it).ok())?;
    let answered = from.int_or_null("answered_at")?.is_some();
    let conversation = from.int_or_null("connected_at")?.is_some();
    let outcome = from.parsed_or_null("outcome", AttemptOutcome::parse)?;
    let refused = from.text_or_null("disposition")?.and_then(refusal);
    let dialed = from.int_or_null("dialed_at")?.is_some();
    let lead = from.count_or_null::<u64>("lead")?.map(LeadId::from_u64);
    let abandoned = outcome == Some(AttemptOutcome::Abandoned);
    let charge =
        Charge { at, number, person, client, campaign, answered, conversation, abandoned, refused };
    let never_dialed = outcome == Some(AttemptOutcome::Cancelled) && !dialed;
    Ok(Charged { charge, outcome, lead, never_dialed })
}

/// What the ledger will show of an attempt that is being permitted.
pub(super) fn charge_of(it: &AttemptRecord) -> Charge {
    Charge {
        at: it.intent_at,
        number: it.number.clone(),
        person: it.person.clone(),
        client: Some(it.client.clone()),
        campaign: it.campaign.clone(),
        answered: it.answered_at.is_some(),
        conversation: it.connected_at.is_some(),
        abandoned: false,
        refused: None,
    }
}
