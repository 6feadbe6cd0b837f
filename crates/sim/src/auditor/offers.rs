//! Offers, by the events: made in order, to somebody free, and ended once.

use timbre_engine::{Because, OfferMade};
use timbre_model::{AgentRef, CallId, OfferId, OfferOutcome};

use super::Auditor;
use super::calls::{Contact, Refusal};

/// How long an agent who declined a call is passed over for it, in microseconds.
const REJECTED_AGAIN: u64 = 60_000_000;

impl Auditor {
    pub(super) fn offered(&mut self, made: &OfferMade) {
        let agent = self.rules.agent(&made.agent.agent);
        let OfferId { call, number } = made.offer;
        self.let_go(agent, None);
        if let Some(&Contact::Taken { agent: former }) = self.calls.get(&call).map(|it| &it.contact)
        {
            self.let_go(former, None);
        }
        self.check_order(call, agent, made.because);
        let in_line = self.leaves_line(call);
        self.demand(in_line, || format!("call {call} was offered and did not wait"));
        let book = &self.agents[agent];
        let busy = book.call.filter(|it| self.calls.get(it).is_some_and(|it| it.end.is_none()));
        self.demand(busy.is_none(), || {
            format!("agent-{agent} was offered {call}, having {busy:?}")
        });
        self.becomes_busy(agent);
        self.agents[agent].call = Some(call);
        let Some(book) = self.calls.get_mut(&call) else { return };
        book.offers += 1;
        let counted = book.offers == number;
        book.contact = Contact::Offered { agent, number };
        self.demand(counted, || format!("offer {} is out of number", made.offer));
    }

    /// The first in line, and the longest idle.
    fn check_order(&mut self, call: CallId, agent: usize, because: Because) {
        let Some(book) = self.calls.get(&call) else { return };
        let (place, queue) = (book.place, book.queue);
        let refused =
            book.passed_over.get(&agent).is_some_and(|it| it.certain && self.now < it.until);
        let before = self.first_for(agent).filter(|(first, _)| *first < place);
        let able = queue.is_some_and(|queue| self.serves(agent, queue));
        self.demand(able, || format!("agent-{agent} has not the skills for {call}"));
        self.demand(!refused, || format!("agent-{agent} was offered {call} again too early"));
        self.demand(before.is_none(), || {
            format!("agent-{agent} was offered {call} before {before:?}")
        });
        if because == Because::LongestIdle {
            let first = self.longest_idle_for(call, agent);
            self.demand(first == Some(agent), || {
                format!("{call} was offered to agent-{agent}, and {first:?} was idle longer")
            });
        }
    }

    pub(super) fn offer_ended(&mut self, offer: OfferId, agent: &AgentRef, outcome: OfferOutcome) {
        let agent = self.rules.agent(&agent.agent);
        let OfferId { call, number } = offer;
        *self.offers.entry(outcome).or_default() += 1;
        let now = self.now;
        let Some(book) = self.calls.get_mut(&call) else { return };
        let open = book.contact == Contact::Offered { agent, number };
        match outcome {
            OfferOutcome::Accepted => book.contact = Contact::Taken { agent },
            OfferOutcome::Rejected => {
                let until = now + REJECTED_AGAIN;
                book.passed_over.insert(agent, Refusal { until, certain: true });
                book.contact = Contact::None;
            }
            OfferOutcome::Timeout | OfferOutcome::Canceled | OfferOutcome::Rescinded => {
                book.contact = Contact::None;
            }
        }
        self.demand(open, || format!("offer {offer} to agent-{agent} ended and was not open"));
        if outcome != OfferOutcome::Accepted {
            self.agents[agent].call = None;
            self.joins_line(call);
        }
    }

    /// An agent who had taken a call and was not connected yet does something else: the call is in line again, unless it
    /// has ended. `still`: the call that the agent has now.
    pub(super) fn let_go(&mut self, agent: usize, still: Option<CallId>) {
        let Some(call) = self.agents[agent].call.filter(|&call| Some(call) != still) else {
            return;
        };
        let now = self.now;
        let Some(book) = self.calls.get_mut(&call) else { return };
        if book.contact == (Contact::Taken { agent }) {
            book.contact = Contact::None;
            self.agents[agent].call = None;
            if book.end.is_none() {
                let until = now + REJECTED_AGAIN;
                book.passed_over.insert(agent, Refusal { until, certain: false });
                self.joins_line(call);
            }
        }
    }
}
