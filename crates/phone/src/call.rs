//! One call: what both sides of it have in common.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::called::Asked;
use crate::calling::Asking;
use crate::endpoint::Shared;
use crate::{Message, Voice, clock, sdp};

/// T1 of RFC 3261 §17.1.1.1.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// How long an ending call waits for the far end's last word.
const FAREWELL: Duration = Duration::from_secs(3);

/// How far a call has come.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// The INVITE went out, or came.
    pub invited: Option<Instant>,
    /// 180 came, or went out.
    pub rang: Option<Instant>,
    /// 200 came, or went out.
    pub answered: Option<Instant>,
    /// The final status of a call that was not answered.
    pub refused: Option<u16>,
    /// It is over.
    pub ended: Option<(Instant, End)>,
    /// Requests that we sent again for want of an answer.
    pub sent_again: u32,
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The far end hung up, cancelled or refused.
    FarEnd,
    /// We hung up or cancelled.
    Ours,
}

impl Progress {
    /// From the INVITE to the 200.
    pub fn answered_after(&self) -> Option<Duration> {
        Some(self.answered?.duration_since(self.invited?))
    }
}

/// A handle on a call. Dropping it hangs up.
pub struct Call {
    /// Its voice, if it has one.
    pub voice: Option<Arc<Voice>>,
    progress: watch::Receiver<Progress>,
    orders: UnboundedSender<Order>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Order {
    HangUp,
}

impl Call {
    /// How far it has come.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until it has come so far.
    ///
    /// # Errors
    ///
    /// How far it has come, where that is not `within` the time.
    pub async fn until(
        &self,
        within: Duration,
        reached: impl Fn(&Progress) -> bool,
    ) -> Result<Progress, Progress> {
        let mut progress = self.progress.clone();
        let waited = tokio::time::timeout(within, progress.wait_for(|it| reached(it))).await;
        match waited {
            Ok(Ok(progress)) => Ok(*progress),
            // The call is over, or the time is.
            Ok(Err(_)) | Err(_) => Err(self.progress()),
        }
    }

    /// Hangs up (BYE), or gives up (CANCEL) where nobody answered yet.
    pub fn hang_up(&self) {
        // A call that is over needs no end.
        let _ = self.orders.send(Order::HangUp);
    }
}

/// A call as its task sees it.
pub(crate) struct Leg {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: String,
    /// From of our requests.
    pub(crate) us: String,
    /// To of our requests.
    pub(crate) them: String,
    /// Where our requests go.
    pub(crate) target: String,
    pub(crate) sequence: u32,
    pub(crate) stage: Stage,
    pub(crate) voice: Option<Arc<Voice>>,
    pub(crate) progress: watch::Sender<Progress>,
    /// What is sent again until an answer comes.
    pub(crate) again: Option<Again>,
    /// When this leg is forgotten, whatever else happens.
    pub(crate) forget_at: Option<Instant>,
}

pub(crate) enum Stage {
    /// We called.
    Asking(Box<Asking>),
    /// We were called.
    Asked(Box<Asked>),
    /// Answered; the ACK that we sent, if it was for us to send.
    Up(Option<Message>),
    /// We sent BYE.
    Leaving,
    Over,
}

pub(crate) struct Again {
    message: Message,
    at: Instant,
    wait: Duration,
}

impl Leg {
    /// Starts the task of a call.
    pub(crate) fn start(self, inbox: UnboundedReceiver<Message>) -> Call {
        let (orders, to_obey) = unbounded_channel();
        let (voice, progress) = (self.voice.clone(), self.progress.subscribe());
        self.progress.send_modify(|it| it.invited = Some(clock::now()));
        tokio::spawn(self.run(inbox, to_obey));
        Call { voice, progress, orders }
    }

    async fn run(
        mut self,
        mut inbox: UnboundedReceiver<Message>,
        mut orders: UnboundedReceiver<Order>,
    ) {
        let mut obeying = true;
        while !matches!(self.stage, Stage::Over) {
            let due = self.due();
            let at = due.unwrap_or_else(clock::now);
            tokio::select! {
                message = inbox.recv() => match message {
                    Some(message) => self.take(&message),
                    None => break,
                },
                order = orders.recv(), if obeying => {
                    obeying = order.is_some();
                    self.hang_up();
                }
                () = tokio::time::sleep_until(at.into()), if due.is_some() => self.wake(),
            }
        }
        // What still comes, such as a BYE sent again, is answered by the endpoint.
        self.shared.strike(&self.id);
    }

    fn due(&self) -> Option<Instant> {
        let answer = match &self.stage {
            Stage::Asked(asked) => asked.answer_at,
            _ => None,
        };
        let again = self.again.as_ref().map(|it| it.at);
        [answer, again, self.forget_at].into_iter().flatten().min()
    }

    fn wake(&mut self) {
        let now = clock::now();
        if self.forget_at.is_some_and(|at| at <= now) {
            return self.over(End::Ours);
        }
        if let Some(again) = self.again.as_mut().filter(|it| it.at <= now) {
            self.shared.send(&again.message);
            again.wait = (again.wait * 2).min(Duration::from_secs(4));
            again.at = now + again.wait;
            self.progress.send_modify(|it| it.sent_again += 1);
        }
        self.answer_if_due(now);
    }

    fn take(&mut self, message: &Message) {
        match (message.status(), message.method()) {
            (Some(status), "INVITE") => self.invite_answered(status, message),
            (Some(200..=699), "BYE") => self.over(End::Ours),
            (Some(_), _) | (None, "ACK") => {}
            (None, "BYE") => {
                self.reply(message, 200, None);
                self.over(End::FarEnd);
            }
            (None, "INVITE") => self.invited_again(message),
            (None, "CANCEL") => self.cancelled(message),
            (None, _) => self.reply(message, 200, None),
        }
    }

    fn hang_up(&mut self) {
        match &self.stage {
            Stage::Asking(_) => self.give_up(),
            Stage::Asked(_) => self.decline(),
            Stage::Up(_) => self.say_goodbye(),
            Stage::Leaving | Stage::Over => {}
        }
    }

    pub(crate) fn say_goodbye(&mut self) {
        self.sequence += 1;
        let bye = self.in_dialog("BYE");
        self.send_until_answered(bye);
        self.stage = Stage::Leaving;
        self.forget_at = Some(clock::now() + FAREWELL);
    }

    /// The far end changes the session: hold, resume, or a refresh.
    fn invited_again(&mut self, request: &Message) {
        if let Stage::Up(_) = self.stage {
            self.hear_from(request);
            let session = self.session();
            self.reply(request, 200, session);
        }
    }

    pub(crate) fn in_dialog(&self, method: &str) -> Message {
        let request = self.shared.request(method, &self.target);
        request
            .with("From", self.us.clone())
            .with("To", self.them.clone())
            .with("Call-ID", self.id.clone())
            .with("CSeq", format!("{} {method}", self.sequence))
            .with("Contact", self.contact())
    }

    pub(crate) fn contact(&self) -> String {
        format!("<sip:phone@{}>", self.shared.at)
    }

    pub(crate) fn reply(&self, request: &Message, status: u16, body: Option<String>) {
        let tag = self.us.split_once(";tag=").map_or("", |(_, tag)| tag);
        let answer = request.answer(status, tag).with("Contact", self.contact());
        self.shared.send(&answer.with_body(body));
    }

    /// Our description. A call without a voice names a port at which nobody listens.
    pub(crate) fn session(&self) -> Option<String> {
        let mute = (self.shared.at.ip(), 9).into();
        Some(sdp::describe(self.voice.as_ref().map_or(mute, |it| it.at)))
    }

    pub(crate) fn hear_from(&self, message: &Message) {
        let listens = sdp::listens_at(&message.body);
        if let (Some(voice), Some(to)) = (&self.voice, listens) {
            voice.connect(to);
        }
    }

    pub(crate) fn send_until_answered(&mut self, message: Message) {
        self.shared.send(&message);
        self.again = Some(Again { message, at: clock::now() + T1, wait: T1 });
    }

    pub(crate) fn over(&mut self, end: End) {
        self.again = None;
        self.stage = Stage::Over;
        self.progress.send_modify(|it| it.ended = Some((clock::now(), end)));
    }
}
