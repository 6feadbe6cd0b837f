//! Agendas: what somebody is to do, in the order in which it falls due.

use std::fmt::{self, Write as _};

use timbre_casework::{AgendaItem, Record, RecordKind};
use timbre_model::{AgentId, Civil, ClientId, Slug, TenantId};

use super::records::Indexed;
use super::{id, key};
use crate::calls::without_nul;
use crate::database::Transaction;
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Statement, Table};
use crate::{PageRequest, Store, StoreError};

static AGENDA: Table = Table::new(
    "agenda",
    &[
        ("tenant", Kind::Text),
        ("kind", Kind::Text),
        ("id", Kind::Bytes),
        ("line", Kind::Int),
        ("client", Kind::Text),
        ("agent", Kind::Text),
        ("department", Kind::Text),
        ("due_at", Kind::Int),
        ("title", Kind::Text),
    ],
    4,
    4,
);

/// Whose agenda, and which part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgendaFilter {
    /// What is this agent's own.
    pub agent: Option<AgentId>,
    /// What is of one of these departments and of nobody in particular, of the `clients`.
    pub departments: Vec<Slug>,
    /// What anybody of these client companies' agents may do.
    pub clients: Vec<ClientId>,
    /// What falls due at or after this.
    pub from: Option<Civil>,
    /// What falls due before this.
    pub to: Option<Civil>,
}

/// One line of an agenda, and the record it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaLine {
    /// What the record is.
    pub kind: RecordKind,
    /// The record's id.
    pub id: u128,
    /// Counts the record's lines from 0.
    pub line: u32,
    /// The client company it concerns.
    pub client: ClientId,
    /// What is to be done.
    pub item: AgendaItem,
}

/// A part of an agenda, by due time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaPage {
    /// The lines.
    pub lines: Vec<AgendaLine>,
    /// Where the next page begins; `None` where there is none.
    pub next: Option<AgendaCursor>,
}

/// The last line of a page. Printed `MICROSECONDS-KIND-ID-LINE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgendaCursor {
    due_at: Civil,
    kind: RecordKind,
    id: u128,
    line: u32,
}

impl AgendaCursor {
    /// Reads `MICROSECONDS-KIND-ID-LINE`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(4, '-');
        let line = parts.next()?.parse().ok()?;
        let id = u128::from_str_radix(parts.next()?, 16).ok()?;
        let kind = RecordKind::parse(parts.next()?)?;
        let due_at = Civil::from_micros(parts.next()?.parse().ok()?);
        Some(Self { due_at, kind, id, line })
    }

    /// The place of a line.
    pub fn of(line: &AgendaLine) -> Self {
        let AgendaLine { kind, id, line: number, .. } = *line;
        Self { due_at: line.item.due_at, kind, id, line: number }
    }
}

impl fmt::Display for AgendaCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { due_at, kind, id, line } = self;
        write!(f, "{}-{kind}-{id:032x}-{line}", due_at.as_micros())
    }
}

/// Takes out the lines of a record.
pub(super) async fn clear(
    transaction: &mut Transaction,
    record: &Record,
) -> Result<(), StoreError> {
    let text = "DELETE FROM agenda WHERE tenant = $1 AND kind = $2 AND id = $3";
    let statement = transaction.statement(text, |args| {
        args.text(record.tenant().as_str()).text(record.kind().as_str());
        args.bytes(&key(record.id())[..]);
    });
    transaction.run(statement).await.map(drop)
}

/// Puts in the lines of records whose former lines were taken out.
pub(super) async fn write(
    transaction: &mut Transaction,
    records: &[&Indexed<'_>],
) -> Result<(), StoreError> {
    let lines = records
        .iter()
        .flat_map(|it| (0_i64..).zip(&it.index.agenda).map(|(line, item)| (it.record, line, item)));
    let lines: Vec<(&Record, i64, &AgendaItem)> = lines.collect();
    let write = |(record, line, item): &(&Record, i64, &AgendaItem), to: &mut Args| {
        to.text(record.tenant().as_str()).text(record.kind().as_str());
        to.bytes(&key(record.id())[..]).int(*line).text(record.client().as_str());
        to.text(item.agent.as_ref().map(AgentId::as_str));
        to.text(item.department.as_ref().map(Slug::as_str)).int(item.due_at.as_micros());
        to.text(&*without_nul(&item.title));
    };
    for statement in AGENDA.upsert(transaction.dialect(), &lines, write).collect::<Vec<_>>() {
        transaction.run(statement).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<AgendaLine, StoreError> {
    let mut from = Columns::new(row, "agenda", 1);
    let kind = from.parsed("kind", RecordKind::parse)?;
    let number = id(from.bytes("id")?).ok_or_else(|| from.corrupt("id"))?;
    let line = from.count("line")?;
    let client = from.parsed("client", |it| ClientId::parse(it).ok())?;
    let agent = from.parsed_or_null("agent", |it| AgentId::parse(it).ok())?;
    let department = from.parsed_or_null("department", |it| Slug::parse(it).ok())?;
    let due_at = from.time("due_at")?;
    let title = from.text("title")?.to_owned();
    let item = AgendaItem { due_at, agent, department, title };
    Ok(AgendaLine { kind, id: number, line, client, item })
}

/// A SELECT over several ranges of several indexes, each read in order and no further than a page.
struct Query {
    text: String,
    args: Args,
    values: usize,
    parts: usize,
}

impl Query {
    fn bound(&mut self) -> usize {
        self.values += 1;
        self.values
    }

    fn part(&mut self, index: &str, condition: &str, rest: &str, size: usize) {
        let union = if self.parts == 0 { "" } else { " UNION ALL " };
        self.parts += 1;
        let _ = write!(
            self.text,
            "{union}SELECT * FROM (SELECT kind, id, line, client, agent, department, due_at, title FROM agenda{index} \
             WHERE tenant = $1 AND {condition}{rest} ORDER BY due_at, kind, id, line LIMIT {size}) AS p{}",
            self.parts
        );
    }
}

impl Store {
    /// The lines of an agenda that pass `filter`, by due time; at most [`PageRequest::SIZE_MAX`].
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn agenda(
        &self,
        tenant: &TenantId,
        filter: &AgendaFilter,
        size: u32,
        after: Option<AgendaCursor>,
    ) -> Result<AgendaPage, StoreError> {
        let size = size.clamp(1, PageRequest::SIZE_MAX) as usize;
        let Some(statement) = self.agenda_statement(tenant, filter, size + 1, after) else {
            return Ok(AgendaPage { lines: Vec::new(), next: None });
        };
        let rows = self.database.read(statement).await?;
        let lines = rows.iter().take(size).map(read).collect::<Result<Vec<_>, _>>()?;
        let next = lines.last().filter(|_| rows.len() > size).map(AgendaCursor::of);
        Ok(AgendaPage { lines, next })
    }

    fn agenda_statement(
        &self,
        tenant: &TenantId,
        filter: &AgendaFilter,
        most: usize,
        after: Option<AgendaCursor>,
    ) -> Option<Statement> {
        let AgendaFilter { agent, departments, clients, from, to } = filter;
        let dialect = self.database.dialect();
        let args = self.database.args();
        let mut query = Query { text: "SELECT * FROM (".to_owned(), args, values: 1, parts: 0 };
        query.args.text(tenant.as_str());
        let mut rest = String::new();
        for (condition, at) in [("due_at >=", from), ("due_at <", to)] {
            if let Some(at) = at {
                query.args.int(at.as_micros());
                let _ = write!(rest, " AND {condition} ${}", query.bound());
            }
        }
        if let Some(AgendaCursor { due_at, kind, id, line }) = after {
            query.args.int(due_at.as_micros()).text(kind.as_str()).bytes(&key(id)[..]);
            query.args.int(i64::from(line));
            let first = query.bound();
            query.values += 3;
            let [b, c, d] = [first + 1, first + 2, first + 3];
            let _ = write!(rest, " AND (due_at, kind, id, line) > (${first}, ${b}, ${c}, ${d})");
        }
        if let Some(agent) = agent {
            query.args.text(agent.as_str());
            let condition = format!("agent = ${}", query.bound());
            query.part(&dialect.indexed("agenda_of_agents"), &condition, &rest, most);
        }
        // Within one transaction of Postgres and one statement's depth of SQLite.
        let of_clients = clients.iter().take(CLIENTS_MAX);
        if !departments.is_empty() && !clients.is_empty() {
            query.args.text(&*super::records::json_clients(clients));
            let among = dialect.among("client", u8::try_from(query.bound()).unwrap_or(u8::MAX));
            for department in departments.iter().take(DEPARTMENTS_MAX) {
                query.args.text(department.as_str());
                let place = query.bound();
                let condition = format!("agent IS NULL AND department = ${place} AND {among}");
                query.part(&dialect.indexed("agenda_of_departments"), &condition, &rest, most);
            }
        }
        for client in of_clients {
            query.args.text(client.as_str());
            let place = query.bound();
            let condition = format!("agent IS NULL AND department IS NULL AND client = ${place}");
            query.part(&dialect.indexed("agenda_of_anybody"), &condition, &rest, most);
        }
        if query.parts == 0 {
            return None;
        }
        let Query { mut text, args, .. } = query;
        let _ = write!(text, ") AS lines ORDER BY due_at, kind, id, line LIMIT {most}");
        Some(Statement::generated(text.into(), args))
    }
}

/// Parts of one statement: SQLite takes 500.
const CLIENTS_MAX: usize = 300;
const DEPARTMENTS_MAX: usize = 100;
