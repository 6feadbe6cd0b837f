//! A model of the store: leads, attempts, do-not-call, and the decisions made over them in one transaction.

mod evidence;
mod judge;
mod pick;
mod recover;
mod round;

use std::collections::{BTreeMap, BTreeSet};

use timbre_model::{
    AgentId, AttemptRecord, CallId, CampaignId, CampaignRecord, Change, Civil, DoNotCallEntry,
    Lead, LeadChange, LeadId, LeadOrder, LeadState, ListId, PhoneNumber,
};

pub use self::judge::DryRun;
pub(crate) use self::round::{Clerk, located, permit};
use super::setup::{Person, Registry};

/// What is durable.
#[derive(Debug, Default)]
pub(crate) struct Book {
    people: Vec<Kept>,
    index: BTreeMap<LeadId, usize>,
    habits: BTreeMap<PhoneNumber, usize>,
    /// Those who are ready, by rank.
    ready: BTreeMap<ListId, BTreeSet<(i64, usize)>>,
    /// Those whose next try is due some time, or whose block ends.
    waits: BTreeMap<ListId, BTreeSet<(Civil, i64, usize)>>,
    /// Calls that were promised.
    promised: BTreeSet<(Civil, usize)>,
    pub(crate) attempts: BTreeMap<CallId, AttemptRecord>,
    tried: BTreeMap<LeadId, Vec<CallId>>,
    of_number: BTreeMap<PhoneNumber, Vec<CallId>>,
    of_person: BTreeMap<String, Vec<CallId>>,
    barred: Vec<DoNotCallEntry>,
    registries: Vec<Registry>,
    pub(crate) campaigns: BTreeMap<CampaignId, CampaignRecord>,
    /// Leads that each list gave, for the campaigns' weights.
    served: BTreeMap<(CampaignId, ListId), f64>,
}

/// A lead with what only the store asks about it.
#[derive(Debug, Clone)]
struct Kept {
    /// Its state is the one under a claim.
    lead: Lead,
    rank: i64,
    claim: Option<Claim>,
}

/// Who has a lead now.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Claim {
    Agent(Option<AgentId>),
    Attempt(CallId),
}

impl Kept {
    /// As others see it: a claim covers the state.
    fn shown(&self) -> LeadState {
        if self.claim.is_some() { LeadState::Claimed } else { self.lead.state.clone() }
    }
}

impl Book {
    pub(crate) fn new(
        people: &[Person],
        registries: &[Registry],
        orders: &BTreeMap<ListId, LeadOrder>,
    ) -> Self {
        let mut book = Self { registries: registries.to_vec(), ..Self::default() };
        for Person { lead, habits } in people {
            let at = book.people.len();
            let order = orders.get(&lead.list).cloned().unwrap_or_default();
            let rank = rank(&order, lead);
            book.index.insert(lead.id, at);
            for number in &lead.person.numbers {
                book.habits.insert(number.number.clone(), *habits);
            }
            book.people.push(Kept { lead: lead.clone(), rank, claim: None });
            book.file(at);
        }
        book
    }

    pub(crate) fn habits_of(&self, number: &PhoneNumber) -> usize {
        self.habits.get(number).copied().unwrap_or(0)
    }

    /// Every lead, as others see it.
    pub(crate) fn leads(&self) -> impl Iterator<Item = (&Lead, LeadState)> {
        self.people.iter().map(|it| (&it.lead, it.shown()))
    }

    /// Puts a lead where it is found by its state, or takes it away from there.
    fn file(&mut self, at: usize) {
        let Kept { lead, rank, claim } = &self.people[at];
        let (rank, list, free) = (*rank, &lead.list, claim.is_none());
        let fresh = free && lead.state == LeadState::Ready;
        let due = match &lead.state {
            LeadState::Retry { at } | LeadState::Blocked { until: Some(at), .. } if free => {
                Some(*at)
            }
            _ => None,
        };
        let promise = match &lead.state {
            LeadState::Callback { at, .. } if free => Some(*at),
            _ => None,
        };
        if fresh {
            self.ready.entry(list.clone()).or_default().insert((rank, at));
        }
        if let Some(due) = due {
            self.waits.entry(list.clone()).or_default().insert((due, rank, at));
        }
        if let Some(due) = promise {
            self.promised.insert((due, at));
        }
    }

    fn unfile(&mut self, at: usize) {
        let Kept { lead, rank, .. } = &self.people[at];
        match &lead.state {
            LeadState::Ready => {
                self.ready.entry(lead.list.clone()).or_default().remove(&(*rank, at));
            }
            LeadState::Retry { at: due } | LeadState::Blocked { until: Some(due), .. } => {
                self.waits.entry(lead.list.clone()).or_default().remove(&(*due, *rank, at));
            }
            LeadState::Callback { at: due, .. } => _ = self.promised.remove(&(*due, at)),
            LeadState::Claimed
            | LeadState::Finished { .. }
            | LeadState::Blocked { until: None, .. } => {}
        }
    }

    fn change(&mut self, at: usize, change: impl FnOnce(&mut Kept)) {
        self.unfile(at);
        change(&mut self.people[at]);
        self.file(at);
    }

    /// Makes changes of the engine durable.
    pub(crate) fn commit(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Attempt(it) => self.keep_attempt(it),
                Change::Lead(it) => self.keep_lead(it),
                Change::DoNotCall(it) => self.barred.push((**it).clone()),
                Change::Campaign(it) => {
                    self.campaigns.insert(it.campaign.clone(), (**it).clone());
                }
                Change::Floor { .. }
                | Change::Call(_)
                | Change::Timeline(_)
                | Change::Offer(_)
                | Change::AgentState(_)
                | Change::Survey(_) => {}
            }
        }
    }

    fn keep_attempt(&mut self, it: &AttemptRecord) {
        if self.attempts.insert(it.id, it.clone()).is_some() {
            return;
        }
        self.of_number.entry(it.number.clone()).or_default().push(it.id);
        if let Some(person) = &it.person {
            self.of_person.entry(person.clone()).or_default().push(it.id);
        }
        if let Some(lead) = it.lead {
            self.tried.entry(lead).or_default().push(it.id);
        }
    }

    fn keep_lead(&mut self, change: &LeadChange) {
        let Some(&at) = self.index.get(&change.lead) else { return };
        match &change.state {
            LeadState::Claimed => self.change(at, |it| {
                it.claim.get_or_insert(Claim::Agent(None));
            }),
            state => self.change(at, |it| {
                (it.lead.state, it.claim) = (state.clone(), None);
            }),
        }
    }
}

/// Who of a list is called first: the least rank. By an attribute: leads without it last.
fn rank(order: &LeadOrder, lead: &Lead) -> i64 {
    let id = i64::try_from(lead.id.as_u64()).unwrap_or(i64::MAX);
    match order {
        LeadOrder::Imported | LeadOrder::FewestAttempts => id,
        LeadOrder::NewestFirst => -id,
        LeadOrder::Random { seed } => {
            let mixed = (seed ^ id.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9).cast_signed()
        }
        LeadOrder::Attribute { name, descending } => {
            let value = lead.person.attributes.get(name).and_then(|it| it.parse::<f64>().ok());
            let thousandths = value.map_or(i64::MAX, |it| (it * 1_000.0) as i64);
            if *descending && thousandths < i64::MAX { -thousandths } else { thousandths }
        }
    }
}
