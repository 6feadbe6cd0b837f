//! Deadlines that have come.

use timbre_model::{EndCause, NotReadyReason, ReleasedBy};

use crate::agent::{AgentState, Stream};
use crate::bounds::DEADLINES_PER_STEP_MAX;
use crate::call::Stage;
use crate::ending::{Ending, Goodbye};
use crate::offering::Failure;
use crate::port::Refusal;
use crate::turn::Turn;
use crate::{Reply, WakeReason};

/// Serves what is due, in the order of time. What is more than one step may do stays due.
pub(crate) fn serve(turn: &mut Turn) -> Reply {
    for _ in 0..DEADLINES_PER_STEP_MAX {
        let Some((why, owner)) = turn.floor.timers.due(turn.now.mono) else { break };
        match why {
            WakeReason::OfferExpires | WakeReason::StationAnswerDue => {
                turn.fail_offer(owner, Failure::Missed);
            }
            WakeReason::PacingTick => turn.tick(owner),
            WakeReason::MessageEnds => turn.message_over(owner, false),
            WakeReason::AnswerWindowOpens => window_opens(turn, owner),
            WakeReason::GreetingDue => turn.greet(owner),
            WakeReason::MaxWait => waited_too_long(turn, owner),
            WakeReason::WrapUpEnds => wrap_up_ends(turn, owner),
            WakeReason::ResumeGraceEnds => grace_ends(turn, owner),
            WakeReason::RejectionLapses => rejection_lapses(turn, owner),
            WakeReason::SurveyEnds => turn.end_survey(owner, true),
            WakeReason::WorkLeft => break,
        }
    }
    Reply::Done
}

fn window_opens(turn: &mut Turn, call: usize) {
    let Stage::Accepted { agent } = turn.floor.calls[call].stage else { return };
    if let Some(line) = turn.floor.agents[agent].state.line() {
        turn.connect(call, agent, line);
    }
}

fn waited_too_long(turn: &mut Turn, call: usize) {
    if turn.floor.calls[call].placed.is_some() {
        return turn.abandon(call);
    }
    let answered = turn.floor.calls[call].ringing.answered.is_some();
    let customer = if answered { Goodbye::HangUp } else { Goodbye::Refuse(Refusal::QueueFull) };
    let released_by = ReleasedBy::System;
    turn.end_call(call, Ending { cause: EndCause::MaxWait, released_by, customer, agent_up: true });
}

fn wrap_up_ends(turn: &mut Turn, agent: usize) {
    if let AgentState::WrapUp(it) = turn.floor.agents[agent].state {
        turn.end_wrap_up(it.call, None);
    }
}

fn grace_ends(turn: &mut Turn, agent: usize) {
    let it = &mut turn.floor.agents[agent];
    match it.state {
        AgentState::SignedOut | AgentState::NotReady(_) | AgentState::Ready => turn.sign_out(agent),
        AgentState::Preview(_) => turn.fail_offer(agent, Failure::StreamLost),
        AgentState::Offered(_) | AgentState::Talking { .. } | AgentState::WrapUp(_) => {
            let auto_accept = it.auto_accepts();
            it.stream = Stream::Lost { auto_accept, grace_ends: None };
            turn.rearm_agent(agent);
        }
    }
}

fn rejection_lapses(turn: &mut Turn, call: usize) {
    let now = turn.now.mono;
    turn.floor.calls[call].passed_over.retain(|(_, until)| *until > now);
    turn.rearm_call(call);
    turn.seek_agent(call);
}

impl Turn<'_> {
    /// The agent's stream or phone came back, or went: a willing agent is ready when nothing is in the way.
    pub(crate) fn look_at_hindrances(&mut self, agent: usize) {
        let it = &self.floor.agents[agent];
        match (&it.state, it.hindrance()) {
            // Who looks at a lead cannot have it called without a phone.
            (AgentState::Preview(_), Some(NotReadyReason::StationLost)) => {
                self.fail_offer(agent, Failure::PhoneLost);
            }
            (AgentState::Ready, Some(reason)) => self.enter(agent, AgentState::NotReady(reason)),
            (
                AgentState::NotReady(NotReadyReason::Disconnected | NotReadyReason::StationLost),
                None,
            ) => self.settle(agent, crate::offering::Idleness::New),
            (AgentState::NotReady(present @ NotReadyReason::Disconnected), Some(reason))
            | (AgentState::NotReady(present @ NotReadyReason::StationLost), Some(reason))
                if *present != reason =>
            {
                self.enter(agent, AgentState::NotReady(reason));
            }
            _ => {}
        }
    }
}
