//! From finding out to a solution that is carried out: who does what by when.

use serde_json::json;
use timbre_model::{Civil, FieldError};

use super::text::{TEXT_MAX, needed, text};
use super::turn::{Turn, only_complaints, only_from, only_open, refused};
use crate::{Act, Case, CaseState, Party, Proposal, Refusal, Task, Work};

/// Most proposals of one case.
const PROPOSALS_MAX: usize = 50;
/// Most tasks of one case.
const TASKS_MAX: usize = 100;

/// What somebody is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// What.
    pub what: String,
    /// Who.
    pub who: Party,
    /// By when.
    pub by: Civil,
}

/// Somebody finds out what happened; also where a solution turned out to be none.
pub fn investigate(case: &Case, text_: &str, act: &Act) -> Result<Work, Refusal> {
    use CaseState::{Agreed, Executing, Proposed, Received};
    only_complaints(case, "investigated")?;
    only_open(case, "investigated")?;
    let remedy = "write down what was found as a note";
    only_from(case, &[Received, Proposed, Agreed, Executing], "investigated", remedy)?;
    let text = text("text", text_, TEXT_MAX)?;
    let mut turn = Turn::of(case, act);
    turn.case.state = CaseState::Investigating;
    turn.did("investigating", text, json!({}));
    Ok(turn.done())
}

/// The customer is offered solutions, one or several.
pub fn propose(case: &Case, solutions: &[String], act: &Act) -> Result<Work, Refusal> {
    use CaseState::{Investigating, Proposed, Received};
    only_complaints(case, "proposed to")?;
    only_open(case, "proposed to")?;
    let remedy = "what was agreed is being carried out: take it up again with `investigate`";
    only_from(case, &[Received, Investigating, Proposed], "proposed to", remedy)?;
    if solutions.is_empty() {
        return Err(FieldError::new("solutions", "", "write at least one solution").into());
    }
    if case.proposals.len() + solutions.len() > PROPOSALS_MAX {
        let remedy = format!("a case has at most {PROPOSALS_MAX} proposals");
        return Err(FieldError::new("solutions", solutions.len(), remedy).into());
    }
    let mut turn = Turn::of(case, act);
    turn.case.state = CaseState::Proposed;
    for solution in solutions {
        let text = needed("solutions", solution, TEXT_MAX, "write the solution")?;
        let Act { at, by } = act.clone();
        let number = turn.case.proposals.len() + 1;
        turn.case.proposals.push(Proposal { at, by, text: text.clone(), accepted: None });
        turn.did("proposed", text, json!({ "proposal": number }));
    }
    Ok(turn.done())
}

/// What the customer says of a proposal, counted from 1. Accepted, it is the solution; with the last one declined, somebody
/// finds out more.
pub fn decide(case: &Case, number: usize, accepted: bool, act: &Act) -> Result<Work, Refusal> {
    only_open(case, "decided")?;
    only_from(case, &[CaseState::Proposed], "decided", "propose a solution first")?;
    let index = number.checked_sub(1).filter(|it| *it < case.proposals.len());
    let Some(index) = index else {
        let remedy = format!("give 1 to {}: the number of a proposal", case.proposals.len());
        return Err(FieldError::new("proposal", number, remedy).into());
    };
    let mut turn = Turn::of(case, act);
    let proposal = &mut turn.case.proposals[index];
    proposal.accepted = Some(accepted);
    let text = proposal.text.clone();
    if accepted {
        turn.case.state = CaseState::Agreed;
        turn.case.solution.clone_from(&text);
    } else if turn.case.proposals.iter().all(|it| it.accepted.is_some()) {
        // Of an earlier round one may have been accepted: what counts is that none is left to decide on.
        turn.case.state = CaseState::Investigating;
    }
    let verb = if accepted { "accepted" } else { "declined" };
    turn.did(verb, text, json!({ "proposal": number }));
    Ok(turn.done())
}

/// What is done about it, and who does what by when. `solution` may be empty where a proposal was accepted.
pub fn agree(case: &Case, solution: &str, tasks: &[NewTask], act: &Act) -> Result<Work, Refusal> {
    use CaseState::{Agreed, Executing, Investigating, Proposed, Received};
    only_complaints(case, "agreed")?;
    only_open(case, "agreed")?;
    only_from(case, &[Received, Investigating, Proposed, Agreed, Executing], "agreed", "")?;
    let solution = match text("solution", solution, TEXT_MAX)? {
        given if !given.is_empty() => given,
        _ if !case.solution.is_empty() => case.solution.clone(),
        _ => return Err(FieldError::new("solution", "", "write what was agreed").into()),
    };
    if case.tasks.len() + tasks.len() > TASKS_MAX {
        let remedy = format!("a case has at most {TASKS_MAX} tasks");
        return Err(FieldError::new("tasks", tasks.len(), remedy).into());
    }
    let mut turn = Turn::of(case, act);
    // What is being carried out goes on: something was added to it.
    if case.state != Executing {
        turn.case.state = Agreed;
    }
    for NewTask { what, who, by } in tasks {
        let what = needed("tasks.what", what, TEXT_MAX, "write what is to be done")?;
        turn.case.tasks.push(Task { what, who: who.clone(), by: *by, done_at: None });
    }
    turn.case.solution.clone_from(&solution);
    turn.did("agreed", solution, json!({ "tasks": tasks.len() }));
    Ok(turn.done())
}

/// What was agreed begins to be carried out.
pub fn execute(case: &Case, act: &Act) -> Result<Work, Refusal> {
    only_open(case, "executed")?;
    only_from(case, &[CaseState::Agreed], "executed", "agree on a solution first")?;
    let mut turn = Turn::of(case, act);
    turn.case.state = CaseState::Executing;
    turn.did("executing", "", json!({}));
    Ok(turn.done())
}

/// A task, counted from 1, is done. The first one begins the execution.
pub fn task_done(case: &Case, number: usize, note: &str, act: &Act) -> Result<Work, Refusal> {
    use CaseState::{Agreed, Executing};
    only_open(case, "worked at")?;
    only_from(case, &[Agreed, Executing], "worked at", "agree on its tasks first")?;
    let index = number.checked_sub(1).filter(|it| *it < case.tasks.len());
    let Some(index) = index else {
        let remedy = format!("give 1 to {}: the number of a task", case.tasks.len());
        return Err(FieldError::new("task", number, remedy).into());
    };
    if case.tasks[index].done_at.is_some() {
        return Err(refused(case, "worked at", "this task is done already"));
    }
    let note = text("note", note, TEXT_MAX)?;
    let mut turn = Turn::of(case, act);
    turn.case.tasks[index].done_at = Some(act.at);
    turn.case.state = Executing;
    let what = turn.case.tasks[index].what.clone();
    let told = if note.is_empty() { what } else { format!("{what}: {note}") };
    turn.did("task_done", told, json!({ "task": number }));
    Ok(turn.done())
}
