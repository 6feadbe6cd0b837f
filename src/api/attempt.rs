//! `AttemptService`: attempts as evidence, and the audit trail.

use timbre_model::{AttemptOutcome, CampaignId, FieldError, LeadId, PhoneNumber, TenantId};
use timbre_store::AttemptFilter;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::pb::{self, attempt_service_server::AttemptService};
use crate::api::status::reasons;
use crate::api::wire::agent::optional;
use crate::api::wire::{attempt, lead, name, page, time};
use crate::api::{Context, status};

/// Links of the audit trail in one message.
const LINKS: u32 = 100;
/// Messages that wait for a slow reader.
const EXPORT_BUFFER: usize = 4;

/// The service.
pub struct Attempts(pub Context, pub CancellationToken);

#[tonic::async_trait]
impl AttemptService for Attempts {
    type ExportAuditStream = ReceiverStream<Result<pb::ExportAuditResponse, Status>>;

    async fn get_attempt(
        &self,
        request: Request<pb::GetAttemptRequest>,
    ) -> Result<Response<pb::Attempt>, Status> {
        let caller = Caller::of(&request)?;
        let named = &request.get_ref().name;
        let (tenant, id) = name::read_attempt("name", named).map_err(status::invalid_field)?;
        caller.owns(&tenant)?;
        let found = self.0.store.attempt(&tenant, id).await.map_err(|it| status::store(&it))?;
        let found = found.ok_or_else(|| status::unknown(reasons::UNKNOWN_ATTEMPT, named))?;
        Ok(Response::new(attempt::to_wire(&found)))
    }

    async fn list_attempts(
        &self,
        request: Request<pb::ListAttemptsRequest>,
    ) -> Result<Response<pb::ListAttemptsResponse>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let tenant = tenant_of(&caller, &asked.parent)?;
        let at = page::read_call_page(asked.page_size, &asked.page_token);
        let at = at.map_err(status::invalid_field)?;
        let filter = filter(asked).map_err(status::invalid_field)?;
        let found = self.0.store.list_attempts(&tenant, &filter, &at).await;
        let found = found.map_err(|it| status::store(&it))?;
        Ok(Response::new(pb::ListAttemptsResponse {
            attempts: found.attempts.iter().map(attempt::to_wire).collect(),
            next_page_token: page::call_token(found.next),
        }))
    }

    async fn export_audit(
        &self,
        request: Request<pb::ExportAuditRequest>,
    ) -> Result<Response<Self::ExportAuditStream>, Status> {
        let caller = Caller::of(&request)?;
        let pb::ExportAuditRequest { parent, after } = request.get_ref();
        let tenant = tenant_of(caller, parent)?;
        let (to_reader, stream) = mpsc::channel(EXPORT_BUFFER);
        let exporting = export(self.0.clone(), tenant, *after, to_reader);
        tokio::spawn(self.1.clone().run_until_cancelled_owned(exporting));
        Ok(Response::new(ReceiverStream::new(stream)))
    }

    async fn get_audit_head(
        &self,
        request: Request<pb::GetAuditHeadRequest>,
    ) -> Result<Response<pb::AuditHead>, Status> {
        let caller = Caller::of(&request)?;
        let tenant = tenant_of(caller, &request.get_ref().parent)?;
        let head = self.0.store.audit_head(&tenant).await;
        let (sequence, hash) = head.map_err(|it| status::store(&it))?;
        let hash = if sequence == 0 { String::new() } else { hash.to_string() };
        Ok(Response::new(pb::AuditHead { sequence, hash }))
    }
}

fn filter(asked: pb::ListAttemptsRequest) -> Result<AttemptFilter, FieldError> {
    let pb::ListAttemptsRequest {
        parent: _,
        page_size: _,
        page_token: _,
        campaign,
        lead: of_lead,
        number,
        outcome,
        intent_from,
        intent_until,
    } = asked;
    let number = Some(number).filter(|it| !it.is_empty());
    let number: Option<PhoneNumber> =
        number.map(|it| lead::read_number("number", &it)).transpose()?;
    Ok(AttemptFilter {
        campaign: optional("campaign", &campaign, |it| CampaignId::parse(it).ok())?,
        number,
        lead: (of_lead > 0).then(|| LeadId::from_u64(of_lead)),
        outcome: optional("outcome", &outcome, AttemptOutcome::parse)?,
        from: time::read_moment("intent_from", intent_from)?,
        to: time::read_moment("intent_until", intent_until)?,
    })
}

type ToReader = mpsc::Sender<Result<pb::ExportAuditResponse, Status>>;

/// Sends the links behind `after` until there are no more, or the reader leaves.
async fn export(context: Context, tenant: TenantId, after: u64, to_reader: ToReader) {
    let mut from = after.saturating_add(1);
    loop {
        let links = match context.store.audit_export(&tenant, from, LINKS).await {
            Ok(links) => links,
            Err(error) => {
                // The reader may be gone already.
                let _ = to_reader.send(Err(status::store(&error))).await;
                return;
            }
        };
        let Some(last) = links.last() else { return };
        from = last.seq.saturating_add(1);
        let lines: Result<Vec<String>, _> = links.iter().map(serde_json::to_string).collect();
        let message = lines.map(|lines| pb::ExportAuditResponse { lines }).map_err(|_| {
            let message = "a link of the audit trail has no JSON form: see the node's log";
            status::with_reason(Code::Internal, reasons::STORE_CORRUPT, message)
        });
        if to_reader.send(message).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_model::Civil;

    #[test]
    fn what_a_client_asks_for_is_what_is_looked_up() {
        let all = AttemptFilter {
            campaign: Some(CampaignId::parse("spring").expect("an id")),
            number: Some(PhoneNumber::parse("+34600000001").expect("a number")),
            lead: Some(LeadId::from_u64(9)),
            outcome: Some(AttemptOutcome::Busy),
            from: Some(Civil::from_micros(1_000_000)),
            to: Some(Civil::from_micros(2_000_000)),
        };
        for asked in [all, AttemptFilter::default()] {
            let wire = attempt::list_to_wire(&asked, (10, String::new()));
            assert_eq!(filter(wire), Ok(asked));
        }
    }
}
