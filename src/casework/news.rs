//! What happened to records, for the streams of the agents whom it concerns: who is signed in is told, nobody is asked.

use futures::FutureExt as _;
use serde_json::Value;
use timbre_casework::{CallbackId, CallbackWhy, MessageId};
use timbre_model::{AgentId, AgentRef, FloorSpec, Slug, TenantId};
use timbre_store::StoredEvent;

use super::reactor::Reader;
use super::{Desk, Done};
use crate::feed::DeskNews;

/// Tells agents' streams. It keeps nothing: an agent who signs in reads what there is.
pub const READER: Reader = Reader {
    place: "streams",
    types: &["timbre.message.", "timbre.callback.", "timbre.case.", "timbre.attempt.ended."],
    react: |desk, tenant, event| {
        tell(desk, tenant, event);
        async { Ok(Done::default()) }.boxed()
    },
};

fn tell(desk: &Desk, tenant: &TenantId, it: &StoredEvent) {
    let Some(floor) = desk.feed.floor(tenant) else { return };
    let (kind, data) = (it.event.kind.as_str(), &it.event.data);
    let news = news(kind, data);
    let own = ["agent", "owner"].iter().find_map(|name| agent(data, name));
    if let Some(agent) = own {
        let who = AgentRef { tenant: tenant.clone(), agent };
        news.into_iter().for_each(|it| desk.feed.tell_agent(&who, it));
        desk.feed.tell_agent(&who, DeskNews::Agenda);
    } else if let Some(department) = department(data) {
        for agent in of_department(&floor, &department) {
            let who = AgentRef { tenant: tenant.clone(), agent };
            news.into_iter().for_each(|it| desk.feed.tell_agent(&who, it));
            desk.feed.tell_agent(&who, DeskNews::Agenda);
        }
    }
    // What is anybody's, and what was somebody else's before, can wait a little.
    let shared = kind.starts_with("timbre.case.") || agent(data, "agent").is_none();
    if shared && let Some(client) = &it.event.client {
        let sees = |agent: &AgentId| floor.clients_of(agent).contains(client);
        desk.feed.tell_agents(tenant, sees, DeskNews::SharedAgenda);
    }
}

/// What is told beside that the agenda has changed.
fn news(kind: &str, data: &Value) -> Option<DeskNews> {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    match kind {
        "timbre.message.taken.v1" | "timbre.message.passed_on.v1" => {
            MessageId::parse(text("message")?).map(DeskNews::Message)
        }
        "timbre.callback.promised.v1" if text("why") == Some(CallbackWhy::CallLost.as_str()) => {
            CallbackId::parse(text("callback")?).map(DeskNews::CallbackOwed)
        }
        _ => None,
    }
}

fn agent(data: &Value, name: &str) -> Option<AgentId> {
    data.get(name).and_then(Value::as_str).and_then(|it| AgentId::parse(it).ok())
}

fn department(data: &Value) -> Option<Slug> {
    data.get("department").and_then(Value::as_str).and_then(|it| Slug::parse(it).ok())
}

fn of_department(floor: &FloorSpec, id: &Slug) -> Vec<AgentId> {
    let department = floor.casework.departments.iter().find(|it| it.id == *id);
    department.map(|it| it.agents.iter().cloned().collect()).unwrap_or_default()
}
