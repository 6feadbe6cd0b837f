//! By what records are found.

use timbre_model::AgentId;

use crate::{
    AgendaItem, By, CallBack, Callback, CallbackState, Case, Customer, FollowUp, FollowUpState,
    Index, Message, MessageState, Party, Recipient, Sale, Survey, Trouble,
};

/// The start of a longer text, for a line of an agenda.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn agent_of(by: &By) -> Option<AgentId> {
    match by {
        By::Agent(agent) => Some(agent.clone()),
        By::Desk(_) | By::System => None,
    }
}

pub(crate) fn case(it: &Case) -> Index {
    let open = !it.state.is_closed();
    let due_at = it.deadline.as_ref().map(|it| it.due_at);
    let mut agenda = Vec::new();
    if let Some(due_at) = due_at.filter(|_| open) {
        let title = format!("{} {}: {}", it.kind, it.key, short(&it.statement));
        let department = it.department.clone().filter(|_| it.owner.is_none());
        agenda.push(AgendaItem { due_at, agent: it.owner.clone(), department, title });
    }
    for task in it.tasks.iter().filter(|task| open && task.done_at.is_none()) {
        let (agent, department) = match &task.who {
            Party::Agent(agent) => (Some(agent.clone()), None),
            Party::Department(department) => (None, Some(department.clone())),
            Party::Customer => continue,
        };
        let title = format!("{}: {}", it.key, short(&task.what));
        agenda.push(AgendaItem { due_at: task.by, agent, department, title });
    }
    Index {
        state: it.state.to_string(),
        open,
        agent: it.owner.clone(),
        customer: it.customer,
        number: it.number.clone(),
        key: Some(it.key.digits()),
        at: it.received_at,
        wake_at: it.deadline.as_ref().filter(|_| open).and_then(|it| it.wake_at),
        // Answered in time or not: what is overdue is what nobody has answered.
        due_at: it.deadline.as_ref().filter(|it| open && it.met_at.is_none()).map(|it| it.due_at),
        agenda,
    }
}

pub(crate) fn sale(it: &Sale) -> Index {
    Index {
        agent: it.agent.clone(),
        customer: it.customer,
        number: Some(it.number.clone()),
        at: it.at,
        ..Index::default()
    }
}

pub(crate) fn follow_up(it: &FollowUp) -> Index {
    let planned = it.state == FollowUpState::Planned;
    // Whoever talked with the customer owes what they said.
    let owed = it.call.is_some() && !it.state.is_over();
    let title = format!("follow-up {}: what did the customer say?", it.number);
    let item = AgendaItem { due_at: it.due_at, agent: it.agent.clone(), department: None, title };
    Index {
        state: it.state.to_string(),
        open: !it.state.is_over(),
        agent: it.agent.clone(),
        customer: it.customer,
        at: it.due_at,
        wake_at: planned.then_some(it.due_at),
        due_at: (!it.state.is_over()).then_some(it.due_at),
        agenda: owed.then_some(item).into_iter().collect(),
        ..Index::default()
    }
}

pub(crate) fn message(it: &Message) -> Index {
    let open = matches!(it.state, MessageState::Taken | MessageState::Delivered);
    let due_at = match it.call_back {
        CallBack::WeCall(at) => at.unwrap_or(it.taken_at),
        CallBack::None | CallBack::TheyCall(_) => it.taken_at,
    };
    let (agent, department) = match &it.recipient {
        Recipient::Agent(agent) => (Some(agent.clone()), None),
        Recipient::Department(department) => (None, Some(department.clone())),
        Recipient::Mail(_) => (None, None),
    };
    let in_agenda = open && (agent.is_some() || department.is_some());
    let from = it.from.as_deref().unwrap_or("?");
    let title = format!("{from}: {}", short(&it.purpose));
    let item = AgendaItem { due_at, agent: agent.clone(), department, title };
    Index {
        state: it.state.to_string(),
        open: open || it.state == MessageState::Held,
        agent: agent.or_else(|| agent_of(&it.taken_by)),
        customer: it.customer,
        number: it.number.clone(),
        at: it.taken_at,
        due_at: open.then_some(due_at),
        agenda: in_agenda.then_some(item).into_iter().collect(),
        ..Index::default()
    }
}

pub(crate) fn callback(it: &Callback) -> Index {
    let open = !it.state.is_over();
    let next = if it.state == CallbackState::Planned { it.due_at } else { it.expires_at };
    let title = format!("{}: {}", it.customer_name, short(&it.note));
    let agent = it.agent.clone();
    let item = AgendaItem { due_at: it.due_at, agent: agent.clone(), department: None, title };
    Index {
        state: it.state.to_string(),
        open,
        agent,
        customer: it.customer,
        number: Some(it.number.clone()),
        at: it.made_at,
        wake_at: open.then_some(next),
        due_at: open.then_some(it.due_at),
        agenda: open.then_some(item).into_iter().collect(),
        ..Index::default()
    }
}

pub(crate) fn survey(it: &Survey) -> Index {
    Index {
        agent: Some(it.agent.clone()),
        customer: it.customer,
        at: it.asked_at,
        ..Index::default()
    }
}

pub(crate) fn trouble(it: &Trouble) -> Index {
    Index { agent: Some(it.agent.clone()), at: it.at, ..Index::default() }
}

pub(crate) fn customer(it: &Customer) -> Index {
    Index {
        state: it.state().to_owned(),
        customer: Some(it.id),
        key: it.key.clone(),
        at: it.known_since,
        ..Index::default()
    }
}
