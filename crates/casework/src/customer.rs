//! Customers, and every contact with them.

mod brief;
mod consent;
mod contact;
mod dossier;
mod erase;
mod merge;
mod profile;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use timbre_model::{
    AgentId, CallId, Civil, ClientId, ConsentBasis, LeadRole, PhoneNumber, Slug, TenantId, words,
};

use crate::{By, CustomerId, RecordKind, Refusal};

pub use brief::{Brief, File};
pub use consent::{Agreement, consent};
pub use contact::{Contact, bare_number, contact, imported, meet, number_of};
pub use dossier::{Dossier, export};
pub use erase::erase;
pub use merge::merge;
pub use profile::{Profile, amend, create};

/// A person or a company, as a client company's customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Their id.
    pub id: CustomerId,
    /// Whose.
    pub tenant: TenantId,
    /// Whose customer they are: another client company's agents never see them.
    pub client: ClientId,
    /// Counts its changes from 1.
    pub version: u64,
    /// Person or company.
    pub kind: CustomerKind,
    /// Their name.
    pub name: String,
    /// The client company's own key of them.
    pub key: Option<String>,
    /// Where they can be called; at most [`Customer::NUMBERS_MAX`].
    pub numbers: Vec<CustomerNumber>,
    /// Where they can be written to.
    pub mail: Option<String>,
    /// The language they speak (BCP 47).
    pub language: Option<String>,
    /// What convinces them.
    pub style: Option<Style>,
    /// Hints for the agent: `vip`, `talkative`, …
    pub tags: BTreeSet<Slug>,
    /// Consents and what became of them, oldest first.
    pub consents: Vec<ConsentEntry>,
    /// In words.
    pub note: String,
    /// Anything else that an import brought.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// When they became known.
    pub known_since: Civil,
    /// The customer that this one turned out to be.
    pub merged_into: Option<CustomerId>,
    /// When all that told who they are was erased.
    pub erased_at: Option<Civil>,
}

impl Customer {
    /// Most numbers of one customer.
    pub const NUMBERS_MAX: usize = 32;
    /// Most entries of one customer's consent ledger.
    pub const CONSENTS_MAX: usize = 1_000;
    /// Most records that a merge or an erasure takes along in its one transaction.
    pub const RECORDS_MAX: usize = 2_000;

    /// `known`, `merged` or `erased`.
    pub const fn state(&self) -> &'static str {
        match (self.merged_into, self.erased_at) {
            (Some(_), _) => "merged",
            (None, Some(_)) => "erased",
            (None, None) => "known",
        }
    }

    /// What is `verb` must still be there: neither merged nor erased.
    fn known(&self, verb: &'static str) -> Result<(), Refusal> {
        let remedy = match self.state() {
            "known" => return Ok(()),
            "merged" => "name the customer that it was merged into",
            _ => "there is nothing left of it; make a new customer",
        };
        Err(Refusal::State { kind: RecordKind::Customer, state: self.state(), verb, remedy })
    }

    /// As it stands after one more change.
    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

/// Person or company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CustomerKind {
    /// A person.
    Person,
    /// A company.
    Company,
}

/// What convinces somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// How it feels.
    Feelings,
    /// How it works.
    Details,
    /// What it brings.
    Results,
}

/// A number of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerNumber {
    /// The number.
    pub number: PhoneNumber,
    /// What it is: `mobile`, `work`, …
    pub label: String,
    /// Who answers there, of a company; empty: the customer.
    pub name: String,
    /// Whether they decide.
    pub role: LeadRole,
}

/// A consent, or its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentEntry {
    /// When.
    pub at: Civil,
    /// On what ground; `None`: withdrawn.
    pub basis: Option<ConsentBasis>,
    /// To what.
    pub purpose: String,
    /// Who wrote it down.
    pub by: By,
    /// In which call.
    pub call: Option<CallId>,
}

/// One contact with a customer. The subject is written once; what becomes of it stands in its own record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    /// Whose.
    pub tenant: TenantId,
    /// With whom.
    pub customer: CustomerId,
    /// When.
    pub at: Civil,
    /// What it was: `call`, `attempt`, `case`, `follow_up`, `message`, `sale`, `survey`.
    pub kind: InteractionKind,
    /// The id of that record.
    pub subject: u128,
    /// Who of us.
    pub agent: Option<AgentId>,
    /// In a few words: the disposition, the cause, the product.
    pub summary: String,
}

/// What a contact was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InteractionKind {
    /// A conversation or a call that did not come to one.
    Call,
    /// A case.
    Case,
    /// A sale.
    Sale,
    /// A check after a sale.
    FollowUp,
    /// A message.
    Message,
    /// A question of satisfaction.
    Survey,
}

words! {
    CustomerKind { Person = "person", Company = "company", }
    Style { Feelings = "feelings", Details = "details", Results = "results", }
    InteractionKind {
        Call = "call", Case = "case", Sale = "sale", FollowUp = "follow_up", Message = "message",
        Survey = "survey",
    }
}
