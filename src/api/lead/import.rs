//! One import: chunks up, acknowledgements down. What was acknowledged is kept; nothing of it is called before the end.

use timbre_engine::Command;
use timbre_model::{DuplicatePolicy, FieldError, ListSpec, NewLead, TenantId};
use timbre_store::{ImportProgress, ImportedChunk, LeadFault};
use tonic::Status;

use super::list_of;
use crate::api::auth::Caller;
use crate::api::intake::{Intake, Opened, Part};
use crate::api::pb::{self, import_request};
use crate::api::wire::lead::{self, ImportAnswer, ImportCounts, ImportReject};
use crate::api::wire::name;
use crate::api::{Context, limits, status};
use crate::driver::clock;
use crate::leads::{self, Fault, Import};

/// Imports leads.
pub(super) struct LeadIntake {
    pub(super) context: Context,
    pub(super) caller: Caller,
}

/// What the header says.
pub(super) struct Batch {
    tenant: TenantId,
    list: ListSpec,
    name: String,
    import: Import,
    /// Chunks that are kept.
    done: u64,
    counts: ImportCounts,
}

/// A chunk that was read.
struct Chunk {
    leads: Vec<NewLead>,
    /// The line of each of them.
    lines: Vec<u64>,
    rejects: Vec<ImportReject>,
    /// Leads that cannot be read.
    rejected: u64,
}

impl Intake for LeadIntake {
    type Request = pb::ImportRequest;
    type Header = pb::ImportHeader;
    type Chunk = pb::ImportChunk;
    type Answer = pb::ImportResponse;
    type Batch = Batch;

    fn part(message: pb::ImportRequest) -> Option<Part<pb::ImportHeader, pb::ImportChunk>> {
        Some(match message.part? {
            import_request::Part::Header(header) => Part::Header(header),
            import_request::Part::Chunk(chunk) => Part::Chunk(chunk),
            import_request::Part::Finish(pb::ImportFinish {}) => Part::Finish,
        })
    }

    async fn open(&self, header: pb::ImportHeader) -> Result<Opened<Self>, Status> {
        let pb::ImportHeader { list, batch_id, total_hint: _, country } = header;
        let (tenant, list) = list_of(&self.context, &self.caller, "header.list", &list)?;
        let name = batch_name(batch_id).map_err(status::invalid_field)?;
        let country = country_of(country, &list).map_err(status::invalid_field)?;
        let progress = self.context.store.import_progress(&tenant, &list.id, &name).await;
        let progress = progress.map_err(|it| status::store(&it))?;
        let fresh = ImportProgress { finished: false, leads: 0, next_chunk: 0 };
        let ImportProgress { finished, leads, next_chunk } = progress.unwrap_or(fresh);
        let counts = ImportCounts { imported: leads, ..ImportCounts::default() };
        let answer = ImportAnswer { chunk: next_chunk, counts, rejects: Vec::new(), finished };
        let (import, counts) = (Import { country, now: clock::civil() }, ImportCounts::default());
        let batch = Batch { tenant, list, name, import, done: next_chunk, counts };
        Ok(Opened { batch, answer: lead::answer_to_wire(answer), finished })
    }

    async fn chunk(
        &self,
        batch: &mut Batch,
        chunk: pb::ImportChunk,
    ) -> Result<pb::ImportResponse, Status> {
        let pb::ImportChunk { number, leads } = chunk;
        check_chunk(number, batch.done, leads.len()).map_err(status::invalid_field)?;
        let import = batch.import.clone();
        // Reading numbers takes long enough to keep other streams from being served.
        let read = tokio::task::spawn_blocking(move || read(leads, &import)).await;
        let Chunk { leads, lines, mut rejects, rejected } =
            read.map_err(|_| status::stopped(crate::driver::Stopped))?;
        let store = &self.context.store;
        let kept =
            store.import_leads(&batch.tenant, &batch.list, &batch.name, number - 1, leads).await;
        let ImportedChunk { accepted, updated, rejected: refused } =
            kept.map_err(|it| status::store(&it))?;
        batch.counts.imported += accepted;
        batch.counts.updated += updated;
        batch.counts.rejected += rejected;
        for (at, fault) in refused {
            let line = usize::try_from(at).ok().and_then(|at| lines.get(at)).copied();
            match is_duplicate(&fault) {
                true => batch.counts.duplicates += 1,
                false => batch.counts.rejected += 1,
            }
            rejects.push(reject(line.unwrap_or(0), in_words(&fault), false));
        }
        rejects.sort_by_key(|it| it.line);
        batch.done = batch.done.max(number);
        let (chunk, counts) = (batch.done, batch.counts);
        Ok(lead::answer_to_wire(ImportAnswer { chunk, counts, rejects, finished: false }))
    }

    async fn finish(&self, batch: &Batch) -> Result<pb::ImportResponse, Status> {
        if batch.done == 0 {
            let remedy = "send at least one chunk, which may be empty";
            return Err(status::invalid_field(FieldError::new("finish", "", remedy)));
        }
        let (tenant, list) = (&batch.tenant, &batch.list);
        let finished =
            self.context.store.finish_import(tenant, list, &batch.name, clock::civil()).await;
        finished.map_err(|it| status::store(&it))?;
        if list.duplicates == DuplicatePolicy::Update {
            // From the answer on nobody is called by what was known before.
            let (tenant, list) = (tenant.clone(), list.id.clone());
            self.context.command(Command::LeadsChanged { tenant, list }).await?;
        }
        let (chunk, counts) = (batch.done, batch.counts);
        let answer = ImportAnswer { chunk, counts, rejects: Vec::new(), finished: true };
        Ok(lead::answer_to_wire(answer))
    }
}

/// A batch's name, as a client may choose it.
pub fn batch_name(name: String) -> Result<String, FieldError> {
    let sound = (1..=64).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_graphic());
    let fault = || {
        FieldError::new(
            "header.batch_id",
            name::cut(&name),
            "use 1 to 64 characters without blanks",
        )
    };
    if sound { Ok(name) } else { Err(fault()) }
}

fn country_of(country: String, list: &ListSpec) -> Result<String, FieldError> {
    if country.is_empty() {
        return Ok(list.country.clone());
    }
    let sound = country.len() == 2 && country.bytes().all(|it| it.is_ascii_uppercase());
    let remedy = "give two capital letters (ISO 3166): ES, MX";
    let fault = || FieldError::new("header.country", name::cut(&country), remedy);
    if sound { Ok(country) } else { Err(fault()) }
}

/// Chunks come in order; one that was kept may come again.
fn check_chunk(number: u64, done: u64, leads: usize) -> Result<(), FieldError> {
    if number == 0 || number > done.saturating_add(1) {
        let remedy = format!("send the chunks in order: {} is next", done + 1);
        return Err(FieldError::new("chunk.number", number, remedy));
    }
    if leads > limits::IMPORT_CHUNK_MAX {
        let remedy = format!("send at most {} in one chunk", limits::IMPORT_CHUNK_MAX);
        return Err(FieldError::new("chunk.leads", leads, remedy));
    }
    Ok(())
}

fn read(wire: Vec<pb::ImportLead>, import: &Import) -> Chunk {
    let mut chunk =
        Chunk { leads: Vec::new(), lines: Vec::new(), rejects: Vec::new(), rejected: 0 };
    for pb::ImportLead { line, person } in wire {
        let raw = lead::raw_from_wire(person.unwrap_or_default()).map_err(|fault| {
            let FieldError { field, value, remedy } = fault;
            vec![Fault::new(field, &value, "it cannot be read", remedy)]
        });
        match raw.and_then(|raw| leads::read(raw, import)) {
            Ok(leads::Read { lead, left_out }) => {
                chunk.leads.push(lead);
                chunk.lines.push(line);
                chunk.rejects.extend(left_out.into_iter().map(|it| reject(line, it, true)));
            }
            Err(faults) => {
                chunk.rejected += 1;
                chunk.rejects.extend(faults.into_iter().map(|it| reject(line, it, false)));
            }
        }
    }
    chunk
}

fn reject(line: u64, fault: Fault, taken: bool) -> ImportReject {
    let Fault { field, value, reason, remedy } = fault;
    ImportReject { line, field, value, reason, remedy, taken }
}

fn is_duplicate(fault: &LeadFault) -> bool {
    match fault {
        LeadFault::TwiceInImport(_) | LeadFault::InList(_) | LeadFault::InTenant(_) => true,
        LeadFault::NoNumber
        | LeadFault::TooManyNumbers
        | LeadFault::TooLong
        | LeadFault::PersonKey => false,
    }
}

fn in_words(fault: &LeadFault) -> Fault {
    let (field, value, reason, remedy) = match fault {
        LeadFault::NoNumber => {
            ("numbers", "", "nobody can be called without a number", "give at least one number")
        }
        LeadFault::TooManyNumbers => {
            ("numbers", "", "there are too many numbers", "give at most 8 numbers")
        }
        LeadFault::TooLong => ("attributes", "", "the lead is too long in all", "leave some out"),
        LeadFault::PersonKey => ("key", "", "the key is too long", "use at most 200 characters"),
        LeadFault::TwiceInImport(number) => {
            let reason = "the number stands twice in the import";
            ("numbers", number.expose(), reason, "leave one of them out")
        }
        LeadFault::InList(number) => {
            let reason = "the list has the number already";
            (
                "numbers",
                number.expose(),
                reason,
                "leave it out, or set duplicates: update on the list",
            )
        }
        LeadFault::InTenant(number) => {
            let reason = "another list has the number already";
            let remedy = "leave it out, or set duplicates: reject_in_list on the list";
            ("numbers", number.expose(), reason, remedy)
        }
    };
    Fault::new(field, value, reason, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_come_in_order_and_may_come_again() {
        for (number, done, leads, fault) in [
            (1, 0, 0, None),
            (4, 3, 1_000, None),
            (2, 3, 1, None),
            (0, 3, 1, Some("chunk.number")),
            (5, 3, 1, Some("chunk.number")),
            (u64::MAX, u64::MAX - 2, 1, Some("chunk.number")),
            (4, 3, 1_001, Some("chunk.leads")),
        ] {
            let found = check_chunk(number, done, leads).err().map(|it| it.field);
            assert_eq!(found.as_deref(), fault, "{number} {done} {leads}");
        }
    }

    #[test]
    fn names_of_batches_are_short_and_plain() {
        assert!(batch_name("sha256-00ff".to_owned()).is_ok());
        for bad in ["", "two words", "ñ", &"x".repeat(65)] {
            assert!(batch_name(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
