//! The agent's controls as lines, for scripts and tests.

use std::io::Write as _;

use timbre_model::Slug;
use tokio::sync::mpsc;

use super::desk::{Desk, Wish};
use super::session::{Ending, News};
use super::{Line, tell};
use crate::api::wire::agent::{AgentCommand, AgentEvent};
use crate::cli::words::time_of_day;
use crate::driver::clock;

const HELP: &str = "help commands: ready | notready PAUSE | accept | reject | hold | unhold | hangup | extend | \
                    dispose CODE | signout | status | quit (leaves the shift as it is)";

/// What a line of input asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Wish(Wish),
    Status,
    Help,
    Quit,
    Nothing,
}

fn read(line: &str) -> Result<Asked, String> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let slug = |what: &str| match rest.trim() {
        "" => Err(format!("{word} needs a {what}")),
        text => Slug::parse(text).map_err(|it| it.to_string()),
    };
    Ok(match word {
        "ready" => Asked::Wish(Wish::Ready),
        "notready" => Asked::Wish(Wish::NotReady(slug("pause")?)),
        "accept" => Asked::Wish(Wish::Accept),
        "reject" => Asked::Wish(Wish::Reject),
        "hold" => Asked::Wish(Wish::Hold),
        "unhold" => Asked::Wish(Wish::Unhold),
        "hangup" => Asked::Wish(Wish::HangUp),
        "extend" => Asked::Wish(Wish::Extend),
        "dispose" => Asked::Wish(Wish::Dispose(slug("disposition")?)),
        "signout" => Asked::Wish(Wish::SignOut),
        "status" => Asked::Status,
        "help" => Asked::Help,
        "quit" => Asked::Quit,
        "" => Asked::Nothing,
        other => return Err(format!("{other:?} is no command: `help` lists them")),
    })
}

/// Runs until the shift ends or `quit`. The end of input does not end it.
pub(super) async fn run(line: Line) -> anyhow::Result<Ending> {
    let Line { commands, mut news, ready } = line;
    let mut input = lines();
    let mut desk = Desk::default();
    loop {
        tokio::select! {
            told = news.recv() => match told {
                None => return Ok(Ending::Left),
                Some(News::Over(ending)) => return Ok(ending),
                Some(told) => {
                    desk.take(&told, clock::civil());
                    print(tell::news(&told))?;
                    if ready && begins(&told) {
                        commands.send(AgentCommand::SetReady).await?;
                    }
                }
            },
            Some(text) = input.recv() => match read(&text) {
                Ok(Asked::Quit) => return Ok(Ending::Left),
                Ok(Asked::Nothing) => {}
                Ok(Asked::Help) => print(Some(HELP.to_owned()))?,
                Ok(Asked::Status) => print(desk.view.as_ref().map(tell::status))?,
                Ok(Asked::Wish(wish)) => match desk.command(wish) {
                    Ok(command) => commands.send(command).await?,
                    Err(why) => print(Some(format!("refused {why}")))?,
                },
                Err(why) => print(Some(format!("refused {why}")))?,
            },
        }
    }
}

/// The shift begins with this.
pub(super) fn begins(news: &News) -> bool {
    match news {
        News::Message(message) => match &message.event {
            AgentEvent::Welcome(welcome) => !welcome.resumed,
            _ => false,
        },
        _ => false,
    }
}

/// Standard input, line by line, from a thread of its own: reading a terminal cannot be cancelled.
fn lines() -> mpsc::Receiver<String> {
    let (tell, told) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    told
}

fn print(line: Option<String>) -> std::io::Result<()> {
    let Some(line) = line else { return Ok(()) };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} {line}", time_of_day(clock::civil()))?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_wishes() {
        let slug = |text| Slug::parse(text).expect("a slug");
        assert_eq!(read(" ready "), Ok(Asked::Wish(Wish::Ready)));
        assert_eq!(read("notready comida"), Ok(Asked::Wish(Wish::NotReady(slug("comida")))));
        assert_eq!(read("dispose venta"), Ok(Asked::Wish(Wish::Dispose(slug("venta")))));
        assert_eq!(read(""), Ok(Asked::Nothing));
        for bad in ["dispose", "notready Mal", "salta"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
