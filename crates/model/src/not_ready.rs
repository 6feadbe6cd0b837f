//! What an agent is doing, as words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Slug;
use crate::call::words;

/// The state of an agent without its data: for records, metrics and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentStateKind {
    /// Not at work.
    SignedOut,
    /// May be offered a call.
    Ready,
    /// A call is on offer.
    Offered,
    /// With a customer, also while holding.
    Talking,
    /// Finishing the last call's work (ACW).
    WrapUp,
    /// At work, but not to be offered a call.
    NotReady,
}

words! {
    AgentStateKind {
        SignedOut = "signed_out", Ready = "ready", Offered = "offered", Talking = "talking",
        WrapUp = "wrap_up", NotReady = "not_ready",
    }
}

/// Why an agent is not ready.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum NotReadyReason {
    /// Just signed in; has not said Ready yet.
    SignedIn,
    /// Let an offer time out.
    Missed,
    /// The control stream was lost and has not come back.
    Disconnected,
    /// The phone cannot be reached.
    StationLost,
    /// A supervisor said so.
    Forced,
    /// Recovers from a complaint. It was offered, and does not count against the agent's adherence as a pause does.
    Recovery,
    /// The agent chose it from the floor's list of pauses.
    Pause(Slug),
}

impl TryFrom<String> for NotReadyReason {
    type Error = &'static str;
    fn try_from(word: String) -> Result<Self, Self::Error> {
        Self::parse(&word).ok_or("not a reason for being not ready")
    }
}

impl From<NotReadyReason> for String {
    fn from(reason: NotReadyReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl NotReadyReason {
    /// The word: for a pause its own name, for the others a word that begins with `@`, which no pause can.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SignedIn => "@signed_in",
            Self::Missed => "@missed",
            Self::Disconnected => "@disconnected",
            Self::StationLost => "@station_lost",
            Self::Forced => "@forced",
            Self::Recovery => "@recovery",
            Self::Pause(name) => name.as_str(),
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "@signed_in" => Self::SignedIn,
            "@missed" => Self::Missed,
            "@disconnected" => Self::Disconnected,
            "@station_lost" => Self::StationLost,
            "@forced" => Self::Forced,
            "@recovery" => Self::Recovery,
            name => Self::Pause(Slug::parse(name).ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_read_back() {
        let lunch = NotReadyReason::Pause(Slug::parse("lunch").expect("a slug"));
        for reason in [
            NotReadyReason::SignedIn,
            NotReadyReason::Missed,
            NotReadyReason::Disconnected,
            NotReadyReason::StationLost,
            NotReadyReason::Forced,
            NotReadyReason::Recovery,
            lunch,
        ] {
            assert_eq!(NotReadyReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(NotReadyReason::parse("@other"), None);
    }
}
