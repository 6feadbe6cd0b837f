//! How many leads are callable now, later and never, and by which rule.

use std::collections::BTreeMap;

use timbre_engine::gate::{Callable, Standing};
use timbre_model::{CampaignRef, CampaignSpec, Civil, FloorSpec, TrunkSpec};
use timbre_store::{Filter, LeadPage, WhichLeads};
use tonic::Status;

use super::spec_of;
use crate::api::judge::Judge;
use crate::api::wire::time::moment;
use crate::api::{Context, pb};

/// Most leads that one dry run looks at.
const LEADS_MAX: u64 = 100_000;
/// Leads of one look: the database's writer waits for it.
const LOOK: u32 = 250;

#[derive(Default)]
struct Tally {
    looked_at: u64,
    now: u64,
    later: u64,
    never: u64,
    earliest: Option<Civil>,
    rules: BTreeMap<String, Kept>,
}

/// What one rule keeps back.
#[derive(Default)]
struct Kept {
    later: u64,
    never: u64,
    because: String,
}

pub(super) async fn run(
    context: &Context,
    which: &CampaignRef,
    at: Civil,
    limit: u32,
) -> Result<pb::DryRunResponse, Status> {
    let judge = Judge::new(context, &which.tenant, at).await?;
    let spec = spec_of(judge.floor(), which)?;
    let request = judge.request(spec).await?;
    let limit = if limit == 0 { LEADS_MAX } else { u64::from(limit).min(LEADS_MAX) };
    let (mut tally, mut cut) = (Tally::default(), false);
    for used in &spec.lists {
        let mut after = None;
        loop {
            let left = limit - tally.looked_at;
            if left == 0 {
                cut = true;
                break;
            }
            let size = LOOK.min(LeadPage::SIZE_MAX).min(u32::try_from(left).unwrap_or(LOOK));
            let page = WhichLeads::Page { list: used.list.clone(), after, size };
            let judged = judge.leads(&request, page).await?;
            let full = judged.len() == size as usize;
            after = judged.last().map(|it| it.lead.id);
            judged.iter().for_each(|it| tally.count(judge.standing(spec, it)));
            if !full {
                break;
            }
        }
    }
    Ok(tally.answer(cut, faults(judge.floor(), spec)))
}

impl Tally {
    fn count(&mut self, standing: Standing) {
        let Standing { callable, rule, because } = standing;
        self.looked_at += 1;
        if callable == Callable::Now {
            self.now += 1;
            return;
        }
        let kept = self.rules.entry(rule).or_default();
        if kept.because.is_empty() {
            kept.because = because;
        }
        match callable {
            Callable::Now => {}
            Callable::Later(at) => {
                self.later += 1;
                kept.later += 1;
                let sooner = at.filter(|at| self.earliest.is_none_or(|earliest| *at < earliest));
                self.earliest = sooner.or(self.earliest);
            }
            Callable::Never => {
                self.never += 1;
                kept.never += 1;
            }
        }
    }

    fn answer(self, cut: bool, faults: Vec<String>) -> pb::DryRunResponse {
        let Self { looked_at, now, later, never, earliest, rules } = self;
        let rule = |(rule, Kept { later, never, because }): (String, Kept)| pb::RuleCount {
            rule,
            later,
            never,
            because,
        };
        let mut rules: Vec<_> = rules.into_iter().map(rule).collect();
        rules.sort_by_key(|it| std::cmp::Reverse(it.later + it.never));
        let earliest_time = earliest.map(moment);
        pb::DryRunResponse { looked_at, cut, now, later, never, rules, earliest_time, faults }
    }
}

/// What would keep the campaign from placing any call, whatever its leads.
pub(super) fn faults(floor: &FloorSpec, spec: &CampaignSpec) -> Vec<String> {
    let mut faults = Vec::new();
    let trunks: Vec<&TrunkSpec> =
        floor.trunks.iter().filter(|it| spec.trunks.contains(&it.id)).collect();
    let places = |it: &&TrunkSpec| it.outbound.as_ref().is_some_and(|it| !it.stopped);
    if !trunks.iter().any(places) {
        faults.push("none of its trunks places calls: give one an outbound side".to_owned());
    }
    for used in &spec.lists {
        if let Some(Err(why)) = used.filter.as_deref().map(Filter::parse) {
            faults.push(format!("the filter of list {}: {why}", used.list));
        }
    }
    let queue = floor.queues.iter().find(|it| it.id == spec.queue);
    let able = queue.map(|queue| {
        floor.agents.iter().filter(|agent| {
            queue.skills.iter().all(|(skill, least)| agent.skills.get(skill) >= Some(least))
        })
    });
    if able.is_none_or(|mut it| it.next().is_none()) {
        faults.push(format!("no agent has the skills of its queue {}", spec.queue));
    }
    faults
}
