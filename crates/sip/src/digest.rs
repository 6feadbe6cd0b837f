//! Digest authentication: the sums of RFC 7616, with the algorithms of RFC 8760.

use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::provision::Ha1;

/// `H(user:realm:password)` in both algorithms.
pub(crate) fn ha1(user: &str, realm: &str, password: &str) -> Ha1 {
    let text = format!("{user}:{realm}:{password}");
    Ha1 { md5: Algorithm::Md5.hex(&text), sha256: Algorithm::Sha256.hex(&text) }
}

/// A digest algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Md5,
}

impl Algorithm {
    /// In the order in which they are offered (RFC 8760 §2.4).
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Md5];

    /// Those that a challenge offers, in that order.
    pub fn offered(md5_only: bool) -> &'static [Self] {
        if md5_only { &[Self::Md5] } else { &Self::ALL }
    }

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

    fn of(self, ha1: &Ha1) -> &str {
        match self {
            Self::Sha256 => &ha1.sha256,
            Self::Md5 => &ha1.md5,
        }
    }
}

/// What a request says about who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub user: String,
    pub realm: String,
    pub nonce: String,
    pub uri: String,
    pub response: String,
    pub algorithm: Algorithm,
    pub cnonce: String,
    pub nc: u32,
    nc_text: String,
}

impl Claim {
    /// Reads an Authorization or Proxy-Authorization value. `None`: not digest with `qop=auth`, which is all that we offer.
    pub fn parse(value: &str) -> Option<Self> {
        let rest = value.trim_start();
        let (scheme, rest) = rest.split_once(|c: char| c.is_ascii_whitespace())?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let fields = fields(rest)?;
        let get = |name: &str| fields.iter().find(|it| it.0.eq_ignore_ascii_case(name));
        let text = |name: &str| get(name).map(|it| it.1.clone());
        let algorithm = match get("algorithm") {
            None => Algorithm::Md5,
            Some((_, token)) => {
                Algorithm::ALL.into_iter().find(|it| it.token().eq_ignore_ascii_case(token))?
            }
        };
        let nc_text = text("nc")?;
        Some(Self {
            user: text("username")?,
            realm: text("realm")?,
            nonce: text("nonce")?,
            uri: text("uri")?,
            response: text("response")?,
            algorithm,
            cnonce: text("cnonce")?,
            nc: (nc_text.len() == 8).then(|| u32::from_str_radix(&nc_text, 16).ok()).flatten()?,
            nc_text,
        })
        .filter(|_| get("qop").is_some_and(|it| it.1.eq_ignore_ascii_case("auth")))
    }

    /// Whether the sender of a `method` request knew the secret (RFC 7616 §3.4.1), in constant time.
    pub fn proves(&self, ha1: &Ha1, method: &str) -> bool {
        let ha2 = self.algorithm.hex(&format!("{method}:{}", self.uri));
        let (nonce, nc, cnonce) = (&self.nonce, &self.nc_text, &self.cnonce);
        let secret = self.algorithm.of(ha1).to_ascii_lowercase();
        let due = self.algorithm.hex(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
        due.as_bytes().ct_eq(self.response.to_ascii_lowercase().as_bytes()).into()
    }
}

/// `name=value, name="quoted \" value"`.
pub(crate) fn fields(text: &str) -> Option<Vec<(String, String)>> {
    let mut fields = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && fields.len() < 32 {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after.trim_start())?;
        fields.push((name.trim().to_owned(), value));
        rest = after.trim_start().strip_prefix(',').unwrap_or(after.trim_start()).trim_start();
    }
    Some(fields)
}

fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value, &quoted[at + 1..])),
            _ => value.push(c),
        }
    }
    None
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1: the same request, once per algorithm.
    #[test]
    fn the_examples_of_rfc_7616_prove_themselves() {
        let ha1 = ha1("Mufasa", "http-auth@example.org", "Circle of Life");
        let cases = [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ];
        for (algorithm, response) in cases {
            let value = format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
                 algorithm={algorithm}, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
                 cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let claim = Claim::parse(&value).expect(algorithm);
            assert_eq!(claim.nc, 1);
            assert!(claim.proves(&ha1, "GET"), "{algorithm}");
            assert!(!claim.proves(&ha1, "PUT"), "{algorithm}: of another method");
            assert!(!claim.proves(&super::ha1("Mufasa", "x", "y"), "GET"), "{algorithm}");
        }
    }

    #[test]
    fn a_claim_is_whole_or_none() {
        let whole = "Digest username=\"a\\\"b\",realm=r,nonce=n,uri=\"sip:x\",response=0,cnonce=c,nc=0000000a,qop=auth";
        let claim = Claim::parse(whole).expect("whole");
        assert_eq!((claim.user.as_str(), claim.nc, claim.algorithm), ("a\"b", 10, Algorithm::Md5));
        for broken in [
            "Basic dGVzdA==",
            "Digest",
            "Digest username=\"a",
            "Digest username",
            &whole.replace("qop=auth", "qop=auth-int"),
            &whole.replace("0000000a", "zz"),
            &whole.replace(",cnonce=c", ""),
            &format!("{whole},algorithm=SHA-512-256"),
        ] {
            assert_eq!(Claim::parse(broken), None, "{broken}");
        }
    }
}
