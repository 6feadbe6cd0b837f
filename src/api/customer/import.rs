//! One import of customers: chunks up, acknowledgements down, each kept in small transactions so that no call waits for them.
//!
//! A row of a customer who is known, by the client company's key or by this batch and line, replaces what it says. So a
//! batch that is sent again makes nobody two.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use timbre_casework::customer::{self, Profile};
use timbre_casework::{Act, Customer, CustomerId, CustomerKind, Record, RecordKind, Style, Work};
use timbre_model::{ClientId, FieldError, NewLead, Party, TenantId};
use timbre_store::{CustomerQuery, StoreError};
use tonic::Status;

use super::act_of;
use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::intake::{Intake, Opened, Part};
use crate::api::pb::{self, import_customers_request};
use crate::api::wire::customer as wire;
use crate::api::wire::lead::{self, ImportAnswer, ImportCounts, ImportReject};
use crate::api::{Context, status};
use crate::casework::{Done, Fault};
use crate::driver::clock;
use crate::leads::{self, Import};

/// Rows of one chunk.
const ROWS_MAX: usize = 1_000;
/// Rows of one transaction: what a call's commit may have to wait for.
const ROWS_AT_ONCE: usize = 25;

/// Imports customers.
pub(super) struct CustomerIntake {
    pub(super) context: Context,
    pub(super) caller: Caller,
}

/// What the header says, and how far it has come.
pub(super) struct Batch {
    tenant: TenantId,
    client: ClientId,
    name: String,
    import: Import,
    act: Act,
    done: u64,
    counts: ImportCounts,
}

/// A row that was read.
struct Row {
    line: u64,
    person: NewLead,
}

impl Intake for CustomerIntake {
    type Request = pb::ImportCustomersRequest;
    type Header = pb::ImportCustomersHeader;
    type Chunk = pb::ImportChunk;
    type Answer = pb::ImportResponse;
    type Batch = Batch;

    fn part(message: Self::Request) -> Option<Part<Self::Header, Self::Chunk>> {
        Some(match message.part? {
            import_customers_request::Part::Header(header) => Part::Header(header),
            import_customers_request::Part::Chunk(chunk) => Part::Chunk(chunk),
            import_customers_request::Part::Finish(pb::ImportFinish {}) => Part::Finish,
        })
    }

    async fn open(&self, header: Self::Header) -> Result<Opened<Self>, Status> {
        let pb::ImportCustomersHeader { parent, client, batch_id, country } = header;
        let tenant = tenant_of(&self.caller, &parent)?;
        let client = wire::read_client("header.client", &client).map_err(status::invalid_field)?;
        let floor = self.context.desk.floor(&tenant)?;
        if !floor.clients.iter().any(|it| it.id == client) {
            let remedy = "name a client company of the floor";
            return Err(status::invalid_field(FieldError::new("header.client", client, remedy)));
        }
        let name = crate::api::lead::batch_name(batch_id).map_err(status::invalid_field)?;
        let country = read_country(country).map_err(status::invalid_field)?;
        let (import, counts) = (Import { country, now: clock::civil() }, ImportCounts::default());
        let act = act_of(&self.caller);
        let batch = Batch { tenant, client, name, import, act, done: 0, counts };
        let answer = lead::answer_to_wire(ImportAnswer::default());
        Ok(Opened { batch, answer, finished: false })
    }

    async fn chunk(
        &self,
        batch: &mut Batch,
        chunk: Self::Chunk,
    ) -> Result<pb::ImportResponse, Status> {
        let pb::ImportChunk { number, leads } = chunk;
        if number == 0 || number > batch.done + 1 || leads.len() > ROWS_MAX {
            let remedy = format!("send chunk {} with at most {ROWS_MAX} rows", batch.done + 1);
            return Err(status::invalid_field(FieldError::new("chunk.number", number, remedy)));
        }
        let import = batch.import.clone();
        // Reading numbers takes long enough to keep other streams from being served.
        let read = tokio::task::spawn_blocking(move || read(leads, &import)).await;
        let (rows, mut rejects) = read.map_err(|_| status::stopped(crate::driver::Stopped))?;
        batch.counts.rejected += rejects.iter().filter(|it| !it.taken).count() as u64;
        for rows in rows.chunks(ROWS_AT_ONCE) {
            rejects.extend(self.keep(batch, rows).await?);
        }
        rejects.sort_by_key(|it| it.line);
        batch.done = batch.done.max(number);
        let (chunk, counts) = (batch.done, batch.counts);
        Ok(lead::answer_to_wire(ImportAnswer { chunk, counts, rejects, finished: false }))
    }

    async fn finish(&self, batch: &Batch) -> Result<pb::ImportResponse, Status> {
        let (chunk, counts) = (batch.done, batch.counts);
        let rejects = Vec::new();
        Ok(lead::answer_to_wire(ImportAnswer { chunk, counts, rejects, finished: true }))
    }
}

/// What becomes of some rows.
#[derive(Default)]
struct Kept {
    work: Work,
    counts: ImportCounts,
    rejects: Vec<ImportReject>,
}

impl CustomerIntake {
    async fn keep(&self, batch: &mut Batch, rows: &[Row]) -> Result<Vec<ImportReject>, Status> {
        let last = std::sync::Mutex::new(Kept::default());
        let change = async || {
            let kept = self.some(batch, rows).await?;
            let work = kept.work.clone();
            *last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = kept;
            Ok(Done::from(work))
        };
        self.context.desk.change_unasked(&batch.tenant, None, change).await?;
        let kept = last.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        batch.counts.imported += kept.counts.imported;
        batch.counts.updated += kept.counts.updated;
        batch.counts.duplicates += kept.counts.duplicates;
        batch.counts.rejected += kept.counts.rejected;
        Ok(kept.rejects)
    }

    async fn some(&self, batch: &Batch, rows: &[Row]) -> Result<Kept, Fault> {
        let (mut kept, mut keys) = (Kept::default(), BTreeSet::new());
        for row in rows {
            if let Some(key) = &row.person.person
                && !keys.insert(key.clone())
            {
                kept.counts.duplicates += 1;
                kept.rejects.push(twice(row));
                continue;
            }
            let known = self.known(batch, row).await?;
            let done = match &known {
                None => {
                    let whose = (&batch.tenant, &batch.client);
                    let id = id_of(batch, row.line);
                    customer::create(id, whose, profile(row, None), &batch.act)
                        .map(|it| with_consent(it, row, &batch.act))
                }
                Some(now) if !changes(now, row) => {
                    kept.counts.duplicates += 1;
                    continue;
                }
                Some(now) => customer::amend(now, profile(row, Some(now))),
            };
            match done {
                Ok(work) => {
                    kept.work.join(work);
                    *(if known.is_some() {
                        &mut kept.counts.updated
                    } else {
                        &mut kept.counts.imported
                    }) += 1;
                }
                Err(refusal) => {
                    kept.counts.rejected += 1;
                    kept.rejects.push(refused(row, &refusal));
                }
            }
        }
        Ok(kept)
    }

    async fn known(&self, batch: &Batch, row: &Row) -> Result<Option<Customer>, StoreError> {
        let store = &self.context.store;
        if let Some(key) = &row.person.person {
            let clients = std::slice::from_ref(&batch.client);
            let query = CustomerQuery::Key(key.clone());
            let found = store.search_customers(&batch.tenant, Some(clients), &query, 1, None);
            if let Some(it) = found.await?.customers.into_iter().next() {
                return Ok(Some(it));
            }
        }
        let mut known = store.customer(&batch.tenant, id_of(batch, row.line)).await?;
        while let Some(into) = known.as_ref().and_then(|it| it.merged_into) {
            known = store.customer(&batch.tenant, into).await?;
        }
        Ok(known)
    }
}

/// The same row of the same batch is the same customer.
fn id_of(batch: &Batch, line: u64) -> CustomerId {
    let mut hash = Sha256::new();
    for part in [batch.tenant.as_str(), batch.client.as_str(), &batch.name, &line.to_string()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let first: [u8; 16] = digest[..16].try_into().expect("a digest has 32 bytes");
    CustomerId::from_u128(u128::from_be_bytes(first))
}

fn read(wire: Vec<pb::ImportLead>, import: &Import) -> (Vec<Row>, Vec<ImportReject>) {
    let (mut rows, mut rejects) = (Vec::new(), Vec::new());
    for pb::ImportLead { line, person } in wire {
        let raw = lead::raw_from_wire(person.unwrap_or_default()).map_err(|fault| {
            let FieldError { field, value, remedy } = fault;
            vec![leads::Fault::new(field, &value, "it cannot be read", remedy)]
        });
        match raw.and_then(|raw| leads::read(raw, import)) {
            Ok(leads::Read { lead, left_out }) => {
                rows.push(Row { line, person: lead });
                rejects.extend(left_out.into_iter().map(|it| reject(line, it, true)));
            }
            Err(faults) => {
                // A row counts once, however many faults it has.
                let mut faults = faults.into_iter();
                rejects.extend(faults.next().map(|it| reject(line, it, false)));
            }
        }
    }
    (rows, rejects)
}

/// Who a row says somebody is: over what is known of them.
fn profile(row: &Row, known: Option<&Customer>) -> Profile {
    let mut profile = known.map_or_else(Profile::unknown, Profile::of);
    let NewLead { numbers, name, person, role, party, consent: _, tags, attributes } = &row.person;
    profile.kind = match party {
        Party::Consumer => CustomerKind::Person,
        Party::Business => CustomerKind::Company,
    };
    if !name.is_empty() {
        profile.name.clone_from(name);
    }
    profile.key = person.clone().or(profile.key);
    for number in numbers {
        let mut new = customer::bare_number(number.number.clone());
        (new.label, new.role) = (number.label.clone(), *role);
        match profile.numbers.iter_mut().find(|it| it.number == new.number) {
            Some(former) => *former = new,
            None => profile.numbers.push(new),
        }
    }
    profile.tags.extend(tags.iter().cloned());
    for (name, value) in attributes {
        match name.as_str() {
            "mail" | "email" | "e_mail" | "correo" => profile.mail = Some(value.clone()),
            "language" | "idioma" => profile.language = Some(value.clone()),
            "note" | "nota" | "notas" => profile.note.clone_from(value),
            "style" | "estilo" if Style::parse(value).is_some() => {
                profile.style = Style::parse(value);
            }
            _ => {
                profile.attributes.insert(name.clone(), value.clone());
            }
        }
    }
    profile
}

fn changes(now: &Customer, row: &Row) -> bool {
    profile(row, Some(now)) != Profile::of(now)
}

/// A new customer's consent is that of the row.
fn with_consent(mut work: Work, row: &Row, act: &Act) -> Work {
    for record in &mut work.records {
        if let (Record::Customer(it), Some(consent)) = (record, &row.person.consent) {
            it.consents.push(customer::imported(consent, act));
        }
    }
    work
}

fn twice(row: &Row) -> ImportReject {
    let remedy = "leave one of the rows out".to_owned();
    let fault = leads::Fault::new("key", "", "the key stands twice in the import", remedy);
    reject(row.line, fault, false)
}

fn refused(row: &Row, refusal: &timbre_casework::Refusal) -> ImportReject {
    let fault = match refusal {
        timbre_casework::Refusal::Field(FieldError { field, value, remedy }) => {
            let field = field.trim_start_matches("customer.");
            leads::Fault::new(field, value, "it cannot be kept", remedy.clone())
        }
        timbre_casework::Refusal::State { remedy, .. } => {
            let kind = RecordKind::Customer.as_str();
            leads::Fault::new(kind, "", refusal.to_string(), *remedy)
        }
    };
    reject(row.line, fault, false)
}

fn reject(line: u64, fault: leads::Fault, taken: bool) -> ImportReject {
    let leads::Fault { field, value, reason, remedy } = fault;
    ImportReject { line, field, value, reason, remedy, taken }
}

fn read_country(country: String) -> Result<String, FieldError> {
    let sound = country.len() == 2 && country.bytes().all(|it| it.is_ascii_uppercase());
    let remedy = "give two capital letters (ISO 3166): ES, MX";
    if sound { Ok(country) } else { Err(FieldError::new("header.country", "", remedy)) }
}
