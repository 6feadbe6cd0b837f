//! The port to the switch: events in, actions out. The built-in SIP switch and the simulated one speak it.
//!
//! The switch moves calls and voices and decides nothing about queues; the engine decides and moves nothing.

use std::time::Duration;

use timbre_model::{
    AgentRef, Cadence, CallId, CallerId, Language, LegId, PhoneNumber, SurveyKind, TrunkRef,
};

/// What the switch tells the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchEvent {
    /// A trunk brought a call. The switch has sent 100 and waits for [`SwitchAction::Progress`].
    CallArrived(Box<Arrival>),
    /// The far end of a placed leg rings.
    LegRinging {
        /// The leg.
        leg: LegId,
    },
    /// The far end of a placed leg answered, or an arrived leg's answer was confirmed by its ACK.
    LegAnswered {
        /// The leg.
        leg: LegId,
    },
    /// A leg is gone, whoever ended it. The last event of its leg; each leg has exactly one, also those we hang up.
    LegEnded {
        /// The leg.
        leg: LegId,
        /// How.
        how: LegEnd,
    },
    /// The far end put us on hold, or took us off (re-INVITE, RFC 3264 §8.4).
    LegHold {
        /// The leg.
        leg: LegId,
        /// On hold now.
        held: bool,
    },
    /// What [`SwitchAction::Greet`], [`SwitchAction::PlayAbandoned`], [`SwitchAction::Ask`] or [`SwitchAction::Thank`]
    /// played has been heard to its end. What was cut short by something else is not.
    GreetingPlayed {
        /// The leg.
        leg: LegId,
    },
    /// A key was pressed (RFC 4733).
    Key {
        /// The leg.
        leg: LegId,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        key: char,
    },
    /// An agent's phone registered, or its registration ended.
    StationRegistered {
        /// Whose phone.
        agent: AgentRef,
        /// It can be reached now.
        reachable: bool,
    },
    /// The agent's phone called in to keep its leg up for the shift ([`timbre_model::StationMode::Persistent`]).
    /// The switch answered it; the leg is up.
    StationCalledIn {
        /// Whose phone.
        agent: AgentRef,
        /// Its leg.
        leg: LegId,
    },
}

/// A call that a trunk brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its leg.
    pub leg: LegId,
    /// The id it will be known by.
    pub call: CallId,
    /// The trunk.
    pub trunk: TrunkRef,
    /// What the trunk's callers hear.
    pub cadence: Cadence,
    /// The number that was dialed, as the trunk sent it.
    pub dialed: String,
    /// The same in E.164 form, where it can be read as one.
    pub dialed_number: Option<timbre_model::PhoneNumber>,
    /// Who calls.
    pub caller: CallerId,
}

/// How a leg ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegEnd {
    /// The far end hung up or cancelled.
    FarEnd,
    /// The far end was called and is busy or declined.
    Declined,
    /// The far end was called and did not answer in time.
    NoAnswer,
    /// The far end cannot be reached: not registered, an error response, or a transport failure.
    Unreachable,
    /// Its media stopped, or its session timer ran out (RFC 4028 §10).
    Lost,
    /// We hung it up.
    Ours,
    /// A call we placed over a trunk failed; what the network said.
    Failed {
        /// The final SIP status; 408 where there was none in time.
        status: u16,
        /// The Q.850 cause (RFC 3326), where there was one.
        cause: Option<u8>,
    },
}

/// What the engine asks of the switch. Each is performed once, after the change that explains it is durable. An action
/// on a leg that is already gone is ignored: its [`SwitchEvent::LegEnded`] is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchAction {
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
    /// Answer the caller (200) and play the greeting, then hold music until something else is asked.
    Greet {
        /// The caller's leg.
        leg: LegId,
        /// In which language.
        language: Language,
    },
    /// Call an agent's registered phone. The far end's answers come as events of `leg`.
    RingStation {
        /// The leg to be.
        leg: LegId,
        /// Whose phone.
        agent: AgentRef,
        /// Whom the phone shows.
        caller: CallerId,
        /// The call it is about, for the phone's `X-Timbre-Call` header.
        call: Option<CallId>,
    },
    /// Call somebody over a trunk: one INVITE. The far end's answers come as events of `leg`; once answered it hears
    /// silence until it is bridged.
    Dial {
        /// The leg to be.
        leg: LegId,
        /// Over which trunk.
        trunk: TrunkRef,
        /// Whom.
        number: PhoneNumber,
        /// The number shown.
        caller_id: PhoneNumber,
        /// How long it may ring.
        ring_timeout: Duration,
        /// The call that it is.
        call: CallId,
    },
    /// Play the message for abandoned calls to a customer who has answered; [`SwitchEvent::GreetingPlayed`] tells its end.
    PlayAbandoned {
        /// The customer's leg.
        leg: LegId,
        /// In which language.
        language: Language,
    },
    /// Ask a customer who is left alone a question that a key answers; then silence. [`SwitchEvent::GreetingPlayed`] tells
    /// its end, [`SwitchEvent::Key`] the keys, also before it.
    Ask {
        /// The customer's leg.
        leg: LegId,
        /// Which question.
        question: SurveyKind,
        /// In which language.
        language: Language,
    },
    /// Thank for the answer; then silence. [`SwitchEvent::GreetingPlayed`] tells its end.
    Thank {
        /// The customer's leg.
        leg: LegId,
        /// In which language.
        language: Language,
    },
    /// Let both hear each other; answers (200) whichever is not answered yet. A party that hears music stops hearing it.
    Bridge {
        /// The customer's leg.
        customer: LegId,
        /// The agent's leg.
        agent: LegId,
    },
    /// Part a bridge: the customer hears hold music, the agent silence. [`SwitchAction::Bridge`] takes it back.
    Hold {
        /// The customer's leg.
        customer: LegId,
        /// The agent's leg.
        agent: LegId,
    },
    /// Part a bridge and leave the agent's persistent leg up, in silence.
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

/// Why a call is refused. The switch puts it into its own protocol's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Nobody owns the number (404).
    NoEntryPoint,
    /// The queue is full (486).
    QueueFull,
    /// The node is overloaded (503 with Retry-After).
    Overload,
}
