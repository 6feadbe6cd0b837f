//! Customers, and the names and numbers by which they are found.

use std::collections::{BTreeMap, BTreeSet};

use timbre_casework::{Customer, CustomerId};
use timbre_model::{ClientId, TenantId};

use super::records::read_customer;
use super::{WorkError, fold, interactions, key};
use crate::calls::without_nul;
use crate::database::Transaction;
use crate::outbound::attempts::digits;
use crate::row::Columns;
use crate::sql::{Args, Dialect, Kind, Statement, Table, json_ints, json_texts};
use crate::{Store, StoreError};

static CUSTOMERS: Table = Table::new(
    "customers",
    &[
        ("tenant", Kind::Text),
        ("id", Kind::Bytes),
        ("version", Kind::Int),
        ("client", Kind::Text),
        ("key", Kind::Text),
        ("merged_into", Kind::Bytes),
        ("record", Kind::Text),
    ],
    2,
    7,
);

const UPDATE: &str = "UPDATE customers SET version = $3, client = $4, key = $5, merged_into = $6, record = $7 \
     WHERE tenant = $1 AND id = $2 AND version = $3 - 1";

static NUMBERS: Table = Table::new(
    "customer_numbers",
    &[
        ("tenant", Kind::Text),
        ("number", Kind::Int),
        ("client", Kind::Text),
        ("customer", Kind::Bytes),
    ],
    4,
    4,
);

static NAMES: Table = Table::new(
    "customer_names",
    &[
        ("tenant", Kind::Text),
        ("client", Kind::Text),
        ("name", Kind::Text),
        ("customer", Kind::Bytes),
        ("word", Kind::Int),
    ],
    4,
    4,
);

/// One that was merged or erased is not found any more.
fn is_found(it: &Customer) -> bool {
    it.merged_into.is_none() && it.erased_at.is_none()
}

/// By what a customer is found, beside the key.
#[derive(Debug, Default)]
struct FoundBy {
    numbers: BTreeSet<i64>,
    names: BTreeMap<String, i64>,
}

impl FoundBy {
    fn of(it: &Customer) -> Self {
        if !is_found(it) {
            return Self::default();
        }
        Self {
            numbers: it.numbers.iter().map(|it| digits(&it.number)).collect(),
            names: fold::beginnings(&it.name).into_iter().collect(),
        }
    }
}

fn write(it: &Customer, to: &mut Args) {
    let version = i64::try_from(it.version).unwrap_or(i64::MAX);
    to.text(it.tenant.as_str()).bytes(&key(it.id.as_u128())[..]).int(version);
    to.text(it.client.as_str());
    to.text(it.key.as_deref().filter(|_| is_found(it)).map(without_nul).as_deref());
    let into = it.merged_into.map(|it| key(it.as_u128()));
    to.bytes(into.as_ref().map(|it| &it[..]));
    to.text(&*serde_json::to_string(it).expect("a customer has a JSON form"));
}

/// What is to be found of customers, in the order of the indexes it goes to.
fn found_statements(dialect: Dialect, customers: &[(&Customer, FoundBy)]) -> Vec<Statement> {
    let mut numbers: Vec<(i64, &Customer)> = Vec::with_capacity(customers.len());
    let mut names: Vec<(&ClientId, &str, i64, &Customer)> = Vec::with_capacity(customers.len() * 3);
    for (it, found) in customers {
        numbers.extend(found.numbers.iter().map(|number| (*number, *it)));
        names
            .extend(found.names.iter().map(|(name, word)| (&it.client, name.as_str(), *word, *it)));
    }
    numbers.sort_unstable_by_key(|(number, it)| (*number, &it.client, it.id));
    names.sort_unstable_by_key(|(client, name, _, it)| (*client, *name, it.id));
    let number = |(number, it): &(i64, &Customer), to: &mut Args| {
        to.text(it.tenant.as_str()).int(*number).text(it.client.as_str());
        to.bytes(&key(it.id.as_u128())[..]);
    };
    let name = |(client, name, word, it): &(&ClientId, &str, i64, &Customer), to: &mut Args| {
        to.text(it.tenant.as_str()).text(client.as_str()).text(*name);
        to.bytes(&key(it.id.as_u128())[..]).int(*word);
    };
    let numbers = NUMBERS.upsert(dialect, &numbers, number);
    numbers.chain(NAMES.upsert(dialect, &names, name)).collect()
}

/// Keeps customers, each the version after the one that is there.
pub(super) async fn keep(
    transaction: &mut Transaction,
    customers: &[&Customer],
) -> Result<(), WorkError> {
    let (new, changed): (Vec<&Customer>, Vec<_>) = customers.iter().partition(|it| it.version == 1);
    let dialect = transaction.dialect();
    let mut kept = 0;
    let write_new = |it: &&Customer, to: &mut Args| write(it, to);
    for statement in CUSTOMERS.upsert(dialect, &new, write_new).collect::<Vec<_>>() {
        kept += transaction.run_unique(statement).await?.ok_or(WorkError::KeyTaken)?;
    }
    if kept != new.len() as u64 {
        return Err(WorkError::Stale);
    }
    let found: Vec<_> = new.iter().map(|it| (*it, FoundBy::of(it))).collect();
    for statement in found_statements(dialect, &found) {
        transaction.run(statement).await?;
    }
    let mut formers = Vec::with_capacity(changed.len());
    for it in changed {
        formers.push((former(transaction, it).await?.ok_or(WorkError::Stale)?, it));
    }
    // Whoever gives a key up comes before whoever takes it.
    formers.sort_by_key(|(_, it)| is_found(it));
    for (former, it) in &formers {
        change(transaction, former, it).await?;
    }
    Ok(())
}

async fn change(
    transaction: &mut Transaction,
    former: &Customer,
    it: &Customer,
) -> Result<(), WorkError> {
    let statement = transaction.statement(UPDATE, |args| write(it, args));
    if transaction.run_unique(statement).await?.ok_or(WorkError::KeyTaken)? == 0 {
        return Err(WorkError::Stale);
    }
    let (mut gone, mut new) = (FoundBy::of(former), FoundBy::of(it));
    if former.client == it.client {
        let same = |number: &i64| new.numbers.contains(number);
        let numbers: Vec<i64> = gone.numbers.iter().copied().filter(same).collect();
        for number in numbers {
            gone.numbers.remove(&number);
            new.numbers.remove(&number);
        }
        let names: Vec<String> =
            gone.names.keys().filter(|it| new.names.contains_key(*it)).cloned().collect();
        for name in names {
            gone.names.remove(&name);
            new.names.remove(&name);
        }
    }
    forget(transaction, former, &gone).await?;
    for statement in found_statements(transaction.dialect(), &[(it, new)]) {
        transaction.run(statement).await?;
    }
    match (it.merged_into, it.erased_at) {
        (Some(into), None) => interactions::move_all(transaction, &it.tenant, it.id, into).await?,
        (_, Some(_)) => {
            interactions::scrub(transaction, &it.tenant, it.id, None).await.map(drop)?
        }
        (None, None) => {}
    }
    Ok(())
}

/// The customer as it stands, held until the transaction ends.
async fn former(
    transaction: &mut Transaction,
    it: &Customer,
) -> Result<Option<Customer>, StoreError> {
    let text = match transaction.dialect() {
        Dialect::Sqlite => "SELECT id, record FROM customers WHERE tenant = $1 AND id = $2",
        Dialect::Postgres => {
            "SELECT id, record FROM customers WHERE tenant = $1 AND id = $2 FOR UPDATE"
        }
    };
    let statement = transaction.statement(text, |args| {
        args.text(it.tenant.as_str()).bytes(&key(it.id.as_u128())[..]);
    });
    transaction.rows(statement).await?.first().map(read_customer).transpose()
}

/// Takes out what a customer was found by.
async fn forget(
    transaction: &mut Transaction,
    it: &Customer,
    gone: &FoundBy,
) -> Result<(), StoreError> {
    let dialect = transaction.dialect();
    let mut out = Vec::with_capacity(2);
    if !gone.numbers.is_empty() {
        let among = (dialect.among_ints("number", 4), json_ints(gone.numbers.iter().copied()));
        out.push(("customer_numbers", among));
    }
    if !gone.names.is_empty() {
        let among = (dialect.among("name", 4), json_texts(gone.names.keys().map(String::as_str)));
        out.push(("customer_names", among));
    }
    for (table, (among, values)) in out {
        let text = format!(
            "DELETE FROM {table} WHERE tenant = $1 AND client = $2 AND customer = $3 AND {among}"
        );
        let statement = transaction.statement(text, |args| {
            args.text(it.tenant.as_str()).text(it.client.as_str());
            args.bytes(&key(it.id.as_u128())[..]).text(&*values);
        });
        transaction.run(statement).await?;
    }
    Ok(())
}

impl Store {
    /// The customers that were merged into this one, at most 1,000.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn merged_into(
        &self,
        tenant: &TenantId,
        into: CustomerId,
    ) -> Result<Vec<Customer>, StoreError> {
        let text = format!(
            "SELECT id, record FROM customers{} WHERE tenant = $1 AND merged_into = $2 ORDER BY id LIMIT 1000",
            self.database.dialect().indexed("customers_merged")
        );
        let rows = self.generated_rows(text, |args| {
            args.text(tenant.as_str()).bytes(&key(into.as_u128())[..]);
        });
        rows.await?.iter().map(read_customer).collect()
    }

    /// The client companies that have customers, by one step in an index for each.
    pub(super) async fn clients_of_customers(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<ClientId>, StoreError> {
        let rows = self.rows(
            "WITH RECURSIVE clients (client) AS ( \
                 SELECT MIN(client) FROM customers WHERE tenant = $1 \
                 UNION ALL \
                 SELECT (SELECT MIN(c.client) FROM customers c WHERE c.tenant = $1 AND c.client > clients.client) \
                 FROM clients WHERE clients.client IS NOT NULL \
             ) SELECT client FROM clients WHERE client IS NOT NULL",
            |args| {
                args.text(tenant.as_str());
            },
        );
        let client =
            |row| Columns::new(row, "customers", 0).parsed("client", |it| ClientId::parse(it).ok());
        rows.await?.iter().map(client).collect()
    }
}
