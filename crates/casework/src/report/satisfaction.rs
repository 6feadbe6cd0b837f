//! What customers answered, by queue, agent and cause.

use std::collections::BTreeMap;

use timbre_model::{AgentId, QueueId, SurveyKind};

use super::{Table, mean, percent};
use crate::{Cause, Survey};

/// Counts of surveys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scores {
    /// By queue.
    pub queues: BTreeMap<(QueueId, SurveyKind), Score>,
    /// By agent.
    pub agents: BTreeMap<(AgentId, SurveyKind), Score>,
    /// By the cause of the customer's case.
    pub causes: BTreeMap<(Option<Cause>, SurveyKind), Score>,
}

/// What was answered to one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// Asked.
    pub asked: u64,
    /// Answered.
    pub answered: u64,
    /// The sum of the digits.
    pub sum: u64,
    /// Good ones: CSAT 4 and 5, NPS 9, effort 1 to 3.
    pub good: u64,
    /// Bad ones: CSAT 1 and 2, NPS 0 to 6, effort 5 to 7.
    pub bad: u64,
}

impl Score {
    fn add(&mut self, kind: SurveyKind, answer: Option<u8>) {
        self.asked += 1;
        let Some(digit) = answer else { return };
        self.answered += 1;
        self.sum += u64::from(digit);
        let (good, bad) = match kind {
            SurveyKind::Csat => (digit >= 4, digit <= 2),
            SurveyKind::Nps => (digit >= 9, digit <= 6),
            SurveyKind::Effort => (digit <= 3, digit >= 5),
        };
        self.good += u64::from(good);
        self.bad += u64::from(bad);
    }

    fn figure(&self, kind: SurveyKind) -> String {
        match kind {
            SurveyKind::Csat | SurveyKind::Effort => percent(self.good, self.answered),
            SurveyKind::Nps if self.answered == 0 => "-".to_owned(),
            SurveyKind::Nps => {
                let whole = i128::from(self.answered);
                let points = (i128::from(self.good) - i128::from(self.bad)) * 100 / whole;
                format!("{points:+}")
            }
        }
    }
}

impl Scores {
    /// Counts a survey.
    pub fn add(&mut self, it: &Survey) {
        let (kind, answer) = (it.kind, it.answer);
        self.queues.entry((it.queue.clone(), kind)).or_default().add(kind, answer);
        self.agents.entry((it.agent.clone(), kind)).or_default().add(kind, answer);
        self.causes.entry((it.cause, kind)).or_default().add(kind, answer);
    }

    /// What they show.
    pub fn tables(&self) -> Vec<Table> {
        let cause = |it: &Option<Cause>| it.map_or("no case", |it| it.as_str()).to_owned();
        vec![
            table("Surveys by queue", "queue", &self.queues, ToString::to_string),
            table("Surveys by agent", "agent", &self.agents, ToString::to_string),
            table("Surveys by cause", "cause", &self.causes, cause),
        ]
    }
}

fn table<K>(
    title: &str,
    first: &str,
    scores: &BTreeMap<(K, SurveyKind), Score>,
    name: impl Fn(&K) -> String,
) -> Table {
    let note = "Mean = sum / answered. CSAT (1 to 5): figure = answers 4 and 5 / answered. NPS (0 to 9, one key): figure = \
                % of 9 - % of 0 to 6. Effort (1 to 7): figure = answers 1 to 3 / answered. Who did not answer is in no figure.";
    let columns = [first, "question", "asked", "answered", "sum", "mean", "figure"];
    let mut table = Table::new(title, &columns, note);
    for ((of, kind), score) in scores {
        let Score { asked, answered, sum, .. } = score;
        let (of, mean) = (name(of), mean(*sum, *answered));
        table.row(&[&of, kind, asked, answered, sum, &mean, &score.figure(*kind)]);
    }
    table
}
