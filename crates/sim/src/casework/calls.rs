//! Conversations, as light as can be: who called, who talked with them and what it was about.

use timbre_casework::{
    Act, By, CaseKind, CustomerId, Interaction, InteractionKind, Record, Work, customer,
};
use timbre_model::{AgentId, CallId, PhoneNumber};

use super::book::CallEntry;
use super::cases::LETTER;
use super::month::{Happening, Month};
use super::scene::HOUR;
use crate::floor::known;

/// A conversation that took place.
#[derive(Debug, Clone)]
pub(super) struct Talk {
    pub(super) call: CallId,
    pub(super) customer: u128,
    pub(super) number: PhoneNumber,
    pub(super) agent: AgentId,
    pub(super) queue: usize,
}

/// Calls that an agent gets in an hour.
const PER_HOUR: i64 = 6;
/// Customers for each agent.
const CUSTOMERS: u64 = 150;

impl Month {
    pub(super) fn call(&mut self) {
        let every = HOUR / PER_HOUR / self.scene.agents.len().cast_signed() as i64;
        let next = self.now + self.chance.calls.exponential(every.cast_unsigned()).cast_signed();
        if let Some(next) = self.opened(next) {
            self.later(next, Happening::Call);
        }
        self.count("calls");
        let customer =
            u128::from(self.chance.calls.below(self.scene.agents.len() as u64 * CUSTOMERS));
        let number = known(PhoneNumber::parse(&format!("+346{customer:08}")));
        let (call, agent) = (CallId::from_u128(self.new_id()), self.some_agent());
        let queue = usize::try_from(self.chance.calls.below(3)).unwrap_or(0);
        let connected = self.chance.calls.permille(930);
        let waited = self.chance.calls.exponential(30_000_000).cast_signed();
        let lost = connected && self.chance.calls.permille(3);
        let withheld = self.chance.calls.permille(30);
        self.book.calls.push(CallEntry {
            id: call,
            at: self.now,
            queue,
            number: Some(number.clone()).filter(|_| !withheld),
            waited: Some(waited).filter(|_| connected),
            lost,
        });
        if !connected || withheld {
            return;
        }
        let Some(customer) = self.meet(customer, &number) else { return };
        let talk = Talk { call, customer, number, agent, queue };
        self.contact(&talk);
        if lost {
            return self.owe_call(&talk);
        }
        self.talk(&talk);
    }

    /// What it was about.
    fn talk(&mut self, it: &Talk) {
        match self.chance.calls.below(1_000) {
            0..12 => return self.complain(it, CaseKind::Complaint),
            12..16 => self.complain(it, CaseKind::Compliment),
            16..20 => self.complain(it, CaseKind::Suggestion),
            20..32 => self.leave_message(it),
            32..72 => self.sell(it),
            72..92 => self.promise_call(it),
            92..95 => self.letter(it),
            _ => {}
        }
        self.ask(it);
    }

    fn complain(&mut self, it: &Talk, kind: CaseKind) {
        let mut story = self.story(it.customer, it.number.clone(), kind);
        story.owner = Some(it.agent.clone());
        (story.call, story.queue) = (Some(it.call), Some(it.queue));
        self.take_case(story);
    }

    /// It is about a letter of some days ago, which is found now.
    fn letter(&mut self, it: &Talk) {
        let mut story = self.story(it.customer, it.number.clone(), CaseKind::Complaint);
        let ago = self.chance.customers.below(u64::try_from(LETTER.as_micros()).unwrap_or(0));
        story.received = self.now - ago.cast_signed();
        self.take_case(story);
    }

    /// Makes a customer known at their first call.
    fn meet(&mut self, who: u128, number: &PhoneNumber) -> Option<u128> {
        if let Some(known) = self.book.customers.get(&who) {
            return Some(*known);
        }
        let id = self.new_id();
        let act = Act { at: self.civil(), by: By::System };
        let profile = customer::Profile {
            name: format!("Customer {who}"),
            numbers: vec![customer::bare_number(number.clone())],
            ..customer::Profile::unknown()
        };
        let work = self.perform(|scene, _, _| {
            let of = (&scene.tenant, &scene.client);
            customer::create(CustomerId::from_u128(id), of, profile.clone(), &act)
        })?;
        let made = work.records.first().map(Record::id)?;
        self.book.customers.insert(who, made);
        Some(made)
    }

    fn contact(&mut self, it: &Talk) {
        let at = self.civil();
        self.perform(|scene, _, _| {
            let contact = Interaction {
                tenant: scene.tenant.clone(),
                customer: CustomerId::from_u128(it.customer),
                at,
                kind: InteractionKind::Call,
                subject: it.call.as_u128(),
                agent: Some(it.agent.clone()),
                summary: "in".to_owned(),
            };
            Ok(Work { interactions: vec![contact], ..Work::default() })
        });
    }
}
