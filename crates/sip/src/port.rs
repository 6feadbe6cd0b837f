//! The switch's words: what it tells, and what it can be asked.
//!
//! They mirror the engine's port and know nothing of queues.

/// One leg: one dialog with one far end. Ids of arriving legs are even and minted by the switch; those of placed legs
/// are odd and come with [`Command::RingStation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

impl LegId {
    /// Whether the far end called us.
    pub fn arrived(self) -> bool {
        self.0 & 1 == 0
    }
}

/// What the switch tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A trunk brought a call. 100 has been sent.
    Arrived(Box<Arrival>),
    /// The far end of a placed leg rings.
    Ringing {
        /// The leg.
        leg: LegId,
    },
    /// The far end of a placed leg answered, or confirmed our answer by its ACK.
    Answered {
        /// The leg.
        leg: LegId,
    },
    /// A leg is gone. The last event of its leg, and each leg has exactly one.
    Ended {
        /// The leg.
        leg: LegId,
        /// How.
        how: End,
    },
    /// The far end put us on hold, or took us off (RFC 3264 §8.4).
    Hold {
        /// The leg.
        leg: LegId,
        /// On hold now.
        held: bool,
    },
    /// The greeting of [`Command::Greet`] has been heard to its end.
    GreetingPlayed {
        /// The leg.
        leg: LegId,
    },
    /// A key was pressed (RFC 4733): `0`-`9`, `*`, `#`, `A`-`D`.
    Key {
        /// The leg.
        leg: LegId,
        /// The key.
        key: char,
    },
    /// A phone can be reached, or no longer.
    StationRegistered {
        /// Whose.
        user: String,
        /// It can be reached now.
        reachable: bool,
    },
    /// A phone called in to keep its leg up for the shift. The leg is answered; its [`Event::Ended`] will come.
    StationCalledIn {
        /// Whose.
        user: String,
        /// Its leg.
        leg: LegId,
    },
}

/// A call that a trunk brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its leg.
    pub leg: LegId,
    /// [`crate::Trunk::key`] of the trunk.
    pub trunk: String,
    /// The user part of the Request-URI, percent-decoded.
    pub dialed: String,
    /// Who calls: P-Asserted-Identity, else From. `None` where they asked for privacy (RFC 3323, RFC 3325).
    pub caller: Option<String>,
}

/// How a leg ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The far end hung up or cancelled.
    FarEnd,
    /// The far end was called and is busy or declined (486, 600, 603).
    Declined,
    /// The far end was called and did not answer in time (408, 480, 487, or nothing).
    NoAnswer,
    /// The far end cannot be reached: not registered, any other error response, or a transport failure.
    Unreachable,
    /// Its media stopped, its answer was never confirmed, or its session timer ran out (RFC 4028 §10).
    Lost,
    /// We ended it.
    Ours,
}

/// What the switch can be asked. A command about a leg that is gone is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Let the caller hear ringing (180).
    Progress {
        /// The caller's leg.
        leg: LegId,
    },
    /// Refuse a call that has not been answered.
    Refuse {
        /// The caller's leg.
        leg: LegId,
        /// Why.
        why: Refusal,
    },
    /// Answer the caller (200), play the greeting, then music.
    Greet {
        /// The caller's leg.
        leg: LegId,
        /// In which language.
        language: crate::media::Language,
    },
    /// Call a registered phone.
    RingStation {
        /// The leg to be; odd, never used before.
        leg: LegId,
        /// Whose phone: the user it registered as.
        user: String,
        /// Whom the phone shows; `None`: anonymous.
        caller: Option<String>,
        /// The value of the header `X-Timbre-Call`.
        call: Option<String>,
    },
    /// Let both hear each other; answers (200) whichever arrived leg is not answered yet.
    Bridge {
        /// The customer's leg.
        customer: LegId,
        /// The agent's leg.
        agent: LegId,
    },
    /// Part a bridge: the customer hears music, the agent silence.
    Hold {
        /// The customer's leg.
        customer: LegId,
        /// The agent's leg.
        agent: LegId,
    },
    /// Part a bridge and leave the agent's leg up, in silence.
    Unbridge {
        /// The agent's leg.
        agent: LegId,
    },
    /// End a leg in whatever state it is: CANCEL, BYE, or a final response.
    HangUp {
        /// The leg.
        leg: LegId,
    },
}

impl Command {
    /// The leg it is about; the customer's where it is about two.
    pub(crate) fn leg(&self) -> LegId {
        match self {
            Self::Progress { leg }
            | Self::Refuse { leg, .. }
            | Self::Greet { leg, .. }
            | Self::RingStation { leg, .. }
            | Self::HangUp { leg } => *leg,
            Self::Bridge { customer, .. } | Self::Hold { customer, .. } => *customer,
            Self::Unbridge { agent } => *agent,
        }
    }
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Nobody owns the number (404).
    NotFound,
    /// No room (486).
    Busy,
    /// The node is overloaded (503 with Retry-After).
    Overload,
}
