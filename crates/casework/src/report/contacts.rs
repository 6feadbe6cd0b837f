//! First-contact resolution: who did not have to call again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use timbre_model::{CallId, Civil, ClientId, PhoneNumber, QueueId};

use super::{Table, percent};

/// A call that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Which.
    pub call: CallId,
    /// To which client company.
    pub client: ClientId,
    /// The queue that took it.
    pub queue: QueueId,
    /// Who called; `None`: withheld.
    pub number: Option<PhoneNumber>,
    /// When.
    pub at: Civil,
    /// They talked with an agent.
    pub connected: bool,
}

/// Counts of calls and whether another followed. They must be given newest first. Remembers who called in the last seven
/// days before the call that is given, and no more.
#[derive(Debug, Clone, Default)]
pub struct Contacts {
    /// By queue: conversations, of which resolved.
    pub queues: BTreeMap<QueueId, (u64, u64)>,
    /// Conversations of which it is not known who called.
    pub withheld: u64,
    /// Conversations whose seven days are not over.
    pub open: u64,
    /// Calls in which a case was taken that had to be taken up again.
    reopened: BTreeSet<CallId>,
    /// The earliest known call of each number that is later than the present one.
    pub(super) next: BTreeMap<(ClientId, PhoneNumber), Civil>,
    /// The same in the order of time, latest first.
    pub(super) order: VecDeque<(Civil, ClientId, PhoneNumber)>,
}

impl Contacts {
    /// Whoever calls again within this was not helped.
    pub const AGAIN: Duration = Duration::from_secs(7 * 86_400);

    /// A case that was taken in this call was taken up again later.
    pub fn reopened(&mut self, call: CallId) {
        self.reopened.insert(call);
    }

    /// Counts a call. Of those at or after `to` it is only known that they were; `now` tells whose seven days are over.
    pub fn add(&mut self, it: Contact, to: Civil, now: Civil) {
        self.forget_after(it.at + Self::AGAIN);
        let Some(number) = it.number else {
            self.withheld += u64::from(it.connected && it.at < to);
            return;
        };
        let who = (it.client.clone(), number.clone());
        let again = self.next.insert(who, it.at).is_some();
        self.order.push_back((it.at, it.client, number));
        if !it.connected || it.at >= to {
            return;
        }
        if it.at + Self::AGAIN > now {
            self.open += 1;
            return;
        }
        let counts = self.queues.entry(it.queue).or_default();
        counts.0 += 1;
        counts.1 += u64::from(!again && !self.reopened.contains(&it.call));
    }

    fn forget_after(&mut self, latest: Civil) {
        while self.order.front().is_some_and(|(at, ..)| *at > latest) {
            let Some((at, client, number)) = self.order.pop_front() else { return };
            // One who called again since is remembered for that call.
            if self.next.get(&(client.clone(), number.clone())) == Some(&at) {
                self.next.remove(&(client, number));
            }
        }
    }

    /// What they show.
    pub fn tables(&self) -> Vec<Table> {
        let note = "FCR = resolved / conversations. Resolved: the same number did not call the same client company again within \
                    7 days, whether anybody answered or not, and no case that was taken in the conversation was taken up again. \
                    In no share: conversations whose 7 days are not over, and those whose number was withheld. A customer who \
                    calls from another number is not recognised.";
        let columns = ["queue", "conversations", "resolved", "FCR"];
        let mut table = Table::new("First-contact resolution", &columns, note);
        for (queue, (all, resolved)) in &self.queues {
            table.row(&[queue, all, resolved, &percent(*resolved, *all)]);
        }
        let all = self.queues.values().map(|it| it.0).sum::<u64>();
        let resolved = self.queues.values().map(|it| it.1).sum::<u64>();
        table.row(&[&"all", &all, &resolved, &percent(resolved, all)]);
        let mut left = Table::new(
            "Not counted",
            &["why", "conversations"],
            "Conversations in no share above.",
        );
        left.row(&[&"7 days are not over", &self.open]);
        left.row(&[&"number withheld", &self.withheld]);
        vec![table, left]
    }
}
