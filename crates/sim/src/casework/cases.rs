//! Complaints, compliments and suggestions: taken, worked at, sometimes forgotten, closed and taken up again.

use std::time::Duration;

use timbre_casework::case::{self, Amendment, CaseRules, NewTask, Taking, Word};
use timbre_casework::{
    Act, Case, CaseId, CaseKey, CaseKind, CaseState, Cause, Channel, CustomerId, FollowUpId,
    Matter, Party, Record, RecordKind, Refusal, SaleId, Work,
};
use timbre_model::{AgentId, CallId, PhoneNumber, Slug};

use super::book::{CaseEntry, Deed};
use super::month::{Happening, Month, by, new_id};
use super::scene::{DAY, HOUR, Scene, civil};
use crate::dice::Die;
use crate::floor::slug;

/// Few enough that some keys are drawn twice.
const KEYS: u64 = 60_000;

const ADR: &str = "the consumers' arbitration board";

/// What somebody comes with.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) customer: u128,
    pub(super) number: PhoneNumber,
    pub(super) kind: CaseKind,
    pub(super) matter: Matter,
    pub(super) cause: Option<Cause>,
    pub(super) department: Option<Slug>,
    pub(super) owner: Option<AgentId>,
    pub(super) received: i64,
    pub(super) call: Option<CallId>,
    pub(super) queue: Option<usize>,
    pub(super) about: Option<(FollowUpId, SaleId)>,
}

impl Month {
    /// What a customer complains of, or says.
    pub(super) fn story(&mut self, customer: u128, number: PhoneNumber, kind: CaseKind) -> Story {
        let die = &mut self.chance.customers;
        let (cause, matter) = match die.below(10) {
            0 | 1 => (Some(Cause::UndueCharge), Matter::Billing),
            2 => (Some(Cause::Continuity), Matter::Continuity),
            3 => (Some(Cause::Errors), Matter::Finance),
            4 => (None, Matter::General),
            5 => (Some(Cause::Conduct), Matter::General),
            _ => (Some(Cause::Delays), Matter::General),
        };
        let department = match die.below(3) {
            0 => Some(slug("billing")),
            1 => Some(slug("support")),
            _ => None,
        };
        Story {
            customer,
            number,
            kind,
            matter,
            cause,
            department,
            owner: None,
            received: self.now,
            call: None,
            queue: None,
            about: None,
        }
    }

    pub(super) fn take_case(&mut self, it: Story) {
        let act = Act { at: self.civil(), by: by(it.owner.as_ref()) };
        let done =
            self.perform(|scene, _, ids| case::take(taking(&it, scene, ids), &act, &scene.rules()));
        if let Some(work) = done {
            self.taken(it, &work);
        }
    }

    /// Writes a case down in the world's own book.
    pub(super) fn taken(&mut self, it: Story, work: &Work) {
        let new = work.records.iter().find(|it| it.kind() == RecordKind::Case);
        let Some(id) = new.map(Record::id) else { return };
        let entry = CaseEntry {
            taken: self.now,
            received: it.received,
            customer: it.customer,
            kind: it.kind,
            matter: it.matter,
            cause: it.cause,
            department: it.department,
            owner: it.owner,
            call: it.call,
            follow_up: it.about.map(|(id, _)| id.as_u128()),
            tasks: Vec::new(),
            deeds: Vec::new(),
        };
        self.count(it.kind.as_str());
        self.book.cases.insert(id, entry);
        // Some are forgotten, a few for ever.
        let forgotten = self.chance.desk.permille(60);
        match forgotten {
            true if self.chance.desk.permille(300) => {}
            true => self.after(4 * pace(it.matter) * 6, Happening::Case(id)),
            false => self.after(pace(it.matter), Happening::Case(id)),
        }
    }

    pub(super) fn work_at(&mut self, id: u128) {
        let Some(case) = self.shelf.case(id).cloned() else { return };
        if !self.book.cases.contains_key(&id) || case.state.is_closed() {
            return;
        }
        if self.chance.desk.permille(40) {
            self.hand_over(id);
        }
        if case.kind != CaseKind::Complaint {
            self.close(id, true);
            return;
        }
        match case.state {
            CaseState::Received => self.begin(id),
            CaseState::Investigating => self.find(id),
            CaseState::Proposed => self.decide(id, &case),
            CaseState::Agreed | CaseState::Executing => self.carry_out(id, &case),
            CaseState::Confirmed | CaseState::Rejected => {}
        }
        let pace = pace(case.matter);
        self.after(pace, Happening::Case(id));
    }

    pub(super) fn come_back(&mut self, id: u128) {
        if self.shelf.case(id).is_some_and(|it| it.state.is_closed()) {
            let reopen = |case: &Case, act: &Act, rules: &CaseRules<'_>| {
                case::reopen(case, "it happened again", act, rules)
            };
            self.deed(id, Deed::Reopened, reopen);
            self.after(DAY, Happening::Case(id));
        }
    }

    /// One step, in the world's book where it was taken.
    fn deed(
        &mut self,
        id: u128,
        deed: Deed,
        make: impl Fn(&Case, &Act, &CaseRules<'_>) -> Result<Work, Refusal>,
    ) {
        let owner = self.book.cases.get(&id).and_then(|it| it.owner.clone());
        let act = Act { at: self.civil(), by: by(owner.as_ref()) };
        let done = self.perform(|scene, shelf, _| match shelf.case(id) {
            Some(case) => make(case, &act, &scene.rules()),
            None => Ok(Work::default()),
        });
        if let (Some(_), Some(entry)) = (done, self.book.cases.get_mut(&id)) {
            entry.deeds.push((self.now, deed));
        }
    }

    fn begin(&mut self, id: u128) {
        match self.chance.desk.below(10) {
            0 => self.reject(id),
            1 => self.propose(id),
            _ => self.deed(id, Deed::Investigated, |case, act, _| {
                case::investigate(case, "looked it up", act)
            }),
        }
    }

    fn find(&mut self, id: u128) {
        match self.chance.desk.below(10) {
            0 => self.reject(id),
            1 | 2 => self.agree(id),
            _ => self.propose(id),
        }
    }

    fn reject(&mut self, id: u128) {
        let reasons = Word {
            text: "the contract says otherwise".to_owned(),
            adr: ADR.to_owned(),
            ..Word::default()
        };
        self.deed(id, Deed::Rejected, |case, act, rules| case::reject(case, &reasons, act, rules));
        self.maybe_back(id);
    }

    fn propose(&mut self, id: u128) {
        let mut solutions = vec!["a new one".to_owned()];
        if self.chance.desk.permille(400) {
            solutions.push("the money back".to_owned());
        }
        self.deed(id, Deed::Proposed, |case, act, _| case::propose(case, &solutions, act));
    }

    fn decide(&mut self, id: u128, case: &Case) {
        let open = (1..).zip(&case.proposals).find(|(_, it)| it.accepted.is_none());
        let Some((number, _)) = open else { return };
        let accepted = self.chance.customers.permille(700);
        let deed = if accepted { Deed::Accepted } else { Deed::Declined };
        let others = case.proposals.iter().filter(|it| it.accepted.is_none()).count() > 1;
        let verdict =
            |case: &Case, act: &Act, _: &CaseRules<'_>| case::decide(case, number, accepted, act);
        if accepted || !others {
            return self.deed(id, deed, verdict);
        }
        // The case waits for what is said of the next proposal: nothing that the book knows changes.
        self.plain(id, |case, act, rules| verdict(case, act, rules));
    }

    /// A step that leaves a case where it stands.
    fn plain(
        &mut self,
        id: u128,
        make: impl Fn(&Case, &Act, &CaseRules<'_>) -> Result<Work, Refusal>,
    ) -> bool {
        let owner = self.book.cases.get(&id).and_then(|it| it.owner.clone());
        let act = Act { at: self.civil(), by: by(owner.as_ref()) };
        let done = self.perform(|scene, shelf, _| match shelf.case(id) {
            Some(case) => make(case, &act, &scene.rules()),
            None => Ok(Work::default()),
        });
        done.is_some()
    }

    fn agree(&mut self, id: u128) {
        let agent = self.some_agent();
        let task = |what: &str, who: Party, hours: i64| NewTask {
            what: what.to_owned(),
            who,
            by: civil(self.now + hours * HOUR),
        };
        let all = [
            task("send it", Party::Agent(agent), 48),
            task("pay it back", Party::Department(slug("billing")), 72),
            task("send the broken one", Party::Customer, 120),
        ];
        let count = usize::try_from(self.chance.desk.below(4)).unwrap_or(0);
        let tasks: Vec<_> = all.into_iter().take(count).collect();
        self.deed(id, Deed::Agreed, |case, act, _| case::agree(case, "a new one", &tasks, act));
        if let Some(entry) = self.book.cases.get_mut(&id) {
            let tasks = tasks.into_iter().map(|it| (it.who, it.by.as_micros(), false));
            entry.tasks.extend(tasks);
        }
    }

    fn carry_out(&mut self, id: u128, case: &Case) {
        let ours = |it: &timbre_casework::Task| it.done_at.is_none() && it.who != Party::Customer;
        let open = case.tasks.iter().position(ours);
        if case.answer.is_none() && self.chance.desk.permille(500) {
            return self.answer(id);
        }
        match open {
            _ if case.state == CaseState::Agreed && case.tasks.is_empty() => self.agree(id),
            _ if case.state == CaseState::Agreed && self.chance.desk.permille(500) => {
                self.deed(id, Deed::Executed, |case, act, _| case::execute(case, act));
            }
            Some(index) => {
                self.deed(id, Deed::TaskDone, |case, act, _| {
                    case::task_done(case, index + 1, "", act)
                });
                if let Some(task) =
                    self.book.cases.get_mut(&id).and_then(|it| it.tasks.get_mut(index))
                {
                    task.2 = true;
                }
            }
            None => {
                let satisfied = self.chance.customers.permille(880);
                self.close(id, satisfied);
            }
        }
    }

    fn answer(&mut self, id: u128) {
        let upheld = self.chance.desk.permille(800);
        let word = Word {
            text: "you are right: it is being mended".to_owned(),
            upheld,
            adr: ADR.to_owned(),
            ..Word::default()
        };
        self.deed(id, Deed::Answered(upheld), |case, act, rules| {
            case::answer(case, &word, act, rules)
        });
    }

    fn close(&mut self, id: u128, satisfied: bool) {
        let deed = if satisfied { Deed::Confirmed } else { Deed::Disputed };
        self.deed(id, deed, |case, act, rules| case::confirm(case, satisfied, "", act, rules));
        if satisfied {
            self.maybe_back(id);
        }
    }

    fn maybe_back(&mut self, id: u128) {
        if self.chance.customers.permille(70) {
            self.after(4 * DAY, Happening::Comeback(id));
        }
    }

    fn hand_over(&mut self, id: u128) {
        let owner = self.some_agent();
        if self.plain(id, |case, act, _| case::assign(case, &owner, "knows the customer", act))
            && let Some(entry) = self.book.cases.get_mut(&id)
        {
            entry.owner = Some(owner);
        }
    }
}

/// How long a step takes at most times: most cases are answered in their terms.
fn pace(matter: Matter) -> i64 {
    match matter {
        Matter::Continuity => HOUR / 6,
        Matter::Billing => 12 * HOUR,
        Matter::General => 30 * HOUR,
        Matter::Finance => 48 * HOUR,
    }
}

pub(super) fn taking(it: &Story, scene: &Scene, ids: &mut Die) -> Taking {
    let at = civil(it.received);
    Taking {
        id: CaseId::from_u128(new_id(ids)),
        key: CaseKey::from_chance(ids.below(KEYS)),
        tenant: scene.tenant.clone(),
        client: scene.client.clone(),
        kind: it.kind,
        channel: if it.call.is_some() { Channel::Phone } else { Channel::Post },
        received_at: Some(at).filter(|_| it.call.is_none()),
        call: it.call,
        queue: it.queue.map(|n| scene.queues[n].clone()),
        customer_name: "Somebody".to_owned(),
        language: "es".to_owned(),
        statement: "it does not work".to_owned(),
        follow_up: it.about.map(|(id, _)| id),
        more: Amendment {
            customer: Some(CustomerId::from_u128(it.customer)),
            number: Some(it.number.clone()),
            cause: it.cause,
            matter: Some(it.matter),
            department: it.department.clone(),
            sale: it.about.map(|(_, id)| id),
            ..Amendment::default()
        },
        checklist: Vec::new(),
    }
}

/// A letter that came some time ago.
pub(super) const LETTER: Duration = Duration::from_secs(4 * 86_400);
