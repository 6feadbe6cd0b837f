//! Where leads go: as the recycling rules say.

use timbre_model::{AttemptOutcome, CallId, Civil, LeadChange, LeadState, Slug};

use super::{Attempt, Auditor};

impl Auditor {
    /// `over`: attempts that ended in this step and whose leads were not placed yet.
    pub(super) fn lead_placed(&mut self, change: &LeadChange, over: &mut Vec<CallId>) {
        let its = |id: &CallId| self.attempts[id].record.lead == Some(change.lead);
        let Some(at) = over.iter().position(its) else { return };
        let id = over.remove(at);
        let expected = self.expected(&self.attempts[&id], self.now.civil);
        let Some(expected) = expected else { return };
        let good = expected == change.state;
        self.demand(good, || {
            format!("after {id} its lead is {:?}, not {expected:?}", change.state)
        });
    }

    fn expected(&self, it: &Attempt, now: Civil) -> Option<LeadState> {
        let spec = self.campaigns.get(&it.record.campaign)?;
        let lead = it.permit.as_ref()?.lead.as_ref()?;
        let outcome = it.ended?;
        if let Some((at, personal)) = it.promised {
            let agent = it.record.agent.clone().filter(|_| personal);
            return Some(LeadState::Callback { at, agent });
        }
        if let (AttemptOutcome::Connected, Some(disposition)) = (outcome, &it.record.disposition) {
            return Some(LeadState::Finished { disposition: disposition.code.clone() });
        }
        let (rule, tried) = (spec.recycle.rule(outcome), lead.attempts + 1);
        let count = u32::try_from(lead.person.numbers.len()).unwrap_or(1);
        let last = lead.person.numbers.last().is_some_and(|it2| it2.number == it.record.number);
        let done = match rule.max {
            0 => last,
            most => tried >= most.min(spec.recycle.per_number) * count,
        };
        if done || tried >= spec.recycle.per_lead {
            return Some(LeadState::Finished { disposition: Slug::parse(outcome.as_str()).ok()? });
        }
        let again = rule.max > 0 && !rule.delay.is_zero();
        Some(if again { LeadState::Retry { at: now + rule.delay } } else { LeadState::Ready })
    }
}
