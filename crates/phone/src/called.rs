//! We are called: from the INVITE to our final response.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use crate::call::{Call, End, Leg, Progress, Stage};
use crate::endpoint::Shared;
use crate::{Message, Voice, clock};

/// A call that came.
pub struct Incoming {
    pub(crate) shared: Arc<Shared>,
    /// Its INVITE.
    pub request: Message,
    pub(crate) inbox: UnboundedReceiver<Message>,
}

/// How a call that comes is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It rings so long and is answered.
    AnswerAfter(Duration),
    /// It rings until the caller gives up.
    Ring,
    /// It is busy at once.
    Busy,
}

/// Their INVITE.
pub(crate) struct Asked {
    request: Message,
    pub(crate) answer_at: Option<Instant>,
}

impl Incoming {
    /// Takes the call.
    pub fn take(self, manner: Manner, voice: Option<Arc<Voice>>) -> Call {
        let Self { shared, request, inbox } = self;
        let answer_at = match manner {
            Manner::AnswerAfter(span) => Some(clock::now() + span),
            Manner::Ring | Manner::Busy => None,
        };
        let mut leg = Leg {
            us: format!("{};tag={}", request.header("To"), clock::fresh()),
            them: request.header("From").to_owned(),
            target: request.contact().unwrap_or_default(),
            id: request.header("Call-ID").to_owned(),
            stage: Stage::Asked(Box::new(Asked { request, answer_at })),
            sequence: 0,
            voice,
            progress: watch::Sender::new(Progress::default()),
            again: None,
            forget_at: None,
            shared,
        };
        match manner {
            Manner::Busy => leg.decline(),
            Manner::AnswerAfter(_) | Manner::Ring => leg.ringing(),
        }
        leg.start(inbox)
    }
}

impl Leg {
    fn ringing(&self) {
        let Stage::Asked(asked) = &self.stage else { return };
        self.reply(&asked.request, 180, None);
        let now = clock::now();
        self.progress.send_modify(|it| it.rang = Some(now));
    }

    pub(crate) fn answer_if_due(&mut self, now: Instant) {
        let Stage::Asked(asked) = &self.stage else { return };
        if asked.answer_at.is_none_or(|at| at > now) {
            return;
        }
        self.hear_from(&asked.request);
        self.reply(&asked.request, 200, self.session());
        self.progress.send_modify(|it| it.answered = Some(now));
        self.stage = Stage::Up(None);
    }

    pub(crate) fn decline(&mut self) {
        let Stage::Asked(asked) = &self.stage else { return };
        self.reply(&asked.request, 486, None);
        self.progress.send_modify(|it| it.refused = Some(486));
        self.over(End::Ours);
    }

    /// The caller gave up.
    pub(crate) fn cancelled(&mut self, cancel: &Message) {
        self.reply(cancel, 200, None);
        if let Stage::Asked(asked) = &self.stage {
            self.reply(&asked.request, 487, None);
            self.progress.send_modify(|it| it.refused = Some(487));
            self.over(End::FarEnd);
        }
    }
}
