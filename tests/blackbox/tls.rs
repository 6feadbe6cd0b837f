//! TLS on both ports: gRPC and SIP.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use timbre::api::client::{Client, Target};
use timbre_model::Role;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::PATIENCE;
use crate::node::Node;

/// A certificate for `localhost` that vouches for itself, in files.
struct Certificate {
    directory: tempfile::TempDir,
    der: tokio_rustls::rustls::pki_types::CertificateDer<'static>,
}

impl Certificate {
    fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("a certificate");
        let it = Self {
            directory: tempfile::tempdir().expect("a directory"),
            der: made.cert.der().clone(),
        };
        std::fs::write(it.cert(), made.cert.pem()).expect("a file");
        std::fs::write(it.key(), made.signing_key.serialize_pem()).expect("a file");
        it
    }

    fn cert(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }

    fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a sound certificate");
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_over_tls_is_believed_only_by_whom_the_certificate_convinces() {
    let certificate = Certificate::make();
    let node = Node::start_with(&[
        format!("--grpc-tls-cert={}", certificate.cert().display()),
        format!("--grpc-tls-key={}", certificate.key().display()),
    ])
    .await;
    let token = node.token(Role::Supervisor, None).await;
    let server = format!("https://localhost:{}", node.grpc.port());
    let target = |tls_ca| Target { server: server.clone(), token: token.clone(), tls_ca };
    let client = Client::connect(&target(Some(certificate.cert()))).await.expect("it is trusted");
    assert!(client.queues().await.expect("it answers").is_empty());
    assert!(Client::connect(&target(None)).await.is_err(), "nobody vouches for it");
    let plain = Target { server: node.server(), token: token.clone(), tls_ca: None };
    let answered = async { Client::connect(&plain).await?.queues().await };
    assert!(answered.await.is_err(), "plain text is not served beside TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn sip_over_tls_is_answered() {
    let certificate = Certificate::make();
    let at = free_port().await;
    let _node = Node::start_with(&[
        format!("--sip-tls={at}"),
        format!("--sip-tls-cert={}", certificate.cert().display()),
        format!("--sip-tls-key={}", certificate.key().display()),
    ])
    .await;
    let stream = TcpStream::connect(at).await.expect("the port is open");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = certificate.connector().connect(name, stream).await;
    let mut stream = stream.expect("the certificate is right");
    let options = "OPTIONS sip:localhost SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bKtls;rport\r\n\
                   From: <sip:probe@localhost>;tag=1\r\nTo: <sip:localhost>\r\nCall-ID: tls-probe\r\n\
                   CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(options.as_bytes()).await.expect("it is taken");
    let mut answer = vec![0; 2_048];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await;
    let length = read.expect("an answer").expect("a whole one");
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
}

#[test]
fn tokens_do_not_cross_a_network_in_the_clear() {
    let refused = Command::new(env!("CARGO_BIN_EXE_timbre"))
        .args(["serve", "--grpc=0.0.0.0:0", "--metrics=127.0.0.1:0", "--sip=127.0.0.1:0"])
        .args(["--database=sqlite::memory:", "--spool"])
        .arg(tempfile::tempdir().expect("a directory").path().join("spool"))
        .stdin(Stdio::null())
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("--grpc-tls-cert"), "{said}");
}

/// A port that was free a moment ago: the log does not tell which one TLS took.
async fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    listener.local_addr().expect("it is bound")
}
