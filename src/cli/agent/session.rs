//! One agent's shift over as many streams as it takes: signs in, comes back, gives up where that cannot help.

use std::time::Duration;

use timbre_casework::Case;
use tokio::sync::mpsc::{Receiver, Sender};

use super::state_file::{Kept, StateFile};
use crate::api::client::{AgentStream, Client, ClientError, Target};
use crate::api::wire::agent::{AgentCommand, AgentEvent, AgentMessage, GoAwayReason};
use crate::driver::{clock, entropy};

/// Waits between attempts to come back: doubled each time, from the first to the longest, then drawn from its upper half.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What the session tells the terminal.
#[derive(Debug)]
pub enum News {
    /// Something happened.
    Message(AgentMessage),
    /// The stream is lost; the session comes back by itself.
    Lost {
        /// Why.
        why: String,
        /// When.
        retry_in: Duration,
    },
    /// A command was dropped, there being no stream.
    Unsent,
    /// The shift cannot be kept for a restart.
    NotKept(String),
    /// A complaint was acknowledged.
    CaseTaken(Box<Case>),
    /// A complaint was not acknowledged yet, and why; it is sent again.
    CaseWaits(String),
    /// A complaint was refused, and why.
    CaseRefused(String),
    /// The session has ended.
    Over(Ending),
}

/// How a session ended.
#[derive(Debug)]
pub enum Ending {
    /// The user left.
    Left,
    /// The server ended the shift.
    GoneAway(GoAwayReason),
    /// Coming back cannot help.
    Failed(ClientError),
}

/// How a stream ended.
enum Cut {
    Lost(String),
    Over(Ending),
}

/// An agent's shift.
pub struct Session {
    target: Target,
    state: StateFile,
    sign_in: AgentCommand,
    kept: Option<Kept>,
}

impl Session {
    /// A shift that begins by `sign_in`, or is taken up where `state` holds one.
    pub fn new(target: Target, state: StateFile, sign_in: AgentCommand) -> Self {
        let kept = state.load();
        Self { target, state, sign_in, kept }
    }

    /// Runs until the shift ends or the terminal leaves.
    pub async fn run(mut self, mut commands: Receiver<AgentCommand>, news: Sender<News>) {
        let mut failures = 0;
        // Who begins a shift is told at once that nobody is there; who is in one is brought back.
        let mut begun = self.kept.is_some();
        loop {
            let cut = match self.open().await {
                Ok(stream) => {
                    (failures, begun) = (0, true);
                    // What was asked while nobody could be told is no longer meant.
                    while commands.try_recv().is_ok() {
                        tell(&news, News::Unsent).await;
                    }
                    self.serve(stream, &mut commands, &news).await
                }
                Err(error) if error.is_passing() && begun => Cut::Lost(error.to_string()),
                Err(error) => Cut::Over(Ending::Failed(error)),
            };
            match cut {
                Cut::Over(ending) => return tell(&news, News::Over(ending)).await,
                Cut::Lost(why) => {
                    let retry_in = wait_of(failures, entropy::bytes::<1>()[0]);
                    failures += 1;
                    tell(&news, News::Lost { why, retry_in }).await;
                    wait(retry_in, &mut commands, &news).await;
                }
            }
        }
    }

    /// Opens a stream: takes the shift up where one is kept, and signs in where that is refused.
    async fn open(&mut self) -> Result<AgentStream, ClientError> {
        let client = Client::connect(&self.target).await?;
        if let Some(Kept { resume_token, last_sequence }) = self.kept.clone() {
            let resume = AgentCommand::Resume { token: resume_token, last_sequence };
            match opened(&client, resume).await {
                Err(error) if error.reason() == Some("RESUME_REFUSED") => self.kept = None,
                other => return other,
            }
        }
        opened(&client, self.sign_in.clone()).await
    }

    async fn serve(
        &mut self,
        mut stream: AgentStream,
        commands: &mut Receiver<AgentCommand>,
        news: &Sender<News>,
    ) -> Cut {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    None => return Cut::Over(Ending::Left),
                    Some(command) => {
                        if stream.send(command).await.is_none() {
                            tell(news, News::Unsent).await;
                        }
                    }
                },
                message = stream.next() => match message {
                    Ok(Some(message)) => {
                        if let Some(cut) = self.take(message, news).await {
                            return cut;
                        }
                    }
                    Ok(None) => return Cut::Lost("the server ended the stream".to_owned()),
                    Err(error) if error.is_passing() => return Cut::Lost(error.to_string()),
                    Err(error) if error.reason() == Some("RESUME_REFUSED") => {
                        self.forget(news).await;
                        return Cut::Lost("the former shift is over: signing in anew".to_owned());
                    }
                    Err(error) => return Cut::Over(Ending::Failed(error)),
                },
            }
        }
    }

    async fn take(&mut self, message: AgentMessage, news: &Sender<News>) -> Option<Cut> {
        self.remember(&message, news).await;
        let event = match &message.event {
            AgentEvent::GoAway(why) => Some(*why),
            _ => None,
        };
        tell(news, News::Message(message)).await;
        match event? {
            why @ (GoAwayReason::TakenOver | GoAwayReason::SignedOut | GoAwayReason::ForcedOut) => {
                self.forget(news).await;
                Some(Cut::Over(Ending::GoneAway(why)))
            }
            why @ (GoAwayReason::Lagging | GoAwayReason::ShuttingDown) => {
                Some(Cut::Lost(format!("the server ended the stream: {}", why.as_str())))
            }
        }
    }

    /// Keeps what a restart needs, before anyone acts on the event.
    async fn remember(&mut self, message: &AgentMessage, news: &Sender<News>) {
        if let AgentEvent::Welcome(welcome) = &message.event {
            let seen = self.kept.as_ref().filter(|_| welcome.resumed);
            let last_sequence = seen.map_or(0, |kept| kept.last_sequence);
            let resume_token = welcome.resume_token.clone();
            self.kept = Some(Kept { resume_token, last_sequence });
        } else if message.sequence == 0 {
            return;
        }
        let Some(kept) = &mut self.kept else { return };
        kept.last_sequence = kept.last_sequence.max(message.sequence);
        if let Err(error) = self.state.save(kept) {
            tell(news, News::NotKept(error.to_string())).await;
        }
    }

    async fn forget(&mut self, news: &Sender<News>) {
        self.kept = None;
        if let Err(error) = self.state.forget() {
            tell(news, News::NotKept(error.to_string())).await;
        }
    }
}

async fn opened(client: &Client, first: AgentCommand) -> Result<AgentStream, ClientError> {
    client.agent(first).await
}

/// A terminal that has left hears nothing; the session ends when its commands end.
async fn tell(news: &Sender<News>, it: News) {
    let _ = news.send(it).await;
}

async fn wait(span: Duration, commands: &mut Receiver<AgentCommand>, news: &Sender<News>) {
    let waiting = clock::sleep(span);
    tokio::pin!(waiting);
    loop {
        tokio::select! {
            () = &mut waiting => return,
            command = commands.recv() => match command {
                Some(_) => tell(news, News::Unsent).await,
                None => return,
            },
        }
    }
}

/// How long to wait after so many failures; `dice` spreads those who fail together.
fn wait_of(failures: u32, dice: u8) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << failures.min(16)).min(LONGEST_WAIT);
    longest / 2 + longest / 2 * u32::from(dice) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_bound_and_are_spread() {
        let millis = |failures, dice| wait_of(failures, dice).as_millis();
        assert_eq!((millis(0, 0), millis(0, 255)), (125, 250));
        assert_eq!((millis(3, 0), millis(3, 255)), (1_000, 2_000));
        assert_eq!((millis(u32::MAX, 0), millis(u32::MAX, 255)), (2_500, 5_000));
    }
}
