//! One agent's shift: its events, numbered and kept for a stream that drops and returns.

use std::collections::VecDeque;
use std::sync::Arc;

use timbre_casework::{CallbackId, MessageId};
use timbre_engine::Event;
use timbre_model::CallId;
use tokio::sync::mpsc;

/// Events that are kept for a stream that returns: more than a call's worth many times over.
pub const KEPT_EVENTS_MAX: usize = 512;

/// Results of commands that are kept, so that a retry is answered rather than performed.
const KEPT_RESULTS_MAX: usize = 64;

/// What a stream carries down.
#[derive(Debug, Clone)]
pub enum ToAgent {
    /// Something happened.
    Event(Sequenced),
    /// Something of casework concerns the agent. It has no number: a stream that returns reads what there is.
    Desk(DeskNews),
    /// The stream ends now, and why.
    GoAway(Farewell),
}

/// What of casework concerns an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskNews {
    /// The agent's own agenda has changed.
    Agenda,
    /// What anybody may do has changed: it is not urgent.
    SharedAgenda,
    /// A message is for them.
    Message(MessageId),
    /// They owe a customer a call.
    CallbackOwed(CallbackId),
    /// They took a complaint in this call, and may recover from it.
    Recovery(CallId),
}

/// Why a stream is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// The agent opened another stream.
    TakenOver,
    /// The shift is over.
    SignedOut,
}

/// An event and its number within the shift.
#[derive(Debug, Clone)]
pub struct Sequenced {
    /// Grows by one from 1.
    pub number: u64,
    /// What happened.
    pub event: Arc<Event>,
}

/// Tells apart the streams of one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamId(pub u128);

/// Why a shift cannot be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// The token is not this shift's.
    #[error("the resume token is not of a shift in progress: sign in anew")]
    Unknown,
    /// Events after the given number were dropped.
    #[error("too many events were missed: sign in anew")]
    TooOld,
}

/// A shift in progress.
pub struct Shift {
    token: String,
    /// The stream; without its sender where it was cut and its end is still to come.
    stream: Option<(StreamId, Option<mpsc::Sender<ToAgent>>)>,
    last: u64,
    kept: VecDeque<Sequenced>,
    results: VecDeque<(String, Arc<CommandOutcome>)>,
    /// A recovery was offered and not taken yet.
    recovery: bool,
}

/// How a command ended, as it is told again to whoever retries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOutcome {
    /// It will take effect after the present call.
    pub later: bool,
    /// Why it took no effect.
    pub rejection: Option<timbre_engine::Rejection>,
}

impl Shift {
    /// A new shift, which `token` takes up again, on a stream.
    pub fn begin(token: String, id: StreamId, stream: mpsc::Sender<ToAgent>) -> Self {
        let (kept, results) = (VecDeque::new(), VecDeque::new());
        let stream = Some((id, Some(stream)));
        Self { token, stream, last: 0, kept, results, recovery: false }
    }

    /// Whether `token` is this shift's and events after `last_seen` are all kept.
    pub fn resumable(&self, token: &str, last_seen: u64) -> Result<(), ResumeError> {
        if !same(token, &self.token) {
            return Err(ResumeError::Unknown);
        }
        let first_kept = self.kept.front().map_or(self.last + 1, |it| it.number);
        if last_seen > self.last || last_seen + 1 < first_kept {
            return Err(ResumeError::TooOld);
        }
        Ok(())
    }

    /// Attaches a stream that has seen the events up to `last_seen`; a former stream is told to go away. Gives what the
    /// new one missed, to be sent first.
    pub fn attach(
        &mut self,
        id: StreamId,
        stream: mpsc::Sender<ToAgent>,
        last_seen: u64,
    ) -> Vec<Sequenced> {
        self.end(Farewell::TakenOver);
        self.stream = Some((id, Some(stream)));
        self.kept.iter().filter(|it| it.number > last_seen).cloned().collect()
    }

    /// A stream is gone. Whether it was the shift's.
    pub fn detach(&mut self, id: StreamId) -> bool {
        let current = self.stream.as_ref().is_some_and(|(present, _)| *present == id);
        if current {
            self.stream = None;
        }
        current
    }

    /// Tells the stream, if any, to go away.
    pub(super) fn end(&mut self, why: Farewell) {
        if let Some((_, Some(stream))) = self.stream.take() {
            // A full stream is dropped with its sender: the client sees the end either way.
            let _ = stream.try_send(ToAgent::GoAway(why));
        }
    }

    /// Numbers, keeps and sends an event. A stream that cannot take it is cut: its client resumes.
    pub(super) fn push(&mut self, event: Event) {
        self.last += 1;
        let sequenced = Sequenced { number: self.last, event: Arc::new(event) };
        if self.kept.len() == KEPT_EVENTS_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(sequenced.clone());
        if let Some((_, to_stream)) = &mut self.stream {
            to_stream.take_if(|it| it.try_send(ToAgent::Event(sequenced)).is_err());
        }
    }

    /// Tells the stream, if any. One that cannot take it is cut: its client resumes.
    pub(super) fn tell(&mut self, news: DeskNews) {
        self.recovery |= matches!(news, DeskNews::Recovery(_));
        if let Some((_, to_stream)) = &mut self.stream {
            to_stream.take_if(|it| it.try_send(ToAgent::Desk(news)).is_err());
        }
    }

    /// Takes the recovery that was offered; `false`: none was, or it was taken before.
    pub fn take_recovery(&mut self) -> bool {
        std::mem::take(&mut self.recovery)
    }

    /// The number of the newest event.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How the command of this id ended, where it was given before.
    pub fn result(&self, request_id: &str) -> Option<Arc<CommandOutcome>> {
        let mut kept = self.results.iter().rev();
        kept.find(|(id, _)| id == request_id).map(|(_, outcome)| outcome.clone())
    }

    /// Keeps how a command ended.
    pub fn keep_result(&mut self, request_id: String, outcome: Arc<CommandOutcome>) {
        if self.results.len() == KEPT_RESULTS_MAX {
            self.results.pop_front();
        }
        self.results.push_back((request_id, outcome));
    }
}

/// Compares secrets in a time that does not depend on where they differ.
fn same(a: &str, b: &str) -> bool {
    let differ = a.bytes().zip(b.bytes()).fold(0, |seen, (x, y)| seen | (x ^ y));
    a.len() == b.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_engine::EventKind;
    use timbre_model::{Civil, TenantId};

    fn event() -> Event {
        let tenant = TenantId::parse("t").expect("a slug");
        Event { at: Civil::default(), what: EventKind::FloorApplied { tenant, version: 1 } }
    }

    #[test]
    fn a_stream_that_returns_gets_just_what_it_missed() {
        let (stream, _seen) = mpsc::channel(8);
        let mut shift = Shift::begin("token".into(), StreamId(1), stream);
        (0..5).for_each(|_| shift.push(event()));
        assert!(shift.detach(StreamId(1)));
        assert_eq!(shift.resumable("wrong", 3), Err(ResumeError::Unknown));
        assert_eq!(shift.resumable("token", 3), Ok(()));
        let (stream, _seen) = mpsc::channel(8);
        let missed = shift.attach(StreamId(2), stream, 3);
        assert_eq!(missed.iter().map(|it| it.number).collect::<Vec<_>>(), [4, 5]);
        assert!(!shift.detach(StreamId(1)), "an older stream's end means nothing");
    }

    #[test]
    fn a_stream_that_does_not_read_is_cut_and_loses_nothing() {
        let (stream, mut seen) = mpsc::channel(2);
        let mut shift = Shift::begin("token".into(), StreamId(1), stream);
        (0..4).for_each(|_| shift.push(event()));
        assert!(matches!(seen.try_recv(), Ok(ToAgent::Event(it)) if it.number == 1));
        assert!(
            shift.detach(StreamId(1)),
            "it was cut, and its end is the end of the shift's stream"
        );
        assert_eq!(shift.resumable("token", 1), Ok(()));
    }

    #[test]
    fn what_was_dropped_cannot_be_resumed() {
        let (stream, _seen) = mpsc::channel(1);
        let mut shift = Shift::begin("token".into(), StreamId(1), stream);
        (0..=KEPT_EVENTS_MAX).for_each(|_| shift.push(event()));
        assert_eq!(shift.resumable("token", 0), Err(ResumeError::TooOld));
        assert_eq!(shift.resumable("token", 1), Ok(()));
        assert_eq!(shift.resumable("token", 9_999), Err(ResumeError::TooOld));
    }
}
