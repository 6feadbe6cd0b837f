//! Reports, in our own types.

use timbre_casework::report::Table;

use super::{Client, ClientError};
use crate::api::pb::report_service_client::ReportServiceClient;
use crate::api::wire::report as wire;
use crate::casework::reports::Asked;

impl Client {
    /// A report's tables.
    pub async fn report(&self, asked: &Asked) -> Result<Vec<Table>, ClientError> {
        let mut service = ReportServiceClient::new(self.channel.clone());
        let told = service.run_report(wire::request(asked)).await;
        let mut told = told.map_err(|it| self.refused(it))?.into_inner();
        let mut tables = Vec::new();
        while let Some(table) = told.message().await.map_err(|it| self.refused(it))? {
            tables.push(wire::table_from_wire(table));
        }
        Ok(tables)
    }
}
