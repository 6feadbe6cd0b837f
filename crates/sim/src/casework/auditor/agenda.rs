//! What is to be done: the agenda of the records against what is open in the world's book, in the order of its times.

use timbre_casework::{CallbackState, CaseKind, FollowUpState, MessageState, Party, Record};
use timbre_model::{AgentId, Slug};

use super::Auditor;
use super::cases::Stand;
use crate::casework::book::Book;
use crate::casework::shelf::Shelf;

type Item = (i64, Option<AgentId>, Option<Slug>);

impl Auditor {
    pub(in crate::casework) fn count_agenda(&mut self, shelf: &Shelf, book: &Book) {
        let mut kept: Vec<Item> = shelf
            .all()
            .flat_map(|it: &Record| it.index().agenda)
            .map(|it| (it.due_at.as_micros(), it.agent, it.department))
            .collect();
        let mut open = self.open(book);
        kept.sort();
        open.sort();
        let differs = kept.iter().zip(&open).position(|(kept, open)| kept != open);
        let same = differs.is_none() && kept.len() == open.len();
        self.check(same, || {
            let at = differs.unwrap_or(0);
            let (kept_n, open_n) = (kept.len(), open.len());
            let (kept, open) = (kept.get(at), open.get(at));
            format!("an agenda of {kept_n} where {open_n} is open: {kept:?} for {open:?}")
        });
    }

    fn open(&self, book: &Book) -> Vec<Item> {
        let mut all: Vec<Item> = Vec::new();
        for it in book.cases.values().filter(|it| it.kind == CaseKind::Complaint) {
            let stand = Stand::of(it, self.place);
            if stand.state.is_closed() {
                continue;
            }
            let department = it.department.clone().filter(|_| it.owner.is_none());
            all.extend(stand.rounds.last().map(|last| (last.due, it.owner.clone(), department)));
            for (who, by, _) in it.tasks.iter().filter(|(_, _, done)| !done) {
                match who {
                    Party::Agent(agent) => all.push((*by, Some(agent.clone()), None)),
                    Party::Department(id) => all.push((*by, None, Some(id.clone()))),
                    Party::Customer => {}
                }
            }
        }
        for it in book.follow_ups.values() {
            if it.state == FollowUpState::Attempting && it.agent.is_some() {
                all.push((it.due, it.agent.clone(), None));
            }
        }
        for it in book.messages.values() {
            let waits = matches!(it.state, MessageState::Taken | MessageState::Delivered);
            if waits && (it.agent.is_some() || it.department.is_some()) {
                all.push((it.due, it.agent.clone(), it.department.clone()));
            }
        }
        use CallbackState::{Canceled, Done, Expired};
        for it in book.callbacks.values() {
            if !matches!(it.state, Done | Expired | Canceled) {
                all.push((it.due, it.agent.clone(), None));
            }
        }
        all
    }
}
