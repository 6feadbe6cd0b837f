//! The agent's controls as a screen: keys in, frames out. What is drawn is [`super::screen`]'s.

use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::StreamExt as _;
use ratatui::DefaultTerminal;
use timbre_model::Slug;
use tokio::signal::unix::{SignalKind, signal};

use super::Line;
use super::desk::{Desk, Wish};
use super::plain::begins;
use super::screen::{self, Menu};
use super::session::{Ending, News};
use crate::api::wire::agent::AgentCommand;
use crate::driver::clock;

/// How often clocks on the screen move.
const FRAME: Duration = Duration::from_millis(250);

/// Runs until the shift ends or the user leaves.
pub(super) async fn run(line: Line) -> anyhow::Result<Ending> {
    let mut terminal = ratatui::try_init()?;
    let ending = show(&mut terminal, line).await;
    ratatui::restore();
    ending
}

/// What a key asks for.
#[derive(Debug, PartialEq, Eq)]
enum Pressed {
    Wish(Wish),
    Leave,
    Nothing,
}

async fn show(terminal: &mut DefaultTerminal, line: Line) -> anyhow::Result<Ending> {
    let Line { commands, mut news, ready } = line;
    let (mut desk, mut menu) = (Desk::default(), None);
    let mut keys = EventStream::new();
    let mut frames = tokio::time::interval(FRAME);
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        terminal.draw(|frame| screen::draw(frame, &desk, menu.as_ref(), clock::civil()))?;
        tokio::select! {
            _ = terminate.recv() => return Ok(Ending::Left),
            _ = frames.tick() => {}
            told = news.recv() => match told {
                None => return Ok(Ending::Left),
                Some(News::Over(ending)) => return Ok(ending),
                Some(told) => {
                    desk.take(&told, clock::civil());
                    if ready && begins(&told) {
                        commands.send(AgentCommand::SetReady).await?;
                    }
                }
            },
            key = keys.next() => {
                let Some(key) = key.transpose()? else { return Ok(Ending::Left) };
                let Event::Key(key) = key else { continue };
                match press(key, &desk, &mut menu) {
                    Pressed::Nothing => {}
                    Pressed::Leave => return Ok(Ending::Left),
                    Pressed::Wish(wish) => match desk.command(wish) {
                        Ok(command) => commands.send(command).await?,
                        Err(why) => desk.say(clock::civil(), why),
                    },
                }
            }
        }
    }
}

fn press(key: KeyEvent, desk: &Desk, menu: &mut Option<Menu>) -> Pressed {
    if key.kind == KeyEventKind::Release {
        return Pressed::Nothing;
    }
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return Pressed::Leave;
    }
    if let Some(open) = menu {
        return choose(key.code, open).map_or(Pressed::Nothing, |chosen| {
            let wish = chosen.map(|it| menu.take().map(|menu| menu.wish(it)));
            *menu = None;
            wish.flatten().map_or(Pressed::Nothing, Pressed::Wish)
        });
    }
    let wish = match key.code {
        KeyCode::Char('r') => Wish::Ready,
        KeyCode::Char('a') | KeyCode::Enter => Wish::Accept,
        KeyCode::Char('x') => Wish::Reject,
        KeyCode::Char('h') => Wish::ToggleHold,
        KeyCode::Char('e') => Wish::HangUp,
        KeyCode::Char('w') => Wish::Extend,
        KeyCode::Char('q') => Wish::SignOut,
        KeyCode::Char('n') => {
            *menu = Some(Menu::pauses(&desk.pauses));
            return Pressed::Nothing;
        }
        KeyCode::Char('d') => {
            *menu = Some(Menu::dispositions(&desk.dispositions));
            return Pressed::Nothing;
        }
        _ => return Pressed::Nothing,
    };
    Pressed::Wish(wish)
}

/// `None`: the menu stays open. `Some(None)`: it closes, nothing being chosen.
fn choose(key: KeyCode, menu: &mut Menu) -> Option<Option<Slug>> {
    match key {
        KeyCode::Esc | KeyCode::Char('q') => Some(None),
        KeyCode::Up | KeyCode::Char('k') => {
            menu.up();
            None
        }
        KeyCode::Down | KeyCode::Char('j') => {
            menu.down();
            None
        }
        KeyCode::Enter => Some(menu.chosen()),
        KeyCode::Char(digit) => {
            let at = usize::try_from(digit.to_digit(10)?).ok()?.checked_sub(1)?;
            menu.at(at).map(Some)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::parse(text).expect("a slug")
    }

    fn type_keys(keys: &[KeyCode]) -> Pressed {
        let mut desk = Desk::default();
        desk.pauses = vec![slug("comida"), slug("descanso")];
        desk.dispositions = vec![slug("venta")];
        let mut menu = None;
        let mut last = Pressed::Nothing;
        for key in keys {
            last = press(KeyEvent::from(*key), &desk, &mut menu);
        }
        last
    }

    #[test]
    fn keys_become_wishes_and_menus_close_when_chosen() {
        use KeyCode::{Char, Down, Enter, Esc};
        assert_eq!(type_keys(&[Char('r')]), Pressed::Wish(Wish::Ready));
        assert_eq!(type_keys(&[Enter]), Pressed::Wish(Wish::Accept));
        let descanso = || Pressed::Wish(Wish::NotReady(slug("descanso")));
        assert_eq!(type_keys(&[Char('n'), Char('2')]), descanso());
        assert_eq!(type_keys(&[Char('n'), Down, Enter]), descanso());
        assert_eq!(type_keys(&[Char('n'), Char('9')]), Pressed::Nothing);
        assert_eq!(type_keys(&[Char('n'), Esc, Char('x')]), Pressed::Wish(Wish::Reject));
        let venta = Pressed::Wish(Wish::Dispose(slug("venta")));
        assert_eq!(type_keys(&[Char('d'), Down, Down, Enter]), venta);
    }

    #[test]
    fn control_c_leaves_whatever_is_open() {
        let mut menu = Some(Menu::pauses(&[]));
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(press(key, &Desk::default(), &mut menu), Pressed::Leave);
    }
}
