//! The wallboard as a screen. Pure: a board and the time go in, a frame comes out.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Cell, Paragraph, Row, Table};
use timbre_engine::AgentView;
use timbre_model::{AgentId, AgentStateKind, CampaignState, Civil};

use super::board::{Board, bars, may_abandon, oldest, service_level};
use super::text::{CAMPAIGN_HEADINGS, campaign_rows, queue_rows};
use crate::api::wire::pacing::CampaignStatus;
use crate::api::wire::queue::QueueStatus;
use crate::cli::agent::{colour, state_words};
use crate::cli::campaign::words::ended;
use crate::cli::words::{clock, moment};

/// Most rows that the queues take before the agents get the rest.
const QUEUES_MAX: u16 = 12;
/// Most campaigns that are shown; each takes two rows.
const CAMPAIGNS_MAX: u16 = 5;

/// Draws the whole screen, at `now` on our clock.
pub fn draw(frame: &mut Frame<'_>, board: &Board, now: Civil) {
    let queues = u16::try_from(board.queues.len()).unwrap_or(u16::MAX).clamp(1, QUEUES_MAX) + 3;
    let campaigns = match u16::try_from(board.campaigns.len()).unwrap_or(u16::MAX) {
        0 => 0,
        some => some.min(CAMPAIGNS_MAX) * 2 + 3,
    };
    let notes = u16::try_from(board.notes.len()).unwrap_or(u16::MAX);
    let [title, upper, middle, lower, below, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(queues),
        Constraint::Length(campaigns),
        Constraint::Min(3),
        Constraint::Length(notes),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(title_line(board, now), title);
    draw_queues(frame, board, now, upper);
    draw_campaigns(frame, board, middle);
    draw_agents(frame, board, now, lower);
    frame.render_widget(Text::from_iter(board.notes.iter().map(String::as_str)), below);
    let keys = " q quit   ANS, HOLD: seconds on average   MAY: allowed abandonments today";
    frame.render_widget(Line::from(keys).reversed(), foot);
}

fn title_line(board: &Board, now: Civil) -> Line<'static> {
    let name = Span::from(format!(" timbre top  {} UTC ", moment(now))).bold().reversed();
    let state = match &board.trouble {
        None => Span::from("  live").green(),
        Some(why) => Span::from(format!("  stale: {why}")).red().bold(),
    };
    Line::from(vec![name, state])
}

fn draw_queues(frame: &mut Frame<'_>, board: &Board, now: Civil, area: Rect) {
    let heading = [
        "QUEUE", "WAIT", "OLDEST", "IDLE", "TALK", "ARR", "ANSW", "ABAND", "LOST", "SL%", "RING",
        "1-5+", "ANS", "HOLD",
    ];
    let [first, others @ ..] = [10, 4, 6, 4, 4, 4, 4, 5, 4, 3, 4, 5, 4, 4];
    let widths = std::iter::once(Constraint::Min(first)).chain(others.map(Constraint::Length));
    let figures = queue_rows(board, now);
    let rows = board.queues.values().zip(figures).map(|(queue, row)| queue_row(queue, row, now));
    let table = Table::new(rows, widths)
        .header(Row::new(heading).bold())
        .block(Block::bordered().title(" Queues "));
    frame.render_widget(table, area);
}

fn queue_row(
    (status, told): &(QueueStatus, Civil),
    figures: [String; 13],
    now: Civil,
) -> Row<'static> {
    let urgent = match oldest(status, *told, now).map(|it| it.as_secs()) {
        Some(60..) => Style::new().fg(Color::Red).bold(),
        Some(20..) => Style::new().fg(Color::Yellow),
        Some(_) | None => Style::new(),
    };
    let level = match service_level(&status.counts) {
        Some(it) if it < 70.0 => Style::new().fg(Color::Red),
        Some(it) if it < 80.0 => Style::new().fg(Color::Yellow),
        Some(_) => Style::new().fg(Color::Green),
        None => Style::new(),
    };
    let [
        id,
        wait,
        oldest,
        idle,
        talk,
        arrived,
        answered,
        abandoned,
        lost,
        sl,
        rings,
        seconds,
        hold,
    ] = figures;
    Row::new([
        Cell::from(id).bold(),
        Cell::from(wait).style(urgent),
        Cell::from(oldest).style(urgent),
        Cell::from(idle),
        Cell::from(talk),
        Cell::from(short(&arrived)),
        Cell::from(short(&answered)),
        // The callers who left within the short threshold are apart, and on the page of --once.
        Cell::from(short(abandoned.split('+').next().unwrap_or_default())),
        Cell::from(short(&lost)),
        Cell::from(sl).style(level),
        Cell::from(rings),
        Cell::from(bars(&status.counts)).cyan(),
        Cell::from(seconds),
        Cell::from(hold),
    ])
}

fn draw_campaigns(frame: &mut Frame<'_>, board: &Board, area: Rect) {
    let block = Block::bordered().title(" Campaigns ");
    let shown = board.campaigns.len().min(usize::from(CAMPAIGNS_MAX));
    let rows = u16::try_from(shown).unwrap_or(CAMPAIGNS_MAX);
    let [upper, lower] = Layout::vertical([Constraint::Length(rows + 1), Constraint::Length(rows)])
        .areas(block.inner(area));
    frame.render_widget(block, area);
    let [first, others @ .., last] = [10, 9, 5, 4, 4, 5, 5, 4, 5, 10];
    let widths = std::iter::once(Constraint::Length(first))
        .chain(others.map(Constraint::Length))
        .chain([Constraint::Min(last)]);
    let figures = campaign_rows(board).into_iter().take(shown);
    let rows = board.campaigns.iter().zip(figures).map(|(it, row)| campaign_row(it, row));
    let table = Table::new(rows, widths).header(Row::new(CAMPAIGN_HEADINGS).bold());
    frame.render_widget(table, upper);
    let outcomes = board.campaigns.iter().take(shown).map(outcomes_line);
    frame.render_widget(Paragraph::new(outcomes.collect::<Vec<_>>()), lower);
}

fn campaign_row(status: &CampaignStatus, figures: [String; 10]) -> Row<'static> {
    let state = match status.state {
        CampaignState::Running => Style::new().fg(Color::Green),
        CampaignState::Failed => Style::new().fg(Color::Red).bold(),
        CampaignState::Draft
        | CampaignState::Paused
        | CampaignState::Completed
        | CampaignState::Stopped => Style::new().fg(Color::Yellow),
    };
    let over = if status.abandoned_today > may_abandon(status) {
        Style::new().fg(Color::Red).bold()
    } else {
        Style::new()
    };
    let styles = |at| match at {
        0 => Style::new().bold(),
        1 => state,
        6 => over,
        _ => Style::new(),
    };
    let cells = figures.into_iter().enumerate();
    Row::new(cells.map(|(at, text)| Cell::from(text).style(styles(at))))
}

/// How the attempts ended, the most frequent first.
fn outcomes_line(status: &CampaignStatus) -> Line<'static> {
    Line::from(vec![
        Span::from(format!("{} ", status.campaign.campaign)).bold(),
        Span::from(ended(status).replace('_', " ")).dim(),
    ])
}

/// A count in four characters.
fn short(count: &str) -> String {
    match count.parse::<u64>() {
        Ok(n @ 10_000..1_000_000) => format!("{}k", n / 1_000),
        Ok(n @ 1_000_000..) => format!("{}M", n / 1_000_000),
        Ok(..10_000) | Err(_) => count.to_owned(),
    }
}

fn draw_agents(frame: &mut Frame<'_>, board: &Board, now: Civil, area: Rect) {
    let block = Block::bordered().title(" Agents ");
    let [census, list] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(block.inner(area));
    frame.render_widget(block, area);
    frame.render_widget(census_line(board), census);
    let columns = usize::from((list.width / CELL).max(1));
    let room = columns * usize::from(list.height);
    let mut agents: Vec<_> = board.agents.iter().collect();
    agents.sort_by_key(|(id, view)| (importance(view.state), view.since, (*id).clone()));
    let cells = agents.iter().take(room).map(|(id, view)| agent_cell(board, id, view, now));
    let cells: Vec<_> = cells.collect();
    let lines = cells.chunks(columns).map(|row| Line::from(row.concat()));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), list);
}

/// How wide an agent is on the screen.
const CELL: u16 = 39;

/// Who is with a customer comes first, who is not at work last.
const fn importance(state: AgentStateKind) -> u8 {
    match state {
        AgentStateKind::Offered => 0,
        AgentStateKind::Talking => 1,
        AgentStateKind::WrapUp => 2,
        AgentStateKind::Ready => 3,
        AgentStateKind::NotReady => 4,
        AgentStateKind::SignedOut => 5,
    }
}

fn census_line(board: &Board) -> Line<'static> {
    let part = |(kind, count)| {
        Span::styled(format!("{} {count}   ", state_words(kind)), Style::new().fg(colour(kind)))
    };
    board.census().into_iter().filter(|(_, count)| *count > 0).map(part).collect()
}

fn agent_cell(board: &Board, id: &AgentId, view: &AgentView, now: Civil) -> Vec<Span<'static>> {
    let mut words = state_words(view.state).to_owned();
    if view.on_hold {
        words = "holding".to_owned();
    }
    if let Some(reason) = &view.reason {
        words = reason.as_str().to_owned();
    }
    let name: String = id.as_str().chars().take(13).collect();
    let words: String = words.chars().take(14).collect();
    let mark = if view.connected || view.state == AgentStateKind::SignedOut { " " } else { "!" };
    vec![
        Span::from(format!("{name:<13}{mark}")),
        Span::styled(format!("{words:<14}"), Style::new().fg(colour(view.state))),
        Span::from(format!(" {:>8}  ", clock(board.lasting(view, now)))),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::board::tests::{NOW, board};
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn shown(board: &Board, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| draw(frame, board, NOW)).expect("a frame");
        let buffer = terminal.backend().buffer().clone();
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn the_wall_fits_eighty_columns() {
        let screen = shown(&board(), 80, 24);
        let ventas = screen.lines().find(|it| it.contains("ventas")).expect("the queue's line");
        for figure in ["7", "0:42", "12", "110", "90", "6", "80", "2.3", "█▄", "7.0", "25"] {
            assert!(ventas.contains(figure), "{figure:?} is missing in\n{screen}");
        }
        let regreso =
            screen.lines().find(|it| it.contains("running")).expect("the campaign's line");
        for figure in ["regreso", "running", "199", " 4 ", " 5 ", "no lead may be"] {
            assert!(regreso.contains(figure), "{figure:?} is missing in\n{screen}");
        }
        for part in [
            "no answer 301, connected 195",
            "ready 1",
            "talking 1",
            "holding",
            "1:35",
            "comida",
            "10:00",
            "live",
        ] {
            assert!(screen.contains(part), "{part:?} is missing in\n{screen}");
        }
    }

    #[test]
    fn trouble_shows_and_small_terminals_do_not_break_it() {
        let mut stale = board();
        stale.trouble = Some("no server at X".to_owned());
        assert!(shown(&stale, 80, 24).contains("stale: no server at X"));
        shown(&stale, 1, 1);
        shown(&Board::default(), 20, 4);
    }
}
