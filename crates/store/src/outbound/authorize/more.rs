//! Whether asking again makes sense, once the lists gave fewer than was asked for.

use std::time::Duration;

use timbre_model::Civil;

use super::ask::{Ask, MoreLeads};
use super::memory::CampaignMemory;
use crate::StoreError;
use crate::database::Transaction;
use crate::outbound::leads::{WAITS_CALLBACK, WAITS_RETRY};
use crate::row::Columns;
use crate::sql::{Args, json_texts};

/// When to ask again where leads are with somebody, or an import runs: what they become is not known yet.
const UNSETTLED: Duration = Duration::from_secs(30);

pub(super) async fn after(
    transaction: &mut Transaction,
    ask: &Ask,
    memory: &CampaignMemory,
) -> Result<MoreLeads, StoreError> {
    let lists = json_texts(ask.lists.iter().map(|it| it.list.as_str()));
    let mut probe = Probe { transaction, ask, lists };
    if probe.wake().await? {
        return Ok(MoreLeads::Now);
    }
    let mut earliest = probe.unsettled().await?.then(|| ask.at + UNSETTLED);
    let dry = memory.passes.values().filter_map(|it| it.dry_until).filter(|it| *it > ask.at);
    for moment in probe.waiting().await?.into_iter().chain(dry) {
        earliest = Some(earliest.map_or(moment, |it| it.min(moment)));
    }
    Ok(earliest.map_or(MoreLeads::Exhausted, MoreLeads::Later))
}

struct Probe<'a> {
    transaction: &'a mut Transaction,
    ask: &'a Ask,
    lists: String,
}

impl Probe<'_> {
    /// Imports that were thought dry and are not; whether there were any.
    async fn wake(&mut self) -> Result<bool, StoreError> {
        let among = self.transaction.dialect().among("list", 2);
        let text = format!(
            "UPDATE import_batches SET dry = 0 WHERE tenant = $1 AND {among} AND state = 'finished' AND dry <> 0 \
             AND EXISTS (SELECT 1 FROM leads AS l{} WHERE l.tenant = $1 AND l.batch = import_batches.batch \
                 AND l.state = 'ready' AND l.claim IS NULL)",
            self.transaction.dialect().indexed("leads_ready")
        );
        let (tenant, lists) = (self.ask.tenant.as_str(), self.lists.as_str());
        let statement = self.transaction.statement(text, |args| {
            args.text(tenant).text(lists);
        });
        Ok(self.transaction.run(statement).await? > 0)
    }

    /// Whether leads are with somebody, or an import runs.
    async fn unsettled(&mut self) -> Result<bool, StoreError> {
        let among = self.transaction.dialect().among("list", 2);
        let text = format!(
            "SELECT 1 FROM import_batches WHERE tenant = $1 AND {among} AND state IN ('loading', 'finishing') \
             UNION ALL SELECT 1 FROM leads{} WHERE tenant = $1 AND {among} AND claim IS NOT NULL LIMIT 1",
            self.transaction.dialect().indexed("leads_claimed")
        );
        let (tenant, lists) = (self.ask.tenant.as_str(), self.lists.as_str());
        let statement = self.transaction.statement(text, |args| {
            args.text(tenant).text(lists);
        });
        Ok(!self.transaction.rows(statement).await?.is_empty())
    }

    /// When the first that wait are due, and when the first personal callback is anybody's.
    async fn waiting(&mut self) -> Result<Vec<Civil>, StoreError> {
        let at = self.ask.at.as_micros();
        let fallback = i64::try_from(self.ask.callback_fallback.as_micros()).unwrap_or(i64::MAX);
        let mut moments = Vec::new();
        for list in &self.ask.lists {
            for waits in [WAITS_CALLBACK, WAITS_RETRY] {
                let due = self.first(|args| {
                    args.text(list.list.as_str()).int(waits).int(at);
                });
                moments.extend(due.await?);
            }
            let promised = self.first(|args| {
                args.text(list.list.as_str()).int(WAITS_CALLBACK).int(at.saturating_sub(fallback));
            });
            moments.extend(promised.await?.map(|it| it + self.ask.callback_fallback));
        }
        Ok(moments)
    }

    /// The first lead of list $2 that waits as $3 and is due after $4.
    async fn first(&mut self, bind: impl FnOnce(&mut Args)) -> Result<Option<Civil>, StoreError> {
        let waiting = self.transaction.dialect().indexed("leads_waiting");
        let text = format!(
            "SELECT MIN(due) FROM leads{waiting} WHERE tenant = $1 AND list = $2 AND waits = $3 AND claim IS NULL \
             AND due > $4"
        );
        let tenant = self.ask.tenant.as_str();
        let statement = self.transaction.statement(text, |args| {
            args.text(tenant);
            bind(args);
        });
        let rows = self.transaction.rows(statement).await?;
        rows.first().map_or(Ok(None), |row| Columns::new(row, "leads", 0).time_or_null("due"))
    }
}
