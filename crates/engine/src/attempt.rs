//! One attempt, from its permit to its last record.

use std::sync::Arc;
use std::time::Duration;

use timbre_model::{AttemptRecord, Civil, Lead, LegId, Mono};

use crate::timers::Deadline;
use crate::{PlacedCall, WakeReason};

/// An attempt that was permitted and is not closed.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) record: Box<AttemptRecord>,
    pub(crate) campaign: usize,
    pub(crate) trunk: usize,
    /// What a minute costs.
    pub(crate) price: f64,
    pub(crate) placed: Arc<PlacedCall>,
    /// The callee's leg, there from the dial to the hang-up.
    pub(crate) leg: LegId,
    /// How long it may ring.
    pub(crate) ring_timeout: Duration,
    /// How long it may be without an agent once answered.
    pub(crate) limit: Duration,
    pub(crate) progress: Progress,
    /// The call that it is. From the permit on where it is placed for one agent, else from the answer on.
    pub(crate) call: Option<usize>,
    /// It is placed for one agent.
    pub(crate) bound: bool,
    /// When it was asked for: it was permitted after that.
    pub(crate) asked: Mono,
    pub(crate) dialed: Option<Mono>,
    pub(crate) rang: Option<Mono>,
    pub(crate) answered: Option<Mono>,
    /// A call that was promised.
    pub(crate) callback: Option<Promise>,
    /// The callee has asked by key not to be called again.
    pub(crate) barred: bool,
    pub(crate) timer: Option<Deadline>,
}

/// Another call, as an agent promised it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    pub(crate) at: Civil,
    pub(crate) personal: bool,
}

/// How far an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The phone of its agent rings first.
    Held,
    /// Dialed, and neither answered nor failed yet.
    SetUp,
    /// Answered, without an agent yet.
    Waiting,
    /// With an agent.
    Talking,
    /// Over, and not yet classified.
    WrapUp,
    /// No agent was there in time: the callee hears so.
    Parting { until: Mono },
}

impl Progress {
    /// How many kinds there are.
    pub(crate) const KINDS: usize = 6;

    /// Counts the kinds from 0.
    pub(crate) fn kind(self) -> usize {
        match self {
            Self::Held => 0,
            Self::SetUp => 1,
            Self::Waiting => 2,
            Self::Talking => 3,
            Self::WrapUp => 4,
            Self::Parting { .. } => 5,
        }
    }
}

impl Attempt {
    /// The lead as it stood before.
    pub(crate) fn lead(&self) -> Option<&Arc<Lead>> {
        self.placed.lead.as_ref()
    }

    /// When it needs to be looked at again.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        match self.progress {
            Progress::Parting { until } => Some((until, WakeReason::MessageEnds)),
            _ => None,
        }
    }

    /// The callee's leg is the attempt's own, not its call's.
    pub(crate) fn holds_leg(&self) -> bool {
        matches!(self.progress, Progress::SetUp | Progress::Parting { .. })
    }
}
