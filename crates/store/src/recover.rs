//! What a dead node left open is ended, once.

use timbre_model::{
    AgentStateKind, CallOutcome, Civil, Disposition, EndCause, OfferOutcome, ReleasedBy, Slug,
    TimelineKind,
};

use crate::casework::{append_statements, left_open};
use crate::database::apart;
use crate::outbound;
use crate::timeline::json;
use crate::{Recovered, Store, StoreError};

/// What wrap-up that nobody ended is classified as.
const UNCLASSIFIED: &str = "unclassified";

const ENTRY_OF_OPEN_CALLS: &str = "\
INSERT INTO timeline (tenant, call, number, at, what)
SELECT tenant, id,
    COALESCE((SELECT MAX(number) FROM timeline t WHERE t.tenant = calls.tenant AND t.call = calls.id), 0) + 1, $1, $2
FROM calls WHERE ended_at IS NULL";

const END_OPEN_CALLS: &str = "\
UPDATE calls SET ended_at = $1, cause = $2, released_by = $3,
    outcome = CASE WHEN connected_at IS NULL THEN $4 ELSE $5 END
WHERE ended_at IS NULL";

const ENTRY_OF_OPEN_WRAP_UPS: &str = "\
INSERT INTO timeline (tenant, call, number, at, what)
SELECT tenant, id,
    COALESCE((SELECT MAX(number) FROM timeline t WHERE t.tenant = calls.tenant AND t.call = calls.id), 0) + 1, $1, $2
FROM calls WHERE connected_at IS NOT NULL AND wrapped_up_at IS NULL AND disposition IS NULL";

const END_OPEN_WRAP_UPS: &str = "\
UPDATE calls SET wrapped_up_at = $1, disposition = COALESCE(disposition, $2),
    disposition_automatic = COALESCE(disposition_automatic, 1)
WHERE connected_at IS NOT NULL AND wrapped_up_at IS NULL";

const RESCIND_OPEN_OFFERS: &str = "\
UPDATE offers SET ended_at = $1, outcome = $2 WHERE outcome IS NULL";

/// Finds the agents by one step in the index for each tenant and each agent, not by reading every record. The new record
/// stands behind the last one even where the clock was set back since.
const SIGN_OUT_AGENTS: &str = "\
WITH RECURSIVE tenants (tenant) AS (
    SELECT MIN(tenant) FROM agent_states
    UNION ALL
    SELECT (SELECT MIN(s.tenant) FROM agent_states s WHERE s.tenant > tenants.tenant)
    FROM tenants WHERE tenants.tenant IS NOT NULL
), agents (tenant, agent) AS (
    SELECT tenant, (SELECT MIN(s.agent) FROM agent_states s WHERE s.tenant = tenants.tenant)
    FROM tenants WHERE tenant IS NOT NULL
    UNION ALL
    SELECT tenant, (
        SELECT MIN(s.agent) FROM agent_states s WHERE s.tenant = agents.tenant AND s.agent > agents.agent
    ) FROM agents WHERE agent IS NOT NULL
), latest (tenant, agent, at) AS (
    SELECT tenant, agent, (
        SELECT MAX(s.at) FROM agent_states s WHERE s.tenant = agents.tenant AND s.agent = agents.agent
    ) FROM agents WHERE agent IS NOT NULL
)
INSERT INTO agent_states (tenant, agent, at, number, state)
SELECT s.tenant, s.agent, CASE WHEN s.at < $1 THEN $1 ELSE s.at END, s.number + 1, $2
FROM latest JOIN agent_states s ON s.tenant = latest.tenant AND s.agent = latest.agent AND s.at = latest.at
WHERE s.state <> $2 AND NOT EXISTS (
    SELECT 1 FROM agent_states l
    WHERE l.tenant = s.tenant AND l.agent = s.agent AND l.at = s.at AND l.number > s.number
)";

impl Store {
    /// Ends at `at` what the last run of the engine left open, before the next one begins. Every call that was up gets
    /// exactly one end ([`EndCause::NodeLost`], released by the network; answered where an agent was connected, else
    /// lost) and its entry in the timeline; every wrap-up its automatic disposition `unclassified`; every open offer is
    /// rescinded; every agent is signed out. Every open attempt is ended: as connected where an agent was there, else as
    /// indeterminate, and its lead tried again later; leads that an agent had reserved stand where they stood. Each end is
    /// told as an event. A second time there is nothing left to do. Of all tenants: a node serves them all.
    ///
    /// # Errors
    ///
    /// See [`Store`]. Nothing was changed, or all of it.
    pub async fn recover(&self, at: Civil) -> Result<Recovered, StoreError> {
        let moment = at;
        let at = at.as_micros();
        let ended = json(&TimelineKind::Ended {
            cause: EndCause::NodeLost,
            released_by: ReleasedBy::Network,
        });
        let code = Slug::parse(UNCLASSIFIED).expect("a fixed identifier");
        let disposition = Disposition::new(code, true);
        let unclassified = disposition.clone();
        let wrapped_up = json(&TimelineKind::WrappedUp { disposition });
        let statements = vec![
            self.statement(ENTRY_OF_OPEN_CALLS, |args| {
                args.int(at).text(&*ended);
            }),
            self.statement(END_OPEN_CALLS, |args| {
                args.int(at).text(EndCause::NodeLost.as_str()).text(ReleasedBy::Network.as_str());
                args.text(CallOutcome::Lost.as_str()).text(CallOutcome::Answered.as_str());
            }),
            self.statement(ENTRY_OF_OPEN_WRAP_UPS, |args| {
                args.int(at).text(&*wrapped_up);
            }),
            self.statement(END_OPEN_WRAP_UPS, |args| {
                args.int(at).text(UNCLASSIFIED);
            }),
            self.statement(RESCIND_OPEN_OFFERS, |args| {
                args.int(at).text(OfferOutcome::Rescinded.as_str());
            }),
            self.statement(SIGN_OUT_AGENTS, |args| {
                args.int(at).text(AgentStateKind::SignedOut.as_str());
            }),
        ];
        let (database, told) = (self.database.clone(), self.told.clone());
        apart(async move {
            let mut transaction = database.begin().await?;
            let mut events =
                left_open::of_open_calls(&mut transaction, moment, &unclassified).await?;
            let mut changed = Vec::with_capacity(statements.len());
            for statement in statements {
                changed.push(transaction.run(statement).await?);
            }
            let mut outbound = outbound::recover(&mut transaction, moment).await?;
            events.append(&mut outbound.told);
            for statement in append_statements(transaction.dialect(), &events) {
                transaction.run(statement).await?;
            }
            transaction.commit().await?;
            told.tell();
            let count = |statement: usize| changed.get(statement).copied().unwrap_or_default();
            Ok(Recovered {
                calls: count(1),
                wrap_ups: count(3),
                offers: count(4),
                agents: count(5),
                attempts: outbound.attempts,
                leads: outbound.leads,
            })
        })
        .await
    }
}
