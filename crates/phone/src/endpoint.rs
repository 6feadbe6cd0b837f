//! One UDP socket for SIP, and whose message is whose.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::call::{Call, Leg};
use crate::called::Incoming;
use crate::{Credentials, Message, Voice, clock};

/// How long a REGISTER is tried.
const REGISTER_WITHIN: Duration = Duration::from_secs(4);

/// A telephone's socket. Any number of calls go over it. It ends when dropped with all its calls.
pub struct Endpoint {
    shared: Arc<Shared>,
    incoming: UnboundedReceiver<Incoming>,
    _reading: JoinSet<()>,
}

pub(crate) struct Shared {
    socket: UdpSocket,
    /// Where it is bound.
    pub(crate) at: SocketAddr,
    /// The switch.
    pub(crate) server: SocketAddr,
    calls: Mutex<HashMap<String, UnboundedSender<Message>>>,
}

/// Why a REGISTER was not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterError {
    /// Nobody answered.
    Silence,
    /// The final status.
    Refused(u16),
}

impl Endpoint {
    /// Listens on any port of `ip`, and calls `server`.
    ///
    /// # Errors
    ///
    /// Where no socket can be had.
    pub async fn open(ip: IpAddr, server: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0)).await?;
        let at = socket.local_addr()?;
        let shared = Arc::new(Shared { socket, at, server, calls: Mutex::default() });
        let (tell, incoming) = unbounded_channel();
        let mut reading = JoinSet::new();
        reading.spawn(read(shared.clone(), tell));
        Ok(Self { shared, incoming, _reading: reading })
    }

    /// Where it is bound.
    pub fn at(&self) -> SocketAddr {
        self.shared.at
    }

    /// Calls `number` as `caller`.
    pub fn dial(&self, caller: &str, number: &str, voice: Option<Arc<Voice>>) -> Call {
        Leg::begin(self.shared.clone(), caller, number, None, voice)
    }

    /// Calls in for the shift: the call that stays up.
    pub fn call_in(&self, who: &Credentials, voice: Option<Arc<Voice>>) -> Call {
        Leg::begin(self.shared.clone(), &who.user, "shift", Some(who.clone()), voice)
    }

    /// The next call that comes.
    pub async fn ring(&mut self) -> Option<Incoming> {
        self.incoming.recv().await
    }

    /// Registers for `expires` seconds; 0 ends a registration.
    ///
    /// # Errors
    ///
    /// Where it was refused, or nobody answered.
    pub async fn register(&self, who: &Credentials, expires: u32) -> Result<(), RegisterError> {
        let id = format!("{}@{}", clock::fresh(), self.shared.at.ip());
        let mut answers = self.shared.enroll(&id);
        let registering = Registering { shared: &self.shared, who, id: &id, expires };
        let done = registering.run(&mut answers).await;
        self.shared.strike(&id);
        done
    }
}

impl Shared {
    /// Messages of a Call-ID from now on.
    pub(crate) fn enroll(&self, id: &str) -> UnboundedReceiver<Message> {
        let (tell, told) = unbounded_channel();
        self.calls().insert(id.to_owned(), tell);
        told
    }

    /// No more messages of a Call-ID.
    pub(crate) fn strike(&self, id: &str) {
        self.calls().remove(id);
    }

    /// Sends at once or not at all, as a network would.
    pub(crate) fn send(&self, message: &Message) {
        let _ = self.socket.try_send_to(&message.datagram(), self.server);
    }

    /// A request line and the headers that each request has.
    pub(crate) fn request(&self, method: &str, uri: &str) -> Message {
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bK{};rport", self.at, clock::fresh());
        let request = Message::new(format!("{method} {uri} SIP/2.0")).with("Via", via);
        request.with("Max-Forwards", "70")
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<String, UnboundedSender<Message>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(shared: Arc<Shared>, incoming: UnboundedSender<Incoming>) {
    let mut buffer = vec![0; 65_536];
    loop {
        let Ok((length, _)) = shared.socket.recv_from(&mut buffer).await else { continue };
        let Some(message) = Message::parse(&buffer[..length]) else { continue };
        let id = message.header("Call-ID").to_owned();
        let owner = shared.calls().get(&id).cloned();
        match (owner, message.status(), message.method()) {
            // A call that has just ended needs nothing any more.
            (Some(owner), ..) => drop(owner.send(message)),
            (None, None, "OPTIONS") => shared.send(&message.answer(200, "phone")),
            (None, None, "INVITE") => {
                let inbox = shared.enroll(&id);
                // An endpoint at which nobody waits for calls lets them ring unanswered.
                let _ = incoming.send(Incoming { shared: shared.clone(), request: message, inbox });
            }
            (None, None, "ACK") => {}
            (None, None, _) => shared.send(&message.answer(481, "phone")),
            (None, Some(_), _) => {}
        }
    }
}

struct Registering<'a> {
    shared: &'a Shared,
    who: &'a Credentials,
    id: &'a str,
    expires: u32,
}

impl Registering<'_> {
    async fn run(&self, answers: &mut UnboundedReceiver<Message>) -> Result<(), RegisterError> {
        let refused = self.try_once(1, None, answers).await?;
        let uri = self.uri();
        let proof = self.who.answer(&refused, "REGISTER", &uri);
        let proof = proof.ok_or_else(|| RegisterError::Refused(refused.status().unwrap_or(0)))?;
        let answer = self.try_once(2, Some(proof), answers).await?;
        match answer.status() {
            Some(200) => Ok(()),
            status => Err(RegisterError::Refused(status.unwrap_or(0))),
        }
    }

    fn uri(&self) -> String {
        format!("sip:{}", self.shared.server)
    }

    async fn try_once(
        &self,
        sequence: u32,
        proof: Option<(&str, String)>,
        answers: &mut UnboundedReceiver<Message>,
    ) -> Result<Message, RegisterError> {
        let (user, at, server) = (&self.who.user, self.shared.at, self.shared.server);
        let who = format!("<sip:{user}@{server}>");
        let mut request = self
            .shared
            .request("REGISTER", &self.uri())
            .with("From", format!("{who};tag={}", clock::fresh()))
            .with("To", who)
            .with("Call-ID", self.id)
            .with("CSeq", format!("{sequence} REGISTER"))
            .with("Contact", format!("<sip:{}@{at}>", user.replace('~', "-")))
            .with("Expires", self.expires.to_string());
        if let Some((name, value)) = proof {
            request = request.with(name, value);
        }
        let until = clock::now() + REGISTER_WITHIN;
        while clock::now() < until {
            self.shared.send(&request);
            let answer = async {
                loop {
                    let answer = answers.recv().await?;
                    if answer.sequence() == sequence && answer.status() != Some(100) {
                        return Some(answer);
                    }
                }
            };
            if let Ok(Some(answer)) = tokio::time::timeout(Duration::from_millis(500), answer).await
            {
                return Ok(answer);
            }
        }
        Err(RegisterError::Silence)
    }
}
