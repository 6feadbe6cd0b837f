//! Lists of records: filtered, newest first, a page at a time.

use std::fmt::Write as _;

use timbre_casework::{CustomerId, Record, RecordKind};
use timbre_model::{AgentId, CallId, Civil, ClientId, PhoneNumber, TenantId};

use super::key;
use super::records::{json_clients, read};
use crate::outbound::attempts::digits;
use crate::row::Columns;
use crate::sql::{Args, Statement};
use crate::{Cursor, PageRequest, Store, StoreError};

/// Which records to list; what is `None` does not narrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordFilter {
    /// Of this kind. Customers are no part of any list: they are searched.
    pub kind: RecordKind,
    /// In the state of this word.
    pub state: Option<String>,
    /// `true`: those that wait for somebody or something. `false`: those that do not.
    pub open: Option<bool>,
    /// Of one of these client companies.
    pub clients: Option<Vec<ClientId>>,
    /// This agent's.
    pub agent: Option<AgentId>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of the customer with this number.
    pub number: Option<PhoneNumber>,
    /// Open and due before this.
    pub due_before: Option<Civil>,
    /// That came about at or after this.
    pub from: Option<Civil>,
    /// That came about before this.
    pub to: Option<Civil>,
}

impl RecordFilter {
    /// Every record of a kind.
    pub fn of(kind: RecordKind) -> Self {
        Self {
            kind,
            state: None,
            open: None,
            clients: None,
            agent: None,
            customer: None,
            number: None,
            due_before: None,
            from: None,
            to: None,
        }
    }

    /// The index that leaves out most: SQLite keeps no statistics by which it would find it.
    fn index(&self) -> &'static str {
        match self {
            Self { customer: Some(_), .. } => "records_by_customer",
            Self { number: Some(_), .. } => "records_by_number",
            Self { due_before: Some(_), .. } => "records_due",
            Self { open: Some(true), .. } => "records_open",
            Self { agent: Some(_), .. } => "records_by_agent",
            Self { clients: Some(clients), .. } if clients.len() == 1 => "records_by_client",
            _ => "records_by_time",
        }
    }
}

/// A part of a list of records, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page begins; `call` of it is the record's id.
    pub next: Option<Cursor>,
}

/// How many records of a kind and a state are open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCount {
    /// The client company.
    pub client: ClientId,
    /// What they are.
    pub kind: RecordKind,
    /// The word of their state.
    pub state: String,
    /// How many.
    pub open: u64,
    /// How many of these are late.
    pub overdue: u64,
}

/// A SELECT that grows by conditions.
struct Query {
    text: String,
    args: Args,
    values: usize,
}

impl Query {
    fn bound(&mut self, condition: &str) {
        self.values += 1;
        let _ = write!(self.text, " AND {condition} ${}", self.values);
    }

    fn filter(&mut self, filter: &RecordFilter) {
        let RecordFilter {
            kind: _,
            state,
            open,
            clients,
            agent,
            customer,
            number,
            due_before,
            from,
            to,
        } = filter;
        if let Some(state) = state {
            self.args.text(state.as_str());
            self.bound("state =");
        }
        if let Some(open) = open {
            self.text.push_str(if *open { " AND open = 1" } else { " AND open = 0" });
        }
        // One is a range of an index of its own.
        if let Some([client]) = clients.as_deref() {
            self.args.text(client.as_str());
            self.bound("client =");
        }
        if let Some(agent) = agent {
            self.args.text(agent.as_str());
            self.bound("agent =");
        }
        if let Some(customer) = customer {
            self.args.bytes(&key(customer.as_u128())[..]);
            self.bound("customer =");
        }
        if let Some(number) = number {
            self.args.int(digits(number));
            self.bound("number =");
        }
        for (condition, at) in [("due_at <", due_before), ("at >=", from), ("at <", to)] {
            if let Some(at) = at {
                self.args.int(at.as_micros());
                self.bound(condition);
            }
        }
    }
}

impl Store {
    /// Records that pass `filter`, newest first (by when they came about, then by id). Reads one page of an index, save that
    /// all but the narrowest of customer, number, due time, `open`, agent and client company, and the state, pass over what
    /// they leave out.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn records(
        &self,
        tenant: &TenantId,
        filter: &RecordFilter,
        page: &PageRequest,
    ) -> Result<RecordPage, StoreError> {
        if filter.clients.as_ref().is_some_and(Vec::is_empty) {
            return Ok(RecordPage { records: Vec::new(), next: None });
        }
        let size = page.size.clamp(1, PageRequest::SIZE_MAX) as usize;
        let dialect = self.database.dialect();
        let text = format!(
            "SELECT tenant, kind, id, record, at FROM records{} WHERE tenant = $1 AND kind = $2",
            dialect.indexed(filter.index())
        );
        let mut query = Query { text, args: self.database.args(), values: 2 };
        query.args.text(tenant.as_str()).text(filter.kind.as_str());
        query.filter(filter);
        if let Some(clients) = filter.clients.as_deref().filter(|it| it.len() > 1) {
            query.args.text(&*json_clients(clients));
            query.values += 1;
            let place = u8::try_from(query.values).unwrap_or(u8::MAX);
            let _ = write!(query.text, " AND {}", dialect.among("client", place));
        }
        if let Some(Cursor { arrived_at, call }) = page.after {
            query.args.int(arrived_at.as_micros()).bytes(&key(call.as_u128())[..]);
            let (at, id) = (query.values + 1, query.values + 2);
            let _ = write!(query.text, " AND (at, id) < (${at}, ${id})");
        }
        let _ = write!(query.text, " ORDER BY at DESC, id DESC LIMIT {}", size + 1);
        let rows = self.database.read(Statement::generated(query.text.into(), query.args)).await?;
        let records = rows.iter().take(size).map(read).collect::<Result<Vec<_>, _>>()?;
        let last = records.last().filter(|_| rows.len() > size);
        let next =
            last.map(|it| Cursor { arrived_at: it.index().at, call: CallId::from_u128(it.id()) });
        Ok(RecordPage { records, next })
    }

    /// How many records of a tenant are open, by client company, kind and state, and how many of these were due before
    /// `at`. Reads one index, of the open ones alone.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn open_counts(
        &self,
        tenant: &TenantId,
        at: Civil,
    ) -> Result<Vec<OpenCount>, StoreError> {
        let text = format!(
            "SELECT client, kind, state, COUNT(*), COUNT(CASE WHEN due_at < $2 THEN 1 END) \
             FROM records{} WHERE tenant = $1 AND open = 1 GROUP BY client, kind, state ORDER BY client, kind, state",
            self.database.dialect().indexed("records_open")
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).int(at.as_micros());
        });
        let count = |row| {
            let mut from = Columns::new(row, "records", 3);
            Ok(OpenCount {
                client: from.parsed("client", |it| ClientId::parse(it).ok())?,
                kind: from.parsed("kind", RecordKind::parse)?,
                state: from.text("state")?.to_owned(),
                open: from.count("open")?,
                overdue: from.count("due_at")?,
            })
        };
        rows.await?.iter().map(count).collect()
    }
}
