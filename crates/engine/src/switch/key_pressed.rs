//! A key was pressed: whoever hears the message for abandoned calls can ask not to be called again, and whoever was asked a
//! question answers it.

use timbre_model::{LegId, Slug};

use crate::attempt::Progress;
use crate::engine::Party;
use crate::turn::Turn;

/// The key that the message names.
const NEVER_AGAIN: char = '9';

pub(crate) fn apply(turn: &mut Turn, leg: LegId, key: char) {
    let attempt = match turn.floor.legs.get(&leg) {
        Some(&Party::Attempt(attempt)) => attempt,
        Some(&Party::Survey(survey)) => return turn.survey_key(survey, key),
        Some(Party::Customer(_) | Party::Agent(_)) | None => return,
    };
    let it = &mut turn.floor.attempts[attempt];
    let parting = matches!(it.progress, Progress::Parting { .. });
    if key != NEVER_AGAIN || !parting || std::mem::replace(&mut it.barred, true) {
        return;
    }
    let record = it.record.clone();
    turn.bar_callee(&record, Slug::parse("key").expect("a slug by its letters"));
}
