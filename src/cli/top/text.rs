//! The wallboard as plain text.

use timbre_model::Civil;

use super::board::{Board, answer, hold, may_abandon, oldest, service_level};
use crate::cli::campaign::words::{ended, holding};
use crate::cli::table::table;
use crate::cli::words::clock;

/// The headings of the queues, here and on the screen.
pub const QUEUE_HEADINGS: [&str; 13] = [
    "QUEUE", "WAIT", "OLDEST", "IDLE", "TALK", "ARRIVED", "ANSWERED", "ABAND", "LOST", "SL%",
    "RINGS", "ANS s", "HOLD s",
];

/// The headings of the campaigns, here and on the screen.
pub const CAMPAIGN_HEADINGS: [&str; 10] =
    ["CAMPAIGN", "STATE", "LINES", "WAIT", "TALK", "LIVE", "ABAND", "MAY", "RISK<", "HELD BACK BY"];

/// Everything, once.
pub fn page(board: &Board, now: Civil) -> String {
    let queues: Vec<_> = queue_rows(board, now);
    let agents: Vec<_> = board
        .agents
        .iter()
        .map(|(id, view)| {
            let reason = view.reason.as_ref().map_or("", |it| it.as_str()).to_owned();
            let hold = if view.on_hold { "on hold" } else { "" }.to_owned();
            let lasting = clock(board.lasting(view, now));
            [id.to_string(), view.state.to_string(), lasting, reason, hold]
        })
        .collect();
    let queues = table(QUEUE_HEADINGS, &queues);
    let campaigns = campaigns(board);
    let agents = table(["AGENT", "STATE", "FOR", "REASON", "HOLD"], &agents);
    format!("{queues}\n{campaigns}{agents}")
}

fn campaigns(board: &Board) -> String {
    if board.campaigns.is_empty() {
        return String::new();
    }
    let mut text = table(CAMPAIGN_HEADINGS, &campaign_rows(board));
    for it in board.campaigns.iter().filter(|it| !it.attempts_ended.is_empty()) {
        text.push_str(&format!("attempts of {}: {}\n", it.campaign.campaign, ended(it)));
    }
    text + "\n"
}

/// A row for each campaign: lines in set-up, live answers of the day, how many of them were abandoned and how many may be,
/// and the highest risk of that at which another line is placed.
pub fn campaign_rows(board: &Board) -> Vec<[String; 10]> {
    let row = |it: &crate::api::wire::pacing::CampaignStatus| {
        let threshold = it.terms.as_ref().and_then(|terms| terms.threshold);
        [
            it.campaign.campaign.to_string(),
            it.state.to_string(),
            it.in_setup.to_string(),
            it.waiting.to_string(),
            it.talking.to_string(),
            it.answered_today.to_string(),
            it.abandoned_today.to_string(),
            may_abandon(it).to_string(),
            threshold.map_or_else(|| "-".to_owned(), |it| format!("{:.0}%", it * 100.0)),
            holding(it).unwrap_or_default().replace('_', " "),
        ]
    };
    board.campaigns.iter().map(row).collect()
}

/// A row for each queue. Abandoned: all, of which short ones.
pub fn queue_rows(board: &Board, now: Civil) -> Vec<[String; 13]> {
    let dash = || "-".to_owned();
    let row = |(status, told): &(crate::api::wire::queue::QueueStatus, Civil)| {
        let counts = &status.counts;
        let answer = answer(counts);
        [
            status.queue.queue.to_string(),
            status.waiting.to_string(),
            oldest(status, *told, now).map_or_else(dash, clock),
            status.idle_agents.to_string(),
            status.talking.to_string(),
            counts.arrived.to_string(),
            counts.answered.to_string(),
            format!("{}+{}", counts.abandoned, counts.abandoned_short),
            (counts.refused + counts.lost).to_string(),
            service_level(counts).map_or_else(dash, |it| format!("{it:.0}")),
            answer.map_or_else(dash, |(rings, _)| format!("{rings:.1}")),
            answer.map_or_else(dash, |(_, seconds)| format!("{seconds:.1}")),
            hold(counts).map_or_else(dash, |it| format!("{it:.0}")),
        ]
    };
    board.queues.values().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::board::tests::{NOW, board};
    use super::*;

    #[test]
    fn a_page_tells_queues_and_agents() {
        let page = page(&board(), NOW);
        let ventas = page.lines().find(|it| it.starts_with("ventas")).expect("the queue's line");
        let cells: Vec<_> = ventas.split_whitespace().collect();
        let expected =
            ["ventas", "7", "0:42", "0", "12", "110", "90", "6+3", "4", "80", "2.3", "7.0", "25"];
        assert_eq!(cells, expected);
        assert!(page.contains("attempts of regreso: no_answer 301, connected 195"), "{page}");
        assert!(page.contains("carla  not_ready   10:00    comida"), "{page}");
    }
}
