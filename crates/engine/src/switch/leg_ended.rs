//! A leg is gone.

use timbre_model::{EndCause, LegId, ReleasedBy};

use crate::agent::{AgentState, Answer, Offered};
use crate::ending::{Ending, Goodbye};
use crate::engine::Party;
use crate::offering::Failure;
use crate::port::LegEnd;
use crate::turn::Turn;

pub(crate) fn apply(turn: &mut Turn, leg: LegId, how: LegEnd) {
    match turn.floor.legs.swap_remove(&leg) {
        None => {}
        Some(Party::Customer(call)) => customer(turn, call, how),
        Some(Party::Attempt(attempt)) => turn.far_end_gone(attempt, how),
        Some(Party::Survey(survey)) => turn.end_survey(survey, false),
        Some(Party::Agent(agent)) => agent_leg(turn, agent, leg, how),
    }
}

fn customer(turn: &mut Turn, call: usize, how: LegEnd) {
    let connected = turn.floor.calls[call].stage.connected();
    let (cause, released_by) = match how {
        LegEnd::FarEnd if connected => (EndCause::Completed, ReleasedBy::Customer),
        LegEnd::FarEnd => (EndCause::Abandoned, ReleasedBy::Customer),
        LegEnd::Declined
        | LegEnd::NoAnswer
        | LegEnd::Unreachable
        | LegEnd::Lost
        | LegEnd::Ours
        | LegEnd::Failed { .. } => (EndCause::Failed, ReleasedBy::Network),
    };
    turn.end_call(call, Ending { cause, released_by, customer: Goodbye::Gone, agent_up: true });
}

fn agent_leg(turn: &mut Turn, agent: usize, leg: LegId, how: LegEnd) {
    let it = &mut turn.floor.agents[agent];
    if it.station.leg == Some(leg) {
        it.station.leg = None;
    }
    if it.state.line().is_none_or(|line| line.leg() != leg) {
        return turn.look_at_hindrances(agent);
    }
    match it.state {
        AgentState::Offered(Offered { answer, .. }) => turn.fail_offer(agent, failure(answer, how)),
        AgentState::Talking { call, .. } => talk_over(turn, call, how),
        AgentState::SignedOut
        | AgentState::NotReady(_)
        | AgentState::Ready
        | AgentState::Preview(_)
        | AgentState::WrapUp(_) => {}
    }
}

/// An agent who hangs up while the offer is open, or before the ring window opens, declines.
fn failure(answer: Answer, how: LegEnd) -> Failure {
    match (how, answer) {
        (LegEnd::Declined | LegEnd::FarEnd, _) => Failure::Declined,
        (LegEnd::NoAnswer, Answer::Pending { .. } | Answer::Ringing { .. }) => Failure::Missed,
        (LegEnd::NoAnswer | LegEnd::Unreachable | LegEnd::Lost | LegEnd::Ours, _)
        | (LegEnd::Failed { .. }, _) => Failure::PhoneLost,
    }
}

fn talk_over(turn: &mut Turn, call: usize, how: LegEnd) {
    let (cause, released_by) = match how {
        LegEnd::FarEnd | LegEnd::Declined => (EndCause::Completed, ReleasedBy::Agent),
        LegEnd::NoAnswer
        | LegEnd::Unreachable
        | LegEnd::Lost
        | LegEnd::Ours
        | LegEnd::Failed { .. } => (EndCause::Failed, ReleasedBy::Network),
    };
    turn.end_call(call, Ending { cause, released_by, customer: Goodbye::HangUp, agent_up: false });
}
