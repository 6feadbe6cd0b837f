//! Limits of the gRPC port, all explicit: tonic's own defaults leave several of them open.

use std::time::Duration;

/// Streams and calls under way on one connection. tonic's default is unlimited.
pub const STREAMS_PER_CONNECTION: u32 = 256;
/// Largest request of an agent's stream.
pub const AGENT_MESSAGE_MAX: usize = 64 * 1024;
/// Largest request that defines a floor: 20,000 agents with their skills.
pub const FLOOR_MESSAGE_MAX: usize = 16 * 1024 * 1024;
/// Largest request of an import of leads or of a registry.
pub const IMPORT_MESSAGE_MAX: usize = 8 * 1024 * 1024;
/// Leads of one chunk of an import.
pub const IMPORT_CHUNK_MAX: usize = 1_000;
/// Chunks of an import that may be unanswered.
pub const IMPORT_AHEAD: usize = 8;
/// An import without a message for so long is over; it can be taken up again.
pub const IMPORT_SILENCE_MAX: Duration = Duration::from_secs(300);
/// Largest request of the other services.
pub const MESSAGE_MAX: usize = 64 * 1024;
/// Largest header list of a request.
pub const HEADERS_MAX: u32 = 16 * 1024;
/// How long a call may take to be answered; streams only to be opened.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A connection that has been silent so long is asked whether it lives …
pub const KEEPALIVE_EVERY: Duration = Duration::from_secs(20);
/// … and is closed where it does not answer within this.
pub const KEEPALIVE_WITHIN: Duration = Duration::from_secs(10);
/// Streams that a client may reset before the server has taken them up (CVE-2023-44487, rapid reset).
pub const PENDING_RESETS_MAX: usize = 20;
/// A connection is asked to be replaced after this; its streams end in their own time.
pub const CONNECTION_AGE: Duration = Duration::from_secs(4 * 3600);
/// Connections open at once.
pub const CONNECTIONS_MAX: usize = 10_000;
/// How often an agent's client sends a heartbeat.
pub const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// An agent's stream without a message for so long is lost.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);
/// An agent's stream that has not read for so long is lost.
pub const UNREAD_MAX: Duration = Duration::from_secs(5);
/// How long a stream may take to send its first message.
pub const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// Events that wait for a slow agent's stream before it is cut.
pub const AGENT_BUFFER: usize = 128;
/// Most characters of a note for the audit trail.
pub const NOTE_MAX: usize = 1_000;

const _: () = assert!(SILENCE_MAX.as_secs() >= 3 * HEARTBEAT_EVERY.as_secs());
