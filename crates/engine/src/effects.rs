//! What comes out of a step.

use std::sync::Arc;
use std::time::Duration;

use timbre_model::{
    AgentRef, AgentStateKind, AttemptOutcome, CallId, CallOutcome, CallerId, CampaignRef,
    CampaignState, Change, Civil, Disposition, EndCause, Lead, NotReadyReason, OfferId,
    OfferOutcome, PhoneNumber, QueueRef, ReleasedBy, SurveyKind, TenantId, TrunkRef,
};

use crate::Withheld;
use crate::port::SwitchAction;

/// Everything that one step, or one batch of steps, brings about. Changes are made durable first, then the actions are
/// performed and the events published.
#[derive(Debug, Default)]
pub struct Effects {
    /// To persist, in order.
    pub changes: Vec<Change>,
    /// To perform in the world, in order.
    pub actions: Vec<SwitchAction>,
    /// To publish, in order.
    pub events: Vec<Event>,
    /// To have authorized, after the changes are durable.
    pub requests: Vec<crate::AuthorizeRequest>,
}

impl Effects {
    /// Nothing is left to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.actions.is_empty()
            && self.events.is_empty()
            && self.requests.is_empty()
    }
}

/// Something that happened on the floor, for streams, wallboards and metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: Civil,
    /// What.
    pub what: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A floor definition took effect.
    FloorApplied {
        /// Whose.
        tenant: TenantId,
        /// Its version.
        version: u64,
    },
    /// An agent entered a state, or what is seen of it changed.
    AgentState(AgentChanged),
    /// A call came.
    CallArrived {
        /// The call.
        call: CallId,
        /// The trunk.
        trunk: TrunkRef,
        /// Who calls.
        caller: CallerId,
    },
    /// A call took its place in a queue.
    CallQueued {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
    },
    /// A call was offered.
    Offered(OfferMade),
    /// An offer ended.
    OfferEnded {
        /// The offer.
        offer: OfferId,
        /// To whom it was made.
        agent: AgentRef,
        /// The queue of its call.
        queue: QueueRef,
        /// How.
        outcome: OfferOutcome,
        /// How long it was open.
        open_for: Duration,
    },
    /// A call was answered (200 OK).
    CallAnswered {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
        /// Since the INVITE.
        after: Duration,
        /// In which ring.
        ring: u32,
        /// The greeting answered, no agent being there yet.
        by_greeting: bool,
    },
    /// The agent's voice reached the customer.
    CallConnected {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
        /// The agent.
        agent: AgentRef,
        /// Since the INVITE.
        waited: Duration,
        /// That is within the queue's service level.
        within_service_level: bool,
        /// The lead, where the call was placed for a campaign.
        placed: Option<Arc<PlacedCall>>,
    },
    /// The customer was put on hold.
    CallHeld {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
        /// The agent.
        agent: AgentRef,
    },
    /// The customer was taken off hold.
    CallResumed {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
        /// The agent.
        agent: AgentRef,
        /// For how long.
        held_for: Duration,
    },
    /// A call ended.
    CallEnded(CallEnded),
    /// A call was classified and its wrap-up ended.
    WrappedUp {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
        /// The agent.
        agent: AgentRef,
        /// How it was classified.
        disposition: Disposition,
        /// How long wrap-up took.
        took: Duration,
    },
    /// A campaign's state changed.
    CampaignChanged {
        /// Which.
        campaign: CampaignRef,
        /// The state left.
        from: CampaignState,
        /// The state entered.
        to: CampaignState,
        /// Why, where it was not asked for.
        reason: Option<String>,
    },
    /// A campaign decided how many calls to place.
    Paced(Box<Paced>),
    /// Nothing could be authorized for a campaign.
    Withheld {
        /// Which.
        campaign: CampaignRef,
        /// Why.
        why: Withheld,
    },
    /// Leads were refused by a rule.
    LeadsRefused {
        /// The campaign.
        campaign: CampaignRef,
        /// The rule's id.
        rule: String,
        /// How many.
        count: u64,
    },
    /// The number or the lead that an agent wanted to call may not be called.
    DialRefused {
        /// Who wanted it.
        agent: AgentRef,
        /// For which campaign.
        campaign: CampaignRef,
        /// The rule, in words.
        because: String,
        /// When it may be tried; `None`: never.
        until: Option<Civil>,
    },
    /// An attempt was dialed.
    AttemptDialed {
        /// Which.
        attempt: CallId,
        /// For which campaign.
        campaign: CampaignRef,
        /// Over which trunk.
        trunk: TrunkRef,
    },
    /// A person, or what was taken for one, answered an attempt.
    AttemptAnswered {
        /// Which.
        attempt: CallId,
        /// For which campaign.
        campaign: CampaignRef,
        /// How long it rang.
        rang_for: Duration,
    },
    /// An attempt is closed: told when its last record is written, after the conversation was classified.
    AttemptEnded(AttemptEnded),
    /// A live answer that the law counts as abandoned, or one that was served; told once for each live answer.
    LiveAnswerServed {
        /// The campaign.
        campaign: CampaignRef,
        /// From the answer to the agent's voice; `None`: abandoned.
        to_agent: Option<Duration>,
    },
    /// An agent has let a customer go who is to be asked how satisfied they are: somebody must permit it
    /// ([`crate::Command::PermitSurvey`]) at once, or the customer is hung up.
    SurveyWanted {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
        /// Who had the conversation.
        agent: AgentRef,
        /// Who called.
        caller: CallerId,
    },
    /// A customer who was to be asked is gone.
    SurveyEnded {
        /// The call.
        call: CallId,
        /// The queue.
        queue: QueueRef,
        /// What they were asked; `None`: it was not permitted, or they did not wait.
        asked: Option<SurveyKind>,
        /// What they said.
        answer: Option<u8>,
    },
    /// Somebody may not be called any more.
    DoNotCallAdded {
        /// Whose list.
        tenant: TenantId,
        /// Calls in set-up that were cancelled.
        cancelled: u64,
    },
}

/// How many calls a campaign places now, and why not more.
#[derive(Debug, Clone, PartialEq)]
pub struct Paced {
    /// The campaign.
    pub campaign: CampaignRef,
    /// Asked for now.
    pub wanted: u32,
    /// What the decision rested on.
    pub terms: timbre_pacing::Terms,
}

/// An attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptEnded {
    /// Which.
    pub attempt: CallId,
    /// For which campaign.
    pub campaign: CampaignRef,
    /// Over which trunk.
    pub trunk: TrunkRef,
    /// What it came to.
    pub outcome: AttemptOutcome,
    /// The final SIP status, where there was one.
    pub sip_status: Option<u16>,
    /// From the INVITE to its end or answer.
    pub in_setup: Duration,
}

/// What an agent sees of a call that was placed for a campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedCall {
    /// The campaign.
    pub campaign: CampaignRef,
    /// The number called.
    pub number: PhoneNumber,
    /// The person; `None` where an agent entered the number.
    pub lead: Option<Arc<Lead>>,
    /// What the agent must tell at once.
    pub disclosures: Vec<String>,
}

/// An agent entered a state; or a particular of the present one changed, `from` being then the same and `lasted` zero.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentChanged {
    /// Who.
    pub agent: AgentRef,
    /// The state left.
    pub from: AgentStateKind,
    /// How long it had lasted.
    pub lasted: Duration,
    /// The agent as it now stands.
    pub now: AgentView,
}

/// A call was offered to an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferMade {
    /// The offer.
    pub offer: OfferId,
    /// To whom.
    pub agent: AgentRef,
    /// The queue of its call.
    pub queue: QueueRef,
    /// Who calls.
    pub caller: CallerId,
    /// How long the caller has waited.
    pub waited: Duration,
    /// How long it may stay open.
    pub expires_in: Duration,
    /// Why this agent.
    pub because: Because,
    /// The lead, where the call is or will be placed for a campaign.
    pub placed: Option<Arc<PlacedCall>>,
}

/// A call ended.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEnded {
    /// The call.
    pub call: CallId,
    /// The operator.
    pub tenant: TenantId,
    /// The trunk it came over.
    pub trunk: TrunkRef,
    /// The queue; `None` where no entry point owned the number.
    pub queue: Option<QueueRef>,
    /// The agent who took it.
    pub agent: Option<AgentRef>,
    /// What it counts as.
    pub outcome: CallOutcome,
    /// Why it ended.
    pub cause: EndCause,
    /// By whose hand.
    pub released_by: ReleasedBy,
    /// From the INVITE to the agent, or to the end where there was none.
    pub waited: Duration,
    /// From the agent to the end; zero where there was none.
    pub talked: Duration,
    /// Of which on hold.
    pub held: Duration,
}

/// Why a call was matched with an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Because {
    /// The call came and this agent had been idle longest of those who may take it.
    LongestIdle,
    /// The agent became idle and this call had waited longest of those the agent may take.
    OldestCall,
    /// The call is placed, or will be, for this agent alone.
    Reserved,
}

impl Because {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::LongestIdle, Self::OldestCall, Self::Reserved];

    /// Its word in records and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest_idle",
            Self::OldestCall => "oldest_call",
            Self::Reserved => "reserved",
        }
    }
}

/// An agent as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentView {
    /// The state.
    pub state: AgentStateKind,
    /// Why, where the state is NotReady.
    pub reason: Option<NotReadyReason>,
    /// Since when.
    pub since: Civil,
    /// The open offer, where the state is Offered, and when it ends.
    pub offer: Option<(OfferId, Civil)>,
    /// The call, where the state has one.
    pub call: Option<CallId>,
    /// The customer is on hold.
    pub on_hold: bool,
    /// When wrap-up ends by itself.
    pub wrap_up_until: Option<Civil>,
    /// Wrap-up can still be extended.
    pub wrap_up_extendable: bool,
    /// The pause that begins after the present call.
    pub pause_after: Option<NotReadyReason>,
    /// The control stream is up.
    pub connected: bool,
    /// The phone can be reached.
    pub station: bool,
}

/// Why the engine wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WakeReason {
    /// An offer rings out.
    OfferExpires,
    /// The earliest moment to answer has come.
    AnswerWindowOpens,
    /// The greeting must answer.
    GreetingDue,
    /// A caller has waited as long as the queue allows.
    MaxWait,
    /// An accepted offer's phone was not answered.
    StationAnswerDue,
    /// Wrap-up runs out.
    WrapUpEnds,
    /// A lost stream has not come back.
    ResumeGraceEnds,
    /// A call may be offered again to an agent who declined it.
    RejectionLapses,
    /// A campaign looks whether to place calls.
    PacingTick,
    /// The message for an abandoned call takes too long.
    MessageEnds,
    /// A customer who is asked a question took their time, or the question did.
    SurveyEnds,
    /// More work was left than one step may do.
    WorkLeft,
}
