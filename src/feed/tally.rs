//! Counts of each queue and campaign since the start, for wallboards. Numerators and denominators, never ratios.

use std::collections::BTreeMap;

use timbre_engine::EventKind;
use timbre_model::{AttemptOutcome, CallOutcome, CampaignRef, QueueId, QueueRef, TenantId};

/// Rings that are counted one by one; the last also counts later ones.
pub const RINGS_COUNTED: usize = 8;

/// What has happened to a queue since the server started. Counts and sums, never rates: whoever reads them divides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QueueCounts {
    /// Calls that took their place in it.
    pub arrived: u64,
    /// Calls that reached an agent.
    pub answered: u64,
    /// Of which within the service level.
    pub within_service_level: u64,
    /// Callers who left first.
    pub abandoned: u64,
    /// Callers who left first, within the short-abandonment threshold.
    pub abandoned_short: u64,
    /// Calls that were sent away after they had taken their place.
    pub refused: u64,
    /// Calls that were lost to a technical failure.
    pub lost: u64,
    /// Calls answered (200 OK) in ring 1, 2, 3, …; the last entry also counts later ones.
    pub answered_in_ring: Vec<u64>,
    /// Sum of the seconds from the INVITE to the 200 OK over the calls of `answered_in_ring`.
    pub answer_seconds: f64,
    /// Sum of the seconds on hold.
    pub hold_seconds: f64,
    /// How many holds that sum is over.
    pub holds: u64,
}

#[derive(Default)]
pub(super) struct Tally {
    queues: BTreeMap<QueueRef, QueueCounts>,
    attempts: BTreeMap<CampaignRef, BTreeMap<AttemptOutcome, u64>>,
}

impl Tally {
    pub(super) fn count(&mut self, what: &EventKind) {
        match what {
            EventKind::CallQueued { queue, .. } => self.at(queue).arrived += 1,
            EventKind::CallAnswered { queue, after, ring, .. } => {
                let counts = self.at(queue);
                let ring = usize::try_from(*ring).unwrap_or(usize::MAX).clamp(1, RINGS_COUNTED);
                counts.answered_in_ring.resize(RINGS_COUNTED, 0);
                counts.answered_in_ring[ring - 1] += 1;
                counts.answer_seconds += after.as_secs_f64();
            }
            EventKind::CallConnected { queue, within_service_level, .. } => {
                let counts = self.at(queue);
                counts.answered += 1;
                counts.within_service_level += u64::from(*within_service_level);
            }
            EventKind::CallResumed { queue, held_for, .. } => {
                let counts = self.at(queue);
                counts.holds += 1;
                counts.hold_seconds += held_for.as_secs_f64();
            }
            EventKind::CallEnded(ended) => {
                let Some(queue) = &ended.queue else { return };
                let counts = self.at(queue);
                match ended.outcome {
                    CallOutcome::Answered => {}
                    CallOutcome::Abandoned => counts.abandoned += 1,
                    CallOutcome::AbandonedShort => counts.abandoned_short += 1,
                    CallOutcome::Refused => counts.refused += 1,
                    CallOutcome::Lost => counts.lost += 1,
                }
            }
            EventKind::AttemptEnded(ended) => {
                if !self.attempts.contains_key(&ended.campaign) {
                    self.attempts.insert(ended.campaign.clone(), BTreeMap::new());
                }
                let counts = self.attempts.get_mut(&ended.campaign).expect("inserted above");
                *counts.entry(ended.outcome).or_default() += 1;
            }
            EventKind::FloorApplied { .. }
            | EventKind::AgentState(_)
            | EventKind::CallArrived { .. }
            | EventKind::Offered(_)
            | EventKind::OfferEnded { .. }
            | EventKind::CallHeld { .. }
            | EventKind::WrappedUp { .. }
            | EventKind::CampaignChanged { .. }
            | EventKind::Paced(_)
            | EventKind::Withheld { .. }
            | EventKind::LeadsRefused { .. }
            | EventKind::DialRefused { .. }
            | EventKind::AttemptDialed { .. }
            | EventKind::AttemptAnswered { .. }
            | EventKind::LiveAnswerServed { .. }
            | EventKind::SurveyWanted { .. }
            | EventKind::SurveyEnded { .. }
            | EventKind::DoNotCallAdded { .. } => {}
        }
    }

    fn at(&mut self, queue: &QueueRef) -> &mut QueueCounts {
        if !self.queues.contains_key(queue) {
            self.queues.insert(queue.clone(), QueueCounts::default());
        }
        self.queues.get_mut(queue).expect("inserted above")
    }

    pub(super) fn attempts(&self, campaign: &CampaignRef) -> BTreeMap<AttemptOutcome, u64> {
        self.attempts.get(campaign).cloned().unwrap_or_default()
    }

    pub(super) fn of(&self, tenant: &TenantId) -> Vec<(QueueId, QueueCounts)> {
        let of_tenant = self.queues.iter().filter(|(queue, _)| queue.tenant == *tenant);
        of_tenant.map(|(queue, counts)| (queue.queue.clone(), counts.clone())).collect()
    }
}
