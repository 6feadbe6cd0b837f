//! The agent's controls as a screen: keys in, frames out. What is drawn is [`super::screen`]'s.

use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::StreamExt as _;
use ratatui::DefaultTerminal;
use timbre_casework::TroubleKind;
use timbre_model::{Civil, MachineVerdict, Slug};
use tokio::signal::unix::{SignalKind, signal};

use super::Line;
use super::classify::Keyed;
use super::clerk::Filed;
use super::complaint::Taking;
use super::desk::{Desk, Wish};
use super::plain::begins;
use super::prompt::{Prompt, Written};
use super::screen::{self, Menu, Over};
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
    /// A line that cannot be read, and why.
    Unread(String),
    Leave,
    Nothing,
}

async fn show(terminal: &mut DefaultTerminal, line: Line) -> anyhow::Result<Ending> {
    let Line { commands, complaints, mut news, ready } = line;
    let (mut desk, mut over, mut taking) = (Desk::default(), None, Taking::default());
    let mut keys = EventStream::new();
    let mut frames = tokio::time::interval(FRAME);
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        terminal.draw(|frame| {
            let now = clock::civil();
            screen::draw(frame, &desk, over.as_ref(), now);
            if let Some(form) = taking.shown() {
                form.draw(frame, desk.server_time(now));
            }
        })?;
        tokio::select! {
            _ = terminate.recv() => return Ok(Ending::Left),
            _ = frames.tick() => {}
            told = news.recv() => match told {
                None => return Ok(Ending::Left),
                Some(News::Over(ending)) => return Ok(ending),
                Some(told) => {
                    desk.take(&told, clock::civil());
                    taking.take_in(&told);
                    if let Some(Over::Classify(it)) = &mut over && it.take_in(&told) {
                        over = None;
                    }
                    if ready && begins(&told) {
                        commands.send(AgentCommand::SetReady).await?;
                    }
                }
            },
            key = keys.next() => {
                let Some(key) = key.transpose()? else { return Ok(Ending::Left) };
                let Event::Key(key) = key else { continue };
                match complain(key, &desk, over.is_some(), &mut taking) {
                    Complaining::Not => {}
                    Complaining::On => continue,
                    Complaining::Said(filed) => {
                        complaints.send(*filed).await?;
                        continue;
                    }
                }
                match press(key, &desk, &mut over, desk.server_time(clock::civil())) {
                    Pressed::Nothing => {}
                    Pressed::Unread(why) => desk.say(clock::civil(), why),
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

/// What a key has to do with the complaint that is being taken.
enum Complaining {
    Not,
    On,
    Said(Box<Filed>),
}

/// `g` opens the form of a complaint; while it is open, the keys are its own.
fn complain(key: KeyEvent, desk: &Desk, covered: bool, taking: &mut Taking) -> Complaining {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if key.kind == KeyEventKind::Release || control {
        return Complaining::Not;
    }
    let now = clock::civil();
    match taking.press(key.code, desk.server_time(now)) {
        Some(Some(filed)) => Complaining::Said(filed),
        Some(None) => Complaining::On,
        None if key.code == KeyCode::Char('g') && !covered => {
            taking.open(|| desk.complaint(now));
            Complaining::On
        }
        None => Complaining::Not,
    }
}

/// `now` is the server's.
fn press(key: KeyEvent, desk: &Desk, over: &mut Option<Over>, now: Civil) -> Pressed {
    if key.kind == KeyEventKind::Release {
        return Pressed::Nothing;
    }
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return Pressed::Leave;
    }
    match over {
        Some(Over::Menu(menu)) => match choose(key.code, menu) {
            None => Pressed::Nothing,
            Some(chosen) => {
                let wish = chosen.map(|it| menu.wish(it));
                *over = None;
                wish.map_or(Pressed::Nothing, Pressed::Wish)
            }
        },
        Some(Over::Prompt(prompt)) => match prompt.press(key.code, now) {
            Written::Open => Pressed::Nothing,
            Written::Dropped => {
                *over = None;
                Pressed::Nothing
            }
            Written::Said(Ok(wish)) => {
                *over = None;
                Pressed::Wish(wish)
            }
            // What was written stays, to be put right.
            Written::Said(Err(why)) => Pressed::Unread(why),
        },
        Some(Over::Classify(classify)) => match classify.press(key.code) {
            Keyed::Open => Pressed::Nothing,
            Keyed::Dropped => {
                *over = None;
                Pressed::Nothing
            }
            Keyed::Said(wish) => Pressed::Wish(wish),
        },
        None => plain_key(key.code, desk, over),
    }
}

/// A key with nothing over the screen.
fn plain_key(key: KeyCode, desk: &Desk, over: &mut Option<Over>) -> Pressed {
    let opened = match key {
        KeyCode::Char('n') => Over::Menu(Menu::pauses(&desk.pauses)),
        KeyCode::Char('d') => match desk.classify() {
            Some(classify) => Over::Classify(classify),
            None => return Pressed::Unread("there is no call to classify".to_owned()),
        },
        KeyCode::Char('t') => Over::Prompt(Prompt::dial()),
        KeyCode::Char('c') => Over::Prompt(Prompt::callback()),
        KeyCode::Char('b') => Over::Prompt(Prompt::do_not_call()),
        KeyCode::Char('i') => Over::Prompt(Prompt::answer()),
        KeyCode::Char('l') => Over::Menu(Menu::trouble()),
        other => return wish_of(other).map_or(Pressed::Nothing, Pressed::Wish),
    };
    *over = Some(opened);
    Pressed::Nothing
}

fn wish_of(key: KeyCode) -> Option<Wish> {
    Some(match key {
        KeyCode::Char('r') => Wish::Ready,
        KeyCode::Char('a') | KeyCode::Enter => Wish::Accept,
        KeyCode::Char('x') => Wish::Reject,
        KeyCode::Char('h') => Wish::ToggleHold,
        KeyCode::Char('e') => Wish::HangUp,
        KeyCode::Char('w') => Wish::Extend,
        KeyCode::Char('m') => Wish::Machine(MachineVerdict::Machine),
        KeyCode::Char('y') => Wish::DialCallback(None),
        KeyCode::Char('q') => Wish::SignOut,
        // One key for each kind of trouble: nobody looks for a menu while a customer cannot be heard.
        KeyCode::F(number) => Wish::Trouble(trouble(number)?),
        _ => return None,
    })
}

/// `F1` is the first kind of line trouble.
fn trouble(number: u8) -> Option<TroubleKind> {
    TroubleKind::ALL.get(usize::from(number).checked_sub(1)?).copied()
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
        let mut over = None;
        let mut last = Pressed::Nothing;
        for key in keys {
            last = press(KeyEvent::from(*key), &desk, &mut over, Civil::from_micros(0));
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
        assert_eq!(type_keys(&[KeyCode::F(2)]), Pressed::Wish(Wish::Trouble(TroubleKind::Echo)));
        assert_eq!(type_keys(&[KeyCode::F(9)]), Pressed::Nothing);
        let dropouts = Pressed::Wish(Wish::Trouble(TroubleKind::Dropouts));
        assert_eq!(type_keys(&[Char('l'), Char('3')]), dropouts);
        assert_eq!(type_keys(&[Char('y')]), Pressed::Wish(Wish::DialCallback(None)));
        assert!(matches!(type_keys(&[Char('d')]), Pressed::Unread(_)), "there is no call");
    }

    #[test]
    fn lines_are_written_letter_by_letter_and_stay_until_they_can_be_read() {
        use KeyCode::{Backspace, Char, Enter, Esc};
        let typed = |key: char, text: &str, more: &[KeyCode]| {
            let letters = text.chars().map(Char);
            let keys: Vec<_> =
                [Char(key)].into_iter().chain(letters).chain(more.to_vec()).collect();
            type_keys(&keys)
        };
        let two_hours = Civil::from_micros(7_200_000_000);
        let again = Wish::Callback { at: two_hours, personal: true };
        assert_eq!(typed('c', "mine 2h", &[Enter]), Pressed::Wish(again));
        assert_eq!(typed('c', "2h", &[Esc, Char('x')]), Pressed::Wish(Wish::Reject));
        assert!(matches!(typed('t', "spring", &[Enter]), Pressed::Unread(_)));
        let put_right = typed('t', "springg", &[Enter, Backspace, Char(' '), Char('7'), Enter]);
        assert!(matches!(put_right, Pressed::Wish(Wish::Dial { .. })), "{put_right:?}");
        assert!(matches!(typed('b', "", &[Enter]), Pressed::Wish(Wish::DoNotCall { .. })));
    }

    #[test]
    fn control_c_leaves_whatever_is_open() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        for over in [Over::Menu(Menu::pauses(&[])), Over::Prompt(Prompt::callback())] {
            let pressed = press(key, &Desk::default(), &mut Some(over), Civil::from_micros(0));
            assert_eq!(pressed, Pressed::Leave);
        }
    }
}
