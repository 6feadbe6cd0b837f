//! What goes into a step.

use std::collections::BTreeMap;
use std::time::Duration;

use timbre_model::{
    AgentRef, CallId, CampaignId, CampaignRecord, CampaignRef, Civil, DoNotCallEntry, FloorSpec,
    ListId, MachineVerdict, NotReadyReason, OfferId, PhoneNumber, Slug, TenantId, TrunkRef,
};

use crate::port::SwitchEvent;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The switch reports.
    Switch(SwitchEvent),
    /// Somebody asks.
    Command(Command),
    /// The time that [`crate::Engine::next_wake`] named has come.
    Wake,
    /// The answer to an [`crate::AuthorizeRequest`].
    Authorized(Box<crate::Authorized>),
}

/// What somebody asks for. Each either takes effect wholly or is rejected and changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Replace a tenant's floor. The definition has no faults ([`FloorSpec::faults`]).
    ApplyFloor {
        /// Whose floor.
        tenant: TenantId,
        /// The definition.
        spec: Box<FloorSpec>,
        /// The version the caller saw; a different present one is a rejection. `None`: whichever.
        expected_version: Option<u64>,
    },
    /// Bring back the floor that the store holds, at start. Writes nothing.
    RestoreFloor {
        /// Whose floor.
        tenant: TenantId,
        /// The definition.
        spec: Box<FloorSpec>,
        /// Its version.
        version: u64,
    },
    /// An agent's control stream opened for a new shift. Rejected while the agent is signed in elsewhere, unless
    /// `take_over`.
    SignIn {
        /// Who.
        agent: AgentRef,
        /// Offers are accepted for the agent at once (a persistent station in auto-answer).
        auto_accept: bool,
        /// End another stream of the same agent.
        take_over: bool,
    },
    /// The agent's control stream came back with its resume token: pick up where it was lost.
    Resume {
        /// Who.
        agent: AgentRef,
    },
    /// The agent's control stream was lost.
    StreamLost {
        /// Who.
        agent: AgentRef,
    },
    /// The shift is over. Rejected during an offer or a call. During wrap-up: afterwards, unless Ready or a pause is asked
    /// for in its place before.
    SignOut {
        /// Who.
        agent: AgentRef,
    },
    /// May be offered calls. During wrap-up or a call: afterwards.
    SetReady {
        /// Who.
        agent: AgentRef,
    },
    /// May not be offered calls. During a call: takes effect after it.
    SetNotReady {
        /// Who.
        agent: AgentRef,
        /// One of the floor's pauses.
        reason: Slug,
    },
    /// Recovers from a complaint, as was offered. During a call: takes effect after it. It ends when the agent is ready.
    Recover {
        /// Who.
        agent: AgentRef,
    },
    /// Take an offered call.
    AcceptOffer {
        /// Who.
        agent: AgentRef,
        /// Which.
        offer: OfferId,
    },
    /// Decline an offered call. The call keeps its place; the agent stays ready and is passed over for this call.
    RejectOffer {
        /// Who.
        agent: AgentRef,
        /// Which.
        offer: OfferId,
    },
    /// Put the customer on hold.
    Hold {
        /// Who.
        agent: AgentRef,
        /// Which call.
        call: CallId,
    },
    /// Take the customer off hold.
    Unhold {
        /// Who.
        agent: AgentRef,
        /// Which call.
        call: CallId,
    },
    /// End the conversation.
    HangUp {
        /// Who.
        agent: AgentRef,
        /// Which call.
        call: CallId,
    },
    /// Give the wrap-up more time, once.
    ExtendWrapUp {
        /// Who.
        agent: AgentRef,
        /// Which call.
        call: CallId,
    },
    /// Classify the call. During wrap-up this ends it; during the call wrap-up will be skipped.
    Dispose {
        /// Who.
        agent: AgentRef,
        /// Which call.
        call: CallId,
        /// One of the dispositions of the call's campaign or queue ([`FloorSpec::disposition`]).
        code: Slug,
        /// What the agent wrote down, by the fields' ids.
        fields: BTreeMap<String, String>,
    },
    /// A supervisor puts an agent into a state.
    ForceAgent {
        /// Whom.
        agent: AgentRef,
        /// Into which state.
        state: ForcedState,
    },
    /// A supervisor ends a call.
    ForceEndCall {
        /// Whose.
        tenant: TenantId,
        /// Which call.
        call: CallId,
    },
    /// Let a campaign place calls: from Draft, Paused, or anew after its end.
    StartCampaign {
        /// Which.
        campaign: CampaignRef,
    },
    /// Let a campaign place no more calls; those in set-up are cancelled, conversations go on.
    PauseCampaign {
        /// Which.
        campaign: CampaignRef,
    },
    /// End a campaign; those in set-up are cancelled, conversations go on.
    StopCampaign {
        /// Which.
        campaign: CampaignRef,
    },
    /// Bring back what the store holds of a campaign, at start, after its floor. Writes nothing.
    RestoreCampaign {
        /// Its state.
        record: Box<CampaignRecord>,
        /// Live answers and abandoned ones of the days that still count.
        days: Vec<AnswerDay>,
    },
    /// Call a number that the agent entered, for a campaign. The agent must be Ready.
    DialNumber {
        /// Who.
        agent: AgentRef,
        /// For which campaign.
        campaign: CampaignId,
        /// Whom.
        number: PhoneNumber,
    },
    /// Promise the customer of this call another one.
    ScheduleCallback {
        /// Who.
        agent: AgentRef,
        /// Which call.
        call: CallId,
        /// For when.
        at: Civil,
        /// Only by this agent, as long as that can be.
        personal: bool,
    },
    /// Somebody may not be called any more. Calls in set-up to them are cancelled.
    DoNotCall {
        /// Whom, for which calls.
        entry: Box<DoNotCallEntry>,
    },
    /// What leads of a list say was changed in the store. What was permitted by what they said before is not dialed, and
    /// campaigns that call the list ask again at once.
    LeadsChanged {
        /// Whose.
        tenant: TenantId,
        /// Which list.
        list: ListId,
    },
    /// The agent heard who answered.
    CorrectMachine {
        /// Who.
        agent: AgentRef,
        /// Which call.
        call: CallId,
        /// Who answered.
        verdict: MachineVerdict,
    },
    /// The customer of this call may be asked how satisfied they are: asked for by [`crate::EventKind::SurveyWanted`],
    /// and refused when that is too long ago.
    PermitSurvey {
        /// Whose.
        tenant: TenantId,
        /// Which call.
        call: CallId,
    },
    /// Places no call over a trunk, from now on (`true`), or does again. Not kept over a restart: the floor's definition
    /// is.
    StopTrunk {
        /// Which.
        trunk: TrunkRef,
        /// None, or again.
        stopped: bool,
    },
    /// The node takes no new calls from now on (`true`), or takes them again.
    Drain(bool),
}

/// Live answers of one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerDay {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Calls that a person answered.
    pub answered: u64,
    /// Of which no agent was there in time.
    pub abandoned: u64,
}

/// A state that a supervisor can force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForcedState {
    /// As if the agent had said Ready.
    Ready,
    /// NotReady, with [`NotReadyReason::Forced`]; an open offer is rescinded; during a call, afterwards.
    NotReady,
    /// SignedOut; an open offer is rescinded; a call is ended.
    SignedOut,
}

/// How an accepted command answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It took effect.
    Done,
    /// The floor is now at this version.
    Floor {
        /// The version.
        version: u64,
    },
    /// It will take effect after the present call.
    Later,
    /// The agent's present state, for a stream that opens or comes back.
    Agent(crate::AgentView),
}

/// Limits and spans that hold for the whole node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls in progress, over all tenants.
    pub calls_max: usize,
    /// How long a lost stream may take to come back before the agent is signed out (after any call and wrap-up).
    pub resume_grace: Duration,
    /// How long an accepted offer may take to have the agent's phone answered.
    pub station_answer: Duration,
    /// How long an agent who declined a call is passed over for it.
    pub rejected_again: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_max: 200_000,
            resume_grace: Duration::from_secs(60),
            station_answer: Duration::from_secs(10),
            rejected_again: Duration::from_secs(60),
        }
    }
}

/// What stands in the way of offering a call to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOfferable {
    /// Not signed in.
    SignedOut,
    /// Not ready, and why.
    NotReady(NotReadyReason),
    /// Has a call on offer.
    Offered,
    /// With a customer.
    Talking,
    /// Finishing the last call's work.
    WrapUp,
    /// The control stream is lost.
    Disconnected,
    /// The phone cannot be reached.
    NoStation,
}
