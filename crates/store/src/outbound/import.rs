//! Imports of leads: in chunks, each once however often it is sent, and callable when the last has come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::json;
use timbre_model::{
    Civil, DuplicatePolicy, LeadId, ListId, ListSpec, NewLead, PhoneNumber, TenantId,
};

use super::attempts::digits;
use super::chain::{self, NewEntry};
use super::rank::rank;
use crate::database::{Transaction, apart};
use crate::row::Columns;
use crate::sql::{Args, Kind, Statement, Table, json_ints};
use crate::{Store, StoreError};

/// What a chunk of an import came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportedChunk {
    /// Leads that were taken as new.
    pub accepted: u64,
    /// Leads that will replace what one of the list says, when the import is finished.
    pub updated: u64,
    /// Leads that were not taken, by their place in the chunk, and why.
    pub rejected: Vec<(u32, LeadFault)>,
}

/// Why a lead was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadFault {
    /// It has no number.
    NoNumber,
    /// It has more than [`NewLead::NUMBERS_MAX`].
    TooManyNumbers,
    /// It is longer than [`LeadFault::BYTES_MAX`] in all.
    TooLong,
    /// The person's key is longer than 200 bytes, or holds a NUL.
    PersonKey,
    /// The number stands twice in the import.
    TwiceInImport(PhoneNumber),
    /// The list has the number.
    InList(PhoneNumber),
    /// Another list of the tenant has the number.
    InTenant(PhoneNumber),
}

impl LeadFault {
    /// Most bytes of a lead, as JSON.
    pub const BYTES_MAX: usize = 32_768;
}

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProgress {
    /// It is finished; its leads count.
    pub finished: bool,
    /// Leads that were taken.
    pub leads: u64,
    /// The first chunk that is not there; those before it need not be sent again.
    pub next_chunk: u64,
}

/// An import's row.
#[derive(Debug, Clone)]
struct Batch {
    number: i64,
    state: String,
    leads: u64,
}

static NEW_LEADS: Table = Table::new(
    "leads",
    &[
        ("tenant", Kind::Text),
        ("id", Kind::Int),
        ("list", Kind::Text),
        ("batch", Kind::Int),
        ("rank", Kind::Int),
        ("details", Kind::Text),
        ("replaces", Kind::Int),
    ],
    2,
    7,
);

static NUMBERS: Table = Table::new(
    "lead_numbers",
    &[("tenant", Kind::Text), ("number", Kind::Int), ("lead", Kind::Int)],
    3,
    3,
);

/// Leads that are moved or deleted in one transaction.
const SLICE: i64 = 2_000;

struct Accepted {
    id: i64,
    rank: i64,
    details: String,
    replaces: Option<i64>,
    numbers: BTreeSet<i64>,
}

impl Store {
    /// Takes a chunk of the import `batch` into a list. A chunk that came before gives its first answer again and changes
    /// nothing. Nothing of it can be called before [`Store::finish_import`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the import is finished or being given up. See [`Store`].
    pub async fn import_leads(
        &self,
        tenant: &TenantId,
        list: &ListSpec,
        batch: &str,
        chunk: u64,
        leads: Vec<NewLead>,
    ) -> Result<ImportedChunk, StoreError> {
        let (database, list) = (self.database.clone(), list.clone());
        let (tenant, batch) = (tenant.clone(), batch.to_owned());
        apart(async move {
            let mut transaction = database.begin().await?;
            let import = Import { tenant, list, name: batch };
            let done = import.chunk(&mut transaction, chunk, leads).await?;
            transaction.commit().await?;
            Ok(done)
        })
        .await
    }

    /// How far an import has come; `None` where it never began or was given up.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn import_progress(
        &self,
        tenant: &TenantId,
        list: &ListId,
        batch: &str,
    ) -> Result<Option<ImportProgress>, StoreError> {
        let rows = self.rows(
            "SELECT b.state, b.leads, (SELECT COUNT(*) FROM import_chunks c WHERE c.tenant = b.tenant AND c.batch = b.batch \
                 AND c.chunk < (SELECT COALESCE(MIN(g.chunk + 1), 0) FROM import_chunks g WHERE g.tenant = b.tenant \
                     AND g.batch = b.batch AND NOT EXISTS (SELECT 1 FROM import_chunks f WHERE f.tenant = g.tenant \
                         AND f.batch = g.batch AND f.chunk = g.chunk + 1))) \
             FROM import_batches b WHERE b.tenant = $1 AND b.list = $2 AND b.name = $3",
            |args| {
                args.text(tenant.as_str()).text(list.as_str()).text(batch);
            },
        );
        let progress = |row| {
            let mut from = Columns::new(row, "import_batches", 0);
            let finished = from.text("state")? == "finished";
            let (leads, next_chunk) = (from.count("leads")?, from.count("chunk")?);
            Ok(ImportProgress { finished, leads, next_chunk })
        };
        rows.await?.first().map(progress).transpose()
    }

    /// Makes an import's leads callable, all at once; where they replace what former ones say, those are rewritten first, a
    /// slice at a time. A finished one is left alone. How many leads it brought.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where there is no such import. See [`Store`].
    pub async fn finish_import(
        &self,
        tenant: &TenantId,
        list: &ListSpec,
        batch: &str,
        at: Civil,
    ) -> Result<u64, StoreError> {
        let database = self.database.clone();
        let import = Import { tenant: tenant.clone(), list: list.clone(), name: batch.to_owned() };
        apart(async move {
            loop {
                let mut transaction = database.begin().await?;
                let batch = import.existing(&mut transaction).await?;
                if batch.state == "finished" {
                    return Ok(batch.leads);
                }
                if batch.state == "given_up" {
                    return Err(import.conflict("is being given up"));
                }
                let replaced = import.replace_slice(&mut transaction, batch.number).await?;
                let state = if replaced { "finishing" } else { "finished" };
                import.set_state(&mut transaction, batch.number, state).await?;
                if !replaced {
                    import.chain(&mut transaction, at, "import_finished", batch.leads).await?;
                }
                transaction.commit().await?;
            }
        })
        .await
    }

    /// Gives up an import that is not finished: its leads go, a slice at a time, and its name is free again. How many went.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where there is no such import, or it is finished. See [`Store`].
    pub async fn abort_import(
        &self,
        tenant: &TenantId,
        list: &ListSpec,
        batch: &str,
        at: Civil,
    ) -> Result<u64, StoreError> {
        let database = self.database.clone();
        let import = Import { tenant: tenant.clone(), list: list.clone(), name: batch.to_owned() };
        apart(async move {
            let mut gone = 0;
            loop {
                let mut transaction = database.begin().await?;
                let batch = import.existing(&mut transaction).await?;
                if matches!(batch.state.as_str(), "finished" | "finishing") {
                    return Err(import.conflict("is finished"));
                }
                let deleted = import.delete_slice(&mut transaction, batch.number, false).await?;
                gone += deleted;
                if deleted == 0 {
                    import.forget(&mut transaction, batch.number).await?;
                    import.chain(&mut transaction, at, "import_given_up", batch.leads).await?;
                } else {
                    import.set_state(&mut transaction, batch.number, "given_up").await?;
                }
                transaction.commit().await?;
                if deleted == 0 {
                    return Ok(gone);
                }
            }
        })
        .await
    }
}

/// One import.
struct Import {
    tenant: TenantId,
    list: ListSpec,
    name: String,
}

impl Import {
    fn conflict(&self, why: &str) -> StoreError {
        StoreError::Conflict(format!(
            "the import {:?} into list {} {why}; it",
            self.name, self.list.id
        ))
    }

    async fn chunk(
        &self,
        transaction: &mut Transaction,
        chunk: u64,
        new: Vec<NewLead>,
    ) -> Result<ImportedChunk, StoreError> {
        let first = self.take_ids(transaction, new.len() as i64 + 1).await?;
        let batch = match self.find(transaction).await? {
            Some(batch) => batch,
            None => self.begin(transaction, first).await?,
        };
        if let Some(done) = self.done_chunk(transaction, batch.number, chunk).await? {
            return Ok(done);
        }
        if batch.state != "loading" {
            return Err(self.conflict("is finished or being given up"));
        }
        let known = self.known(transaction, &new).await?;
        let (accepted, done) = self.sift(&new, first + 1, batch.number, &known);
        self.insert(transaction, batch.number, &accepted).await?;
        let outcome = serde_json::to_string(&done).expect("an outcome has a JSON form");
        let text =
            "INSERT INTO import_chunks (tenant, batch, chunk, outcome) VALUES ($1, $2, $3, $4)";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str())
                .int(batch.number)
                .int(chunk.cast_signed())
                .text(&*outcome);
        });
        transaction.run(statement).await?;
        let text = "UPDATE import_batches SET leads = leads + $3 WHERE tenant = $1 AND batch = $2";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch.number).int(accepted.len() as i64);
        });
        transaction.run(statement).await?;
        Ok(done)
    }

    /// The first of `count` numbers that nobody else gets. Holds the tenant's counter, so that imports follow one another.
    async fn take_ids(&self, transaction: &mut Transaction, count: i64) -> Result<i64, StoreError> {
        let text = "INSERT INTO lead_counters (tenant, next) VALUES ($1, $2 + 1) \
             ON CONFLICT (tenant) DO UPDATE SET next = lead_counters.next + $2 RETURNING next";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(count);
        });
        let rows = transaction.rows(statement).await?;
        let row = rows.first().ok_or_else(|| StoreError::Refused("no counter".to_owned()))?;
        Ok(Columns::new(row, "lead_counters", 0).int("next")? - count)
    }

    async fn find(&self, transaction: &mut Transaction) -> Result<Option<Batch>, StoreError> {
        let text = "SELECT batch, state, leads FROM import_batches WHERE tenant = $1 AND list = $2 AND name = $3";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(self.list.id.as_str()).text(self.name.as_str());
        });
        let rows = transaction.rows(statement).await?;
        let batch = |row| {
            let mut from = Columns::new(row, "import_batches", 0);
            let (number, state) = (from.int("batch")?, from.text("state")?.to_owned());
            Ok(Batch { number, state, leads: from.count("leads")? })
        };
        rows.first().map(batch).transpose()
    }

    /// The import, held until the transaction ends.
    async fn existing(&self, transaction: &mut Transaction) -> Result<Batch, StoreError> {
        self.take_ids(transaction, 0).await?;
        self.find(transaction).await?.ok_or_else(|| self.conflict("never began"))
    }

    async fn begin(&self, transaction: &mut Transaction, number: i64) -> Result<Batch, StoreError> {
        let text = "INSERT INTO import_batches (tenant, batch, list, name, state, leads, dry) \
             VALUES ($1, $2, $3, $4, 'loading', 0, 0)";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(number);
            args.text(self.list.id.as_str()).text(self.name.as_str());
        });
        transaction.run(statement).await?;
        Ok(Batch { number, state: "loading".to_owned(), leads: 0 })
    }

    async fn done_chunk(
        &self,
        transaction: &mut Transaction,
        batch: i64,
        chunk: u64,
    ) -> Result<Option<ImportedChunk>, StoreError> {
        let text =
            "SELECT outcome FROM import_chunks WHERE tenant = $1 AND batch = $2 AND chunk = $3";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch).int(chunk.cast_signed());
        });
        let rows = transaction.rows(statement).await?;
        let outcome = |row| {
            Columns::new(row, "import_chunks", 0)
                .parsed("outcome", |it| serde_json::from_str(it).ok())
        };
        rows.first().map(outcome).transpose()
    }

    /// Leads that have one of the numbers, with their list and import, by number.
    async fn known(
        &self,
        transaction: &mut Transaction,
        new: &[NewLead],
    ) -> Result<BTreeMap<i64, Vec<Known>>, StoreError> {
        let mut known: BTreeMap<i64, Vec<Known>> = BTreeMap::new();
        if self.list.duplicates == DuplicatePolicy::Allow {
            return Ok(known);
        }
        let numbers: BTreeSet<i64> = new.iter().flat_map(numbers_of).collect();
        let among = transaction.dialect().among_ints("n.number", 2);
        let text = format!(
            "SELECT n.number, n.lead, l.list, l.batch FROM lead_numbers n \
             JOIN leads l ON l.tenant = n.tenant AND l.id = n.lead WHERE n.tenant = $1 AND {among}"
        );
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(&*json_ints(numbers));
        });
        for row in transaction.rows(statement).await? {
            let mut from = Columns::new(&row, "lead_numbers", 0);
            let (number, lead) = (from.int("number")?, from.int("lead")?);
            let in_list = from.text("list")? == self.list.id.as_str();
            known.entry(number).or_default().push(Known {
                lead,
                in_list,
                batch: from.int("batch")?,
            });
        }
        Ok(known)
    }

    fn sift(
        &self,
        new: &[NewLead],
        first: i64,
        batch: i64,
        known: &BTreeMap<i64, Vec<Known>>,
    ) -> (Vec<Accepted>, ImportedChunk) {
        let (mut accepted, mut done) = (Vec::with_capacity(new.len()), ImportedChunk::default());
        let mut seen = BTreeSet::new();
        for (at, lead) in new.iter().enumerate() {
            let id = first + at as i64;
            match self.judge(lead, id, batch, known, &seen) {
                Ok(it) => {
                    if self.list.duplicates != DuplicatePolicy::Allow {
                        seen.extend(it.numbers.iter().copied());
                    }
                    match it.replaces {
                        Some(_) => done.updated += 1,
                        None => done.accepted += 1,
                    }
                    accepted.push(it);
                }
                Err(fault) => done.rejected.push((u32::try_from(at).unwrap_or(u32::MAX), fault)),
            }
        }
        (accepted, done)
    }

    fn judge(
        &self,
        lead: &NewLead,
        id: i64,
        batch: i64,
        known: &BTreeMap<i64, Vec<Known>>,
        seen: &BTreeSet<i64>,
    ) -> Result<Accepted, LeadFault> {
        let person = lead.person.as_deref().unwrap_or_default();
        if lead.numbers.is_empty() {
            return Err(LeadFault::NoNumber);
        } else if lead.numbers.len() > NewLead::NUMBERS_MAX {
            return Err(LeadFault::TooManyNumbers);
        } else if person.len() > 200 || person.contains('\0') {
            return Err(LeadFault::PersonKey);
        }
        let mut replaces = None;
        for number in lead.numbers.iter().map(|it| &it.number) {
            let key = digits(number);
            if seen.contains(&key) {
                return Err(LeadFault::TwiceInImport(number.clone()));
            }
            for one in known.get(&key).into_iter().flatten() {
                match self.list.duplicates {
                    DuplicatePolicy::Allow => {}
                    _ if one.batch == batch => {
                        return Err(LeadFault::TwiceInImport(number.clone()));
                    }
                    DuplicatePolicy::Update if one.in_list => {
                        replaces = replaces.or(Some(one.lead))
                    }
                    DuplicatePolicy::Update => {}
                    _ if one.in_list => return Err(LeadFault::InList(number.clone())),
                    DuplicatePolicy::RejectInList => {}
                    DuplicatePolicy::RejectInTenant => {
                        return Err(LeadFault::InTenant(number.clone()));
                    }
                }
            }
        }
        let details = serde_json::to_string(lead).expect("a lead has a JSON form");
        if details.len() > LeadFault::BYTES_MAX {
            return Err(LeadFault::TooLong);
        }
        let rank = rank(&self.list.order, LeadId::from_u64(id.unsigned_abs()), lead);
        Ok(Accepted { id, rank, details, replaces, numbers: numbers_of(lead).collect() })
    }

    async fn insert(
        &self,
        transaction: &mut Transaction,
        batch: i64,
        accepted: &[Accepted],
    ) -> Result<(), StoreError> {
        let dialect = transaction.dialect();
        let write = |it: &Accepted, to: &mut Args| {
            to.text(self.tenant.as_str()).int(it.id).text(self.list.id.as_str()).int(batch);
            to.int(it.rank).text(&*it.details).int(it.replaces);
        };
        let leads: Vec<Statement> = NEW_LEADS.upsert(dialect, accepted, write).collect();
        // In the order of the index that they go to.
        let mut numbers: Vec<(i64, i64)> = Vec::with_capacity(accepted.len());
        numbers.extend(accepted.iter().flat_map(|it| it.numbers.iter().map(|n| (*n, it.id))));
        numbers.sort_unstable();
        let write = |(number, lead): &(i64, i64), to: &mut Args| {
            to.text(self.tenant.as_str()).int(*number).int(*lead);
        };
        let numbers = NUMBERS.upsert(dialect, &numbers, write);
        for statement in leads.into_iter().chain(numbers) {
            transaction.run(statement).await?;
        }
        Ok(())
    }

    async fn set_state(
        &self,
        transaction: &mut Transaction,
        batch: i64,
        state: &str,
    ) -> Result<(), StoreError> {
        let text = "UPDATE import_batches SET state = $3 WHERE tenant = $1 AND batch = $2";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch).text(state);
        });
        transaction.run(statement).await.map(drop)
    }

    /// Rewrites some leads by those that replace them, which go; whether there were any.
    async fn replace_slice(
        &self,
        transaction: &mut Transaction,
        batch: i64,
    ) -> Result<bool, StoreError> {
        if self.list.duplicates != DuplicatePolicy::Update {
            return Ok(false);
        }
        let indexed = transaction.dialect().indexed("leads_ready");
        let text = format!(
            "SELECT replaces, details FROM leads{indexed} WHERE tenant = $1 AND batch = $2 AND state = 'ready' \
             AND claim IS NULL AND replaces IS NOT NULL ORDER BY rank, id LIMIT $3"
        );
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch).int(SLICE);
        });
        let rows = transaction.rows(statement).await?;
        for row in &rows {
            let mut from = Columns::new(row, "leads", 1);
            let former = from.int("replaces")?;
            self.replace(transaction, former, from.text("details")?).await?;
        }
        self.delete_slice(transaction, batch, true).await?;
        Ok(!rows.is_empty())
    }

    async fn replace(
        &self,
        transaction: &mut Transaction,
        former: i64,
        details: &str,
    ) -> Result<(), StoreError> {
        let text = "SELECT details FROM leads WHERE tenant = $1 AND id = $2";
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(former);
        });
        for row in transaction.rows(statement).await? {
            let old = Columns::new(&row, "leads", 0)
                .parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
            let numbers = numbers_of(&old).collect();
            self.delete_numbers(transaction, &json_ints([former]), numbers).await?;
        }
        let statement = transaction.statement(
            "UPDATE leads SET details = $3 WHERE tenant = $1 AND id = $2",
            |args| {
                args.text(self.tenant.as_str()).int(former).text(details);
            },
        );
        transaction.run(statement).await?;
        let new = serde_json::from_str::<NewLead>(details).ok();
        let numbers: Vec<i64> = new.iter().flat_map(numbers_of).collect();
        let write = |number: &i64, to: &mut Args| {
            to.text(self.tenant.as_str()).int(*number).int(former);
        };
        for statement in NUMBERS.upsert(transaction.dialect(), &numbers, write) {
            transaction.run(statement).await?;
        }
        Ok(())
    }

    /// Deletes some leads of an import that were never callable, or of those only the ones that replace others.
    async fn delete_slice(
        &self,
        transaction: &mut Transaction,
        batch: i64,
        replacing: bool,
    ) -> Result<u64, StoreError> {
        let indexed = transaction.dialect().indexed("leads_ready");
        let text = format!(
            "SELECT id, details FROM leads{indexed} WHERE tenant = $1 AND batch = $2 AND state = 'ready' \
             AND claim IS NULL AND ($4 = 0 OR replaces IS NOT NULL) ORDER BY rank, id LIMIT $3"
        );
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).int(batch).int(SLICE).int(i64::from(replacing));
        });
        let (mut ids, mut numbers) = (BTreeSet::new(), BTreeSet::new());
        for row in transaction.rows(statement).await? {
            let mut from = Columns::new(&row, "leads", 1);
            ids.insert(from.int("id")?);
            let lead = from.parsed("details", |it| serde_json::from_str::<NewLead>(it).ok())?;
            numbers.extend(numbers_of(&lead));
        }
        if ids.is_empty() {
            return Ok(0);
        }
        let deleted = ids.len() as u64;
        let ids = json_ints(ids);
        self.delete_numbers(transaction, &ids, numbers).await?;
        let among = transaction.dialect().among_ints("id", 2);
        let text = format!("DELETE FROM leads WHERE tenant = $1 AND {among}");
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(&*ids);
        });
        transaction.run(statement).await?;
        Ok(deleted)
    }

    async fn delete_numbers(
        &self,
        transaction: &mut Transaction,
        leads: &str,
        numbers: BTreeSet<i64>,
    ) -> Result<(), StoreError> {
        let dialect = transaction.dialect();
        let (numbered, of) = (dialect.among_ints("number", 2), dialect.among_ints("lead", 3));
        let text = format!("DELETE FROM lead_numbers WHERE tenant = $1 AND {numbered} AND {of}");
        let statement = transaction.statement(text, |args| {
            args.text(self.tenant.as_str()).text(&*json_ints(numbers)).text(leads);
        });
        transaction.run(statement).await.map(drop)
    }

    async fn forget(&self, transaction: &mut Transaction, batch: i64) -> Result<(), StoreError> {
        for text in [
            "DELETE FROM import_chunks WHERE tenant = $1 AND batch = $2",
            "DELETE FROM import_batches WHERE tenant = $1 AND batch = $2",
        ] {
            let statement = transaction.statement(text, |args| {
                args.text(self.tenant.as_str()).int(batch);
            });
            transaction.run(statement).await?;
        }
        Ok(())
    }

    async fn chain(
        &self,
        transaction: &mut Transaction,
        at: Civil,
        kind: &'static str,
        leads: u64,
    ) -> Result<(), StoreError> {
        let record = json!({ "list": self.list.id, "batch": self.name, "leads": leads });
        let subject = format!("lists/{}", self.list.id);
        let entry = NewEntry::new(&self.tenant, at, kind, subject, &record);
        chain::append(transaction, vec![entry], false).await
    }
}

/// A lead that has a number.
struct Known {
    lead: i64,
    in_list: bool,
    batch: i64,
}

/// A lead's numbers as they stand in keys.
fn numbers_of(lead: &NewLead) -> impl Iterator<Item = i64> {
    lead.numbers.iter().map(|it| digits(&it.number))
}
