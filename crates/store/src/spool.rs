//! Shape only.
use crate::StoreError;
/// A local, fsynced log of changes.
#[derive(Debug)]
pub struct Spool {}
impl Spool {
    /// Opens or creates it.
    pub async fn open(path: &std::path::Path) -> Result<Self, StoreError> {
        Err(StoreError::Setup(path.display().to_string()))
    }
}
