//! We are asked who we are: the other half of digest authentication (RFC 7616 §3.4, RFC 8760, RFC 3261 §22).

use rsipstack::sip::{Header, Headers};

use crate::digest::{Algorithm, fields};
use crate::provision::Login;

/// A challenge that was answered, kept so that later requests of the call need not be asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    proxy: bool,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// It offers `qop=auth`; otherwise it is answered as RFC 2069 had it.
    qop: bool,
    count: u32,
}

impl Challenge {
    /// The first challenge of a 401 or 407 that we can answer: its author's preference stands first (RFC 8760 §2.4).
    pub fn of(headers: &Headers) -> Option<Self> {
        headers.iter().find_map(|header| match header {
            Header::WwwAuthenticate(it) => Self::parse(it.value(), false),
            Header::ProxyAuthenticate(it) => Self::parse(it.value(), true),
            _ => None,
        })
    }

    fn parse(value: &str, proxy: bool) -> Option<Self> {
        let (scheme, rest) = value.trim_start().split_once(|c: char| c.is_ascii_whitespace())?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let fields = fields(rest)?;
        let get = |name: &str| {
            fields.iter().find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.as_str())
        };
        let algorithm = match get("algorithm") {
            None => Algorithm::Md5,
            Some(token) => {
                Algorithm::ALL.into_iter().find(|it| it.token().eq_ignore_ascii_case(token))?
            }
        };
        let qop = match get("qop") {
            None => false,
            Some(offered) => offered
                .split(',')
                .any(|it| it.trim().eq_ignore_ascii_case("auth"))
                .then_some(true)?,
        };
        Some(Self {
            proxy,
            realm: quotable(get("realm")?)?,
            nonce: quotable(get("nonce")?)?,
            opaque: get("opaque").and_then(quotable),
            algorithm,
            qop,
            count: 0,
        })
    }

    /// The header that answers it for a `method` request to `uri`.
    pub fn answer(&mut self, login: &Login, method: &str, uri: &str) -> Header {
        let cnonce = format!("{:016x}", rand::random::<u64>());
        let text = self.text(login, method, uri, &cnonce);
        match self.proxy {
            true => Header::ProxyAuthorization(text.into()),
            false => Header::Authorization(text.into()),
        }
    }

    fn text(&mut self, login: &Login, method: &str, uri: &str, cnonce: &str) -> String {
        self.count += 1;
        let Self { realm, nonce, algorithm, count, .. } = &*self;
        let user = login.user.replace(['"', '\\'], "");
        let ha1 = algorithm.hex(&format!("{user}:{realm}:{}", login.password));
        let ha2 = algorithm.hex(&format!("{method}:{uri}"));
        let (proof, more) = match self.qop {
            true => (
                algorithm.hex(&format!("{ha1}:{nonce}:{count:08x}:{cnonce}:auth:{ha2}")),
                format!(", qop=auth, nc={count:08x}, cnonce=\"{cnonce}\""),
            ),
            false => (algorithm.hex(&format!("{ha1}:{nonce}:{ha2}")), String::new()),
        };
        let opaque =
            self.opaque.as_ref().map(|it| format!(", opaque=\"{it}\"")).unwrap_or_default();
        format!(
            "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{proof}\", \
             algorithm={}{more}{opaque}",
            algorithm.token()
        )
    }
}

/// A value that may be repeated between quotes as it is.
fn quotable(text: &str) -> Option<String> {
    (!text.contains(['"', '\\']) && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[&str]) -> Option<Challenge> {
        let headers: Vec<Header> =
            values.iter().map(|it| Header::ProxyAuthenticate((*it).into())).collect();
        Challenge::of(&headers.into())
    }

    /// RFC 7616 §3.9.1; and the sum of RFC 2069 where there is no `qop`.
    #[test]
    fn the_examples_of_the_rfcs_are_answered_as_they_say() {
        let base = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
                    nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                    opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let login = Login { user: "Mufasa".into(), password: "Circle of Life".into() };
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let mut challenge =
                asked(&[&format!("{base}, algorithm={algorithm}")]).expect(algorithm);
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let text = challenge.text(&login, "GET", "/dir/index.html", cnonce);
            assert!(text.contains(&format!("response=\"{response}\"")), "{text}");
            assert!(text.contains("nc=00000001") && text.contains("opaque=\"FQhe/"), "{text}");
            let again = challenge.text(&login, "GET", "/dir/index.html", cnonce);
            assert!(again.contains("nc=00000002") && !again.contains(response), "{again}");
        }
        let old = "Digest realm=\"r\", nonce=\"n\"";
        let text = asked(&[old]).expect("of old").text(&login, "INVITE", "sip:x", "c");
        assert!(!text.contains("qop") && !text.contains("cnonce"), "{text}");
        let ha1 = md5("Mufasa:r:Circle of Life");
        let proof = md5(&format!("{ha1}:n:{}", md5("INVITE:sip:x")));
        assert!(text.contains(&format!("response=\"{proof}\"")), "{text}");
    }

    fn md5(text: &str) -> String {
        Algorithm::Md5.hex(text)
    }

    #[test]
    fn the_first_that_we_can_answer_is_taken() {
        let unknown = "Digest realm=\"a\", nonce=\"n\", algorithm=SHA-512-256";
        let whole = "Digest realm=\"b\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"";
        let other = "Digest realm=\"c\", nonce=\"n\"";
        assert_eq!(asked(&[unknown, whole, other]).map(|it| it.realm), Some("b".into()));
        for none in [
            "Basic realm=\"x\"",
            "Digest realm=\"x\"",
            "Digest realm=\"x\", nonce=\"n\", qop=\"auth-int\"",
            "Digest realm=\"a\\\"b\", nonce=\"n\"",
            "Digest",
        ] {
            assert_eq!(asked(&[none]), None, "{none}");
        }
    }
}
