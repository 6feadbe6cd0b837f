//! Outbound: leads, attempts, and who may not be called.

pub(crate) mod attempts;
mod audit;
mod authorize;
pub(crate) mod campaigns;
pub(crate) mod chain;
pub(crate) mod do_not_call;
mod filter;
pub(crate) mod gate;
mod import;
pub(crate) mod leads;
mod rank;
mod registry;

pub use audit::{AuditBroken, AuditEntry, AuditFault, AuditHash, AuditSummary, verify_audit};
pub(crate) use authorize::Memory;
pub use authorize::{
    Ask, AskedList, Candidate, MoreLeads, Outcome, Permitted, RefusedLead, Ruling, Wanted,
};
pub use filter::{Filter, FilterError};
pub use import::{ImportProgress, ImportedChunk, LeadFault};
pub use registry::{Registry, RegistryEntries, RegistryImport};
