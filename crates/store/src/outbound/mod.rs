//! Outbound: leads, attempts, and who may not be called.

pub(crate) mod attempts;
mod audit;
mod authorize;
pub(crate) mod campaigns;
pub(crate) mod chain;
pub(crate) mod do_not_call;
mod erase;
mod evidence;
mod filter;
pub(crate) mod gate;
mod import;
mod laid;
pub(crate) mod leads;
mod lists;
mod rank;
mod recover;
mod registry;

pub use audit::{AuditBroken, AuditEntry, AuditFault, AuditHash, AuditSummary, verify_audit};
pub(crate) use authorize::Memory;
pub use authorize::{
    Ask, AskedList, Candidate, JudgedLead, JudgedNumber, MoreLeads, Outcome, Permitted,
    RefusedLead, Ruling, Wanted, WhichLeads,
};
pub use do_not_call::{DoNotCallPage, NumberCheck};
pub use evidence::{AnswerDay, AttemptFilter, AttemptPage};
pub use filter::{Filter, FilterError};
pub use import::{ImportProgress, ImportedChunk, LeadFault};
pub use lists::{LeadCounts, LeadExplained, LeadPage, LeadStateKind};
pub(crate) use recover::recover;
pub use registry::{Registry, RegistryEntries, RegistryImport};
