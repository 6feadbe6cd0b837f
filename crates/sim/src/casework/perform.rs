//! A piece of work as the node does it: read, worked out, kept; with what goes wrong in between.

use timbre_casework::{Act, By, Record, RecordKind, Refusal, Work, case};

use super::Sabotage;
use super::month::Month;
use super::scene::Scene;
use super::shelf::{NotKept, Shelf};
use crate::dice::Die;

/// More tries than chance ever needs.
const TRIES: usize = 1_000;

impl Month {
    /// Does one piece of work, however often it takes. `None`: it was refused, which nothing here should be.
    pub(super) fn perform(
        &mut self,
        make: impl Fn(&Scene, &Shelf, &mut Die) -> Result<Work, Refusal>,
    ) -> Option<Work> {
        self.requests += 1;
        let request =
            Some(self.requests).filter(|_| self.sabotages() != Some(Sabotage::ForgetRequest));
        let mut first: Option<Work> = None;
        for _ in 0..TRIES {
            // The answer that was remembered.
            if first.is_some() && request.is_some_and(|it| self.shelf.done(it)) {
                return first;
            }
            let work = match make(&self.scene, &self.shelf, &mut self.chance.ids) {
                Ok(work) => work,
                Err(refusal) => {
                    if first.is_none() {
                        self.book.refused.push(format!("{}: refused: {refusal}", self.now));
                    }
                    return first;
                }
            };
            if work == Work::default() {
                return Some(first.unwrap_or(work));
            }
            if self.chance.mishaps.permille(15) {
                self.count("lost before kept");
                continue;
            }
            self.meddle(&work);
            let mut kept = work.clone();
            if let Some(sabotage) = self.sabotages() {
                sabotage.falsify(&mut kept);
            }
            match self.shelf.keep(kept, request) {
                Ok(()) => {
                    first.get_or_insert(work);
                    if !self.chance.mishaps.permille(15) {
                        return first;
                    }
                    self.count("answers lost");
                }
                Err(NotKept::Stale) => self.count("stale"),
                Err(NotKept::KeyTaken) => self.count("keys taken"),
                Err(NotKept::Repeated) => return first,
            }
        }
        self.book.refused.push(format!("{}: never kept", self.now));
        first
    }

    /// Somebody else writes to the same case between its reading and its keeping.
    fn meddle(&mut self, work: &Work) {
        let case = work.records.iter().find(|it| it.kind() == RecordKind::Case);
        let Some(Record::Case(case)) = case.filter(|it| it.version() > 1) else { return };
        if !self.chance.mishaps.permille(20) {
            return;
        }
        let Some(stands) = self.shelf.case(case.id.as_u128()) else { return };
        let act = Act { at: self.civil(), by: By::Desk("back-office".to_owned()) };
        if let Ok(note) = case::note(stands, "asked again at the warehouse", &act) {
            let kept = self.shelf.keep(note, None);
            debug_assert_eq!(kept, Ok(()), "it was read just now");
            self.count("meddled");
        }
    }
}
