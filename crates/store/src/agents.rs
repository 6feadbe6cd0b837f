//! What each agent was doing, and for how long.

use timbre_model::{AgentId, AgentStateKind, AgentStateRecord, Civil, NotReadyReason, TenantId};

use crate::calls::key;
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table};
use crate::{StateTime, Store, StoreError};

pub(crate) static AGENT_STATES: Table = Table::new(
    "agent_states",
    &[
        ("tenant", Kind::Text),
        ("agent", Kind::Text),
        ("at", Kind::Int),
        ("number", Kind::Int),
        ("state", Kind::Text),
        ("reason", Kind::Text),
        ("call", Kind::Bytes),
    ],
    4,
    7,
);

pub(crate) fn write(record: &AgentStateRecord, to: &mut Args) {
    let AgentStateRecord { tenant, agent, at, number, state, reason, call } = record;
    to.text(tenant.as_str()).text(agent.as_str()).int(at.as_micros());
    to.int(i64::try_from(*number).unwrap_or(i64::MAX)).text(state.as_str());
    to.text(reason.as_ref().map(NotReadyReason::as_str));
    to.bytes(call.map(key).as_ref().map(|id| &id[..]));
}

fn read(row: &Row) -> Result<AgentStateRecord, StoreError> {
    let mut from = Columns::new(row, "agent_states", 4);
    Ok(AgentStateRecord {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        agent: from.parsed("agent", |it| AgentId::parse(it).ok())?,
        at: from.time("at")?,
        number: from.count("number")?,
        state: from.parsed("state", AgentStateKind::parse)?,
        reason: from.parsed_or_null("reason", NotReadyReason::parse)?,
        call: from.call_or_null("call")?,
    })
}

/// Finds the agents of the tenant by one step in the index for each, not by reading every record; then each one's state
/// at the beginning, and the records after it; the next record ends a state, and the end of the period the last one.
const STATE_TIMES: &str = "\
WITH RECURSIVE known (agent) AS (
    SELECT MIN(agent) FROM agent_states WHERE tenant = $1
    UNION ALL
    SELECT (SELECT MIN(s.agent) FROM agent_states s WHERE s.tenant = $1 AND s.agent > known.agent)
    FROM known WHERE known.agent IS NOT NULL
), began (agent, at) AS (
    SELECT agent, (
        SELECT s.at FROM agent_states s WHERE s.tenant = $1 AND s.agent = known.agent AND s.at <= $2
        ORDER BY s.at DESC LIMIT 1
    ) FROM known WHERE agent IS NOT NULL
), spans (agent, state, since, until) AS (
    SELECT s.agent, s.state, s.at, LEAD(s.at, 1, $3) OVER (PARTITION BY s.agent ORDER BY s.at, s.number)
    FROM began JOIN agent_states s ON s.tenant = $1 AND s.agent = began.agent
        AND s.at >= COALESCE(began.at, $2) AND s.at < $3
), cut (agent, state, since, until) AS (
    SELECT agent, state, CASE WHEN since < $2 THEN $2 ELSE since END, CASE WHEN until < $2 THEN $2 ELSE until END
    FROM spans
)
SELECT agent, state, CAST(SUM(until - since) AS BIGINT) FROM cut GROUP BY agent, state ORDER BY agent, state";

/// The same for one agent.
const STATE_TIMES_OF_ONE: &str = "\
WITH began (at) AS (
    SELECT MAX(at) FROM agent_states WHERE tenant = $1 AND agent = $4 AND at <= $2
), spans (agent, state, since, until) AS (
    SELECT s.agent, s.state, s.at, LEAD(s.at, 1, $3) OVER (ORDER BY s.at, s.number)
    FROM began JOIN agent_states s ON s.tenant = $1 AND s.agent = $4
        AND s.at >= COALESCE(began.at, $2) AND s.at < $3
), cut (agent, state, since, until) AS (
    SELECT agent, state, CASE WHEN since < $2 THEN $2 ELSE since END, CASE WHEN until < $2 THEN $2 ELSE until END
    FROM spans
)
SELECT agent, state, CAST(SUM(until - since) AS BIGINT) FROM cut GROUP BY agent, state ORDER BY agent, state";

impl Store {
    /// An agent's records from `from` until before `to`, in order.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn agent_states(
        &self,
        tenant: &TenantId,
        agent: &AgentId,
        from: Civil,
        to: Civil,
    ) -> Result<Vec<AgentStateRecord>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, agent, at, number, state, reason, call FROM agent_states \
             WHERE tenant = $1 AND agent = $2 AND at >= $3 AND at < $4 ORDER BY at, number",
            |args| {
                args.text(tenant.as_str()).text(agent.as_str());
                args.int(from.as_micros()).int(to.as_micros());
            },
        );
        rows.await?.iter().map(read).collect()
    }

    /// How long agents were in each state between `from` and `to`: of one agent, or of all of the tenant. The last state
    /// of an agent lasts until `to`; give no `to` that lies ahead. States with no time in the period are left out.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn state_times(
        &self,
        tenant: &TenantId,
        agent: Option<&AgentId>,
        from: Civil,
        to: Civil,
    ) -> Result<Vec<StateTime>, StoreError> {
        let text = if agent.is_some() { STATE_TIMES_OF_ONE } else { STATE_TIMES };
        let rows = self.rows(text, |args| {
            args.text(tenant.as_str()).int(from.as_micros()).int(to.as_micros());
            if let Some(agent) = agent {
                args.text(agent.as_str());
            }
        });
        let times = rows.await?.iter().map(read_time).collect::<Result<Vec<_>, _>>()?;
        Ok(times.into_iter().filter(|time| !time.total.is_zero()).collect())
    }
}

fn read_time(row: &Row) -> Result<StateTime, StoreError> {
    let mut from = Columns::new(row, "agent_states", 2);
    Ok(StateTime {
        agent: from.parsed("agent", |it| AgentId::parse(it).ok())?,
        state: from.parsed("state", AgentStateKind::parse)?,
        total: from.span("at")?,
    })
}
