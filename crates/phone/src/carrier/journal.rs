//! The log of a carrier: one line of JSON per event, written before anything else happens.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::fate::{Key, Kind};
use crate::clock;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since the epoch, by the clock on the wall.
    pub wall: i64,
    /// Microseconds since the carrier started, by the clock that never goes backwards.
    pub mono: u64,
    /// Call-ID.
    pub call_id: String,
    /// The header `X-Timbre-Call`; empty where there was none.
    pub attempt: String,
    /// The number that was called, as it stood in the request's URI.
    pub number: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A new INVITE transaction outside of a dialog: somebody is called.
    Invite {
        /// The branch of its topmost Via, which tells transactions apart (RFC 3261 §17.2.3).
        branch: String,
        /// The number that calls.
        caller: String,
        /// What will become of it.
        fate: Kind,
    },
    /// The same INVITE transaction again.
    Retransmission,
    /// A provisional response above 100 went out.
    Ringing {
        /// 180 or 183.
        status: u16,
    },
    /// 200 went out.
    Answered,
    /// ACK of a final response came.
    Ack,
    /// INVITE inside the dialog: hold, or a refresh.
    Reinvite,
    /// BYE came.
    ByeIn,
    /// BYE went out.
    ByeOut,
    /// CANCEL came.
    Cancel,
    /// A final response that is no 200 went out.
    Final {
        /// Its status.
        status: u16,
        /// Its cause of ITU-T Q.850.
        cause: Option<u8>,
    },
    /// The agent was heard for the first time.
    VoiceHeard {
        /// Since the 200, in microseconds.
        after: u64,
    },
    /// Something else than an agent was heard for the first time: a message, music, ringing.
    SoundHeard {
        /// Since the 200, in microseconds.
        after: u64,
    },
    /// The callee pressed a key.
    Pressed {
        /// Which.
        key: Key,
    },
    /// An answered call is over.
    Ended {
        /// Who ended it.
        by: Ender,
        /// Packets of voice that came.
        packets: u64,
    },
}

/// Who ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ender {
    /// The dialer.
    Dialer,
    /// The callee.
    Callee,
    /// Nobody: the dialer sent no ACK, or did not answer our BYE.
    Silence,
}

/// Writes the log.
pub(super) struct Journal {
    file: Option<File>,
    started: Instant,
}

impl Journal {
    /// Appends to a file; without one it writes nothing.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let open = |path: &Path| OpenOptions::new().create(true).append(true).open(path);
        Ok(Self { file: path.map(open).transpose()?, started: clock::now() })
    }

    /// Writes a line, whole, with one system call.
    pub(super) fn write(&mut self, at: Instant, call: Named<'_>, event: Event) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let entry = Entry {
            wall: clock::wall_micros(),
            mono: at.saturating_duration_since(self.started).as_micros() as u64,
            call_id: call.id.to_owned(),
            attempt: call.attempt.to_owned(),
            number: call.number.to_owned(),
            event,
        };
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        file.write_all(&line)
    }
}

/// The names of a call in the log.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) id: &'a str,
    pub(super) attempt: &'a str,
    pub(super) number: &'a str,
}

/// Reads a log. A last line that is not whole yet is left out.
///
/// # Errors
///
/// Where the file cannot be read, or holds a whole line that is none of ours.
pub fn read(path: &Path) -> io::Result<Vec<Entry>> {
    let text = std::fs::read_to_string(path)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).map_err(io::Error::from)).collect()
}
