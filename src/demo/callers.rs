//! Customers: they call, wait as long as their patience lasts, talk and hang up.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use timbre_model::PhoneNumber;
use timbre_phone::{Endpoint, Voice};

use super::Pace;
use super::chance::Chance;
use crate::driver::clock;

/// How long a customer waits, on average, in seconds.
const PATIENCE_SECONDS: f64 = 90.;
/// What customers say: a tone, in hertz.
const TONE: u32 = 450;

/// How often customers press the key that would be their answer.
const PRESSES_EVERY: Duration = Duration::from_secs(7);
/// What they answer: most are satisfied.
const ANSWERS: [u8; 8] = [5, 5, 4, 4, 4, 3, 2, 1];

/// All the customers.
pub(super) struct Callers {
    pub(super) switch: SocketAddr,
    pub(super) numbers: Vec<PhoneNumber>,
    pub(super) chance: Chance,
    pub(super) pace: Pace,
}

impl Callers {
    /// Calls at random, for ever.
    pub(super) async fn play(mut self) {
        let Ok(endpoint) = Endpoint::open(self.switch.ip(), self.switch).await else {
            tracing::error!("the demo's customers have no socket to call from");
            return;
        };
        let endpoint = Arc::new(endpoint);
        let mut talking = tokio::task::JoinSet::new();
        loop {
            clock::sleep(self.chance.about(60. / self.pace.calls_per_minute)).await;
            while talking.try_join_next().is_some() {}
            let Some(number) = self.chance.one(&self.numbers).cloned() else { return };
            let customer = Customer {
                from: self.chance.caller(),
                patience: self.chance.about(PATIENCE_SECONDS),
                answer: self.chance.one(&ANSWERS).copied().unwrap_or(4),
                talks: self.chance.about(self.pace.talk_seconds * 2.),
            };
            talking.spawn(customer.call(endpoint.clone(), number));
        }
    }
}

struct Customer {
    from: String,
    patience: Duration,
    answer: u8,
    talks: Duration,
}

impl Customer {
    /// Waits to be answered, stays a while, hangs up.
    async fn call(self, endpoint: Arc<Endpoint>, number: PhoneNumber) {
        let Ok(voice) = Voice::open(endpoint.at().ip()).await else { return };
        voice.say(Some(TONE));
        let voice = Arc::new(voice);
        let call = endpoint.dial(&self.from, number.expose(), Some(voice.clone()));
        let reached =
            call.until(self.patience, |it| it.answered.is_some() || it.ended.is_some()).await;
        if reached.is_ok_and(|it| it.answered.is_some()) {
            // Either the agent hangs up first, or the customer has heard enough. Whoever is asked a question then answers it;
            // nobody else minds a key.
            let until = clock::sleep(self.patience + self.talks);
            tokio::pin!(until);
            loop {
                tokio::select! {
                    _ = call.until(self.patience + self.talks, |it| it.ended.is_some()) => break,
                    () = clock::sleep(PRESSES_EVERY) => voice.press(self.answer),
                    () = &mut until => break,
                }
            }
        }
        call.hang_up();
        // The far end confirms; a call that is dropped sooner would not see it.
        let _ = call.until(Duration::from_secs(2), |it| it.ended.is_some()).await;
    }
}
