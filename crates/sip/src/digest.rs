//! Digest authentication (RFC 7616, RFC 8760): the sums.

use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::provision::Ha1;

/// `H(user:realm:password)` in both algorithms.
pub(crate) fn ha1(user: &str, realm: &str, password: &str) -> Ha1 {
    let text = format!("{user}:{realm}:{password}");
    Ha1 { md5: Algorithm::Md5.hex(&text), sha256: Algorithm::Sha256.hex(&text) }
}

/// A digest algorithm, in the order in which we prefer them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Md5,
}

impl Algorithm {
    /// As the header parameter has it.
    pub fn token(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    /// `H(text)`, lower-case hex.
    pub fn hex(self, text: &str) -> String {
        match self {
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Md5 => hex(&Md5::digest(text)),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
