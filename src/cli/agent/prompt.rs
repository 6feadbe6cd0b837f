//! A line that the agent writes: a number to dial, when to call back, why never again.

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Paragraph};
use timbre_model::Civil;

use super::desk::Wish;
use super::plain::{read_answer, read_callback, read_dial, read_do_not_call};

/// Longest text.
const TEXT_MAX: usize = 200;

/// A line that the agent writes.
#[derive(Debug)]
pub struct Prompt {
    title: &'static str,
    text: String,
    read: fn(&str, Civil) -> Result<Wish, String>,
}

/// What became of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// It is still being written.
    Open,
    /// The agent does not want it.
    Dropped,
    /// It says something, or cannot be read.
    Said(Result<Wish, String>),
}

impl Prompt {
    /// For which campaign to dial what.
    pub fn dial() -> Self {
        let title = "Dial: CAMPAIGN NUMBER";
        Self { title, text: String::new(), read: |text, _| read_dial(text) }
    }

    /// When to call again.
    pub fn callback() -> Self {
        let title = "Call again: [mine] 2h, or 2026-11-21T09:00:00Z";
        Self { title, text: String::new(), read: read_callback }
    }

    /// For which calls they are barred, and why.
    pub fn do_not_call() -> Self {
        let title = "Never call again: [tenant|client|campaign] [NOTE]";
        Self { title, text: String::new(), read: |text, _| Ok(read_do_not_call(text)) }
    }

    /// What was said or done about the newest message.
    pub fn answer() -> Self {
        let title = "Answer the newest message: TEXT";
        Self { title, text: String::new(), read: |text, _| Ok(read_answer(text)) }
    }

    /// Takes a key, at `now` on the server's clock.
    pub fn press(&mut self, key: KeyCode, now: Civil) -> Written {
        match key {
            KeyCode::Esc => return Written::Dropped,
            KeyCode::Enter => return Written::Said((self.read)(&self.text, now)),
            KeyCode::Backspace => {
                self.text.pop();
            }
            KeyCode::Char(letter) if self.text.len() < TEXT_MAX => self.text.push(letter),
            _ => {}
        }
        Written::Open
    }

    /// Draws it in the middle.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let (width, height) = (area.width.min(60), area.height.min(3));
        let middle = Rect {
            x: area.width.saturating_sub(width) / 2,
            y: area.height.saturating_sub(height) / 2,
            width,
            height,
        };
        // The end of a long text is what is being written.
        let room = usize::from(width).saturating_sub(3);
        let skip = self.text.chars().count().saturating_sub(room);
        let shown: String = self.text.chars().skip(skip).chain(['▏']).collect();
        let block = Block::bordered().title(format!(" {} ", self.title));
        frame.render_widget(Clear, middle);
        frame.render_widget(Paragraph::new(shown).block(block), middle);
    }
}
