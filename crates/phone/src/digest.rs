//! Digest authentication with SHA-256 (RFC 7616, RFC 8760).

use sha2::{Digest as _, Sha256};

use crate::Message;
use crate::clock;

/// A digest user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl Credentials {
    /// A user with a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// The header that answers a challenge, and its value. `None` where `refusal` holds no challenge for SHA-256.
    pub(crate) fn answer(
        &self,
        refusal: &Message,
        method: &str,
        uri: &str,
    ) -> Option<(&'static str, String)> {
        let (asked, given) = match refusal.status()? {
            401 => ("WWW-Authenticate", "Authorization"),
            407 => ("Proxy-Authenticate", "Proxy-Authorization"),
            _ => return None,
        };
        let challenge = refusal.all(asked).find(|it| it.contains("algorithm=SHA-256"))?;
        let (realm, nonce) = (parameter(challenge, "realm")?, parameter(challenge, "nonce")?);
        let cnonce = clock::fresh();
        let user = &self.user;
        let ha1 = hash(&format!("{user}:{realm}:{}", self.password));
        let ha2 = hash(&format!("{method}:{uri}"));
        let response = hash(&format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}"));
        let value = format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\", \
             algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"{cnonce}\""
        );
        Some((given, value))
    }
}

fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
