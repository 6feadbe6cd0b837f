//! What a scenario comes to, over all its seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use timbre_compliance::{AbandonmentCounts, CapRule, Catalog, Profile, applicable};
use timbre_model::{CampaignId, CampaignSpec, Place};

use crate::outbound::grid::Days;
use crate::outbound::{DryRun, Leads, Measured, Setup, Slice, run};

/// What a scenario comes to.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// Each day as a whole.
    pub days: Days,
    /// The days one over the other, slice by slice.
    pub slices: Vec<Slice>,
    /// By campaign.
    pub campaigns: BTreeMap<CampaignId, CampaignOutlook>,
}

/// What a campaign comes to.
#[derive(Debug, Clone)]
pub struct CampaignOutlook {
    /// Attempts by outcome, in a day.
    pub outcomes: BTreeMap<String, f64>,
    /// The share of abandoned calls by each rule that applies, over all days, and the cap.
    pub abandonment: Vec<(String, Option<f64>, f64, bool)>,
    /// Where its leads stand before the first call.
    pub before: DryRun,
    /// Where they stand at the end of the first day.
    pub left: DryRun,
}

/// Lives a setup with the seeds from 1 on, on so many threads.
pub fn try_out(setup: &Setup, seeds: u64, threads: usize) -> Outlook {
    let next = AtomicU64::new(1);
    let days = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    let day = run(setup, seed);
                    days.lock().unwrap_or_else(PoisonError::into_inner).insert(seed, day);
                }
            });
        }
    });
    let days = days.into_inner().unwrap_or_else(PoisonError::into_inner);
    outlook(setup, &days.into_values().collect::<Vec<_>>())
}

fn outlook(setup: &Setup, days: &[Measured]) -> Outlook {
    let count = days.iter().map(|it| it.slices.len()).max().unwrap_or(0);
    let slice = |n: usize| {
        let mut all = Slice::default();
        days.iter().filter_map(|it| it.slices.get(n)).for_each(|it| all += *it);
        all
    };
    let campaigns = setup.floor.campaigns.iter();
    Outlook {
        days: days.iter().map(Measured::total).collect(),
        slices: (0..count).map(slice).collect(),
        campaigns: campaigns.map(|it| (it.id.clone(), of_campaign(setup, it, days))).collect(),
    }
}

fn of_campaign(setup: &Setup, spec: &CampaignSpec, days: &[Measured]) -> CampaignOutlook {
    let accounts = || days.iter().filter_map(|it| it.campaigns.get(&spec.id));
    let mut outcomes = BTreeMap::new();
    let mut counts = AbandonmentCounts::default();
    for account in accounts() {
        counts += account.abandonment;
        for (outcome, n) in &account.outcomes {
            *outcomes.entry(outcome.as_str().to_owned()).or_default() +=
                *n as f64 / days.len() as f64;
        }
    }
    let share = |it: CapRule| {
        let share = counts.share(it.cap.definition).ratio();
        (it.rule.to_string(), share, it.cap.of_live(), counts.keeps(&it.cap))
    };
    let first = accounts().next().cloned().unwrap_or_default();
    CampaignOutlook {
        outcomes,
        abandonment: caps(setup, spec).into_iter().map(share).collect(),
        before: first.before,
        left: first.left,
    }
}

/// The caps on abandoned calls that hold for a campaign.
fn caps(setup: &Setup, spec: &CampaignSpec) -> Vec<CapRule> {
    let Leads::Listed(people, _) = &setup.leads else { return Vec::new() };
    let ours = people.iter().filter(|it| spec.lists.iter().any(|list| list.list == it.lead.list));
    let mut places: BTreeSet<Place> = BTreeSet::new();
    let mut party = timbre_model::Party::default();
    for person in ours {
        party = person.lead.person.party;
        let known = |it: &Place| places.contains(it);
        let new: Vec<Place> = person
            .lead
            .person
            .numbers
            .iter()
            .map(|it| it.place.clone())
            .filter(|it| !known(it))
            .collect();
        places.extend(new);
    }
    let profile = Profile {
        places: places.into_iter().collect(),
        purpose: spec.purpose,
        party,
        sector: spec.sector.as_ref().map(|it| it.as_str().to_owned()),
        voice: spec.voice,
        adherent_codes: spec.codes.iter().map(|it| it.as_str().to_owned()).collect(),
    };
    let stamp = jiff::Timestamp::from_microsecond(setup.start.as_micros()).unwrap_or_default();
    let day = jiff::tz::TimeZone::UTC.to_datetime(stamp).date();
    let mut seen = BTreeSet::new();
    let all = applicable(Catalog::shipped(), &profile, day);
    all.into_iter().filter(|it| seen.insert(it.rule.clone())).collect()
}

impl fmt::Display for Outlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = &self.days;
        writeln!(f, "| measure | mean of a day | 95 % interval |\n|---|--:|--:|")?;
        let mut row = |name: &str, digits: usize, of: &dyn Fn(&Slice) -> f64| {
            let (mean, half) = (days.mean(of), days.interval(of));
            writeln!(f, "| {name} | {mean:.digits$} | ± {half:.digits$} |")
        };
        row("occupancy, %", 1, &|it| 100.0 * it.occupancy())?;
        row("live answers abandoned, %", 2, &|it| 100.0 * it.abandonment())?;
        row("an agent's wait between conversations, s", 1, &Slice::wait_s)?;
        row("lines in set-up for each agent", 2, &Slice::lines_per_agent)?;
        row("calls an hour", 0, &|it| it.per_hour(it.dials))?;
        row("live answers an hour", 0, &|it| it.per_hour(it.answered))?;
        row("conversations an hour", 0, &|it| it.per_hour(it.connected))?;
        if self.slices.iter().any(|it| it.called_in > 0) {
            row("calls that came in, an hour", 0, &|it| it.per_hour(it.called_in))?;
            row("of these in time, %", 1, &|it| {
                100.0 * it.in_time as f64 / it.called_in.max(1) as f64
            })?;
        }
        self.campaigns.iter().try_for_each(|(id, it)| write!(f, "\ncampaign {id}\n{it}"))
    }
}

impl fmt::Display for CampaignOutlook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (rule, share, cap, kept) in &self.abandonment {
            let share = share.map_or("no calls".to_owned(), |it| format!("{:.2} %", 100.0 * it));
            let verdict = if *kept { "kept" } else { "NOT KEPT" };
            writeln!(f, "  abandoned by {rule}: {share}, cap {:.2} %: {verdict}", 100.0 * cap)?;
        }
        let outcomes: Vec<String> =
            self.outcomes.iter().map(|(word, n)| format!("{word} {n:.0}")).collect();
        writeln!(f, "  attempts a day: {}", outcomes.join(", "))?;
        writeln!(f, "  leads before: {}", words(&self.before))?;
        writeln!(f, "  leads left:   {}", words(&self.left))
    }
}

fn words(of: &DryRun) -> String {
    let part = |name: &str, rules: &BTreeMap<String, u64>| {
        let total: u64 = rules.values().sum();
        let rules: Vec<String> = rules.iter().map(|(rule, n)| format!("{rule} {n}")).collect();
        match rules.is_empty() {
            true => format!("{total} {name}"),
            false => format!("{total} {name} ({})", rules.join(", ")),
        }
    };
    let (later, never) = (part("later", &of.later), part("never", &of.never));
    format!("{} callable now, {later}, {never}", of.now)
}
