//! Locks on Postgres. SQLite has one writer and needs none.
//!
//! In this order in every transaction, so that none waits for another in a circle: the tenant's gate, leads, numbers and
//! persons (sorted), the head of the audit trail, the heads of the events.

use std::collections::BTreeSet;

use timbre_model::TenantId;

use crate::StoreError;
use crate::database::Transaction;
use crate::sql::{Args, Dialect, Statement, json_texts};

/// Shuts the gates: nothing is authorized until the transaction ends, and what was begun is awaited. So no attempt is
/// decided beside an entry that bars it.
pub(crate) fn shut<'a>(
    dialect: Dialect,
    tenants: impl Iterator<Item = &'a TenantId>,
) -> Vec<Statement> {
    if dialect == Dialect::Sqlite {
        return Vec::new();
    }
    let statement = |text: &'static str, tenant: &TenantId| {
        let mut args = Args::new(dialect);
        args.text(tenant.as_str());
        Statement::new(text, args)
    };
    let tenants: BTreeSet<_> = tenants.collect();
    let of_each = |tenant| [statement(MAKE, tenant), statement(SHUT, tenant)];
    tenants.into_iter().flat_map(of_each).collect()
}

const MAKE: &str = "INSERT INTO gates (tenant) VALUES ($1) ON CONFLICT DO NOTHING";
const SHUT: &str = "SELECT tenant FROM gates WHERE tenant = $1 FOR UPDATE";
const PASS: &str = "SELECT tenant FROM gates WHERE tenant = $1 FOR SHARE";

/// Passes the gate together with others that authorize.
pub(super) async fn pass(
    transaction: &mut Transaction,
    tenant: &TenantId,
) -> Result<(), StoreError> {
    if transaction.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    for text in [PASS, MAKE, PASS] {
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str());
        });
        if !transaction.rows(statement).await?.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Locks the numbers and persons that `keys` name, sorted.
pub(super) async fn lock(
    transaction: &mut Transaction,
    tenant: &TenantId,
    keys: &BTreeSet<String>,
) -> Result<(), StoreError> {
    if transaction.dialect() == Dialect::Sqlite || keys.is_empty() {
        return Ok(());
    }
    let keys = json_texts(keys.iter().map(String::as_str));
    for text in [
        "INSERT INTO attempt_locks (tenant, key) SELECT $1, k FROM \
         jsonb_array_elements_text($2::text::jsonb) WITH ORDINALITY AS keys (k, n) ORDER BY n ON CONFLICT DO NOTHING",
        "SELECT key FROM attempt_locks WHERE tenant = $1 AND \
         key = ANY (ARRAY(SELECT jsonb_array_elements_text($2::text::jsonb))) ORDER BY key FOR UPDATE",
    ] {
        let statement = transaction.statement(text, |args| {
            args.text(tenant.as_str()).text(&*keys);
        });
        transaction.run(statement).await?;
    }
    Ok(())
}
