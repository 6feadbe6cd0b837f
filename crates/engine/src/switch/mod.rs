//! What the switch reports, one file an event. A report of a leg that the engine has let go is late, and means nothing.

mod call_arrived;
mod key_pressed;
mod leg_answered;
mod leg_ended;
mod leg_hold;
mod station;

use crate::engine::Party;
use crate::port::SwitchEvent;
use crate::turn::Turn;
use crate::{Rejection, Reply};

pub(crate) fn apply(turn: &mut Turn, event: SwitchEvent) -> Result<Reply, Rejection> {
    match event {
        SwitchEvent::CallArrived(arrival) => call_arrived::apply(turn, *arrival),
        SwitchEvent::LegAnswered { leg } => leg_answered::apply(turn, leg),
        SwitchEvent::LegEnded { leg, how } => leg_ended::apply(turn, leg, how),
        SwitchEvent::LegHold { leg, held } => leg_hold::apply(turn, leg, held),
        SwitchEvent::StationRegistered { agent, reachable } => {
            return station::registered(turn, &agent, reachable);
        }
        SwitchEvent::StationCalledIn { agent, leg } => station::called_in(turn, &agent, leg),
        SwitchEvent::LegRinging { leg } => {
            if let Some(&Party::Attempt(attempt)) = turn.floor.legs.get(&leg) {
                turn.far_end_rings(attempt);
            }
        }
        SwitchEvent::GreetingPlayed { leg } => match turn.floor.legs.get(&leg) {
            Some(&Party::Attempt(attempt)) => turn.message_over(attempt, true),
            Some(&Party::Survey(survey)) => turn.survey_heard(survey),
            Some(Party::Customer(_) | Party::Agent(_)) | None => {}
        },
        SwitchEvent::Key { leg, key } => key_pressed::apply(turn, leg, key),
    }
    Ok(Reply::Done)
}
