//! The text of tokens: `tmb_` and 256 bits of chance. Only its hash is kept.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use timbre_model::{AgentId, Role, TenantId, TokenRecord};

use crate::driver::{clock, entropy};

/// A new token: its text, to be shown once, and its record, to be kept.
pub fn mint(
    tenant: TenantId,
    role: Role,
    agent: Option<AgentId>,
    expires: Option<Duration>,
) -> (String, TokenRecord) {
    let text = format!("tmb_{}", URL_SAFE_NO_PAD.encode(entropy::bytes::<32>()));
    let created_at = clock::civil();
    let record = TokenRecord {
        id: format!("{:012x}", u64::from_be_bytes(entropy::bytes()) >> 16),
        hash: hash(&text),
        tenant,
        role,
        agent,
        created_at,
        expires_at: expires.map(|span| created_at + span),
        revoked_at: None,
    };
    (text, record)
}

/// What is kept of a token's text.
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_alike_and_only_the_hash_is_kept() {
        let tenant = TenantId::parse("t").expect("a slug");
        let (first, record) = mint(tenant.clone(), Role::Admin, None, None);
        let (second, _) = mint(tenant, Role::Admin, None, None);
        assert_ne!(first, second);
        assert_eq!(record.hash, hash(&first));
        assert!(!format!("{record:?}").contains(first.trim_start_matches("tmb_")));
    }
}
