//! What each campaign came to, from the records alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use timbre_compliance::{AbandonmentCounts, AnsweredCall, Answerer};
use timbre_engine::{AuthorizeRequest, CampaignPlan, Want};
use timbre_model::{
    AttemptRecord, CampaignId, CampaignRef, CampaignSpec, Civil, FloorSpec, ListSpec,
    MachineVerdict, Mono, ReleasedBy, TrunkSpec,
};

use super::book::{Book, DryRun};
use super::measure::Account;
use super::world::{World, tenant};

impl World<'_> {
    /// What each campaign has come to by now.
    pub(crate) fn account(&self) -> BTreeMap<CampaignId, Account> {
        let Some(book) = self.authorizer.book() else { return BTreeMap::new() };
        let campaigns = self.setup.floor.campaigns.iter();
        let account = |it: &CampaignSpec| {
            let before = self.before.get(&it.id).cloned().unwrap_or_default();
            let left = dry_run(book, &self.setup.floor, it, self.moment().civil);
            (it.id.clone(), of_campaign(book, it, before, left))
        };
        campaigns.map(account).collect()
    }
}

/// Where a campaign's leads stand at `at`, by the gate.
pub(crate) fn dry_run(book: &Book, floor: &FloorSpec, spec: &CampaignSpec, at: Civil) -> DryRun {
    let kept = book.campaigns.get(&spec.id).and_then(|it| it.started_at);
    let list = |id| floor.lists.iter().find(|it: &&ListSpec| it.id == id).cloned();
    let lists = spec.lists.iter().filter_map(|it| list(it.list.clone())).collect();
    let campaign = CampaignRef { tenant: tenant(), campaign: spec.id.clone() };
    let plan = CampaignPlan {
        campaign,
        spec: spec.clone(),
        lists,
        started_at: kept.unwrap_or(at),
        refusals: Arc::new(timbre_engine::refusals(floor)),
    };
    let Some(trunk) = spec.trunks.first().cloned() else { return DryRun::default() };
    let of_trunk = floor.trunks.iter().find(|it| it.id == trunk);
    let countries = of_trunk.map(TrunkSpec::countries).unwrap_or_default();
    let request = AuthorizeRequest {
        batch: 0,
        plan: Arc::new(plan),
        trunk,
        countries: Arc::new(countries),
        want: Want::Leads { most: 1, bindable: 1, ready: Vec::new() },
        asked: Mono::default(),
    };
    book.dry_run(&request, at)
}

fn of_campaign(book: &Book, spec: &CampaignSpec, before: DryRun, left: DryRun) -> Account {
    let mut account = Account { before, left, ..Account::default() };
    for record in book.attempts.values().filter(|it| it.campaign == spec.id) {
        if let Some(lead) = record.lead {
            let first = account.tried.entry(lead).or_insert(record.intent_at);
            *first = (*first).min(record.intent_at);
        }
        if let Some(outcome) = record.outcome {
            *account.outcomes.entry(outcome).or_default() += 1;
            count(&mut account.abandonment, record);
        }
    }
    account
}

/// One attempt, as the laws on abandonment count it. The greeting's end is not modelled: it counts from the answer.
fn count(counts: &mut AbandonmentCounts, record: &AttemptRecord) {
    let Some(answered) = record.answered_at else { return counts.count_unanswered() };
    let since = |at: Civil| (at.as_micros() - answered.as_micros()).max(0).cast_unsigned() / 1_000;
    let who = match record.machine_corrected.or(record.machine) {
        Some(MachineVerdict::Machine) => Answerer::Machine,
        Some(MachineVerdict::Person) => Answerer::Person,
        Some(MachineVerdict::Unknown) | None => Answerer::Unknown,
    };
    let by_us = matches!(record.released_by, Some(ReleasedBy::Agent | ReleasedBy::System));
    counts.count(&AnsweredCall {
        who,
        dropped_as_machine: false,
        greeting_end_ms: None,
        agent_ms: record.connected_at.map(since),
        ended_ms: record.ended_at.map_or(0, since),
        released_by_us: by_us,
    });
}
