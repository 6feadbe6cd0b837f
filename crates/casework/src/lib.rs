//! What follows a conversation: cases, sales and their follow-ups, messages, callbacks, customers. Pure workflows.
//!
//! A workflow takes a record, what is asked ([`Act`] says when and by whom) and the floor's definition, and gives the
//! [`Work`] to keep, or a [`Refusal`] that changes nothing. Nothing here knows a clock, a database or a network.

mod calendar;
mod call_end;
pub mod callback;
pub mod case;
pub mod customer;
pub mod follow_up;
mod id;
mod index;
pub mod message;
mod record;
pub mod report;
pub mod sale;
pub mod survey;
mod terms;
pub mod trouble;

pub use calendar::WorkingDays;
pub use call_end::Survey;
pub use callback::{Callback, CallbackState, CallbackWhy};
pub use case::{
    Answer, Case, CaseKind, CaseState, Cause, Channel, Confirmation, Deadline, Matter, Note, Party,
    Proposal, Receipt, Severity, Step, StepDone, Task,
};
pub use customer::{
    ConsentEntry, Customer, CustomerKind, CustomerNumber, Interaction, InteractionKind, Style,
};
pub use follow_up::{FollowUp, FollowUpState};
pub use id::{
    CallbackId, CaseId, CaseKey, CustomerId, FollowUpId, MessageId, SaleId, SurveyId, TroubleId,
};
pub use message::{CallBack, Decision, Delivery, Message, MessageState, Recipient};
pub use record::{Act, AgendaItem, By, Index, NewEvent, Record, RecordKind, Refusal, Work};
pub use sale::{Promise, Sale};
pub use terms::{Term, TermSpan, TermVerified, Terms};
pub use trouble::{MediaStats, Trouble, TroubleKind};
