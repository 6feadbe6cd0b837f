//! Where leads stand before a campaign, by the same gate that authorizes calls. Writes nothing.

use std::collections::BTreeMap;

use timbre_compliance::Reading;
use timbre_engine::AuthorizeRequest;
use timbre_engine::gate::{self, Callable, Callee, Held};
use timbre_model::{Civil, LeadId};

use super::Book;
use super::round::{Clerk, Round};

/// How many leads are callable now, later and never, and by which rule they are not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DryRun {
    /// Now.
    pub now: u64,
    /// Later, by the rule that says so.
    pub later: BTreeMap<String, u64>,
    /// Never.
    pub never: BTreeMap<String, u64>,
    /// Each lead, when and by which rule.
    pub leads: BTreeMap<LeadId, (Callable, String)>,
}

impl Book {
    /// Where every lead of the request's campaign stands at `at`.
    pub(crate) fn dry_run(&self, request: &AuthorizeRequest, at: Civil) -> DryRun {
        let mut found = DryRun::default();
        let reading = Reading::certain(at);
        let round = Round { request, reading: &reading, at };
        let mut clerk = Clerk::new();
        let spec = &request.plan.spec;
        let ours = |it: &&super::Kept| spec.lists.iter().any(|list| list.list == it.lead.list);
        for kept in self.people.iter().filter(ours) {
            let lead = timbre_model::Lead { state: kept.shown(), ..kept.lead.clone() };
            let left = self.places(&spec.recycle, &lead);
            let numbers: Vec<_> = lead
                .person
                .numbers
                .iter()
                .enumerate()
                .map(|(index, number)| {
                    let person = Some(&lead.person);
                    let callee = Callee { number, person, lead: Some((lead.id, &lead.list)) };
                    let ruled = self.rule(&round, &mut clerk, callee, true);
                    (!left.contains(&index), ruled)
                })
                .collect();
            let numbers = numbers.iter().map(|(given_up, ruled)| (*given_up, ruled));
            // Scenarios have no filters.
            let held = Held { lead: &lead, because: None, left_out_by: None };
            let standing = gate::standing(held, &spec.recycle, numbers, at);
            match standing.callable {
                Callable::Now => found.now += 1,
                Callable::Later(_) => *found.later.entry(standing.rule.clone()).or_default() += 1,
                Callable::Never => *found.never.entry(standing.rule.clone()).or_default() += 1,
            }
            found.leads.insert(lead.id, (standing.callable, standing.rule));
        }
        found
    }
}
