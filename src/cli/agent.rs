//! `timbre agent`: the controls of a softphone, in the terminal.

mod card;
mod classify;
mod clerk;
mod complaint;
mod desk;
mod plain;
mod prompt;
mod screen;
mod session;
mod state_file;
mod tell;
mod terminal;

pub use screen::{colour, state_words};

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::access::Access;
use super::out;
use crate::api::wire::agent::AgentCommand;
use session::{Ending, News, Session};
use state_file::StateFile;

/// Commands and news that may be under way between the terminal and the session.
const UNDER_WAY_MAX: usize = 256;

/// Work as an agent. The token says which. A shift that is cut off, even by kill -9, is taken up again by starting the
/// command anew: the call is still there.
#[derive(Debug, Args)]
pub struct Agent {
    /// Accept offers at once
    #[arg(long)]
    auto_accept: bool,

    /// End the agent's stream elsewhere, if there is one
    #[arg(long)]
    take_over: bool,

    /// Be ready as soon as the shift begins
    #[arg(long)]
    ready: bool,

    /// Lines instead of a screen: one printed for each event, commands read from standard input (`help` lists them)
    #[arg(long)]
    plain: bool,

    /// Where to keep what takes the shift up again; by default below $XDG_STATE_HOME or ~/.local/state
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// The terminal's ends of a session.
struct Line {
    commands: mpsc::Sender<AgentCommand>,
    complaints: mpsc::Sender<clerk::Filed>,
    news: mpsc::Receiver<News>,
    ready: bool,
}

impl Agent {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        let Self { auto_accept, take_over, ready, plain, state } = self;
        let target = access.target()?;
        let state = match state {
            Some(file) => StateFile::at(file, &target.server),
            None => StateFile::of_token(&target.token, &target.server)?,
        };
        let (commands, to_session) = mpsc::channel(UNDER_WAY_MAX);
        let (from_session, news) = mpsc::channel(UNDER_WAY_MAX);
        let (complaints, filed) = mpsc::channel(UNDER_WAY_MAX);
        let clerk = clerk::run(target.clone(), filed, from_session.clone());
        let _clerk = AbortOnDropHandle::new(tokio::spawn(clerk));
        let session = Session::new(target, state, AgentCommand::SignIn { auto_accept, take_over });
        let _session = AbortOnDropHandle::new(tokio::spawn(session.run(to_session, from_session)));
        let line = Line { commands, complaints, news, ready };
        let ending = if plain { plain::run(line).await? } else { terminal::run(line).await? };
        match ending {
            Ending::Left => {
                out::print(format_args!("left; the shift can be taken up again within a minute\n"))
            }
            Ending::GoneAway(why) => {
                out::print(format_args!("the shift is over: {}\n", why.as_str()))
            }
            Ending::Failed(error) if error.reason() == Some("SIGNED_IN_ELSEWHERE") => {
                bail!("{error}\nto end that stream, start with --take-over")
            }
            Ending::Failed(error) => return Err(error.into()),
        }
        Ok(())
    }
}
