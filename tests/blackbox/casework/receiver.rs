//! A receiver of webhooks whose mood can be changed. It shares no code with the sender.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use timbre::driver::clock::{civil, sleep};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What signs the deliveries.
pub const SECRET: &str = "whsec-of-these-tests";

/// How a receiver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It takes what comes.
    Takes,
    /// It answers with this status.
    Answers(u16),
    /// It never answers.
    Hangs,
}

/// One delivery: the event, and whether it was taken.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub event: Value,
    pub taken: bool,
}

impl Delivery {
    pub fn text(&self, field: &str) -> &str {
        self.event[field].as_str().unwrap_or_default()
    }
}

struct Shared {
    mood: Mutex<Mood>,
    log: Mutex<Vec<Delivery>>,
}

/// A receiver that can go and come back at the same address.
pub struct Receiver {
    pub at: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let (mood, log) = (Mutex::new(Mood::Takes), Mutex::default());
        let shared = Arc::new(Shared { mood, log });
        let listening = Some(tokio::spawn(listen(listener, shared.clone())));
        Self { at, shared, listening }
    }

    pub fn mood(&self, mood: Mood) {
        *self.shared.mood.lock().expect("no panic") = mood;
    }

    /// From now on connections are refused.
    pub fn leave(&mut self) {
        self.listening.take().expect("it is there").abort();
    }

    pub async fn come_back(&mut self) {
        let listener = loop {
            // Connections that were cut may still hold the port.
            match TcpListener::bind(self.at).await {
                Ok(listener) => break listener,
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        self.listening = Some(tokio::spawn(listen(listener, self.shared.clone())));
    }

    pub fn log(&self) -> Vec<Delivery> {
        self.shared.log.lock().expect("no panic").clone()
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, shared.clone()));
    }
}

/// Requests of one connection, one after another (RFC 9112).
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = request(&mut stream).await {
        let event = checked(&head, &body);
        let mood = *shared.mood.lock().expect("no panic");
        let taken = mood == Mood::Takes;
        shared.log.lock().expect("no panic").push(Delivery { event, taken });
        let status = match mood {
            Mood::Takes => 204,
            Mood::Answers(status) => status,
            Mood::Hangs => {
                // Held open, also while nobody else is let in.
                tokio::spawn(async move {
                    let _held = stream;
                    std::future::pending::<()>().await;
                });
                return;
            }
        };
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
        if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(Vec<String>, Vec<u8>)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        let read = stream.read_line(&mut line).await.ok()?;
        match line.trim_end() {
            _ if read == 0 => return None,
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let length = field(&head, "content-length").parse().expect("a length");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

fn field<'a>(head: &'a [String], name: &str) -> &'a str {
    let of = |line: &'a String| line.split_once(": ").filter(|it| it.0.eq_ignore_ascii_case(name));
    head.iter().find_map(of).map_or("", |it| it.1)
}

/// What a careful receiver does first.
fn checked(head: &[String], body: &[u8]) -> Value {
    assert!(head[0].starts_with("POST /hook HTTP/1.1"), "{head:?}");
    let media = field(head, "content-type");
    assert!(media.starts_with("application/cloudevents+json"), "{media}");
    let signature = field(head, "timbre-signature");
    let (time, digest) = signature.split_once(',').expect("two parts");
    let (time, digest) =
        (time.strip_prefix("t=").expect("t"), digest.strip_prefix("v1=").expect("v1"));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(&[time.as_bytes(), b".", body].concat());
    let digest: Vec<u8> = (0..digest.len() / 2)
        .map(|at| u8::from_str_radix(&digest[2 * at..2 * at + 2], 16).expect("hexadecimal"))
        .collect();
    mac.verify_slice(&digest).expect("the signature is right");
    let age = civil().as_micros() / 1_000_000 - time.parse::<i64>().expect("seconds");
    assert!((-5..60).contains(&age), "signed {age} s ago");
    let event: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["id"], field(head, "timbre-event"));
    event
}
