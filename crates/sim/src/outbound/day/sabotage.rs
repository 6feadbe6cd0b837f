//! Effects falsified before the auditor sees them: an auditor who cannot object proves nothing.

use timbre_engine::port::SwitchAction;
use timbre_engine::{Effects, EventKind};
use timbre_model::{CallerId, Change, Language, LeadState, LegId};

use crate::outbound::auditor::Auditor;

/// A fault that is put into a day, once, after its first third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// An INVITE is sent twice.
    DialTwice,
    /// A number is dialed that was not permitted.
    DialStranger,
    /// An attempt's end is left out of the records.
    LoseEnd,
    /// A lead is placed nowhere after its attempt.
    LoseLead,
    /// A lead that is finished is tried again.
    ReviveLead,
    /// A phone is rung for a call that is answered.
    RingForAnswer,
    /// A callee is abandoned although an agent was there.
    AbandonServed,
    /// A live answer is not told.
    MiscountAnswer,
    /// The law is not asked any more.
    Lawless,
}

impl Sabotage {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::DialTwice,
        Self::DialStranger,
        Self::LoseEnd,
        Self::LoseLead,
        Self::ReviveLead,
        Self::RingForAnswer,
        Self::AbandonServed,
        Self::MiscountAnswer,
        Self::Lawless,
    ];

    /// Falsifies `effects` if this fault fits there.
    pub(super) fn falsify(self, effects: &mut Effects, auditor: &Auditor) -> bool {
        match self {
            Self::DialTwice => {
                let dial =
                    effects.actions.iter().find(|it| matches!(it, SwitchAction::Dial { .. }));
                let dial = dial.cloned();
                dial.map(|it| effects.actions.push(it)).is_some()
            }
            Self::DialStranger => effects.actions.iter_mut().any(|it| match it {
                SwitchAction::Dial { number, caller_id, .. } => {
                    *number = caller_id.clone();
                    true
                }
                _ => false,
            }),
            Self::LoseEnd => remove(
                &mut effects.changes,
                |it| matches!(it, Change::Attempt(it) if it.ended_at.is_some()),
            ),
            Self::LoseLead => {
                let ends = |it: &Change| matches!(it, Change::Attempt(it) if it.ended_at.is_some() && it.lead.is_some());
                effects.changes.iter().any(ends)
                    && remove(&mut effects.changes, |it| matches!(it, Change::Lead(_)))
            }
            Self::ReviveLead => {
                let ends = |it: &Change| matches!(it, Change::Attempt(it) if it.ended_at.is_some());
                effects.changes.iter().any(ends)
                    && effects.changes.iter_mut().any(|it| match it {
                        Change::Lead(it) if matches!(it.state, LeadState::Finished { .. }) => {
                            it.state = LeadState::Ready;
                            true
                        }
                        _ => false,
                    })
            }
            Self::RingForAnswer => ring(effects, auditor),
            Self::AbandonServed => {
                let customer = placed_bridge(effects, auditor);
                customer
                    .map(|leg| {
                        let language = Language::Es;
                        effects.actions.push(SwitchAction::PlayAbandoned { leg, language });
                    })
                    .is_some()
            }
            Self::MiscountAnswer => remove(&mut effects.events, |it| {
                matches!(it.what, EventKind::LiveAnswerServed { .. })
            }),
            // Done by the world: nothing of it is to be seen in one step's effects.
            Self::Lawless => false,
        }
    }
}

fn placed_bridge(effects: &Effects, auditor: &Auditor) -> Option<LegId> {
    effects.actions.iter().find_map(|it| match it {
        SwitchAction::Bridge { customer, .. } if auditor.dialed_leg(*customer).is_some() => {
            Some(*customer)
        }
        _ => None,
    })
}

fn ring(effects: &mut Effects, auditor: &Auditor) -> bool {
    let Some(leg) = placed_bridge(effects, auditor) else { return false };
    let agent = effects.events.iter().find_map(|it| match &it.what {
        EventKind::CallConnected { agent, .. } => Some(agent.clone()),
        _ => None,
    });
    let (Some(agent), call) = (agent, auditor.dialed_leg(leg)) else { return false };
    let (leg, caller) = (LegId::placed(u64::from(u32::MAX)), CallerId::Withheld);
    effects.actions.push(SwitchAction::RingStation { leg, agent, caller, call });
    true
}

fn remove<T>(from: &mut Vec<T>, which: impl Fn(&T) -> bool) -> bool {
    from.iter().position(which).map(|at| from.remove(at)).is_some()
}
