//! Calls, their legs and how they end.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One conversation with a customer. Minted by the shell, never reused; printed as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallId(u128);

impl CallId {
    /// From its number.
    pub const fn from_u128(id: u128) -> Self {
        Self(id)
    }

    /// Its number.
    pub const fn as_u128(self) -> u128 {
        self.0
    }

    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl TryFrom<String> for CallId {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a call's id is 32 hexadecimal digits")
    }
}

impl From<CallId> for String {
    fn from(id: CallId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One call offered to one agent: the `number`-th offer of its call, counted from 1. Printed `CALL-NUMBER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OfferId {
    /// The call on offer.
    pub call: CallId,
    /// Counts the offers of that call from 1.
    pub number: u32,
}

impl OfferId {
    /// Reads `CALL-NUMBER`.
    pub fn parse(text: &str) -> Option<Self> {
        let (call, number) = text.split_once('-')?;
        Some(Self { call: CallId::parse(call)?, number: number.parse().ok()? })
    }
}

impl fmt::Display for OfferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.call, self.number)
    }
}

/// One SIP dialog of the switch, within one run of the process. Legs that arrive and legs that are placed are
/// numbered by different hands, so their numbers are kept apart by the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(u64);

impl LegId {
    /// The `n`-th leg that arrived at the switch.
    pub const fn arrived(n: u64) -> Self {
        Self(n << 1)
    }

    /// The `n`-th leg that the engine asked for.
    pub const fn placed(n: u64) -> Self {
        Self((n << 1) | 1)
    }

    /// Its number, for the switch.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// From the switch's number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }
}

/// Who ended the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReleasedBy {
    /// The customer hung up or cancelled.
    Customer,
    /// The agent hung up.
    Agent,
    /// A rule of ours: maximum wait, no such number, a full queue.
    System,
    /// The network or a node: lost media, an expired session, a crash.
    Network,
}

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndCause {
    /// One side hung up after an agent and the customer had talked.
    Completed,
    /// The customer gave up before an agent's voice reached them.
    Abandoned,
    /// No entry point owns the dialed number.
    NoEntryPoint,
    /// The queue holds as many calls as it may.
    QueueFull,
    /// The caller waited as long as the queue allows.
    MaxWait,
    /// The node is overloaded.
    Overload,
    /// The switch could not carry the call: a leg failed, its media stopped or its session expired.
    Failed,
    /// The node that held the call died. Written on the next start.
    NodeLost,
    /// A supervisor ended it.
    Forced,
}

/// What a call counts as in the queue's accounting. Every call that arrives counts as exactly one of these, or is
/// still waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallOutcome {
    /// An agent and the customer talked.
    Answered,
    /// The customer left first, later than the queue's short-abandonment threshold.
    Abandoned,
    /// The customer left first, within the queue's short-abandonment threshold.
    AbandonedShort,
    /// We did not take the call: no entry point, a full queue, an overload, or the maximum wait.
    Refused,
    /// The call was lost to a technical failure.
    Lost,
}

/// How an offer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfferOutcome {
    /// The agent took the call.
    Accepted,
    /// The agent declined it.
    Rejected,
    /// The agent let it ring out.
    Timeout,
    /// The customer left while the offer was open.
    Canceled,
    /// We took it back: the agent's stream or phone was lost, or a supervisor intervened.
    Rescinded,
}

/// Holds of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HoldStats {
    /// How often the customer was put on hold.
    pub count: u32,
    /// For how long in all.
    pub total: Duration,
    /// The longest one.
    pub longest: Duration,
}

#[macro_export]
#[doc(hidden)]
macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal,)* })*) => {$(
        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word that stands for it in records, metrics and messages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'_, str>>::deserialize(from)?;
                Self::parse(&word).ok_or_else(|| serde::de::Error::custom(format_args!(
                    "{word:?} is not one of {}", Self::ALL.iter().map(|v| v.as_str()).collect::<Vec<_>>().join(", ")
                )))
            }
        }
    )*};
}
pub(crate) use words;

words! {
    ReleasedBy { Customer = "customer", Agent = "agent", System = "system", Network = "network", }
    EndCause {
        Completed = "completed", Abandoned = "abandoned", NoEntryPoint = "no_entry_point",
        QueueFull = "queue_full", MaxWait = "max_wait", Overload = "overload", Failed = "failed",
        NodeLost = "node_lost", Forced = "forced",
    }
    CallOutcome {
        Answered = "answered", Abandoned = "abandoned", AbandonedShort = "abandoned_short",
        Refused = "refused", Lost = "lost",
    }
    OfferOutcome {
        Accepted = "accepted", Rejected = "rejected", Timeout = "timeout", Canceled = "canceled",
        Rescinded = "rescinded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_through_text() {
        let call = CallId::from_u128(0x0123_4567_89ab_cdef);
        assert_eq!(CallId::parse(&call.to_string()), Some(call));
        let offer = OfferId { call, number: 3 };
        assert_eq!(OfferId::parse(&offer.to_string()), Some(offer));
        assert_eq!(CallId::parse("+123456789abcdef0123456789abcdef0"), None);
        assert_eq!(OfferId::parse("x-1"), None);
    }

    #[test]
    fn arrived_and_placed_legs_never_share_a_number() {
        assert_ne!(LegId::arrived(7), LegId::placed(7));
    }

    #[test]
    fn every_word_reads_back() {
        assert!(EndCause::ALL.iter().all(|&c| EndCause::parse(c.as_str()) == Some(c)));
        assert!(OfferOutcome::ALL.iter().all(|&c| OfferOutcome::parse(c.as_str()) == Some(c)));
        assert!(CallOutcome::ALL.iter().all(|&c| CallOutcome::parse(c.as_str()) == Some(c)));
        assert!(ReleasedBy::ALL.iter().all(|&c| ReleasedBy::parse(c.as_str()) == Some(c)));
    }
}
