//! One import of a registry: numbers or their hashes up, counts down. Nothing of it counts before the end.

use timbre_model::{FieldError, PhoneNumber, TenantId};
use timbre_store::{RegistryEntries, RegistryImport};
use tonic::Status;

use crate::api::auth::Caller;
use crate::api::intake::{Intake, Opened, Part};
use crate::api::pb::{self, import_registry_request};
use crate::api::wire::{name, time};
use crate::api::{Context, status};
use crate::driver::clock;
use crate::leads::number;

/// Numbers of one chunk.
const NUMBERS_MAX: usize = 10_000;

/// Imports registries.
pub(super) struct RegistryIntake {
    pub(super) context: Context,
    pub(super) caller: Caller,
}

/// What the header says, and how far it has come.
pub(super) struct Version {
    tenant: TenantId,
    registry: RegistryImport,
    country: String,
    numbers: u64,
    rejected: u64,
}

impl Version {
    fn answer(&self, finished: bool) -> pb::ImportRegistryResponse {
        let Self { numbers, rejected, .. } = *self;
        pb::ImportRegistryResponse { numbers, rejected, finished }
    }
}

impl Intake for RegistryIntake {
    type Request = pb::ImportRegistryRequest;
    type Header = pb::RegistryHeader;
    type Chunk = pb::RegistryChunk;
    type Answer = pb::ImportRegistryResponse;
    type Batch = Version;

    fn part(
        message: pb::ImportRegistryRequest,
    ) -> Option<Part<pb::RegistryHeader, pb::RegistryChunk>> {
        Some(match message.part? {
            import_registry_request::Part::Header(header) => Part::Header(header),
            import_registry_request::Part::Chunk(chunk) => Part::Chunk(chunk),
            import_registry_request::Part::Finish(pb::RegistryFinish {}) => Part::Finish,
        })
    }

    async fn open(&self, header: pb::RegistryHeader) -> Result<Opened<Self>, Status> {
        let pb::RegistryHeader { registry, version, as_of, country, salt } = header;
        let (tenant, registry) =
            name::read_registry("header.registry", &registry).map_err(status::invalid_field)?;
        self.caller.owns(&tenant)?;
        let now = clock::civil();
        let as_of = time::need_moment("header.as_of", as_of).map_err(status::invalid_field)?;
        if as_of > now {
            let remedy = "give the day on which the registry was issued, which has been";
            return Err(status::invalid_field(FieldError::new("header.as_of", "", remedy)));
        }
        if !(1..=64).contains(&version.len()) {
            let remedy = "give the version in 1 to 64 characters";
            let fault = FieldError::new("header.version", name::cut(&version), remedy);
            return Err(status::invalid_field(fault));
        }
        let name = registry.as_str().to_owned();
        let registry = RegistryImport { name, version, as_of, salt };
        let batch = Version { tenant, registry, country, numbers: 0, rejected: 0 };
        let answer = batch.answer(false);
        Ok(Opened { batch, answer, finished: false })
    }

    async fn chunk(
        &self,
        version: &mut Version,
        chunk: pb::RegistryChunk,
    ) -> Result<pb::ImportRegistryResponse, Status> {
        let pb::RegistryChunk { numbers: entries } = chunk;
        if entries.len() > NUMBERS_MAX {
            let remedy = format!("send at most {NUMBERS_MAX} in one chunk");
            let fault = FieldError::new("chunk.numbers", entries.len(), remedy);
            return Err(status::invalid_field(fault));
        }
        let given = entries.len();
        let country = version.country.clone();
        let read = tokio::task::spawn_blocking(move || sort(entries, &country)).await;
        let (numbers, hashes) = read.map_err(|_| status::stopped(crate::driver::Stopped))?;
        version.rejected += (given - numbers.len() - hashes.len()) as u64;
        for entries in [RegistryEntries::Numbers(numbers), RegistryEntries::Hashes(hashes)] {
            let empty = match &entries {
                RegistryEntries::Numbers(it) => it.is_empty(),
                RegistryEntries::Hashes(it) => it.is_empty(),
            };
            if empty {
                continue;
            }
            let Version { tenant, registry, .. } = &*version;
            let taken = self.context.store.import_registry(tenant, registry, entries).await;
            version.numbers += taken.map_err(|it| refused(&it))?;
        }
        Ok(version.answer(false))
    }

    async fn finish(&self, version: &Version) -> Result<pb::ImportRegistryResponse, Status> {
        let Version { tenant, registry, .. } = version;
        let put = self.context.store.finish_registry(tenant, registry, clock::civil()).await;
        put.map_err(|it| status::store(&it))?;
        Ok(version.answer(true))
    }
}

/// What the store refuses here is a fault of the client's.
fn refused(error: &timbre_store::StoreError) -> Status {
    match error {
        timbre_store::StoreError::Refused(why) => {
            status::invalid_field(FieldError::new("chunk.numbers", "", why.as_str()))
        }
        other => status::store(other),
    }
}

/// Numbers, and hashes of numbers. What is neither falls away and is counted.
fn sort(entries: Vec<String>, country: &str) -> (Vec<PhoneNumber>, Vec<String>) {
    let (mut numbers, mut hashes) = (Vec::new(), Vec::new());
    for entry in entries {
        let entry = entry.trim();
        if entry.len() == 64 && entry.bytes().all(|it| it.is_ascii_hexdigit()) {
            hashes.push(entry.to_owned());
        } else if let Ok(number) = PhoneNumber::parse(entry) {
            numbers.push(number);
        } else if let Ok(read) = number::read(entry, country) {
            numbers.push(read.number);
        }
    }
    (numbers, hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_hashes_are_told_apart_and_the_rest_is_counted() {
        let hash = "ab".repeat(32);
        let entries = ["+34600000001", "600 00 00 02", &hash, "nonsense", ""];
        let (numbers, hashes) = sort(entries.map(str::to_owned).to_vec(), "ES");
        let numbers: Vec<_> = numbers.iter().map(PhoneNumber::expose).collect();
        assert_eq!(numbers, ["+34600000001", "+34600000002"]);
        assert_eq!(hashes, [hash]);
    }
}
