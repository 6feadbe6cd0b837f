//! Events as lines: a word, then `key=value`. Scripts may rely on the words.

use std::time::Duration;

use timbre_casework::{CallBack, Message};
use timbre_engine::{AgentView, PlacedCall};
use timbre_model::Disposition;

use super::card;
use super::session::News;
use crate::api::wire::agent::{AgentEvent, Offer, Welcome};
use crate::casework::agenda::Item;
use crate::cli::words::{caller, moment};

/// News as a line; `None` for what nobody needs to read.
pub fn news(news: &News) -> Option<String> {
    match news {
        News::Message(message) => event(&message.event),
        News::Lost { why, retry_in } => {
            Some(format!("lost retry_in={:.1}s {why}", retry_in.as_secs_f64()))
        }
        News::Unsent => Some("unsent the stream is down: try again when it is back".to_owned()),
        News::NotKept(why) => Some(format!("not-kept a restart cannot take the shift up: {why}")),
        News::CaseTaken(case) => Some(format!("case-taken key={:?}", case.key.to_string())),
        News::CaseWaits(why) => Some(format!("case-waits it is sent again: {why}")),
        News::CaseRefused(why) => Some(format!("case-refused {why}")),
        News::Over(_) => None,
    }
}

/// An event as a line; `None` for what nobody needs to read.
pub fn event(event: &AgentEvent) -> Option<String> {
    let seconds = |span: &Duration| format!("{:.1}s", span.as_secs_f64());
    Some(match event {
        AgentEvent::Welcome(it) => welcome(it),
        AgentEvent::CommandResult { request_id: _, later: false, error: None }
        | AgentEvent::HeartbeatAck => return None,
        AgentEvent::CommandResult { request_id: _, later: true, error: None } => {
            "later it takes effect after the present call".to_owned()
        }
        AgentEvent::CommandResult { request_id: _, later: _, error: Some(error) } => {
            format!("refused {error}")
        }
        AgentEvent::GoAway(why) => format!("go-away reason={}", why.as_str()),
        AgentEvent::Status(_, view) => status(view),
        AgentEvent::OfferMade(Offer {
            offer,
            queue,
            caller: from,
            waited,
            expires_in,
            because,
            placed,
        }) => {
            format!(
                "offer offer={offer} queue={} caller={} waited={} expires_in={} because={}{}",
                queue.queue,
                caller(from),
                seconds(waited),
                seconds(expires_in),
                because.as_str(),
                placed_words(placed.as_deref())
            )
        }
        AgentEvent::CustomerCard(card) => card::line(card),
        AgentEvent::OfferEnded { offer, outcome } => {
            format!("offer-ended offer={offer} outcome={outcome}")
        }
        AgentEvent::CallConnected { call, queue, waited, placed } => format!(
            "connected call={call} queue={} waited={}{}",
            queue.queue,
            seconds(waited),
            placed_words(placed.as_deref())
        ),
        AgentEvent::CallHeld(call) => format!("held call={call}"),
        AgentEvent::CallResumed { call, held_for } => {
            format!("unheld call={call} held_for={}", seconds(held_for))
        }
        AgentEvent::CallEnded { call, cause, released_by, talked, held } => format!(
            "ended call={call} cause={cause} released_by={released_by} talked={} held={}",
            seconds(talked),
            seconds(held)
        ),
        AgentEvent::WrappedUp { call, disposition: Disposition { code, automatic, fields: _ } } => {
            format!("wrapped-up call={call} disposition={code} automatic={automatic}")
        }
        AgentEvent::MessageReceived(it) => message(it),
        AgentEvent::AgendaChanged(items) => agenda(items),
        AgentEvent::CallbackOwed(it) => format!(
            "call-lost callback={} number={} name={:?}",
            it.id,
            it.number.expose(),
            it.customer_name
        ),
        AgentEvent::RecoveryOffered(call) => {
            format!("recovery-offered call={call} say \"notready recovery\" to take it")
        }
        AgentEvent::DialRefused { campaign, because, until } => {
            let until = until.map_or_else(|| "never".to_owned(), moment);
            format!("dial-refused campaign={} until={until:?} {because}", campaign.campaign)
        }
    })
}

/// A message with all that its recipient needs.
fn message(it: &Message) -> String {
    let mut line = format!("message message={} from={:?}", it.id, it.from.as_deref().unwrap_or(""));
    if let Some(number) = &it.number {
        line.push_str(&format!(" number={}", number.expose()));
    }
    match &it.call_back {
        CallBack::None => {}
        CallBack::WeCall(at) => line.push_str(&format!(" we_call={}", at_or_any(*at))),
        CallBack::TheyCall(at) => line.push_str(&format!(" they_call={}", at_or_any(*at))),
    }
    line.push_str(&format!(" about={:?} text={:?}", it.purpose, it.text));
    line
}

fn at_or_any(at: Option<timbre_model::Civil>) -> String {
    at.map_or_else(|| "any".to_owned(), |at| format!("{:?}", moment(at)))
}

/// How much is to be done, and what first.
fn agenda(items: &[Item]) -> String {
    let Some(first) = items.first() else { return "agenda items=0".to_owned() };
    let (kind, id) = crate::cli::agenda::what(first);
    let due = moment(first.item.due_at);
    let title = &first.item.title;
    format!("agenda items={} next={due:?} what={kind} id={id:?} about={title:?}", items.len())
}

/// Whom a placed call is for: `key=value`, texts in quotes; nothing where the call came in.
fn placed_words(placed: Option<&PlacedCall>) -> String {
    let Some(PlacedCall { campaign, number, lead, disclosures }) = placed else {
        return String::new();
    };
    let mut line = format!(" campaign={} number={}", campaign.campaign, number.expose());
    let mut add = |key: &str, value: &dyn std::fmt::Display| {
        line.push_str(&format!(" {key}={value}"));
    };
    if let Some(lead) = lead {
        let person = &lead.person;
        add("lead", &lead.id);
        add("name", &format_args!("{:?}", person.name));
        add("role", &person.role);
        if !person.tags.is_empty() {
            let tags: Vec<_> = person.tags.iter().map(timbre_model::Slug::as_str).collect();
            add("tags", &tags.join(","));
        }
        for (key, value) in &person.attributes {
            add(key, &format_args!("{value:?}"));
        }
    }
    for disclosure in disclosures {
        add("say", &format_args!("{disclosure:?}"));
    }
    line
}

fn welcome(welcome: &Welcome) -> String {
    let Welcome { agent, resumed, status: view, .. } = welcome;
    let word = if *resumed { "resumed" } else { "signed-in" };
    format!("{word} agent={} tenant={}; {}", agent.agent, agent.tenant, status(view))
}

/// An agent's status as a line.
pub fn status(view: &AgentView) -> String {
    let mut line = format!("status state={}", view.state);
    let mut add = |key: &str, value: &dyn std::fmt::Display| {
        line.push_str(&format!(" {key}={value}"));
    };
    if let Some(reason) = &view.reason {
        add("reason", &reason.as_str());
    }
    if let Some((offer, _)) = view.offer {
        add("offer", &offer);
    }
    if let Some(call) = view.call {
        add("call", &call);
    }
    if view.on_hold {
        add("on_hold", &true);
    }
    if let Some(pause) = &view.pause_after {
        add("pause_after", &pause.as_str());
    }
    add("station", &if view.station { "up" } else { "down" });
    line
}
