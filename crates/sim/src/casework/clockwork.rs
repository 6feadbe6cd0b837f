//! What the clock brings about: records are woken in the order of their times.

use timbre_casework::{CallbackState, FollowUpState};
use timbre_casework::{RecordKind, Refusal, Work, callback, case, follow_up};
use timbre_model::{LeadId, ListId};

use super::month::{Happening, Month};
use super::scene::{HOUR, Scene, civil};
use super::shelf::{Id, Shelf};
use crate::floor::known;

/// Looks at one moment after which the clock is taken to run in circles.
const LOOKS: usize = 10_000;

impl Month {
    /// Wakes all that is due. `false`: something is due for ever.
    pub(super) fn wake(&mut self) -> bool {
        for _ in 0..LOOKS {
            let due = self.shelf.woken(self.civil());
            if due.is_empty() {
                return true;
            }
            due.into_iter().for_each(|id| self.wake_one(id));
        }
        self.book.refused.push(format!("{}: woken again and again", self.now));
        false
    }

    fn wake_one(&mut self, (kind, id): Id) {
        match kind {
            RecordKind::Case => self.wake_case(id),
            RecordKind::FollowUp => self.wake_follow_up(id),
            RecordKind::Callback => self.wake_callback(id),
            RecordKind::Sale
            | RecordKind::Message
            | RecordKind::Survey
            | RecordKind::Trouble
            | RecordKind::Customer => {}
        }
    }

    fn wake_case(&mut self, id: u128) {
        let at = self.civil();
        let woken = |scene: &Scene, shelf: &Shelf| -> Result<Work, Refusal> {
            let case = shelf.case(id).filter(|it| {
                let wake = timbre_casework::Record::Case(Box::new((*it).clone())).index().wake_at;
                wake.is_some_and(|it| it <= at)
            });
            let woken = case.and_then(|it| case::wake(it, at, &scene.rules()));
            Ok(woken.map(|it| it.work).unwrap_or_default())
        };
        self.perform(|scene, shelf, _| woken(scene, shelf));
    }

    /// It is laid into its list; the same lead however often that is tried.
    fn wake_follow_up(&mut self, id: u128) {
        self.leads += 1;
        let (at, lead) = (self.civil(), LeadId::from_u64(self.leads));
        self.perform(|_, shelf, _| match shelf.follow_up(id) {
            Some(it) if it.state == FollowUpState::Planned && it.due_at <= at => {
                follow_up::due(it, lead, at)
            }
            _ => Ok(Work::default()),
        });
        if let Some(entry) = self.book.follow_ups.get_mut(&id)
            && entry.state == FollowUpState::Planned
        {
            entry.state = FollowUpState::Due;
            self.at_work(2 * HOUR, Happening::FollowUp(id));
        }
    }

    fn wake_callback(&mut self, id: u128) {
        let at = self.civil();
        let Some(it) = self.shelf.callback(id) else { return };
        let (state, expires) = (it.state, it.expires_at);
        if state == CallbackState::Planned {
            self.leads += 1;
            let laid = (known(ListId::parse("callbacks")), LeadId::from_u64(self.leads));
            self.perform(|_, shelf, _| match shelf.callback(id) {
                Some(it) if it.state == CallbackState::Planned && it.due_at <= at => {
                    callback::due(it, Some(laid.clone()), at)
                }
                _ => Ok(Work::default()),
            });
            if let Some(entry) = self.book.callbacks.get_mut(&id) {
                entry.state = CallbackState::Due;
            }
            // Some are forgotten.
            if !self.chance.desk.permille(80) {
                self.at_work(HOUR, Happening::Callback(id));
            }
            return;
        }
        let dialing = state == CallbackState::Attempting && self.chance.desk.permille(300);
        self.perform(|_, shelf, _| match shelf.callback(id) {
            Some(it) if !it.state.is_over() && it.expires_at <= at && it.expires_at == expires => {
                callback::expire(it, dialing, at)
            }
            _ => Ok(Work::default()),
        });
        if let Some(entry) = self.book.callbacks.get_mut(&id) {
            match dialing {
                true => entry.until = (civil(self.now) + callback::GRACE).as_micros(),
                false => entry.state = CallbackState::Expired,
            }
        }
    }
}
