//! `ReportService`: tables of counts over a period.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::api::auth::Caller;
use crate::api::floor::tenant_of;
use crate::api::pb::{self, report_service_server::ReportService};
use crate::api::wire::report as wire;
use crate::api::{Context, status};
use crate::casework::reports;

/// The service.
pub struct Reports(pub Context);

#[tonic::async_trait]
impl ReportService for Reports {
    type RunReportStream = ReceiverStream<Result<pb::ReportTable, Status>>;

    async fn run_report(
        &self,
        request: Request<pb::RunReportRequest>,
    ) -> Result<Response<Self::RunReportStream>, Status> {
        let caller = Caller::of(&request)?.clone();
        let asked = request.into_inner();
        let tenant = tenant_of(&caller, &asked.parent)?;
        let asked = wire::from_wire(asked).map_err(status::invalid_field)?;
        let store = self.0.store.clone();
        let (tell, told) = mpsc::channel(1);
        tokio::spawn(async move {
            let tables = tokio::select! {
                tables = reports::run(&store, &tenant, &asked) => tables,
                // Whoever asked has gone: nobody reads it.
                () = tell.closed() => return,
            };
            match tables {
                Ok(tables) => {
                    for table in tables {
                        if tell.send(Ok(wire::to_wire(table))).await.is_err() {
                            return;
                        }
                    }
                }
                // Whoever has gone hears of no failure, either.
                Err(error) => drop(tell.send(Err(status::store(&error))).await),
            }
        });
        Ok(Response::new(ReceiverStream::new(told)))
    }
}
