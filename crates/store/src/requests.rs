//! Mutating requests that were done, so that one that is sent again gets its first answer.

use timbre_model::{Civil, TenantId};

use crate::database::Transaction;
use crate::row::{Columns, Row};
use crate::sql::Args;
use crate::{DoneRequest, Store, StoreError};

fn read(row: &Row) -> Result<DoneRequest, StoreError> {
    let mut from = Columns::new(row, "requests", 1);
    Ok(DoneRequest {
        method: from.text("method")?.to_owned(),
        response: from.bytes("response")?.to_owned(),
        at: from.time("at")?,
    })
}

const REMEMBER: &str = "INSERT INTO requests (tenant, request, method, response, at) VALUES ($1, $2, $3, $4, $5) \
     ON CONFLICT DO NOTHING";
const RECALL: &str = "SELECT method, response, at FROM requests WHERE tenant = $1 AND request = $2";

fn write(tenant: &TenantId, request_id: &str, done: &DoneRequest, to: &mut Args) {
    to.text(tenant.as_str()).text(request_id).text(done.method.as_str());
    to.bytes(&done.response[..]).int(done.at.as_micros());
}

/// Keeps the answer to a request with what else the transaction keeps, or gives the one that is kept already.
pub(crate) async fn remember(
    transaction: &mut Transaction,
    tenant: &TenantId,
    request_id: &str,
    done: &DoneRequest,
) -> Result<Option<DoneRequest>, StoreError> {
    let statement = transaction.statement(REMEMBER, |args| write(tenant, request_id, done, args));
    if transaction.run(statement).await? > 0 {
        return Ok(None);
    }
    let statement = transaction.statement(RECALL, |args| {
        args.text(tenant.as_str()).text(request_id);
    });
    transaction.rows(statement).await?.first().map(read).transpose()
}

impl Store {
    /// Keeps the answer to a request and gives the one that is kept. That is the first: where two were done at once, both
    /// callers must be given it.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn remember_request(
        &self,
        tenant: &TenantId,
        request_id: &str,
        done: DoneRequest,
    ) -> Result<DoneRequest, StoreError> {
        let kept = self.execute(REMEMBER, |args| write(tenant, request_id, &done, args));
        if kept.await? > 0 {
            return Ok(done);
        }
        Ok(self.request(tenant, request_id).await?.unwrap_or(done))
    }

    /// The answer to a request that was done before; `None` where it is new, or was pruned.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn request(
        &self,
        tenant: &TenantId,
        request_id: &str,
    ) -> Result<Option<DoneRequest>, StoreError> {
        let rows = self.rows(RECALL, |args| {
            args.text(tenant.as_str()).text(request_id);
        });
        rows.await?.first().map(read).transpose()
    }

    /// Forgets requests of every tenant that were done before `before`; how many.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn prune_requests(&self, before: Civil) -> Result<u64, StoreError> {
        self.execute("DELETE FROM requests WHERE at < $1", |args| {
            args.int(before.as_micros());
        })
        .await
    }
}
