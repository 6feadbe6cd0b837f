//! Credentials of the API. Only hashes are kept.

use timbre_model::{AgentId, Civil, Role, TenantId, TokenRecord};

use crate::row::{Columns, Row};
use crate::{Store, StoreError};

fn read(row: &Row) -> Result<TokenRecord, StoreError> {
    let mut from = Columns::new(row, "tokens", 2);
    let token = TokenRecord {
        tenant: from.parsed("tenant", |it| TenantId::parse(it).ok())?,
        id: from.text("id")?.to_owned(),
        hash: {
            let hash = from.bytes("hash")?;
            hash.try_into().map_err(|_| from.corrupt("hash"))?
        },
        role: from.parsed("role", Role::parse)?,
        agent: from.parsed_or_null("agent", |it| AgentId::parse(it).ok())?,
        created_at: from.time("created_at")?,
        expires_at: from.time_or_null("expires_at")?,
        revoked_at: from.time_or_null("revoked_at")?,
    };
    // A credential that is not what it should be lets nobody in.
    if token.agent.is_some() == (token.role == Role::Agent) {
        Ok(token)
    } else {
        Err(from.corrupt("agent"))
    }
}

impl Store {
    /// Keeps a token. Keeping the same one again changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the tenant has another token of this id, or any tenant one of this hash. See
    /// [`Store`].
    pub async fn put_token(&self, token: &TokenRecord) -> Result<(), StoreError> {
        let TokenRecord { id, hash, tenant, role, agent, created_at, expires_at, revoked_at } =
            token;
        self.execute(
            "INSERT INTO tokens (tenant, id, hash, role, agent, created_at, expires_at, revoked_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            |args| {
                args.text(tenant.as_str()).text(id.as_str()).bytes(&hash[..]).text(role.as_str());
                args.text(agent.as_ref().map(AgentId::as_str)).int(created_at.as_micros());
                args.int(expires_at.map(|at| at.as_micros()));
                args.int(revoked_at.map(|at| at.as_micros()));
            },
        )
        .await?;
        let kept = self.token_by_hash(*hash).await?;
        let same = kept.is_some_and(|kept| kept.id == *id && kept.tenant == *tenant);
        same.then_some(()).ok_or_else(|| StoreError::Conflict(format!("token {id}")))
    }

    /// The token whose secret has this SHA-256, revoked and expired ones included.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn token_by_hash(&self, hash: [u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, id, hash, role, agent, created_at, expires_at, revoked_at FROM tokens WHERE hash = $1",
            |args| {
                args.bytes(&hash[..]);
            },
        );
        rows.await?.first().map(read).transpose()
    }

    /// A tenant's tokens, oldest first.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn list_tokens(&self, tenant: &TenantId) -> Result<Vec<TokenRecord>, StoreError> {
        let rows = self.rows(
            "SELECT tenant, id, hash, role, agent, created_at, expires_at, revoked_at FROM tokens \
             WHERE tenant = $1 ORDER BY created_at, id",
            |args| {
                args.text(tenant.as_str());
            },
        );
        rows.await?.iter().map(read).collect()
    }

    /// Revokes a token from `at` on; `false` where the tenant has none of this id, or had revoked it before.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn revoke_token(
        &self,
        tenant: &TenantId,
        id: &str,
        at: Civil,
    ) -> Result<bool, StoreError> {
        let revoked = self.execute(
            "UPDATE tokens SET revoked_at = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL",
            |args| {
                args.text(tenant.as_str()).text(id).int(at.as_micros());
            },
        );
        Ok(revoked.await? > 0)
    }
}
