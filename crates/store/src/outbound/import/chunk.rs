//! Chunks of an import, each kept once.

use std::collections::{BTreeMap, BTreeSet};

use timbre_model::{DuplicatePolicy, NewLead};

use super::sift::{Accepted, Known};
use super::{Import, ImportedChunk, NUMBERS};
use crate::StoreError;
use crate::database::Transaction;
use crate::outbound::leads::numbers_of;
use crate::row::Columns;
use crate::sql::{Args, Kind, Statement, Table, json_ints};

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

impl Import {
    pub(in crate::outbound) async fn chunk(
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
}
