//! What a dead node left open.

use timbre_model::{AttemptOutcome, AttemptRecord, Civil, LeadState, RecycleRule, Slug};

use super::{Book, Claim};

impl Book {
    /// Ends open attempts as indeterminate, has their leads tried again later, and gives back those that were reserved.
    /// Gives the attempts that were ended.
    pub(crate) fn recover(&mut self, at: Civil) -> Vec<AttemptRecord> {
        let open: Vec<_> =
            self.attempts.values().filter(|it| it.ended_at.is_none()).map(|it| it.id).collect();
        let mut ended = Vec::new();
        for id in open {
            let Some(it) = self.attempts.get_mut(&id) else { continue };
            it.ended_at = Some(at.max(it.intent_at));
            it.outcome = Some(AttemptOutcome::Indeterminate);
            ended.push(it.clone());
        }
        for n in 0..self.people.len() {
            match self.people[n].claim.clone() {
                None => {}
                Some(Claim::Agent(_)) => self.change(n, |it| it.claim = None),
                Some(Claim::Attempt(id)) => {
                    let state = after(self.attempts.get(&id), at);
                    self.change(n, |it| (it.lead.state, it.claim) = (state, None));
                }
            }
        }
        ended
    }
}

/// Where a lead stands after its attempt.
fn after(attempt: Option<&AttemptRecord>, at: Civil) -> LeadState {
    let outcome = attempt.and_then(|it| it.outcome).unwrap_or(AttemptOutcome::Indeterminate);
    let finished = |word: &str| LeadState::Finished {
        disposition: Slug::parse(word).expect("outcomes are identifiers"),
    };
    match (outcome, attempt.and_then(|it| it.disposition.as_ref())) {
        (_, Some(disposition)) => LeadState::Finished { disposition: disposition.code.clone() },
        (AttemptOutcome::Connected, None) => finished("unclassified"),
        (AttemptOutcome::Unallocated, None) => finished(AttemptOutcome::Unallocated.as_str()),
        (outcome, None) => LeadState::Retry { at: at + RecycleRule::of(outcome).delay },
    }
}
