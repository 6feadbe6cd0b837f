//! What the law says about a number.

use timbre_model::{CampaignRef, Civil, Consent, Party};

use crate::api::client::{Client, ClientError};
use crate::api::pb;
use crate::api::pb::compliance_service_client::ComplianceServiceClient;
use crate::api::wire::name;
use crate::api::wire::time::moment;
use crate::api::wire::verdict::{Verdict, from_wire};

impl Client {
    /// Whether `number` may be called for the campaign. Charges nothing.
    ///
    /// # Errors
    ///
    /// Where the server refuses, or is gone.
    pub async fn check_number(
        &self,
        campaign: &CampaignRef,
        number: &str,
        at: Option<Civil>,
        (party, consent, region): (Option<Party>, Option<Consent>, Option<String>),
    ) -> Result<Verdict, ClientError> {
        let request = pb::CheckNumberRequest {
            campaign: name::campaign(campaign),
            number: number.to_owned(),
            time: at.map(moment),
            party: party.map(|it| it.to_string()).unwrap_or_default(),
            consent: consent.as_ref().map(|it| it.basis.to_string()).unwrap_or_default(),
            consent_time: consent.map(|it| moment(it.given_at)),
            region: region.unwrap_or_default(),
        };
        let mut service = ComplianceServiceClient::new(self.channel.clone());
        let answer = service.check_number(request).await.map_err(|it| self.refused(it))?;
        Ok(from_wire(answer.into_inner())?)
    }
}
