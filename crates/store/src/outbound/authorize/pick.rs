//! Who comes next: promised callbacks, then each list's share of those whose next try is due and of those never tried.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use timbre_model::{AgentId, LeadId, LeadState, ListId};

use super::ask::{Ask, AskedList};
use super::memory::{CampaignMemory, Pass};
use crate::StoreError;
use crate::database::Transaction;
use crate::outbound::leads::{self, COLUMNS, KeptLead, WAITS_CALLBACK, WAITS_RETRY, key};
use crate::row::Columns;
use crate::sql::{Args, Dialect, json_texts};

/// Leads that one look reads for a filter.
const FILTERED_MAX: usize = 1_000;
/// Leads of one page of such a look.
const FILTERED_PAGE: usize = 250;
/// How long a filter that found nobody in a whole list is not asked again.
const DRY: std::time::Duration = std::time::Duration::from_secs(60);

/// A lead that comes next.
#[derive(Debug, Clone)]
pub(super) struct Picked {
    pub(super) kept: KeptLead,
    /// Who promised to call, where nobody else may.
    pub(super) agent: Option<AgentId>,
}

/// One look at the lists.
pub(super) struct Look<'a> {
    pub(super) transaction: &'a mut Transaction,
    pub(super) ask: &'a Ask,
    pub(super) memory: &'a mut CampaignMemory,
    /// Leads that were skipped in this call: they are as they were, and would come again.
    pub(super) skipped: &'a BTreeSet<LeadId>,
    /// A filter has more to read than one look may.
    pub(super) partly: bool,
}

impl Look<'_> {
    /// At most `most` leads, locked; fewer only where the lists hold no more.
    pub(super) async fn pick(
        &mut self,
        most: usize,
        personal_most: usize,
        ready: &[AgentId],
    ) -> Result<Vec<Picked>, StoreError> {
        let mut picked = self.callbacks(most, personal_most, ready).await?;
        let left = most.saturating_sub(picked.len());
        if left == 0 {
            return Ok(picked);
        }
        let mut feeds = BTreeMap::new();
        for list in &self.ask.lists.clone() {
            let feed = self.feed(list, left).await?;
            if !feed.is_empty() {
                feeds.insert(list.list.clone(), feed);
            }
        }
        let mut turns = self.memory.turns.clone();
        while picked.len() < most {
            let open = self.ask.lists.iter().filter(|it| feeds.contains_key(&it.list));
            let Some(list) = turns.next(open.map(|it| (&it.list, it.weight))) else { break };
            let Some(feed) = feeds.get_mut(&list) else { break };
            picked.extend(feed.pop_front().map(|kept| Picked { kept, agent: None }));
            if feed.is_empty() {
                feeds.remove(&list);
            }
        }
        Ok(picked)
    }

    /// Callbacks that are due, whatever the list's filter says: they were promised.
    async fn callbacks(
        &mut self,
        most: usize,
        personal_most: usize,
        ready: &[AgentId],
    ) -> Result<Vec<Picked>, StoreError> {
        let at = self.ask.at.as_micros();
        let fallback =
            at - i64::try_from(self.ask.callback_fallback.as_micros()).unwrap_or(i64::MAX);
        let dialect = self.transaction.dialect();
        let (listed, able) = (dialect.among("list", 2), dialect.among("agent", 6));
        let text = format!(
            "SELECT {COLUMNS} FROM leads{} WHERE tenant = $1 AND {listed} AND waits = $3 AND claim IS NULL AND due <= $4 \
             AND (agent IS NULL OR due <= $5 OR {able}) ORDER BY due, rank, id LIMIT $7{}",
            dialect.indexed("leads_waiting"),
            skip_locked(dialect)
        );
        let lists = json_texts(self.ask.lists.iter().map(|it| it.list.as_str()));
        let able = json_texts(ready.iter().map(AgentId::as_str));
        let tenant = self.ask.tenant.clone();
        let kept = self.leads(text, |args| {
            args.text(tenant.as_str()).text(&*lists).int(WAITS_CALLBACK).int(at).int(fallback);
            args.text(&*able).int((most + ready.len()) as i64);
        });
        let (mut picked, mut busy) = (Vec::new(), BTreeSet::new());
        for kept in kept.await? {
            let LeadState::Callback { at: due, agent } = kept.lead.state.clone() else { continue };
            let agent = agent.filter(|_| due.as_micros() > fallback);
            // An agent has one call.
            let takes = agent
                .as_ref()
                .is_none_or(|it| busy.len() < personal_most && busy.insert(it.clone()));
            if takes && picked.len() < most {
                picked.push(Picked { kept, agent });
            }
        }
        Ok(picked)
    }

    async fn feed(
        &mut self,
        list: &AskedList,
        most: usize,
    ) -> Result<VecDeque<KeptLead>, StoreError> {
        let (mut first, mut then) = if list.fewest_first {
            let fresh = self.fresh(list, most).await?;
            let left = most - fresh.len().min(most);
            (fresh, if left > 0 { self.due(list, left).await? } else { Vec::new() })
        } else {
            let due = self.due(list, most).await?;
            let left = most - due.len().min(most);
            (due, if left > 0 { self.fresh(list, left).await? } else { Vec::new() })
        };
        first.append(&mut then);
        Ok(first.into())
    }

    /// Those whose next try is due, and those whose block has ended.
    async fn due(&mut self, list: &AskedList, most: usize) -> Result<Vec<KeptLead>, StoreError> {
        let limit = if list.filter.is_some() { FILTERED_MAX } else { most + self.skipped.len() };
        let text = format!(
            "SELECT {COLUMNS} FROM leads{} WHERE tenant = $1 AND list = $2 AND waits = $3 AND claim IS NULL AND due <= $4 \
             ORDER BY due, rank, id LIMIT $5{}",
            self.transaction.dialect().indexed("leads_waiting"),
            skip_locked(self.transaction.dialect())
        );
        let (tenant, at) = (self.ask.tenant.clone(), self.ask.at.as_micros());
        let due = self.leads(text, |args| {
            args.text(tenant.as_str()).text(list.list.as_str()).int(WAITS_RETRY).int(at);
            args.int(limit as i64);
        });
        let mut due = due.await?;
        due.retain(|it| list.filter.as_ref().is_none_or(|filter| filter.passes(&it.lead)));
        due.truncate(most);
        Ok(due)
    }

    /// Those who are ready, over all imports of the list, by rank.
    async fn fresh(&mut self, list: &AskedList, most: usize) -> Result<Vec<KeptLead>, StoreError> {
        let mut fresh = Vec::new();
        for batch in self.batches(&list.list).await? {
            match &list.filter {
                Some(_) => fresh.append(&mut self.filtered(list, batch, most).await?),
                None => {
                    let limit = most + self.skipped.len();
                    let mut page = self.page(batch, (i64::MIN, i64::MIN), limit).await?;
                    if page.is_empty() {
                        self.dry(batch).await?;
                    }
                    fresh.append(&mut page);
                }
            }
        }
        fresh.sort_by_key(|it| (it.rank, it.lead.id));
        fresh.truncate(most);
        Ok(fresh)
    }

    async fn batches(&mut self, list: &ListId) -> Result<Vec<i64>, StoreError> {
        let text = "SELECT batch FROM import_batches WHERE tenant = $1 AND list = $2 AND state = 'finished' AND dry = 0";
        let statement = self.transaction.statement(text, |args| {
            args.text(self.ask.tenant.as_str()).text(list.as_str());
        });
        let rows = self.transaction.rows(statement).await?;
        rows.iter().map(|row| Columns::new(row, "import_batches", 0).int("batch")).collect()
    }

    async fn page(
        &mut self,
        batch: i64,
        after: (i64, i64),
        limit: usize,
    ) -> Result<Vec<KeptLead>, StoreError> {
        let text = format!(
            "SELECT {COLUMNS} FROM leads{} WHERE tenant = $1 AND batch = $2 AND state = 'ready' AND claim IS NULL \
             AND (rank, id) > ($3, $4) ORDER BY rank, id LIMIT $5{}",
            self.transaction.dialect().indexed("leads_ready"),
            skip_locked(self.transaction.dialect())
        );
        let tenant = self.ask.tenant.clone();
        self.leads(text, |args| {
            args.text(tenant.as_str()).int(batch).int(after.0).int(after.1).int(limit as i64);
        })
        .await
    }

    /// Those of an import who pass the list's filter. What a filter passed over at the front is passed over for good, until
    /// the end of the import was seen and it begins anew.
    async fn filtered(
        &mut self,
        list: &AskedList,
        batch: i64,
        most: usize,
    ) -> Result<Vec<KeptLead>, StoreError> {
        let Some(filter) = &list.filter else { return Ok(Vec::new()) };
        let mut pass = self.memory.pass(batch, filter.source());
        if pass.dry_until.is_some_and(|until| self.ask.at < until) {
            return Ok(Vec::new());
        }
        let (mut found, mut after, mut read) = (Vec::new(), pass.after, 0);
        let whole = pass.after.is_none();
        let ended = loop {
            let page =
                self.page(batch, after.unwrap_or((i64::MIN, i64::MIN)), FILTERED_PAGE).await?;
            let last = page.len() < FILTERED_PAGE;
            read += page.len();
            for kept in page {
                let place = (kept.rank, key(kept.lead.id));
                after = Some(place);
                if filter.passes(&kept.lead) {
                    found.push(kept);
                } else if found.is_empty() {
                    pass.after = Some(place);
                }
            }
            if last || found.len() >= most || read >= FILTERED_MAX {
                break last;
            }
        };
        self.partly |= !ended && found.len() < most;
        if ended && found.is_empty() {
            pass =
                Pass { dry_until: whole.then(|| self.ask.at + DRY), ..Pass::new(filter.source()) };
        }
        self.memory.passes.insert(batch, pass);
        Ok(found)
    }

    /// Nothing is ready in the import: it is not looked at until something is.
    async fn dry(&mut self, batch: i64) -> Result<(), StoreError> {
        let ready = self.transaction.dialect().indexed("leads_ready");
        let text = format!(
            "UPDATE import_batches SET dry = 1 WHERE tenant = $1 AND batch = $2 AND NOT EXISTS ( \
             SELECT 1 FROM leads{ready} WHERE tenant = $1 AND batch = $2 AND state = 'ready' AND claim IS NULL)"
        );
        let statement = self.transaction.statement(text, |args| {
            args.text(self.ask.tenant.as_str()).int(batch);
        });
        self.transaction.run(statement).await.map(drop)
    }

    async fn leads(
        &mut self,
        text: String,
        bind: impl FnOnce(&mut Args),
    ) -> Result<Vec<KeptLead>, StoreError> {
        let statement = self.transaction.statement(text, bind);
        let rows = self.transaction.rows(statement).await?;
        let kept = rows.iter().map(leads::read).collect::<Result<Vec<_>, _>>()?;
        Ok(kept.into_iter().filter(|it| !self.skipped.contains(&it.lead.id)).collect())
    }
}

/// On Postgres nobody waits for a lead that another looks at.
pub(super) fn skip_locked(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "",
        Dialect::Postgres => " FOR UPDATE SKIP LOCKED",
    }
}
