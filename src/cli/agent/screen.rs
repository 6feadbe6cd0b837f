//! What an agent's screen shows. Pure: a desk, a menu and the time go in, a frame comes out.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, List, ListState, Paragraph, Wrap};
use timbre_casework::TroubleKind;
use timbre_engine::{AgentView, PlacedCall};
use timbre_model::{AgentStateKind, Civil, LeadRole, NewLead, Slug};

use super::card;
use super::classify::Classify;
use super::desk::{Desk, Wish};
use super::prompt::Prompt;
use crate::casework::agenda::Item;
use crate::cli::agenda;
use crate::cli::words::{caller, clock, moment, time_of_day};

/// What lies over the screen.
#[derive(Debug)]
pub enum Over {
    /// A list to choose from.
    Menu(Menu),
    /// A line to write.
    Prompt(Prompt),
    /// A call to classify.
    Classify(Classify),
}

/// A list to choose from.
#[derive(Debug)]
pub struct Menu {
    title: &'static str,
    choices: Vec<Slug>,
    here: usize,
    wish: fn(Slug) -> Wish,
}

impl Menu {
    /// Why not ready.
    pub fn pauses(choices: &[Slug]) -> Self {
        Self { title: "Why not ready?", choices: choices.to_vec(), here: 0, wish: Wish::NotReady }
    }

    /// What is wrong with the line.
    pub fn trouble() -> Self {
        let word = |it: &TroubleKind| Slug::parse(it.as_str()).expect("a slug by its letters");
        let choices = TroubleKind::ALL.iter().map(word).collect();
        let wish = |word: Slug| {
            Wish::Trouble(TroubleKind::parse(word.as_str()).unwrap_or(TroubleKind::Noise))
        };
        Self { title: "What is wrong with the line? (F1 to F5)", choices, here: 0, wish }
    }

    /// One up.
    pub fn up(&mut self) {
        self.here = self.here.saturating_sub(1);
    }

    /// One down.
    pub fn down(&mut self) {
        self.here = (self.here + 1).min(self.choices.len().saturating_sub(1));
    }

    /// The one that is marked.
    pub fn chosen(&self) -> Option<Slug> {
        self.at(self.here)
    }

    /// The one at a place.
    pub fn at(&self, place: usize) -> Option<Slug> {
        self.choices.get(place).cloned()
    }

    /// What choosing it asks for.
    pub fn wish(&self, chosen: Slug) -> Wish {
        (self.wish)(chosen)
    }
}

/// Draws the whole screen, at `now` on our clock.
pub fn draw(frame: &mut Frame<'_>, desk: &Desk, over: Option<&Over>, now: Civil) {
    let [title, state, call, past, note, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(4),
        Constraint::Length(call_height(desk)),
        Constraint::Min(3),
        Constraint::Length(2),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title_line(desk), title);
    frame.render_widget(state_block(desk, now), state);
    frame.render_widget(call_block(desk, now), call);
    draw_past_and_agenda(frame, desk, past, now);
    let words = Paragraph::new(without_ids(&desk.note)).wrap(Wrap { trim: true }).bold();
    frame.render_widget(words, note);
    frame.render_widget(key_line(desk, over), keys);
    match over {
        Some(Over::Menu(menu)) => draw_menu(frame, menu),
        Some(Over::Prompt(prompt)) => prompt.draw(frame),
        Some(Over::Classify(classify)) => classify.draw(frame),
        None => {}
    }
}

/// What is known of somebody who was called takes more room than who calls.
fn call_height(desk: &Desk) -> u16 {
    let placed = desk.talk.as_ref().is_some_and(|it| it.placed.is_some());
    let known = card_lines(desk).len().min(10);
    (if placed { 12 } else { 6 }) + u16::try_from(known).unwrap_or(10)
}

/// Who the call is with.
fn card_lines(desk: &Desk) -> Vec<Line<'static>> {
    let lines = desk.card.as_ref().map(card::lines).unwrap_or_default();
    lines.into_iter().map(|it| Line::from(it).cyan()).collect()
}

fn title_line(desk: &Desk) -> Line<'static> {
    let who = desk.agent.as_ref().map(|it| format!("{} · {}", it.agent, it.tenant));
    let link = match desk.up {
        true => Span::from("connected").green(),
        false => Span::from("not connected: coming back by itself").red().bold(),
    };
    let who = Span::from(format!(" {} ", who.unwrap_or_else(|| "timbre agent".to_owned())));
    Line::from(vec![who.bold().reversed(), Span::from("  "), link])
}

/// The colour of a state, here and on the wallboard.
pub fn colour(state: AgentStateKind) -> Color {
    match state {
        AgentStateKind::SignedOut => Color::DarkGray,
        AgentStateKind::Ready => Color::Green,
        AgentStateKind::Offered => Color::Yellow,
        AgentStateKind::Talking => Color::Cyan,
        AgentStateKind::WrapUp => Color::Magenta,
        AgentStateKind::NotReady => Color::Red,
    }
}

/// A state in words.
pub fn state_words(state: AgentStateKind) -> &'static str {
    match state {
        AgentStateKind::SignedOut => "signed out",
        AgentStateKind::Ready => "ready",
        AgentStateKind::Offered => "offered a call",
        AgentStateKind::Talking => "talking",
        AgentStateKind::WrapUp => "wrap-up",
        AgentStateKind::NotReady => "not ready",
    }
}

fn state_block(desk: &Desk, now: Civil) -> Paragraph<'static> {
    let block = Block::bordered().title(" State ");
    let Some(view) = &desk.view else {
        return Paragraph::new("waiting for the server").block(block);
    };
    let style = Style::new().fg(colour(view.state)).add_modifier(Modifier::BOLD);
    let mut words = state_words(view.state).to_uppercase();
    if view.on_hold {
        words.push_str(", CUSTOMER ON HOLD");
    }
    if let Some(reason) = &view.reason {
        words.push_str(&format!(" ({})", reason.as_str()));
    }
    let lasting = Span::from(clock(desk.lasting(now)));
    let first = Line::from(vec![Span::styled(words, style), Span::from("  "), lasting]);
    let phone = match view.station {
        true => Span::from("phone reachable"),
        false => Span::from("phone not reachable: register it").red(),
    };
    let mut second = vec![phone];
    if let Some(pause) = &view.pause_after {
        second.push(Span::from(format!("; not ready ({}) after this call", pause.as_str())));
    }
    Paragraph::new(vec![first, Line::from(second)]).block(block)
}

fn call_block(desk: &Desk, now: Civil) -> Paragraph<'static> {
    let at = desk.server_time(now);
    let (title, lines) = match &desk.view {
        Some(view) if desk.accepted.is_some() => (" Accepted ", accepted_lines(desk, view)),
        Some(view) if view.offer.is_some() => (" Offer ", offer_lines(desk, view, at)),
        Some(view) if view.call.is_some() => (" Call ", talk_lines(desk, view, at)),
        Some(_) | None => (" Call ", vec![Line::from("none").dark_gray()]),
    };
    let words = Paragraph::new(lines).wrap(Wrap { trim: true });
    words.block(Block::bordered().title(title))
}

fn offer_lines(desk: &Desk, view: &AgentView, at: Civil) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some((offer, made)) = &desk.offer {
        let age = offer.waited + at.since(*made);
        lines.push(
            Line::from(format!("{} for {}", caller(&offer.caller), offer.queue.queue)).bold(),
        );
        lines.push(Line::from(format!("waiting for {}", clock(age))));
        lines.extend(placed_lines(offer.placed.as_deref()));
        lines.extend(card_lines(desk));
    }
    if let Some((_, until)) = view.offer {
        lines.push(Line::from(format!("rings for {} more", clock(until.since(at)))).yellow());
    }
    lines
}

/// Whom a placed call is for, and what must be said first.
fn placed_lines(placed: Option<&PlacedCall>) -> Vec<Line<'static>> {
    let Some(PlacedCall { campaign, number, lead, disclosures }) = placed else {
        return Vec::new();
    };
    let mut lines = vec![Line::from(format!("{} · {}", campaign.campaign, number.expose()))];
    lines.extend(disclosures.iter().map(|it| Line::from(format!("say: {it}")).yellow()));
    if let Some(lead) = lead {
        let NewLead { name, role, tags, attributes, .. } = &lead.person;
        let role = match role {
            LeadRole::Unknown => "",
            LeadRole::DecisionMaker => " · decides",
            LeadRole::Interlocutor => " · speaks for who decides",
        };
        lines.push(Line::from(format!("{name}{role}")).bold());
        if !tags.is_empty() {
            let tags: Vec<_> = tags.iter().map(Slug::as_str).collect();
            lines.push(Line::from(tags.join(" · ")).magenta());
        }
        let known = attributes.iter().map(|(key, value)| format!("{key} {value}"));
        let known: Vec<_> = known.collect();
        if !known.is_empty() {
            lines.push(Line::from(known.join(" · ")));
        }
    }
    lines
}

fn accepted_lines(desk: &Desk, view: &AgentView) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(talk) = desk.talk.as_ref().filter(|it| desk.accepted == Some(it.call)) {
        let from = talk.caller.as_ref().map_or_else(|| "caller".to_owned(), caller);
        lines.push(Line::from(format!("{from} for {}", talk.queue.queue)).bold());
    }
    let phone = if view.station { "" } else { "; the phone is not reachable" };
    lines
        .push(Line::from(format!("being connected: answer the phone if it rings{phone}")).yellow());
    lines
}

fn talk_lines(desk: &Desk, view: &AgentView, at: Civil) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some(talk) = desk.talk.as_ref().filter(|it| view.call == Some(it.call)) {
        let from = talk.caller.as_ref().map_or_else(|| "caller".to_owned(), caller);
        lines.push(Line::from(format!("{from} for {}", talk.queue.queue)).bold());
        if let Some(connected) = talk.connected.filter(|_| view.state == AgentStateKind::Talking) {
            lines.push(Line::from(format!("connected for {}", clock(at.since(connected)))));
        }
        lines.extend(placed_lines(talk.placed.as_deref()));
        lines.extend(card_lines(desk));
    }
    if let Some(call) = view.call {
        lines.push(Line::from(call.to_string()).dark_gray());
    }
    if let Some(until) = view.wrap_up_until {
        let more = if view.wrap_up_extendable { "; w extends it" } else { "" };
        let left = clock(until.since(at));
        lines.push(Line::from(format!("wrap-up ends in {left}{more}")).magenta());
    }
    lines
}

/// What is to be done stands beside what happened, where there is anything.
fn draw_past_and_agenda(frame: &mut Frame<'_>, desk: &Desk, area: Rect, now: Civil) {
    if desk.agenda.is_empty() {
        return draw_past(frame, desk, area);
    }
    let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let [past, agenda] = Layout::horizontal(halves).areas(area);
    draw_past(frame, desk, past);
    let at = desk.server_time(now);
    let lines = desk.agenda.iter().map(|it| agenda_line(it, at));
    let lines: Vec<_> = lines.collect();
    let block = Block::bordered().title(" To do (UTC) ");
    frame.render_widget(Paragraph::new(lines).block(block), agenda);
}

fn agenda_line(it: &Item, now: Civil) -> Line<'static> {
    let (kind, _) = agenda::what(it);
    let due: String = moment(it.item.due_at).chars().skip(5).take(11).collect();
    let line = Line::from(format!("{due} {kind} {}", it.item.title));
    if it.item.due_at < now { line.yellow() } else { line }
}

fn draw_past(frame: &mut Frame<'_>, desk: &Desk, area: Rect) {
    let block = Block::bordered().title(" What happened (UTC) ");
    let rows = usize::from(block.inner(area).height);
    let skip = desk.past.len().saturating_sub(rows);
    let lines = desk.past.iter().skip(skip);
    let line = |(at, it): &(Civil, String)| {
        Line::from(format!("{} {}", time_of_day(*at), without_ids(it)))
    };
    let lines: Vec<_> = lines.map(line).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// A line without the ids that people do not read.
fn without_ids(line: &str) -> String {
    let is_id = |word: &&str| word.starts_with("offer=") || word.starts_with("call=");
    line.split(' ').filter(|word| !is_id(word)).collect::<Vec<_>>().join(" ")
}

/// The keys that mean something now.
fn key_line(desk: &Desk, over: Option<&Over>) -> Line<'static> {
    use AgentStateKind::{NotReady, Offered, Ready, SignedOut, Talking, WrapUp};
    let state = desk.view.as_ref().map(|it| it.state);
    let placed = desk.talk.as_ref().is_some_and(|it| it.placed.is_some());
    let keys: &[&str] = match state {
        _ if matches!(over, Some(Over::Menu(_))) => &["1-9 or Enter choose", "Esc back"],
        _ if let Some(Over::Classify(it)) = over => it.keys(),
        _ if over.is_some() => &["Enter send", "Esc back"],
        Some(_) if desk.accepted.is_some() => &["e hang up", "n not ready after"],
        Some(Offered) => &["a accept", "x reject", "n not ready", "q sign out"],
        Some(Talking) if placed => {
            &["h hold", "e hang up", "d dispose", "c call again", "b never again", "m machine"]
        }
        Some(WrapUp) if placed => {
            &["d dispose", "c call again", "b never again", "w extend", "r ready after"]
        }
        Some(Talking) => &[
            "h hold/unhold",
            "e hang up",
            "d dispose",
            "g complaint",
            "n not ready after",
            "l line",
        ],
        Some(WrapUp) => {
            &["d dispose", "g complaint", "w extend", "r ready after", "n not ready after"]
        }
        Some(Ready) if desk.owed.is_some() => {
            &["y call the lost customer", "n not ready", "i answer"]
        }
        Some(Ready) => &["n not ready", "t dial", "q sign out"],
        Some(NotReady) => &["r ready", "t dial", "n other reason", "q sign out"],
        Some(SignedOut) | None => &[],
    };
    Line::from(format!(" {}  ^C leave", keys.join("  "))).reversed()
}

fn draw_menu(frame: &mut Frame<'_>, menu: &Menu) {
    let height = u16::try_from(menu.choices.len().max(1)).unwrap_or(u16::MAX).saturating_add(2);
    let area = frame.area();
    let (width, height) = (area.width.min(44), height.min(area.height));
    let middle = Rect {
        x: area.width.saturating_sub(width) / 2,
        y: area.height.saturating_sub(height) / 2,
        width,
        height,
    };
    let lines = menu.choices.iter().enumerate().map(|(at, it)| match at {
        0..9 => format!("{} {it}", at + 1),
        _ => format!("  {it}"),
    });
    let list = List::new(lines)
        .block(Block::bordered().title(format!(" {} ", menu.title)))
        .highlight_style(Style::new().reversed());
    let mut state = ListState::default().with_selected(Some(menu.here));
    frame.render_widget(Clear, middle);
    frame.render_stateful_widget(list, middle, &mut state);
}

#[cfg(test)]
mod tests {
    use super::super::desk::tests::{NOW, in_a_call, offered};
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn shown(desk: &Desk, over: Option<&Over>) -> String {
        let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a terminal");
        terminal.draw(|frame| draw(frame, desk, over, NOW)).expect("a frame");
        let buffer = terminal.backend().buffer().clone();
        let row = |y| (0..80).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..24).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn an_offer_shows_who_for_what_how_long_and_the_keys() {
        let screen = shown(&offered(), None);
        for part in [
            "ana · acme",
            "connected",
            "OFFERED A CALL  0:02",
            "+34612345678 for ventas",
            "waiting for 0:07",
            "rings for 0:13 more",
            "a accept  x reject",
        ] {
            assert!(screen.contains(part), "{part:?} is missing in\n{screen}");
        }
    }

    #[test]
    fn a_call_shows_its_clock_hold_and_keys() {
        let screen = shown(&in_a_call(), None);
        for part in [
            "TALKING, CUSTOMER ON HOLD",
            "connected for 0:30",
            "not ready (comida) after this call",
            "h hold/unhold  e hang up",
        ] {
            assert!(screen.contains(part), "{part:?} is missing in\n{screen}");
        }
    }

    #[test]
    fn a_placed_call_shows_whom_what_must_be_said_and_what_is_known() {
        let mut desk = in_a_call();
        let tenant = timbre_model::TenantId::parse("acme").expect("an id");
        let lead = timbre_model::Lead {
            id: timbre_model::LeadId::from_u64(7),
            tenant: tenant.clone(),
            list: timbre_model::ListId::parse("lugo").expect("an id"),
            person: NewLead {
                numbers: Vec::new(),
                name: "Eva Lugo".to_owned(),
                person: None,
                role: LeadRole::DecisionMaker,
                party: timbre_model::Party::Consumer,
                consent: None,
                tags: [Slug::parse("vip").expect("a word")].into(),
                attributes: [("edad".to_owned(), "40".to_owned())].into(),
            },
            state: timbre_model::LeadState::Claimed,
            attempts: 1,
            last_attempt_at: None,
        };
        let placed = PlacedCall {
            campaign: timbre_model::CampaignRef {
                tenant,
                campaign: timbre_model::CampaignId::parse("spring").expect("an id"),
            },
            number: timbre_model::PhoneNumber::parse("+34600000001").expect("a number"),
            lead: Some(std::sync::Arc::new(lead)),
            disclosures: vec!["who calls".to_owned()],
        };
        desk.talk.as_mut().expect("a call").placed = Some(std::sync::Arc::new(placed));
        let screen = shown(&desk, None);
        for part in [
            "spring · +34600000001",
            "say: who calls",
            "Eva Lugo · decides",
            "vip",
            "edad 40",
            "c call again  b never again  m machine  ^C leave",
        ] {
            assert!(screen.contains(part), "{part:?} is missing in\n{screen}");
        }
    }

    #[test]
    fn a_menu_numbers_its_choices() {
        let desk = in_a_call();
        let screen = shown(&desk, desk.classify().map(Over::Classify).as_ref());
        let parts = ["How did it end?", "1 venta", "2 queja", "Esc back"];
        assert!(parts.iter().all(|part| screen.contains(part)), "{screen}");
    }

    #[test]
    fn the_smallest_terminals_do_not_break_it() {
        let desk = offered();
        for (width, height) in [(1, 1), (20, 5), (200, 60)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
            for over in [Over::Menu(Menu::pauses(&desk.pauses)), Over::Prompt(Prompt::dial())] {
                terminal.draw(|frame| draw(frame, &desk, Some(&over), NOW)).expect("a frame");
            }
        }
    }
}
