//! What a client asks about outbound: leads, campaigns, attempts, and who may not be called.

mod attempts;
mod campaigns;
mod compliance;
mod do_not_call;
mod import;
mod leads;

use timbre_model::TenantId;

use super::{Client, ClientError};

pub use attempts::AuditExport;
pub use campaigns::CampaignWatch;
pub use do_not_call::{RegistryImport, RegistryVersion};
pub use import::{LeadImport, Source, Unsent};

/// A page, and the token of the next one.
pub type Paged<T> = (Vec<T>, Option<String>);

/// The token of the next page, where there is one.
pub(super) fn next(token: String) -> Option<String> {
    Some(token).filter(|it| !it.is_empty())
}

impl Client {
    /// Whose credential the token is.
    ///
    /// # Errors
    ///
    /// Where the server does not answer, or does not say.
    pub async fn tenant(&self) -> Result<TenantId, ClientError> {
        let unsaid = || ClientError::Setup("the server does not say whose floor it is".to_owned());
        self.get_floor().await?.tenant.ok_or_else(unsaid)
    }
}
