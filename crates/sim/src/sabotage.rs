//! Effects falsified before the auditor sees them: an auditor who cannot object proves nothing.

use timbre_engine::port::SwitchAction;
use timbre_engine::{Effects, EventKind};
use timbre_model::{Change, Language, SurveyKind};

/// A fault that is put into the effects, once, in the middle of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// An offer's end is left out.
    LoseOfferEnd,
    /// A bridge is made a second time, with the leg of the bridge before.
    CrossBridges,
    /// A call's last record is left out.
    LoseCallRecord,
    /// A customer's leg is hung up twice.
    HangUpTwice,
    /// A call is offered to nobody although somebody is idle.
    LoseOffer,
    /// A greeting is left out.
    LoseGreeting,
    /// What a customer answered is left out.
    LoseAnswer,
    /// A customer is asked who was not permitted to be.
    AskUnpermitted,
}

impl Sabotage {
    /// Falsifies `effects` if this fault fits there. `before`: an earlier bridge.
    pub(crate) fn apply(self, effects: &mut Effects, before: Option<&SwitchAction>) -> bool {
        match self {
            Self::LoseOfferEnd => {
                let is_end = |it: &EventKind| matches!(it, EventKind::OfferEnded { .. });
                remove(&mut effects.events, |it| is_end(&it.what))
            }
            Self::LoseOffer => {
                let is_offer = |it: &EventKind| {
                    matches!(it, EventKind::Offered(_) | EventKind::OfferEnded { .. })
                };
                let one = effects.events.iter().filter(|it| is_offer(&it.what)).count() == 1;
                one && remove(&mut effects.events, |it| matches!(it.what, EventKind::Offered(_)))
            }
            Self::LoseCallRecord => remove(
                &mut effects.changes,
                |it| matches!(it, Change::Call(it) if it.ended_at.is_some() && it.agent.is_none()),
            ),
            Self::LoseGreeting => {
                remove(&mut effects.actions, |it| matches!(it, SwitchAction::Greet { .. }))
            }
            Self::LoseAnswer => remove(
                &mut effects.changes,
                |it| matches!(it, Change::Survey(it) if it.answer.is_some()),
            ),
            Self::AskUnpermitted => ask(effects),
            Self::CrossBridges => cross(&mut effects.actions, before),
            Self::HangUpTwice => twice(&mut effects.actions),
        }
    }
}

fn remove<T>(from: &mut Vec<T>, which: impl Fn(&T) -> bool) -> bool {
    from.iter().position(which).map(|at| from.remove(at)).is_some()
}

fn ask(effects: &mut Effects) -> bool {
    let goes = effects.actions.iter().find_map(|it| match it {
        SwitchAction::HangUp { leg } => Some(*leg),
        _ => None,
    });
    let Some(leg) = goes else { return false };
    let (question, language) = (SurveyKind::Csat, Language::Es);
    effects.actions.insert(0, SwitchAction::Ask { leg, question, language });
    true
}

fn cross(actions: &mut [SwitchAction], before: Option<&SwitchAction>) -> bool {
    let Some(&SwitchAction::Bridge { agent: other, .. }) = before else { return false };
    let bridge = actions.iter_mut().find_map(|it| match it {
        SwitchAction::Bridge { agent, .. } if *agent != other => Some(agent),
        _ => None,
    });
    bridge.map(|agent| *agent = other).is_some()
}

fn twice(actions: &mut Vec<SwitchAction>) -> bool {
    let found = actions.iter().find(|it| matches!(it, SwitchAction::HangUp { .. })).cloned();
    found.map(|it| actions.push(it)).is_some()
}
