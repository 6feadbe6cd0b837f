//! Taking a complaint while it is told: a form with the steps of the checklist and the time since it began.
//!
//! What was written stays until the server has acknowledged it: also while the form is put away, and over a lost server.

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Stylize as _;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};
use timbre_casework::case::{Amendment, StepText, checklist};
use timbre_casework::{CaseKind, Cause, Channel, StepDone};
use timbre_model::{CallId, Civil};

use super::clerk::Filed;
use super::session::News;
use crate::api::wire::case::TakenDown;
use crate::cli::words::clock;

/// Longest text of a field.
const TEXT_MAX: usize = 2_000;

/// What is written, in the order of the fields.
const FIELDS: [&str; 5] =
    ["Name", "What they say", "What they ask for", "Receipt to (mail)", "Cause"];
const NAME: usize = 0;
const STATEMENT: usize = 1;
const CAUSE: usize = 4;

/// A complaint being taken.
#[derive(Debug)]
pub struct Complaint {
    call: Option<CallId>,
    /// When it began, by the server's clock.
    since: Civil,
    texts: [String; CAUSE],
    /// Among [`Cause::ALL`].
    cause: Option<usize>,
    here: usize,
    steps: Vec<StepDone>,
    request_id: String,
    /// Which word of the checklist's texts: 0 English, 1 Spanish.
    language: usize,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Writing,
    /// Sent and not acknowledged yet.
    Sent,
    /// Refused, and why.
    Refused(String),
}

/// What a key came to.
#[derive(Debug, PartialEq)]
pub enum Keyed {
    /// It goes on.
    Open,
    /// It is put away; what was written stays.
    PutAway,
    /// It is to be filed; it stays until that is acknowledged.
    Said(Box<Filed>),
}

impl Complaint {
    /// Begins to take a complaint, at `since` on the server's clock, of somebody of that name.
    pub fn begin(
        call: Option<CallId>,
        since: Civil,
        name: String,
        request_id: String,
        spanish: bool,
    ) -> Self {
        let here = if name.is_empty() { NAME } else { STATEMENT };
        let texts = [name, String::new(), String::new(), String::new()];
        let (cause, steps, language) = (None, Vec::new(), usize::from(spanish));
        Self { call, since, texts, cause, here, steps, request_id, language, state: State::Writing }
    }

    /// Takes a key, at `now` on the server's clock.
    pub fn press(&mut self, key: KeyCode, now: Civil) -> Keyed {
        match key {
            KeyCode::Esc => return Keyed::PutAway,
            _ if self.state == State::Sent => {}
            KeyCode::F(10) => return self.say(now),
            KeyCode::Enter if self.here == CAUSE => return self.say(now),
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => self.here = (self.here + 1).min(CAUSE),
            KeyCode::BackTab | KeyCode::Up => self.here = self.here.saturating_sub(1),
            KeyCode::PageDown => self.step(now),
            KeyCode::PageUp => drop(self.steps.pop()),
            KeyCode::Right if self.here == CAUSE => self.turn(1),
            KeyCode::Left if self.here == CAUSE => self.turn(Cause::ALL.len()),
            KeyCode::Backspace if self.here < CAUSE => drop(self.texts[self.here].pop()),
            KeyCode::Char(letter) if self.here < CAUSE => {
                let text = &mut self.texts[self.here];
                if text.chars().count() < TEXT_MAX {
                    text.push(letter);
                }
            }
            _ => {}
        }
        Keyed::Open
    }

    /// The next cause, or with one less than all of them and none, the one before.
    fn turn(&mut self, by: usize) {
        // One more than there are causes: none is one of the choices.
        let count = Cause::ALL.len() + 1;
        let next = (self.cause.map_or(0, |it| it + 1) + by) % count;
        self.cause = next.checked_sub(1);
    }

    /// The present step of the checklist is done.
    fn step(&mut self, now: Civil) {
        let Some(next) = checklist().get(self.steps.len()) else { return };
        let after_ms = u64::try_from(now.since(self.since).as_millis()).unwrap_or(u64::MAX);
        self.steps.push(StepDone { step: next.step, after_ms });
    }

    fn say(&mut self, _now: Civil) -> Keyed {
        for (field, remedy) in [(NAME, "ask their name"), (STATEMENT, "write what they say")] {
            if self.texts[field].trim().is_empty() {
                self.here = field;
                self.state = State::Refused(remedy.to_owned());
                return Keyed::Open;
            }
        }
        self.state = State::Sent;
        Keyed::Said(Box::new(self.filed()))
    }

    fn filed(&self) -> Filed {
        let [name, statement, remedy, receipt] = self.texts.each_ref().map(|it| it.trim());
        let given = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
        let cause = self.cause.and_then(|it| Cause::ALL.get(it)).copied();
        let more = Amendment {
            remedy_sought: given(remedy),
            mail: given(receipt),
            cause,
            ..Amendment::default()
        };
        let taken = TakenDown {
            client: None,
            kind: CaseKind::Complaint,
            channel: Channel::Phone,
            received_at: None,
            call: self.call,
            customer_name: name.to_owned(),
            statement: statement.to_owned(),
            more,
            checklist: self.steps.clone(),
        };
        Filed { request_id: self.request_id.clone(), taken, receipt: receipt.to_owned() }
    }

    /// The same in one line: who complains, and of what.
    pub fn told(mut self, name: &str, statement: &str) -> Filed {
        (self.texts[NAME], self.texts[STATEMENT]) = (name.to_owned(), statement.to_owned());
        self.filed()
    }

    /// Takes in news. `true`: it was acknowledged, and is no longer needed.
    pub fn take_in(&mut self, news: &News) -> bool {
        match news {
            News::CaseTaken(_) => return self.state == State::Sent,
            News::CaseRefused(why) if self.state == State::Sent => {
                self.state = State::Refused(why.clone());
            }
            _ => {}
        }
        false
    }

    /// Draws it over the screen, at `now` on the server's clock.
    pub fn draw(&self, frame: &mut Frame<'_>, now: Civil) {
        let area = frame.area();
        let (width, height) = (area.width.min(100), area.height.min(20));
        let middle = Rect {
            x: area.width.saturating_sub(width) / 2,
            y: area.height.saturating_sub(height) / 2,
            width,
            height,
        };
        let title = format!(" Complaint · {} ", clock(now.since(self.since)));
        let block = Block::bordered().title(title).title_bottom(self.keys());
        let [steps, form] = Layout::horizontal([Constraint::Length(30), Constraint::Min(20)])
            .areas(block.inner(middle));
        frame.render_widget(Clear, middle);
        frame.render_widget(block, middle);
        frame.render_widget(Paragraph::new(self.step_lines()).wrap(Wrap { trim: true }), steps);
        frame.render_widget(Paragraph::new(self.form_lines()).wrap(Wrap { trim: false }), form);
    }

    fn keys(&self) -> &'static str {
        match self.state {
            State::Sent => " waiting for the server to acknowledge it  Esc put away ",
            State::Writing | State::Refused(_) => {
                " Enter next  PgDn step done  F10 send  Esc put away (stays) "
            }
        }
    }

    fn step_lines(&self) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for (at, StepText { name, hint, .. }) in checklist().iter().enumerate() {
            let name = name[self.language];
            match self.steps.get(at) {
                Some(done) => {
                    let after = std::time::Duration::from_millis(done.after_ms);
                    lines.push(Line::from(format!("✓ {name} {}", clock(after))).green());
                }
                None if at == self.steps.len() => {
                    lines.push(Line::from(format!("▸ {name}")).bold());
                    lines.push(Line::from(hint[self.language]).dark_gray());
                }
                None => lines.push(Line::from(format!("  {name}"))),
            }
        }
        lines
    }

    fn form_lines(&self) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        for (at, label) in FIELDS.iter().enumerate() {
            let (here, label) = (at == self.here, format!("{label}:"));
            lines.push(if here { Line::from(label).bold().yellow() } else { Line::from(label) });
            let text = match self.texts.get(at) {
                Some(text) => text.clone(),
                None => self.cause_words(),
            };
            lines.push(Line::from(format!("  {text}{}", if here { "▏" } else { "" })));
        }
        if let State::Refused(why) = &self.state {
            lines.push(Line::from(why.clone()).red().bold());
        }
        lines
    }

    fn cause_words(&self) -> String {
        let cause = self.cause.and_then(|it| Cause::ALL.get(it));
        cause.map_or_else(|| "◂ not said ▸".to_owned(), |it| format!("◂ {it} ▸"))
    }
}

/// The form and whether it lies over the screen.
#[derive(Debug, Default)]
pub struct Taking {
    /// What is written, also while it is put away.
    pub form: Option<Complaint>,
    /// It lies over the screen.
    pub open: bool,
}

impl Taking {
    /// Opens what was put away, or a new one.
    pub fn open(&mut self, begin: impl FnOnce() -> Complaint) {
        self.form.get_or_insert_with(begin);
        self.open = true;
    }

    /// The form, while it lies over the screen.
    pub fn shown(&self) -> Option<&Complaint> {
        self.form.as_ref().filter(|_| self.open)
    }

    /// Takes a key, where the form is open. `None`: it is not. What is to be filed comes back.
    pub fn press(&mut self, key: KeyCode, now: Civil) -> Option<Option<Box<Filed>>> {
        let form = self.form.as_mut().filter(|_| self.open)?;
        Some(match form.press(key, now) {
            Keyed::Open => None,
            Keyed::PutAway => {
                self.open = false;
                None
            }
            Keyed::Said(filed) => Some(filed),
        })
    }

    /// Takes in news. What was acknowledged is forgotten.
    pub fn take_in(&mut self, news: &News) {
        if self.form.as_mut().is_some_and(|it| it.take_in(news)) {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use timbre_casework::Step;

    fn at(seconds: i64) -> Civil {
        Civil::from_micros(seconds * 1_000_000)
    }

    fn begun(name: &str) -> Taking {
        let mut taking = Taking::default();
        taking.open(|| Complaint::begin(None, at(0), name.to_owned(), "r1".to_owned(), true));
        taking
    }

    fn write(taking: &mut Taking, text: &str) {
        for letter in text.chars() {
            assert_eq!(taking.press(KeyCode::Char(letter), at(1)), Some(None));
        }
    }

    #[test]
    fn it_is_sent_with_its_steps_and_stays_until_it_is_acknowledged() {
        let mut taking = begun("");
        write(&mut taking, "Rosa");
        taking.press(KeyCode::PageDown, at(5));
        taking.press(KeyCode::Enter, at(5));
        write(&mut taking, "no funciona");
        let filed = taking.press(KeyCode::F(10), at(9)).flatten().expect("it is filed");
        assert_eq!((filed.taken.customer_name.as_str(), filed.request_id.as_str()), ("Rosa", "r1"));
        assert_eq!(filed.taken.checklist, [StepDone { step: Step::Greet, after_ms: 5_000 }]);
        assert_eq!(taking.press(KeyCode::F(10), at(9)), Some(None), "not sent twice");
        taking.take_in(&News::CaseWaits("away".to_owned()));
        assert!(taking.form.is_some());
        taking.take_in(&News::CaseRefused("the call is not known".to_owned()));
        let again = taking.press(KeyCode::F(10), at(20)).flatten().expect("it is filed again");
        assert_eq!(again, filed, "nothing was lost, and a retry is known by its id");
        let mut waiting = begun("Rosa");
        waiting.take_in(&News::Unsent);
        assert!(waiting.form.is_some(), "other news change nothing");
    }

    #[test]
    fn put_away_it_keeps_what_was_written_and_the_time() {
        let mut taking = begun("Rosa");
        write(&mut taking, "no funciona");
        taking.press(KeyCode::Esc, at(3));
        assert_eq!(taking.press(KeyCode::Char('x'), at(4)), None, "keys go to the desk again");
        taking.open(|| panic!("there is one already"));
        let filed = taking.press(KeyCode::F(10), at(9)).flatten().expect("it is filed");
        assert_eq!(filed.taken.statement, "no funciona");
    }

    #[test]
    fn name_and_statement_are_asked_for_and_causes_go_round() {
        let mut taking = begun("Rosa");
        assert_eq!(taking.press(KeyCode::F(10), at(1)), Some(None));
        write(&mut taking, "mal");
        for _ in STATEMENT..CAUSE {
            taking.press(KeyCode::Tab, at(1));
        }
        taking.press(KeyCode::Left, at(1));
        let last = taking.press(KeyCode::Enter, at(1)).flatten().expect("it is filed");
        assert_eq!(last.taken.more.cause, Some(Cause::Other));
    }
}
