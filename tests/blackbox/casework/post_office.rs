//! A small SMTP server (RFC 5321) whose mood can be changed. It shares no code with the sender.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use timbre::driver::clock::sleep;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A letter that it took.
#[derive(Debug, Clone)]
pub struct Letter {
    pub from: String,
    pub to: String,
    pub text: String,
}

impl Letter {
    /// A field of its header.
    pub fn field(&self, name: &str) -> &str {
        let of = |line: &'_ &str| line.starts_with(name) && line[name.len()..].starts_with(": ");
        self.text.lines().find(of).map_or("", |line| &line[name.len() + 2..])
    }
}

struct Shared {
    /// What it answers to a recipient: 250 takes the letter.
    answer: Mutex<u16>,
    letters: Mutex<Vec<Letter>>,
}

/// A server that can go and come back at the same address.
pub struct PostOffice {
    pub at: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl PostOffice {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared { answer: Mutex::new(250), letters: Mutex::default() });
        let listening = Some(tokio::spawn(listen(listener, shared.clone())));
        Self { at, shared, listening }
    }

    /// What recipients are answered with from now on.
    pub fn answers(&self, code: u16) {
        *self.shared.answer.lock().expect("no panic") = code;
    }

    /// From now on connections are refused.
    pub fn close(&mut self) {
        self.listening.take().expect("it is open").abort();
    }

    pub async fn open(&mut self) {
        let listener = loop {
            match TcpListener::bind(self.at).await {
                Ok(listener) => break listener,
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        self.listening = Some(tokio::spawn(listen(listener, self.shared.clone())));
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.shared.letters.lock().expect("no panic").clone()
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut sessions = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        sessions.spawn(async move {
            // A client that hangs up ends its session.
            let _ = session(stream, &shared).await;
        });
    }
}

async fn session(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut from, mut to) = (String::new(), String::new());
    reply(&mut stream, "220 post.example").await?;
    loop {
        let line = read(&mut stream).await?;
        let upper = line.to_ascii_uppercase();
        let path = || line.split_once(':').map_or("", |it| it.1).trim().to_owned();
        if upper.starts_with("EHLO") {
            reply(&mut stream, "250-post.example\r\n250 8BITMIME").await?;
        } else if upper.starts_with("MAIL FROM") {
            from = path();
            reply(&mut stream, "250 OK").await?;
        } else if upper.starts_with("RCPT TO") {
            to = path();
            let code = *shared.answer.lock().expect("no panic");
            reply(&mut stream, &format!("{code} so")).await?;
        } else if upper == "DATA" {
            reply(&mut stream, "354 go on").await?;
            let text = data(&mut stream).await?;
            let letter = Letter { from: from.clone(), to: to.clone(), text };
            shared.letters.lock().expect("no panic").push(letter);
            reply(&mut stream, "250 kept").await?;
        } else if upper == "QUIT" {
            return reply(&mut stream, "221 bye").await;
        } else {
            reply(&mut stream, "250 OK").await?;
        }
    }
}

/// The lines until a lonely dot, the dots that hide others taken away (RFC 5321 §4.5.2).
async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let line = read(stream).await?;
        if line == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push('\n');
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}

async fn reply(stream: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await
}
