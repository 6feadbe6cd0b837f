//! The audit trail: what was permitted, how it ended, and who may not be called, as a chain of hashes per tenant. Each
//! entry's hash covers the one before, so that nothing can be altered, left out or put between without showing. Verified
//! without a database.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use timbre_model::{Civil, TenantId};

/// A SHA-256 sum. Printed and exported as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuditHash([u8; 32]);

impl AuditHash {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<AuditHash> for String {
    fn from(hash: AuditHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for AuditHash {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "a hash is 64 hexadecimal digits";
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        let mut hash = [0; 32];
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).map_err(|_| wrong)?;
        }
        Ok(Self(hash))
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Whose chain.
    pub tenant: TenantId,
    /// Counts the chain's entries from 1.
    pub seq: u64,
    /// When what it tells happened.
    pub at: Civil,
    /// What it tells: `attempt_intent`, `attempt_end`, `campaign`, `do_not_call`, …
    pub kind: String,
    /// Of what: `attempts/ID`, `campaigns/ID`, `numbers/+…`, …
    pub subject: String,
    /// The record, as JSON.
    pub payload: String,
    /// The hash of the entry before; zeros before the first.
    pub prev: AuditHash,
    /// SHA-256 over `prev` and the entry's canonical bytes.
    pub hash: AuditHash,
}

impl AuditEntry {
    /// What the hash must be: SHA-256 over `prev`, then tenant, seq, at, kind, subject and payload. Numbers are eight
    /// bytes, most significant first; before a text stand its bytes' count in the same form.
    pub fn expected_hash(&self) -> AuditHash {
        let Self { tenant, seq, at, kind, subject, payload, prev, hash: _ } = self;
        let mut sum = Sha256::new();
        let text = |sum: &mut Sha256, text: &str| {
            sum.update((text.len() as u64).to_be_bytes());
            sum.update(text);
        };
        sum.update(prev.0);
        text(&mut sum, tenant.as_str());
        sum.update(seq.to_be_bytes());
        sum.update(at.as_micros().to_be_bytes());
        for field in [kind, subject, payload] {
            text(&mut sum, field);
        }
        AuditHash(sum.finalize().into())
    }
}

/// What a chain that holds covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditSummary {
    /// The first entry's number; 0 where there is none. Above 1 the export is a part, which begins behind `before`.
    pub first: u64,
    /// The last entry's number; 0 where there is none.
    pub last: u64,
    /// The hash before the first entry, to be compared with the end of the part before.
    pub before: AuditHash,
    /// The last entry's hash, to be compared with [`Store::audit_head`](crate::Store::audit_head) and with what was kept
    /// elsewhere.
    pub head: AuditHash,
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chain breaks at entry {seq}: {why}")]
pub struct AuditBroken {
    /// The entry at which it shows.
    pub seq: u64,
    /// How.
    pub why: AuditFault,
}

/// How a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    /// A number is missing, or comes twice.
    #[error("an entry is missing or stands twice before it")]
    OutOfSequence,
    /// It does not continue the entry before.
    #[error("it does not continue the entry before it")]
    Unlinked,
    /// Its content is not what was hashed.
    #[error("its content was altered")]
    Altered,
    /// It belongs to another chain.
    #[error("it belongs to another tenant")]
    OfAnother,
}

/// Verifies a chain or a part of one, its entries in their order.
///
/// # Errors
///
/// The first entry at which it breaks.
pub fn verify_audit<E: Borrow<AuditEntry>>(
    entries: impl IntoIterator<Item = E>,
) -> Result<AuditSummary, AuditBroken> {
    let mut summary = AuditSummary::default();
    let mut tenant = None;
    for entry in entries {
        let entry = entry.borrow();
        let broken = |why| AuditBroken { seq: entry.seq, why };
        if tenant.get_or_insert_with(|| entry.tenant.clone()) != &entry.tenant {
            return Err(broken(AuditFault::OfAnother));
        }
        if summary.first == 0 {
            summary.first = entry.seq;
            summary.before = entry.prev;
            if entry.seq == 0 || (entry.seq == 1 && entry.prev != AuditHash::default()) {
                return Err(broken(AuditFault::Unlinked));
            }
        } else if entry.seq != summary.last + 1 {
            return Err(broken(AuditFault::OutOfSequence));
        } else if entry.prev != summary.head {
            return Err(broken(AuditFault::Unlinked));
        }
        if entry.expected_hash() != entry.hash {
            return Err(broken(AuditFault::Altered));
        }
        (summary.last, summary.head) = (entry.seq, entry.hash);
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chain(payloads: &[String]) -> Vec<AuditEntry> {
        let mut prev = AuditHash::default();
        let entry = |(at, payload): (usize, &String)| {
            let mut entry = AuditEntry {
                tenant: TenantId::parse("t").expect("an id"),
                seq: at as u64 + 1,
                at: Civil::from_micros(at as i64 * 7),
                kind: "attempt_end".to_owned(),
                subject: format!("attempts/{at}"),
                payload: payload.clone(),
                prev,
                hash: AuditHash::default(),
            };
            entry.hash = entry.expected_hash();
            prev = entry.hash;
            entry
        };
        payloads.iter().enumerate().map(entry).collect()
    }

    proptest! {
        /// Whatever byte of an export is altered, and whatever entry is left out or swapped, the chain does not hold.
        #[test]
        fn a_chain_breaks_wherever_it_is_touched(
            payloads in prop::collection::vec("[a-z]{0,6}", 3..8), place in any::<prop::sample::Index>(),
            flip in 1..=255_u8, byte in any::<prop::sample::Index>(),
        ) {
            let whole = chain(&payloads);
            let summary = verify_audit(&whole).expect("the chain holds");
            prop_assert_eq!((summary.last, summary.head), (whole.len() as u64, whole[whole.len() - 1].hash));

            let at = place.index(whole.len());
            let text = serde_json::to_string(&whole[at]).expect("JSON");
            let mut bytes = text.clone().into_bytes();
            let spot = byte.index(bytes.len());
            bytes[spot] ^= flip;
            if let Ok(altered) = serde_json::from_slice::<AuditEntry>(&bytes) {
                let mut touched = whole.clone();
                let same = altered == whole[at];
                touched[at] = altered;
                // The same digits of a hash in capitals mean the same.
                prop_assert!(same || verify_audit(&touched).is_err());
            }
            let mut shorter = whole.clone();
            shorter.remove(at);
            let cut_off = at == 0 || at == whole.len() - 1;
            let shorter = verify_audit(&shorter);
            let seen = if cut_off { shorter != Ok(summary) } else { shorter.is_err() };
            prop_assert!(seen);
            let mut swapped = whole.clone();
            swapped.swap(at, (at + 1) % whole.len());
            prop_assert!(verify_audit(&swapped).is_err());
        }
    }
}
