//! How far an import has come: a bar on a terminal, a line a second elsewhere.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::api::wire::lead::ImportCounts;
use crate::driver::clock::Stopwatch;

const BAR: &str = "{bar:30} {percent:>3} %  {elapsed} and {eta} more  {msg}";
const LINE_EVERY: Duration = Duration::from_secs(1);

/// Shows how far an import has come, on standard error.
pub struct Progress {
    began: Stopwatch,
    size: u64,
    shown: Shown,
}

enum Shown {
    Bar(ProgressBar),
    Lines { last: Stopwatch },
}

impl Progress {
    /// Of a file of `size` bytes.
    pub fn new(size: u64) -> Self {
        let began = Stopwatch::start();
        let shown = if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(size);
            if let Ok(style) = ProgressStyle::with_template(BAR) {
                bar.set_style(style);
            }
            Shown::Bar(bar)
        } else {
            Shown::Lines { last: began }
        };
        Self { began, size, shown }
    }

    /// So many bytes are with the server, which has counted.
    pub fn at(&mut self, bytes: u64, counts: &ImportCounts) {
        let elapsed = self.began.elapsed();
        match &mut self.shown {
            Shown::Bar(bar) => {
                bar.set_position(bytes);
                bar.set_message(words(counts));
            }
            Shown::Lines { last } if last.elapsed() >= LINE_EVERY => {
                *last = Stopwatch::start();
                eprintln!("{}", line(bytes, self.size, elapsed, counts));
            }
            Shown::Lines { .. } => {}
        }
    }

    /// Puts a line before the user.
    pub fn say(&self, text: &str) {
        match &self.shown {
            Shown::Bar(bar) => bar.suspend(|| eprintln!("{text}")),
            Shown::Lines { .. } => eprintln!("{text}"),
        }
    }

    /// Takes the bar away; how long it took.
    pub fn end(self) -> Duration {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
        self.began.elapsed()
    }
}

fn line(bytes: u64, size: u64, elapsed: Duration, counts: &ImportCounts) -> String {
    let percent = bytes.saturating_mul(100).checked_div(size).unwrap_or(100).min(100);
    format!("{percent:>3} %  {} s  {}", elapsed.as_secs(), words(counts))
}

/// `1200 new, 3 updated, 4 there already, 1 refused`; what is none is left out.
pub fn words(counts: &ImportCounts) -> String {
    let ImportCounts { imported, updated, duplicates, rejected } = *counts;
    let mut text = format!("{imported} new");
    for (count, word) in
        [(updated, "updated"), (duplicates, "there already"), (rejected, "refused")]
    {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_one_and_lines_say_how_far() {
        assert!(ProgressStyle::with_template(BAR).is_ok());
        let counts = ImportCounts { imported: 5, duplicates: 2, ..ImportCounts::default() };
        let shown = line(50, 200, Duration::from_secs(3), &counts);
        assert_eq!(shown, " 25 %  3 s  5 new, 2 there already");
        assert!(line(0, 0, Duration::ZERO, &counts).starts_with("100 %"));
    }
}
