//! Retries: a mutation of the same `request_id` is answered with the first answer and performed once.

use prost::Message;
use timbre_model::{FieldError, TenantId};
use timbre_store::{DoneRequest, Store};
use tonic::{Code, Status};

use crate::api::status::{self, reasons};
use crate::casework::{Answer, Asked};
use crate::driver::clock;

/// Answers of casework are kept as they go over the wire.
impl<M: Message + Default> Answer for M {
    fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        M::decode(bytes).ok()
    }
}

/// A request for a change of casework.
pub fn asked<'a>(
    tenant: &'a TenantId,
    method: &'static str,
    request_id: &'a str,
) -> Result<Asked<'a>, Status> {
    check_id(request_id)?;
    Ok(Asked { tenant, method, request_id })
}

/// Longest `request_id`, in bytes.
const REQUEST_ID_MAX: usize = 64;

/// A mutation under way.
pub struct Once<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    method: &'static str,
    request_id: &'a str,
}

/// What a mutation finds where it begins.
pub enum Begun<'a> {
    /// It was performed before; this was its answer.
    Done(DoneRequest),
    /// It is new.
    New(Once<'a>),
}

/// Checks the id of a request.
pub fn check_id(request_id: &str) -> Result<(), Status> {
    if request_id.len() <= REQUEST_ID_MAX {
        return Ok(());
    }
    let remedy = format!("give at most {REQUEST_ID_MAX} bytes");
    Err(status::invalid_field(FieldError::new("request_id", request_id.len(), remedy)))
}

impl<'a> Once<'a> {
    /// Looks whether `request_id` was performed before. An empty id is always new.
    pub async fn begin(
        store: &'a Store,
        tenant: &'a TenantId,
        method: &'static str,
        request_id: &'a str,
    ) -> Result<Begun<'a>, Status> {
        check_id(request_id)?;
        let new = Begun::New(Self { store, tenant, method, request_id });
        if request_id.is_empty() {
            return Ok(new);
        }
        let done = store.request(tenant, request_id).await.map_err(|it| status::store(&it))?;
        match done {
            None => Ok(new),
            Some(done) if done.method == method => Ok(Begun::Done(done)),
            Some(done) => {
                let message = format!("request_id {request_id:?} was used for {}", done.method);
                let code = Code::AlreadyExists;
                Err(status::with_reason(code, reasons::REQUEST_ID_REUSED, message))
            }
        }
    }

    /// Keeps the answer for a retry.
    pub async fn done(self, answer: &impl Message) -> Result<(), Status> {
        if self.request_id.is_empty() {
            return Ok(());
        }
        let done = DoneRequest {
            method: self.method.to_owned(),
            response: answer.encode_to_vec(),
            at: clock::civil(),
        };
        let kept = self.store.remember_request(self.tenant, self.request_id, done).await;
        kept.map(drop).map_err(|it| status::store(&it))
    }
}

/// The answer that was kept.
pub fn again<M: Message + Default>(response: &[u8]) -> Result<M, Status> {
    let message = "a kept answer cannot be read: see the node's log";
    M::decode(response)
        .map_err(|_| status::with_reason(Code::Internal, reasons::STORE_CORRUPT, message))
}
