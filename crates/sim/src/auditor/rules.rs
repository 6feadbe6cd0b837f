//! What the floor promises, worked out anew from its definition.

use std::collections::BTreeMap;

use timbre_model::{AgentId, FloorSpec, PhoneNumber, SurveyKind};

/// Spain's tone and whole cycle (ITU-T E.180), in microseconds.
const TONE: u64 = 1_500_000;
const CYCLE: u64 = 4_500_000;

/// The rules of one floor.
#[derive(Debug)]
pub(super) struct Rules {
    queues: Vec<Queue>,
    by_number: BTreeMap<PhoneNumber, usize>,
    agents: BTreeMap<AgentId, usize>,
    serves: Vec<Vec<usize>>,
}

/// What holds in one queue, in microseconds since the INVITE.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queue {
    pub(super) rank: u8,
    pub(super) earliest: u64,
    pub(super) latest: u64,
    pub(super) short: u64,
    pub(super) survey: Option<SurveyKind>,
}

fn rings(n: u32) -> u64 {
    if n == 0 { 0 } else { u64::from(n - 1) * CYCLE + TONE }
}

/// In which ring a moment falls.
pub(super) fn ring_of(age: u64) -> u32 {
    (age / CYCLE) as u32 + 1
}

impl Rules {
    pub(super) fn new(spec: &FloorSpec) -> Self {
        let queues = spec.queues.iter().map(|it| Queue {
            rank: 9 - it.priority,
            earliest: rings(it.ring.answer_after_rings),
            latest: rings(it.ring.answer_by_rings),
            short: it.short_abandonment.as_micros() as u64,
            survey: it.survey.map(|it| it.kind),
        });
        let by_number = spec.entry_points.iter().filter_map(|entry| {
            let queue = spec.queues.iter().position(|it| it.id == entry.queue)?;
            Some((entry.number.clone(), queue))
        });
        let serves = spec.agents.iter().map(|agent| {
            let able = |n: &usize| {
                let mut needs = spec.queues[*n].skills.iter();
                needs.all(|(skill, least)| agent.skills.get(skill).is_some_and(|it| it >= least))
            };
            (0..spec.queues.len()).filter(able).collect()
        });
        Self {
            queues: queues.collect(),
            by_number: by_number.collect(),
            agents: spec.agents.iter().zip(0..).map(|(it, n)| (it.id.clone(), n)).collect(),
            serves: serves.collect(),
        }
    }

    pub(super) fn queue(&self, n: usize) -> Queue {
        self.queues[n]
    }

    pub(super) fn queue_of(&self, number: Option<&PhoneNumber>) -> Option<usize> {
        self.by_number.get(number?).copied()
    }

    pub(super) fn agent(&self, id: &AgentId) -> usize {
        self.agents[id]
    }

    pub(super) fn serves(&self, agent: usize) -> &[usize] {
        &self.serves[agent]
    }
}
