//! What is done to a case.

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use timbre_casework::case::{NewTask, Word};
use timbre_casework::{Channel, Party};
use timbre_model::{AgentId, Civil, Slug};

use super::facts::{self, Facts};
use crate::api::client::CaseStep;
use crate::cli::words::{read_moment, read_span};
use crate::driver::clock;

/// A case, named.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Its id, or the key that its customer was given
    #[arg(value_name = "KEY|ID")]
    case: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Step {
    /// Change what is known of an open case; the deadline follows the matter
    Amend(Box<Amend>),
    /// Give an open case another owner
    Assign {
        #[command(flatten)]
        case: Named,
        /// Who keeps it from now on
        #[arg(value_parser = facts::agent, value_name = "AGENT")]
        owner: AgentId,
        /// What they should know first
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        note: String,
    },
    /// Find out what happened; also where a solution turned out to be none
    Investigate {
        #[command(flatten)]
        case: Named,
        /// What is looked into
        #[arg(default_value = "", hide_default_value = true, value_name = "TEXT")]
        text: String,
    },
    /// Offer the customer solutions, one or several
    Propose {
        #[command(flatten)]
        case: Named,
        /// The alternatives
        #[arg(required = true, value_name = "SOLUTION")]
        solutions: Vec<String>,
    },
    /// The customer takes a proposal
    Accept {
        #[command(flatten)]
        case: Named,
        /// Its number, from 1
        #[arg(value_name = "N")]
        proposal: u32,
    },
    /// The customer does not take a proposal
    Decline {
        #[command(flatten)]
        case: Named,
        /// Its number, from 1
        #[arg(value_name = "N")]
        proposal: u32,
    },
    /// Write down what was agreed: who does what by when
    Agree {
        #[command(flatten)]
        case: Named,
        /// What was agreed; not needed where a proposal was accepted
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        solution: String,
        /// agent:ID, department:ID or customer; by when, such as 2d or 2026-11-27; and what. May be repeated
        #[arg(long = "task", num_args = 3, value_names = ["WHO", "WHEN", "WHAT"])]
        tasks: Vec<String>,
    },
    /// Begin to carry out what was agreed
    Execute {
        #[command(flatten)]
        case: Named,
    },
    /// Work at a case's tasks
    #[command(subcommand)]
    Task(TaskStep),
    /// Give the reasoned answer, which keeps the term
    Answer(Answer),
    /// Write down the customer's word; satisfied, the case is closed
    Confirm {
        #[command(flatten)]
        case: Named,
        /// They are not satisfied: it is investigated again
        #[arg(long)]
        dissatisfied: bool,
        /// In their words
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        note: String,
    },
    /// Turn a complaint down, with reasons
    Reject(Reject),
    /// Take a closed case up again
    Reopen {
        #[command(flatten)]
        case: Named,
        /// Why
        #[arg(value_name = "REASON")]
        reason: String,
    },
    /// Give the customer something to keep; mailed where the floor sends mail
    Receipt {
        #[command(flatten)]
        case: Named,
        /// Through what: mail, post, chat, web, in_person
        #[arg(long, default_value = "mail", value_name = "CHANNEL",
            value_parser = facts::word(Channel::parse, Channel::ALL))]
        channel: Channel,
        /// To which address; not needed where the case has one to mail it to
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ADDRESS")]
        to: String,
    },
    /// Add a line to the story
    Note {
        #[command(flatten)]
        case: Named,
        /// What is to be kept
        #[arg(value_name = "TEXT")]
        text: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Amend {
    #[command(flatten)]
    case: Named,

    /// The customer's name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// What they say, in their words
    #[arg(long, value_name = "TEXT")]
    statement: Option<String>,

    #[command(flatten)]
    facts: Facts,
}

#[derive(Debug, Subcommand)]
pub(super) enum TaskStep {
    /// A task is done
    Done {
        #[command(flatten)]
        case: Named,
        /// Its number, from 1
        #[arg(value_name = "N")]
        task: u32,
        /// In words
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        note: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Answer {
    #[command(flatten)]
    case: Named,

    /// It is not found right: say with --adr where else the customer may turn to
    #[arg(long, requires = "adr")]
    refused: bool,

    #[command(flatten)]
    word: Words,
}

#[derive(Debug, Args)]
pub(super) struct Reject {
    #[command(flatten)]
    case: Named,

    #[command(flatten)]
    word: Words,
}

#[derive(Debug, Args)]
struct Words {
    /// The answer, with its reasons
    #[arg(value_name = "TEXT")]
    text: String,

    /// Where else the customer may turn to (alternative dispute resolution)
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    adr: String,

    /// Through what, where that is not how it came
    #[arg(long, value_name = "CHANNEL", value_parser = facts::word(Channel::parse, Channel::ALL))]
    channel: Option<Channel>,

    /// In which language, where that is not the customer's
    #[arg(long, value_name = "TAG")]
    language: Option<String>,

    /// The customer asked for that channel or language
    #[arg(long)]
    as_asked: bool,
}

impl Words {
    fn word(self, upheld: bool) -> Word {
        let Self { text, adr, channel, language, as_asked } = self;
        Word { text, upheld, channel, language, as_asked, adr }
    }
}

impl Step {
    /// Which case, and what is done to it.
    pub(super) fn read(self) -> anyhow::Result<(String, CaseStep)> {
        Ok(match self {
            Self::Amend(it) => {
                let Amend { case, name, statement, facts } = *it;
                let mut amendment = facts.amendment();
                (amendment.customer_name, amendment.statement) = (name, statement);
                (case.case, CaseStep::Amend(Box::new(amendment)))
            }
            Self::Assign { case, owner, note } => (case.case, CaseStep::Assign { owner, note }),
            Self::Investigate { case, text } => (case.case, CaseStep::Investigate(text)),
            Self::Propose { case, solutions } => (case.case, CaseStep::Propose(solutions)),
            Self::Accept { case, proposal } => {
                (case.case, CaseStep::Decide { proposal, accepted: true })
            }
            Self::Decline { case, proposal } => {
                (case.case, CaseStep::Decide { proposal, accepted: false })
            }
            Self::Agree { case, solution, tasks } => {
                let now = clock::civil();
                let tasks = tasks.chunks(3).map(|it| task(it, now)).collect::<Result<_, _>>()?;
                (case.case, CaseStep::Agree { solution, tasks })
            }
            Self::Execute { case } => (case.case, CaseStep::Execute),
            Self::Task(TaskStep::Done { case, task, note }) => {
                (case.case, CaseStep::TaskDone { task, note })
            }
            Self::Answer(Answer { case, refused, word }) => {
                (case.case, CaseStep::Answer(word.word(!refused)))
            }
            Self::Confirm { case, dissatisfied, note } => {
                (case.case, CaseStep::Confirm { satisfied: !dissatisfied, note })
            }
            Self::Reject(Reject { case, word }) => (case.case, CaseStep::Reject(word.word(false))),
            Self::Reopen { case, reason } => (case.case, CaseStep::Reopen(reason)),
            Self::Receipt { case, channel, to } => (case.case, CaseStep::Receipt { channel, to }),
            Self::Note { case, text } => (case.case, CaseStep::Note(text)),
        })
    }
}

/// Reads who does what by when.
pub(in crate::cli) fn task(words: &[String], now: Civil) -> anyhow::Result<NewTask> {
    let [who, when, what] = words else { bail!("a task is WHO WHEN WHAT") };
    let who = match who.split_once(':') {
        None if who == "customer" => Party::Customer,
        Some(("agent", it)) => Party::Agent(AgentId::parse(it)?),
        Some(("department", it)) => Party::Department(Slug::parse(it)?),
        _ => bail!("{who:?}: write agent:ID, department:ID or customer"),
    };
    let by = match read_span(when) {
        Ok(span) => now + span,
        Err(_) => read_moment(when, now).map_err(|it| anyhow!(it))?,
    };
    Ok(NewTask { what: what.clone(), who, by })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_says_who_does_what_by_when() {
        let now = Civil::from_micros(0);
        let read = |words: [&str; 3]| task(&words.map(str::to_owned), now);
        let sent = read(["department:tech", "2d", "send somebody"]).expect("a task");
        assert_eq!(sent.who, Party::Department(Slug::parse("tech").expect("a slug")));
        assert_eq!(sent.by, Civil::from_micros(2 * 86_400_000_000));
        let day = read(["customer", "1970-01-02", "send the bill"]).expect("a task");
        assert_eq!((day.who, day.by), (Party::Customer, Civil::from_micros(86_400_000_000)));
        assert!(read(["ana", "2d", "x"]).is_err() && read(["customer", "soon", "x"]).is_err());
    }
}
