//! Registries of those who do not want calls, as their publishers give them: imported as a whole, in force at once.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use timbre_model::{Civil, PhoneNumber, TenantId};

use super::chain::{self, NewEntry};
use super::gate;
use crate::calls::without_nul;
use crate::database::{Transaction, apart};
use crate::row::{Columns, Row};
use crate::sql::{Args, Kind, Table, json_texts};
use crate::{Store, StoreError};

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryImport {
    /// The registry's name in the rules: `es-robinson`, `us-dnc`.
    pub name: String,
    /// Its version, as its publisher calls it.
    pub version: String,
    /// When it was issued, or else fetched.
    pub as_of: Civil,
    /// Where its entries are SHA-256 sums of `salt` followed by the number in E.164 form: the salt, which may be empty.
    pub salt: Option<String>,
}

/// Entries of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryEntries {
    /// Numbers, whether the registry keeps them or their sums.
    Numbers(Vec<PhoneNumber>),
    /// SHA-256 sums, as 64 hexadecimal digits.
    Hashes(Vec<String>),
}

/// A registry in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its name in the rules.
    pub name: String,
    /// Its version.
    pub version: String,
    /// When it was issued, or else fetched.
    pub as_of: Civil,
    /// When it was put in force here.
    pub imported_at: Civil,
    /// How many entries it has.
    pub entries: u64,
    salt: Option<String>,
    import: i64,
}

impl Registry {
    /// A number as the registry keeps it.
    pub(super) fn entry(&self, number: &PhoneNumber) -> String {
        entry(self.salt.as_deref(), number)
    }
}

fn entry(salt: Option<&str>, number: &PhoneNumber) -> String {
    let Some(salt) = salt else { return number.expose().to_owned() };
    let sum = Sha256::new().chain_update(salt).chain_update(number.expose()).finalize();
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

static ENTRIES: Table = Table::new(
    "registry_numbers",
    &[("tenant", Kind::Text), ("import", Kind::Int), ("entry", Kind::Text)],
    3,
    3,
);

/// Entries that are deleted in one transaction.
const SLICE: i64 = 5_000;

fn read(row: &Row) -> Result<Registry, StoreError> {
    let mut from = Columns::new(row, "registries", 2);
    Ok(Registry {
        import: from.int("import")?,
        name: from.text("name")?.to_owned(),
        version: from.text("version")?.to_owned(),
        as_of: from.time("as_of")?,
        salt: from.text_or_null("salt")?.map(str::to_owned),
        imported_at: from.time("imported_at")?,
        entries: from.count("entries")?,
    })
}

const IN_FORCE: &str = "SELECT import, name, version, as_of, salt, imported_at, entries FROM registries \
     WHERE tenant = $1 AND state = 'in_force' ORDER BY name";

pub(super) async fn in_force(
    transaction: &mut Transaction,
    tenant: &TenantId,
) -> Result<Vec<Registry>, StoreError> {
    let statement = transaction.statement(IN_FORCE, |args| {
        args.text(tenant.as_str());
    });
    transaction.rows(statement).await?.iter().map(read).collect()
}

/// Those of `entries` that the registry has.
pub(super) async fn listed(
    transaction: &mut Transaction,
    tenant: &TenantId,
    registry: &Registry,
    entries: &[String],
) -> Result<BTreeSet<String>, StoreError> {
    let among = transaction.dialect().among("entry", 3);
    let text =
        format!("SELECT entry FROM registry_numbers WHERE tenant = $1 AND import = $2 AND {among}");
    let entries = json_texts(entries.iter().map(String::as_str));
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).int(registry.import).text(&*entries);
    });
    let rows = transaction.rows(statement).await?;
    let entry = |row| Ok(Columns::new(row, "registry_numbers", 0).text("entry")?.to_owned());
    rows.iter().map(entry).collect()
}

impl Store {
    /// Takes some entries of a registry's version. They may come in any order and more than once; none counts before
    /// [`Store::finish_registry`]. How many were new.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the version is in force or was. [`StoreError::Refused`] where sums are not 64
    /// hexadecimal digits, or come for a registry without salt. See [`Store`].
    pub async fn import_registry(
        &self,
        tenant: &TenantId,
        registry: &RegistryImport,
        entries: RegistryEntries,
    ) -> Result<u64, StoreError> {
        let (database, tenant, registry) =
            (self.database.clone(), tenant.clone(), registry.clone());
        let entries = spelled(&registry, entries)?;
        apart(async move {
            let _turn = database.turn().await;
            let mut transaction = database.begin().await?;
            let (import, state) = begun(&mut transaction, &tenant, &registry).await?;
            if state != "loading" {
                return Err(conflict(&registry, "was imported already"));
            }
            let write = |entry: &String, to: &mut Args| {
                to.text(tenant.as_str()).int(import).text(entry.as_str());
            };
            let mut new = 0;
            for statement in ENTRIES.upsert(transaction.dialect(), &entries, write) {
                new += transaction.run(statement).await?;
            }
            let text =
                "UPDATE registries SET entries = entries + $3 WHERE tenant = $1 AND import = $2";
            let statement = transaction.statement(text, |args| {
                args.text(tenant.as_str()).int(import).int(new.cast_signed());
            });
            transaction.run(statement).await?;
            transaction.commit().await?;
            Ok(new)
        })
        .await
    }

    /// Puts an imported version in force in place of the former one, whose entries go afterwards. A version in force is left
    /// alone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] where the version was superseded. See [`Store`].
    pub async fn finish_registry(
        &self,
        tenant: &TenantId,
        registry: &RegistryImport,
        at: Civil,
    ) -> Result<(), StoreError> {
        let (database, tenant, registry) =
            (self.database.clone(), tenant.clone(), registry.clone());
        apart(async move {
            let mut transaction = database.begin().await?;
            for statement in gate::shut(transaction.dialect(), [&tenant].into_iter()) {
                transaction.run(statement).await?;
            }
            let (import, state) = begun(&mut transaction, &tenant, &registry).await?;
            match state.as_str() {
                "loading" => {
                    put_in_force(&mut transaction, &tenant, &registry, import, at).await?;
                    transaction.commit().await?;
                }
                "in_force" => drop(transaction),
                _ => return Err(conflict(&registry, "was superseded")),
            }
            while sweep(&database, &tenant, &registry.name).await? > 0 {}
            Ok(())
        })
        .await
    }

    pub(super) async fn registry_lists(
        &self,
        tenant: &TenantId,
        registry: &Registry,
        number: &PhoneNumber,
    ) -> Result<bool, StoreError> {
        let text =
            "SELECT 1 FROM registry_numbers WHERE tenant = $1 AND import = $2 AND entry = $3";
        let rows = self.rows(text, |args| {
            args.text(tenant.as_str()).int(registry.import).text(&*registry.entry(number));
        });
        Ok(!rows.await?.is_empty())
    }

    /// The registries in force.
    ///
    /// # Errors
    ///
    /// See [`Store`].
    pub async fn registries(&self, tenant: &TenantId) -> Result<Vec<Registry>, StoreError> {
        let rows = self.rows(IN_FORCE, |args| {
            args.text(tenant.as_str());
        });
        rows.await?.iter().map(read).collect()
    }
}

fn conflict(it: &RegistryImport, why: &str) -> StoreError {
    StoreError::Conflict(format!("version {:?} of registry {:?} {why}; it", it.version, it.name))
}

/// Entries as the registry keeps them.
fn spelled(registry: &RegistryImport, entries: RegistryEntries) -> Result<Vec<String>, StoreError> {
    let salt = registry.salt.as_deref();
    let refused = |why: &str| Err(StoreError::Refused(why.to_owned()));
    let mut entries: Vec<String> = match entries {
        RegistryEntries::Numbers(numbers) => numbers.iter().map(|it| entry(salt, it)).collect(),
        RegistryEntries::Hashes(_) if salt.is_none() => {
            return refused(
                "sums for a registry that keeps numbers: give its salt, which may be empty",
            );
        }
        RegistryEntries::Hashes(hashes) => {
            let is_sum = |it: &String| it.len() == 64 && it.bytes().all(|b| b.is_ascii_hexdigit());
            if !hashes.iter().all(is_sum) {
                return refused("an entry is not 64 hexadecimal digits");
            }
            hashes.into_iter().map(|it| it.to_ascii_lowercase()).collect()
        }
    };
    entries.sort_unstable();
    entries.dedup();
    Ok(entries)
}

/// The version's import and its state, begun where it is new.
async fn begun(
    transaction: &mut Transaction,
    tenant: &TenantId,
    registry: &RegistryImport,
) -> Result<(i64, String), StoreError> {
    let RegistryImport { name, version, as_of, salt } = registry;
    let text = "INSERT INTO registries (tenant, import, name, version, as_of, salt, state, entries) \
         SELECT $1, COALESCE((SELECT MAX(import) FROM registries WHERE tenant = $1), 0) + 1, $2, $3, $4, $5, 'loading', 0 \
         WHERE NOT EXISTS (SELECT 1 FROM registries WHERE tenant = $1 AND name = $2 AND version = $3)";
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(&*without_nul(name)).text(&*without_nul(version));
        args.int(as_of.as_micros()).text(salt.as_deref().map(without_nul).as_deref());
    });
    transaction.run(statement).await?;
    let text =
        "SELECT import, state FROM registries WHERE tenant = $1 AND name = $2 AND version = $3";
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(&*without_nul(name)).text(&*without_nul(version));
    });
    let rows = transaction.rows(statement).await?;
    let row = rows.first().ok_or_else(|| StoreError::Refused("no registry".to_owned()))?;
    let mut from = Columns::new(row, "registries", 0);
    Ok((from.int("import")?, from.text("state")?.to_owned()))
}

async fn put_in_force(
    transaction: &mut Transaction,
    tenant: &TenantId,
    registry: &RegistryImport,
    import: i64,
    at: Civil,
) -> Result<(), StoreError> {
    let text = "UPDATE registries SET state = CASE WHEN import = $3 THEN 'in_force' ELSE 'superseded' END, \
         imported_at = CASE WHEN import = $3 THEN $4 ELSE imported_at END \
         WHERE tenant = $1 AND name = $2 AND (import = $3 OR state = 'in_force')";
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(&*without_nul(&registry.name)).int(import);
        args.int(at.as_micros());
    });
    transaction.run(statement).await?;
    let record =
        json!({ "name": registry.name, "version": registry.version, "as_of": registry.as_of });
    let subject = format!("registries/{}", registry.name);
    let entry = NewEntry::new(tenant, at, "registry", subject, &record);
    chain::append(transaction, vec![entry], false).await
}

/// Deletes some entries of superseded versions; how many.
async fn sweep(
    database: &crate::database::Database,
    tenant: &TenantId,
    name: &str,
) -> Result<u64, StoreError> {
    let _turn = database.turn().await;
    let mut transaction = database.begin().await?;
    let text = "DELETE FROM registry_numbers WHERE (tenant, import, entry) IN ( \
         SELECT n.tenant, n.import, n.entry FROM registries r JOIN registry_numbers n \
         ON n.tenant = r.tenant AND n.import = r.import \
         WHERE r.tenant = $1 AND r.name = $2 AND r.state = 'superseded' LIMIT $3)";
    let statement = transaction.statement(text, |args| {
        args.text(tenant.as_str()).text(&*without_nul(name)).int(SLICE);
    });
    let gone = transaction.run(statement).await?;
    transaction.commit().await?;
    Ok(gone)
}
