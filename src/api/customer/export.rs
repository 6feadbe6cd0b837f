//! All there is of a customer, as one JSON text in parts.

use timbre_casework::customer::{self, Dossier};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use crate::api::pb;
use crate::api::status::{self, reasons};

/// Bytes of one part, and parts that wait for a slow reader.
const PART: usize = 32 * 1024;
const PARTS_AHEAD: usize = 8;

type Parts = ReceiverStream<Result<pb::ExportCustomerResponse, Status>>;

pub(super) fn start(dossier: Dossier, stop: CancellationToken) -> Result<Parts, Status> {
    let unreadable = |_| {
        let message = "a record has no JSON form: see the node's log";
        status::with_reason(Code::Internal, reasons::STORE_CORRUPT, message)
    };
    let json = customer::export(&dossier).map_err(unreadable)?;
    let json = serde_json::to_vec_pretty(&json).map_err(unreadable)?;
    let (to_client, parts) = mpsc::channel(PARTS_AHEAD);
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        for part in json.chunks(PART) {
            let part = pb::ExportCustomerResponse { json: part.to_vec() };
            if to_client.send(Ok(part)).await.is_err() {
                return;
            }
        }
    }));
    Ok(ReceiverStream::new(parts))
}
