//! Line trouble that agents report, joined with what the switch measured.

use timbre_casework::{MediaStats, Trouble, TroubleId, TroubleKind, trouble};
use timbre_model::{AgentRef, CallId, TrunkRef};

use super::messages::Kept;
use super::{Asked, Desk, Fault};
use crate::telephony::Lines;

impl Desk {
    /// Writes down what an agent reports of the line of a call of theirs.
    pub async fn report_trouble(
        &self,
        lines: &Lines,
        who: &AgentRef,
        (call, kind): (CallId, TroubleKind),
        request_id: &str,
    ) -> Result<(), Fault> {
        let unknown = || Fault::Unknown(format!("the call {call}"));
        let found = self.store.call(&who.tenant, call).await?;
        let theirs = found.filter(|it| it.agent.as_ref() == Some(&who.agent));
        let record = theirs.ok_or_else(unknown)?;
        let client = record.client.ok_or_else(unknown)?;
        let media = self.media_of(lines, call).await?;
        let report = Trouble {
            id: TroubleId::from_u128(super::new_id()),
            tenant: who.tenant.clone(),
            client,
            version: 1,
            call,
            trunk: record.trunk.clone(),
            agent: who.agent.clone(),
            at: super::now(),
            kind,
            media,
        };
        let asked = Asked { tenant: &who.tenant, method: "ReportTrouble", request_id };
        self.change(asked, async || Ok((trouble::report(report.clone()), Kept))).await?;
        let trunk = TrunkRef { tenant: who.tenant.clone(), trunk: record.trunk };
        self.metrics.line_trouble(&trunk, kind);
        Ok(())
    }

    /// What was measured of the customer's leg of a call in progress or in wrap-up.
    async fn media_of(&self, lines: &Lines, call: CallId) -> Result<Option<MediaStats>, Fault> {
        let leg = self.driver.look(move |engine, _| engine.customer_leg(call)).await?;
        let Some(leg) = leg else { return Ok(None) };
        Ok(lines.measured(leg).await)
    }
}
