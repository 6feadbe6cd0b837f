//! What somebody is to do, by due time: what stands in records' agendas, and calls that campaigns' leads were promised.

use timbre_casework::{AgendaItem, RecordKind};
use timbre_model::{
    AgentId, AgentRef, Civil, ClientId, FloorSpec, Lead, LeadId, LeadState, ListId, TenantId,
};
use timbre_store::{AgendaCursor, AgendaFilter, AgendaLine};

use super::{Desk, Fault};

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Whose.
    pub tenant: TenantId,
    /// What it is about.
    pub what: What,
    /// The client company it concerns; `None`: not known.
    pub client: Option<ClientId>,
    /// By when, by whom, in a few words.
    pub item: AgendaItem,
}

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A record.
    Record(RecordKind, u128),
    /// A lead of a campaign to which a call was promised.
    Lead(LeadId),
}

/// Where a page ends: behind a line of a record's agenda, and behind a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    line: Option<AgendaCursor>,
    lead: Option<(Civil, LeadId)>,
}

impl Place {
    /// Reads `LINE/MICROSECONDS/LEAD`, either of which may be empty.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (line, due, lead) = (parts.next()?, parts.next()?, parts.next()?);
        let line = if line.is_empty() { None } else { Some(AgendaCursor::parse(line)?) };
        let lead = if lead.is_empty() {
            None
        } else {
            let due = Civil::from_micros(due.parse().ok()?);
            Some((due, LeadId::from_u64(lead.parse().ok()?)))
        };
        parts.next().is_none().then_some(Self { line, lead })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = &self.line {
            write!(f, "{line}")?;
        }
        match &self.lead {
            Some((due, lead)) => write!(f, "/{}/{lead}", due.as_micros()),
            None => f.write_str("//"),
        }
    }
}

impl Desk {
    /// At most `size` things that an agent is to do and that fall due not before `from` and before `to`, behind `after`; and
    /// where the next page begins.
    pub async fn agenda(
        &self,
        who: &AgentRef,
        (from, to): (Option<Civil>, Option<Civil>),
        size: u32,
        after: Place,
    ) -> Result<(Vec<Item>, Option<Place>), Fault> {
        let floor = self.floor(&who.tenant)?;
        let agent = &who.agent;
        let departments = floor.casework.departments.iter();
        let filter = AgendaFilter {
            agent: Some(agent.clone()),
            departments: departments
                .filter(|it| it.agents.contains(agent))
                .map(|it| it.id.clone())
                .collect(),
            clients: floor.clients_of(agent).into_iter().collect(),
            from,
            to,
        };
        let lines = self.store.agenda(&who.tenant, &filter, size, after.line).await?;
        let lists = lists_of(&floor, agent);
        let leads = if lists.is_empty() {
            Vec::new()
        } else {
            let whose = (&lists[..], agent);
            let most = size.saturating_add(1);
            self.store.promised_leads(&who.tenant, whose, (from, to), after.lead, most).await?
        };
        let more = lines.next.is_some();
        Ok(merged((&who.tenant, &floor), (lines.lines, more), leads, size as usize, after))
    }
}

/// The lists of the campaigns whose calls an agent takes. Their callbacks alone: those of the floor's own list stand in their
/// records.
fn lists_of(floor: &FloorSpec, agent: &AgentId) -> Vec<ListId> {
    let Some(agent) = floor.agents.iter().find(|it| it.id == *agent) else { return Vec::new() };
    let queues: Vec<_> = floor.queues_of(agent).map(|it| it.id.clone()).collect();
    let campaigns = floor.campaigns.iter().filter(|it| queues.contains(&it.queue));
    let lists = campaigns.flat_map(|it| it.lists.iter().map(|list| list.list.clone()));
    let mut lists: Vec<_> =
        lists.filter(|it| floor.casework.callbacks.as_ref() != Some(it)).collect();
    lists.sort();
    lists.dedup();
    lists
}

/// Both in the order of their due times.
fn merged(
    (tenant, floor): (&TenantId, &FloorSpec),
    (lines, more): (Vec<AgendaLine>, bool),
    leads: Vec<Lead>,
    size: usize,
    after: Place,
) -> (Vec<Item>, Option<Place>) {
    let (mut place, mut items) = (after, Vec::new());
    let (mut lines, mut leads) = (lines.into_iter().peekable(), leads.into_iter().peekable());
    while items.len() < size {
        let line_due = lines.peek().map(|it| it.item.due_at);
        let lead_due = leads.peek().and_then(due_of);
        let lead_first = lead_due.is_some_and(|lead| line_due.is_none_or(|line| lead < line));
        if lead_first {
            let Some(lead) = leads.next() else { break };
            place.lead = lead_due.map(|due| (due, lead.id));
            items.extend(of_lead(floor, &lead));
        } else {
            let Some(line) = lines.next() else { break };
            place.line = Some(AgendaCursor::of(&line));
            items.push(of_line(tenant, line));
        }
    }
    let left = more || lines.peek().is_some() || leads.peek().is_some();
    (items, left.then_some(place))
}

fn of_line(tenant: &TenantId, line: AgendaLine) -> Item {
    let AgendaLine { kind, id, line: _, client, item } = line;
    let what = What::Record(kind, id);
    Item { tenant: tenant.clone(), what, client: Some(client), item }
}

fn due_of(lead: &Lead) -> Option<Civil> {
    match &lead.state {
        LeadState::Callback { at, .. } => Some(*at),
        _ => None,
    }
}

fn of_lead(floor: &FloorSpec, lead: &Lead) -> Option<Item> {
    let LeadState::Callback { at, agent } = &lead.state else { return None };
    let client = floor.lists.iter().find(|it| it.id == lead.list).map(|it| it.client.clone());
    let title = lead.person.name.clone();
    let item = AgendaItem { due_at: *at, agent: agent.clone(), department: None, title };
    Some(Item { tenant: lead.tenant.clone(), what: What::Lead(lead.id), client, item })
}

#[cfg(test)]
mod tests;
