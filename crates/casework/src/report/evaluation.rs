//! The yearly evaluation of Ley 10/2025 art. 21: counts and formulas, and what cannot be measured from here.

use std::time::Duration;

use timbre_model::{CallOutcome, CallRecord, Civil, EndCause};

use super::{CaseCounts, Table, mean, percent};
use crate::{Case, CaseKind};

/// How calls that came in were attended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attention {
    /// Calls to a queue.
    pub received: u64,
    /// Of these, with an agent.
    pub attended: u64,
    /// Of these, in less than three minutes.
    pub in_time: u64,
    /// Seconds until the agent, of all attended, each rounded down.
    pub waited: u64,
    /// The caller left first.
    pub abandoned: u64,
    /// Ended by the house before an agent: full queue, longest wait, overload.
    pub refused: u64,
    /// Ended because of the longest wait, which art. 8.4 does not allow.
    pub cut_for_waiting: u64,
    /// Lost to a technical failure: how long they would have waited is not known.
    pub lost: u64,
}

/// The evaluation of one period.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Calls.
    pub calls: Attention,
    /// Complaints.
    pub cases: CaseCounts,
    /// Complaints that were answered, by what was decided.
    pub upheld: u64,
    /// The others.
    pub refused: u64,
}

const IN_TIME: Duration = Duration::from_secs(180);
/// 95 % (arts. 8.2 and 10.3), and 5 % (art. 22).
const SHARE: u64 = 95;
const ERROR: u64 = 5;

impl Attention {
    /// Counts a call that came in for a queue and is over. Others are not calls to the customer service.
    pub fn add(&mut self, it: &CallRecord) {
        let Some(outcome) = it.outcome.filter(|_| it.outbound.is_none() && it.queue.is_some())
        else {
            return;
        };
        self.received += 1;
        if let Some(connected) = it.connected_at {
            let waited = connected.since(it.arrived_at);
            self.attended += 1;
            self.in_time += u64::from(waited < IN_TIME);
            self.waited += waited.as_secs();
            return;
        }
        match outcome {
            CallOutcome::Answered => {}
            CallOutcome::Abandoned | CallOutcome::AbandonedShort => self.abandoned += 1,
            CallOutcome::Refused => self.refused += 1,
            CallOutcome::Lost => self.lost += 1,
        }
        self.cut_for_waiting += u64::from(it.cause == Some(EndCause::MaxWait));
    }

    fn table(&self) -> Table {
        let note = "Received: calls that came for a queue and are over. Attended: an agent's voice reached the caller, who can \
                    then say why they call; they reach a person at once, so that each call is also a request for one (art. 8.2): \
                    one count serves both. From the INVITE to the agent, so that ringing and greeting count as waiting. The law \
                    says \"95 % … on average in less than three minutes\" (art. 10.3): both the share and the mean are given. \
                    Error (art. 22): lost calls, whose wait is not known, of all received; the others are all counted, none is \
                    a sample. That is our reading of the error; how well the host's clock and the switch's reports keep time is not in it.";
        let columns = ["figure", "formula", "counts", "value", "asked for", "met"];
        let mut table = Table::new("Attention of calls (arts. 8.2, 8.4, 10.3)", &columns, note);
        let Self { received, attended, in_time, waited, abandoned, refused, cut_for_waiting, lost } =
            self;
        let of = |part: &u64| format!("{part} / {received}");
        let met = |it: bool| {
            if *received == 0 {
                "-"
            } else if it {
                "yes"
            } else {
                "no"
            }
        };
        let share = percent(*in_time, *received);
        let enough = in_time * 100 >= received * SHARE;
        let formula = "attended in under 180 s / received";
        for figure in ["calls attended in under 3 minutes", "requests for a person, likewise"] {
            table.row(&[&figure, &formula, &of(in_time), &share, &"95 %", &met(enough)]);
        }
        let (asked, short) = ("under 180 s", *attended > 0 && *waited < attended * 180);
        let counts = format!("{waited} s / {attended}");
        let value = format!("{} s", mean(*waited, *attended));
        let formula = "sum of waits / attended";
        table.row(&[&"mean wait of the attended", &formula, &counts, &value, &asked, &met(short)]);
        for (figure, part) in
            [("attended", attended), ("abandoned", abandoned), ("refused", refused)]
        {
            let share = percent(*part, *received);
            table.row(&[&figure, &format!("{figure} / received"), &of(part), &share, &"-", &"-"]);
        }
        let formula = "ended because of the longest wait";
        let none = met(*cut_for_waiting == 0);
        table.row(&[&"cut for waiting", &formula, cut_for_waiting, cut_for_waiting, &"0", &none]);
        let (error, fits) = (percent(*lost, *received), lost * 100 <= received * ERROR);
        table.row(&[
            &"measurement error",
            &"lost / received",
            &of(lost),
            &error,
            &"5 %",
            &met(fits),
        ]);
        table
    }
}

impl Evaluation {
    /// Counts a case that was received in the period, as it stands at `at`.
    pub fn add(&mut self, case: &Case, at: Civil) {
        if case.kind != CaseKind::Complaint {
            return;
        }
        self.cases.add(case, at);
        match &case.answer {
            Some(answer) if answer.upheld => self.upheld += 1,
            Some(_) => self.refused += 1,
            None => {}
        }
    }

    /// What it shows.
    pub fn tables(&self) -> Vec<Table> {
        let mut causes = self.cases.by_cause();
        causes.title = "Complaints by cause (art. 21)".to_owned();
        let mut rules = self.cases.by_rule();
        rules.title = "Terms kept (art. 17)".to_owned();
        rules.note.push_str(
            " es.general: 15 working days; es.billing: 5 days; es.continuity: 2 hours. Measurement error: none, each complaint \
             is counted and its times are those of its record.",
        );
        vec![self.calls.table(), self.answers(), causes, rules, unmeasured()]
    }

    fn answers(&self) -> Table {
        let note = "Share of the answered. Reasoned answers are given by the same channel and in the same language (art. 13).";
        let mut table = Table::new("Answers", &["answer", "complaints", "share"], note);
        let answered = self.upheld + self.refused;
        table.row(&[&"found right", &self.upheld, &percent(self.upheld, answered)]);
        table.row(&[&"refused", &self.refused, &percent(self.refused, answered)]);
        table
    }
}

fn unmeasured() -> Table {
    let note =
        "To be added by the company from its own sources before the evaluation is published.";
    let mut table = Table::new("What is not measured here", &["what", "why"], note);
    for (what, why) in [
        (
            "channels other than the telephone",
            "their waits are not known here; their complaints are, where they were taken down",
        ),
        ("calls that the carrier never brought", "busy lines and failures before the trunk"),
        (
            "whether the caller was in fact understood",
            "an agent's voice reached them; what was said is not judged",
        ),
        (
            "cost of the call, forwarding to paid numbers (art. 10.1-10.4)",
            "set by the numbering, not by the calls",
        ),
        ("priority of elderly and disabled callers (art. 10.6)", "who they are is not kept"),
        ("a supervisor in the same call (art. 8.3)", "such requests are not kept apart"),
    ] {
        table.row(&[&what, &why]);
    }
    table
}
