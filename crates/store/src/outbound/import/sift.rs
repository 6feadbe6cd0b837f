//! Which leads of a chunk are taken.

use std::collections::{BTreeMap, BTreeSet};

use timbre_model::{DuplicatePolicy, LeadId, NewLead};

use super::{Import, ImportedChunk, LeadFault};
use crate::outbound::attempts::digits;
use crate::outbound::leads::numbers_of;
use crate::outbound::rank::rank;

/// A lead that is taken, as it is written.
pub(super) struct Accepted {
    pub(super) id: i64,
    pub(super) rank: i64,
    pub(super) details: String,
    pub(super) replaces: Option<i64>,
    pub(super) numbers: BTreeSet<i64>,
}

/// A lead that has a number.
pub(super) struct Known {
    pub(super) lead: i64,
    pub(super) in_list: bool,
    pub(super) batch: i64,
}

impl Import {
    pub(super) fn sift(
        &self,
        new: &[NewLead],
        first: i64,
        batch: i64,
        known: &BTreeMap<i64, Vec<Known>>,
    ) -> (Vec<Accepted>, ImportedChunk) {
        let (mut accepted, mut done) = (Vec::with_capacity(new.len()), ImportedChunk::default());
        let mut seen = BTreeSet::new();
        for (at, lead) in new.iter().enumerate() {
            let id = first + at as i64;
            match self.judge(lead, id, batch, known, &seen) {
                Ok(it) => {
                    if self.list.duplicates != DuplicatePolicy::Allow {
                        seen.extend(it.numbers.iter().copied());
                    }
                    match it.replaces {
                        Some(_) => done.updated += 1,
                        None => done.accepted += 1,
                    }
                    accepted.push(it);
                }
                Err(fault) => done.rejected.push((u32::try_from(at).unwrap_or(u32::MAX), fault)),
            }
        }
        (accepted, done)
    }

    fn judge(
        &self,
        lead: &NewLead,
        id: i64,
        batch: i64,
        known: &BTreeMap<i64, Vec<Known>>,
        seen: &BTreeSet<i64>,
    ) -> Result<Accepted, LeadFault> {
        let person = lead.person.as_deref().unwrap_or_default();
        if lead.numbers.is_empty() {
            return Err(LeadFault::NoNumber);
        } else if lead.numbers.len() > NewLead::NUMBERS_MAX {
            return Err(LeadFault::TooManyNumbers);
        } else if person.len() > 200 || person.contains('\0') {
            return Err(LeadFault::PersonKey);
        }
        let mut replaces = None;
        for number in lead.numbers.iter().map(|it| &it.number) {
            let key = digits(number);
            if seen.contains(&key) {
                return Err(LeadFault::TwiceInImport(number.clone()));
            }
            for one in known.get(&key).into_iter().flatten() {
                match self.list.duplicates {
                    DuplicatePolicy::Allow => {}
                    _ if one.batch == batch => {
                        return Err(LeadFault::TwiceInImport(number.clone()));
                    }
                    DuplicatePolicy::Update if one.in_list => {
                        replaces = replaces.or(Some(one.lead))
                    }
                    DuplicatePolicy::Update => {}
                    _ if one.in_list => return Err(LeadFault::InList(number.clone())),
                    DuplicatePolicy::RejectInList => {}
                    DuplicatePolicy::RejectInTenant => {
                        return Err(LeadFault::InTenant(number.clone()));
                    }
                }
            }
        }
        let details = serde_json::to_string(lead).expect("a lead has a JSON form");
        if details.len() > LeadFault::BYTES_MAX {
            return Err(LeadFault::TooLong);
        }
        let rank = rank(&self.list.order, LeadId::from_u64(id.unsigned_abs()), lead);
        Ok(Accepted { id, rank, details, replaces, numbers: numbers_of(lead).collect() })
    }
}
