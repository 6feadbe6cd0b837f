//! What is measured, slice by slice, from what the engine tells and the carrier sees.

use std::collections::BTreeMap;

use timbre_compliance::AbandonmentCounts;
use timbre_model::{AgentStateKind, AttemptOutcome, CampaignId, Civil, LeadId};

use super::book::DryRun;

/// What happened in one stretch of time. Spans are microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slice {
    /// How long it is.
    pub span: u64,
    /// Of all agents, talking or working on a conversation.
    pub busy: u64,
    /// Of all agents, at work and not on a pause.
    pub present: u64,
    /// Of all lines, from the dial to an answer or a failure.
    pub ringing: u64,
    /// Calls dialed.
    pub dials: u64,
    /// Calls answered that an agent took or that were abandoned.
    pub answered: u64,
    /// Of which no agent came in time.
    pub abandoned: u64,
    /// Conversations.
    pub connected: u64,
    /// Waits of agents between two conversations, together.
    pub waited: u64,
    /// From answers to agents, together.
    pub to_agent: u64,
    /// Calls that came in and are over.
    pub called_in: u64,
    /// Calls that came in and met an agent within their queue's promise.
    pub in_time: u64,
}

impl Slice {
    /// Share of the agents' time that is spent on conversations.
    pub fn occupancy(&self) -> f64 {
        ratio(self.busy, self.present)
    }

    /// Share of live answers that were abandoned.
    pub fn abandonment(&self) -> f64 {
        ratio(self.abandoned, self.answered)
    }

    /// Lines in set-up for each agent.
    pub fn lines_per_agent(&self) -> f64 {
        ratio(self.ringing, self.present)
    }

    /// Mean wait of an agent between two conversations, in seconds.
    pub fn wait_s(&self) -> f64 {
        ratio(self.waited, self.connected) / 1e6
    }

    /// `count` in an hour.
    pub fn per_hour(&self, count: u64) -> f64 {
        count as f64 * 3.6e9 / self.span.max(1) as f64
    }
}

impl std::ops::AddAssign for Slice {
    fn add_assign(&mut self, more: Self) {
        let Self {
            span,
            busy,
            present,
            ringing,
            dials,
            answered,
            abandoned,
            connected,
            waited,
            to_agent,
            called_in,
            in_time,
        } = more;
        self.span += span;
        self.busy += busy;
        self.present += present;
        self.ringing += ringing;
        self.dials += dials;
        self.answered += answered;
        self.abandoned += abandoned;
        self.connected += connected;
        self.waited += waited;
        self.to_agent += to_agent;
        self.called_in += called_in;
        self.in_time += in_time;
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// What a run came to, after its warm-up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// In the order of time.
    pub slices: Vec<Slice>,
    /// Attempts that ended, by their outcome.
    pub outcomes: BTreeMap<AttemptOutcome, u64>,
    /// What each campaign came to; empty where those who are called are without end.
    pub campaigns: BTreeMap<CampaignId, Account>,
    /// Steps of the engine.
    pub steps: u64,
    /// Stands for every change and action of the run; the same for the same seed.
    pub hash: u64,
}

/// What a campaign came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Account {
    /// Attempts by their outcome.
    pub outcomes: BTreeMap<AttemptOutcome, u64>,
    /// Its answered calls, as the laws on abandonment count them.
    pub abandonment: AbandonmentCounts,
    /// Where its leads stood before it began.
    pub before: DryRun,
    /// Where its leads stand at the end.
    pub left: DryRun,
    /// When each lead was first permitted to be called.
    pub tried: BTreeMap<LeadId, Civil>,
}

impl Measured {
    /// All slices together.
    pub fn total(&self) -> Slice {
        let mut total = Slice::default();
        self.slices.iter().for_each(|it| total += *it);
        total
    }
}

/// Follows a run.
#[derive(Debug)]
pub(crate) struct Measure {
    from: u64,
    width: u64,
    now: u64,
    slices: Vec<Slice>,
    agents: Vec<Seen>,
    busy: u64,
    present: u64,
    pub(crate) lines: u64,
    pub(crate) outcomes: BTreeMap<AttemptOutcome, u64>,
}

/// An agent, as seen last.
#[derive(Debug, Clone, Copy)]
struct Seen {
    state: AgentStateKind,
    /// Since when free for another conversation.
    free: u64,
}

impl Measure {
    pub(crate) fn new(from: u64, width: u64, agents: usize) -> Self {
        Self {
            from,
            width: width.max(1),
            now: 0,
            slices: vec![Slice::default()],
            agents: vec![Seen { state: AgentStateKind::SignedOut, free: 0 }; agents],
            busy: 0,
            present: 0,
            lines: 0,
            outcomes: BTreeMap::new(),
        }
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, to: u64) {
        while self.now < to {
            let past = self.now >= self.from;
            let edge = match past {
                true => self.from + ((self.now - self.from) / self.width + 1) * self.width,
                false => self.from,
            };
            let until = edge.min(to);
            let (span, busy, present, lines) =
                (until - self.now, self.busy, self.present, self.lines);
            let slice = self.slice();
            slice.span += span;
            slice.busy += busy * span;
            slice.present += present * span;
            slice.ringing += lines * span;
            self.now = until;
            if until == edge {
                match past {
                    true => self.slices.push(Slice::default()),
                    // What was so far does not count.
                    false => {
                        self.slices = vec![Slice::default()];
                        self.outcomes.clear();
                    }
                }
            }
        }
    }

    /// The present slice.
    pub(crate) fn slice(&mut self) -> &mut Slice {
        let last = self.slices.len() - 1;
        &mut self.slices[last]
    }

    /// An agent is seen in another state.
    pub(crate) fn agent(&mut self, n: usize, state: AgentStateKind) {
        use AgentStateKind::{NotReady, SignedOut, Talking, WrapUp};
        let former = std::mem::replace(&mut self.agents[n].state, state);
        let busy = |it| matches!(it, Talking | WrapUp);
        let present = |it| !matches!(it, SignedOut | NotReady);
        self.busy = self.busy + u64::from(busy(state)) - u64::from(busy(former));
        self.present = self.present + u64::from(present(state)) - u64::from(present(former));
        let over = busy(former) && state != WrapUp && state != former;
        if over || (present(state) && !present(former)) {
            self.agents[n].free = self.now;
        }
        if state == Talking && former != Talking {
            let waited = self.now - self.agents[n].free;
            let slice = self.slice();
            slice.connected += 1;
            slice.waited += waited;
        }
    }

    pub(crate) fn finish(mut self) -> (Vec<Slice>, BTreeMap<AttemptOutcome, u64>) {
        if self.slices.last().is_some_and(|it| it.span == 0) {
            self.slices.pop();
        }
        (self.slices, self.outcomes)
    }
}
