//! One call: what is known of it, its stage, and its record.

use std::sync::Arc;
use std::time::Duration;

use timbre_model::{
    Cadence, CallId, CallOutcome, CallRecord, CallerId, Civil, EndCause, HoldStats, LegId, Mono,
    Now, OfferId, PlacedFor, QueueRef, QueueSpec, ReleasedBy, RingWindow, TrunkRef,
};

use crate::bounds::PASSED_OVER_MAX;
use crate::disposed::Disposed;
use crate::queue::Place;
use crate::timers::Deadline;
use crate::{CallView, PlacedCall, WakeReason};

/// A call in progress, or in its wrap-up.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) facts: Facts,
    /// The attempt that it is; `None`: it came in.
    pub(crate) placed: Option<Placed>,
    /// The customer's leg; gone once the call has ended.
    pub(crate) leg: LegId,
    pub(crate) queue: usize,
    /// As the queue stood when the call came. A later floor holds for later calls.
    pub(crate) rules: Arc<Rules>,
    pub(crate) place: Place,
    pub(crate) ringing: Ringing,
    pub(crate) stage: Stage,
    pub(crate) hold: HoldStats,
    pub(crate) disposition: Option<Disposed>,
    pub(crate) tally: Tally,
    /// Agents who declined it, each until when.
    pub(crate) passed_over: Vec<(usize, Mono)>,
    pub(crate) timer: Option<Deadline>,
}

/// A queue's definition with its full name.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) name: QueueRef,
    pub(crate) spec: QueueSpec,
}

/// A call that was placed for a campaign.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) attempt: usize,
    pub(crate) campaign: usize,
    /// How long it may be without an agent once answered.
    pub(crate) limit: Duration,
    pub(crate) shown: Arc<PlacedCall>,
}

/// What is known of a call from its INVITE, or from its answer where it was placed.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) id: CallId,
    pub(crate) trunk: TrunkRef,
    pub(crate) dialed: String,
    pub(crate) caller: CallerId,
    pub(crate) arrived: Now,
}

/// What the caller hears before an agent.
#[derive(Debug)]
pub(crate) struct Ringing {
    pub(crate) cadence: Cadence,
    pub(crate) window: RingWindow,
    /// When we answered, and in which ring.
    pub(crate) answered: Option<(Civil, u32)>,
}

/// Counters of one call.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) offers: u32,
    pub(crate) entries: u32,
}

/// Where a call is in its life.
#[derive(Debug)]
pub(crate) enum Stage {
    /// In its queue's line.
    Waiting,
    /// On offer. It keeps its place for the case that the offer fails.
    Offered { agent: usize },
    /// Taken by an agent who waits for the ring window to open.
    Accepted { agent: usize },
    /// Placed for one agent, who waits for the answer.
    Dialing { agent: usize },
    /// With an agent.
    Talking { talk: Talk, held: Option<Held> },
    /// Over, and not yet classified.
    WrapUp { talk: Talk, ended: Ended },
}

/// The conversation with an agent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) agent: usize,
    pub(crate) since: Now,
}

/// A hold in progress.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) since: Mono,
    /// The agent's phone asked for it, and only the phone's own resume is to be followed.
    pub(crate) by_phone: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) at: Now,
    pub(crate) outcome: CallOutcome,
    pub(crate) cause: EndCause,
    pub(crate) released_by: ReleasedBy,
}

impl Facts {
    /// The record of a call of which nothing more is known.
    pub(crate) fn record(&self) -> CallRecord {
        CallRecord {
            id: self.id,
            tenant: self.trunk.tenant.clone(),
            trunk: self.trunk.trunk.clone(),
            dialed: self.dialed.clone(),
            caller: self.caller.clone(),
            queue: None,
            client: None,
            arrived_at: self.arrived.civil,
            answered_at: None,
            answered_ring: None,
            connected_at: None,
            agent: None,
            outbound: None,
            hold: HoldStats::default(),
            ended_at: None,
            outcome: None,
            cause: None,
            released_by: None,
            disposition: None,
            wrapped_up_at: None,
        }
    }
}

impl Ended {
    /// Writes itself into a record.
    pub(crate) fn write(&self, record: &mut CallRecord) {
        record.ended_at = Some(self.at.civil);
        record.outcome = Some(self.outcome);
        record.cause = Some(self.cause);
        record.released_by = Some(self.released_by);
    }
}

impl Call {
    /// Since the INVITE.
    pub(crate) fn age(&self, now: Mono) -> Duration {
        now.since(self.facts.arrived.mono)
    }

    /// The offer that is open or was made last.
    pub(crate) fn offer_id(&self) -> OfferId {
        OfferId { call: self.facts.id, number: self.tally.offers }
    }

    /// The agent who has it, or to whom it is offered.
    pub(crate) fn agent(&self) -> Option<usize> {
        match &self.stage {
            Stage::Waiting => None,
            Stage::Offered { agent } | Stage::Accepted { agent } | Stage::Dialing { agent } => {
                Some(*agent)
            }
            Stage::Talking { talk, .. } | Stage::WrapUp { talk, .. } => Some(talk.agent),
        }
    }

    /// An agent may be connected: the caller was answered before, or has heard enough rings.
    pub(crate) fn window_open(&self, now: Mono) -> bool {
        self.ringing.answered.is_some() || self.age(now) >= self.ringing.window.earliest
    }

    /// The agent declined it not long ago.
    pub(crate) fn passes_over(&self, agent: usize, now: Mono) -> bool {
        self.passed_over.iter().any(|&(who, until)| who == agent && until > now)
    }

    /// Not to be offered to `agent` again before `until`.
    pub(crate) fn pass_over(&mut self, agent: usize, until: Mono) {
        self.passed_over.retain(|(who, _)| *who != agent);
        if self.passed_over.len() == PASSED_OVER_MAX {
            self.passed_over.remove(0);
        }
        self.passed_over.push((agent, until));
    }

    /// When this stage needs to be looked at again.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let after = |span| self.facts.arrived.mono + span;
        let greeting = self
            .ringing
            .answered
            .is_none()
            .then(|| (after(self.ringing.window.latest), WakeReason::GreetingDue));
        let longest = self.placed.as_ref().map_or(self.rules.spec.max_wait, |it| it.limit);
        let max_wait = (after(longest), WakeReason::MaxWait);
        match self.stage {
            Stage::Waiting => {
                let lapse = self.passed_over.iter().map(|&(_, at)| at).min();
                let lapse = lapse.map(|at| (at, WakeReason::RejectionLapses));
                [greeting, Some(max_wait), lapse].into_iter().flatten().min()
            }
            Stage::Offered { .. } => [greeting, Some(max_wait)].into_iter().flatten().min(),
            Stage::Accepted { .. } => {
                Some((after(self.ringing.window.earliest), WakeReason::AnswerWindowOpens))
            }
            Stage::Dialing { .. } | Stage::Talking { .. } | Stage::WrapUp { .. } => None,
        }
    }

    /// Its record as it stands, but for the agent's name.
    pub(crate) fn record(&self) -> CallRecord {
        let mut record = self.facts.record();
        record.queue = Some(self.rules.name.queue.clone());
        record.client = Some(self.rules.spec.client.clone());
        record.answered_at = self.ringing.answered.map(|(at, _)| at);
        if let Some(placed) = &self.placed {
            record.outbound = Some(PlacedFor {
                campaign: placed.shown.campaign.campaign.clone(),
                lead: placed.shown.lead.as_ref().map(|it| it.id),
            });
        } else {
            record.answered_ring = self.ringing.answered.map(|(_, ring)| ring);
        }
        record.hold = self.hold;
        record.disposition = self.disposition.as_ref().map(|it| it.disposition.clone());
        match &self.stage {
            Stage::Waiting
            | Stage::Offered { .. }
            | Stage::Accepted { .. }
            | Stage::Dialing { .. } => {}
            Stage::Talking { talk, .. } => record.connected_at = Some(talk.since.civil),
            Stage::WrapUp { talk, ended } => {
                record.connected_at = Some(talk.since.civil);
                ended.write(&mut record);
            }
        }
        record
    }

    /// As seen from outside; `None` once it has ended.
    pub(crate) fn view(&self, agent: Option<timbre_model::AgentRef>) -> Option<CallView> {
        let (connected, on_hold) = match &self.stage {
            Stage::Waiting
            | Stage::Offered { .. }
            | Stage::Accepted { .. }
            | Stage::Dialing { .. } => (false, false),
            Stage::Talking { held, .. } => (true, held.is_some()),
            Stage::WrapUp { .. } => return None,
        };
        Some(CallView {
            call: self.facts.id,
            queue: self.rules.name.clone(),
            agent,
            arrived: self.facts.arrived.mono,
            connected,
            on_hold,
        })
    }
}

impl Stage {
    /// An agent and the customer hear or heard each other.
    pub(crate) fn connected(&self) -> bool {
        match self {
            Self::Waiting | Self::Offered { .. } | Self::Accepted { .. } | Self::Dialing { .. } => {
                false
            }
            Self::Talking { .. } | Self::WrapUp { .. } => true,
        }
    }
}
