//! Calls that are owed, and messages.

use timbre_casework::callback::{self, NewCallback};
use timbre_casework::message::{self, NewMessage};
use timbre_casework::{
    Act, By, CallBack, CallbackId, CallbackState, CallbackWhy, CustomerId, Delivery, MessageId,
    MessageState, Recipient, Record, Work,
};
use timbre_model::AgentId;

use super::book::{CallbackEntry, MessageEntry};
use super::calls::Talk;
use super::month::{Happening, Month, new_id};
use super::scene::{DAY, HOUR, civil};
use crate::floor::slug;

impl Month {
    pub(super) fn promise_call(&mut self, it: &Talk) {
        let ahead = self.chance.customers.below((3 * DAY).cast_unsigned()).cast_signed();
        let due = self.opened(self.now + ahead).unwrap_or(self.now + ahead);
        let agent = Some(it.agent.clone()).filter(|_| self.chance.customers.permille(400));
        self.owe(it, CallbackWhy::Promised, due, agent);
    }

    /// A conversation was lost by a technical failure: its agent calls back at once.
    pub(super) fn owe_call(&mut self, it: &Talk) {
        self.owe(it, CallbackWhy::CallLost, self.now, Some(it.agent.clone()));
    }

    fn owe(&mut self, it: &Talk, why: CallbackWhy, due: i64, agent: Option<AgentId>) {
        let act = Act { at: self.civil(), by: By::System };
        let done = self.perform(|scene, _, ids| {
            let new = NewCallback {
                tenant: scene.tenant.clone(),
                client: scene.client.clone(),
                why,
                call: Some(it.call),
                customer: Some(CustomerId::from_u128(it.customer)),
                customer_name: "Somebody".to_owned(),
                number: it.number.clone(),
                due_at: civil(due),
                agent: agent.clone(),
                note: "as promised".to_owned(),
            };
            callback::promise(CallbackId::from_u128(new_id(ids)), new, &act)
        });
        if let Some(work) = done {
            self.owed(&work, due, agent);
            // Some call again themselves before.
            if self.chance.customers.permille(50) {
                self.cancel(&work);
            }
        }
    }

    /// Writes the callback of a piece of work into the world's own book.
    fn owed(&mut self, work: &Work, due: i64, agent: Option<AgentId>) {
        let Some(id) = callback_of(work) else { return };
        let until = due.max(self.now) + DAY;
        let state = CallbackState::Planned;
        self.book.callbacks.insert(id, CallbackEntry { made: self.now, due, agent, state, until });
        self.count("callbacks");
    }

    fn cancel(&mut self, work: &Work) {
        let Some(id) = callback_of(work) else { return };
        let act = Act { at: self.civil(), by: By::Desk("lead".to_owned()) };
        self.perform(|_, shelf, _| {
            shelf.callback(id).map_or(Ok(Work::default()), |it| callback::cancel(it, &act))
        });
        self.called(id, CallbackState::Canceled);
    }

    fn called(&mut self, id: u128, state: CallbackState) {
        if let Some(entry) = self.book.callbacks.get_mut(&id) {
            entry.state = state;
        }
    }

    pub(super) fn call_back(&mut self, id: u128) {
        let Some(it) = self.shelf.callback(id) else { return };
        // Whoever is reached after all was reached.
        if it.state == CallbackState::Canceled || it.state == CallbackState::Done {
            return;
        }
        let at = self.civil();
        if it.state != CallbackState::Expired {
            self.perform(|_, shelf, _| {
                shelf.callback(id).map_or(Ok(Work::default()), |it| callback::attempted(it, at))
            });
            self.called(id, CallbackState::Attempting);
        }
        if self.chance.customers.permille(350) {
            return self.at_work(6 * HOUR, Happening::Callback(id));
        }
        self.perform(|_, shelf, _| {
            shelf.callback(id).map_or(Ok(Work::default()), |it| callback::done(it, at))
        });
        self.called(id, CallbackState::Done);
    }

    pub(super) fn leave_message(&mut self, it: &Talk) {
        let agent = self.some_agent();
        let recipient = match self.chance.customers.below(5) {
            0 => Recipient::Mail("somebody@example.com".to_owned()),
            1 | 2 => Recipient::Department(slug("support")),
            _ => Recipient::Agent(agent),
        };
        let named = !self.chance.customers.permille(80);
        let due = self.now + self.chance.customers.below(DAY.cast_unsigned()).cast_signed();
        let back = match self.chance.customers.below(3) {
            0 => CallBack::WeCall(Some(civil(due))),
            1 => CallBack::TheyCall(None),
            _ => CallBack::None,
        };
        let act = Act { at: self.civil(), by: By::Agent(it.agent.clone()) };
        let done = self.perform(|scene, _, ids| {
            let new = NewMessage {
                tenant: scene.tenant.clone(),
                client: scene.client.clone(),
                call: Some(it.call),
                recipient: recipient.clone(),
                department: None,
                from: Some("Somebody".to_owned()).filter(|_| named),
                customer: Some(CustomerId::from_u128(it.customer)),
                number: Some(it.number.clone()),
                text: "call me".to_owned(),
                purpose: "the offer".to_owned(),
                call_back: back.clone(),
            };
            let ids = (MessageId::from_u128(new_id(ids)), CallbackId::from_u128(new_id(ids)));
            message::take(ids, new, &scene.floor, &act)
        });
        let Some(work) = done else { return };
        let calls = matches!(back, CallBack::WeCall(_));
        self.left(&work, recipient, named, if calls { due } else { self.now });
    }

    fn left(&mut self, work: &Work, recipient: Recipient, named: bool, due: i64) {
        let found = work.records.iter().find(|it| matches!(it, Record::Message(_)));
        let Some(id) = found.map(Record::id) else { return };
        let (agent, department) = match recipient {
            Recipient::Agent(agent) => (Some(agent), None),
            Recipient::Department(id) => (None, Some(id)),
            Recipient::Mail(_) => (None, None),
        };
        self.owed(work, due, agent.clone());
        let state = if named { MessageState::Taken } else { MessageState::Held };
        self.book.messages.insert(id, MessageEntry { due, agent, department, state });
        self.count("messages");
        // Some are never read.
        if !self.chance.desk.permille(50) {
            self.at_work(2 * HOUR, Happening::Message(id));
        }
    }

    pub(super) fn read_message(&mut self, id: u128) {
        let Some(entry) = self.book.messages.get(&id).cloned() else { return };
        let (at, by) = (self.civil(), By::Desk("lead".to_owned()));
        let state = match entry.state {
            MessageState::Held => return self.decide_message(id, entry),
            MessageState::Taken => MessageState::Delivered,
            MessageState::Delivered => MessageState::Answered,
            MessageState::Answered | MessageState::Dropped => return,
        };
        let act = Act { at, by: entry.agent.map_or(by, By::Agent) };
        self.perform(|_, shelf, _| match shelf.message(id) {
            Some(it) if state == MessageState::Delivered => {
                message::deliver(it, Delivery::Stream, at)
            }
            Some(it) => message::answer(it, "done".to_owned(), &act),
            None => Ok(Work::default()),
        });
        self.read(id, state);
    }

    fn decide_message(&mut self, id: u128, entry: MessageEntry) {
        let pass_on = self.chance.desk.permille(700);
        let act = Act { at: self.civil(), by: By::Desk("lead".to_owned()) };
        let done = self.perform(|_, shelf, ids| {
            let callback = CallbackId::from_u128(new_id(ids));
            let it = shelf.message(id);
            it.map_or(Ok(Work::default()), |it| {
                message::decide(it, pass_on, "as they sounded".to_owned(), callback, &act)
            })
        });
        if let Some(work) = done {
            self.owed(&work, entry.due, entry.agent);
        }
        self.read(id, if pass_on { MessageState::Taken } else { MessageState::Dropped });
    }

    fn read(&mut self, id: u128, state: MessageState) {
        if let Some(entry) = self.book.messages.get_mut(&id) {
            entry.state = state;
        }
        self.at_work(3 * HOUR, Happening::Message(id));
    }
}

fn callback_of(work: &Work) -> Option<u128> {
    work.records.iter().find(|it| matches!(it, Record::Callback(_))).map(Record::id)
}
