//! Classifying a call: the tree of dispositions by hot keys, then the fields that the chosen one asks for.
//!
//! What was written stays until the server took it: a refusal, a lost stream or a wrap-up that ran out leave it there.

use std::collections::BTreeMap;

use crossterm::event::KeyCode;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Stylize as _;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};
use timbre_model::{CampaignId, DispositionSpec, FieldKind, FieldSpec, QueueId, Slug};

use super::desk::Wish;
use super::session::News;
use crate::api::wire::agent::{AgentEvent, Choices};

/// Classifying one call.
#[derive(Debug)]
pub struct Classify {
    /// The levels that were opened, the first one first.
    levels: Vec<Level>,
    form: Option<Form>,
    /// The form was sent, and its answer has not come.
    sent: bool,
}

#[derive(Debug)]
struct Level {
    choices: Vec<DispositionSpec>,
    here: usize,
}

/// What the chosen disposition asks for.
#[derive(Debug)]
struct Form {
    code: Slug,
    name: String,
    fields: Vec<FieldSpec>,
    texts: Vec<String>,
    here: usize,
}

/// What a key came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Keyed {
    /// It goes on.
    Open,
    /// The agent does not want it.
    Dropped,
    /// This is to be sent; it stays open until it is taken.
    Said(Wish),
}

impl Classify {
    /// Of a call of this queue, or of this campaign.
    pub fn new(choices: &Choices, queue: &QueueId, campaign: Option<&CampaignId>) -> Self {
        let level = choices.level(queue, campaign);
        let choices = level.into_iter().map(std::borrow::Cow::into_owned).collect();
        Self { levels: vec![Level { choices, here: 0 }], form: None, sent: false }
    }

    /// Takes a key.
    pub fn press(&mut self, key: KeyCode) -> Keyed {
        if self.sent && key != KeyCode::Esc {
            return Keyed::Open;
        }
        match &mut self.form {
            Some(form) => match form.press(key) {
                Keyed::Dropped => {
                    (self.form, self.sent) = (None, false);
                    Keyed::Open
                }
                Keyed::Said(wish) => {
                    self.sent = true;
                    Keyed::Said(wish)
                }
                Keyed::Open => Keyed::Open,
            },
            None => self.choose(key),
        }
    }

    fn choose(&mut self, key: KeyCode) -> Keyed {
        let Some(level) = self.levels.last_mut() else { return Keyed::Dropped };
        let last = level.choices.len().saturating_sub(1);
        let chosen = match key {
            KeyCode::Up => {
                level.here = level.here.saturating_sub(1);
                None
            }
            KeyCode::Down => {
                level.here = (level.here + 1).min(last);
                None
            }
            KeyCode::Enter | KeyCode::Right => Some(level.here),
            KeyCode::Esc | KeyCode::Left => {
                self.levels.pop();
                return if self.levels.is_empty() { Keyed::Dropped } else { Keyed::Open };
            }
            KeyCode::Char(key) => level.keyed(key),
            _ => None,
        };
        let chosen = chosen.and_then(|at| level.choices.get(at)).cloned();
        chosen.map_or(Keyed::Open, |it| self.take(it))
    }

    fn take(&mut self, chosen: DispositionSpec) -> Keyed {
        let DispositionSpec { code, name, fields, children, .. } = chosen;
        if !children.is_empty() {
            self.levels.push(Level { choices: children, here: 0 });
            return Keyed::Open;
        }
        let texts = vec![String::new(); fields.len()];
        let form = Form { code, name, fields, texts, here: 0 };
        if form.fields.is_empty() {
            self.sent = true;
            let wish = form.wish();
            self.form = Some(form);
            return Keyed::Said(wish);
        }
        self.form = Some(form);
        Keyed::Open
    }

    /// Takes in what the session tells. `true`: the server took it, and it closes.
    pub fn take_in(&mut self, news: &News) -> bool {
        let News::Message(message) = news else {
            self.sent = false;
            return false;
        };
        match &message.event {
            AgentEvent::CommandResult { error: None, .. } => self.sent,
            AgentEvent::CommandResult { error: Some(_), .. } | AgentEvent::Welcome(_) => {
                self.sent = false;
                false
            }
            AgentEvent::WrappedUp { disposition, .. } => {
                let ours = self.form.as_ref().is_some_and(|it| it.code == disposition.code);
                // Whoever only looks at the tree has nothing more to classify.
                self.form.is_none() || (ours && !disposition.automatic)
            }
            _ => false,
        }
    }

    /// Draws it in the middle.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        let (title, lines) = match (&self.form, self.levels.last()) {
            (Some(form), _) => (form.name.clone(), form.lines(self.sent)),
            (None, Some(level)) => ("How did it end?".to_owned(), level.lines()),
            (None, None) => return,
        };
        let area = frame.area();
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
        let (width, height) = (area.width.min(70), height.max(3).min(area.height));
        let middle = Rect {
            x: area.width.saturating_sub(width) / 2,
            y: area.height.saturating_sub(height) / 2,
            width,
            height,
        };
        frame.render_widget(Clear, middle);
        let block = Block::bordered().title(format!(" {title} "));
        frame.render_widget(Paragraph::new(lines).block(block), middle);
    }

    /// The keys that mean something.
    pub const fn keys(&self) -> &'static [&'static str] {
        match (&self.form, self.sent) {
            (_, true) => &["sent", "Esc back"],
            (Some(_), false) => &["Tab next field", "Enter next or send", "Esc back"],
            (None, false) => &["its key or Enter choose", "Esc back"],
        }
    }
}

impl Level {
    /// Its own hot keys come first; without any, digits count its lines.
    fn keyed(&self, key: char) -> Option<usize> {
        let own = self.choices.iter().position(|it| it.key == Some(key));
        let by_place = key.to_digit(10).and_then(|it| usize::try_from(it).ok()?.checked_sub(1));
        let unkeyed = |at: &usize| self.choices.get(*at).is_some_and(|it| it.key.is_none());
        own.or_else(|| by_place.filter(unkeyed))
    }

    fn lines(&self) -> Vec<Line<'static>> {
        let line = |(at, it): (usize, &DispositionSpec)| {
            let place = (at < 9).then(|| char::from_digit(at as u32 + 1, 10)).flatten();
            let key = it.key.or(place).unwrap_or(' ');
            let more = if it.children.is_empty() { "" } else { " ›" };
            let line = Line::from(format!("{key} {}{more}", it.name));
            if at == self.here { line.reversed() } else { line }
        };
        self.choices.iter().enumerate().map(line).collect()
    }
}

impl Form {
    fn press(&mut self, key: KeyCode) -> Keyed {
        let last = self.fields.len().saturating_sub(1);
        match key {
            KeyCode::Esc => return Keyed::Dropped,
            KeyCode::Enter if self.here == last => match self.missing() {
                None => return Keyed::Said(self.wish()),
                Some(at) => self.here = at,
            },
            KeyCode::Tab | KeyCode::Down | KeyCode::Enter => self.here = (self.here + 1).min(last),
            KeyCode::BackTab | KeyCode::Up => self.here = self.here.saturating_sub(1),
            KeyCode::Backspace => {
                self.texts.get_mut(self.here).and_then(String::pop);
            }
            KeyCode::Left | KeyCode::Right => self.turn(key == KeyCode::Right),
            KeyCode::Char(letter) => self.write(letter),
            _ => {}
        }
        Keyed::Open
    }

    fn write(&mut self, letter: char) {
        let Some(text) = self.texts.get_mut(self.here) else { return };
        if text.chars().count() < FieldSpec::TEXT_MAX {
            text.push(letter);
        }
    }

    /// Turns through the choices of a field that has some.
    fn turn(&mut self, forth: bool) {
        let Some(FieldSpec { kind: FieldKind::Choice(choices), .. }) = self.fields.get(self.here)
        else {
            return;
        };
        let present = choices.iter().position(|it| *it == self.texts[self.here]);
        let next = match (present, forth) {
            (None, true) => 0,
            (None, false) => choices.len().saturating_sub(1),
            (Some(at), true) => (at + 1) % choices.len().max(1),
            (Some(at), false) => at.checked_sub(1).unwrap_or(choices.len().saturating_sub(1)),
        };
        self.texts[self.here] = choices.get(next).cloned().unwrap_or_default();
    }

    /// The first field that must be there and is not.
    fn missing(&self) -> Option<usize> {
        let mut pairs = self.fields.iter().zip(&self.texts);
        pairs.position(|(field, text)| !field.optional && text.trim().is_empty())
    }

    fn wish(&self) -> Wish {
        let pairs = self.fields.iter().zip(&self.texts);
        let written = pairs.filter(|(_, text)| !text.trim().is_empty());
        let fields: BTreeMap<String, String> =
            written.map(|(field, text)| (field.id.to_string(), text.clone())).collect();
        Wish::Dispose { code: self.code.clone(), fields }
    }

    fn lines(&self, sent: bool) -> Vec<Line<'static>> {
        let line = |(at, (field, text)): (usize, (&FieldSpec, &String))| {
            let must = if field.optional { " " } else { "*" };
            let hint = match &field.kind {
                FieldKind::Choice(choices) => format!(" ({})", choices.join(", ")),
                FieldKind::Time => " (2026-11-21T16:30:00+01:00)".to_owned(),
                FieldKind::Number => " (a number)".to_owned(),
                FieldKind::Text => String::new(),
            };
            let cursor = if at == self.here && !sent { "▏" } else { "" };
            // The end of a long text is what is being written.
            let skip = text.chars().count().saturating_sub(40);
            let shown: String = text.chars().skip(skip).collect();
            let hint = if text.is_empty() { hint } else { String::new() };
            let line = Line::from(format!("{must}{}: {shown}{cursor}{hint}", field.name));
            if at == self.here { line.bold() } else { line }
        };
        self.fields.iter().zip(&self.texts).enumerate().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::wire::agent::{AgentMessage, CallsOf};
    use KeyCode::{Backspace, Char, Enter, Esc, Right, Tab};
    use timbre_model::{CallId, Civil, Disposition, DispositionTree};

    fn slug(text: &str) -> Slug {
        Slug::parse(text).expect("a slug")
    }

    fn opened() -> Classify {
        let tree: DispositionTree = serde_json::from_str(
            r#"{"id": "t", "dispositions": [
                {"code": "good", "name": "Good", "key": "g", "children": [
                    {"code": "sold", "name": "Sold", "key": "s", "fields": [
                        {"id": "product", "name": "Product"},
                        {"id": "how", "name": "How", "kind": {"choice": ["card", "cash"]}, "optional": true}]}]},
                {"code": "no", "name": "No"}]}"#,
        )
        .expect("a tree");
        let queue = QueueId::parse("q").expect("a slug");
        let uses = vec![(CallsOf::Queue(queue.clone()), Some(slug("t")))];
        Classify::new(&Choices { flat: vec![slug("flat")], trees: vec![tree], uses }, &queue, None)
    }

    fn typed(it: &mut Classify, keys: &[KeyCode]) -> Keyed {
        keys.iter().map(|key| it.press(*key)).last().expect("a key")
    }

    fn said(code: &str, fields: &[(&str, &str)]) -> Keyed {
        let text = |it: &str| it.to_owned();
        let fields = fields.iter().map(|(id, it)| (text(id), text(it))).collect();
        Keyed::Said(Wish::Dispose { code: slug(code), fields })
    }

    fn event(event: AgentEvent) -> News {
        News::Message(AgentMessage { sequence: 1, at: Civil::from_micros(0), event })
    }

    #[test]
    fn hot_keys_lead_through_the_tree_and_a_form_asks_for_what_must_be_there() {
        assert_eq!(typed(&mut opened(), &[Char('2')]), said("no", &[]));
        assert_eq!(typed(&mut opened(), &[Char('1')]), Keyed::Open, "it has a key of its own");
        assert_eq!(typed(&mut opened(), &[Char('g'), Esc, Esc]), Keyed::Dropped);
        let mut it = opened();
        assert_eq!(typed(&mut it, &[Char('g'), Char('s'), Tab, Enter]), Keyed::Open);
        let keys = [Char('x'), Char('y'), Backspace, Enter, Right, Enter];
        assert_eq!(typed(&mut it, &keys), said("sold", &[("how", "card"), ("product", "x")]));
    }

    #[test]
    fn what_was_written_stays_until_the_server_took_it() {
        let mut it = opened();
        let keys = [Char('g'), Char('s'), Char('x'), Enter, Enter];
        let sent = said("sold", &[("product", "x")]);
        assert_eq!(typed(&mut it, &keys), sent);
        assert_eq!(it.press(Enter), Keyed::Open, "it is not sent twice");
        assert!(!it.take_in(&News::Unsent), "the stream was away");
        assert_eq!(it.press(Enter), sent, "it is all still there");
        let ran_out = Disposition::new(slug("unclassified"), true);
        let call = CallId::from_u128(1);
        let wrapped = |disposition| event(AgentEvent::WrappedUp { call, disposition });
        assert!(!it.take_in(&wrapped(ran_out)));
        assert!(it.take_in(&wrapped(Disposition::new(slug("sold"), false))));
    }
}
