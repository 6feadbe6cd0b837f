//! One import of a registry: numbers or their hashes up, counts down. Nothing of it counts before the end.

use std::time::Duration;

use timbre_model::{FieldError, PhoneNumber, TenantId};
use timbre_store::{RegistryEntries, RegistryImport};
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

use crate::api::auth::Caller;
use crate::api::pb::{self, import_registry_request::Part};
use crate::api::status::{self, reasons};
use crate::api::wire::{name, time};
use crate::api::{Context, limits};
use crate::driver::clock;
use crate::leads::number;

/// Numbers of one chunk.
const NUMBERS_MAX: usize = 10_000;

/// An import's stream.
pub(super) struct Stream {
    context: Context,
    caller: Caller,
    from_client: Streaming<pb::ImportRegistryRequest>,
    to_client: mpsc::Sender<Result<pb::ImportRegistryResponse, Status>>,
}

/// What the header says, and how far it has come.
struct Version {
    tenant: TenantId,
    registry: RegistryImport,
    country: String,
    numbers: u64,
    rejected: u64,
}

impl Stream {
    pub(super) fn new(
        context: Context,
        caller: Caller,
        from_client: Streaming<pb::ImportRegistryRequest>,
        to_client: mpsc::Sender<Result<pb::ImportRegistryResponse, Status>>,
    ) -> Self {
        Self { context, caller, from_client, to_client }
    }

    pub(super) async fn run(mut self) {
        if let Err(status) = self.serve().await {
            // The client may be gone already.
            let _ = self.to_client.send(Err(status)).await;
        }
    }

    async fn serve(&mut self) -> Result<(), Status> {
        let Some(Part::Header(header)) = self.next(limits::OPEN_WITHIN).await? else {
            return Err(not_opened());
        };
        let mut version = self.begin(header)?;
        if !self.answer(&version, false).await {
            return Ok(());
        }
        while let Some(part) = self.next(limits::IMPORT_SILENCE_MAX).await? {
            let finished = match part {
                Part::Header(_) => return Err(not_opened()),
                Part::Chunk(pb::RegistryChunk { numbers }) => {
                    self.chunk(&mut version, numbers).await?;
                    false
                }
                Part::Finish(pb::RegistryFinish {}) => {
                    let Version { tenant, registry, .. } = &version;
                    let store = &self.context.store;
                    let put = store.finish_registry(tenant, registry, clock::civil()).await;
                    put.map_err(|it| status::store(&it))?;
                    true
                }
            };
            if !self.answer(&version, finished).await || finished {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn next(&mut self, patience: Duration) -> Result<Option<Part>, Status> {
        match tokio::time::timeout(patience, self.from_client.message()).await {
            Ok(message) => {
                let absent = || FieldError::new("part", "", "give a header, a chunk or finish");
                let Some(pb::ImportRegistryRequest { part }) = message? else { return Ok(None) };
                part.map(Some).ok_or_else(|| status::invalid_field(absent()))
            }
            Err(_) => Ok(None),
        }
    }

    async fn answer(&self, version: &Version, finished: bool) -> bool {
        let Version { numbers, rejected, .. } = *version;
        let answer = pb::ImportRegistryResponse { numbers, rejected, finished };
        self.to_client.send(Ok(answer)).await.is_ok()
    }

    fn begin(&self, header: pb::RegistryHeader) -> Result<Version, Status> {
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
        Ok(Version { tenant, registry, country, numbers: 0, rejected: 0 })
    }

    async fn chunk(&self, version: &mut Version, entries: Vec<String>) -> Result<(), Status> {
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
        Ok(())
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

fn not_opened() -> Status {
    let message = "the first message must be a header, and only the first";
    status::with_reason(Code::FailedPrecondition, reasons::IMPORT_NOT_OPENED, message)
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
