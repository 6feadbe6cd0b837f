//! Who is called next, and whether the law lets them: what the node's authorizer does over its store, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use timbre_compliance::{Attempt, Catalog, Clockwatch, History, Lists, Reading, decide_reading};
use timbre_engine::gate::{self, Callee, Ruled};
use timbre_engine::{AuthorizeRequest, Authorized, Permit, Verdicts, Want, Withheld};
use timbre_model::{
    AgentId, Change, Civil, Consent, ConsentBasis, FloorSpec, Lead, LeadId, LeadNumber, LeadRole,
    LeadState, ListId, NewLead, Now, Party, PhoneNumber, TenantId,
};

use super::book::{Book, Clerk, permit};
use super::setup::{Leads, Setup};

/// Decides requests for attempts.
#[derive(Debug)]
pub(crate) struct Authorizer {
    pub(crate) watch: Clockwatch,
    pub(crate) clerk: Clerk,
    stock: Stock,
    /// The store is away: nothing is authorized.
    pub(crate) store_away: bool,
}

/// Where leads come from.
#[derive(Debug)]
enum Stock {
    Endless(Endless),
    Book(Box<Book>),
}

/// People without end.
#[derive(Debug)]
struct Endless {
    like: LeadNumber,
    next: u64,
}

impl Authorizer {
    pub(crate) fn new(setup: &Setup, now: Now) -> Self {
        let stock = match &setup.leads {
            Leads::Endless(like) => Stock::Endless(Endless { like: (**like).clone(), next: 0 }),
            Leads::Listed(people, registries) => {
                Stock::Book(Box::new(Book::new(people, registries, &orders(&setup.floor))))
            }
        };
        Self { watch: Clockwatch::new(now), clerk: Clerk::new(), stock, store_away: false }
    }

    /// The habits of whoever has this number.
    pub(crate) fn habits_of(&self, number: &PhoneNumber) -> usize {
        match &self.stock {
            Stock::Endless(_) => 0,
            Stock::Book(book) => book.habits_of(number),
        }
    }

    /// The model of the store, where there is one.
    pub(crate) fn book(&self) -> Option<&Book> {
        match &self.stock {
            Stock::Endless(_) => None,
            Stock::Book(book) => Some(book),
        }
    }

    pub(crate) fn book_mut(&mut self) -> Option<&mut Book> {
        match &mut self.stock {
            Stock::Endless(_) => None,
            Stock::Book(book) => Some(book),
        }
    }

    pub(crate) fn commit(&mut self, changes: &[Change]) {
        if let Stock::Book(book) = &mut self.stock {
            book.commit(changes);
        }
    }

    /// Decides one request.
    pub(crate) fn decide(&mut self, request: &AuthorizeRequest, now: Now) -> Authorized {
        let (batch, campaign) = (request.batch, request.plan.campaign.clone());
        let reading = self.watch.observe(now);
        let verdicts = match &mut self.stock {
            _ if self.store_away => Err(Withheld::StoreAway),
            Stock::Endless(endless) => endless.authorize(request, &reading, &mut self.clerk),
            Stock::Book(book) => book.authorize(request, &reading, &mut self.clerk),
        };
        Authorized { batch, campaign, verdicts }
    }
}

fn orders(floor: &FloorSpec) -> BTreeMap<ListId, timbre_model::LeadOrder> {
    floor.lists.iter().map(|it| (it.id.clone(), it.order.clone())).collect()
}

/// For whom a request is.
pub(crate) fn agent_of(want: &Want) -> Option<AgentId> {
    match want {
        Want::Leads { .. } => None,
        Want::ForAgent { agent }
        | Want::Reserve { agent }
        | Want::Lead { agent, .. }
        | Want::Number { agent, .. } => Some(agent.clone()),
    }
}

impl Endless {
    fn authorize(
        &mut self,
        request: &AuthorizeRequest,
        reading: &Reading,
        clerk: &mut Clerk,
    ) -> Result<Verdicts, Withheld> {
        let claimed = reading.instants.first().copied().filter(|_| reading.settled);
        let at = claimed.ok_or(Withheld::ClockUntrusted)?;
        let most = match &request.want {
            Want::Leads { most, .. } => *most,
            _ => 1,
        };
        let (history, lists) = (History::default(), Lists::default());
        let decide = |attempt: &Attempt| {
            decide_reading(Catalog::shipped(), attempt, &history, &lists, reading)
        };
        let mut verdicts = Verdicts::default();
        for _ in 0..most {
            let lead = Arc::new(self.next(request, at));
            let number = &lead.person.numbers[0];
            let person = Some(&lead.person);
            let callee = Callee { number, person, lead: Some((lead.id, &lead.list)) };
            clerk.turns += 1;
            match gate::rule(request, callee, (clerk.turns, false), at, decide) {
                Ruled::Permit(granted) => {
                    let id = clerk.mint();
                    let attempt = Box::new(gate::intent(request, callee, &granted, (id, at)));
                    let agent = agent_of(&request.want);
                    let permit = permit(attempt, number, *granted);
                    let lead = Some(Arc::clone(&lead));
                    verdicts.permits.push(Permit { agent, lead, ..permit });
                }
                Ruled::Refuse { because, .. } | Ruled::Withhold { because, .. } => {
                    return Err(Withheld::Other(because));
                }
            }
        }
        Ok(verdicts)
    }

    /// Somebody new, who has just asked to be called.
    fn next(&mut self, request: &AuthorizeRequest, now: Civil) -> Lead {
        self.next += 1;
        let stem = self.like.number.expose();
        let stem = &stem[..stem.len() - 8];
        let number = PhoneNumber::parse(&format!("{stem}{:08}", self.next % 100_000_000));
        let number = number.expect("a number with other last digits is a number");
        let numbers = vec![LeadNumber { number, ..self.like.clone() }];
        let (tenant, list) = (&request.plan.campaign.tenant, &request.plan.spec.lists[0].list);
        let mut lead = lead(self.next, tenant, list, numbers);
        let (basis, given_at) = (ConsentBasis::Requested, now);
        lead.person.consent = Some(Consent { basis, given_at });
        lead
    }
}

/// A lead of whom nothing is known but numbers.
pub(crate) fn lead(n: u64, tenant: &TenantId, list: &ListId, numbers: Vec<LeadNumber>) -> Lead {
    let person = NewLead {
        numbers,
        name: String::new(),
        person: None,
        role: LeadRole::Unknown,
        party: Party::Consumer,
        consent: None,
        tags: BTreeSet::new(),
        attributes: BTreeMap::new(),
    };
    Lead {
        id: LeadId::from_u64(n),
        tenant: tenant.clone(),
        list: list.clone(),
        person,
        state: LeadState::Ready,
        attempts: 0,
        last_attempt_at: None,
    }
}
