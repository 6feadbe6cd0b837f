//! The nouns of Timbre: ids, time, phone numbers, rings, the floor's definition and the records that are kept.
//!
//! This crate knows no clock, no I/O, no SQL, no SIP and no protobuf. Every other crate speaks in its types.

mod call;
mod floor;
mod id;
mod not_ready;
mod phone;
mod record;
mod ring;
mod time;
mod token;
mod validate;

pub use call::{
    CallId, CallOutcome, EndCause, HoldStats, LegId, OfferId, OfferOutcome, ReleasedBy,
};
pub use floor::{
    AgentSpec, Announcements, ClientSpec, Digest, EntryPointSpec, FloorSpec, Language, QueueSpec,
    SipAddress, StationMode, TrunkSpec,
};
pub use id::{
    AgentId, AgentRef, ClientId, InvalidSlug, QueueId, QueueRef, SiteId, SkillId, Slug, TenantId,
    TrunkId, TrunkRef,
};
pub use not_ready::{AgentStateKind, NotReadyReason};
pub use phone::{CallerId, InvalidPhoneNumber, PhoneNumber};
pub use record::{
    AgentStateRecord, CallRecord, Change, Disposition, OfferRecord, TimelineEntry, TimelineKind,
};
pub use ring::{Cadence, RingPolicy, RingWindow};
pub use time::{Civil, Mono, Now};
pub use token::{Role, TokenRecord};
pub use validate::FieldError;
