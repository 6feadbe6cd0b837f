//! Skills as small numbers, while it is worked out who may take which calls.

use std::collections::BTreeMap;

use timbre_model::{AgentSpec, FloorSpec, QueueSpec, SkillId};

/// The numbering of one floor's skills.
pub(crate) struct Levels<'a>(BTreeMap<&'a SkillId, usize>);

impl<'a> Levels<'a> {
    /// Numbers the skills in their order.
    pub(crate) fn new(spec: &'a FloorSpec) -> Self {
        Self(spec.skills.iter().zip(0..).collect())
    }

    /// What a queue asks for: a skill's number and its least level. A skill that the floor lacks is held by nobody.
    pub(crate) fn needs(&self, queue: &QueueSpec) -> Vec<(usize, u8)> {
        let number = |skill| self.0.get(skill).copied().unwrap_or(usize::MAX);
        queue.skills.iter().map(|(skill, &level)| (number(skill), level)).collect()
    }

    /// An agent's level of each skill, 0 where they do not hold it.
    pub(crate) fn held(&self, agent: &AgentSpec) -> Vec<u8> {
        let mut held = vec![0; self.0.len()];
        for (skill, &level) in &agent.skills {
            if let Some(&number) = self.0.get(skill) {
                held[number] = level;
            }
        }
        held
    }

    /// Whether who holds `held` may do what asks for `needs`.
    pub(crate) fn suffice(held: &[u8], needs: &[(usize, u8)]) -> bool {
        needs.iter().all(|&(skill, least)| held.get(skill).is_some_and(|&level| level >= least))
    }
}
