//! Sales, and the checks after them.

use timbre_casework::follow_up::{self, Findings};
use timbre_casework::sale::{self, Check, NewSale};
use timbre_casework::{
    Act, By, CaseKind, CustomerId, FollowUp, FollowUpId, FollowUpState, Record, SaleId, Work, case,
};
use timbre_model::{CallId, FollowUpOutcome};

use super::book::{FollowUpEntry, SaleEntry};
use super::calls::Talk;
use super::cases::taking;
use super::month::{Happening, Month, by, new_id};
use super::scene::HOUR;

impl Month {
    pub(super) fn sell(&mut self, it: &Talk) {
        let which = usize::try_from(self.chance.customers.below(2)).unwrap_or(0);
        let promises: Vec<String> = match self.chance.customers.below(3) {
            0 => vec!["a second one for free".to_owned()],
            _ => Vec::new(),
        };
        let act = Act { at: self.civil(), by: By::Agent(it.agent.clone()) };
        let done = self.perform(|scene, shelf, ids| {
            if shelf.sale(it.call.as_u128()).is_some() {
                return Ok(Work::default());
            }
            let new = NewSale {
                id: SaleId::from_u128(it.call.as_u128()),
                tenant: scene.tenant.clone(),
                client: scene.client.clone(),
                at: None,
                call: Some(it.call),
                campaign: None,
                agent: None,
                customer: Some(CustomerId::from_u128(it.customer)),
                customer_name: "Somebody".to_owned(),
                number: it.number.clone(),
                product: "a thing".to_owned(),
                promises: promises.clone(),
            };
            sale::record(new, scene.policy(which), || FollowUpId::from_u128(new_id(ids)), &act)
        });
        let Some(work) = done else { return };
        self.count("sales");
        let policy = self.scene.policy(which);
        let after: Vec<i64> = policy.after.iter().map(|it| it.as_secs().cast_signed()).collect();
        let made = vec![None; promises.len() + policy.promises.len()];
        for (id, after) in planned(&work).into_iter().zip(&after) {
            let entry = FollowUpEntry {
                sale: it.call.as_u128(),
                due: self.now + after * 1_000_000,
                state: FollowUpState::Planned,
                tries: 0,
                agent: None,
            };
            self.book.follow_ups.insert(id, entry);
        }
        let entry = SaleEntry { at: self.now, after, promises: made };
        self.book.sales.insert(it.call.as_u128(), entry);
    }

    /// It is dialed; or, where somebody talked with the customer and wrote nothing down, they do so now.
    pub(super) fn follow_up(&mut self, id: u128) {
        let Some(it) = self.shelf.follow_up(id).cloned() else { return };
        let Some(entry) = self.book.follow_ups.get(&id) else { return };
        if entry.agent.is_some() {
            return self.find_out(id, &it);
        }
        if entry.state == FollowUpState::Unreachable {
            return self.called_themselves(id, &it);
        }
        self.dial(id);
        if self.chance.customers.permille(450) {
            return self.nobody(id);
        }
        let (call, agent) = (CallId::from_u128(self.new_id()), self.some_agent());
        self.perform(|_, shelf, _| {
            let it = shelf.follow_up(id).map(|it| follow_up::talked(it, call, Some(agent.clone())));
            Ok(it.unwrap_or_default())
        });
        if let Some(entry) = self.book.follow_ups.get_mut(&id) {
            entry.agent = Some(agent);
        }
        match self.chance.desk.permille(60) {
            // A few never write it down.
            true if self.chance.desk.permille(100) => {}
            true => self.at_work(4 * HOUR, Happening::FollowUp(id)),
            false => self.find_out(id, &it),
        }
    }

    fn dial(&mut self, id: u128) {
        let at = self.civil();
        self.perform(|_, shelf, _| {
            shelf.follow_up(id).map_or(Ok(Work::default()), |it| follow_up::attempted(it, at))
        });
        self.count("follow-up calls");
        if let Some(entry) = self.book.follow_ups.get_mut(&id) {
            entry.tries += 1;
            entry.state = FollowUpState::Attempting;
        }
    }

    fn nobody(&mut self, id: u128) {
        let at = self.civil();
        self.perform(|_, shelf, _| {
            shelf.follow_up(id).map_or(Ok(Work::default()), |it| follow_up::missed(it, false, at))
        });
        let Some(entry) = self.book.follow_ups.get_mut(&id) else { return };
        if entry.tries < 3 {
            return self.at_work(5 * HOUR, Happening::FollowUp(id));
        }
        entry.state = FollowUpState::Unreachable;
        self.count("unreachable");
        if self.chance.customers.permille(50) {
            self.at_work(9 * HOUR, Happening::FollowUp(id));
        }
    }

    /// Who could not be reached calls themselves.
    fn called_themselves(&mut self, id: u128, it: &FollowUp) {
        let agent = self.some_agent();
        if let Some(entry) = self.book.follow_ups.get_mut(&id) {
            entry.agent = Some(agent);
        }
        self.find_out(id, it);
    }

    fn find_out(&mut self, id: u128, it: &FollowUp) {
        if self.chance.customers.permille(850) { self.confirmed(id) } else { self.incident(id, it) }
    }

    fn confirmed(&mut self, id: u128) {
        let Some((sale, act)) = self.asked(id) else { return };
        let findings = found(FollowUpOutcome::Confirmed, Vec::new());
        let done = self.perform(|_, shelf, _| match (shelf.follow_up(id), shelf.sale(sale)) {
            (Some(it), Some(sale)) => follow_up::finish(it, sale, findings.clone(), None, &act),
            _ => Ok(Work::default()),
        });
        if done.is_none() {
            return;
        }
        self.over(id, FollowUpState::Confirmed);
        let promises = self.book.sales.get_mut(&sale).map(|it| &mut it.promises);
        promises.into_iter().flatten().for_each(|it| {
            it.get_or_insert(true);
        });
    }

    /// A promise was broken: the case that follows is kept with it.
    fn incident(&mut self, id: u128, it: &FollowUp) {
        let Some((sale, act)) = self.asked(id) else { return };
        let Some(sold) = self.shelf.sale(sale) else { return };
        let (number, count) = (sold.number.clone(), sold.promises.len() as u64);
        let customer = sold.customer.map_or(0, CustomerId::as_u128);
        let broken = u32::try_from(self.chance.customers.below(count)).unwrap_or(0) + 1;
        let mut story = self.story(customer, number, CaseKind::Complaint);
        story.about = Some((it.id, it.sale));
        story.owner = self.book.follow_ups.get(&id).and_then(|it| it.agent.clone());
        let check = Check { promise: broken, kept: false, note: "it never came".to_owned() };
        let findings = found(FollowUpOutcome::Incident, vec![check]);
        let done = self.perform(|scene, shelf, ids| {
            let (Some(it), Some(sale)) = (shelf.follow_up(id), shelf.sale(sale)) else {
                return Ok(Work::default());
            };
            let taking = taking(&story, scene, ids);
            let case = taking.id;
            let mut work = case::take(taking, &act, &scene.rules())?;
            work.join(follow_up::finish(it, sale, findings.clone(), Some(case), &act)?);
            Ok(work)
        });
        let Some(work) = done else { return };
        self.over(id, FollowUpState::Incident);
        self.count("incidents");
        let promises = self.book.sales.get_mut(&sale).map(|it| &mut it.promises);
        let at = usize::try_from(broken).unwrap_or(1) - 1;
        if let Some(promise) = promises.and_then(|it| it.get_mut(at)) {
            *promise = Some(false);
        }
        self.taken(story, &work);
    }

    fn asked(&self, id: u128) -> Option<(u128, Act)> {
        let entry = self.book.follow_ups.get(&id)?;
        Some((entry.sale, Act { at: self.civil(), by: by(entry.agent.as_ref()) }))
    }

    fn over(&mut self, id: u128, state: FollowUpState) {
        if let Some(entry) = self.book.follow_ups.get_mut(&id) {
            entry.state = state;
        }
    }
}

fn found(outcome: FollowUpOutcome, checks: Vec<Check>) -> Findings {
    Findings { outcome, checks, note: String::new(), call: None, agent: None }
}

fn planned(work: &Work) -> Vec<u128> {
    let planned = work.records.iter().filter_map(|it| match it {
        Record::FollowUp(it) => Some(it.id.as_u128()),
        _ => None,
    });
    planned.collect()
}
