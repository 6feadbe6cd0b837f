//! One agent: the state with its data, the control stream and the phone.

use timbre_model::{
    AgentRef, AgentSpec, AgentStateKind, LegId, Mono, NotReadyReason, Now, StationMode,
};

use crate::call::{Call, Stage};
use crate::preview::Preview;
use crate::timers::Deadline;
use crate::{AgentView, NotOfferable, WakeReason};

/// An agent of a floor.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) who: AgentRef,
    pub(crate) spec: AgentSpec,
    /// The queues whose skills the agent holds.
    pub(crate) serves: Vec<usize>,
    /// Running campaigns of these queues.
    pub(crate) campaigns: Vec<usize>,
    /// The request for attempts that the agent is kept for while idle.
    pub(crate) reserved: Option<u64>,
    pub(crate) state: AgentState,
    pub(crate) since: Now,
    pub(crate) idle: Idle,
    /// What was asked for during a call and comes after it.
    pub(crate) after: Option<After>,
    pub(crate) stream: Stream,
    pub(crate) station: Station,
    pub(crate) timer: Option<Deadline>,
}

/// What an agent is doing.
#[derive(Debug)]
pub(crate) enum AgentState {
    SignedOut,
    NotReady(NotReadyReason),
    Ready,
    Offered(Offered),
    /// Looks at a lead that is not called yet.
    Preview(Box<Preview>),
    Talking {
        call: usize,
        line: Line,
    },
    WrapUp(WrapUp),
}

/// A call on offer, or taken and waiting for its ring window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offered {
    pub(crate) call: usize,
    pub(crate) line: Line,
    pub(crate) answer: Answer,
}

/// How far an offer has come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// Open. `taken`: accepted over the API, and the phone has still to be picked up.
    Pending { made: Now, ends: Now, taken: bool },
    /// The phone rings, so that a customer can be called for it then.
    Ringing { ends: Now },
    /// Taken, the agent's leg is up; the ring window is not open yet, or the customer is being called.
    Accepted,
}

/// The agent's side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// A leg placed for this offer; it ends with the call.
    Placed(LegId),
    /// The leg that stays up for the shift.
    Persistent(LegId),
}

/// The work after a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrapUp {
    pub(crate) call: usize,
    pub(crate) until: Now,
    pub(crate) extended: bool,
}

/// A place among the idle.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Idle {
    /// Grows with every agent who becomes idle. Kept through an offer that came to nothing.
    pub(crate) turn: u64,
    /// Is in the lists of the queues served.
    pub(crate) joined: bool,
}

/// What comes after the present call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    NotReady(NotReadyReason),
    SignedOut,
}

/// The agent's control stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    /// Not signed in.
    None,
    Up {
        auto_accept: bool,
    },
    /// `None`: the grace is over, and only a call keeps the agent signed in.
    Lost {
        auto_accept: bool,
        grace_ends: Option<Mono>,
    },
}

/// The agent's phone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Station {
    pub(crate) registered: bool,
    /// The persistent leg.
    pub(crate) leg: Option<LegId>,
}

impl Line {
    /// Its leg.
    pub(crate) fn leg(self) -> LegId {
        match self {
            Self::Placed(leg) | Self::Persistent(leg) => leg,
        }
    }
}

impl AgentState {
    /// Its word.
    pub(crate) fn kind(&self) -> AgentStateKind {
        match self {
            Self::SignedOut => AgentStateKind::SignedOut,
            Self::NotReady(_) => AgentStateKind::NotReady,
            Self::Ready => AgentStateKind::Ready,
            Self::Offered(_) | Self::Preview(_) => AgentStateKind::Offered,
            Self::Talking { .. } => AgentStateKind::Talking,
            Self::WrapUp(_) => AgentStateKind::WrapUp,
        }
    }

    /// The call, for the states that have one.
    pub(crate) fn call(&self) -> Option<usize> {
        match self {
            Self::SignedOut | Self::NotReady(_) | Self::Ready | Self::Preview(_) => None,
            Self::Offered(Offered { call, .. })
            | Self::Talking { call, .. }
            | Self::WrapUp(WrapUp { call, .. }) => Some(*call),
        }
    }

    /// The line of the call, while there is one.
    pub(crate) fn line(&self) -> Option<Line> {
        match self {
            Self::SignedOut
            | Self::NotReady(_)
            | Self::Ready
            | Self::Preview(_)
            | Self::WrapUp(_) => None,
            Self::Offered(Offered { line, .. }) | Self::Talking { line, .. } => Some(*line),
        }
    }

    /// Why, for the one state that has a reason.
    pub(crate) fn reason(&self) -> Option<&NotReadyReason> {
        match self {
            Self::NotReady(reason) => Some(reason),
            Self::SignedOut
            | Self::Ready
            | Self::Offered(_)
            | Self::Preview(_)
            | Self::Talking { .. }
            | Self::WrapUp(_) => None,
        }
    }
}

impl Agent {
    /// An agent who is not at work.
    pub(crate) fn new(who: AgentRef, spec: AgentSpec, now: Now) -> Self {
        Self {
            who,
            spec,
            serves: Vec::new(),
            campaigns: Vec::new(),
            reserved: None,
            state: AgentState::SignedOut,
            since: now,
            idle: Idle::default(),
            after: None,
            stream: Stream::None,
            station: Station::default(),
            timer: None,
        }
    }

    /// The control stream is up.
    pub(crate) fn connected(&self) -> bool {
        matches!(self.stream, Stream::Up { .. })
    }

    /// The stream was lost for longer than the grace: only a call keeps the agent signed in.
    pub(crate) fn grace_over(&self) -> bool {
        matches!(self.stream, Stream::Lost { grace_ends: None, .. })
    }

    /// Offers are accepted for the agent.
    pub(crate) fn auto_accepts(&self) -> bool {
        match self.stream {
            Stream::None => false,
            Stream::Up { auto_accept } | Stream::Lost { auto_accept, .. } => auto_accept,
        }
    }

    /// The phone can be reached.
    pub(crate) fn has_station(&self) -> bool {
        match self.spec.station {
            StationMode::OnDemand => self.station.registered,
            StationMode::Persistent => self.station.leg.is_some(),
        }
    }

    /// What keeps a willing agent from being ready.
    pub(crate) fn hindrance(&self) -> Option<NotReadyReason> {
        if !self.connected() {
            return Some(NotReadyReason::Disconnected);
        }
        (!self.has_station()).then_some(NotReadyReason::StationLost)
    }

    /// Only a ready agent whose stream is up and whose phone can be reached may be offered a call.
    pub(crate) fn offerable(&self) -> Result<(), NotOfferable> {
        match &self.state {
            AgentState::SignedOut => Err(NotOfferable::SignedOut),
            AgentState::NotReady(reason) => Err(NotOfferable::NotReady(reason.clone())),
            AgentState::Offered(_) | AgentState::Preview(_) => Err(NotOfferable::Offered),
            AgentState::Talking { .. } => Err(NotOfferable::Talking),
            AgentState::WrapUp(_) => Err(NotOfferable::WrapUp),
            AgentState::Ready if !self.connected() => Err(NotOfferable::Disconnected),
            AgentState::Ready if !self.has_station() => Err(NotOfferable::NoStation),
            AgentState::Ready => Ok(()),
        }
    }

    /// When this state needs to be looked at again.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let grace = match self.stream {
            Stream::Lost { grace_ends, .. } => grace_ends,
            Stream::None | Stream::Up { .. } => None,
        };
        let state = match &self.state {
            AgentState::Offered(Offered {
                answer: Answer::Pending { ends, taken, .. }, ..
            }) => {
                let why =
                    if *taken { WakeReason::StationAnswerDue } else { WakeReason::OfferExpires };
                Some((ends.mono, why))
            }
            AgentState::Offered(Offered { answer: Answer::Ringing { ends }, .. }) => {
                Some((ends.mono, WakeReason::StationAnswerDue))
            }
            AgentState::Preview(it) if it.asked.is_none() => {
                Some((it.ends.mono, WakeReason::OfferExpires))
            }
            AgentState::WrapUp(it) => Some((it.until.mono, WakeReason::WrapUpEnds)),
            AgentState::Offered(Offered { answer: Answer::Accepted, .. })
            | AgentState::Preview(_)
            | AgentState::SignedOut
            | AgentState::NotReady(_)
            | AgentState::Ready
            | AgentState::Talking { .. } => None,
        };
        let grace = grace.map(|at| (at, WakeReason::ResumeGraceEnds));
        [state, grace].into_iter().flatten().min()
    }

    /// As seen from outside. `call` is the state's.
    pub(crate) fn view(&self, call: Option<&Call>) -> AgentView {
        let offer = match &self.state {
            AgentState::Offered(Offered { answer: Answer::Pending { ends, .. }, .. }) => {
                call.map(|it| (it.offer_id(), ends.civil))
            }
            AgentState::Preview(it) if it.asked.is_none() => Some((it.offer, it.ends.civil)),
            _ => None,
        };
        let on_hold =
            call.is_some_and(|it| matches!(it.stage, Stage::Talking { held: Some(_), .. }));
        let (until, extendable) = match &self.state {
            AgentState::WrapUp(it) => {
                let extra = call.is_some_and(|call| !call.rules.spec.wrap_up_extension.is_zero());
                (Some(it.until.civil), extra && !it.extended)
            }
            _ => (None, false),
        };
        AgentView {
            state: self.state.kind(),
            reason: self.state.reason().cloned(),
            since: self.since.civil,
            offer,
            call: call.map(|it| it.facts.id),
            on_hold,
            wrap_up_until: until,
            wrap_up_extendable: extendable,
            pause_after: match &self.after {
                Some(After::NotReady(reason)) => Some(reason.clone()),
                Some(After::SignedOut) | None => None,
            },
            connected: self.connected(),
            station: self.has_station(),
        }
    }
}

impl Agent {
    /// Ready, and kept for nothing.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, AgentState::Ready) && self.reserved.is_none()
    }

    /// Cannot be taken off the floor.
    pub(crate) fn in_use(&self) -> bool {
        !matches!(self.state, AgentState::SignedOut)
    }
}
