//! Events and actions in a line each, as scenarios write them.

use timbre_engine::port::SwitchAction;
use timbre_engine::{Event, EventKind};

use crate::world::World;

/// `None` for what scenarios do not speak of.
pub fn event(world: &World, event: &Event) -> Option<String> {
    let name = |call| world.name_of(call);
    Some(match &event.what {
        EventKind::FloorApplied { version, .. } => format!("floor {version}"),
        EventKind::AgentState(it) => {
            let reason = it.now.reason.as_ref().map(|it| format!(" {}", it.as_str()));
            format!("state {} {}{}", it.agent.agent, it.now.state, reason.unwrap_or_default())
        }
        EventKind::CallArrived { .. } | EventKind::CallQueued { .. } => return None,
        EventKind::Offered(it) => {
            let (call, agent) = (name(it.offer.call), &it.agent.agent);
            format!("offer {call} {agent} because={}", it.because.as_str())
        }
        EventKind::OfferEnded { offer, agent, outcome, .. } => {
            format!("offer-ended {} {} {outcome}", name(offer.call), agent.agent)
        }
        EventKind::CallAnswered { call, ring, by_greeting, .. } => {
            let by = if *by_greeting { "greeting" } else { "agent" };
            format!("answered {} by={by} ring={ring}", name(*call))
        }
        EventKind::CallConnected { call, agent, within_service_level, .. } => {
            let kept = if *within_service_level { "kept" } else { "missed" };
            format!("connected {} {} service_level={kept}", name(*call), agent.agent)
        }
        EventKind::CampaignChanged { campaign, to, reason, .. } => {
            let reason = reason.as_ref().map(|it| format!(" ({it})"));
            format!("campaign {} {to}{}", campaign.campaign, reason.unwrap_or_default())
        }
        EventKind::Paced(_) => return None,
        EventKind::Withheld { campaign, why } => format!("withheld {} {why}", campaign.campaign),
        EventKind::LeadsRefused { rule, count, .. } => format!("refused {rule} {count}"),
        EventKind::DialRefused { agent, because, .. } => {
            format!("dial-refused {} {because}", agent.agent)
        }
        EventKind::AttemptDialed { attempt, .. } => format!("dialed {}", name(*attempt)),
        EventKind::AttemptAnswered { attempt, rang_for, .. } => {
            format!("live {} rang={rang_for:?}", name(*attempt))
        }
        EventKind::AttemptEnded(it) => format!("attempt {} {}", name(it.attempt), it.outcome),
        EventKind::LiveAnswerServed { to_agent, .. } => match to_agent {
            Some(after) => format!("served after={after:?}"),
            None => "abandoned".to_owned(),
        },
        EventKind::DoNotCallAdded { cancelled, .. } => format!("barred cancelled={cancelled}"),
        EventKind::CallHeld { call, .. } => format!("held {}", name(*call)),
        EventKind::CallResumed { call, held_for, .. } => {
            format!("resumed {} after={held_for:?}", name(*call))
        }
        EventKind::CallEnded(it) => {
            format!(
                "ended {} {} cause={} by={}",
                name(it.call),
                it.outcome,
                it.cause,
                it.released_by
            )
        }
        EventKind::SurveyWanted { call, .. } => format!("survey-wanted {}", name(*call)),
        EventKind::SurveyEnded { call, answer, .. } => {
            format!("survey-over {} answer={answer:?}", name(*call))
        }
        EventKind::WrappedUp { call, disposition, .. } => {
            let by = if disposition.automatic { "clock" } else { "agent" };
            format!("wrapped-up {} {} by={by}", name(*call), disposition.code)
        }
    })
}

pub fn action(world: &World, action: &SwitchAction) -> String {
    let whose = |leg| world.legs.get(leg).map_or("?", String::as_str);
    match action {
        SwitchAction::Progress { leg } => format!("do progress {}", whose(leg)),
        SwitchAction::Refuse { leg, why } => format!("do refuse {} {why:?}", whose(leg)),
        SwitchAction::Greet { leg, .. } => format!("do greet {}", whose(leg)),
        SwitchAction::RingStation { agent, .. } => format!("do ring {}", agent.agent),
        SwitchAction::Bridge { customer, agent } => {
            format!("do bridge {} {}", whose(customer), whose(agent))
        }
        SwitchAction::Hold { customer, agent } => {
            format!("do hold {} {}", whose(customer), whose(agent))
        }
        SwitchAction::Dial { leg, trunk, ring_timeout, .. } => {
            format!("do dial {} {} ring={}s", whose(leg), trunk.trunk, ring_timeout.as_secs())
        }
        SwitchAction::PlayAbandoned { leg, .. } => format!("do message {}", whose(leg)),
        SwitchAction::Ask { leg, question, .. } => format!("do ask {} {question}", whose(leg)),
        SwitchAction::Thank { leg, .. } => format!("do thank {}", whose(leg)),
        SwitchAction::Unbridge { agent } => format!("do unbridge {}", whose(agent)),
        SwitchAction::HangUp { leg } => format!("do hang-up {}", whose(leg)),
    }
}
