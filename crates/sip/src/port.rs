//! The switch's words: what it tells, and what it can be asked.
//!
//! They mirror the engine's port and know nothing of queues.

use std::time::Duration;

/// One leg: one dialog with one far end. Ids of arriving legs are even and minted by the switch; those of placed legs
/// are odd and come with [`Command::RingStation`] or [`Command::Dial`].
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
    /// The far end of a placed leg rings (180), or its network says what becomes of it (183). Once a leg.
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
    /// What [`Command::Greet`], [`Command::PlayAbandoned`], [`Command::Ask`] or [`Command::Thank`] plays has been heard to
    /// its end.
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
    /// A phone was called and is busy or declined (486, 600, 603).
    Declined,
    /// A phone was called and did not answer in time (408, 480, 487, or nothing). A dialed leg rang for
    /// [`Dial::ring_timeout`] and was cancelled.
    NoAnswer,
    /// A phone cannot be reached: not registered, any other error response, or a transport failure. Of a dialed leg:
    /// no INVITE has left, so that nobody was disturbed (no such trunk, no free channel, no address that takes it).
    Unreachable,
    /// A dialed leg was refused, or never answered by its trunk.
    Failed {
        /// The final status (RFC 3261 §21.3 to §21.6). 408 also where nothing came back in time, 488 where the answer
        /// has no voice that we speak, 502 where it is no whole answer.
        status: u16,
        /// The cause of ITU-T Q.850, where a Reason header told it (RFC 3326).
        cause: Option<u8>,
    },
    /// The far end of a dialed leg hung up, and said by which cause of ITU-T Q.850 (RFC 3326). Without one:
    /// [`End::FarEnd`].
    HungUp {
        /// The cause; 16 is an ordinary end.
        cause: u8,
    },
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
    /// Call a number over a trunk: one INVITE, and once more only where the trunk asks who we are (401, 407).
    Dial(Box<Dial>),
    /// Play the message of an abandoned call once, then silence; [`Event::GreetingPlayed`] tells its end.
    PlayAbandoned {
        /// The customer's leg.
        leg: LegId,
        /// In which language.
        language: crate::media::Language,
    },
    /// Play a question once, then silence; [`Event::GreetingPlayed`] tells its end. A bridge is parted.
    Ask {
        /// The customer's leg.
        leg: LegId,
        /// Which.
        question: crate::media::Question,
        /// In which language.
        language: crate::media::Language,
    },
    /// Play thanks once, then silence; [`Event::GreetingPlayed`] tells their end.
    Thank {
        /// The customer's leg.
        leg: LegId,
        /// In which language.
        language: crate::media::Language,
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
            | Self::PlayAbandoned { leg, .. }
            | Self::Ask { leg, .. }
            | Self::Thank { leg, .. }
            | Self::HangUp { leg } => *leg,
            Self::Dial(dial) => dial.leg,
            Self::Bridge { customer, .. } | Self::Hold { customer, .. } => *customer,
            Self::Unbridge { agent } => *agent,
        }
    }
}

/// A call to be placed over a trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial {
    /// The leg to be; odd, never used before.
    pub leg: LegId,
    /// [`crate::Trunk::key`] of the trunk, which has [`crate::Trunk::outbound`].
    pub trunk: String,
    /// The number in E.164 form, with `+`; the trunk's rule says how it goes out.
    pub number: String,
    /// Who is calling, in From and P-Asserted-Identity (RFC 3325). `None`: the trunk's own identity; never anonymous.
    pub caller_id: Option<String>,
    /// The value of the header `X-Timbre-Call`.
    pub call: Option<String>,
    /// How long it may ring, from the first 180 or 183. A network that tells of no ringing gets this long from the
    /// INVITE, and at least 64 × T1.
    pub ring_timeout: Duration,
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
