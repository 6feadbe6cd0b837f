//! The nouns of Timbre: ids, time, phone numbers, rings, the floor's definition and the records that are kept.
//!
//! This crate knows no clock, no I/O, no SQL, no SIP and no protobuf. Every other crate speaks in its types.

mod attempt;
mod call;
mod campaign;
mod casework;
mod casework_faults;
mod dispositions;
mod floor;
mod id;
mod lead;
mod not_ready;
mod outbound_faults;
mod phone;
mod record;
mod ring;
mod survey;
mod time;
mod token;
mod validate;

pub use attempt::{
    AttemptOutcome, AttemptRecord, Barred, Blame, DoNotCallEntry, DoNotCallScope, MachineVerdict,
};
pub use call::{
    CallId, CallOutcome, EndCause, HoldStats, LegId, OfferId, OfferOutcome, ReleasedBy,
};
pub use campaign::{
    CallerIdPool, CampaignList, CampaignRecord, CampaignSpec, CampaignState, DaySpan, DialMode,
    DuplicatePolicy, LeadOrder, ListSpec, PacingMethod, Purpose, Recycle, RecycleRule, Rotation,
    Voice, WeeklyHours,
};
pub use casework::{
    CaseworkSpec, DepartmentSpec, DispositionSpec, DispositionTree, Effect, EscalationRole,
    FieldKind, FieldSpec, FollowUpOutcome, FollowUpPolicy, MailSpec, Reach, SurveyKind, SurveySpec,
    WebhookSpec,
};
pub use floor::{
    AgentSpec, Announcements, ClientSpec, Digest, EntryPointSpec, FloorSpec, Language,
    OutboundSpec, QueueSpec, Secret, SipAddress, StationMode, TrunkSpec,
};
pub use id::{
    AgentId, AgentRef, CampaignId, CampaignRef, ClientId, InvalidSlug, ListId, QueueId, QueueRef,
    SiteId, SkillId, Slug, TenantId, TrunkId, TrunkRef,
};
pub use lead::{
    Consent, ConsentBasis, Lead, LeadChange, LeadId, LeadNumber, LeadRole, LeadState, NewLead,
    Party, Place,
};
pub use not_ready::{AgentStateKind, NotReadyReason};
pub use phone::{CallerId, InvalidPhoneNumber, PhoneNumber};
pub use record::{
    AgentStateRecord, CallRecord, Change, Disposition, OfferRecord, PlacedFor, TimelineEntry,
    TimelineKind,
};
pub use ring::{Cadence, RingPolicy, RingWindow};
pub use survey::SurveyRecord;
pub use time::{Civil, Mono, Now};
pub use token::{Role, TokenRecord};
pub use validate::FieldError;
