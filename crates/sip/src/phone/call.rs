//! A call as its owner holds it, and the side of it that the task which runs it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::voice::Voice;
use crate::media::{Media, NoPorts, Play};

/// Each event is told at most once.
const EVENTS_MAX: usize = 3;

/// What happens to a call, in this order; a call may end at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEvent {
    /// The far end rings, or we do.
    Ringing,
    /// Somebody answered: voice flows both ways.
    Answered,
    /// Nothing follows.
    Ended {
        /// The final status of a call that was not answered, if one came: 486, 487 and so on
        /// (RFC 3261 §21); 408 when nobody replied.
        status: Option<u16>,
        /// The far end ended or refused it, not we.
        far_end: bool,
    },
}

/// One call, made or received. Dropping it hangs up.
#[derive(Debug)]
pub struct Call {
    peer: String,
    events: mpsc::Receiver<CallEvent>,
    ask: Ask,
    media: Media,
    leg: u64,
    heard: Arc<AtomicU64>,
    ended: bool,
}

/// What the owner asks for; each is asked once and stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    pub hang_up: CancellationToken,
    pub answer: CancellationToken,
}

/// The other side of a [`Call`].
pub(super) struct Side {
    pub ask: Ask,
    events: mpsc::Sender<CallEvent>,
    rung: bool,
}

impl Call {
    /// Opens a leg for a call with `peer`, and makes the two sides of it.
    pub(super) fn open(phones: &Inner, peer: &str) -> Result<(Self, Side, Voice), NoPorts> {
        let (leg, heard) = (phones.next_leg(), Arc::default());
        let voice = Voice::open(&phones.media, leg, Arc::clone(&heard))?;
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let ask = Ask::default();
        let side = Side { ask: ask.clone(), events: sender, rung: false };
        let (peer, media) = (peer.to_owned(), phones.media.clone());
        Ok((Self { peer, events, ask, media, leg, heard, ended: false }, side, voice))
    }

    /// The user part of the far end: whom we called, or who calls.
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Waits for what happens next; `None` after [`CallEvent::Ended`].
    pub async fn event(&mut self) -> Option<CallEvent> {
        if self.ended {
            return None;
        }
        // A task that ended without a word was ended by a fault in the stack.
        let lost = CallEvent::Ended { status: None, far_end: false };
        let event = self.events.recv().await.unwrap_or(lost);
        self.ended = matches!(event, CallEvent::Ended { .. });
        Some(event)
    }

    /// Answers a call that rings here. A call that we made is not ours to answer.
    pub fn answer(&self) {
        self.ask.answer.cancel();
    }

    /// Ends the call: CANCEL or BYE, or 486 to a call that rings here. [`CallEvent::Ended`]
    /// follows once the far end agreed or the time for it is over.
    pub fn hang_up(&self) {
        self.ask.hang_up.cancel();
    }

    /// What the far end hears from us from now on. Silence at first.
    pub fn play(&self, what: Play) {
        self.media.play(self.leg, what);
    }

    /// Packets of voice that came so far: 50 a second from most senders.
    pub fn received(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Whether it has ended, whatever was read of its events.
    pub(super) fn is_over(&self) -> bool {
        self.events.is_closed()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.hang_up();
    }
}

impl Side {
    /// Once, however often it is heard.
    pub fn ringing(&mut self) {
        if !std::mem::replace(&mut self.rung, true) {
            self.tell(CallEvent::Ringing);
        }
    }

    pub fn tell(&self, event: CallEvent) {
        // There is room for each, and an owner who is gone needs none.
        let _ = self.events.try_send(event);
    }
}
