//! Customers: they call, wait as long as their patience lasts, talk and hang up.

use timbre_model::PhoneNumber;
use timbre_sip::media::Play;
use timbre_sip::phone::{Call, CallEvent, Phones};

use super::Pace;
use super::chance::Chance;
use crate::driver::clock;

/// How long a customer waits, on average, in seconds.
const PATIENCE_SECONDS: f64 = 90.;

/// All the customers.
pub(super) struct Callers {
    pub(super) phones: Phones,
    pub(super) numbers: Vec<PhoneNumber>,
    pub(super) chance: Chance,
    pub(super) pace: Pace,
}

impl Callers {
    /// Calls at random, for ever.
    pub(super) async fn play(mut self) {
        let mut talking = tokio::task::JoinSet::new();
        loop {
            clock::sleep(self.chance.about(60. / self.pace.calls_per_minute)).await;
            while talking.try_join_next().is_some() {}
            let Some(number) = self.chance.one(&self.numbers).cloned() else { return };
            let from = self.chance.caller();
            let customer = Customer {
                patience: self.chance.about(PATIENCE_SECONDS),
                talks: self.chance.about(self.pace.talk_seconds * 2.),
            };
            let phones = self.phones.clone();
            talking.spawn(async move {
                // A call that cannot be placed shows on the wallboard as one that never came.
                if let Ok(call) = phones.call(&from, number.expose(), None).await {
                    customer.hear_out(call).await;
                }
            });
        }
    }
}

struct Customer {
    patience: std::time::Duration,
    talks: std::time::Duration,
}

impl Customer {
    /// Waits to be answered, stays a while, hangs up.
    async fn hear_out(self, mut call: Call) {
        let answered = async {
            loop {
                match call.event().await {
                    Some(CallEvent::Answered) => return true,
                    Some(CallEvent::Ringing) => {}
                    Some(CallEvent::Ended { .. }) | None => return false,
                }
            }
        };
        let answered = tokio::time::timeout(self.patience, answered).await;
        if answered == Ok(true) {
            call.play(Play::Music);
            // Either the agent hangs up first, or the customer has heard enough.
            let ended = async { while call.event().await.is_some() {} };
            let _ = tokio::time::timeout(self.patience + self.talks, ended).await;
        }
        call.hang_up();
    }
}
