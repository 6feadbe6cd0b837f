//! Reports: counts over records that come one by one, so that a year takes no more memory than a day. What a report says is
//! a few tables of words, with the formula of each figure beside it.

mod cases;
mod contacts;
mod evaluation;
mod follow_ups;
mod satisfaction;
#[cfg(test)]
mod tests;

use timbre_model::Civil;

pub use cases::{CaseCounts, Kept};
pub use contacts::{Contact, Contacts};
pub use evaluation::{Attention, Evaluation};
pub use follow_ups::FollowUpCounts;
pub use satisfaction::{Score, Scores};

/// A report, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is about.
    pub title: String,
    /// From when on.
    pub from: Civil,
    /// Until when.
    pub to: Civil,
    /// What it says.
    pub tables: Vec<Table>,
}

/// One table of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// Its rows, each as long as the columns.
    pub rows: Vec<Vec<String>>,
    /// How its figures come about, and what they do not say.
    pub note: String,
}

impl Table {
    fn new(title: &str, columns: &[&str], note: &str) -> Self {
        let columns = columns.iter().map(|&it| it.to_owned()).collect();
        Self { title: title.to_owned(), columns, rows: Vec::new(), note: note.to_owned() }
    }

    fn row(&mut self, cells: &[&dyn ToString]) {
        debug_assert_eq!(cells.len(), self.columns.len(), "{}", self.title);
        self.rows.push(cells.iter().map(|it| it.to_string()).collect());
    }
}

/// `part` of `whole` in percent, as `94.7 %`; `-` of nothing.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    // In tenths, rounded down: what is just missed is not shown as reached.
    let tenths = u128::from(part) * 1_000 / u128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// `sum / count` with two decimals; `-` of nothing.
fn mean(sum: u64, count: u64) -> String {
    if count == 0 {
        return "-".to_owned();
    }
    let hundredths = u128::from(sum) * 100 / u128::from(count);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
