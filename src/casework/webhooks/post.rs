//! One delivery by HTTP: what is sent, how it is signed, and what its answer means.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr as _;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioExecutor;
use sha2::Sha256;
use timbre_model::{Civil, WebhookSpec};
use tower::Service;

use crate::casework::cloud_event;

/// How long a receiver may take to answer.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long it may take to be connected.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// As much of an answer is read, so that its connection can be used again. Nothing in it matters.
const ANSWER_MAX: usize = 64 * 1024;

/// Why something was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words, for operators.
    pub why: String,
    /// Trying again cannot help: the receiver said that it will never take it.
    pub for_good: bool,
}

impl Failure {
    fn passing(why: impl Into<String>) -> Self {
        Self { why: why.into(), for_good: false }
    }
}

/// Delivers events. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Post {
    /// For `https`, wherever it leads.
    secure: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// For `http`, which leads to private addresses only.
    plain: Client<HttpConnector<Private>, Full<Bytes>>,
}

impl Default for Post {
    fn default() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT_WITHIN));
        let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_only().enable_http1();
        let mut private = HttpConnector::new_with_resolver(Private(GaiResolver::new()));
        private.set_connect_timeout(Some(CONNECT_WITHIN));
        Self {
            secure: Client::builder(TokioExecutor::new()).build(tls.wrap_connector(tcp)),
            plain: Client::builder(TokioExecutor::new()).build(private),
        }
    }
}

impl Post {
    /// Delivers the event of that id in JSON, signed at `now`. Redirections are not followed: they would lead past the
    /// check of where plain HTTP may go.
    pub async fn deliver(
        &self,
        to: &WebhookSpec,
        id: &str,
        json: String,
        now: Civil,
    ) -> Result<(), Failure> {
        let request = request(to, id, json, now)?;
        let plain = request.uri().scheme_str() == Some("http");
        let answer = async {
            let answer = match plain {
                true => self.plain.request(request).await,
                false => self.secure.request(request).await,
            };
            let answer = answer.map_err(|it| Failure::passing(innermost(&it)))?;
            let status = answer.status();
            // An answer that cannot be read costs its connection, nothing else.
            let _ = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
            judge(status)
        };
        let late = || Failure::passing(format!("no answer within {} s", ANSWER_WITHIN.as_secs()));
        tokio::time::timeout(ANSWER_WITHIN, answer).await.unwrap_or_else(|_| Err(late()))
    }
}

fn request(
    to: &WebhookSpec,
    id: &str,
    json: String,
    now: Civil,
) -> Result<Request<Full<Bytes>>, Failure> {
    let uri = Uri::from_str(&to.url).map_err(|it| Failure::passing(format!("its url: {it}")))?;
    if uri.scheme_str() == Some("http") && literal(&uri).is_some_and(|it| !is_private(it)) {
        return Err(Failure::passing(NOT_PRIVATE));
    }
    let signature = signature(to.secret.expose(), now, json.as_bytes());
    Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header("content-type", format!("{}; charset=utf-8", cloud_event::STRUCTURED))
        .header("user-agent", concat!("timbre/", env!("CARGO_PKG_VERSION")))
        .header("timbre-event", id)
        .header("timbre-signature", signature)
        .body(Full::new(Bytes::from(json)))
        .map_err(|it| Failure {
            why: format!("no request can be made of it: {it}"),
            for_good: true,
        })
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds since the epoch, a dot and the body. The time is signed, too, so that
/// nobody who overhears a delivery can send it again later.
pub fn signature(secret: &str, now: Civil, body: &[u8]) -> String {
    let seconds = now.as_micros().div_euclid(1_000_000);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|it| format!("{it:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

/// What a receiver's status means: it has it, it may take it later, or it never will.
fn judge(status: StatusCode) -> Result<(), Failure> {
    const LATER: [StatusCode; 3] =
        [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    if status.is_success() {
        return Ok(());
    }
    let for_good = status.is_client_error() && !LATER.contains(&status);
    Err(Failure { why: format!("the receiver answered {status}"), for_good })
}

const NOT_PRIVATE: &str = "plain http may lead to private addresses only: use https";

fn literal(uri: &Uri) -> Option<IpAddr> {
    uri.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Addresses that no public network routes to: loopback and private (RFC 1918, RFC 4193). Not link-local ones: there,
/// machines of clouds give their credentials away to whoever asks.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(it) => it.is_loopback() || it.is_private(),
        IpAddr::V6(it) => it.is_loopback() || it.is_unique_local(),
    }
}

/// Resolves names, and gives private addresses only.
#[derive(Clone)]
struct Private(GaiResolver);

impl Service<Name> for Private {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolving = self.0.call(name);
        Box::pin(async move {
            let private: Vec<_> = resolving.await?.filter(|it| is_private(it.ip())).collect();
            if private.is_empty() {
                return Err(std::io::Error::other(NOT_PRIVATE));
            }
            Ok(private.into_iter())
        })
    }
}

/// The last reason of an error: those before it only say that something failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `printf '%s' '1796169600.{}' | openssl dgst -sha256 -hmac secret`.
    #[test]
    fn a_signature_is_what_others_compute() {
        let signed = signature("secret", Civil::from_micros(1_796_169_600_999_999), b"{}");
        assert_eq!(
            signed,
            "t=1796169600,v1=6a5c63da7f9c89cb22d73e3bf57ff3be7d38bbd6f53d3464e6ca6ff447750aaa"
        );
    }

    #[test]
    fn only_what_the_receiver_refuses_for_good_is_given_up_at_once() {
        for (status, verdict) in [
            (200, None),
            (204, None),
            (301, Some(false)),
            (400, Some(true)),
            (404, Some(true)),
            (408, Some(false)),
            (410, Some(true)),
            (425, Some(false)),
            (429, Some(false)),
            (500, Some(false)),
            (503, Some(false)),
        ] {
            let judged = judge(StatusCode::from_u16(status).expect("a status"));
            assert_eq!(judged.err().map(|it| it.for_good), verdict, "{status}");
        }
    }

    #[test]
    fn plain_http_leads_to_private_addresses_only() {
        for (address, private) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("192.168.1.1", true),
            ("169.254.169.254", false),
            ("::1", true),
            ("fd00::1", true),
            ("fe80::1", false),
            ("::ffff:10.0.0.1", true),
            ("172.32.0.1", false),
            ("93.184.216.34", false),
            ("::ffff:93.184.216.34", false),
            ("2606:2800:220:1::1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(is_private(address.parse().expect("an address")), private, "{address}");
        }
        let literal = |url: &str| literal(&url.parse().expect("a URL"));
        assert_eq!(literal("http://[fd00::1]:8080/x"), Some("fd00::1".parse().expect("one")));
        assert_eq!(literal("http://crm.example/x"), None);
    }
}
