//! The agent's controls as lines, for scripts and tests.

use std::io::Write as _;

use timbre_casework::{CallbackId, MessageId, TroubleKind};
use timbre_model::{CampaignId, Civil, MachineVerdict, Slug};
use tokio::sync::mpsc;

use super::desk::{Desk, Wish};
use super::session::{Ending, News};
use super::{Line, tell};
use crate::api::wire::agent::{AgentCommand, AgentEvent, BarScope};
use crate::cli::words::{read_moment, read_span, time_of_day};
use crate::driver::clock;

const HELP: &str = "help commands: ready | notready PAUSE | accept | reject | hold | unhold | hangup | extend | \
                    dispose CODE [FIELD=TEXT; FIELD=TEXT …] | dial CAMPAIGN NUMBER | callback [mine] WHEN (2026-11-21T09:00:00Z, or in: 2h) | \
                    donotcall [tenant|client|campaign] [NOTE] | machine | person | trouble KIND (noise, echo, dropouts, one_way, delay) | \
                    complain NAME: STATEMENT | dialback [CALLBACK] | answer [MESSAGE] TEXT | signout | status | quit (leaves the \
                    shift as it is)";

/// What a line of input asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Wish(Wish),
    /// A complaint in the present call.
    Complain {
        name: String,
        statement: String,
    },
    Status,
    Help,
    Quit,
    Nothing,
}

/// `now` is the server's.
fn read(line: &str, now: Civil) -> Result<Asked, String> {
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
        "dispose" => Asked::Wish(read_dispose(rest)?),
        "dial" => Asked::Wish(read_dial(rest)?),
        "callback" => Asked::Wish(read_callback(rest, now)?),
        "donotcall" => Asked::Wish(read_do_not_call(rest)),
        "machine" => Asked::Wish(Wish::Machine(MachineVerdict::Machine)),
        "person" => Asked::Wish(Wish::Machine(MachineVerdict::Person)),
        "trouble" => Asked::Wish(read_trouble(rest)?),
        "dialback" => Asked::Wish(read_dialback(rest)?),
        "answer" => Asked::Wish(read_answer(rest)),
        "complain" => read_complaint(rest)?,
        "signout" => Asked::Wish(Wish::SignOut),
        "status" => Asked::Status,
        "help" => Asked::Help,
        "quit" => Asked::Quit,
        "" => Asked::Nothing,
        other => return Err(format!("{other:?} is no command: `help` lists them")),
    })
}

/// Reads `NAME: STATEMENT`.
fn read_complaint(text: &str) -> Result<Asked, String> {
    let (name, statement) = text.split_once(':').ok_or("write complain NAME: STATEMENT")?;
    let (name, statement) = (name.trim().to_owned(), statement.trim().to_owned());
    Ok(Asked::Complain { name, statement })
}

/// Reads `CODE [FIELD=TEXT; FIELD=TEXT …]`.
fn read_dispose(text: &str) -> Result<Wish, String> {
    let (code, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if code.is_empty() {
        return Err("dispose needs a disposition".to_owned());
    }
    let field = |it: &str| {
        let (id, text) = it.split_once('=').ok_or_else(|| format!("{it:?}: write FIELD=TEXT"))?;
        Ok((id.trim().to_owned(), text.trim().to_owned()))
    };
    let written = rest.split(';').map(str::trim).filter(|it| !it.is_empty());
    Ok(Wish::Dispose {
        code: Slug::parse(code).map_err(|it| it.to_string())?,
        fields: written.map(field).collect::<Result<_, String>>()?,
    })
}

/// Reads `CAMPAIGN NUMBER`; the number may hold blanks.
pub(super) fn read_dial(text: &str) -> Result<Wish, String> {
    let (campaign, number) =
        text.trim().split_once(' ').ok_or("dial needs a campaign and a number")?;
    let campaign = CampaignId::parse(campaign).map_err(|it| it.to_string())?;
    Ok(Wish::Dial { campaign, number: number.trim().to_owned() })
}

/// Reads `[mine] WHEN`, where WHEN is a moment or how long from `now`.
pub(super) fn read_callback(text: &str, now: Civil) -> Result<Wish, String> {
    let text = text.trim();
    let (personal, when) = match text.strip_prefix("mine") {
        Some(rest) => (true, rest.trim()),
        None => (false, text),
    };
    let when = when.strip_prefix("in ").unwrap_or(when);
    let at = match read_span(when) {
        Ok(span) => now + span,
        Err(_) => read_moment(when, now)?,
    };
    Ok(Wish::Callback { at, personal })
}

/// Reads a kind of line trouble.
fn read_trouble(text: &str) -> Result<Wish, String> {
    let words = || TroubleKind::ALL.iter().map(|it| it.as_str()).collect::<Vec<_>>().join(", ");
    let kind = TroubleKind::parse(text.trim());
    kind.map(Wish::Trouble).ok_or_else(|| format!("trouble needs one of {}", words()))
}

/// Reads `[CALLBACK]`.
fn read_dialback(text: &str) -> Result<Wish, String> {
    if text.trim().is_empty() {
        return Ok(Wish::DialCallback(None));
    }
    let id = CallbackId::parse(text.trim());
    let remedy = "give the callback's id: 32 hexadecimal digits, as `timbre agenda` shows it";
    id.map(|it| Wish::DialCallback(Some(it))).ok_or_else(|| remedy.to_owned())
}

/// Reads `[MESSAGE] TEXT`.
pub(super) fn read_answer(text: &str) -> Wish {
    let (first, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    match MessageId::parse(first) {
        Some(id) => Wish::Answer { message: Some(id), text: rest.trim().to_owned() },
        None => Wish::Answer { message: None, text: text.trim().to_owned() },
    }
}

/// Reads `[SCOPE] [NOTE]`.
pub(super) fn read_do_not_call(text: &str) -> Wish {
    let (first, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    match BarScope::parse(first) {
        Some(scope) => Wish::DoNotCall { scope, note: rest.trim().to_owned() },
        None => Wish::DoNotCall { scope: BarScope::Tenant, note: text.trim().to_owned() },
    }
}

/// Runs until the shift ends or `quit`. The end of input does not end it.
pub(super) async fn run(line: Line) -> anyhow::Result<Ending> {
    let Line { commands, complaints, mut news, ready } = line;
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
            Some(text) = input.recv() => match read(&text, desk.server_time(clock::civil())) {
                Ok(Asked::Quit) => return Ok(Ending::Left),
                Ok(Asked::Nothing) => {}
                Ok(Asked::Help) => print(Some(HELP.to_owned()))?,
                Ok(Asked::Status) => print(desk.view.as_ref().map(tell::status))?,
                Ok(Asked::Complain { name, statement }) => {
                    let form = desk.complaint(clock::civil());
                    complaints.send(form.told(&name, &statement)).await?;
                }
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
        let now = Civil::from_micros(0);
        let read = |line: &str| read(line, now);
        let slug = |text| Slug::parse(text).expect("a slug");
        assert_eq!(read(" ready "), Ok(Asked::Wish(Wish::Ready)));
        assert_eq!(read("notready comida"), Ok(Asked::Wish(Wish::NotReady(slug("comida")))));
        let venta = |fields: &[(&str, &str)]| {
            let fields = fields.iter().map(|(id, it)| ((*id).to_owned(), (*it).to_owned()));
            Ok(Asked::Wish(Wish::Dispose { code: slug("venta"), fields: fields.collect() }))
        };
        assert_eq!(read("dispose venta"), venta(&[]));
        let fields = [("product", "fibra 1 Gb"), ("how", "card")];
        assert_eq!(read("dispose venta product=fibra 1 Gb; how=card"), venta(&fields));
        assert!(read("dispose venta fibra").is_err());
        assert_eq!(read(""), Ok(Asked::Nothing));
        let campaign = CampaignId::parse("luz").expect("an id");
        let number = "600 00 00 01".to_owned();
        assert_eq!(read("dial luz 600 00 00 01"), Ok(Asked::Wish(Wish::Dial { campaign, number })));
        let at = Civil::from_micros(7_200_000_000);
        let promised = |personal| Ok(Asked::Wish(Wish::Callback { at, personal }));
        assert_eq!(read("callback 2h"), promised(false));
        assert_eq!(read("callback mine 1970-01-01T02:00:00Z"), promised(true));
        let bar =
            |scope, note: &str| Ok(Asked::Wish(Wish::DoNotCall { scope, note: note.to_owned() }));
        assert_eq!(read("donotcall"), bar(BarScope::Tenant, ""));
        assert_eq!(read("donotcall client no more"), bar(BarScope::Client, "no more"));
        assert_eq!(read("donotcall angry"), bar(BarScope::Tenant, "angry"));
        assert_eq!(read("trouble one_way"), Ok(Asked::Wish(Wish::Trouble(TroubleKind::OneWay))));
        assert_eq!(read("dialback"), Ok(Asked::Wish(Wish::DialCallback(None))));
        let id = CallbackId::from_u128(7);
        assert_eq!(read(&format!("dialback {id}")), Ok(Asked::Wish(Wish::DialCallback(Some(id)))));
        let answer =
            |message, text: &str| Ok(Asked::Wish(Wish::Answer { message, text: text.to_owned() }));
        assert_eq!(read("answer called him"), answer(None, "called him"));
        let message = MessageId::from_u128(8);
        assert_eq!(read(&format!("answer {message} done")), answer(Some(message), "done"));
        for bad in [
            "trouble",
            "trouble loud",
            "dialback 7",
            "dispose",
            "notready Mal",
            "salta",
            "dial luz",
            "callback",
            "callback mine soon",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
