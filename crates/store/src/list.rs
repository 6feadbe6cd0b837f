//! The list of calls: filtered, newest first, a page at a time.

use std::fmt::Write as _;
use std::sync::Arc;

use timbre_model::{CallOutcome, TenantId};

use crate::calls::{self, CALLS};
use crate::sql::{Args, Statement};
use crate::{CallFilter, Cursor, Page, PageRequest, Store, StoreError};

/// A SELECT that grows by conditions. Each combination of filters is one text, prepared once.
struct Query {
    text: String,
    args: Args,
    values: usize,
}

impl Query {
    fn int(&mut self, condition: &str, value: i64) {
        self.args.int(value);
        self.condition(condition);
    }

    fn text(&mut self, condition: &str, value: &str) {
        self.args.text(value);
        self.condition(condition);
    }

    /// `condition` compares with a value that was just bound.
    fn condition(&mut self, condition: &str) {
        self.values += 1;
        let _ = write!(self.text, " AND {condition} ${}", self.values);
    }

    /// Continues behind `cursor`. A row comparison, so that the index is entered at that place.
    fn after(&mut self, cursor: Cursor) {
        self.args.int(cursor.arrived_at.as_micros()).bytes(&calls::key(cursor.call)[..]);
        let (at, id) = (self.values + 1, self.values + 2);
        let _ = write!(self.text, " AND (arrived_at, id) < (${at}, ${id})");
        self.values += 2;
    }

    fn filter(&mut self, filter: &CallFilter) {
        let CallFilter { queue, agent, outcome, open, arrived_from, arrived_to, caller } = filter;
        // Of the open calls there are few, whatever queue or agent they are of: their own index is entered, and the joined
        // text keeps SQLite from the others, which hold the whole past.
        let few = *open == Some(true);
        if let Some(queue) = queue {
            self.text(if few { "queue || '' =" } else { "queue =" }, queue.as_str());
        }
        if let Some(agent) = agent {
            self.text(if few { "agent || '' =" } else { "agent =" }, agent.as_str());
        }
        if let Some(caller) = caller {
            self.text(if few { "caller || '' =" } else { "caller =" }, caller.expose());
        }
        if let Some(outcome) = outcome.map(CallOutcome::as_str) {
            self.text("outcome =", outcome);
        }
        if let Some(open) = open {
            self.text.push_str(if *open {
                " AND ended_at IS NULL"
            } else {
                " AND ended_at IS NOT NULL"
            });
        }
        if let Some(from) = arrived_from {
            self.int("arrived_at >=", from.as_micros());
        }
        if let Some(to) = arrived_to {
            self.int("arrived_at <", to.as_micros());
        }
    }
}

impl Store {
    /// Calls of a tenant that pass `filter`, newest first (by arrival, then by id). Reads one page of an index, however
    /// many calls there are, save that a filter by outcome alone passes over the calls it leaves out.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn list_calls(
        &self,
        tenant: &TenantId,
        filter: &CallFilter,
        page: &PageRequest,
    ) -> Result<Page, StoreError> {
        let size = page.size.clamp(1, PageRequest::SIZE_MAX) as usize;
        let mut query = Query {
            text: format!("SELECT {} FROM calls WHERE tenant = $1", CALLS.names()),
            args: self.database.args(),
            values: 1,
        };
        query.args.text(tenant.as_str());
        query.filter(filter);
        if let Some(cursor) = page.after {
            query.after(cursor);
        }
        // One more than asked for: whether there is a next page.
        let _ =
            write!(query.text, " ORDER BY arrived_at DESC, id DESC LIMIT ${}", query.values + 1);
        query.args.int(i64::try_from(size + 1).unwrap_or(i64::MAX));
        let statement = Statement::generated(Arc::from(query.text), query.args);
        let rows = self.database.read(statement).await?;
        let more = rows.len() > size;
        let calls = rows.iter().take(size).map(calls::read).collect::<Result<Vec<_>, _>>()?;
        let last = calls.last().filter(|_| more);
        let next = last.map(|call| Cursor { arrived_at: call.arrived_at, call: call.id });
        Ok(Page { calls, next })
    }
}
