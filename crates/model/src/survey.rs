//! Questions of satisfaction that are answered with one key.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::{AgentId, CallId, Civil, ClientId, QueueId, SurveyKind, TenantId};

impl SurveyKind {
    /// The keys that answer it.
    pub const fn keys(self) -> RangeInclusive<u8> {
        match self {
            Self::Csat => 1..=5,
            Self::Nps => 0..=9,
            Self::Effort => 1..=7,
        }
    }

    /// What a key says; `None`: it is no answer.
    pub fn answer(self, key: char) -> Option<u8> {
        let digit = u8::try_from(key.to_digit(10)?).ok()?;
        self.keys().contains(&digit).then_some(digit)
    }
}

/// What a customer was asked after a conversation, and what they said. Written when it is asked and when it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyRecord {
    /// The call after which it was asked. A call has one at most.
    pub call: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// On whose behalf the queue answers.
    pub client: ClientId,
    /// The queue of the call.
    pub queue: QueueId,
    /// Who had the conversation.
    pub agent: AgentId,
    /// The question.
    pub kind: SurveyKind,
    /// When it was asked.
    pub asked_at: Civil,
    /// The digit that was pressed; `None`: none yet.
    pub answer: Option<u8>,
    /// When it was pressed.
    pub answered_at: Option<Civil>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_keys_of_a_question_answer_it() {
        let answers = |kind: SurveyKind| -> String {
            "0123456789*#A".chars().filter(|key| kind.answer(*key).is_some()).collect()
        };
        assert_eq!(answers(SurveyKind::Csat), "12345");
        assert_eq!(answers(SurveyKind::Nps), "0123456789");
        assert_eq!(answers(SurveyKind::Effort), "1234567");
    }
}
