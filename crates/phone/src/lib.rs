//! Telephones in software: they register, dial, call in for a shift, answer, speak in tones and remember what they heard.
//!
//! For tests, load and demonstration: the far side of a wire. On purpose it shares no code with the switch, so that a
//! mistake in one is not made again in the other. UDP and A-law only; it trusts what it is sent.
//!
//! | where is | file |
//! |---|---|
//! | one socket, and whose message is whose | `endpoint` |
//! | one call, as caller or as called | `call`, `calling`, `called` |
//! | the words of SIP and SDP | `message`, `digest`, `sdp` |
//! | voice, and how to tell one tone from another | `voice`, `tone` |
//! | a carrier with a population behind it | [`carrier`] |

mod call;
mod called;
mod calling;
pub mod carrier;
pub mod clock;
mod digest;
mod endpoint;
mod message;
mod sdp;
pub mod tone;
mod voice;

pub use call::{Call, End, Progress};
pub use called::{Incoming, Manner};
pub use digest::Credentials;
pub use endpoint::{Endpoint, RegisterError};
pub use message::Message;
pub use voice::{Heard, Voice};
